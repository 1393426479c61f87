//! What peers say beside consensus: batches, requests, answers.
//!
//! Invariants: a request costs the asked node a bounded answer; an answer is checked before it is
//! used. Absent: votes and proposals (the replica's).

use ledger::block::Batch;
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex};
use std::sync::Arc;

use super::Core;
use super::lanes::HeldBatch;
use super::message::{BatchRequest, ChainPart, PeerMessage};
use super::record::LogRecord;
use super::step::{Channel, Output};
use super::submission::Purpose;
use super::verification::VerificationJob;

/// The most verification jobs for peers' batches at a time; more wait in the network's queues.
const MAXIMUM_PEER_JOBS: usize = 64;

/// The most batches of one answer.
const MAXIMUM_ANSWER: usize = 32;

impl Core {
    pub(super) fn peer(&mut self, now: Timestamp, from: ValidatorIndex, message: PeerMessage) {
        match message {
            PeerMessage::Consensus(message) => {
                self.consensus(now, consensus::Input::Message { from, message });
            }
            PeerMessage::Batch(batch) => self.batch_arrived(from, batch),
            PeerMessage::BatchRequest(request) => self.serve_batches(from, &request),
            PeerMessage::BlockRequest(hash) => self.serve_block(from, &hash),
            PeerMessage::Block(block) => {
                if self.seeking == Some(block.hash(&self.config.domains)) {
                    self.seeking = None;
                }
                self.consensus(now, consensus::Input::Fetched { block });
            }
            PeerMessage::ChainRequest(height) => {
                self.outputs.push(Output::ServeChain { to: from, from: height });
            }
            PeerMessage::Chain(part) => self.chain_arrived(now, from, part),
        }
    }

    /// A peer is there again: what it may have missed of this node's lane goes to it.
    pub(super) fn connected(&mut self, _now: Timestamp, peer: ValidatorIndex) {
        for batch in self.lanes.oldest_waiting(self.config.me, MAXIMUM_ANSWER) {
            self.outputs.push(Output::SendBatch { to: peer, batch });
        }
    }

    /// A batch from its owner or from a peer that was asked: the owner's signature decides.
    fn batch_arrived(&mut self, from: ValidatorIndex, batch: Batch) {
        let header = &batch.header;
        let Some(owner) = self.config.validators.get(header.lane) else {
            let what = "sent a batch of a lane that does not exist";
            self.outputs.push(Output::Misbehaviour { peer: from, what });
            return;
        };
        let hash = header.hash(&self.config.domains);
        let is_ours = header.lane == self.config.me && from == self.config.me;
        let wanted = header.epoch == self.final_tip().header().epoch
            && !is_ours
            && self.lanes.has_room(header, hash)
            && !self.is_checking(&hash)
            && self.jobs.len() < MAXIMUM_PEER_JOBS;
        if wanted {
            let owner = owner.key;
            let job = self.new_job(Purpose::PeerBatch { from, hash });
            self.outputs.push(Output::Verify(job, VerificationJob::Batch { batch, owner }));
        }
    }

    fn is_checking(&self, hash: &Hash) -> bool {
        self.jobs.values().any(|purpose| match purpose {
            Purpose::PeerBatch { hash: other, .. } => other == hash,
            Purpose::Submission(_) => false,
        })
    }

    pub(super) fn batch_verified(
        &mut self,
        now: Timestamp,
        from: ValidatorIndex,
        batch: Option<HeldBatch>,
    ) {
        let Some(batch) = batch.map(Arc::new) else {
            let what = "sent a batch with an invalid signature or transaction";
            self.outputs.push(Output::Misbehaviour { peer: from, what });
            return;
        };
        if !self.lanes.has_room(&batch.header, batch.hash) {
            return;
        }
        self.outputs.push(Output::Persist(LogRecord::Batch(batch.clone())));
        if let Some(gap) = self.lanes.insert(batch) {
            self.request_batches(now, &[gap], from);
        }
        self.retry_waiting(now);
    }

    fn serve_batches(&mut self, to: ValidatorIndex, request: &BatchRequest) {
        let (batches, on_disk) = self.lanes.serve(request);
        if on_disk {
            self.outputs.push(Output::ServeBatches { to, request: *request });
        }
        for batch in batches.into_iter().take(MAXIMUM_ANSWER) {
            self.outputs.push(Output::SendBatch { to, batch });
        }
    }

    fn serve_block(&mut self, to: ValidatorIndex, hash: &Hash) {
        if let Some(block) = self.executor.block(hash) {
            let message = PeerMessage::Block(block.clone());
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }

    fn chain_arrived(&mut self, now: Timestamp, from: ValidatorIndex, part: ChainPart) {
        if !self.finals.is_empty() {
            return;
        }
        let tip = self.final_tip();
        let place = (tip.header().height, tip.hash());
        let config = &self.config;
        let blocks = self.catchup.accept(from, part, place, &config.domains, &config.validators);
        self.finals.extend(blocks);
        self.execute_finals(now);
    }
}
