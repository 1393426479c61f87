//! A client's transaction from its bytes to this node's lane.
//!
//! Invariants: nothing unverified enters the lane; a transaction that only strangers signed does
//! not either. Absent: the queue's bookkeeping (`admission`).

use ledger::block::BatchHeader;
use ledger::execute::Simulation;
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex};
use ledger::rejection::Rejection;
use ledger::state::MarkerKey;
use ledger::transaction::{
    EnvelopeError, SignedTransaction, Transaction, TransactionId, VerifiedTransaction,
};
use std::sync::Arc;

use super::admission::Waiter;
use super::record::LogRecord;
use super::step::{Output, Reply, RequestId};
use super::verification::{JobId, VerificationJob, VerificationResult, seal_batch};
use super::{Core, lanes::Lanes};

/// How many of this node's small batches may wait for order before the next one gathers.
const EAGER_BATCHES: u64 = 2;

/// What a verification job under way is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// Clients' transactions, by id, in the job's order.
    Submission(Vec<TransactionId>),
    /// A peer's batch.
    PeerBatch {
        /// Who sent it.
        from: ValidatorIndex,
        /// The batch's hash.
        hash: Hash,
    },
}

impl Core {
    pub(super) fn submit(
        &mut self,
        now: Timestamp,
        request: RequestId,
        bytes: &[u8],
        until_final: bool,
    ) {
        if let Err(reply) = self.try_submit(now, request, bytes, until_final) {
            self.outputs.push(Output::Reply(request, reply));
        }
    }

    fn try_submit(
        &mut self,
        now: Timestamp,
        request: RequestId,
        bytes: &[u8],
        until_final: bool,
    ) -> Result<(), Reply> {
        let signed = SignedTransaction::decode(bytes).map_err(Reply::Refused)?;
        let domains = &self.config.domains;
        if signed.transaction.chain_id != domains.chain_id() {
            let expected = domains.chain_id();
            return Err(Reply::Refused(EnvelopeError::WrongChain { expected }));
        }
        let id = signed.transaction.id(domains);
        let waiter = Waiter { request, until_final };
        if let Some(in_lane) = self.admission.join(id, waiter) {
            return if in_lane && !until_final { Err(Reply::Accepted(id)) } else { Ok(()) };
        }
        if self.has_executed(&signed.transaction, id) {
            return Err(Reply::Known(id));
        }
        if signed.transaction.valid_until < now {
            return Err(Reply::Rejected(Rejection::Expired));
        }
        if signed.transaction.valid_from > now {
            return Err(Reply::Rejected(Rejection::NotYetValid));
        }
        if !self.admission.has_room(bytes.len()) {
            return Err(Reply::Busy);
        }
        self.admission.enter(id, signed, bytes.len(), waiter);
        Ok(())
    }

    pub(super) fn start_verification(&mut self) {
        if let Some((ids, transactions)) = self.admission.next_job() {
            let job = self.new_job(Purpose::Submission(ids));
            let work = VerificationJob::Transactions(transactions);
            self.outputs.push(Output::Verify(job, work));
        }
    }

    pub(super) fn new_job(&mut self, purpose: Purpose) -> JobId {
        let job = JobId(self.next_job);
        self.next_job = self.next_job.wrapping_add(1);
        self.jobs.insert(job, purpose);
        job
    }

    pub(super) fn verified(&mut self, now: Timestamp, job: JobId, result: VerificationResult) {
        match (self.jobs.remove(&job), result) {
            (Some(Purpose::Submission(ids)), VerificationResult::Transactions(verdicts)) => {
                self.admission.job_done();
                for (id, verdict) in ids.into_iter().zip(verdicts) {
                    self.admit(now, id, verdict);
                }
            }
            (Some(Purpose::PeerBatch { from, .. }), VerificationResult::Batch(batch)) => {
                self.batch_verified(now, from, batch);
            }
            // A result that no job asked for: the host's mistake, without harm.
            (
                Some(Purpose::Submission(_) | Purpose::PeerBatch { .. }) | None,
                VerificationResult::Transactions(_) | VerificationResult::Batch(_),
            ) => {}
        }
    }

    fn admit(
        &mut self,
        now: Timestamp,
        id: TransactionId,
        verdict: Result<VerifiedTransaction, EnvelopeError>,
    ) {
        let refusal = match verdict {
            Err(error) => Reply::Refused(error),
            Ok(transaction) => match self.stranger_rejection(now, transaction.body()) {
                Some(rejection) => Reply::Rejected(rejection),
                None => return self.admission.verified(transaction),
            },
        };
        for request in self.admission.leave(id) {
            self.outputs.push(Output::Reply(request, refusal.clone()));
        }
    }

    /// True if a final block has executed the transaction already.
    fn has_executed(&self, body: &Transaction, id: TransactionId) -> bool {
        let state = self.final_tip().state();
        let is_own = |key: MarkerKey| state.marker(&key).is_some_and(|m| m.transaction == id);
        is_own(MarkerKey::Transaction(id)) || body.uetrs().any(|u| is_own(MarkerKey::Payment(u)))
    }

    /// The rejection of a transaction that nobody ordered who may: if all of it would be rejected
    /// for its signers or its account, it does not enter the ledger, where it would leave markers.
    fn stranger_rejection(&self, now: Timestamp, body: &Transaction) -> Option<Rejection> {
        let Ok(Simulation::Outcome { receipts, .. }) = self.final_tip().simulate(now, body) else {
            return None;
        };
        let strange = |rejection: &Rejection| {
            matches!(rejection, Rejection::SignersMissing | Rejection::UnknownAccount)
        };
        let mut rejections = receipts.iter().map(|receipt| receipt.outcome.rejection());
        let first = rejections.next().flatten().filter(strange)?;
        rejections.all(|rejection| rejection.is_some_and(|r| strange(&r))).then_some(first)
    }

    /// Chains ready transactions to this node's lane: at once while little waits for order, in full
    /// batches while much does.
    pub(super) fn make_batches(&mut self) {
        let me = self.config.me;
        while self.admission.has_ready() {
            let waiting = self.lanes.waiting(me);
            let is_eager = waiting < EAGER_BATCHES || self.admission.has_full_batch();
            if !is_eager || waiting >= Lanes::WINDOW / 2 {
                return;
            }
            self.make_batch();
        }
    }

    fn make_batch(&mut self) {
        let me = self.config.me;
        let transactions = self.admission.take_batch();
        let parent = self.lanes.tip(me);
        let epoch = self.final_tip().header().epoch;
        let header = |payload| BatchHeader {
            epoch,
            lane: me,
            sequence: parent.sequence.saturating_add(1),
            parent: parent.batch,
            payload,
        };
        let key = &self.config.key;
        let batch = seal_batch(&self.config.domains, header, |hash| key.sign(hash), transactions);
        let batch = Arc::new(batch);
        self.outputs.push(Output::Persist(LogRecord::Batch(batch.clone())));
        self.outputs.push(Output::BroadcastBatch(batch.clone()));
        for transaction in &batch.transactions {
            let id = transaction.id();
            for request in self.admission.in_lane(id) {
                self.outputs.push(Output::Reply(request, Reply::Accepted(id)));
            }
        }
        self.lanes.insert(batch);
    }

    /// Sends the oldest of this node's batches that wait for order again: a frame may have been
    /// lost.
    pub(super) fn resend_own_batches(&mut self) {
        for batch in self.lanes.oldest_waiting(self.config.me, 4) {
            self.outputs.push(Output::BroadcastBatch(batch));
        }
    }
}
