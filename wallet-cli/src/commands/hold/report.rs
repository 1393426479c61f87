//! What is told of a hold, a capture and a release.
//!
//! Invariants: told from the proven receipt alone. Absent: what a refusal says (see `fault`).

use api::receipt::ReceiptView;

use crate::desk::{Desk, Done};
use crate::fault::Fault;
use crate::language::{Text, say};

/// Tells how an order of this kind ended, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let text = told(&view, done.entry.payee.as_deref());
    desk.session.output.result(&text, &desk.document(&done, &naming));
    desk.conclude(done)
}

/// One line for people. `payee` is what the payee was called.
fn told(view: &ReceiptView, payee: Option<&str>) -> Text {
    let of = |member: &Option<String>| member.clone().unwrap_or_default();
    let (held, fee, id) = (of(&view.held), of(&view.fee), of(&view.id));
    match view.status.as_str() {
        "held" => say!(
            "Held {held} for {payee}, who can capture up to {amount} until {until}.   id {id}",
            "已为 {payee} 预授权 {held}，截至 {until} 最多可请款 {amount}。   编号 {id}",
            payee = payee.map_or_else(|| of(&view.to), str::to_owned),
            amount = of(&view.amount),
            until = of(&view.deadline)
        ),
        "released" if view.held.is_none() => say!(
            "Released: nothing was held, and nothing was paid.   id {id}",
            "已撤销：未冻结资金，也未付款。   编号 {id}"
        ),
        "released" => say!(
            "Released {held}: they are the payer's again.   id {id}",
            "已撤销预授权 {held}，资金归还付款人。   编号 {id}"
        ),
        _ => say!(
            "Captured {credited} (fee {fee}).   id {id}",
            "已请款 {credited}（手续费 {fee}）。   编号 {id}",
            credited = of(&view.credited)
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
    use ledger::receipt::{Held, Outcome, Receipt, Released};
    use ledger::waiting::Awaits;

    #[test]
    fn holds_read_well_in_both_languages() {
        let asset = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(asset, Decimals(2))].into() };
        let money = |amount| Money::new(Amount(amount), asset);
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let (from, to) = (account(1), account(2));
        let held = Outcome::Held(Held {
            from,
            to,
            amount: money(10_000),
            held: money(10_150),
            most_charges: Amount(150),
            awaits: Awaits::Capture,
            deadline: Timestamp(1_795_294_500_123),
            remittance: Hash::ZERO,
        });
        let released = Outcome::Released(Released { from, to, released: money(10_150) });
        for (outcome, english, chinese) in [
            (
                held,
                "Held 101.50 CNY for lee, who can capture up to 100.00 CNY until \
                 2026-11-21T20:55:00.123Z.",
                "已为 lee 预授权 101.50 CNY，截至 2026-11-21T20:55:00.123Z 最多可请款 100.00 CNY。",
            ),
            (
                released,
                "Released 101.50 CNY: they are the payer's again.",
                "已撤销预授权 101.50 CNY，资金归还付款人。",
            ),
        ] {
            let uetr = Some(Uetr::from_entropy([1; 16]));
            let rules = RulesMet::default();
            let receipt = Receipt { transaction: Hash::ZERO, operation: 0, uetr, outcome, rules };
            let told = told(&ReceiptView::new(&receipt, None, &naming), Some("lee"));
            assert!(told.english().starts_with(english), "{}", told.english());
            let found = told.of(Language::Chinese);
            assert!(found.starts_with(chinese), "{found}");
        }
    }
}
