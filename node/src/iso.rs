//! The ISO 20022 desk: a bank's or a customer's orders in, its payments on the ledger, a pacs.002
//! out; corrections of payments; and questions for what became of payments.
//!
//! ```text
//! bytes -> message -> orders -> records on disk (signed) -> the ledger -> receipts -> pacs.002
//!                  -> returns, answers to recalls -> likewise                     -> pacs.002
//!                  -> recalls -> likewise                                         -> camt.029
//!                  -> questions -> records, the ledger's index                    -> pacs.002
//! ```
//!
//! The payments of a message are signed by the operators of the payers' institutions under the
//! accounts' mandates, all of one institution in one transaction. Invariants: a payment is signed
//! once: the signed bytes are on disk before they are sent, and the same message again sends the
//! same bytes, so it pays once and gets the same answer; names and remittance text stay in the
//! record. A payment that was refused before it reached the ledger is not remembered: the message
//! may be sent again. A return or the answer to a recall is an order of the payee's institution, a
//! recall one of the payer's. Absent: sending of private parts to the payee's institution (see
//! `private`).

mod accounts;
mod answer;
mod batches;
mod correcting;
mod placing;
mod quotes;
mod recalling;
mod records;
mod returning;
mod settling;
mod status;

use std::collections::BTreeSet;
use std::sync::Arc;

use iso20022::incoming::{self, Message};
use iso20022::order::PaymentOrder;
use iso20022::pacs002::{self, Code, ReplyEnvelope, StatusReport, TransactionStatus};
use iso20022::pacs008::{CreditTransfer, CreditTransferMessage, RefusedMessage};
use iso20022::xml::Limits;
use iso20022::{ApplicationHeader, MessageFault, Refusal};
use ledger::ids::{Timestamp, Uetr};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::driver::Driver;
use crate::home::{Home, HomeError, now};
use crate::private::Private;
use crate::readers::Readers;
use crate::store::StoreError;
use answer::Handled;
pub(crate) use answer::reference;
use placing::{Reason, Source};
use quotes::Dealers;
pub(crate) use records::{Delivery, Records};
pub(crate) use settling::receipts_of;

/// How many locks the payments share.
const LOCKS: usize = 64;

/// Why the desk could not work.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The index failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be written.
    #[error(transparent)]
    Home(#[from] HomeError),
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
    /// A pacs.002, or the camt.029 that answers a recall.
    Answer {
        /// The document.
        xml: String,
        /// False: some payments are not final yet; the same message again tells their outcome.
        is_final: bool,
    },
    /// It cannot be answered by a message.
    Refused(MessageFault),
    /// None of the institutions that it is for is served here.
    Foreign,
}

/// A transaction of a message, and the order that it was found to be.
type Judged<'a> = (&'a CreditTransfer, Result<PaymentOrder, Vec<Refusal>>);

/// The desk.
pub struct Desk {
    home: Arc<Home>,
    records: Arc<Records>,
    private: Arc<Private>,
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
    /// The desk of the node at `home`, which keeps its orders with the `private` data.
    pub(crate) fn new(home: &Arc<Home>, private: Arc<Private>) -> Self {
        Self {
            records: private.records.clone(),
            private,
            dealers: Dealers::new(home),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            home: home.clone(),
        }
    }

    /// True if the node holds some institution's operator keys.
    pub fn is_open(&self) -> bool {
        !self.home.operators.is_empty()
    }

    /// Takes a message, does what it asks for, and answers it.
    ///
    /// # Errors
    /// [`DeskError`] if this node fails; the same message may be sent again.
    pub async fn receive(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
    ) -> Result<Reception, DeskError> {
        match around.readers.work(|| incoming::read(bytes, &Limits::default())).await {
            Ok(Message::Transfers(message)) => self.pay(around, bytes, message).await,
            Ok(Message::Returns(message)) => self.give_back(around, bytes, &message).await,
            Ok(Message::Recalls(message)) => self.ask_back(around, bytes, &message).await,
            Ok(Message::Answers(message)) => self.take_answers(around, bytes, &message).await,
            Ok(Message::StatusRequest(request)) => self.tell(around, bytes, &request).await,
            Err(refused) => Ok(refusal(bytes, &refused)),
        }
    }

