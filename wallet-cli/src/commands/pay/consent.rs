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
    let language = desk.session.output.language;
    let mut summary = draft.summary(agreement, naming, language);
    if !desk.session.outbox().has_paid(&draft.to.address) {
        let first = language.word("first payment to this account from this wallet");
        summary.push_str(&format!("\n  {}    {first}", language.word("note")));
    }
    desk.session.confirm(&summary, language.word("Pay?"))?;
    retype(desk, draft.amount, naming)
}

/// Has a large amount typed again.
///
/// # Errors
/// As for [`ask`].
pub(super) fn retype(desk: &Desk<'_>, amount: Money, naming: &Naming) -> Result<(), Fault> {
    if amount.amount < threshold(desk, amount, naming)? {
        return Ok(());
    }
    desk.session.retype(|answer| parse_money(answer, naming).ok() == Some(amount))
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
