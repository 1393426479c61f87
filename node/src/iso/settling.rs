//! Settling: placed orders are sent, and their receipts become the transactions' statuses.
//!
//! Invariants: what is answered as settled or rejected by the ledger is final; a transaction is
//! sent once for all its payments. Absent: signing (see `placing`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use iso20022::order::PaymentOrder;
use iso20022::pacs002::{Code, TransactionStatus};
use iso20022::pacs008::CreditTransfer;
use ledger::codec;
use ledger::ids::{Height, Timestamp, Uetr};
use ledger::money::Decimals;
use ledger::receipt::{Outcome as ReceiptOutcome, Receipt, Refused, Released, Settlement};
use ledger::rejection::Rejection;
use ledger::transaction::TransactionId;
use tokio::time::{Instant, sleep};

use super::answer::{Context, Handled, of_receipt};
use super::placing::{Parties, Placed};
use super::records::{Record, Signed};
use super::{Desk, DeskError, Surroundings};
use crate::outcome::{self, Outcome};
use crate::readers::caught_up;
use crate::store::{Store, StoreError};

/// How many transactions of a message are on their way at once.
const AT_ONCE: usize = 256;

/// The pause before a busy node is asked again.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) const UNDER_WAY: &str =
    "Signed and sent; not final yet. The same message again tells the outcome.";
const NOT_SENT: &str = "Signed, and the node is busy. Send the same message again.";

/// A payment of a message, found to be an order and placed.
pub(super) type Work<'a> = (&'a CreditTransfer, &'a PaymentOrder, Placed);

/// A receipt, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Archived {
    /// The receipt.
    pub(crate) receipt: Receipt,
    /// The block's height.
    pub(super) height: Height,
    /// The block's time.
    pub(super) time: Timestamp,
}

