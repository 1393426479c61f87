//! The blocks above the last final one that this replica holds, and what is known of each.
//!
//! Invariants: a held block is whole (its cut is the one its header commits to); the last final
//! block is always held and executed; blocks become final parent first. Absent: certificates (see
//! [`crate::views`]), blocks that are final (the node's log).

use ledger::block::Block;
use ledger::hash::{Domains, Hash};
use ledger::ids::{Height, View};
use std::collections::BTreeMap;

/// What is known of the execution of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// The node was not asked.
    Unasked,
    /// The node was asked and has not answered.
    Asked,
    /// The block is right.
    Valid,
    /// The block can never be right.
    Invalid,
}

#[derive(Clone, Debug)]
struct Held {
    block: Block,
    execution: Execution,
}

/// How a block hangs together with the last final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// By these blocks, ascending, the block itself the last; none if it is the last final block.
    Linked(Vec<Hash>),
    /// A block is not held: this one, at this height if a child of it is held.
    Missing(Hash, Option<Height>),
    /// Not at all: it is older than the last final block, or of a fork that was left.
    Apart,
}

/// The held blocks.
#[derive(Clone, Debug)]
pub struct Chain {
    domains: Domains,
    finalized: Block,
    finalized_hash: Hash,
    held: BTreeMap<Hash, Held>,
}

impl Chain {
    /// The chain whose last final block is `finalized`.
    pub fn new(domains: Domains, finalized: Block) -> Self {
        let finalized_hash = finalized.hash(&domains);
        Self { domains, finalized, finalized_hash, held: BTreeMap::new() }
    }

    /// The last final block that is held with all before it.
    pub const fn finalized(&self) -> &Block {
        &self.finalized
    }

    /// Its hash.
    pub const fn finalized_hash(&self) -> Hash {
        self.finalized_hash
    }

    /// True if the block's cut is the one that its header commits to.
    pub fn is_whole(&self, block: &Block) -> bool {
        block.cut.root(&self.domains) == block.header.lanes_root
    }

    /// Holds a whole block and gives its hash.
    pub fn insert(&mut self, block: Block) -> Hash {
        let hash = block.hash(&self.domains);
        if hash != self.finalized_hash {
            let held = Held { block, execution: Execution::Unasked };
            self.held.entry(hash).or_insert(held);
        }
        hash
    }

    /// The block, if it is held.
    pub fn get(&self, hash: &Hash) -> Option<&Block> {
        if *hash == self.finalized_hash {
            return Some(&self.finalized);
        }
        self.held.get(hash).map(|held| &held.block)
    }

    /// What is known of the block's execution.
    pub fn execution(&self, hash: &Hash) -> Execution {
        if *hash == self.finalized_hash {
            return Execution::Valid;
        }
        self.held.get(hash).map_or(Execution::Unasked, |held| held.execution)
    }

    /// Notes what is known of a held block's execution.
    pub fn note(&mut self, hash: &Hash, execution: Execution) {
        if let Some(held) = self.held.get_mut(hash) {
            held.execution = execution;
        }
    }

    /// How the block `hash` hangs together with the last final block.
    pub fn ancestry(&self, hash: &Hash) -> Ancestry {
        let (mut path, mut cursor, mut height) = (Vec::new(), *hash, None);
        while cursor != self.finalized_hash {
            let Some(held) = self.held.get(&cursor) else {
                return Ancestry::Missing(cursor, height);
            };
            let header = &held.block.header;
            let is_child = header.parent == self.finalized_hash;
            if header.height <= self.finalized.header.height.next() && !is_child {
                return Ancestry::Apart;
            }
            path.push(cursor);
            cursor = header.parent;
            height = header.height.previous();
        }
        path.reverse();
        Ancestry::Linked(path)
    }

    /// Makes a held child of the last final block final, and gives it.
    pub fn finalize(&mut self, hash: &Hash) -> Option<Block> {
        let held = self.held.remove(hash)?;
        self.restart(held.block.clone());
        Some(held.block)
    }

    /// Goes on from the final block `finalized`; drops what is not above it.
    pub fn restart(&mut self, finalized: Block) {
        self.finalized_hash = finalized.hash(&self.domains);
        self.drop_up_to(finalized.header.view);
        self.finalized = finalized;
    }

    /// Drops one block.
    pub fn forget(&mut self, hash: &Hash) {
        self.held.remove(hash);
    }

    /// Drops the blocks of views up to `view`.
    pub fn drop_up_to(&mut self, view: View) {
        self.held.retain(|_, held| held.block.header.view > view);
    }

    /// How many blocks are held above the last final one; for metrics and tests.
    pub fn count(&self) -> usize {
        self.held.len()
    }
}
