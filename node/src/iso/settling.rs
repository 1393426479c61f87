//! Settling: a placed order is sent, and its receipt becomes the transaction's status.
//!
//! Invariants: what is answered as settled or rejected by the ledger is final. Absent: signing (see
//! `placing`).

use std::time::Duration;

use iso20022::order::PaymentOrder;
use iso20022::pacs002::{Code, TransactionStatus};
use iso20022::pacs008::CreditTransfer;
use ledger::codec;
use ledger::ids::Timestamp;
use ledger::money::Decimals;
use ledger::receipt::{Outcome as ReceiptOutcome, Receipt, Settlement};
use ledger::rejection::Rejection;

use super::answer::{Context, Handled, of_receipt};
use super::placing::{Parties, Placed};
use super::{Desk, DeskError, Surroundings};
use crate::outcome::{self, Finality, Outcome};
use crate::store::{Store, StoreError};
use ledger::ids::Height;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause before a busy node is asked again.
const PAUSE: Duration = Duration::from_millis(50);

const UNDER_WAY: &str = "Signed and sent; not final yet. The same message again tells the outcome.";
const NOT_SENT: &str = "Signed, and the node is busy. Send the same message again.";

impl Desk {
    /// Sends a placed order and tells its status.
    pub(super) async fn settle(
        &self,
        around: Surroundings<'_>,
        transfer: &CreditTransfer,
        order: &PaymentOrder,
        placed: Placed,
    ) -> Result<Handled, DeskError> {
        let record = match placed {
            Placed::Recorded(record) | Placed::Signed(record) => record,
            Placed::OnLedger(parties) => {
                return self.look_up(around, transfer, order, parties).await;
            }
        };
        let bytes = codec::encode(&record.signed);
        let rejected = |code: &str, text: &str| {
            Handled::now(TransactionStatus::rejected(transfer, code, text))
        };
        Ok(match submit(around, bytes).await? {
            Outcome::Final(_, finality) => {
                let context = context(around, order, &finality, record.accepted);
                match finality.receipts().first() {
                    Some(receipt) => of_receipt(transfer, receipt, context),
                    None => Handled::waiting(transfer, Code::IN_PROCESS, UNDER_WAY),
                }
            }
            Outcome::Rejected(rejection) => rejected(rejection.iso(), rejection.explanation()),
            Outcome::Refused(error) => rejected("NARR", &error.to_string()),
            Outcome::Unknown | Outcome::Accepted(_) => {
                Handled::waiting(transfer, Code::IN_PROCESS, UNDER_WAY)
            }
            Outcome::Busy => Handled::waiting(transfer, Code::PENDING, NOT_SENT),
        })
    }

    /// The status of a payment that the ledger knows and this node did not record: its own, if the
    /// receipt is of the same payment.
    async fn look_up(
        &self,
        around: Surroundings<'_>,
        transfer: &CreditTransfer,
        order: &PaymentOrder,
        parties: Parties,
    ) -> Result<Handled, DeskError> {
        let unknown = || Ok(Handled::waiting(transfer, Code::IN_PROCESS, UNDER_WAY));
        let height = around.driver.view.latest().tip.height();
        if timeout_at(around.deadline, around.driver.view.indexed(height)).await.is_err() {
            return unknown();
        }
        let read = |store: &Store| archived(store, order);
        let Some((receipt, height, time)) = around.readers.read(around.driver, read).await? else {
            return unknown();
        };
        let is_same = match &receipt.outcome {
            ReceiptOutcome::Settled(settlement) => is_of(order, parties, settlement),
            // An order of this channel is never held.
            ReceiptOutcome::Done
            | ReceiptOutcome::Proposed(_)
            | ReceiptOutcome::Held(_)
            | ReceiptOutcome::Released(_) => false,
            ReceiptOutcome::Rejected(_) => true,
        };
        if !is_same {
            let other = Rejection::DuplicateUetr;
            let status = TransactionStatus::rejected(transfer, other.iso(), other.explanation());
            return Ok(Handled::now(status));
        }
        let decimals = decimals(around, order);
        let charger = order.debtor_institution;
        let context = Context { height, time, accepted: time, charger, decimals };
        Ok(of_receipt(transfer, &receipt, context))
    }
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

fn archived(
    store: &Store,
    order: &PaymentOrder,
) -> Result<Option<(Receipt, Height, Timestamp)>, StoreError> {
    let Some(place) = store.payment(order.uetr)? else { return Ok(None) };
    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
    let receipt = store.receipts(place.height)?.into_iter().nth(index);
    let indexed = store.block(place.height)?;
    Ok(receipt
        .zip(indexed)
        .map(|(receipt, indexed)| (receipt, place.height, indexed.block.header.time)))
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
    finality: &Finality,
    accepted: Timestamp,
) -> Context {
    Context {
        height: finality.height,
        time: finality.time,
        accepted,
        charger: order.debtor_institution,
        decimals: decimals(around, order),
    }
}

fn decimals(around: Surroundings<'_>, order: &PaymentOrder) -> Decimals {
    let latest = around.driver.view.latest();
    let asset = latest.tip.state().asset(order.transfer.debit().asset);
    asset.map_or(Decimals(0), |asset| asset.decimals)
}
