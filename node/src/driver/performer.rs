//! The thread that performs the core's outputs.
//!
//! Invariants: outputs are performed in order, each after the records before it are durable; all
//! records that wait are made durable by one write (group commit), and only if something waits for
//! them; a failed write ends the node before anything that rests on it is said. Absent: decisions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use ledger::block::Cut;
use ledger::hash::Hash;
use ledger::ids::View as ConsensusView;

use super::DriverError;
use super::archive::Request;
use super::links::Links;
use super::replies::Replies;
use super::view::View;
use crate::core::record::LogRecord;
use crate::core::step::{Committed, Output};
use crate::log::{Log, LogError, Position};
use crate::store::{BatchName, IndexItem};

/// How many steps' outputs may wait before the core waits.
pub(super) const QUEUE: usize = 256;

/// How many steps' outputs share one durable write at most.
const GROUP: usize = 64;

/// The thread's state.
pub(super) struct Performer {
    pub(super) log: Log,
    pub(super) links: Links,
    pub(super) replies: Arc<Replies>,
    pub(super) indexer: Sender<IndexItem>,
    pub(super) archive: Sender<Request>,
    pub(super) view: Arc<View>,
    pub(super) retained: Retained,
    pub(super) failed: Sender<DriverError>,
}

/// Where the records are that a restart needs although they are not final: so the log is read from
/// the first of them.
#[derive(Debug, Default)]
pub(super) struct Retained {
    batches: HashMap<Hash, (BatchName, Position)>,
    votes: BTreeMap<ConsensusView, Position>,
}

impl Retained {
    /// A record was written, or was read back at the start.
    pub(super) fn note_batch(&mut self, hash: Hash, name: BatchName, position: Position) {
        self.batches.insert(hash, (name, position));
    }

    /// The same for a record of consensus.
    pub(super) fn note_vote(&mut self, view: ConsensusView, position: Position) {
        self.votes.entry(view).or_insert(position);
    }

    /// A block is final: gives where its batches are, and forgets what it makes needless.
    pub(super) fn ordered(&mut self, committed: &Committed) -> Vec<(BatchName, Position)> {
        let batches = committed.batches.iter().filter_map(|batch| self.batches.remove(&batch.hash));
        let places = batches.collect();
        let block = &committed.executed.block;
        self.forget(&block.cut, block.header.view);
        places
    }

    /// Forgets what a final block with this cut, in this view, makes needless.
    pub(super) fn forget(&mut self, cut: &Cut, view: ConsensusView) {
        self.batches.retain(|_, (name, _)| name.sequence > cut.tip(name.lane).sequence);
        self.votes = self.votes.split_off(&view.next());
    }

    /// Where a restart begins to read; `end` if nothing is retained.
    pub(super) fn first(&self, end: Position) -> Position {
        let batches = self.batches.values().map(|(_, position)| *position);
        batches.chain(self.votes.values().copied()).min().unwrap_or(end)
    }
}

impl Performer {
    /// Performs until the core is gone or a write fails.
    pub(super) fn run(mut self, outputs: &Receiver<Vec<Output>>) {
        while let Ok(first) = outputs.recv() {
            let more = outputs.try_iter().take(GROUP);
            let group: Vec<Output> = first.into_iter().chain(more.flatten()).collect();
            if let Err(error) = self.perform(group) {
                tracing::error!(%error, "the node stops");
                // The receiver lives as long as the node.
                let _ = self.failed.send(error);
                return;
            }
        }
        if let Err(error) = self.log.sync() {
            let _ = self.failed.send(error.into());
        }
    }

    fn perform(&mut self, group: Vec<Output>) -> Result<(), DriverError> {
        let mut effects = Vec::new();
        let mut is_awaited = false;
        let mut has_records = false;
        for output in group {
            if let Output::Persist(record) = output {
                self.append(&record)?;
                has_records = true;
            } else {
                is_awaited |= has_records;
                effects.push(output);
            }
        }
        if is_awaited {
            self.log.sync()?;
        }
        effects.into_iter().try_for_each(|effect| self.effect(effect))
    }

    fn append(&mut self, record: &LogRecord) -> Result<(), LogError> {
        let position = self.log.append(record.kind().tag(), &record.encode())?;
        match record {
            LogRecord::Batch(batch) => {
                let name = BatchName { lane: batch.header.lane, sequence: batch.header.sequence };
                self.retained.note_batch(batch.hash, name, position);
            }
            LogRecord::Consensus(record) => self.retained.note_vote(record.view(), position),
            LogRecord::Final(_) => {}
        }
        Ok(())
    }

    fn effect(&mut self, effect: Output) -> Result<(), DriverError> {
        match effect {
            Output::Send { to, channel, message } => self.links.send(to, channel, &message),
            Output::Broadcast { channel, message } => self.links.broadcast(channel, &message),
            Output::BroadcastBatch(batch) => self.links.broadcast_batch(&batch),
            Output::SendBatch { to, batch } => self.links.send_batch(to, &batch),
            Output::ServeBatches { to, request } => self.serve(Request::Batches { to, request }),
            Output::ServeChain { to, from } => self.serve(Request::Chain { to, from }),
            Output::Reply(request, reply) => self.replies.give(request, reply),
            Output::Commit(committed) => self.commit(committed)?,
            Output::Misbehaviour { peer, what } => {
                tracing::warn!(peer = peer.0, what, "a peer broke the rules");
            }
            Output::Evidence(evidence) => {
                tracing::error!(?evidence, "a validator is proven faulty; tell its operator");
            }
            Output::Halt(text) => return Err(DriverError::Halted(text)),
            Output::Persist(_) | Output::Verify(..) | Output::WakeAt(_) => {}
        }
        Ok(())
    }

    fn serve(&self, request: Request) {
        // A peer that asks faster than the disk answers asks again.
        let _ = self.archive.try_send(request);
    }

    fn commit(&mut self, committed: Arc<Committed>) -> Result<(), DriverError> {
        self.view.publish(&committed);
        let batches = self.retained.ordered(&committed);
        let replay_from = self.retained.first(self.log.next_position());
        let item = IndexItem { committed, batches, replay_from };
        // The indexer ends early only by a failure of its own, which it has reported.
        let halted = |_| DriverError::Halted("the index cannot be written".to_owned());
        self.indexer.send(item).map_err(halted)
    }
}
