//! Check: who may use the API, and for how long.
//!
//! Absent: the tokens, which nobody but their owners has.

use ledger::ids::Network;

use super::{Findings, Scene};
use crate::access::{self, Standing};
use crate::home::now;

/// A token that ends within this time is warned of, in milliseconds.
const SOON_MS: u64 = 7 * 24 * 3_600_000;

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    let book = match access::read(scene.home) {
        Ok(book) => book,
        Err(error) => {
            let mend = "Until then no operator is let in. Bring the file back from a backup, or \
                        make operators anew.";
            return findings.fail(error.to_string(), mend);
        }
    };
    let (now, acts) = (now(), !scene.config.iso.operators.is_empty());
    let valid = book.operators().iter().filter(|one| one.standing(now) == Standing::Valid);
    let add = "feiqian-node operator add NAME --role maker --home HOME";
    if book.is_there() {
        findings.good(format!("{} operators may use the API", valid.clone().count()));
    } else if scene.genesis.network == Network::Production {
        findings.warn("there is no operator: the API takes no messages and replays nothing", add);
    } else if acts {
        let what = "there is no operator: whoever reaches the API may send messages that this node \
                    signs";
        findings.warn(what, add);
    } else {
        findings.good("there is no operator, and nothing that this node would sign for one");
    }
    for one in valid.filter(|one| one.expires.is_some_and(|end| end.0 <= now.plus(SOON_MS))) {
        let until = one.expires.map(String::from).unwrap_or_default();
        let what = format!("the token of {} counts until {until}", one.name);
        findings.warn(what, "Add one under another name, hand it over, and revoke this one.");
    }
}