/// What became of a transaction that was sent.
pub(super) enum Sent {
    /// It is final.
    Final(Finals),
    /// It did not enter the ledger.
    Refused { code: &'static str, text: String },
    /// It may become final.
    Waiting(Code, &'static str),
}

impl Sent {
    const fn finals(&self) -> Option<&Finals> {
        match self {
            Self::Final(finals) => Some(finals),
            Self::Refused { .. } | Self::Waiting(..) => None,
        }
    }
}

/// The receipts of a final transaction.
#[derive(Debug, Default)]
pub(super) struct Finals {
    /// In the order of its operations.
    in_order: Vec<Archived>,
    by_uetr: BTreeMap<Uetr, usize>,
}

impl Finals {
    fn new(receipts: impl Iterator<Item = Archived>) -> Self {
        let in_order: Vec<Archived> = receipts.collect();
        let places = in_order.iter().enumerate();
        let by_uetr = places.filter_map(|(place, of)| Some((of.receipt.uetr?, place))).collect();
        Self { in_order, by_uetr }
    }

    /// The receipt of a payment.
    fn of(&self, uetr: Uetr) -> Option<&Archived> {
        self.at(*self.by_uetr.get(&uetr)?)
    }

    /// The receipt of an operation, by its place in the transaction.
    pub(super) fn at(&self, place: usize) -> Option<&Archived> {
        self.in_order.get(place)
    }

    /// The payments that wait by their receipts here: a later one may say more.
    fn waiting(&self) -> impl Iterator<Item = Uetr> {
        let waits = self.in_order.iter().filter(|of| of.receipt.outcome.waits().is_some());
        waits.filter_map(|of| of.receipt.uetr)
    }
}

impl Desk {
    /// Sends placed orders and tells their statuses, in the same order.
    pub(super) async fn settle_all(
        &self,
        around: Surroundings<'_>,
        work: &[Work<'_>],
    ) -> Result<Vec<Handled>, DeskError> {
        let mut transactions: BTreeMap<TransactionId, Arc<Signed>> = BTreeMap::new();
        let mut on_ledger = Vec::new();
        for (_, order, placed) in work {
            match placed {
                Placed::Recorded(record) => {
                    let signed = record.signed.clone();
                    transactions.entry(signed.id).or_insert(signed);
                }
                Placed::OnLedger(_) => on_ledger.push(order.uetr),
            }
        }
        let mut sent = BTreeMap::new();
        let transactions: Vec<_> = transactions.into_values().collect();
        for part in transactions.chunks(AT_ONCE) {
            sent.extend(try_join_all(part.iter().map(|signed| send(around, signed))).await?);
        }
        on_ledger.extend(sent.values().filter_map(Sent::finals).flat_map(Finals::waiting));
        let archived = self.archived(around, &on_ledger).await?;
        let handled = work.iter().map(|(transfer, order, placed)| match placed {
            Placed::Recorded(record) => {
                let latest = archived.get(&order.uetr);
                of_sent(around, transfer, order, record, sent.get(&record.signed.id), latest)
            }
            Placed::OnLedger(parties) => {
                of_archived(around, transfer, order, *parties, archived.get(&order.uetr))
            }
        });
        Ok(handled.collect())
    }

    /// The receipts of those payments that the index knows, as far as it is until the deadline.
    pub(super) async fn archived(
        &self,
        around: Surroundings<'_>,
        uetrs: &[Uetr],
    ) -> Result<BTreeMap<Uetr, Archived>, DeskError> {
        if uetrs.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Behind the deadline it tells what it has.
        let _ = caught_up(around.driver, around.deadline).await;
        Ok(around.readers.read(around.driver, |store: &Store| receipts_of(store, uetrs)).await?)
    }
}

/// Sends a transaction and waits for what becomes of it.
pub(super) async fn send(
    around: Surroundings<'_>,
    signed: &Signed,
) -> Result<(TransactionId, Sent), StoreError> {
    let outcome = submit(around, codec::encode(&signed.transaction)).await?;
    let sent = match outcome {
        Outcome::Final(_, finality) => {
            let (height, time) = (finality.height, finality.time);
            let receipts = finality.receipts().into_iter().cloned();
            let archived = receipts.map(|receipt| Archived { receipt, height, time });
            Sent::Final(Finals::new(archived))
        }
        Outcome::Rejected(rejection) => {
            Sent::Refused { code: rejection.iso(), text: rejection.explanation().to_owned() }
        }
        Outcome::Refused(error) => Sent::Refused { code: "NARR", text: error.to_string() },
        Outcome::Unknown | Outcome::Accepted(_) => Sent::Waiting(Code::IN_PROCESS, UNDER_WAY),
        Outcome::Busy => Sent::Waiting(Code::PENDING, NOT_SENT),
    };
    Ok((signed.id, sent))
}

/// The status of a payment whose transaction was sent, by the `latest` receipt under its UETR if
/// one was looked up.
fn of_sent(
    around: Surroundings<'_>,
    transfer: &CreditTransfer,
    order: &PaymentOrder,
    record: &Record,
    sent: Option<&Sent>,
    latest: Option<&Archived>,
) -> Handled {
    match sent {
        Some(Sent::Final(finals)) => match latest.or_else(|| finals.of(record.uetr)) {
            Some(archived) => {
                let context = context(around, order, archived, record.accepted);
                let handled = of_receipt(transfer, &archived.receipt, context);
                let is_settled = handled.status.status == Some(Code::SETTLED);
                let opening = is_settled.then_some(record.opening);
                Handled { status: TransactionStatus { opening, ..handled.status }, ..handled }
            }
            None => Handled::waiting(transfer, Code::IN_PROCESS, UNDER_WAY),
        },
        Some(Sent::Refused { code, text }) => {
            Handled::now(TransactionStatus::rejected(transfer, code, text.clone()))
        }
        Some(Sent::Waiting(code, text)) => Handled::waiting(transfer, *code, text),
        None => Handled::waiting(transfer, Code::PENDING, NOT_SENT),
    }
}

/// The status of a payment that the ledger knows and this node did not record: its own, if the
/// receipt is of the same payment.
fn of_archived(
    around: Surroundings<'_>,
    transfer: &CreditTransfer,
    order: &PaymentOrder,
    parties: Parties,
    archived: Option<&Archived>,
) -> Handled {
    let Some(archived) = archived else {
        return Handled::waiting(transfer, Code::IN_PROCESS, UNDER_WAY);
    };
    let is_same = match &archived.receipt.outcome {
        ReceiptOutcome::Settled(settlement) => is_of(order, parties, settlement),
        ReceiptOutcome::AwaitingApproval(held)
        | ReceiptOutcome::AwaitingReview(held)
        | ReceiptOutcome::Queued(held) => {
            let is_between = (held.from, held.to) == (parties.from, parties.to);
            is_between && held.amount == order.transfer.debit()
        }
        ReceiptOutcome::Released(Released { from, to, .. })
        | ReceiptOutcome::Refused(Refused { from, to, .. }) => {
            (*from, *to) == (parties.from, parties.to)
        }
        // An order of this channel is never held.
        ReceiptOutcome::Done
        | ReceiptOutcome::Proposed(_)
        | ReceiptOutcome::Held(_)
        | ReceiptOutcome::Returned(_)
        | ReceiptOutcome::RecallRequested(_)
        | ReceiptOutcome::RecallRefused(_) => false,
        ReceiptOutcome::Rejected(_) => true,
    };
    if !is_same {
        let other = Rejection::DuplicateUetr;
        let status = TransactionStatus::rejected(transfer, other.iso(), other.explanation());
        return Handled::now(status);
    }
    let context = context(around, order, archived, archived.time);
    of_receipt(transfer, &archived.receipt, context)
}

/// Submits, again and again while the node is busy.
async fn submit(around: Surroundings<'_>, bytes: Vec<u8>) -> Result<Outcome, StoreError> {
    let Surroundings { driver, readers, deadline } = around;
    loop {
        let submitted = outcome::submit(driver, readers, bytes.clone(), true, deadline).await?;
        if !matches!(submitted, Outcome::Busy) || Instant::now() >= deadline {
            return Ok(submitted);
        }
        sleep(PAUSE).await;
    }
}

/// The receipts of those payments that the index has. Each block's are read once, however many of
/// the payments are in it.
pub(crate) fn receipts_of(
    store: &Store,
    uetrs: &[Uetr],
) -> Result<BTreeMap<Uetr, Archived>, StoreError> {
    let mut places: BTreeMap<Height, Vec<(usize, Uetr)>> = BTreeMap::new();
    for uetr in uetrs {
        if let Some(place) = store.payment(*uetr)? {
            let index = usize::try_from(place.index).unwrap_or(usize::MAX);
            places.entry(place.height).or_default().push((index, *uetr));
        }
    }
    let mut found = BTreeMap::new();
    for (height, payments) in places {
        let Some(indexed) = store.block(height)? else { continue };
        let time = indexed.block.header.time;
        let receipts = store.receipts(height)?;
        for (index, uetr) in payments {
            if let Some(receipt) = receipts.get(index) {
                found.insert(uetr, Archived { receipt: receipt.clone(), height, time });
            }
        }
    }
    Ok(found)
}

/// True if a settlement carried out this order.
fn is_of(order: &PaymentOrder, parties: Parties, settlement: &Settlement) -> bool {
    let (debit, credit) = (order.transfer.debit(), order.transfer.credit());
    let same_parties = settlement.from == Some(parties.from) && settlement.to == Some(parties.to);
    let same_assets =
        settlement.debited.asset == debit.asset && settlement.credited.asset == credit.asset;
    // Charges change the one or the other amount, whoever bears them.
    let same_amount = settlement.debited == debit || settlement.credited == credit;
    same_parties && same_assets && same_amount
}

fn context(
    around: Surroundings<'_>,
    order: &PaymentOrder,
    archived: &Archived,
    accepted: Timestamp,
) -> Context {
    Context {
        height: archived.height,
        time: archived.time,
        accepted,
        charger: Some(order.debtor_institution),
        decimals: decimals(around, order),
    }
}

fn decimals(around: Surroundings<'_>, order: &PaymentOrder) -> Decimals {
    let latest = around.driver.view.latest();
    let asset = latest.tip.state().asset(order.transfer.debit().asset);
    asset.map_or(Decimals(0), |asset| asset.decimals)
}
