//! Monotone reads: what a whole node has shown as final is final there for ever, also after a
//! restart.

use ledger::ids::Height;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The last height that each host has shown.
#[derive(Debug, Default)]
pub(super) struct MonotoneReads {
    heights: BTreeMap<usize, Height>,
    checked: u64,
}

impl Checker for MonotoneReads {
    fn name(&self) -> &'static str {
        "monotone reads"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let (host, height) = match observation {
            Observation::Final(host, committed) => (*host, committed.height()),
            Observation::Restored(host, tip) => (*host, tip.height()),
            Observation::Read(host, height) => (*host, *height),
            Observation::Sent(..)
            | Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..)
            | Observation::Healed
            | Observation::Late
            | Observation::Ended => return None,
        };
        if !context.is_whole(host) {
            return None;
        }
        self.checked += 1;
        let shown = self.heights.entry(host).or_default();
        let before = std::mem::replace(shown, height.max(*shown));
        (height < before).then(|| format!("host {host} showed {before} and then {height}"))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
