//! Agreement: no two honest validators have different final blocks at one height.

use ledger::block::Block;
use ledger::hash::Hash;
use ledger::ids::Height;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The final block of each height, as first seen.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    blocks: BTreeMap<Height, Hash>,
}

impl Agreement {
    fn agree(&mut self, context: &Context, node: usize, block: &Block) -> Option<String> {
        let (height, hash) = (block.header.height, block.hash(&context.setup.domains));
        let first = *self.blocks.entry(height).or_insert(hash);
        (first != hash)
            .then(|| format!("validator {node} has {hash} final at {height}, another has {first}"))
    }
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Final(node, block, _) | Observation::Restored(node, block) => {
                self.agree(context, *node, block)
            }
            Observation::Sent(..)
            | Observation::Evidence(..)
            | Observation::Healed
            | Observation::Ended => None,
        }
    }
}