    /// Pays what a message orders, and tells what became of it.
    async fn pay(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        mut message: CreditTransferMessage,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        message.identify(state.domains());
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let transfers = message.transactions.iter();
        let judged: Vec<Judged<'_>> = transfers.map(|t| (t, t.order(decimals))).collect();
        let is_foreign =
            |order: &Result<PaymentOrder, _>| order.as_ref().is_ok_and(|order| !self.serves(order));
        if judged.iter().all(|(_, order)| is_foreign(order)) {
            return Ok(Reception::Foreign);
        }
        let group = &message.header.group;
        let source = Source::new(state.domains(), group, bytes);
        let handled = self.handle(around, &source, &judged).await?;
        let application = message.header.application.as_ref();
        let answer = |id, created, statuses| StatusReport::answer(group, id, created, statuses);
        Ok(report(bytes, application, handled, answer))
    }

    fn serves(&self, order: &PaymentOrder) -> bool {
        self.home.operators.contains_key(&order.debtor_institution)
    }

    /// Carries out a message's payments, and tells the status of each.
    async fn handle(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        judged: &[Judged<'_>],
    ) -> Result<Vec<Handled>, DeskError> {
        let orders: Vec<_> = judged.iter().filter_map(|(_, order)| order.as_ref().ok()).collect();
        let mut placed = self.place_all(around, source, &orders).await?.into_iter();
        // What is not sent has its status; for the others there is a gap.
        let mut statuses = Vec::with_capacity(judged.len());
        let mut work = Vec::with_capacity(orders.len());
        for (transfer, order) in judged {
            statuses.push(match order {
                Ok(order) => match placed.next() {
                    Some(Ok(placed)) => {
                        work.push((*transfer, order, placed));
                        None
                    }
                    Some(Err(Reason { code, text })) => {
                        let status = TransactionStatus::rejected(transfer, code, text);
                        Some(Handled::now(status))
                    }
                    None => {
                        let text = "It was not worked on.";
                        Some(Handled::waiting(transfer, Code::PENDING, text))
                    }
                },
                Err(refusals) => Some(Handled::now(TransactionStatus::refused(transfer, refusals))),
            });
        }
        let mut settled = self.settle_all(around, &work).await?.into_iter();
        Ok(statuses.into_iter().filter_map(|status| status.or_else(|| settled.next())).collect())
    }

    /// The locks of these payments, taken in one order by everyone.
    async fn turns(&self, uetrs: &[Uetr]) -> Vec<MutexGuard<'_, ()>> {
        let place = |uetr: &Uetr| usize::from(uetr.bytes()[0]).checked_rem(LOCKS);
        let places: BTreeSet<usize> = uetrs.iter().filter_map(place).collect();
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
    let id = answer::message_id(bytes, created, std::iter::empty::<&str>());
    match StatusReport::refusal(refused, id, created) {
        Some(report) => {
            let envelope = refused.application.as_ref().map(ReplyEnvelope::answering);
            let xml = pacs002::write(&report, envelope.as_ref());
            Reception::Answer { xml, is_final: true }
        }
        None => Reception::Refused(refused.fault.clone()),
    }
}

/// The answer to a message, as `answer` makes a report of an id, a time and statuses.
fn report(
    bytes: &[u8],
    application: Option<&ApplicationHeader>,
    handled: Vec<Handled>,
    answer: impl FnOnce(String, Timestamp, Vec<TransactionStatus>) -> StatusReport,
) -> Reception {
    // When all is on the ledger, the report says nothing of the moment at which it is asked for.
    let times: Option<Vec<_>> = handled.iter().map(|handled| handled.time).collect();
    let created = times.and_then(|times| times.into_iter().max()).unwrap_or_else(now);
    let is_final = handled.iter().all(|handled| handled.is_final);
    let statuses: Vec<_> = handled.into_iter().map(|handled| handled.status).collect();
    let codes = statuses.iter().map(|status| status.status.map(|code| code.to_string()));
    let id = answer::message_id(bytes, created, codes.map(Option::unwrap_or_default));
    let report = answer(id, created, statuses);
    let envelope = application.map(ReplyEnvelope::answering);
    Reception::Answer { xml: pacs002::write(&report, envelope.as_ref()), is_final }
}
