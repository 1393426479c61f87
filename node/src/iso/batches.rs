//! Which payments one transaction carries.
//!
//! All payments that one institution signs for a message go in one transaction, each for itself:
//! the rejection of one leaves the others alone. A payment that would be rejected because its
//! account is unknown or gives no mandate has a transaction of its own, which then does not enter
//! the ledger: such a payment is not remembered there, and may be ordered again. Invariants: every
//! payment is in one transaction. Absent: records and sending.

use std::collections::BTreeMap;

use iso20022::PrivateData;
use ledger::chain::Tip;
use ledger::corrections::Evidence;
use ledger::crypto::SecretKey;
use ledger::execute::Simulation;
use ledger::hash::Domains;
use ledger::ids::{Bic, Timestamp, Uetr};
use ledger::operation::Operation;
use ledger::rejection::Rejection;
use ledger::transaction::{SignedTransaction, Transaction};

/// How far a proposer's clock may be behind this one.
const CLOCK_MARGIN_MS: u64 = 60_000;

/// A payment that is to be signed.
#[derive(Clone, Debug)]
pub(super) struct New {
    /// Its identity.
    pub(super) uetr: Uetr,
    /// The institution whose operators sign.
    pub(super) institution: Bic,
    /// What opens the commitment on the ledger.
    pub(super) salt: [u8; 32],
    /// Everything that the message says of the payment.
    pub(super) private: PrivateData,
    /// What is signed.
    pub(super) operation: Operation,
}

/// A signed transaction and its payments.
#[derive(Debug)]
pub(super) struct Batch<'new> {
    /// The transaction.
    pub(super) transaction: SignedTransaction,
    /// Its payments.
    pub(super) payments: Vec<&'new New>,
}

/// Signs the payments of those institutions whose keys are there.
pub(super) fn sign<'new>(
    tip: &Tip,
    keys: &BTreeMap<Bic, Vec<SecretKey>>,
    new: &[&'new New],
    accepted: Timestamp,
) -> Vec<Batch<'new>> {
    let mut by_institution: BTreeMap<Bic, Vec<&New>> = BTreeMap::new();
    for payment in new {
        by_institution.entry(payment.institution).or_default().push(payment);
    }
    let mut batches = Vec::new();
    for (institution, payments) in by_institution {
        let Some(keys) = keys.get(&institution) else { continue };
        let (usual, strange) = part(tip, keys, payments, accepted);
        let carries = payments_carry_evidence(&usual);
        let most = if carries { Evidence::MAXIMUM } else { Transaction::MAXIMUM_OPERATIONS };
        let groups = usual.chunks(most).chain(strange.chunks(1));
        batches.extend(groups.map(|payments| {
            let body = transaction(tip.domains(), keys, payments, accepted);
            Batch { transaction: signed(tip.domains(), keys, body), payments: payments.to_vec() }
        }));
    }
    batches
}

fn payments_carry_evidence(payments: &[&New]) -> bool {
    payments.iter().any(|payment| payment.operation.evidence().is_some())
}

/// Parts the payments that may enter the ledger from those that nobody ordered who may.
fn part<'new>(
    tip: &Tip,
    keys: &[SecretKey],
    payments: Vec<&'new New>,
    accepted: Timestamp,
) -> (Vec<&'new New>, Vec<&'new New>) {
    if payments.len() < 2 {
        return (payments, Vec::new());
    }
    let body = transaction(tip.domains(), keys, &payments, accepted);
    let Ok(Simulation::Outcome { receipts, .. }) = tip.simulate(accepted, &body) else {
        return (payments, Vec::new());
    };
    let is_strange = |rejection: Rejection| {
        matches!(rejection, Rejection::SignersMissing | Rejection::UnknownAccount)
    };
    let mut usual = Vec::with_capacity(payments.len());
    let mut strange = Vec::new();
    for (payment, receipt) in payments.into_iter().zip(receipts) {
        let is_strange = receipt.outcome.rejection().is_some_and(is_strange);
        if is_strange { strange.push(payment) } else { usual.push(payment) }
    }
    (usual, strange)
}

fn transaction(
    domains: &Domains,
    keys: &[SecretKey],
    payments: &[&New],
    accepted: Timestamp,
) -> Transaction {
    let mut signers: Vec<_> = keys.iter().map(SecretKey::public).collect();
    signers.sort();
    signers.dedup();
    Transaction {
        suite: domains.suite(),
        chain_id: domains.chain_id(),
        valid_from: accepted.minus(CLOCK_MARGIN_MS),
        valid_until: accepted.plus(Transaction::USUAL_VALIDITY),
        operations: payments.iter().map(|payment| payment.operation.clone()).collect(),
        atomic: false,
        signers,
    }
}

fn signed(domains: &Domains, keys: &[SecretKey], transaction: Transaction) -> SignedTransaction {
    let id = transaction.id(domains);
    let by_key: BTreeMap<_, _> = keys.iter().map(|key| (key.public(), key)).collect();
    let signatures = by_key.values().map(|key| key.sign(&id)).collect();
    SignedTransaction { transaction, signatures }
}
