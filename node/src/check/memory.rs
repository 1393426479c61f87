//! Check: what the home remembers of its own votes, and so whether the node votes.
//!
//! Absent: the votes themselves (the log's).

use super::{Findings, Scene};
use crate::home::recollection;

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    let home = scene.home;
    match recollection::observance(home) {
        Ok(Some(observance)) if observance.armed => {
            findings.good("the node observes until the others have moved past its last votes");
        }
        Ok(Some(_)) => findings.warn(
            "the home was restored and is not armed: the node observes and never votes",
            format!(
                "When no other node runs with these keys: feiqian-node arm --home {}",
                home.display()
            ),
        ),
        Ok(None) => match recollection::has_log(&home.join("log")) {
            Ok(true) => findings.good("the log holds the node's votes"),
            Ok(false) if recollection::is_founding(home) => {
                findings.good("the home is new, and its key has never voted");
            }
            Ok(false) => findings.warn(
                "the log is gone: the node joins anew and observes first",
                "Nothing has to be done; a backup would keep blocks: docs/operating/recovery.md.",
            ),
            Err(error) => findings.fail(error.to_string(), "Mend the disk or the permissions."),
        },
        Err(error) => findings.fail(
            error.to_string(),
            "Restore the home from a backup; never remove observe.json: docs/operating/recovery.md",
        ),
    }
}
