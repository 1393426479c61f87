//! The chain of an audited log: every block executed again, every root and certificate compared.
//!
//! Where older blocks were pruned, or a snapshot took their place, there is no state to execute
//! from. Then blocks are linked only (hashes, certificates, batches and their signatures), up to
//! the index's checkpoint, whose state is compared with its block's root; from there on blocks are
//! executed.
//!
//! Invariant: a block is taken only if everything about it that can be checked holds. Absent:
//! reading of files, the index's other rows.

use std::sync::Arc;

use ledger::block::{BatchHeader, Block, Cut, Header};
use ledger::certificate::{Certificate, VoteKind};
use ledger::chain::Tip;
use ledger::hash::Domains;
use ledger::ids::Height;
use ledger::light::{EpochChange, Progress};
use ledger::validators::ValidatorSet;

use super::batches::{Batches, Placed};
use crate::core::message::FinalBlock;
use crate::core::record::ReadRecord;
use crate::core::snapshot::Manifest;
use crate::core::step::Committed;
use crate::log::{Position, Record};
use crate::store::{BatchName, IndexItem};

/// Where the audit stands.
enum Ground {
    /// Nothing is known yet of the block before the next.
    Nothing,
    /// The last block, of which there is no state.
    Linked(Box<Block>),
    /// The last block, executed.
    Executed(Box<Tip>),
}

/// What is wrong with a record.
pub(super) struct Wrong {
    pub(super) height: Height,
    pub(super) position: Position,
    pub(super) what: String,
}

/// The audit of the chain.
pub(super) struct Chain {
    ground: Ground,
    /// The checkpoint from which blocks can be executed though earlier ones were not.
    base: Option<Tip>,
    /// The height of the next block, whatever it stands on.
    next: Height,
    pub(super) batches: Batches,
    /// The first block since the last certificate.
    pub(super) uncertified: Option<Height>,
    pub(super) counts: Counts,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) first: Option<Height>,
    pub(super) last: Option<Height>,
    pub(super) executed_from: Option<Height>,
    pub(super) blocks: u64,
    pub(super) transactions: u64,
    pub(super) certificates: u64,
}

impl Chain {
    /// Begins at the genesis block.
    pub(super) fn from_genesis(tip: Tip, base: Option<Tip>) -> Self {
        let batches = Batches::new(tip.domains().clone());
        let next = tip.height().next();
        let ground = Ground::Executed(Box::new(tip));
        let counts = Counts::default();
        Self { ground, base, next, batches, uncertified: None, counts }
    }

    /// The height of the block that the next record belongs to.
    pub(super) const fn height(&self) -> Height {
        self.next
    }

    /// Goes on at `height`, whose parent is not in the log, because the index says that what was
    /// before is not kept.
    pub(super) fn resume_at(&mut self, height: Height) {
        self.next = height;
        self.ground = Ground::Nothing;
        if let Some(base) = self.base.take_if(|base| base.height().next() == height) {
            self.ground = Ground::Executed(Box::new(base));
        }
    }

    /// Checks a record; gives the block that it makes final, if it was executed.
    pub(super) fn record(&mut self, record: &Record) -> Result<Option<IndexItem>, Wrong> {
        let (height, position) = (self.next, record.position);
        let wrong = |what| Wrong { height, position, what };
        let read = ReadRecord::decode(record.kind, &record.payload)
            .map_err(|error| wrong(error.to_string()))?;
        match read {
            ReadRecord::Batch(batch) => self.batches.add(position, batch).map_err(wrong)?,
            ReadRecord::Consensus(_) | ReadRecord::Forward(_) => {}
            ReadRecord::Final(block) => return self.block(position, &block),
            ReadRecord::Snapshot(manifest) => {
                let height = manifest.progress.header.height;
                let wrong = |what| Wrong { height, position, what };
                self.know_validators()?;
                self.snapshot(&manifest).map_err(wrong)?;
            }
        }
        Ok(None)
    }

    /// A snapshot took the place of the blocks up to its own: the chain of epochs leads there.
    fn snapshot(&mut self, manifest: &Manifest) -> Result<(), String> {
        let Progress { epochs, header, certificate } = &manifest.progress;
        for change in epochs {
            self.epoch(change)?;
        }
        let set = self.batches.set(header.epoch).ok_or("nobody knows its epoch's validators")?;
        certify(self.batches.domains(), set, header, certificate)?;
        self.ground = Ground::Linked(Box::new(manifest.block()));
        if let Some(base) = self.base.take_if(|base| base.height() == header.height) {
            self.ground = Ground::Executed(Box::new(base));
        }
        self.next = header.height.next();
        self.counts.executed_from = None;
        Ok(())
    }

    /// Takes note of the validators that follow an epoch, if those before have decided so.
    pub(super) fn epoch(&mut self, change: &EpochChange) -> Result<(), String> {
        let EpochChange { header, certificate, next } = change;
        let domains = self.batches.domains();
        let set = self.batches.set(header.epoch).ok_or("nobody knows its epoch's validators")?;
        certify(domains, set, header, certificate)?;
        if !header.ends_epoch() || header.next_validators_hash != next.hash(domains) {
            return Err("the change of epoch names other validators than its block".to_owned());
        }
        let known = self.batches.know(header.epoch.next(), &Arc::new(next.clone()));
        known.map_err(|(_, what)| what)
    }

