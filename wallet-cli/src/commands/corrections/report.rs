//! What is told of a return.
//!
//! Invariants: told from the proven receipt alone. Absent: what a refusal says (see `fault`).

use api::receipt::ReceiptView;

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
    desk.session.output.result(&told(&view), &desk.document(&done, &naming));
    desk.conclude(done)
}

/// One line for people.
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
        let receipt = Receipt { transaction: Hash::ZERO, operation: 0, uetr, outcome };
        let told = told(&ReceiptView::new(&receipt, None, &naming));
        let english = "Returned 40.00 CNY (AC04); 60.00 CNY in all of payment 02020202-";
        assert!(told.english().starts_with(english), "{}", told.english());
        let chinese = told.of(Language::Chinese);
        assert!(chinese.starts_with("已退回 40.00 CNY（AC04）；支付 02020202-"), "{chinese}");
    }
}
