//! Execution of blocks, before the vote: speculative states on top of the last final one.
//!
//! Invariants: every block of the tree descends from the final tip; the state of a block that loses
//! is dropped when another becomes final. Absent: the rules (`ledger`), lane data (`lanes`).

use ledger::block::{Block, Cut};
use ledger::chain::{BlockRefusal, Executed, Tip};
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex, View};
use std::collections::{BTreeMap, VecDeque};
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
    /// From where the cuts of the final tip's children go on.
    final_cut: Cut,
    tree: BTreeMap<Hash, Held>,
    waiting: BTreeMap<Hash, Block>,
    /// The last final blocks, for peers whose replica still asks for them one by one.
    recent: VecDeque<(Hash, Block)>,
}

/// How many final blocks are kept for peers that are a little behind.
const RECENT: usize = 256;

impl Executor {
    /// A tree with nothing above the final `tip`.
    pub fn new(tip: Tip) -> Self {
        Self {
            final_hash: tip.hash(),
            final_cut: tip.child_cut(),
            final_tip: tip,
            tree: BTreeMap::new(),
            waiting: BTreeMap::new(),
            recent: VecDeque::new(),
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

    /// An executed block above the final tip, one that waits for its data, or a recent final one.
    pub fn block(&self, hash: &Hash) -> Option<&Block> {
        let executed = self.tree.get(hash).map(|held| &held.executed.block);
        let recent = || self.recent.iter().rev().find(|(h, _)| h == hash).map(|(_, block)| block);
        executed.or_else(|| self.waiting.get(hash)).or_else(recent)
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
        let from = tip.child_cut();
        let cut = lanes.propose(&from, limit);
        let batches = lanes.between(&from, &cut).ok()?;
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
        let batches = match lanes.between(&parent.child_cut(), &block.cut) {
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

    /// How many blocks are kept that are not final.
    pub fn count(&self) -> usize {
        self.tree.len().saturating_add(self.waiting.len())
    }

    /// Makes an executed child of the final tip the final tip. `None` if it was not executed.
    pub fn finalize(&mut self, hash: &Hash) -> Option<Held> {
        let held = self.tree.remove(hash)?;
        self.final_hash = *hash;
        self.final_tip = held.executed.tip.clone();
        self.final_cut = self.final_tip.child_cut();
        let height = self.final_tip.header().height;
        self.tree.retain(|_, other| other.executed.block.header.height > height);
        self.waiting.retain(|_, block| block.header.height > height);
        self.recent.push_back((*hash, held.executed.block.clone()));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        Some(held)
    }

    /// Forgets what is not final: it was of the epoch that the final tip has ended.
    pub fn begin_epoch(&mut self) {
        self.tree.clear();
        self.waiting.clear();
    }

    /// The cut of the executed block of the highest view that is not abandoned, or the one from
    /// which the final tip's children go on.
    pub fn highest_cut(&self, is_abandoned: impl Fn(View) -> bool) -> &Cut {
        self.tree
            .values()
            .filter(|held| !is_abandoned(held.executed.block.header.view))
            .max_by_key(|held| held.executed.block.header.view)
            .map_or(&self.final_cut, |held| held.executed.tip.cut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::block::BatchHeader;
    use ledger::crypto::{SecretKey, Signature, Suite};
    use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
    use ledger::ids::{Bic, Network};

    fn genesis() -> GenesisDocument {
        let key = |seed| SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]).public();
        let institution = ledger::account::Institution {
            bic: Bic::parse("PSBCCNBJ").unwrap(),
            name: "one".to_owned(),
            operators: ledger::account::KeySet::single(key(1)),
            compliance: key(2),
            roles: ledger::account::Roles { validator: true, issuer: true, dealer: false },
        };
        let validator = MemberValidator {
            voting_key: key(3),
            node_key: key(4),
            address: "127.0.0.1:1".to_owned(),
        };
        GenesisDocument {
            suite: Suite::Ed25519Blake3,
            network: Network::Devnet,
            name: "test".to_owned(),
            time: Timestamp(1_000),
            parameters: Parameters::USUAL,
            members: vec![Member { institution, validator: Some(validator) }],
        }
    }

    #[test]
    fn a_block_is_served_before_and_after_it_is_final_and_then_forgotten() {
        let tip = Tip::genesis(&genesis()).unwrap().tip;
        let lanes = Lanes::new(tip.child_epoch(), tip.cut());
        let mut executor = Executor::new(tip);
        let mut first = None;
        for view in 1..=300_u64 {
            let parent = executor.final_tip().hash();
            let now = Timestamp(1_000 + view);
            let me = ValidatorIndex(0);
            let block = executor.build(&lanes, &parent, View(view), me, now).unwrap();
            let hash = block.hash(executor.final_tip().domains());
            assert_eq!(executor.block(&hash), Some(&block));
            executor.finalize(&hash).unwrap();
            assert_eq!(executor.block(&hash), Some(&block));
            first.get_or_insert(hash);
        }
        assert_eq!(executor.block(&first.unwrap()), None);
    }

    #[test]
    fn work_of_an_abandoned_view_counts_as_not_taken() {
        let tip = Tip::genesis(&genesis()).unwrap().tip;
        let mut lanes = Lanes::new(tip.child_epoch(), tip.cut());
        let (from, parent) = (tip.child_cut(), tip.hash());
        let header = BatchHeader {
            epoch: tip.child_epoch(),
            lane: ValidatorIndex(0),
            sequence: 1,
            parent: Hash::ZERO,
            payload: Hash::ZERO,
        };
        let (hash, signature) = (Hash([1; 32]), Signature([0; 64]));
        let batch = HeldBatch { header, hash, signature, transactions: Vec::new(), bytes: 100 };
        lanes.insert(Arc::new(batch));
        let mut executor = Executor::new(tip);
        let propose = |executor: &mut Executor, view| {
            let (now, me) = (Timestamp(1_000 + view), ValidatorIndex(0));
            executor.build(&lanes, &parent, View(view), me, now).unwrap().cut
        };
        let cut = propose(&mut executor, 1);
        assert_ne!(cut, from);
        assert_eq!(executor.highest_cut(|_| false), &cut);
        assert_eq!(executor.highest_cut(|view| view == View(1)), &from);
        propose(&mut executor, 2);
        assert_eq!(executor.highest_cut(|view| view == View(1)), &cut);
    }
}
