//! Nodes in network namespaces of their own, and links that lose their packets.
//!
//! Each node has a cable (a veth pair) to this process's namespace. At this end of node i's cable
//! stands one address for each other node j, `10.77.i.(100 + j)`: there the proxy listens that i
//! dials to reach j, and from there it dials i when j has dialled. So the packets between i and
//! that address are the link between i and j, and a filter at the cable's end drops them, for each
//! direction alone: TCP sees real loss, and a real partition.
//!
//! Invariants: everything is made within this process's own namespaces (see `sandbox`) and is gone
//! with them; the nodes' APIs are never filtered. Absent: delay (the proxy's; `netem` is missing in
//! many kernels).

use std::{net::Ipv4Addr, process::Command, time::Duration};

use super::{fault::NODES, links::Links};
use crate::devnet::{DevnetError, run};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Where `ip netns` keeps its names.
const NAMES: &str = "/run/netns";

/// The cables.
#[derive(Debug)]
pub struct Packets {
    applied: Links,
}

impl Packets {
    /// Lays the cables. This process must be alone in its network and mount namespaces.
    ///
    /// # Errors
    /// [`DevnetError::Call`] names the command that the system refused.
    pub fn lay() -> Result<Self, DevnetError> {
        command("mount -t tmpfs tmpfs /run")?;
        for node in 0..NODES {
            let (here, there) = (Self::here(node), Self::node(node));
            command(&format!("ip netns add node{node}"))?;
            command(&format!("ip link add v{node} type veth peer name c{node}"))?;
            command(&format!("ip link set c{node} netns node{node}"))?;
            command(&format!("ip addr add {here}/24 dev v{node}"))?;
            for peer in (0..NODES).filter(|peer| *peer != node) {
                command(&format!("ip addr add {}/24 dev v{node}", Self::instead(node, peer)))?;
            }
            command(&format!("ip link set v{node} up"))?;
            command(&format!("ip -n node{node} addr add {there}/24 dev c{node}"))?;
            command(&format!("ip -n node{node} link set lo up"))?;
            command(&format!("ip -n node{node} link set c{node} up"))?;
            command(&format!("tc qdisc add dev v{node} clsact"))?;
        }
        let mut packets = Self { applied: Links::default() };
        // Tells at once whether this kernel has the filters.
        let mut probe = Links::default();
        probe.add(&super::fault::Fault::Loss { node: None, per_mille: 1 });
        packets.apply(&probe)?;
        packets.apply(&Links::default())?;
        Ok(packets)
    }

    /// Makes this namespace's own addresses work, which a new one's do not.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn wake_loopback() -> Result<(), DevnetError> {
        command("ip link set lo up")
    }

    /// A node's address.
    #[must_use]
    pub const fn node(node: usize) -> Ipv4Addr {
        address(node, 2)
    }

    /// This end of its cable, from where its API is asked.
    const fn here(node: usize) -> Ipv4Addr {
        address(node, 1)
    }

    /// What stands for `peer` at the end of `node`'s cable.
    #[must_use]
    pub const fn instead(node: usize, peer: usize) -> Ipv4Addr {
        address(node, 100 + peer)
    }

    /// The words before a program that is to run where the node is.
    #[must_use]
    pub fn within(node: usize) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net={NAMES}/node{node}")]
    }

    /// Makes the links lose what they should.
    ///
    /// # Errors
    /// [`DevnetError::Call`] names the command that the system refused.
    pub fn apply(&mut self, links: &Links) -> Result<(), DevnetError> {
        for node in 0..NODES {
            for peer in (0..NODES).filter(|peer| *peer != node) {
                let lost = |from, to, links: &Links| {
                    let link = links.get(from, to);
                    if link.cut { 1000 } else { link.loss_per_mille }
                };
                let there = lost(node, peer, links);
                if there != lost(node, peer, &self.applied) {
                    filter(node, peer, "ingress", DESTINATION, there)?;
                }
                let back = lost(peer, node, links);
                if back != lost(peer, node, &self.applied) {
                    filter(node, peer, "egress", SOURCE, back)?;
                }
            }
        }
        self.applied = *links;
        Ok(())
    }
}

const fn address(node: usize, last: usize) -> Ipv4Addr {
    // Both are far below a byte's bound.
    let ([node, ..], [last, ..]) = (node.to_le_bytes(), last.to_le_bytes());
    Ipv4Addr::new(10, 77, node, last)
}

/// Where the addresses stand in an Ethernet frame with an IPv4 packet.
const SOURCE: u32 = 26;
const DESTINATION: u32 = 30;

/// Drops so many of a thousand of the packets with the address at `offset`.
fn filter(
    node: usize,
    peer: usize,
    hook: &str,
    offset: u32,
    per_mille: u16,
) -> Result<(), DevnetError> {
    let place = format!("dev v{node} {hook} protocol ip pref {} handle 1", 10 + peer);
    if per_mille == 0 {
        return command(&format!("tc filter del {place} bpf"));
    }
    let program = program(Packets::instead(node, peer), offset, per_mille);
    command(&format!("tc filter replace {place} bpf da bytecode {program}"))
}

/// A classic BPF program for `tc`: IPv4? this address? and a random number below the bound? then
/// drop (2), else pass (0).
fn program(address: Ipv4Addr, offset: u32, per_mille: u16) -> String {
    const HALF: u16 = 40;
    const WORD: u16 = 32;
    const EQUAL: u16 = 21;
    const GREATER: u16 = 37;
    const RETURN: u16 = 6;
    /// `SKF_AD_OFF + SKF_AD_RANDOM`: the kernel's way to hand a program a random number.
    const RANDOM: u32 = 0xffff_f000 + 56;
    let bound = u64::from(u32::MAX) * u64::from(per_mille.min(1000)) / 1000;
    let lines = [
        (HALF, 0, 0, 12),
        (EQUAL, 0, 5, 0x0800),
        (WORD, 0, 0, offset),
        (EQUAL, 0, 3, u32::from(address)),
        (WORD, 0, 0, RANDOM),
        (GREATER, 1, 0, u32::try_from(bound).unwrap_or(u32::MAX)),
        (RETURN, 0, 0, 2),
        (RETURN, 0, 0, 0),
    ];
    let lines = lines.map(|(code, yes, no, value)| format!("{code} {yes} {no} {value}"));
    format!("'{},{}'", lines.len(), lines.join(","))
}

/// Runs a command; single quotes keep words together.
fn command(line: &str) -> Result<(), DevnetError> {
    let mut words = Vec::new();
    for (place, part) in line.split('\'').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(ToOwned::to_owned));
        }
    }
    let (program, arguments) = words.split_first().ok_or(DevnetError::NoNode { place: 0 })?;
    let ran = run(Command::new(program).args(arguments), LIMIT)?;
    if ran.code == Some(0) {
        return Ok(());
    }
    let reason = ran.stderr.trim().to_owned();
    Err(DevnetError::Call { url: line.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::{DESTINATION, Packets, program};

    #[test]
    fn the_filter_drops_packets_of_one_address() {
        assert_eq!(
            program(Packets::instead(1, 3), DESTINATION, 500),
            "'8,40 0 0 12,21 0 5 2048,32 0 0 30,21 0 3 172818791,32 0 0 4294963256,\
             37 1 0 2147483647,6 0 0 2,6 0 0 0'"
        );
    }

    #[test]
    fn addresses_by_row() {
        assert_eq!(Packets::node(3).to_string(), "10.77.3.2");
        assert_eq!(Packets::instead(0, 3).to_string(), "10.77.0.103");
    }
}
