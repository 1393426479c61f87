//! The ISO 20022 desk: a bank's pacs.008 in, its payments on the ledger, a pacs.002 out.
//!
//! ```text
//! bytes -> message -> orders -> records on disk (signed) -> the ledger -> receipts -> pacs.002
//! ```
//!
//! Each credit transfer becomes one ledger transaction, signed by the operators of the payer's
//! institution under the account's mandate. Invariants: a payment is signed once: the signed bytes
//! are on disk before they are sent, and the same message again sends the same bytes, so it pays
//! once and gets the same answer; names and remittance text stay in the record. A payment that was
//! refused before it reached the ledger is not remembered: the message may be sent again. Absent:
//! messages other than pacs.008, sending of private parts to the payee's institution.

mod accounts;
mod answer;
mod placing;
mod quotes;
mod records;
mod settling;

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::try_join_all;
use iso20022::order::PaymentOrder;
use iso20022::pacs002::{self, Code, ReplyEnvelope, TransactionStatus};
use iso20022::pacs008::{self, CreditTransfer, CreditTransferMessage, RefusedMessage};
use iso20022::xml::Limits;
use iso20022::{MessageFault, Refusal};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::driver::Driver;
use crate::home::{Home, now};
use crate::readers::Readers;
use crate::store::StoreError;
use answer::Handled;
use placing::{Placed, Reason};
use quotes::Dealers;
use records::Records;

/// How many payments of a message are worked on at once.
const AT_ONCE: usize = 256;

/// How many locks the payments share.
const LOCKS: usize = 64;

/// Why the desk could not work.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The index failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record could not be read or written.
    #[error("{path}: {source}. Check the disk and the folder's rights")]
    Record {
        /// Which file.
        path: String,
        /// What is wrong.
        source: std::io::Error,
    },
    /// No entropy.
    #[error("the operating system gives no entropy: {0}")]
    Entropy(getrandom::Error),
}

/// What a message comes to.
#[derive(Debug)]
pub enum Reception {
    /// A pacs.002.
    Answer {
        /// The document.
        xml: String,
        /// False: some payments are not final yet; the same message again tells their outcome.
        is_final: bool,
    },
    /// It cannot be answered by a message.
    Refused(MessageFault),
    /// None of its payers' institutions is served here.
    Foreign,
}

/// A transaction of a message, and the order that it was found to be.
type Judged<'a> = (&'a CreditTransfer, Result<PaymentOrder, Vec<Refusal>>);

/// The desk.
pub struct Desk {
    home: Arc<Home>,
    records: Records,
    dealers: Dealers,
    /// One payment is prepared by one request at a time.
    locks: Vec<Mutex<()>>,
}

/// What the desk works with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The node.
    pub driver: &'a Driver,
    /// Turns at disk and processors.
    pub readers: &'a Readers,
    /// Until when to wait for finality.
    pub deadline: Instant,
}

impl Desk {
    /// The desk of the node at `home`.
    pub fn new(home: &Arc<Home>) -> Self {
        Self {
            records: Records::new(home.path.join("private")),
            dealers: Dealers::new(home),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            home: home.clone(),
        }
    }

    /// True if the node holds some institution's operator keys.
    pub fn is_open(&self) -> bool {
        !self.home.operators.is_empty()
    }

    /// Takes a message, pays what it orders, and answers it.
    ///
    /// # Errors
    /// [`DeskError`] if this node fails; the same message may be sent again.
    pub async fn receive(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
    ) -> Result<Reception, DeskError> {
        let read = around.readers.work(|| pacs008::read(bytes, &Limits::default())).await;
        let message = match read {
            Ok(message) => message,
            Err(refused) => return Ok(refusal(bytes, &refused)),
        };
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let transfers = message.transactions.iter();
        let judged: Vec<Judged<'_>> = transfers.map(|t| (t, t.order(decimals))).collect();
        let is_foreign =
            |order: &Result<PaymentOrder, _>| order.as_ref().is_ok_and(|order| !self.serves(order));
        if judged.iter().all(|(_, order)| is_foreign(order)) {
            return Ok(Reception::Foreign);
        }
        let mut handled = Vec::with_capacity(judged.len());
        for part in judged.chunks(AT_ONCE) {
            handled.extend(self.handle(around, part).await?);
        }
        Ok(report(bytes, &message, handled))
    }

