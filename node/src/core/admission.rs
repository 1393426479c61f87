//! Admission: clients' transactions on their way into this node's lane.
//!
//! Invariants: each transaction is verified once, in batches, beside the core; the number and bytes
//! of transactions between arrival and order are bounded, and what does not fit is refused as busy
//! at once; the same transaction twice is one transaction with two requests. Absent: execution's
//! verdicts, save those that keep strangers from filling the ledger.

use ledger::codec;
use ledger::state::Marker;
use ledger::transaction::{SignedTransaction, Transaction, TransactionId, VerifiedTransaction};
use std::collections::BTreeMap;

use super::step::RequestId;

/// The bounds of admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// The most transactions between arrival and order.
    pub transactions: usize,
    /// The most bytes of them.
    pub bytes: usize,
    /// The most transactions of one verification job and of one batch.
    pub batch_transactions: usize,
    /// The most bytes of one batch; a larger transaction has one of its own.
    pub batch_bytes: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self {
            transactions: 50_000,
            bytes: 64 * 1024 * 1024,
            batch_transactions: 2_048,
            batch_bytes: 1024 * 1024,
        }
    }
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// The request.
    pub request: RequestId,
    /// True: until final. False: until durably taken in.
    pub until_final: bool,
}

/// A transaction between arrival and order.
#[derive(Debug, Default)]
struct Pending {
    bytes: usize,
    waiters: Vec<Waiter>,
    in_lane: bool,
}

/// The queue before this node's lane.
#[derive(Debug)]
pub struct Admission {
    limits: AdmissionLimits,
    pending: BTreeMap<TransactionId, Pending>,
    bytes: usize,
    unverified: Vec<(TransactionId, SignedTransaction)>,
    is_verifying: bool,
    ready: Vec<(VerifiedTransaction, usize)>,
}

impl Admission {
    /// An empty queue.
    pub const fn new(limits: AdmissionLimits) -> Self {
        Self {
            limits,
            pending: BTreeMap::new(),
            bytes: 0,
            unverified: Vec::new(),
            is_verifying: false,
            ready: Vec::new(),
        }
    }

    /// Lets `waiter` wait for a transaction that is under way already. Returns whether there is
    /// one, and whether it is in the lane.
    pub fn join(&mut self, id: TransactionId, waiter: Option<Waiter>) -> Option<bool> {
        let pending = self.pending.get_mut(&id)?;
        pending.waiters.extend(waiter);
        Some(pending.in_lane)
    }

