//! Proof files from what this node holds: receipts, states, certificates and the history between
//! them.
//!
//! Invariants: a proof made here verifies against the chain's id; a claim about the state is made
//! of a block that has a certificate of its own. Absent: verification (`ledger::proof`), waiting.

#[cfg(test)]
mod tests;

use ledger::block::Header;
use ledger::certificate::Certificate;
use ledger::genesis::GenesisDocument;
use ledger::hash::{Domains, Hash};
use ledger::history::HistoryProof;
use ledger::ids::{AccountId, AssetCode, Height, Timestamp, Uetr};
use ledger::light::{EpochChange, Progress};
use ledger::merkle;
use ledger::proof::{Absence, Ancestor, Claim, Proof};
use ledger::receipt::Receipt;
use ledger::state::{MarkerKey, State, StateKey};
use ledger::transaction::Transaction;

use std::sync::Arc;

use crate::core::step::Committed;
use crate::driver::Certified;
use crate::store::{Store, StoreError};

/// Where the way to a header begins, and how it goes on from epoch to epoch.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The genesis document, whose hash is the chain's id.
    pub genesis: &'a GenesisDocument,
    /// The changes of epoch since then.
    pub epochs: Arc<Vec<EpochChange>>,
}

/// Why an absence cannot be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AbsenceRefusal {
    /// The span is none, or longer than a transaction may be valid.
    #[error("the span must end after it begins, and last at most 24 hours")]
    Span,
    /// The payment happened, or was rejected.
    #[error("the payment is on the ledger")]
    Happened,
    /// It can still happen.
    #[error("the payment can still happen: no final block is later than the end of its validity")]
    TooEarly,
    /// The markers of that time are forgotten.
    #[error("the ledger has forgotten that time")]
    TooLate,
}

/// True if a receipt can be proven as a payment's outcome.
pub fn is_provable(receipt: &Receipt) -> bool {
    receipt.uetr.is_some() && !receipt.is_duplicate_refusal()
}

/// Proves the receipt at `index` of a block that was just made final; `None` if the block has no
/// certificate of its own, or no such receipt.
pub fn of_committed(committed: &Committed, index: usize, origin: &Origin<'_>) -> Option<Proof> {
    let executed = &committed.executed;
    let certificate = committed.certificate.clone()?;
    let receipt = &executed.booked.get(index)?.receipt;
    let claim = payment(executed.tip.domains(), receipt, &executed.leaves, index)?;
    Some(assemble(claim, None, executed.block.header.clone(), certificate, origin))
}

/// Proves the receipt at `index` of the block at `height` from the index; `None` if no block at or
/// after it has a certificate in the index, or there is no such receipt.
///
/// # Errors
/// [`StoreError`] if the index fails or lacks a part.
pub fn of_archived(
    store: &Store,
    domains: &Domains,
    origin: &Origin<'_>,
    height: Height,
    index: usize,
) -> Result<Option<Proof>, StoreError> {
    store.check_kept(height)?;
    let Some((at, certificate)) = store.certificate_from(height)? else { return Ok(None) };
    let receipts = store.receipts(height)?;
    let leaves: Vec<Hash> = receipts.iter().map(|receipt| receipt.hash(domains)).collect();
    let claim = receipts.get(index).and_then(|receipt| payment(domains, receipt, &leaves, index));
    let Some(claim) = claim else { return Ok(None) };
    let header = header_at(store, height)?;
    if at == height {
        return Ok(Some(assemble(claim, None, header, certificate, origin)));
    }
    let node = |position| store.range_node(position).ok().flatten();
    let path = HistoryProof::prove(domains, height.0, at.0, node)
        .map_err(|_| StoreError::Malformed { what: "history of blocks" })?;
    let ancestor = Some(Ancestor { header, path });
    Ok(Some(assemble(claim, ancestor, header_at(store, at)?, certificate, origin)))
}

/// Proves an account's record, or that there is none.
pub fn account(certified: &Certified, origin: &Origin<'_>, account: AccountId) -> Proof {
    let state = certified.tip.state();
    let claim = Claim::Account {
        account,
        record: state.account(account),
        path: state.prove(&StateKey::Account(account)),
    };
    of_state(claim, certified, origin)
}

/// Proves an account's holding of an asset, or that there is none.
pub fn holding(
    certified: &Certified,
    origin: &Origin<'_>,
    account: AccountId,
    asset: AssetCode,
) -> Proof {
    let state = certified.tip.state();
    let claim = Claim::Holding {
        account,
        asset,
        holding: state.holding(account, asset),
        path: state.prove(&StateKey::Holding(account, asset)),
    };
    of_state(claim, certified, origin)
}

/// Proves that a payment whose transaction was valid within the span did not happen and no longer
/// can.
///
/// # Errors
/// [`AbsenceRefusal`] if that is not so, or not provable.
pub fn absence(
    certified: &Certified,
    origin: &Origin<'_>,
    uetr: Uetr,
    (valid_from, valid_until): (Timestamp, Timestamp),
) -> Result<Proof, AbsenceRefusal> {
    let state = certified.tip.state();
    if valid_until < valid_from || valid_until.since(valid_from) > Transaction::MAXIMUM_VALIDITY {
        return Err(AbsenceRefusal::Span);
    }
    if state.marker(&MarkerKey::Payment(uetr)).is_some() {
        return Err(AbsenceRefusal::Happened);
    }
    let time = certified.tip.header().time;
    if time <= valid_until {
        return Err(AbsenceRefusal::TooEarly);
    }
    let parameters = *state.parameters();
    let buckets = Absence::buckets_of(valid_from, valid_until, &parameters);
    if *buckets.start() < state.oldest_bucket_at(time) {
        return Err(AbsenceRefusal::TooLate);
    }
    let claim = Claim::NoPayment(Absence {
        uetr,
        valid_from,
        valid_until,
        parameters,
        parameters_path: state.prove(&StateKey::Parameters),
        buckets: buckets.map(|bucket| marker(state, bucket, uetr)).collect(),
    });
    Ok(of_state(claim, certified, origin))
}

fn marker(state: &State, bucket: u64, uetr: Uetr) -> ledger::state::MarkerProof {
    state.prove_marker(bucket, &MarkerKey::Payment(uetr))
}

fn payment(domains: &Domains, receipt: &Receipt, leaves: &[Hash], index: usize) -> Option<Claim> {
    let path = merkle::prove(domains, leaves, u64::try_from(index).ok()?)?;
    Some(Claim::Payment { receipt: receipt.clone(), path })
}

fn of_state(claim: Claim, certified: &Certified, origin: &Origin<'_>) -> Proof {
    let header = certified.tip.header().clone();
    assemble(claim, None, header, certified.certificate.clone(), origin)
}

fn assemble(
    claim: Claim,
    ancestor: Option<Ancestor>,
    header: Header,
    certificate: Certificate,
    origin: &Origin<'_>,
) -> Proof {
    let before = origin.epochs.iter().take_while(|change| change.header.epoch < header.epoch);
    let progress = Progress { epochs: before.cloned().collect(), header, certificate };
    Proof { claim, ancestor, progress, genesis: origin.genesis.clone() }
}

fn header_at(store: &Store, height: Height) -> Result<Header, StoreError> {
    let indexed = store.block(height)?;
    indexed
        .map(|indexed| indexed.block.header)
        .ok_or(StoreError::Malformed { what: "sequence of blocks" })
}
