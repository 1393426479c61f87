//! Agreement: no two nodes of the product have different final blocks at one height.

use ledger::hash::Hash;
use ledger::ids::Height;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The final block of each height, as first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    blocks: BTreeMap<Height, Hash>,
    checked: u64,
}

impl Agreement {
    fn agree(&mut self, host: usize, height: Height, hash: Hash) -> Option<String> {
        self.checked += 1;
        let first = *self.blocks.entry(height).or_insert(hash);
        (first != hash)
            .then(|| format!("host {host} has {hash} final at {height}, another has {first}"))
    }
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let domains = &context.setup.domains;
        let (host, header) = match observation {
            Observation::Final(host, committed) | Observation::Replayed(host, committed) => {
                (*host, &committed.executed.block.header)
            }
            Observation::Restored(host, tip) => (*host, tip.header()),
            Observation::Sent(..)
            | Observation::Recorded(..)
            | Observation::Read(..)
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
        let is_product = context.is_product(host);
        is_product.then(|| self.agree(host, header.height, header.hash(domains)))?
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
