//! Check: this machine's clock, against the chain's beginning and a time server.
//!
//! A proposer's clock may be ahead of the voters' by the network's bound and not more, so a node
//! whose clock is off proposes in vain, or refuses what is right. Absent: setting the clock.

use std::path::Path;
use std::time::Duration;

use super::{Findings, Scene, time_server};
use crate::home::now;

/// What systemd's time service leaves when it has set the clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    let genesis = scene.genesis.time;
    if now() < genesis {
        let what = "the clock is before the chain's beginning";
        findings.fail(what, "Set the clock, and let a time service keep it right (chrony).");
        return;
    }
    let bound = Duration::from_millis(u64::from(scene.genesis.parameters.clock_bound_ms));
    match scene.time_server {
        Some(server) => compare(server, bound, findings),
        None if Path::new(SYNCHRONIZED).exists() => {
            findings.good("systemd-timesyncd says that the clock is right");
        }
        None => findings.warn(
            format!(
                "the clock was not compared; it may be off by at most {} ms",
                bound.as_millis()
            ),
            "Name a time server with --time-server, and let a time service keep the clock right \
             (chrony).",
        ),
    }
}

/// More than half the bound off is said before it halts proposals.
fn compare(server: &str, bound: Duration, findings: &mut Findings) {
    let off = match time_server::ask(server) {
        Ok(off) => off,
        Err(error) => {
            let what = format!("the time server {server} does not answer: {error}");
            findings.warn(what, "Name another with --time-server; it must be reachable by UDP.");
            return;
        }
    };
    let (size, limit) = (off.size.as_millis(), bound.as_millis());
    let side = if off.is_ahead { "ahead of" } else { "behind" };
    let what = format!("the clock is {size} ms {side} {server}; the network allows {limit} ms");
    let mend = "Let a time service keep the clock right (chrony), and see why it does not.";
    if off.size > bound {
        findings.fail(what, mend);
    } else if off.size > bound / 2 {
        findings.warn(what, mend);
    } else {
        findings.good(what);
    }
}
