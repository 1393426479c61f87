//! Execution of blocks, before the vote: speculative states on top of the last final one.
//!
//! Invariants: every block of the tree descends from the final tip; the state of a block that loses
//! is dropped when another becomes final. Absent: the rules (`ledger`), lane data (`lanes`).

use ledger::block::{Block, Cut};
use ledger::chain::{BlockRefusal, Executed, Tip};
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex, View};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::lanes::{CutProblem, HeldBatch, Lanes};
use super::message::BatchRequest;

/// Where an attempt to execute a block ended.
#[derive(Debug)]
pub enum Attempt {
    /// It is right.
    Valid,
    /// It can never be right.
    Invalid(BlockRefusal),
    /// Its cut can never be read.
    Unlinked,
    /// Its parent has not been executed yet.
    ParentMissing,
    /// Lane data is missing; ask for it.
    DataMissing(Vec<BatchRequest>),
}

/// A block that was executed, and the batches that it orders.
#[derive(Clone, Debug)]
pub struct Held {
    /// Block, receipts, state.
    pub executed: Arc<Executed>,
    /// The batches, in the order of execution.
    pub batches: Vec<Arc<HeldBatch>>,
}

/// The tree of executed blocks above the final tip.
#[derive(Debug)]
pub struct Executor {
    final_hash: Hash,
    final_tip: Tip,
    tree: BTreeMap<Hash, Held>,
    waiting: BTreeMap<Hash, Block>,
}

impl Executor {
    /// A tree with nothing above the final `tip`.
    pub fn new(tip: Tip) -> Self {
        Self {
            final_hash: tip.hash(),
            final_tip: tip,
            tree: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// The final tip.
    pub const fn final_tip(&self) -> &Tip {
        &self.final_tip
    }

    /// The tip after the block `hash`, if it is the final one or was executed.
    pub fn tip(&self, hash: &Hash) -> Option<&Tip> {
        if *hash == self.final_hash {
            return Some(&self.final_tip);
        }
        self.tree.get(hash).map(|held| &held.executed.tip)
    }

    /// An executed block above the final tip, or one that waits for its data.
    pub fn block(&self, hash: &Hash) -> Option<&Block> {
        let executed = self.tree.get(hash).map(|held| &held.executed.block);
        executed.or_else(|| self.waiting.get(hash))
    }

    /// Builds and executes a block on top of `parent`: all that the lanes hold, up to the block's
    /// limit of bytes. `None` if the parent is not known here.
    pub fn build(
        &mut self,
        lanes: &Lanes,
        parent: &Hash,
        view: View,
        proposer: ValidatorIndex,
        now: Timestamp,
    ) -> Option<Block> {
        let tip = self.tip(parent)?;
        let limit = usize::try_from(tip.state().parameters().block_bytes).ok()?;
        let cut = lanes.propose(tip.cut(), limit);
        let batches = lanes.between(tip.cut(), &cut).ok()?;
        let transactions = batches.iter().flat_map(|batch| &batch.transactions);
        let executed = tip.build(view, proposer, now, cut, transactions);
        let block = executed.block.clone();
        let held = Held { executed: Arc::new(executed), batches };
        self.tree.insert(held.executed.tip.hash(), held);
        Some(block)
    }

    /// Executes `block` and compares every root. Keeps it waiting if something is missing.
    pub fn attempt(&mut self, lanes: &Lanes, hash: Hash, block: &Block) -> Attempt {
        if self.tip(&hash).is_some() {
            return Attempt::Valid;
        }
        let Some(parent) = self.tip(&block.header.parent) else {
            self.waiting.insert(hash, block.clone());
            return Attempt::ParentMissing;
        };
        let batches = match lanes.between(parent.cut(), &block.cut) {
            Ok(batches) => batches,
            Err(CutProblem::Unlinked) => return Attempt::Unlinked,
            Err(CutProblem::Missing(requests)) => {
                self.waiting.insert(hash, block.clone());
                return Attempt::DataMissing(requests);
            }
        };
        let transactions = batches.iter().flat_map(|batch| &batch.transactions);
        let checked = parent.check(block, transactions);
        self.waiting.remove(&hash);
        match checked {
            Ok(executed) => {
                let held = Held { executed: Arc::new(executed), batches };
                self.tree.insert(hash, held);
                Attempt::Valid
            }
            Err(refusal) => Attempt::Invalid(refusal),
        }
    }

    /// The blocks that wait for a parent or for data, by height.
    pub fn waiting(&self) -> Vec<(Hash, Block)> {
        let mut blocks: Vec<_> = self.waiting.iter().map(|(h, b)| (*h, b.clone())).collect();
        blocks.sort_by_key(|(_, block)| block.header.height);
        blocks
    }

    /// Makes an executed child of the final tip the final tip. `None` if it was not executed.
    pub fn finalize(&mut self, hash: &Hash) -> Option<Held> {
        let held = self.tree.remove(hash)?;
        self.final_hash = *hash;
        self.final_tip = held.executed.tip.clone();
        let height = self.final_tip.header().height;
        self.tree.retain(|_, other| other.executed.block.header.height > height);
        self.waiting.retain(|_, block| block.header.height > height);
        Some(held)
    }

    /// The cut of the executed block of the highest view, or the final one.
    pub fn highest_cut(&self) -> &Cut {
        self.tree
            .values()
            .max_by_key(|held| held.executed.block.header.view)
            .map_or_else(|| self.final_tip.cut(), |held| held.executed.tip.cut())
    }
}