    fn block(&mut self, position: Position, last: &FinalBlock) -> Result<Option<IndexItem>, Wrong> {
        let height = last.block.header.height;
        let wrong = |what| Wrong { height, position, what };
        if height != self.next {
            return Err(wrong(format!("block {height} stands where block {} belongs", self.next)));
        }
        self.know_validators()?;
        self.check_parent(&last.block).map_err(wrong)?;
        self.check_certificate(last).map_err(wrong)?;
        let ordered = match self.parent_cut() {
            Some(cut) => self.batches.between(&cut, &last.block.cut).map_err(wrong)?,
            None => Vec::new(),
        };
        let item = self.stand_on(position, last, &ordered).map_err(wrong)?;
        self.batches.forget(last.block.header.epoch, &last.block.cut);
        self.next = height.next();
        self.count(last, &ordered, item.is_some());
        Ok(item)
    }

    /// Takes the block as the new ground, executed where there is a state to do so.
    fn stand_on(
        &mut self,
        position: Position,
        last: &FinalBlock,
        ordered: &[Placed],
    ) -> Result<Option<IndexItem>, String> {
        let block = &last.block;
        let Ground::Executed(tip) = &self.ground else {
            self.ground = Ground::Linked(Box::new(block.clone()));
            let here = |base: &mut Tip| base.height() == block.header.height;
            if let Some(base) = self.base.take_if(here) {
                if base.header() != &block.header {
                    return Err("it is not the block at which the index stands".to_owned());
                }
                self.ground = Ground::Executed(Box::new(base));
            }
            return Ok(None);
        };
        let transactions = ordered.iter().flat_map(|(_, batch)| &batch.transactions);
        let executed = tip.check(block, transactions).map_err(|refusal| refusal.to_string())?;
        self.ground = Ground::Executed(Box::new(executed.tip.clone()));
        let places = ordered.iter().map(|(place, batch)| {
            let BatchHeader { epoch, lane, sequence, .. } = batch.header;
            let name = BatchName { epoch, lane, sequence };
            (name, *place)
        });
        let batches = ordered.iter().map(|(_, batch)| batch.clone()).collect();
        let certificate = last.certificate.clone();
        Ok(Some(IndexItem {
            batches: places.collect(),
            committed: Arc::new(Committed::new(Arc::new(executed), certificate, batches)),
            replay_from: position,
        }))
    }

    /// The validators of the next block come with the state before it.
    fn know_validators(&mut self) -> Result<(), Wrong> {
        let Ground::Executed(tip) = &self.ground else { return Ok(()) };
        let (epoch, set) = (tip.child_epoch(), tip.child_validators().clone());
        let height = self.next;
        let known = self.batches.know(epoch, &set);
        known.map_err(|(position, what)| Wrong { height, position, what })
    }

    fn parent_cut(&self) -> Option<Cut> {
        match &self.ground {
            Ground::Nothing => None,
            Ground::Executed(tip) => Some(tip.child_cut()),
            Ground::Linked(parent) if parent.header.ends_epoch() => {
                let next = self.batches.set(parent.header.epoch.next())?;
                Some(Cut::empty(next.count()))
            }
            Ground::Linked(parent) => Some(parent.cut.clone()),
        }
    }

    fn check_parent(&self, block: &Block) -> Result<(), String> {
        let domains = self.batches.domains();
        let parent = match &self.ground {
            Ground::Nothing => return Ok(()),
            Ground::Linked(parent) => parent.hash(domains),
            Ground::Executed(tip) => tip.hash(),
        };
        if block.header.parent != parent {
            return Err("it does not name the block before it".to_owned());
        }
        if block.header.lanes_root != block.cut.root(domains) {
            return Err("its cut is not the one that its header commits to".to_owned());
        }
        Ok(())
    }

    fn check_certificate(&mut self, last: &FinalBlock) -> Result<(), String> {
        let header = &last.block.header;
        let Some(certificate) = &last.certificate else {
            if header.ends_epoch() {
                return Err("it ends an epoch without a certificate of its own".to_owned());
            }
            self.uncertified.get_or_insert(header.height);
            return Ok(());
        };
        let set = self.batches.set(header.epoch).ok_or("nobody knows its epoch's validators")?;
        certify(self.batches.domains(), set, header, certificate)?;
        self.uncertified = None;
        self.counts.certificates = self.counts.certificates.saturating_add(1);
        Ok(())
    }

    fn count(&mut self, last: &FinalBlock, ordered: &[Placed], is_executed: bool) {
        let height = last.block.header.height;
        let counts = &mut self.counts;
        counts.first.get_or_insert(height);
        counts.last = Some(height);
        counts.blocks = counts.blocks.saturating_add(1);
        for (_, batch) in ordered {
            let added = u64::try_from(batch.transactions.len()).unwrap_or(u64::MAX);
            counts.transactions = counts.transactions.saturating_add(added);
        }
        if is_executed {
            counts.executed_from.get_or_insert(height);
        } else {
            counts.executed_from = None;
        }
    }
}

/// Checks that a certificate is the finalization of a header, by the validators of its epoch.
pub(super) fn certify(
    domains: &Domains,
    set: &ValidatorSet,
    header: &Header,
    certificate: &Certificate,
) -> Result<(), String> {
    let subject = &certificate.subject;
    if subject.kind != VoteKind::Finalize || !subject.is_of(header, header.hash(domains)) {
        return Err("its certificate speaks of another block".to_owned());
    }
    if header.validators_hash != set.hash(domains) {
        return Err("it names other validators than its epoch has".to_owned());
    }
    certificate.verify(domains, set).map_err(|error| format!("its certificate is refused: {error}"))
}
