//! Totals of what this node has made final since it started, for metrics.
//!
//! Invariants: they only grow; one final block is counted once. Absent: names and text formats (the
//! metrics resource gives them), anything about single payments.

use std::sync::atomic::{AtomicU64, Ordering};

use ledger::receipt::Outcome;
use ledger::rejection::Rejection;

use crate::core::step::Committed;

/// The running totals.
#[derive(Debug)]
pub struct Totals {
    blocks: AtomicU64,
    transactions: AtomicU64,
    settled: AtomicU64,
    done: AtomicU64,
    held: AtomicU64,
    released: AtomicU64,
    returned: AtomicU64,
    awaiting: AtomicU64,
    in_review: AtomicU64,
    refused: AtomicU64,
    queued: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
    rules_alerted: AtomicU64,
    rules_refused: AtomicU64,
}

/// The totals at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotalsView {
    /// Final blocks.
    pub blocks: u64,
    /// Transactions in them, those included that were executed before.
    pub transactions: u64,
    /// Receipts of operations that moved money.
    pub settled: u64,
    /// Receipts of other operations.
    pub done: u64,
    /// Receipts of payments whose funds were held.
    pub held: u64,
    /// Receipts of held payments that were given up.
    pub released: u64,
    /// Receipts of payments that were returned, whole or a part.
    pub returned: u64,
    /// Receipts of payments that wait for approvals, and of approvals but the last.
    pub awaiting: u64,
    /// Receipts of payments that wait for a review, and of its steps but the last.
    pub in_review: u64,
    /// Receipts of payments that an approver or a reviewer refused.
    pub refused: u64,
    /// Receipts of payments that wait for funds, and of changes of their priority.
    pub queued: u64,
    /// Receipts of rejected operations, by reason.
    pub rejected: Vec<(Rejection, u64)>,
    /// Rules of limits that payments met, and that let them pass.
    pub rules_alerted: u64,
    /// Rules of limits that refused payments.
    pub rules_refused: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            blocks: AtomicU64::default(),
            transactions: AtomicU64::default(),
            settled: AtomicU64::default(),
            done: AtomicU64::default(),
            held: AtomicU64::default(),
            released: AtomicU64::default(),
            returned: AtomicU64::default(),
            awaiting: AtomicU64::default(),
            in_review: AtomicU64::default(),
            refused: AtomicU64::default(),
            queued: AtomicU64::default(),
            rejected: std::array::from_fn(|_| AtomicU64::default()),
            rules_alerted: AtomicU64::default(),
            rules_refused: AtomicU64::default(),
        }
    }
}

impl Totals {
    pub(super) fn add(&self, committed: &Committed) {
        add(&self.blocks, 1);
        let batches = committed.batches.iter();
        let count =
            batches.fold(0_usize, |sum, batch| sum.saturating_add(batch.transactions.len()));
        add(&self.transactions, u64::try_from(count).unwrap_or(u64::MAX));
        for booked in &committed.executed.booked {
            let rules = u64::try_from(booked.receipt.rules.0.len()).unwrap_or(u64::MAX);
            let is_refused = booked.receipt.outcome.rejection().is_some();
            add(if is_refused { &self.rules_refused } else { &self.rules_alerted }, rules);
            match &booked.receipt.outcome {
                Outcome::Settled(_) => add(&self.settled, 1),
                Outcome::Done
                | Outcome::Proposed(_)
                | Outcome::RecallRequested(_)
                | Outcome::RecallRefused(_) => add(&self.done, 1),
                Outcome::Held(_) => add(&self.held, 1),
                Outcome::Released(_) => add(&self.released, 1),
                Outcome::Returned(_) => add(&self.returned, 1),
                Outcome::AwaitingApproval(_) => add(&self.awaiting, 1),
                Outcome::AwaitingReview(_) => add(&self.in_review, 1),
                Outcome::Refused(_) => add(&self.refused, 1),
                Outcome::Queued(_) => add(&self.queued, 1),
                Outcome::Rejected(rejection) => {
                    let place = Rejection::ALL.iter().position(|known| known == rejection);
                    if let Some(total) = place.and_then(|place| self.rejected.get(place)) {
                        add(total, 1);
                    }
                }
            }
        }
    }

    /// The totals now.
    pub fn view(&self) -> TotalsView {
        let rejected = Rejection::ALL.into_iter().zip(self.rejected.iter().map(read));
        TotalsView {
            blocks: read(&self.blocks),
            transactions: read(&self.transactions),
            settled: read(&self.settled),
            done: read(&self.done),
            held: read(&self.held),
            released: read(&self.released),
            returned: read(&self.returned),
            awaiting: read(&self.awaiting),
            in_review: read(&self.in_review),
            refused: read(&self.refused),
            queued: read(&self.queued),
            rejected: rejected.collect(),
            rules_alerted: read(&self.rules_alerted),
            rules_refused: read(&self.rules_refused),
        }
    }
}

fn add(total: &AtomicU64, amount: u64) {
    total.fetch_add(amount, Ordering::Relaxed);
}

fn read(total: &AtomicU64) -> u64 {
    total.load(Ordering::Relaxed)
}