    fn serves(&self, order: &PaymentOrder) -> bool {
        self.home.operators.contains_key(&order.debtor_institution)
    }

    /// Carries out a part of a message's payments, and tells the status of each.
    async fn handle(
        &self,
        around: Surroundings<'_>,
        part: &[Judged<'_>],
    ) -> Result<Vec<Handled>, DeskError> {
        let orders: Vec<_> = part.iter().filter_map(|(_, order)| order.as_ref().ok()).collect();
        let mut placed = self.place_all(around, &orders).await?.into_iter();
        let mut work = Vec::with_capacity(part.len());
        for (transfer, order) in part {
            work.push(match order {
                Ok(order) => self.carry_out(around, transfer, order, placed.next()).left_future(),
                Err(refusals) => {
                    let refused = TransactionStatus::refused(transfer, refusals);
                    ready(Ok(Handled::now(refused))).right_future()
                }
            });
        }
        try_join_all(work).await
    }

    async fn carry_out(
        &self,
        around: Surroundings<'_>,
        transfer: &CreditTransfer,
        order: &PaymentOrder,
        placed: Option<Result<Placed, Reason>>,
    ) -> Result<Handled, DeskError> {
        match placed {
            Some(Ok(placed)) => self.settle(around, transfer, order, placed).await,
            Some(Err(Reason { code, text })) => {
                Ok(Handled::now(TransactionStatus::rejected(transfer, code, text)))
            }
            None => Ok(Handled::waiting(transfer, Code::PENDING, "It was not worked on.")),
        }
    }

    /// The locks of these payments, taken in one order by everyone.
    async fn turns(&self, orders: &[&PaymentOrder]) -> Vec<MutexGuard<'_, ()>> {
        let place = |order: &&PaymentOrder| usize::from(order.uetr.bytes()[0]).checked_rem(LOCKS);
        let places: BTreeSet<usize> = orders.iter().filter_map(place).collect();
        let mut turns = Vec::with_capacity(places.len());
        for lock in places.into_iter().filter_map(|place| self.locks.get(place)) {
            turns.push(lock.lock().await);
        }
        turns
    }
}

/// The answer to a message that is refused as a whole.
fn refusal(bytes: &[u8], refused: &RefusedMessage) -> Reception {
    let created = now();
    let id = answer::message_id(bytes, created, &[]);
    match pacs002::StatusReport::refusal(refused, id, created) {
        Some(report) => {
            let envelope = refused.application.as_ref().map(ReplyEnvelope::answering);
            let xml = pacs002::write(&report, envelope.as_ref());
            Reception::Answer { xml, is_final: true }
        }
        None => Reception::Refused(refused.fault.clone()),
    }
}

fn report(bytes: &[u8], message: &CreditTransferMessage, handled: Vec<Handled>) -> Reception {
    // When all is on the ledger, the report says nothing of the moment at which it is asked for.
    let times: Option<Vec<_>> = handled.iter().map(|handled| handled.time).collect();
    let created = times.and_then(|times| times.into_iter().max()).unwrap_or_else(now);
    let is_final = handled.iter().all(|handled| handled.is_final);
    let statuses: Vec<_> = handled.into_iter().map(|handled| handled.status).collect();
    let id = answer::message_id(bytes, created, &statuses);
    let report = pacs002::StatusReport::answer(&message.header.group, id, created, statuses);
    let envelope = message.header.application.as_ref().map(ReplyEnvelope::answering);
    Reception::Answer { xml: pacs002::write(&report, envelope.as_ref()), is_final }
}
