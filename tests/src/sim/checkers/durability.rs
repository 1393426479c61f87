//! Durability: what a validator has called final is final there after every restart.

use ledger::ids::Height;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The last height that each validator has called final.
#[derive(Debug, Default)]
pub(super) struct Durability {
    heights: BTreeMap<usize, Height>,
}

impl Checker for Durability {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn observe(&mut self, _: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Final(node, block, _) => {
                self.heights.insert(*node, block.header.height);
                None
            }
            Observation::Restored(node, block) => {
                let called = self.heights.get(node).copied().unwrap_or_default();
                let restored = block.header.height;
                (restored < called).then(|| {
                    format!("validator {node} called {called} final and restarts with {restored}")
                })
            }
            Observation::Sent(..)
            | Observation::Evidence(..)
            | Observation::Healed
            | Observation::Ended => None,
        }
    }
}
