//! Where the records are that a restart needs although they are not final: so the log is read from
//! the first of them.
//!
//! Invariants: a record is let go only once a final block has made it needless. Absent: the records
//! themselves (the log's).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ledger::block::{BatchHeader, Cut, Header};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Height, Timestamp, View as ConsensusView};
use ledger::transaction::{Transaction, TransactionId};

use crate::core::record::{LogRecord, ReadRecord};
use crate::core::step::Committed;
use crate::log::Position;
use crate::store::BatchName;

/// The places of such records.
#[derive(Debug, Default)]
pub struct Retained {
    batches: HashMap<Hash, (BatchName, Position)>,
    votes: BTreeMap<ConsensusView, Position>,
    finals: BTreeMap<Height, Position>,
    forwards: BTreeMap<Position, Forwarded>,
}

/// What is not final of a record of forwarded transactions.
#[derive(Debug)]
struct Forwarded {
    open: BTreeSet<TransactionId>,
    /// After this time none of them can become final.
    valid_until: Timestamp,
}

impl Retained {
    /// A record was written.
    pub fn wrote(&mut self, record: &LogRecord, position: Position) {
        match record {
            LogRecord::Batch(batch) => self.note_batch(batch.hash, &batch.header, position),
            LogRecord::Consensus(record) => self.note_vote(record.view(), position),
            LogRecord::Final(block) => self.note_final(block.block.header.height, position),
            LogRecord::Snapshot(_) => {}
            LogRecord::Forward(transactions) => {
                let transactions = transactions.iter().map(|one| (one.id(), one.body()));
                self.note_forward(transactions, position);
            }
        }
    }

    /// A record was read back at the start.
    pub fn read(&mut self, domains: &Domains, record: &ReadRecord, position: Position) {
        match record {
            ReadRecord::Batch(batch) => {
                self.note_batch(batch.header.hash(domains), &batch.header, position);
            }
            ReadRecord::Consensus(record) => self.note_vote(record.view(), position),
            ReadRecord::Final(block) => self.note_final(block.block.header.height, position),
            ReadRecord::Snapshot(_) => {}
            ReadRecord::Forward(transactions) => {
                let bodies = transactions.iter().map(|signed| &signed.transaction);
                self.note_forward(bodies.map(|body| (body.id(domains), body)), position);
            }
        }
    }

    fn note_batch(&mut self, hash: Hash, header: &BatchHeader, position: Position) {
        let BatchHeader { epoch, lane, sequence, .. } = *header;
        self.batches.insert(hash, (BatchName { epoch, lane, sequence }, position));
    }

    fn note_vote(&mut self, view: ConsensusView, position: Position) {
        self.votes.entry(view).or_insert(position);
    }

    /// A final block is needed until it is in the index.
    fn note_final(&mut self, height: Height, position: Position) {
        self.finals.insert(height, position);
    }

    fn note_forward<'t>(
        &mut self,
        transactions: impl Iterator<Item = (TransactionId, &'t Transaction)>,
        position: Position,
    ) {
        let mut valid_until = Timestamp(0);
        let open = transactions.map(|(id, body)| {
            valid_until = valid_until.max(body.valid_until);
            id
        });
        let open = open.collect();
        self.forwards.insert(position, Forwarded { open, valid_until });
    }

    /// A block is final: gives where its batches are, and forgets what it makes needless.
    pub fn ordered(&mut self, committed: &Committed) -> Vec<(BatchName, Position)> {
        let batches = committed.batches.iter().filter_map(|batch| self.batches.remove(&batch.hash));
        let places = batches.collect();
        if !self.forwards.is_empty() {
            let transactions = committed.batches.iter().flat_map(|batch| &batch.transactions);
            for transaction in transactions {
                let id = transaction.id();
                self.forwards.values_mut().for_each(|forwarded| {
                    forwarded.open.remove(&id);
                });
            }
        }
        let block = &committed.executed.block;
        self.forget(&block.cut, &block.header);
        places
    }

    /// Forgets what a final block with this cut makes needless. What an epoch did not order of this
    /// node's lane the core has written again before.
    pub fn forget(&mut self, cut: &Cut, header: &Header) {
        let has_ended = header.ends_epoch();
        self.batches.retain(|_, (name, _)| {
            let is_open = !has_ended && name.sequence > cut.tip(name.lane).sequence;
            name.epoch > header.epoch || (name.epoch == header.epoch && is_open)
        });
        self.votes = self.votes.split_off(&header.view.next());
        self.finals = self.finals.split_off(&header.height.next());
        self.forwards.retain(|_, forwarded| {
            !forwarded.open.is_empty() && forwarded.valid_until >= header.time
        });
    }

    /// Where a restart begins to read: `durable`, up to where the log is durable, or the first
    /// record before it that is retained.
    pub fn first(&self, durable: Position) -> Position {
        let batches = self.batches.values().map(|(_, position)| *position);
        let others = self.votes.values().chain(self.finals.values()).chain(self.forwards.keys());
        batches.chain(others.copied()).fold(durable, Position::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::Chain;

    #[test]
    fn a_restart_reads_from_the_first_record_that_the_index_may_lack() {
        let chain = Chain::new(3);
        let (first, second) = (chain.blocks[0].0.clone(), chain.blocks[1].0.clone());
        let at = |offset| Position { segment: 1, offset };
        let mut retained = Retained::default();
        assert_eq!(retained.first(at(90)), at(90));
        // Both were written by one group, before the first is handed to the index.
        retained.note_final(first.height(), at(20));
        retained.note_final(second.height(), at(40));
        retained.note_vote(second.header().view.next(), at(60));
        retained.forget(first.cut(), first.header());
        assert_eq!(retained.first(at(90)), at(40), "the second block is not in the index yet");
        retained.forget(second.cut(), second.header());
        assert_eq!(retained.first(at(90)), at(60));
    }
}
