//! Hands a client's transaction to the core, and tells what became of it.
//!
//! Invariants: the same bytes have the same outcome, whether they were final just now or long ago.
//! Absent: HTTP and messages; both API resources and ISO 20022 submit through here.

use std::sync::Arc;

use ledger::ids::{Height, Timestamp};
use ledger::proof::Proof;
use ledger::receipt::Receipt;
use ledger::rejection::Rejection;
use ledger::state::Marker;
use ledger::transaction::{EnvelopeError, TransactionId};
use tokio::time::{Instant, timeout_at};

use crate::core::executed_by;
use crate::core::step::{Committed, Reply};
use crate::driver::Driver;
use crate::proofs::{self, Origin};
use crate::readers::{Readers, caught_up};
use crate::store::{Store, StoreError};
use ledger::genesis::GenesisDocument;

/// What became of a submission.
#[derive(Debug)]
pub enum Outcome {
    /// The envelope is bad; nothing entered the ledger.
    Refused(EnvelopeError),
    /// The ledger would certainly reject it; nothing entered the ledger.
    Rejected(Rejection),
    /// The queues are full; nothing was taken in.
    Busy,
    /// It is in this node's lane, durably.
    Accepted(TransactionId),
    /// It is final.
    Final(TransactionId, Finality),
    /// It may have been taken in; it is not final within the time.
    Unknown,
}

/// Where a final transaction's receipts are.
#[derive(Debug)]
pub struct Finality {
    /// The block's height.
    pub height: Height,
    /// The block's time.
    pub time: Timestamp,
    first: usize,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// A block that was just made final, and how many receipts are the transaction's.
    Fresh(Arc<Committed>, usize),
    /// The transaction's receipts from the index.
    Archived(Vec<Receipt>),
}

impl Finality {
    /// The transaction's receipts, in the order of its operations.
    pub fn receipts(&self) -> Vec<&Receipt> {
        match &self.source {
            Source::Fresh(committed, count) => {
                let booked = committed.executed.booked.iter().skip(self.first).take(*count);
                booked.map(|booked| &booked.receipt).collect()
            }
            Source::Archived(receipts) => receipts.iter().collect(),
        }
    }

    /// The proof of the transaction's receipt `number` (from 0), as soon as a certificate leads to
    /// it; `None` if there is none before `deadline`.
    ///
    /// # Errors
    /// [`StoreError`] if the index fails.
    pub async fn proof(
        &self,
        driver: &Driver,
        readers: &Readers,
        genesis: &GenesisDocument,
        number: usize,
        deadline: Instant,
    ) -> Result<Option<Proof>, StoreError> {
        let index = self.first.saturating_add(number);
        if let Source::Fresh(committed, _) = &self.source
            && let Some(proof) = proofs::of_committed(committed, index, &origin(driver, genesis))
        {
            return Ok(Some(proof));
        }
        archived_proof(driver, readers, genesis, (self.height, index), deadline).await
    }
}

/// The proof of the receipt at this height and place, as soon as a certificate leads to it; `None`
/// if there is none before `deadline`.
///
/// # Errors
/// [`StoreError`] if the index fails.
pub async fn archived_proof(
    driver: &Driver,
    readers: &Readers,
    genesis: &GenesisDocument,
    (height, index): (Height, usize),
    deadline: Instant,
) -> Result<Option<Proof>, StoreError> {
    let domains = driver.view.latest().tip.domains().clone();
    let read = |store: &Store| {
        proofs::of_archived(store, &domains, &origin(driver, genesis), height, index)
    };
    if timeout_at(deadline, driver.view.indexed(height)).await.is_err() {
        return Ok(None);
    }
    if let Some(proof) = readers.read(driver, read).await? {
        return Ok(Some(proof));
    }
    let certified = async {
        let certified = driver.view.certified(height).await;
        driver.view.indexed(certified.tip.height()).await;
    };
    if timeout_at(deadline, certified).await.is_err() {
        return Ok(None);
    }
    readers.read(driver, read).await
}