    /// True if a transaction of `bytes` bytes fits in.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.pending.len() < self.limits.transactions
            && self.bytes.saturating_add(bytes) <= self.limits.bytes
    }

    /// Takes a new transaction in, for verification. Nobody waits for one that a peer forwards.
    pub fn enter(
        &mut self,
        id: TransactionId,
        signed: SignedTransaction,
        bytes: usize,
        waiter: Option<Waiter>,
    ) {
        let waiters = waiter.into_iter().collect();
        let pending = Pending { bytes, waiters, in_lane: false };
        self.pending.insert(id, pending);
        self.bytes = self.bytes.saturating_add(bytes);
        self.unverified.push((id, signed));
    }

    /// The next verification job, unless one is under way or there is nothing to verify. While one
    /// runs, the next one gathers: batches grow with the load and cost no waiting without it.
    pub fn next_job(&mut self) -> Option<(Vec<TransactionId>, Vec<SignedTransaction>)> {
        if self.is_verifying || self.unverified.is_empty() {
            return None;
        }
        self.is_verifying = true;
        let count = self.unverified.len().min(self.limits.batch_transactions);
        Some(self.unverified.drain(..count).unzip())
    }

    /// Takes note that the job under way is done.
    pub const fn job_done(&mut self) {
        self.is_verifying = false;
    }

    /// A verified transaction may go into the lane.
    pub fn verified(&mut self, transaction: VerifiedTransaction) {
        let bytes = self.pending.get(&transaction.id()).map_or(0, |pending| pending.bytes);
        self.ready.push((transaction, bytes));
    }

    /// Transactions that were taken in before go first into the next batches: their lane has ended,
    /// or the node has started anew. Who waits for them waits on.
    pub fn again(&mut self, transactions: Vec<VerifiedTransaction>) {
        let sized = transactions.into_iter().map(|transaction| {
            let bytes = codec::encode(transaction.signed()).len();
            (transaction, bytes)
        });
        self.ready.splice(..0, sized.collect::<Vec<_>>());
    }

    /// The most transactions and bytes of a batch.
    pub const fn batch_limits(&self) -> (usize, usize) {
        (self.limits.batch_transactions, self.limits.batch_bytes)
    }

    /// Drops those that wait for verification or for a batch and were executed without this node's
    /// lane, and names them. Who waits for them waits on until they [leave](Self::leave).
    pub fn take_executed(
        &mut self,
        executed_by: impl Fn(&Transaction, TransactionId) -> Option<Marker>,
    ) -> Vec<Marker> {
        let mut executed = Vec::new();
        self.unverified.retain(|(id, signed)| {
            let marker = executed_by(&signed.transaction, *id);
            executed.extend(marker);
            marker.is_none()
        });
        self.ready.retain(|(transaction, _)| {
            let marker = executed_by(transaction.body(), transaction.id());
            executed.extend(marker);
            marker.is_none()
        });
        executed
    }

    /// The transactions of the next batch; empty if none is ready.
    pub fn take_batch(&mut self) -> Vec<VerifiedTransaction> {
        let mut bytes = 0_usize;
        let fits = |(_, size): &&(VerifiedTransaction, usize)| {
            let first = bytes == 0;
            bytes = bytes.saturating_add(*size);
            first || bytes <= self.limits.batch_bytes
        };
        let count = self.ready.iter().take(self.limits.batch_transactions).take_while(fits).count();
        self.ready.drain(..count).map(|(transaction, _)| transaction).collect()
    }

    /// True if transactions wait for a batch.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// True if the transactions that wait would fill a batch.
    pub fn has_full_batch(&self) -> bool {
        self.ready.len() >= self.limits.batch_transactions
    }

    /// The transaction is in the lane, durably. Returns who waited only for that.
    pub fn in_lane(&mut self, id: TransactionId) -> Vec<RequestId> {
        let Some(pending) = self.pending.get_mut(&id) else { return Vec::new() };
        pending.in_lane = true;
        let (done, waiting): (Vec<_>, Vec<_>) =
            pending.waiters.drain(..).partition(|waiter| !waiter.until_final);
        pending.waiters = waiting;
        done.into_iter().map(|waiter| waiter.request).collect()
    }

    /// The transaction is final, or refused. Returns all who waited.
    pub fn leave(&mut self, id: TransactionId) -> Vec<RequestId> {
        let Some(pending) = self.pending.remove(&id) else { return Vec::new() };
        self.bytes = self.bytes.saturating_sub(pending.bytes);
        pending.waiters.into_iter().map(|waiter| waiter.request).collect()
    }

    /// How many transactions are between arrival and order.
    pub fn count(&self) -> usize {
        self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::{Chain, START};
    use ledger::ids::Height;
    use ledger::transaction::verify_all;

    /// What a snapshot has executed is answered at once, wherever it stands in the queue: a block
    /// that orders it again later would have no receipts for it.
    #[test]
    fn what_was_executed_elsewhere_leaves_the_queue() {
        let chain = Chain::new(1);
        let domains = chain.genesis.domains();
        let signed: Vec<_> = (0..3)
            .map(|later| SignedTransaction::decode(&chain.payment(START.plus(later))).unwrap())
            .collect();
        let ids: Vec<_> = signed.iter().map(|one| one.transaction.id(domains)).collect();
        let mut admission = Admission::new(AdmissionLimits::default());
        for (number, (id, one)) in (0..).zip(ids.iter().zip(&signed)) {
            let waiter = Waiter { request: RequestId(number), until_final: true };
            admission.enter(*id, one.clone(), 100, Some(waiter));
        }
        let (_, job) = admission.next_job().unwrap();
        admission.job_done();
        let verified = verify_all(domains, job).into_iter().map(|verdict| verdict.unwrap());
        verified.for_each(|transaction| admission.verified(transaction));
        let late = SignedTransaction::decode(&chain.payment(START.plus(9))).unwrap();
        let late_id = late.transaction.id(domains);
        admission.enter(late_id, late, 100, None);

        let executed = admission.take_executed(|_, id| {
            let marker = Marker { transaction: id, height: Height(7) };
            (id == ids[1] || id == late_id).then_some(marker)
        });
        let executed: Vec<_> = executed.iter().map(|marker| marker.transaction).collect();
        assert_eq!(executed, [late_id, ids[1]]);
        assert!(admission.next_job().is_none());
        assert_eq!(admission.leave(ids[1]), [RequestId(1)]);
        let batch: Vec<_> = admission.take_batch().iter().map(VerifiedTransaction::id).collect();
        assert_eq!(batch, [ids[0], ids[2]]);
    }
}
