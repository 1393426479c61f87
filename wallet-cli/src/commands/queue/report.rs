//! What is told of a payment that waits for funds, of its new priority and of its cancellation.
//!
//! Invariants: told from the proven receipt alone. Absent: what a rejection says (see `fault`).

use api::receipt::ReceiptView;
use ledger::proof::Proven;
use ledger::receipt::Outcome;

use crate::code::Own;
use crate::commands::{payment, proof};
use crate::desk::{Desk, Done};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::protocol;

/// Tells that a payment waits for funds, ends its order, and says that it is not made yet; or what
/// became of it, if it no longer waits: its own block may have settled it.
///
/// # Errors
/// Exit 4: the payment is not made yet. Exit 3: it was taken out of the queue.
pub(crate) fn waits(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let id = done.entry.id.clone();
    if let Some(ended) = later(desk, &id) {
        payment::show(desk.session, &id)?;
        desk.conclude(done)?;
        return ended;
    }
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let text = ordered(&view, done.entry.payee.as_deref());
    desk.session.output.result(&text, &desk.document(&done, &naming));
    desk.conclude(done)?;
    Err(unfunded().about(&id))
}

/// What became of the payment if it no longer waits: well if it was paid.
fn later(desk: &Desk<'_>, id: &str) -> Option<Result<(), Fault>> {
    let (_, verdict) = proof::find(desk, id).ok()?;
    let Proven::Payment(receipt) = verdict.proven else { return None };
    if receipt.outcome.waits().is_some() {
        return None;
    }
    let is_paid = matches!(receipt.outcome, Outcome::Settled(_));
    Some(if is_paid { Ok(()) } else { Err(cancelled().about(id)) })
}

/// Tells how a new priority or a cancellation ended, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    desk.session.output.result(&changed(&view), &desk.document(&done, &naming));
    desk.conclude(done)
}

fn of(member: Option<&String>) -> String {
    member.cloned().unwrap_or_default()
}

/// One line about a payment that waits.
fn ordered(view: &ReceiptView, payee: Option<&str>) -> Text {
    say!(
        "Not paid yet: {amount} to {payee} waits for funds until {until}, {priority}. Nothing is \
         held.   id {id}",
        "尚未付款：向 {payee} 支付 {amount} 正在等待资金，截至 {until}，优先级 {priority}。未冻结资金。   \
         编号 {id}",
        amount = of(view.amount.as_ref()),
        payee = payee.map_or_else(|| of(view.to.as_ref()), str::to_owned),
        until = of(view.deadline.as_ref()),
        id = of(view.id.as_ref());
        priority = priority(view)
    )
}

fn priority(view: &ReceiptView) -> Text {
    protocol::word(view.priority.as_deref().unwrap_or_default())
}

/// One line about what changed.
fn changed(view: &ReceiptView) -> Text {
    let id = of(view.id.as_ref());
    if view.status == "queued" {
        return say!(
            "Moved: the payment waits as the last of its priority, {priority}.   id {id}",
            "已调整：该笔支付排在优先级 {priority} 的最后。   编号 {id}";
            priority = priority(view)
        );
    }
    say!(
        "Cancelled: the payment waits no longer and is not paid.   id {id}",
        "已取消：该笔支付不再等待，未付款。   编号 {id}"
    )
}

fn unfunded() -> Fault {
    let detail = say!("The payment waits for funds.", "该笔支付正在等待资金。");
    let hint = say!(
        "It settles by itself; feiqian queue list shows what comes before it.",
        "资金到位后自动结算；其前的支付见 feiqian queue list。"
    );
    Fault::new(Exit::NotPermitted, Own::AwaitingFunds, detail, hint)
}

fn cancelled() -> Fault {
    let detail = say!(
        "The payment was taken out of its queue. Nothing was paid.",
        "该笔支付已撤出队列。未付款。"
    );
    let hint = say!("Order it anew if it is to be paid.", "如仍须付款，请重新下达。");
    Fault::new(Exit::Rejected, Own::TurnedDown, detail, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use api::text::Naming;
    use ledger::hash::Hash;
    use ledger::ids::{AccountId, AssetCode, InstitutionNumber, Network, Timestamp, Uetr};
    use ledger::limits::RulesMet;
    use ledger::money::{Amount, Decimals, Money};
    use ledger::receipt::{Held, Receipt, Released};
    use ledger::waiting::{Awaits, Priority, QueuePlace};

    #[test]
    fn what_waits_for_funds_reads_well_in_both_languages() {
        let asset = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(asset, Decimals(2))].into() };
        let money = |amount| Money::new(Amount(amount), asset);
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let (from, to) = (account(1), account(2));
        let queued = Outcome::Queued(Held {
            from,
            to,
            amount: money(10_000),
            held: money(0),
            most_charges: Amount(150),
            awaits: Awaits::Funds(QueuePlace { priority: Priority::High, number: 1 }),
            deadline: Timestamp(1_795_294_500_123),
            remittance: Hash::ZERO,
        });
        let released = Outcome::Released(Released { from, to, released: money(0) });
        let view = |outcome| {
            let uetr = Some(Uetr::from_entropy([1; 16]));
            let rules = RulesMet::default();
            let receipt = Receipt { transaction: Hash::ZERO, operation: 0, uetr, outcome, rules };
            ReceiptView::new(&receipt, None, &naming)
        };
        for (told, english, chinese) in [
            (
                ordered(&view(queued.clone()), Some("lee")),
                "Not paid yet: 100.00 CNY to lee waits for funds until \
                 2026-11-21T20:55:00.123Z, high. Nothing is held.",
                "尚未付款：向 lee 支付 100.00 CNY 正在等待资金，截至 2026-11-21T20:55:00.123Z，优先级 高。",
            ),
            (
                changed(&view(queued)),
                "Moved: the payment waits as the last of its priority, high.",
                "已调整：该笔支付排在优先级 高 的最后。",
            ),
            (
                changed(&view(released)),
                "Cancelled: the payment waits no longer and is not paid.",
                "已取消：该笔支付不再等待，未付款。",
            ),
        ] {
            assert!(told.english().starts_with(english), "{}", told.english());
            let found = told.of(Language::Chinese);
            assert!(found.starts_with(chinese), "{found}");
        }
    }
}
