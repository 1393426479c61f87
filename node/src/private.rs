//! Private data: what the parties of a payment are called and write to each other. The ledger has
//! a salted commitment to it, and the two institutions have it.
//!
//! ```text
//! payer's institution                                payee's institution
//! message -> records, sealed at rest
//! wallet  -> compared with the ledger's commitment, records, sealed at rest
//!            the payment is final -> sealed to the other's data key -> opened, compared with the
//!                                                                      ledger's commitment, kept
//!            no longer owed       <- acknowledged                   <- sealed at rest
//! ```
//!
//! Invariants: it leaves the node sealed to one institution, over a connection that its node's key
//! authenticated, or to one of this node's own operators, who is recorded; nothing is kept that the
//! ledger does not commit to; what is owed is sent until it is acknowledged, over restarts too;
//! what is erased does not come back. Absent: what the words mean (`iso20022`), a third
//! institution's or a regulator's copy.

mod commitment;
mod courier;
mod erasure;
mod handing;
mod key;
mod message;
mod vault;

use std::sync::Arc;

use api::private::Erasure;
use ledger::hash::Domains;
use ledger::ids::{InstitutionNumber, Uetr};
use tokio::sync::Notify;

use crate::driver::Driver;
use crate::home::{Home, now};
use crate::iso::{Delivery, DeskError, Records};
use erasure::Erasures;

pub(crate) use courier::start;
pub use erasure::{MAXIMUM_BYTES as MAXIMUM_ERASURE_BYTES, is_by as is_erasure_by};
pub(crate) use handing::Handing;
pub use key::{DataKey, DataPublicKey, SealError};
pub use message::{DataMessage, NotKept, PrivateRecord};
pub(crate) use vault::Vault;

/// The folder of private data, in the home.
pub const FOLDER: &str = "private";

/// Where a payment's private data came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A message to this node ordered the payment.
    Ordered(Delivery),
    /// The payer's wallet handed it over.
    Handed(Delivery),
    /// The payer's institution sent it.
    Received,
}

/// The private data of one institution.
pub(crate) struct Private {
    home: Arc<Home>,
    domains: Domains,
    key: Arc<DataKey>,
    /// What messages to this node ordered.
    pub(crate) records: Arc<Records>,
    received: Vault<PrivateRecord>,
    erasures: Erasures,
    /// Told when messages have ordered payments, or wallets have handed private parts over.
    pub(crate) ordered: Notify,
}

impl Private {
    /// The private data in `home`.
    pub(crate) fn new(home: &Arc<Home>) -> Self {
        let folder = home.path.join(FOLDER);
        let key = Arc::new(DataKey::new(home.genesis.chain_id(), &home.data_key));
        Self {
            home: home.clone(),
            domains: home.genesis.domains(),
            records: Arc::new(Records::new(folder.clone(), key.clone())),
            received: Vault::new(folder.join("received"), key.clone()),
            erasures: Erasures::new(folder.join("erased")),
            ordered: Notify::new(),
            key,
        }
    }

    /// A payment's private data, if this institution has it.
    ///
    /// # Errors
    /// [`DeskError`] if it cannot be read.
    pub(crate) fn of(&self, uetr: Uetr) -> Result<Option<(PrivateRecord, Origin)>, DeskError> {
        if let Some(record) = self.records.private(uetr)? {
            let delivery = self.records.delivery(uetr)?;
            let origin = match record.message() {
                Some(_) => Origin::Ordered(delivery),
                None => Origin::Handed(delivery),
            };
            return Ok(Some((record, origin)));
        }
        Ok(self.received.load(uetr)?.map(|record| (record, Origin::Received)))
    }

    /// That a payment's private data was erased here, if it was.
    ///
    /// # Errors
    /// [`DeskError`] if the receipt cannot be read.
    pub(crate) fn erasure(&self, uetr: Uetr) -> Result<Option<Erasure>, DeskError> {
        Ok(self.erasures.load(uetr)?)
    }

    /// Erases a payment's private data wherever this node keeps it, and signs that. What was erased
    /// before is not erased again: its receipt is the same. None if there is nothing to erase.
    ///
    /// # Errors
    /// [`DeskError`] if something cannot be erased; repeated, it goes on.
    pub(crate) fn erase(&self, uetr: Uetr) -> Result<Option<Erasure>, DeskError> {
        if let Some(erasure) = self.erasures.load(uetr)? {
            // What a crash left between the receipt and the end, or a backup brought back.
            self.remove(uetr)?;
            return Ok(Some(erasure));
        }
        let Some((record, _)) = self.of(uetr)? else { return Ok(None) };
        let erasure = erasure::sign(&self.home, &record, &record.commitment(&self.domains), now());
        // First the receipt: from then on nobody's copy is taken in any more.
        self.erasures.save(uetr, &erasure)?;
        self.remove(uetr)?;
        Ok(Some(erasure))
    }

    fn remove(&self, uetr: Uetr) -> Result<(), DeskError> {
        self.records.erase(uetr)?;
        self.received.erase(uetr)?;
        Ok(())
    }

    /// Keeps what the payer's institution sent, unless it was erased here.
    fn keep(&self, record: &PrivateRecord) -> Result<(), DeskError> {
        self.unless_erased(record.uetr, || Ok(self.received.save(record.uetr, record)?))?;
        Ok(())
    }

    /// Keeps something of a payment by `keep`, unless it was erased here, then or meanwhile: the
    /// receipt of that is the answer.
    fn unless_erased(
        &self,
        uetr: Uetr,
        keep: impl FnOnce() -> Result<(), DeskError>,
    ) -> Result<Option<Erasure>, DeskError> {
        if let Some(erasure) = self.erasures.load(uetr)? {
            return Ok(Some(erasure));
        }
        keep()?;
        let erasure = self.erasures.load(uetr)?;
        if erasure.is_some() {
            self.remove(uetr)?;
        }
        Ok(erasure)
    }

    /// True if this node acts for the institution.
    fn serves(&self, driver: &Driver, institution: InstitutionNumber) -> bool {
        let latest = driver.view.latest();
        let bic = latest.tip.state().institution(institution).map(|it| it.bic);
        bic.is_some_and(|bic| {
            bic == self.home.config.bic() || self.home.operators.contains_key(&bic)
        })
    }
}
