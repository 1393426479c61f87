//! Returns: what a pacs.004 orders, each with the proof of its payment.
//!
//! Invariants: a return is ordered by the institution that services the payee's account. Absent:
//! how a correction is ordered once (see `correcting`).

use iso20022::pacs002::{StatusReport, TransactionStatus};
use iso20022::pacs004::{PaymentReturn, ReturnMessage, ReturnOrder};
use iso20022::pacs008::{CreditTransfer, OriginalGroup};
use iso20022::{ApplicationHeader, Refusal};
use ledger::money::Decimals;

use super::answer::{Context, Handled, of_receipt};
use super::correcting::{Correction, Ended, What};
use super::placing::{Reason, Source};
use super::{Desk, DeskError, Reception, Surroundings, report};

impl Desk {
    /// Returns what a message orders to, and tells what became of it.
    pub(super) async fn give_back(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        message: &ReturnMessage,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let (domains, group) = (state.domains(), &message.group);
        let judge = |back: &PaymentReturn| back.order(domains, &group.message_id, decimals);
        let judged: Vec<_> = message.returns.iter().map(judge).collect();
        let source = Source::new(domains, group, bytes);
        let ended = self.correct_all(around, &source, &judged, returning).await?;
        let Some(ended) = ended else { return Ok(Reception::Foreign) };
        let payments = message.returns.iter().map(|back| &back.payment);
        Ok(told(bytes, group, message.application.as_ref(), payments.zip(ended)))
    }
}

fn returning(order: &ReturnOrder) -> Correction<'_> {
    let (amount, reason, day) = (order.amount, order.reason, order.settlement_date.clone());
    let what = What::Return { amount, reason, day };
    Correction { key: order.uetr, payment: order.payment, private: &order.private, what }
}

/// The answer to a message of corrections: what became of each, and of which payment it is.
pub(super) fn told<'a>(
    bytes: &[u8],
    group: &OriginalGroup,
    application: Option<&ApplicationHeader>,
    ended: impl Iterator<Item = (&'a CreditTransfer, Result<Ended, &'a [Refusal]>)>,
) -> Reception {
    let handled = ended.map(|(payment, ended)| match ended {
        Ok(ended) => of_ended(payment, ended),
        Err(refusals) => Handled::now(TransactionStatus::refused(payment, refusals)),
    });
    let answer = |id, created, statuses| StatusReport::answer(group, id, created, statuses);
    report(bytes, application, handled.collect(), answer)
}

/// The status of a payment by what became of its correction.
fn of_ended(payment: &CreditTransfer, ended: Ended) -> Handled {
    match ended {
        Ended::Final { archived, accepted, .. } => {
            let context = Context {
                height: archived.height,
                time: archived.time,
                accepted,
                charger: None,
                decimals: Decimals(0),
            };
            of_receipt(payment, &archived.receipt, context)
        }
        Ended::Refused(Reason { code, text }) => {
            Handled::now(TransactionStatus::rejected(payment, code, text))
        }
        Ended::Waiting(code, text) => Handled::waiting(payment, code, text),
    }
}
