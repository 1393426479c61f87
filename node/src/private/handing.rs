//! Takes in what wallets hand over of payments that they ordered.
//!
//! Invariants: only what the ledger has a commitment to is taken, of a payment whose payer's
//! institution this node acts for; whoever can open the commitment is on the payer's side, so it
//! takes no other authority; it is durable before it is answered for, and again it is taken again.
//! Absent: sending it on (see `courier`).

use std::sync::Arc;

use api::private::Erasure;

use super::Private;
use super::commitment::Committed;
use super::message::PrivateRecord;
use crate::driver::Driver;
use crate::iso::DeskError;
use crate::readers::Readers;

/// What comes of handing something over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handing {
    /// It is kept here.
    Kept,
    /// No payment with a commitment is final here under this UETR.
    Unknown,
    /// The payer's institution is not one that this node acts for.
    Foreign,
    /// It is not what the ledger has a commitment to.
    Mismatch,
    /// It was erased here before.
    Erased(Box<Erasure>),
}

impl Private {
    /// Keeps what a wallet hands over.
    ///
    /// # Errors
    /// [`DeskError`] if this node fails; the same may be handed over again.
    pub(crate) async fn take_over(
        self: &Arc<Self>,
        driver: &Driver,
        readers: &Readers,
        record: PrivateRecord,
    ) -> Result<Handing, DeskError> {
        let Some(committed) = Committed::await_it(driver, readers, record.uetr).await? else {
            return Ok(Handing::Unknown);
        };
        let payer = committed.from.map(|account| account.servicer());
        let Some(payer) = payer.filter(|payer| self.serves(driver, *payer)) else {
            return Ok(Handing::Foreign);
        };
        let to = Some(committed.to).filter(|to| *to != payer);
        let private = self.clone();
        let work = move || -> Result<Handing, DeskError> {
            if record.commitment(&private.domains) != committed.commitment {
                return Ok(Handing::Mismatch);
            }
            let keep = || private.records.hand_over(&record, to);
            let erased = private.unless_erased(record.uetr, keep)?;
            Ok(erased.map_or(Handing::Kept, |erasure| Handing::Erased(Box::new(erasure))))
        };
        let handing = readers.work(work).await?;
        if handing == Handing::Kept {
            self.ordered.notify_one();
        }
        Ok(handing)
    }
}
