//! Recalls: the payer's side asks for a settled payment back, and the payee's side answers.
//!
//! A recall lives so: it is open, and then it ends once: accepted (whole or a part), refused, or
//! lapsed when its deadline passed. Invariants: a payment has at most one open recall; while a
//! record of it is in the state the recall is open, or lapsed and not swept yet. Absent: who may do
//! what (see `execute`).

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Evidence, Reason, Settled, SettlementId};
use crate::ids::{Height, Timestamp, Uetr};
use crate::money::{Amount, Money};
use crate::transaction::TransactionId;

/// Asks for a settled payment back, whole or a part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecallRequest {
    /// The proof of the payment.
    pub evidence: Evidence,
    /// What is asked for, in the asset that the payee got.
    pub amount: Money,
    /// Why: a code of the ISO 20022 external cancellation reasons.
    pub reason: Reason,
    /// The last block time at which it can be answered; at most [`Recall::MAXIMUM_AHEAD`] from now.
    pub deadline: Timestamp,
}

/// What the payee's side says to a recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum RecallAnswer {
    /// This much goes back at once.
    Accept {
        /// The return's own identity.
        uetr: Uetr,
        /// How much, at most what was asked for.
        amount: Money,
    } = 1,
    /// Nothing goes back.
    Refuse {
        /// Why: a code of the ISO 20022 external cancellation rejection reasons.
        reason: Reason,
    } = 2,
}

/// The record of an open recall.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Recall {
    /// The payment.
    pub settled: Settled,
    /// The hash of the payment's receipt.
    pub settlement: SettlementId,
    /// What is asked for, in minor units of the asset that the payee got.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
    /// The transaction that asked.
    pub transaction: TransactionId,
    /// The block that executed it.
    pub height: Height,
    /// The last block time at which it can be answered; after it, it has lapsed.
    pub deadline: Timestamp,
}

impl Recall {
    /// The longest time from a request's block to its deadline: 30 days, in milliseconds.
    pub const MAXIMUM_AHEAD: u64 = 30 * 24 * 60 * 60 * 1000;

    /// What is asked for.
    pub const fn asked(&self) -> Money {
        Money::new(self.amount, self.settled.credited.asset)
    }

    /// True once the deadline has passed, in a block of `time`.
    pub fn is_lapsed_at(&self, time: Timestamp) -> bool {
        self.deadline < time
    }
}
