//! The payer's consent: what is shown, and what has to be typed, before anything is signed.
//!
//! Invariants: the addresses are shown in full, with the address book's names, and whether this
//! wallet has paid the payee before; a large amount is typed again. On a devnet, whose money is
//! worth nothing, a question would only be in the way. Absent: consent of several people (the
//! account's keys).

use api::text::Naming;
use ledger::ids::Network as NetworkKind;
use ledger::money::{Amount, Money};

use super::draft::{Agreement, Draft};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::network::parse_money;

/// What counts as large where the profile does not say: so many whole units of any asset.
const LARGE_UNITS: u128 = 10_000;

/// Asks for consent, where money counts.
///
/// # Errors
/// Exit 5 for a no; a usage fault that names `--yes` where nobody can be asked.
pub(super) fn ask(
    desk: &Desk<'_>,
    draft: &Draft,
    agreement: &Agreement,
    naming: &Naming,
) -> Result<(), Fault> {
    if desk.chain.network == NetworkKind::Devnet {
        return Ok(());
    }
    let mut summary = draft.summary(agreement, naming);
    if !desk.session.outbox().payees().contains(&draft.to.account) {
        summary = say!(
            "{summary}\n  note    first payment to this account from this wallet",
            "{summary}\n  提示    本钱包首次向该账户付款";
            summary = summary
        );
    }
    desk.session.confirm(&summary, &say!("Pay?", "确认支付？"))?;
    retype(desk, draft.amount, naming)
}

/// Has a large amount typed again.
fn retype(desk: &Desk<'_>, amount: Money, naming: &Naming) -> Result<(), Fault> {
    if !is_large(desk, amount, naming)? {
        return Ok(());
    }
    let question = say!("Type the amount again:", "金额较大，请再次输入金额：");
    type_again(desk, &question, amount, naming)
}

/// Asks for an amount that was shown.
///
/// # Errors
/// As for [`ask`].
pub(super) fn type_again(
    desk: &Desk<'_>,
    question: &Text,
    amount: Money,
    naming: &Naming,
) -> Result<(), Fault> {
    desk.session.retype(question, |answer| parse_money(answer, naming).ok() == Some(amount))
}

/// True if an amount is to be typed again before it is paid.
///
/// # Errors
/// A usage fault if the profile's own amounts cannot be read.
pub(super) fn is_large(desk: &Desk<'_>, amount: Money, naming: &Naming) -> Result<bool, Fault> {
    Ok(amount.amount >= threshold(desk, amount, naming)?)
}

/// From where on an amount of this asset is large.
fn threshold(desk: &Desk<'_>, amount: Money, naming: &Naming) -> Result<Amount, Fault> {
    for text in &desk.profile.large {
        let large = parse_money(text, naming)?;
        if large.asset == amount.asset {
            return Ok(large.amount);
        }
    }
    let decimals = naming.decimals.get(&amount.asset).map_or(0, |decimals| decimals.0);
    let unit = 10_u128.saturating_pow(u32::from(decimals));
    Ok(Amount(LARGE_UNITS.saturating_mul(unit)))
}
