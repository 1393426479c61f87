//! What is told of a return, a recall and its answer.
//!
//! Invariants: told from the receipt, and where that has no proof, the text says so. Absent: what a
//! rejection says (see `fault`).

use api::receipt::ReceiptView;
use ledger::corrections::RecallAnswer;
use ledger::operation::Operation;

use crate::desk::{Desk, Done};
use crate::fault::Fault;
use crate::language::{Text, say};

/// Tells how a return ended, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let text = match (&done.operation, view.status.as_str()) {
        (Operation::AnswerRecall { payment, answer: RecallAnswer::Refuse { reason } }, _) => say!(
            "Refused ({reason}): nothing of payment {payment} goes back. By the node's word: there \
             is no proof of this.",
            "已拒绝（{reason}）：支付 {payment} 不予退回。仅为节点所述：此项没有证明。"
        ),
        (_, "recall-requested") => asked(&view),
        (_, _) => told(&view),
    };
    desk.session.output.result(&text, &desk.document(&done, &naming));
    desk.conclude(done)
}

/// What is told of a recall.
fn asked(view: &ReceiptView) -> Text {
    let of = |member: &Option<String>| member.clone().unwrap_or_default();
    let (amount, reason, payment) = (of(&view.amount), of(&view.iso_reason), of(&view.payment));
    say!(
        "Asked {amount} of payment {payment} back ({reason}), to be answered until {until}. By the \
         node's word: there is no proof of this.",
        "已请求退回支付 {payment} 中的 {amount}（{reason}），答复截止 {until}。仅为节点所述：此项没有证明。",
        until = of(&view.deadline)
    )
}

/// What is told of money that went back.
fn told(view: &ReceiptView) -> Text {
    let of = |member: &Option<String>| member.clone().unwrap_or_default();
    let (amount, reason, id) = (of(&view.credited), of(&view.iso_reason), of(&view.id));
    let (payment, total) = (of(&view.payment), of(&view.returned));
    say!(
        "Returned {amount} ({reason}); {total} in all of payment {payment}.   id {id}",
        "已退回 {amount}（{reason}）；支付 {payment} 共退回 {total}。   编号 {id}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use api::text::Naming;
    use ledger::corrections::Reason;
    use ledger::hash::Hash;
    use ledger::ids::{AccountId, AssetCode, InstitutionNumber, Network, Uetr};
    use ledger::limits::RulesMet;
    use ledger::money::{Amount, Decimals, Money};
    use ledger::receipt::{Outcome, Receipt, Reversal};

    #[test]
    fn returns_read_well_in_both_languages() {
        let asset = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(asset, Decimals(2))].into() };
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let outcome = Outcome::Returned(Reversal {
            payment: Uetr::from_entropy([2; 16]),
            from: account(2),
            to: account(1),
            amount: Money::new(Amount(4_000), asset),
            reason: Reason::parse("AC04").unwrap(),
            total: Amount(6_000),
            credited: Amount(10_000),
        });
        let uetr = Some(Uetr::from_entropy([1; 16]));
        let receipt = Receipt {
            transaction: Hash::ZERO,
            operation: 0,
            uetr,
            outcome,
            rules: RulesMet::default(),
        };
        let told = told(&ReceiptView::new(&receipt, None, &naming));
        let english = "Returned 40.00 CNY (AC04); 60.00 CNY in all of payment 02020202-";
        assert!(told.english().starts_with(english), "{}", told.english());
        let chinese = told.of(Language::Chinese);
        assert!(chinese.starts_with("已退回 40.00 CNY（AC04）；支付 02020202-"), "{chinese}");
    }
}
