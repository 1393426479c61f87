//! Check: the addresses that the node listens on are this machine's, and free.
//!
//! Absent: whether peers reach them from outside; the peers' own check says so.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use super::{Findings, Scene};

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    if scene.runs {
        findings.good("the node runs and holds its ports");
        return;
    }
    let peers = scene.config.network.listen.iter().map(|address| ("network.listen", *address));
    for (key, address) in peers.chain([("api.listen", scene.config.api.listen)]) {
        match TcpListener::bind(address) {
            Ok(_) => findings.good(format!("{key} {address} is free")),
            Err(error) => {
                findings.fail(format!("{key} {address}: {error}"), mend(key, address, &error));
            }
        }
    }
}

fn mend(key: &str, address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let is = |kind| error.kind() == kind;
    if is(ErrorKind::AddrInUse) {
        format!(
            "Stop the program that has the port (ss -ltnp 'sport = :{port}' names it), or set \
             {key} to another."
        )
    } else if is(ErrorKind::AddrNotAvailable) {
        format!("This machine has no address {}: set {key} to one it has.", address.ip())
    } else if is(ErrorKind::PermissionDenied) {
        format!("Ports below 1024 need a privilege: set {key} to a higher one.")
    } else {
        format!("Set {key} to another address.")
    }
}
