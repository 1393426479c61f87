//! Check: the validators' nodes can be reached.
//!
//! A running node is asked whom it is connected to. For a stopped one the addresses of the genesis
//! document and of `node.toml` are tried; nodes that have moved since are on the ledger, which only
//! the running node reads. Absent: whether they take this node in (they say so when it runs).

use std::collections::BTreeSet;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ledger::ids::Bic;

use super::{Findings, Scene};
use crate::client::Client;

/// How long a peer may take to be found and to take a connection.
const PATIENCE: Duration = Duration::from_secs(4);

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    if scene.runs {
        ask_node(scene, findings);
    } else {
        dial(scene, findings);
    }
}

fn ask_node(scene: &Scene<'_>, findings: &mut Findings) {
    let client = Client::of(&scene.config.api);
    let (status, validators) = match (client.status(), client.validators()) {
        (Ok(status), Ok(validators)) => (status, validators),
        (Err(error), _) | (_, Err(error)) => {
            let mend = "It may still read its log: look at what it says. Else restart it.";
            findings.fail(error.to_string(), mend);
            return;
        }
    };
    let missing: Vec<_> = validators
        .into_iter()
        .filter(|validator| !validator.connected)
        .map(|validator| validator.institution)
        .collect();
    let all = status.validators;
    let what = format!(
        "{} of {all} validators are connected, {} are needed",
        status.connected, status.quorum
    );
    if missing.is_empty() {
        findings.good(what);
        return;
    }
    let what = format!("{what}; not connected: {}", missing.join(", "));
    let mend = "Ask those institutions whether their nodes run. If they moved, name the address in \
                [network.peers].";
    if status.connected < status.quorum {
        findings.fail(what, mend);
    } else {
        findings.warn(what, mend);
    }
}

fn dial(scene: &Scene<'_>, findings: &mut Findings) {
    let addresses = addresses(scene);
    let wanted = addresses.len();
    let (found, answers) = mpsc::channel();
    for (bic, addresses) in addresses.clone() {
        let found = found.clone();
        // A name service that does not answer holds this thread, and nothing else.
        std::thread::spawn(move || {
            if addresses.iter().any(|address| reaches(address)) {
                let _whoever_waits = found.send(bic);
            }
        });
    }
    drop(found);
    let start = Instant::now();
    let mut reached = BTreeSet::new();
    while let Ok(bic) = answers.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
        reached.insert(bic);
    }
    let missing: Vec<_> = addresses
        .iter()
        .filter(|(bic, _)| !reached.contains(bic))
        .map(|(bic, addresses)| format!("{bic} at {}", addresses.join(" or ")))
        .collect();
    let what = format!("{} of {wanted} other founders' nodes take connections", reached.len());
    if missing.is_empty() {
        findings.good(what);
    } else {
        findings.warn(
            format!("{what}; not reached: {}", missing.join(", ")),
            "Fine if they are not started yet, or moved since (the ledger says where). Else look \
             at the firewall and the name service, or name another address in [network.peers].",
        );
    }
}

/// The other founders' nodes and where they should be.
fn addresses(scene: &Scene<'_>) -> Vec<(Bic, Vec<String>)> {
    let own = scene.config.bic();
    let overrides = &scene.config.network.peers;
    let members = scene.genesis.members.iter().filter(|member| member.institution.bic != own);
    members
        .filter_map(|member| {
            let bic = member.institution.bic;
            let node = member.validator.as_ref()?;
            let named = overrides.iter().find(|(named, _)| named.0 == bic);
            let addresses = named.map(|(_, addresses)| addresses.clone());
            Some((bic, addresses.unwrap_or_else(|| vec![node.address.clone()])))
        })
        .collect()
}

fn reaches(address: &str) -> bool {
    let Ok(mut resolved) = address.to_socket_addrs() else { return false };
    resolved.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}
