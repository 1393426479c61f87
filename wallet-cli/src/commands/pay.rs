//! `feiqian pay`: a payment, in one currency or across two.
//!
//! Invariants: the order's text depends on what was ordered alone (payer, payee, amount, asset,
//! note), so that the same command finds the payment that an earlier one left unfinished. Absent:
//! sending (`desk`).

mod draft;
mod quote;

use ledger::ids::AssetCode;
use ledger::money::{Decimals, Money, ParseMoneyError};
use ledger::operation::Operation;
use serde::Serialize;

use crate::cli::Pay;
use crate::desk::{self, Desk, Done, DoneDocument};
use crate::fault::Fault;
use crate::names::Written;
use crate::session::Session;

/// A payment as it was ordered, understood without any node.
struct Order {
    from: Written,
    to: Written,
    /// The amount as it was written.
    amount: String,
    to_asset: Option<AssetCode>,
    /// The order in one text.
    text: String,
}

#[derive(Serialize)]
struct PaidDocument {
    #[serde(flatten)]
    done: DoneDocument,
    amount: String,
}

pub(super) fn run(session: &Session, command: &Pay) -> Result<(), Fault> {
    if let Some(id) = &command.resume {
        let desk = Desk::open(session)?;
        let held = session.outbox().resume(id)?;
        return report(&desk, &desk.deliver(held)?);
    }
    let (Some(payee), Some(amount)) = (&command.payee, &command.amount) else {
        return Err(Fault::missing("PAYEE and AMOUNT", "It is not said what to pay to whom."));
    };
    let canonical = canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let from = command
        .from
        .as_ref()
        .or(desk.profile.from.as_ref())
        .ok_or_else(|| Fault::missing("--from ACCOUNT", "It is not said who pays."))?;
    let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
    let (from, to) = (parse(from)?, parse(payee)?);
    let to_asset = command.to_asset.as_deref().map(desk::asset).transpose()?;
    let text = order_text(&desk, &from, &to, &canonical, to_asset, command.note.as_deref());
    let order = Order { from, to, amount: amount.clone(), to_asset, text };
    let done = match desk.unfinished(&order.text)? {
        Some(held) => desk.deliver(held)?,
        None => draft::pay(&desk, command, order)?,
    };
    report(&desk, &done)
}

fn order_text(
    desk: &Desk<'_>,
    from: &Written,
    to: &Written,
    amount: &str,
    to_asset: Option<AssetCode>,
    note: Option<&str>,
) -> String {
    let network = desk.chain.network;
    let (from, to) = (from.canonical(network), to.canonical(network));
    let across = to_asset.map(|asset| format!(" as {asset}")).unwrap_or_default();
    let note = note.map(|note| format!(" note {note:?}")).unwrap_or_default();
    format!("pay {amount} from {from} to {to}{across}{note}")
}

/// An amount in one text however it was written (`1,000.5 CNY` and `1000.50 CNY`), without a node:
/// what is no currency may be points, whose decimals are not known yet.
fn canonical_amount(text: &str) -> Result<String, Fault> {
    let most = Decimals::MAXIMUM;
    match Money::parse(text, Decimals::of_currency) {
        Ok(_) | Err(ParseMoneyError::UnknownAsset { .. }) => {
            Ok(Money::parse(text, |_| Some(most))?.text(most))
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells how the payment ended.
fn report(desk: &Desk<'_>, done: &Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(done, &naming);
    let ordered = match &done.operation {
        Operation::Pay(pay) => pay.amount,
        Operation::PayAcross(pay) => pay.sell,
        Operation::Issue { amount, .. } | Operation::Redeem { amount, .. } => *amount,
        Operation::RegisterAsset { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => {
            desk.session.output.result("Done.", &desk.document(done, &naming));
            return Ok(());
        }
    };
    let amount = naming.money(ordered);
    let payee = done.entry.payee.clone().or(view.to).unwrap_or_default();
    let credited = view.credited.unwrap_or_default();
    let received =
        if credited == amount { String::new() } else { format!(", who received {credited}") };
    let rate = view.exchange.map(|exchange| format!("rate {}, ", exchange.rate));
    let text = format!(
        "Paid {amount} to {payee}{received} ({}fee {}).   id {}",
        rate.unwrap_or_default(),
        view.fee.unwrap_or_default(),
        done.entry.id
    );
    let document = PaidDocument { done: desk.document(done, &naming), amount };
    desk.session.output.result(text, &document);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_amount_has_the_same_text() {
        for (text, expected) in [
            ("25.00 CNY", Ok("25.000000000 CNY")),
            ("25 CNY", Ok("25.000000000 CNY")),
            ("1,000.5 CNY", Ok("1000.500000000 CNY")),
            ("7.125 MILES", Ok("7.125000000 MILES")),
            ("25", Err("amount-without-asset")),
            ("25.001 CNY", Err("amount-too-precise")),
            ("-1.00 CNY", Err("amount-malformed")),
            ("1e3 CNY", Err("amount-malformed")),
            ("1.0 cny", Err("bad-asset-code")),
        ] {
            let found = canonical_amount(text).map_err(|fault| fault.code);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
