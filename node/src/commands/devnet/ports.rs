//! Free ports on the loopback interface.
//!
//! Invariants: ports lie below those that the operating system gives to outgoing connections, so
//! that none takes a node's port while the node is down. Absent: a guarantee; another program may
//! still take a port between this choice and its use, and the node says so then.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::Failure;
use crate::commands::entropy;

/// Where ports are looked for: below 32768, where outgoing connections usually start.
const FIRST: u16 = 18_000;
const COUNT: u16 = 12_000;

/// Where a node listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// For peers.
    pub(super) peers: SocketAddr,
    /// For clients.
    pub(super) api: SocketAddr,
}

/// A supply of free ports, each given once.
pub(super) struct Ports {
    next: u16,
    given: BTreeSet<u16>,
}

impl Ports {
    /// A supply that begins at a random place, so that two devnets seldom meet.
    ///
    /// # Errors
    /// A failure if there is no entropy.
    pub(super) fn new() -> Result<Self, Failure> {
        let start = u16::from_le_bytes(entropy::bytes()?) % COUNT;
        Ok(Self { next: start, given: BTreeSet::new() })
    }

    /// Keeps `address` if it is free, else gives another.
    ///
    /// # Errors
    /// A failure if no port is free.
    pub(super) fn keep(&mut self, address: SocketAddr) -> Result<SocketAddr, Failure> {
        if !self.given.contains(&address.port()) && is_free(address) {
            self.given.insert(address.port());
            return Ok(address);
        }
        self.give()
    }

    /// A free address.
    ///
    /// # Errors
    /// A failure if no port is free.
    pub(super) fn give(&mut self) -> Result<SocketAddr, Failure> {
        for _ in 0..COUNT {
            let port = FIRST + self.next;
            self.next = (self.next + 1) % COUNT;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if is_free(address) && self.given.insert(port) {
                return Ok(address);
            }
        }
        Err(Failure::new("no loopback port is free").hint("Stop what holds thousands of ports."))
    }
}

fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_given_once() {
        let mut ports = Ports::new().unwrap();
        let first = ports.give().unwrap();
        let taken = TcpListener::bind(first).unwrap();
        assert_ne!(ports.keep(first).unwrap(), first);
        let mut others = Ports::new().unwrap();
        assert_ne!(others.keep(first).unwrap(), first, "a taken port is not kept");
        drop(taken);
        let mut others = Ports::new().unwrap();
        assert_eq!(others.keep(first).unwrap(), first);
        assert_ne!(others.keep(first).unwrap(), first);
    }
}
