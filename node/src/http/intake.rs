//! Payments that this node was given and that are not final yet: when each came.
//!
//! Invariants: memory is bounded, and what is forgotten first is what came first; what is shown
//! from here is never called final. Absent: a memory over restarts: a payment's sender has its
//! bytes, and sending them again tells all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use ledger::ids::{Timestamp, Uetr};
use ledger::operation::Operation;
use ledger::transaction::SignedTransaction;

/// The most payments that are remembered.
const MOST: usize = 16_384;

/// The most bytes of a transaction whose payments are remembered: larger ones are batches, whose
/// sender waits for all of them.
const LARGEST: usize = 16 * 1024;

/// A payment that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// When, by this node's clock.
    pub(super) at: Timestamp,
    /// Until when it can become final.
    pub(super) until: Timestamp,
}

/// The payments that came.
#[derive(Debug, Default)]
pub(super) struct Intake(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    payments: BTreeMap<Uetr, Received>,
    order: VecDeque<Uetr>,
}

impl Intake {
    /// Remembers the payments of a transaction that comes at `at`; gives those that are new.
    pub(super) fn add(&self, bytes: &[u8], at: Timestamp) -> Vec<Uetr> {
        if bytes.len() > LARGEST {
            return Vec::new();
        }
        let Ok(signed) = SignedTransaction::decode(bytes) else { return Vec::new() };
        let until = signed.transaction.valid_until;
        let payments = signed.transaction.operations.iter().filter_map(uetr);
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for payment in payments {
            if book.payments.contains_key(&payment) {
                continue;
            }
            while book.order.len() >= MOST {
                let Some(oldest) = book.order.pop_front() else { break };
                book.payments.remove(&oldest);
            }
            book.payments.insert(payment, Received { at, until });
            book.order.push_back(payment);
            new.push(payment);
        }
        new
    }

    /// Forgets payments that did not enter.
    pub(super) fn remove(&self, payments: &[Uetr]) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for payment in payments {
            book.payments.remove(payment);
        }
        book.order.retain(|payment| !payments.contains(payment));
    }

    /// When a payment came, if it came here.
    pub(super) fn find(&self, payment: Uetr) -> Option<Received> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.payments.get(&payment).copied()
    }
}

/// The payment that an operation orders.
fn uetr(operation: &Operation) -> Option<Uetr> {
    let orders = matches!(operation, Operation::Pay(_) | Operation::Hold(_) | Operation::Queue(_));
    if orders { operation.uetr() } else { None }
}
