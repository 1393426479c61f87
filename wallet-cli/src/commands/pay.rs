//! `feiqian pay`: a payment, in one currency or across two; or all rows of a file.
//!
//! Invariants: an order that an earlier command left unfinished is gone on with; under an id that
//! the orderer chose there is one payment for ever. Absent: sending (`desk`).

pub(crate) mod batch;
mod consent;
pub(super) mod draft;
pub(super) mod identified;
pub(super) mod order;
pub(super) mod quote;
mod rehearsal;

use ledger::operation::Operation;
use ledger::receipt::Outcome;
use serde::Serialize;

use crate::cli::Pay;
use crate::code::{Code, Own};
use crate::desk::{Desk, Done, DoneDocument};
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::outbox::{Entry, Outcome as Archived};
use crate::session::Session;

use super::{approve, corrections, hold, queue};
use order::Order;

/// What is said of a payment that settled.
struct Paid<'a> {
    amount: &'a str,
    payee: &'a str,
    /// What the payee received, if that is something else.
    received: Option<&'a str>,
    /// The rate of the exchange, if there was one.
    rate: Option<&'a str>,
    fee: &'a str,
    id: &'a str,
}

impl Paid<'_> {
    fn text(&self) -> Text {
        let Self { amount, payee, received, rate, fee, id } = self;
        let received = match received {
            Some(money) => say!(", who received {money}", "，对方收到 {money}"),
            None => Text::default(),
        };
        let rate = match rate {
            Some(rate) => say!("rate {rate}, ", "汇率 {rate}，"),
            None => Text::default(),
        };
        say!(
            "Paid {amount} to {payee}{received} ({rate}fee {fee}).   id {id}",
            "已向 {payee} 支付 {amount}{received}（{rate}手续费 {fee}）。   编号 {id}";
            received = received, rate = rate
        )
    }
}

#[derive(Serialize)]
struct PaidDocument {
    #[serde(flatten)]
    done: DoneDocument,
    amount: String,
}

pub(super) fn run(session: &Session, command: &Pay) -> Result<(), Fault> {
    if let Some(id) = &command.resume {
        return resume(&Desk::open(session)?, id);
    }
    if let Some(file) = &command.file {
        return batch::run(session, command, file);
    }
    let (Some(payee), Some(amount)) = (&command.payee, &command.amount) else {
        let why = say!("It is not said what to pay to whom.", "未说明向谁付多少。");
        let hint = say!("Add PAYEE and AMOUNT.", "请加上 PAYEE 和 AMOUNT。");
        return Err(Fault::usage(Own::MissingFlag, why, hint));
    };
    order::canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let order = Order::of(&desk, command, payee, amount)?;
    if command.dry_run {
        return rehearsal::run(&desk, order, &command.key);
    }
    pay(&desk, order, &command.key)
}

/// Goes on with what an earlier command left of a payment: sending it, or handing its note over.
fn resume(desk: &Desk<'_>, id: &str) -> Result<(), Fault> {
    let outbox = desk.session.outbox();
    let unfinished = match outbox.resume(id) {
        Ok(held) => return report(desk, desk.deliver(held)?),
        Err(fault) if fault.code == Code::Own(Own::NotInOutbox) => fault,
        Err(fault) => return Err(fault),
    };
    let owes = |entry: &Entry| {
        entry.note_handed_over() == Some(false)
            && entry.chain_id == desk.chain.text()
            && entry.outcome.as_ref().is_some_and(Archived::is_carried_out)
    };
    let Some(mut entry) = outbox.archived(id)?.filter(owes) else { return Err(unfinished) };
    desk.hand_over(&mut entry)?;
    desk.session.output.step(&say!("note", "附言"));
    let done = desk.recall(&entry).ok_or_else(|| proof_does_not_hold(&entry.id))?;
    report(desk, done)
}

/// What is kept of a payment is damaged.
fn proof_does_not_hold(id: &str) -> Fault {
    Fault::internal(say!(
        "The proof that is kept of the payment {id} does not hold.",
        "所保存的支付 {id} 的证明不成立。"
    ))
}

