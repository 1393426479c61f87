//! What is told of a payment that waits for approvals or a review, of an approval and of a refusal.
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
use crate::reviewing;

/// Tells how an approval or a refusal ended, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    desk.session.output.result(&answered(&view), &desk.document(&done, &naming));
    desk.conclude(done)
}

/// Tells that a payment waits, ends its order, and says that approval is needed.
///
/// # Errors
/// Exit 4: the payment is not made yet.
pub(crate) fn waits(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    if done.is_resumed
        && let Some(ended) = later(desk, &done)
    {
        payment::show(desk.session, &done.entry.id)?;
        desk.conclude(done)?;
        return ended;
    }
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let text = ordered(&view, done.entry.payee.as_deref());
    desk.session.output.result(&text, &desk.document(&done, &naming));
    let id = done.entry.id.clone();
    desk.conclude(done)?;
    Err(needed(&view).about(&id))
}

/// What became of a payment that an earlier command left waiting, if it no longer waits: well if it
/// was paid.
fn later(desk: &Desk<'_>, done: &Done) -> Option<Result<(), Fault>> {
    let (_, verdict) = proof::find(desk, &done.entry.id).ok()?;
    let Proven::Payment(receipt) = verdict.proven else { return None };
    if receipt.outcome.waits().is_some() {
        return None;
    }
    let is_paid = matches!(receipt.outcome, Outcome::Settled(_));
    Some(if is_paid { Ok(()) } else { Err(turned_down().about(&done.entry.id)) })
}

fn turned_down() -> Fault {
    let detail = say!(
        "The payment was refused, or taken back. Nothing was paid.",
        "该笔支付已被拒绝或撤回。未付款。"
    );
    let hint = say!("Order it anew if it is to be paid.", "如仍须付款，请重新下达。");
    Fault::new(Exit::Rejected, Own::TurnedDown, detail, hint)
}

/// Approvals that are there, and those that are needed.
fn counts(view: &ReceiptView) -> (usize, u8) {
    view.approvals.as_ref().map_or((0, 0), |has| (has.given.len(), has.needed))
}

fn of(member: Option<&String>) -> String {
    member.cloned().unwrap_or_default()
}

/// One line about a payment that waits.
fn ordered(view: &ReceiptView, payee: Option<&str>) -> Text {
    if let Some(review) = &view.review {
        return say!(
            "Not paid yet: {amount} to {payee} waits for the review of {bank} until {until}; \
             {held} are held.   id {id}",
            "尚未付款：向 {payee} 支付 {amount} 等待{bank}审查，最晚至 {until}；已冻结 {held}。   \
             编号 {id}",
            amount = of(view.amount.as_ref()),
            payee = payee.map_or_else(|| of(view.to.as_ref()), str::to_owned),
            until = of(view.deadline.as_ref()),
            held = of(view.held.as_ref()),
            id = of(view.id.as_ref());
            bank = reviewing::bank(&review.side)
        );
    }
    let (given, needed) = counts(view);
    say!(
        "Not paid yet: {amount} to {payee} has {given} of {needed} approvals, and waits for the \
         others until {until}; {held} are held.   id {id}",
        "尚未付款：向 {payee} 支付 {amount} 已获 {given}/{needed} 项批准，等待至 {until}；\
         已冻结 {held}。   编号 {id}",
        amount = of(view.amount.as_ref()),
        payee = payee.map_or_else(|| of(view.to.as_ref()), str::to_owned),
        until = of(view.deadline.as_ref()),
        held = of(view.held.as_ref()),
        id = of(view.id.as_ref())
    )
}

fn needed(view: &ReceiptView) -> Fault {
    if let Some(review) = &view.review {
        let detail = say!(
            "The payment waits for the review of {bank}.",
            "该笔支付等待{bank}审查。";
            bank = reviewing::bank(&review.side)
        );
        let hint = say!(
            "Nothing is to be done here. The bank answers with: feiqian approve {id}",
            "此处无须操作。该银行执行：feiqian approve {id}",
            id = of(view.id.as_ref())
        );
        return Fault::new(Exit::NotPermitted, Own::AwaitingReview, detail, hint);
    }
    let (given, needed) = counts(view);
    let detail = say!(
        "The payment has {given} of {needed} approvals.",
        "该笔支付已获 {given}/{needed} 项批准。"
    );
    let hint = say!(
        "Its approvers give theirs with: feiqian approve {id}",
        "请批准人执行：feiqian approve {id}",
        id = of(view.id.as_ref())
    );
    Fault::new(Exit::NotPermitted, Own::AwaitingApproval, detail, hint)
}

