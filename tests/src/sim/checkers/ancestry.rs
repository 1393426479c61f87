//! Ancestry: each node's final blocks form a chain: height by height, each the child of the one
//! before, later in view and in time.

use ledger::block::Header;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The last final block of each host.
#[derive(Clone, Debug, Default)]
pub(super) struct Ancestry {
    last: BTreeMap<usize, Header>,
    checked: u64,
}

impl Checker for Ancestry {
    fn name(&self) -> &'static str {
        "ancestry"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        if let Observation::Restored(host, tip) = observation {
            self.last.insert(*host, tip.header().clone());
        }
        let Observation::Final(host, committed) = observation else { return None };
        if !context.is_product(*host) {
            return None;
        }
        self.checked += 1;
        let after = &committed.executed.block.header;
        let before = self.last.insert(*host, after.clone())?;
        let follows = after.height == before.height.next()
            && after.parent == before.hash(&context.setup.domains)
            && after.view > before.view
            && after.time > before.time;
        (!follows).then(|| format!("host {host}: {after:?} follows {before:?}"))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