/// Pays what was ordered, or goes on with what an earlier command left of it, and tells the end.
///
/// # Errors
/// Before anything is sent: what is wrong with the order, exit 2 to 5. After: see
/// [`Desk::deliver`].
pub(super) fn pay(desk: &Desk<'_>, order: Order, keys: &[String]) -> Result<(), Fault> {
    let text = order.text(desk.chain.network)?;
    let done = match order.id {
        Some(id) => identified::pay(desk, &id.to_string(), Some(&text), || {
            draft::pay(desk, order, id, keys)
        })?,
        None => match desk.unfinished(&text)? {
            Some(held) => desk.deliver(held)?,
            None => draft::pay(desk, order, draft::fresh_uetr()?, keys)?,
        },
    };
    report(desk, done)
}

/// Tells how the payment ended, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`]; exit 4 if it waits for approvals, a review or funds.
pub(super) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let outcome = &done.ended.receipt.outcome;
    if matches!(outcome, Outcome::AwaitingApproval(_) | Outcome::AwaitingReview(_))
        && matches!(done.operation, Operation::Pay(_))
    {
        return approve::report::waits(desk, done);
    }
    if matches!(done.ended.receipt.outcome, Outcome::Queued(_))
        && matches!(done.operation, Operation::Queue(_))
    {
        return queue::report::waits(desk, done);
    }
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let ordered = match &done.operation {
        Operation::Pay(pay) => pay.amount,
        Operation::Queue(queue) => queue.pay.amount,
        Operation::PayAcross(pay) => pay.sell,
        Operation::Issue { amount, .. } | Operation::Redeem { amount, .. } => *amount,
        Operation::Hold(_) | Operation::Capture { .. } | Operation::Release { .. } => {
            return hold::report(desk, done);
        }
        Operation::Return(_) | Operation::RequestRecall(_) | Operation::AnswerRecall { .. } => {
            return corrections::report(desk, done);
        }
        Operation::Prioritise { .. } => return queue::report::report(desk, done),
        Operation::Approve { .. } | Operation::Refuse { .. } => {
            return approve::report::report(desk, done);
        }
        Operation::RegisterAsset { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => {
            let document = desk.document(&done, &naming);
            desk.session.output.result(&say!("Done.", "已完成。"), &document);
            return desk.conclude(done);
        }
    };
    let amount = naming.money(ordered);
    let payee = done.entry.payee.clone().or(view.to.clone()).unwrap_or_default();
    let rate = view.rate();
    let credited = view.credited.unwrap_or_default();
    let paid = Paid {
        amount: &amount,
        payee: &payee,
        received: (credited != amount).then_some(credited.as_str()),
        rate: rate.as_deref(),
        fee: view.fee.as_deref().unwrap_or_default(),
        id: &done.entry.id,
    };
    let text = paid.text();
    let document = PaidDocument { done: desk.document(&done, &naming), amount };
    desk.session.output.result(&text, &document);
    desk.conclude(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_payment_reads_well_in_both_languages() {
        let plain = Paid {
            amount: "25.00 CNY",
            payee: "lee",
            received: None,
            rate: None,
            fee: "0.00 CNY",
            id: "7f0c",
        };
        let across = Paid { received: Some("27.13 HKD"), rate: Some("1.085"), ..plain };
        for (paid, english, chinese) in [
            (
                &plain,
                "Paid 25.00 CNY to lee (fee 0.00 CNY).   id 7f0c",
                "已向 lee 支付 25.00 CNY（手续费 0.00 CNY）。   编号 7f0c",
            ),
            (
                &across,
                "Paid 25.00 CNY to lee, who received 27.13 HKD (rate 1.085, fee 0.00 CNY).   \
                 id 7f0c",
                "已向 lee 支付 25.00 CNY，对方收到 27.13 HKD（汇率 1.085，手续费 0.00 CNY）。   \
                 编号 7f0c",
            ),
        ] {
            let text = paid.text();
            assert_eq!(text.english(), english);
            assert_eq!(text.of(Language::Chinese), chinese);
        }
    }
}
