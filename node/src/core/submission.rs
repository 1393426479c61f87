//! A client's transaction from its bytes to this node's lane.
//!
//! Invariants: nothing unverified enters the lane; a transaction that only strangers signed does
//! not either. Absent: the queue's bookkeeping (`admission`).

use consensus::{Identity, Memory};
use ledger::block::BatchHeader;
use ledger::chain::Tip;
use ledger::execute::Simulation;
use ledger::hash::Hash;
use ledger::ids::{InstitutionNumber, Timestamp};
use ledger::rejection::Rejection;
use ledger::state::{Marker, MarkerKey};
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

/// How old, beyond two heartbeats, the last block of a chain may be at its end, in milliseconds.
const STALE_MS: u64 = 5_000;

/// What a verification job under way is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// Clients' transactions, by id, in the job's order.
    Submission(Vec<TransactionId>),
    /// A peer's batch.
    PeerBatch {
        /// Who sent it.
        from: InstitutionNumber,
        /// The batch's hash.
        hash: Hash,
    },
}

/// What a verified transaction may expect.
enum Prospect {
    /// It is for the ledger to decide.
    Open,
    /// It was executed already.
    Executed(Marker),
    /// Nobody ordered it who may.
    Strange(Rejection),
}

/// The marker of a transaction that `tip` or a block before it has executed already.
pub fn executed_by(tip: &Tip, body: &Transaction, id: TransactionId) -> Option<Marker> {
    let keys = body.uetrs().map(MarkerKey::Payment).chain([MarkerKey::Transaction(id)]);
    let mut markers = keys.filter_map(|key| tip.state().marker(&key));
    markers.find(|marker| marker.transaction == id)
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
        self.take_in(now, signed, bytes.len(), Some(Waiter { request, until_final }))
    }

    /// Takes a transaction in that was not checked yet; an error is the reply to give at once.
    pub(super) fn take_in(
        &mut self,
        now: Timestamp,
        signed: SignedTransaction,
        bytes: usize,
        waiter: Option<Waiter>,
    ) -> Result<(), Reply> {
        let domains = &self.config.domains;
        if signed.transaction.chain_id != domains.chain_id() {
            let expected = domains.chain_id();
            return Err(Reply::Refused(EnvelopeError::WrongChain { expected }));
        }
        let id = signed.transaction.id(domains);
        if let Some(in_lane) = self.admission.join(id, waiter) {
            let until_final = waiter.is_none_or(|waiter| waiter.until_final);
            return if in_lane && !until_final { Err(Reply::Accepted(id)) } else { Ok(()) };
        }
        if let Some(marker) = executed_by(self.final_tip(), &signed.transaction, id) {
            return Err(Reply::Known(marker));
        }
        if signed.transaction.valid_until < now {
            return Err(Reply::Rejected(Rejection::Expired));
        }
        if signed.transaction.valid_from > now {
            return Err(Reply::Rejected(Rejection::NotYetValid));
        }
        if !self.admission.has_room(bytes) {
            return Err(Reply::Busy);
        }
        self.admission.enter(id, signed, bytes, waiter);
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
            Ok(transaction) => match self.prospect(now, transaction.body()) {
                Prospect::Strange(rejection) if self.is_up_to_date(now) => {
                    Reply::Rejected(rejection)
                }
                // What this node does not know of, the chain's end may.
                Prospect::Strange(_) => Reply::Busy,
                // A snapshot has brought its outcome meanwhile.
                Prospect::Executed(marker) => Reply::Known(marker),
                Prospect::Open => return self.admission.verified(transaction),
            },
        };
        for request in self.admission.leave(id) {
            self.outputs.push(Output::Reply(request, refusal.clone()));
        }
    }

    /// What would become of a transaction now. One that nobody ordered who may does not enter the
    /// ledger, where it would leave markers: all of it would be rejected for its signers, its
    /// account, a payment that does not wait for it, or a recall or a settled payment that is not
    /// there.
    fn prospect(&self, now: Timestamp, body: &Transaction) -> Prospect {
        let receipts = match self.final_tip().simulate(now, body) {
            Ok(Simulation::Outcome { receipts, .. }) => receipts,
            Ok(Simulation::Executed(marker)) => return Prospect::Executed(marker),
            Err(_) => return Prospect::Open,
        };
        let strange = |rejection: &Rejection| {
            matches!(
                rejection,
                Rejection::NotHeld
                    | Rejection::ProofForged
                    | Rejection::NotSettled
                    | Rejection::NoRecall
                    | Rejection::WaitsOtherwise
                    | Rejection::SignersMissing
                    | Rejection::OwnPayment
                    | Rejection::AlreadyApproved
                    | Rejection::OrderMismatch
                    | Rejection::UnknownAccount
            )
        };
        let mut rejections = receipts.iter().map(|receipt| receipt.outcome.rejection());
        match rejections.next().flatten().filter(strange) {
            Some(first) if rejections.all(|other| other.is_some_and(|r| strange(&r))) => {
                Prospect::Strange(first)
            }
            Some(_) | None => Prospect::Open,
        }
    }

    /// True if the state is that of the chain's end, as far as can be told: nothing later is known
    /// of, the last block is not older than an idle chain's would be, and this node has not lost
    /// its log, on a chain so young that its beginning looks like its end.
    fn is_up_to_date(&self, now: Timestamp) -> bool {
        if self.replica.memory() != Memory::Whole {
            return false;
        }
        let last = self.final_tip().header().time;
        let heartbeat = u64::from(self.final_tip().state().parameters().heartbeat_ms);
        self.is_synced() && now.since(last) <= heartbeat.saturating_mul(2).saturating_add(STALE_MS)
    }

    /// Chains ready transactions to this node's lane: at once while little waits for order, in full
    /// batches while much does.
    pub(super) fn make_batches(&mut self, now: Timestamp) {
        let Some(me) = self.own_lane() else { return self.forward_ready(now) };
        while self.admission.has_ready() {
            let waiting = self.lanes.waiting(me);
            let is_eager = waiting < EAGER_BATCHES || self.admission.has_full_batch();
            if !is_eager || waiting >= Lanes::WINDOW / 2 {
                return;
            }
            self.make_batch();
        }
    }

    /// Chains all ready transactions to this node's lane, however many wait, or forwards them.
    pub(super) fn make_all_batches(&mut self, now: Timestamp) {
        if self.own_lane().is_none() {
            return self.forward_ready(now);
        }
        while self.admission.has_ready() {
            self.make_batch();
        }
    }

    fn make_batch(&mut self) {
        let Some(Identity { index: me, key }) = self.committee.own() else { return };
        let me = *me;
        let transactions = self.admission.take_batch();
        let parent = self.lanes.tip(me);
        let epoch = self.committee.epoch();
        let header = |payload| BatchHeader {
            epoch,
            lane: me,
            sequence: parent.sequence.saturating_add(1),
            parent: parent.batch,
            payload,
        };
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
        let Some(me) = self.committee.me() else { return };
        for batch in self.lanes.oldest_waiting(me, 4) {
            self.outputs.push(Output::BroadcastBatch(batch));
        }
    }

    /// True if this node's lane holds batches that wait for order.
    pub(super) fn own_batches_wait(&self) -> bool {
        self.committee.me().is_some_and(|me| self.lanes.waiting(me) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::{Chain, START};
    use crate::core::step::Input;
    use crate::core::{CoreConfig, Recovered, SnapshotSettings};
    use consensus::Timing;
    use ledger::ids::Bic;

    /// What a node at genesis answers, so long after genesis, to a payment from an account that the
    /// genesis block does not know.
    fn answer(after: u64, memory: Memory) -> Reply {
        let chain = Chain::new(1);
        let genesis = chain.genesis.clone();
        let config = CoreConfig {
            domains: genesis.domains().clone(),
            institution: Bic::parse("DBSSSGSG").unwrap(),
            voting_keys: Vec::new(),
            timing: Timing::default(),
            limits: crate::core::admission::AdmissionLimits::default(),
            snapshots: SnapshotSettings::default(),
        };
        let recovered =
            Recovered { tip: genesis.clone(), certificate: None, records: Vec::new(), memory };
        let now = START.plus(after);
        let (mut core, _) = Core::start(config, recovered, now).unwrap();
        let bytes = chain.payment(now);
        let request = RequestId(1);
        let outputs = core.step(now, Input::Submit { request, bytes, until_final: true });
        let work = outputs.into_iter().find_map(|output| {
            let Output::Verify(job, work) = output else { return None };
            Some(Input::Verified(job, work.run(genesis.domains())))
        });
        let outputs = core.step(now, work.unwrap());
        let reply = outputs.into_iter().find_map(|output| {
            let Output::Reply(_, reply) = output else { return None };
            Some(reply)
        });
        reply.unwrap()
    }

    #[test]
    fn a_node_that_may_be_behind_calls_nobody_a_stranger() {
        let whole = Memory::Whole;
        assert!(matches!(answer(1_000, whole), Reply::Rejected(Rejection::UnknownAccount)));
        assert!(matches!(answer(60_000, whole), Reply::Busy));
        assert!(matches!(answer(1_000, Memory::Lost { inquiry: 7 }), Reply::Busy));
    }
}