/// One line about an approval or a refusal.
fn answered(view: &ReceiptView) -> Text {
    let id = of(view.id.as_ref());
    let held = of(view.held.as_ref());
    match view.status.as_str() {
        "awaiting-approval" => {
            let (given, needed) = counts(view);
            say!(
                "Approved: {given} of {needed} approvals are there, and the others can be given \
                 until {until}.   id {id}",
                "已批准：已获 {given}/{needed} 项批准，其余须在 {until} 前作出。   编号 {id}",
                until = of(view.deadline.as_ref())
            )
        }
        "awaiting-review" => {
            let review = view.review.as_ref();
            let side = review.map(|review| review.side.as_str()).unwrap_or_default();
            say!(
                "Approved; the review of {bank} is awaited, until {until}.   id {id}",
                "已批准；等待{bank}审查，最晚至 {until}。   编号 {id}",
                until = of(view.deadline.as_ref());
                bank = reviewing::bank(side)
            )
        }
        "refused" => say!(
            "Refused as {reason} ({iso}): {held} are the payer's again.   id {id}",
            "已拒绝（{reason}，{iso}）：{held} 归还付款人。   编号 {id}",
            reason = of(view.reason.as_ref()),
            iso = of(view.iso_reason.as_ref())
        ),
        _ => say!(
            "Approved and paid: {credited} to {to} (fee {fee}).   id {id}",
            "已批准并支付：{to} 收到 {credited}（手续费 {fee}）。   编号 {id}",
            credited = of(view.credited.as_ref()),
            to = of(view.to.as_ref()),
            fee = of(view.fee.as_ref())
        ),
    }
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
    use ledger::receipt::{Held, Receipt, Refused};
    use ledger::waiting::{Approvals, Awaits, OrderHash, Refusal, Review, Reviewers};

    #[test]
    fn waits_and_answers_read_well_in_both_languages() {
        let asset = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(asset, Decimals(2))].into() };
        let money = |amount| Money::new(Amount(amount), asset);
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let (from, to) = (account(1), account(2));
        let awaits = Awaits::Approval(Approvals {
            order: OrderHash(Hash::ZERO),
            needed: 2,
            makers: vec![],
            given: vec![],
            reviewers: Reviewers::default(),
        });
        let awaiting = Outcome::AwaitingApproval(Held {
            from,
            to,
            amount: money(10_000),
            held: money(10_150),
            most_charges: Amount(150),
            awaits,
            deadline: Timestamp(1_795_294_500_123),
            remittance: Hash::ZERO,
        });
        let reason = Refusal::Fraud;
        let (released, reviewer) = (money(10_150), None);
        let refused = Outcome::Refused(Refused { from, to, released, reason, reviewer });
        let Outcome::AwaitingApproval(held) = &awaiting else { panic!("it waits") };
        let review = Awaits::Review(Review {
            order: OrderHash(Hash::ZERO),
            reviewer: InstitutionNumber(2),
            later: Reviewers::default(),
            spent: vec![],
            given: vec![],
        });
        let in_review = Outcome::AwaitingReview(Held { awaits: review, ..held.clone() });
        let view = |outcome| {
            let uetr = Some(Uetr::from_entropy([1; 16]));
            let rules = RulesMet::default();
            let receipt = Receipt { transaction: Hash::ZERO, operation: 0, uetr, outcome, rules };
            ReceiptView::new(&receipt, None, &naming)
        };
        for (told, english, chinese) in [
            (
                ordered(&view(awaiting.clone()), Some("lee")),
                "Not paid yet: 100.00 CNY to lee has 0 of 2 approvals, and waits for the others \
                 until 2026-11-21T20:55:00.123Z; 101.50 CNY are held.",
                "尚未付款：向 lee 支付 100.00 CNY 已获 0/2 项批准，",
            ),
            (
                answered(&view(awaiting)),
                "Approved: 0 of 2 approvals are there, and the others can be given until",
                "已批准：已获 0/2 项批准，其余须在 2026-11-21T20:55:00.123Z 前作出。",
            ),
            (
                ordered(&view(in_review.clone()), Some("lee")),
                "Not paid yet: 100.00 CNY to lee waits for the review of the payee's bank until",
                "尚未付款：向 lee 支付 100.00 CNY 等待收款行审查，",
            ),
            (
                answered(&view(in_review)),
                "Approved; the review of the payee's bank is awaited, until",
                "已批准；等待收款行审查，",
            ),
            (
                answered(&view(refused)),
                "Refused as fraud (FR01): 101.50 CNY are the payer's again.",
                "已拒绝（fraud，FR01）：101.50 CNY 归还付款人。",
            ),
        ] {
            assert!(told.english().starts_with(english), "{}", told.english());
            let found = told.of(Language::Chinese);
            assert!(found.starts_with(chinese), "{found}");
        }
    }
}
