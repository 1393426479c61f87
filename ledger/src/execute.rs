//! Execution: the deterministic function from a state and transactions to receipts and a state.
//!
//! An operation first validates everything, in the order of [`crate::rejection::Rejection`], and
//! then writes without a way to fail; the line "After this point the operation must succeed." parts
//! the two. What cannot be validated because the ledger itself is wrong (money from nowhere, a
//! missing record) is the rejection `InternalDefect`, with nothing applied, so a defect stops one
//! operation and not every validator. Every operation takes a bounded number of steps: at most 64
//! signers against 16 keys of three accounts, one schedule and four lists of limits of 64 rules
//! each, six legs, and one look-up per record. A block begins with the end of at most 1,000 waits
//! and of at most 1,000 recalls, and ends with one look at each of at most 4,000 queued payments.
//!
//! Invariants: the same state and the same transactions give the same receipts and the same root on
//! every machine; the parent state is not touched. Absent: signatures (verified before), blocks
//! (see `chain`), clocks.

mod accounts;
mod approvals;
mod fees;
mod governance;
mod holds;
mod limits;
mod netting;
mod pay;
mod pay_across;
mod postings;
mod queue;
mod recalls;
mod returns;
mod reviews;
mod scene;
mod step_up;
mod supply;
mod table;
mod together;
mod transaction;
mod waits;
mod wanted;
mod working;

pub use approvals::{Approval, Asked, approvals};

use std::collections::BTreeSet;

use crate::account::{Entry, Holding, HoldingKey};
use crate::ids::{Height, Timestamp, Uetr};
use crate::receipt::Receipt;
use crate::state::{Changes, Marker, State};
use crate::transaction::{EnvelopeError, Transaction, VerifiedTransaction};
use wanted::Wanted;
use working::Working;

/// A receipt, and the statement lines that were booked with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The outcome.
    pub receipt: Receipt,
    /// Each line with the holding it stands in, in the order of booking; none if nothing moved. The
    /// lines of all queued payments that a block settles stand with the last of their receipts.
    pub entries: Vec<(HoldingKey, Entry)>,
}

/// What the execution of a block's transactions gives.
#[derive(Debug)]
pub struct Execution {
    /// The state afterwards.
    pub state: State,
    /// The receipts in the order of the transactions and their operations, then those of the queued
    /// payments that the block settles at its end; transactions that were executed before have
    /// none.
    pub booked: Vec<Booked>,
    /// What is different in the state.
    pub changes: Changes,
}

/// Executes `transactions` in their order, in the block of `height` at `time`.
pub fn execute<'t>(
    state: &State,
    height: Height,
    time: Timestamp,
    transactions: impl IntoIterator<Item = &'t VerifiedTransaction>,
) -> Execution {
    let transactions: Vec<&VerifiedTransaction> = transactions.into_iter().collect();
    let wanted = Wanted::by(transactions.iter().map(|transaction| transaction.body()));
    let mut working = Working::new(state, height, time, &wanted);
    waits::sweep(&mut working);
    recalls::sweep(&mut working);
    let mut booked = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        if let Ok(of_one) = transaction::run(&mut working, transaction.id(), transaction.body()) {
            booked.extend(of_one);
        }
    }
    booked.extend(queue::settle(&mut working));
    let (state, changes) = working.seal(booked.len());
    Execution { state, booked, changes }
}

/// What a transaction would do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Simulation {
    /// It was executed before; its receipts stand.
    Executed(Marker),
    /// It would execute.
    Outcome {
        /// The receipts it would get.
        receipts: Vec<Receipt>,
        /// The further receipts of those of its payments that the block would settle at its end.
        settled: Vec<Receipt>,
        /// The holdings it would change, as they would be, by account and asset.
        balances: Vec<(HoldingKey, Holding)>,
    },
}

/// Tries `transaction` in the block of `height` at `time` as if its signers had signed. Quotes and
/// proofs that it carries must be signed. What is held beyond its deadline and was not swept yet
/// counts as held, and nothing of the queue settles: whoever is sent a transaction asks this first,
/// and it must not cost what that does.
///
/// # Errors
/// [`EnvelopeError`] if it could not enter the ledger at all.
pub fn simulate(
    state: &State,
    height: Height,
    time: Timestamp,
    transaction: &Transaction,
) -> Result<Simulation, EnvelopeError> {
    rehearse(state, (height, time), transaction, |_| Vec::new())
}

/// The same in a block that holds nothing else, with what the block then settles of the queue at
/// its end: as many steps as that takes.
///
/// # Errors
/// As for [`simulate`].
pub fn simulate_block(
    state: &State,
    height: Height,
    time: Timestamp,
    transaction: &Transaction,
) -> Result<Simulation, EnvelopeError> {
    rehearse(state, (height, time), transaction, queue::settle)
}

fn rehearse(
    state: &State,
    (height, time): (Height, Timestamp),
    transaction: &Transaction,
    end: impl FnOnce(&mut Working<'_>) -> Vec<Booked>,
) -> Result<Simulation, EnvelopeError> {
    let domains = state.domains();
    let (id, carried) = transaction.check(domains)?;
    if !domains.suite().verify_all(&carried) {
        return Err(EnvelopeError::Signature);
    }
    let wanted = Wanted::by([transaction].into_iter());
    let mut working = Working::new(state, height, time, &wanted);
    let receipts: Vec<Receipt> = match transaction::run(&mut working, id, transaction) {
        Ok(booked) => booked.into_iter().map(|booked| booked.receipt).collect(),
        Err(marker) => return Ok(Simulation::Executed(marker)),
    };
    let payments: BTreeSet<Uetr> = receipts.iter().filter_map(|receipt| receipt.uetr).collect();
    let is_its = |receipt: &Receipt| receipt.uetr.is_some_and(|uetr| payments.contains(&uetr));
    let settled = end(&mut working).into_iter().map(|booked| booked.receipt);
    let settled = settled.filter(is_its).collect();
    Ok(Simulation::Outcome { receipts, settled, balances: working.balances() })
}
