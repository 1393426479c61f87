//! What the ledger says of a payment's private part.
//!
//! Invariants: only what settled or waits has a commitment that counts. Absent: the private part.

use std::time::Duration;

use ledger::hash::Hash;
use ledger::ids::{AccountId, Height, InstitutionNumber, Uetr};
use ledger::receipt::Outcome;
use tokio::time::{Instant, timeout, timeout_at};

use crate::driver::Driver;
use crate::iso::receipts_of;
use crate::readers::Readers;
use crate::store::{Store, StoreError};

/// How long a payment that is said to be final may be on its way into the index here.
const PATIENCE: Duration = Duration::from_secs(2);

/// A payment with a commitment to its private part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    /// The payer; none for an issue.
    pub(super) from: Option<AccountId>,
    /// The payee's institution.
    pub(super) to: InstitutionNumber,
    /// The commitment.
    pub(super) commitment: Hash,
}

impl Committed {
    /// The commitment of a payment that settled or waits.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let (from, to, commitment) = if let Outcome::Settled(settlement) = outcome {
            (settlement.from, settlement.to?, settlement.remittance)
        } else {
            let held = outcome.waits()?;
            (Some(held.from), held.to, held.remittance)
        };
        let to = to.servicer();
        (commitment != Hash::ZERO).then_some(Self { from, to, commitment })
    }

    /// What the index says of a payment that another node calls final. That one may be ahead, so
    /// this one comes to its own last block first; one that is far behind is asked again.
    pub(super) async fn find(
        driver: &Driver,
        readers: &Readers,
        uetr: Uetr,
    ) -> Result<Option<Self>, StoreError> {
        let height = driver.view.latest().tip.height();
        let _ = timeout(PATIENCE, driver.view.indexed(height)).await;
        let outcome = outcome_of(driver, readers, uetr).await?;
        Ok(outcome.as_ref().and_then(Self::of))
    }

    /// The same of a payment whose block may still be on its way to this node.
    pub(super) async fn await_it(
        driver: &Driver,
        readers: &Readers,
        uetr: Uetr,
    ) -> Result<Option<Self>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = Height(driver.view.indexed_height().0.saturating_add(1));
            if let Some(outcome) = outcome_of(driver, readers, uetr).await? {
                return Ok(Self::of(&outcome));
            }
            if timeout_at(deadline, driver.view.indexed(next)).await.is_err() {
                return Ok(None);
            }
        }
    }
}

async fn outcome_of(
    driver: &Driver,
    readers: &Readers,
    uetr: Uetr,
) -> Result<Option<Outcome>, StoreError> {
    let read = |store: &Store| receipts_of(store, &[uetr]);
    let mut receipts = readers.read(driver, read).await?;
    Ok(receipts.remove(&uetr).map(|archived| archived.receipt.outcome))
}
