//! What peers say beside consensus: batches, requests, answers.
//!
//! Invariants: a request costs the asked node a bounded answer; an answer is checked before it is
//! used. Absent: votes and proposals (the replica's).

use ledger::block::{Batch, BatchHeader, LaneTip};
use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{InstitutionNumber, Timestamp};
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
    pub(super) fn peer(&mut self, now: Timestamp, from: InstitutionNumber, message: PeerMessage) {
        match message {
            PeerMessage::Consensus(message) => {
                self.replica_says(now, from, message);
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
            PeerMessage::Pruned(earliest) => self.pruned_at(now, from, earliest),
            PeerMessage::SnapshotRequest(request) => self.serve_snapshot(now, from, request),
            PeerMessage::SnapshotAnswer(answer) => {
                self.with_fetcher(now, |fetcher, at| fetcher.answer(at, from, answer));
            }
            PeerMessage::Forward(transactions) => self.forwarded(now, transactions),
        }
    }

    fn replica_says(
        &mut self,
        now: Timestamp,
        from: InstitutionNumber,
        message: consensus::Message,
    ) {
        let epoch = message.epoch();
        if epoch != self.committee.epoch() {
            self.of_another_epoch(now, from, &message);
        } else if let Some(from) = self.committee.index_of(from) {
            self.consensus(now, consensus::Input::Message { from, message });
        } else if let consensus::Message::Certificate(certificate) = message
            && self.is_news(&certificate)
        {
            self.catchup.claim(now, from, (epoch, certificate.subject.view));
        }
    }

    /// True for a finalization beyond the highest one that is known here.
    fn is_news(&self, certificate: &Certificate) -> bool {
        let known = self.replica.finalization().map(|known| known.subject.view);
        let subject = &certificate.subject;
        subject.kind == VoteKind::Finalize && known.is_none_or(|known| subject.view > known)
    }

    /// A peer is there again: it hears how far the chain is, and gets what it may have missed of
    /// this node's lane.
    pub(super) fn connected(&mut self, now: Timestamp, peer: InstitutionNumber) {
        self.with_fetcher(now, |fetcher, at| fetcher.connected(at, peer));
        self.greet(peer);
        let Some(me) = self.committee.me() else { return };
        for batch in self.lanes.oldest_waiting(me, MAXIMUM_ANSWER) {
            self.outputs.push(Output::SendBatch { to: peer, batch });
        }
    }

    pub(super) fn disconnected(&mut self, now: Timestamp, peer: InstitutionNumber) {
        if let Some(validator) = self.committee.index_of(peer) {
            self.consensus(now, consensus::Input::Lost(validator));
        }
    }

    /// A batch from its owner or from a peer that was asked: the owner's signature decides.
    fn batch_arrived(&mut self, from: InstitutionNumber, batch: Batch) {
        let header = &batch.header;
        if header.epoch != self.committee.epoch() {
            return;
        }
        let Some(owner) = self.committee.validators().get(header.lane) else {
            let what = "sent a batch of a lane that does not exist";
            self.outputs.push(Output::Misbehaviour { peer: from, what });
            return;
        };
        let hash = header.hash(&self.config.domains);
        let wanted = self.has_room(header, hash)
            && !self.is_checking(&hash)
            && self.jobs.len() < MAXIMUM_PEER_JOBS;
        if wanted {
            let owner = owner.key;
            let job = self.new_job(Purpose::PeerBatch { from, hash });
            self.outputs.push(Output::Verify(job, VerificationJob::Batch { batch, owner }));
        }
    }

    /// True if a batch may be kept: the lanes have room for it, or a cut names it.
    fn has_room(&self, header: &BatchHeader, hash: Hash) -> bool {
        let tip = LaneTip { sequence: header.sequence, batch: hash };
        let mut requests = self.requested.keys();
        self.lanes.has_room(header, hash)
            || (requests.any(|request| request.lane == header.lane && request.tip == tip)
                && self.lanes.has_room_for_named(header, hash))
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
        from: InstitutionNumber,
        batch: Option<HeldBatch>,
    ) {
        let Some(batch) = batch.map(Arc::new) else {
            let what = "sent a batch with an invalid signature or transaction";
            self.outputs.push(Output::Misbehaviour { peer: from, what });
            return;
        };
        if !self.has_room(&batch.header, batch.hash) {
            return;
        }
        let (lane, tip) = (batch.header.lane, batch.tip());
        self.requested.retain(|request, _| request.lane != lane || request.tip != tip);
        self.outputs.push(Output::Persist(LogRecord::Batch(batch.clone())));
        if let Some(gap) = self.lanes.insert(batch) {
            self.request_batches(now, &[gap], Some(from));
        }
        self.retry_waiting(now);
    }

    fn serve_batches(&mut self, to: InstitutionNumber, request: &BatchRequest) {
        let (batches, on_disk) = self.lanes.serve(request);
        if on_disk {
            self.outputs.push(Output::ServeBatches { to, request: *request });
        }
        for batch in batches.into_iter().take(MAXIMUM_ANSWER) {
            self.outputs.push(Output::SendBatch { to, batch });
        }
    }

    fn serve_block(&mut self, to: InstitutionNumber, hash: &Hash) {
        if let Some(block) = self.executor.block(hash) {
            let message = PeerMessage::Block(block.clone());
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }

    fn chain_arrived(&mut self, now: Timestamp, from: InstitutionNumber, part: ChainPart) {
        if !self.finals.is_empty() {
            return;
        }
        let tip = self.final_tip();
        let place = (tip.header().height, tip.hash());
        let epoch = (&self.config.domains, &self.committee);
        let blocks = self.catchup.accept(now, from, part, place, epoch);
        self.finals.extend(blocks);
        self.execute_finals(now);
    }
}