fn origin<'a>(driver: &Driver, genesis: &'a GenesisDocument) -> Origin<'a> {
    Origin { genesis, epochs: driver.view.epochs() }
}

/// Submits `bytes` and waits until they are taken in or, with `until_final`, until they are final;
/// at most until `deadline`.
///
/// # Errors
/// [`StoreError`] if the receipts are in the index and it fails.
pub async fn submit(
    driver: &Driver,
    readers: &Readers,
    bytes: Vec<u8>,
    until_final: bool,
    deadline: Instant,
) -> Result<Outcome, StoreError> {
    let Some(ticket) = driver.submit(bytes, until_final) else { return Ok(Outcome::Busy) };
    // A ticket without a reply is left behind by a node that stops.
    let Ok(Ok(reply)) = timeout_at(deadline, ticket).await else { return Ok(Outcome::Unknown) };
    Ok(match reply {
        Reply::Refused(error) => Outcome::Refused(error),
        Reply::Rejected(rejection) => Outcome::Rejected(rejection),
        Reply::Busy => Outcome::Busy,
        Reply::Accepted(id) => Outcome::Accepted(id),
        Reply::Final(id, committed) => match fresh(id, &committed) {
            Some(finality) => Outcome::Final(id, finality),
            None => match earlier(id, &committed) {
                Some(marker) => known(driver, readers, marker, deadline).await?,
                None => Outcome::Unknown,
            },
        },
        Reply::Known(marker) => known(driver, readers, marker, deadline).await?,
    })
}

/// The receipts of a transaction in a block that was just made final; `None` if an earlier block
/// has executed it.
fn fresh(id: TransactionId, committed: &Arc<Committed>) -> Option<Finality> {
    let (first, booked) = committed.booked_by(id);
    let count = booked.len();
    let header = &committed.executed.block.header;
    let (height, time) = (header.height, header.time);
    let source = Source::Fresh(Arc::clone(committed), count);
    (count > 0).then_some(Finality { height, time, first, source })
}

/// The marker of a transaction that `committed` orders again.
fn earlier(id: TransactionId, committed: &Committed) -> Option<Marker> {
    let mut ordered = committed.batches.iter().flat_map(|batch| &batch.transactions);
    let transaction = ordered.find(|transaction| transaction.id() == id)?;
    executed_by(&committed.executed.tip, transaction.body(), id)
}

/// The outcome of a transaction that was final before.
async fn known(
    driver: &Driver,
    readers: &Readers,
    marker: Marker,
    deadline: Instant,
) -> Result<Outcome, StoreError> {
    let id = marker.transaction;
    if caught_up(driver, deadline).await.is_none() {
        return Ok(Outcome::Unknown);
    }
    let read = |store: &Store| match archived(store, &marker)? {
        Some(finality) => Ok(Some(finality)),
        // It is final, so its receipts were here, or were before the snapshot.
        None => store.earliest().and_then(|earliest| match earliest {
            Height(0) => Ok(None),
            earliest => Err(StoreError::Pruned { earliest }),
        }),
    };
    let finality = readers.read(driver, read).await?;
    Ok(finality.map_or(Outcome::Unknown, |finality| Outcome::Final(id, finality)))
}

/// The receipts of the transaction that `marker` names, from the index; `None` if it has none.
///
/// # Errors
/// [`StoreError`] if the index fails.
pub fn archived(store: &Store, marker: &Marker) -> Result<Option<Finality>, StoreError> {
    let height = marker.height;
    store.check_kept(height)?;
    let Some(indexed) = store.block(height)? else { return Ok(None) };
    let all = store.receipts(height)?;
    let is_own = |receipt: &Receipt| receipt.transaction == marker.transaction;
    let Some(first) = all.iter().position(is_own) else { return Ok(None) };
    let receipts = all.into_iter().skip(first).take_while(is_own).collect();
    let time = indexed.block.header.time;
    Ok(Some(Finality { height, time, first, source: Source::Archived(receipts) }))
}
