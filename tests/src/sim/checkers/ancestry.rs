//! Ancestry: each validator's final blocks form a chain: height by height, each the child of the
//! one before, later in view and in time.

use ledger::block::Block;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The last final block of each validator.
#[derive(Debug, Default)]
pub(super) struct Ancestry {
    last: BTreeMap<usize, Block>,
}

impl Checker for Ancestry {
    fn name(&self) -> &'static str {
        "ancestry"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Restored(node, block) => {
                self.last.insert(*node, (*block).clone());
                None
            }
            Observation::Final(node, block, _) => {
                let parent = self.last.insert(*node, (*block).clone())?;
                let (before, after) = (&parent.header, &block.header);
                let follows = after.height == before.height.next()
                    && after.parent == parent.hash(&context.setup.domains)
                    && after.view > before.view
                    && after.time > before.time;
                (!follows).then(|| format!("validator {node}: {after:?} follows {before:?}"))
            }
            Observation::Sent(..)
            | Observation::Evidence(..)
            | Observation::Healed
            | Observation::Ended => None,
        }
    }
}
