//! Returns: what a pacs.004 orders, each with the proof of its payment.
//!
//! Invariants: a return is ordered by the institution that services the payee's account. Absent:
//! how a correction is ordered once (see `correcting`).

use iso20022::pacs002::{Code, StatusReport, TransactionStatus};
use iso20022::pacs004::ReturnMessage;
use iso20022::pacs008::CreditTransfer;
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
        let judged = message.returns.iter();
        let judged = judged.map(|back| (back, back.order(domains, &group.message_id, decimals)));
        let judged: Vec<_> = judged.collect();
        let source = Source::new(domains, group, bytes);
        let orders = judged.iter().filter_map(|(_, order)| order.as_ref().ok());
        let corrections = orders.map(|order| Correction {
            key: order.uetr,
            payment: order.payment,
            private: &order.private,
            what: What::Return {
                amount: order.amount,
                reason: order.reason,
                day: order.settlement_date.clone(),
            },
        });
        let corrections: Vec<_> = corrections.collect();
        let ended = self.correct(around, &source, &corrections).await?;
        if are_foreign(&ended, judged.len()) {
            return Ok(Reception::Foreign);
        }
        let mut ended = ended.into_iter();
        let handled = judged.iter().map(|(back, order)| {
            let ended = order.as_ref().map(|_| ended.next());
            let refused = |refusals| TransactionStatus::refused(&back.payment, refusals);
            ended.map_or_else(
                |refusals| Handled::now(refused(refusals)),
                |ended| of_ended(&back.payment, ended),
            )
        });
        let handled = handled.collect();
        let answer = |id, created, statuses| StatusReport::answer(group, id, created, statuses);
        Ok(report(bytes, message.application.as_ref(), handled, answer))
    }
}

/// True if all that a message orders, `count` corrections, is other institutions'.
pub(super) fn are_foreign(ended: &[Ended], count: usize) -> bool {
    count > 0 && ended.len() == count && ended.iter().all(Ended::is_foreign)
}

/// The status of a payment by what became of its correction.
pub(super) fn of_ended(payment: &CreditTransfer, ended: Option<Ended>) -> Handled {
    match ended {
        Some(Ended::Final { archived, accepted, .. }) => {
            let context = Context {
                height: archived.height,
                time: archived.time,
                accepted,
                charger: None,
                decimals: Decimals(0),
            };
            of_receipt(payment, &archived.receipt, context)
        }
        Some(Ended::Refused(Reason { code, text })) => {
            Handled::now(TransactionStatus::rejected(payment, code, text))
        }
        Some(Ended::Waiting(code, text)) => Handled::waiting(payment, code, text),
        None => Handled::waiting(payment, Code::PENDING, "It was not worked on."),
    }
}
