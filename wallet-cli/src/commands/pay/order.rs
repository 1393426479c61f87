//! A payment as it was ordered, understood without any node.
//!
//! Invariants: the order's text depends on what was ordered alone (payer, payee, amount, asset, how
//! it is held or waits, note, and the id if the orderer chose it), so that the same command finds
//! the payment that an earlier one left unfinished. Absent: what it costs (`draft`).

use ledger::ids::{AssetCode, Network as NetworkKind, Uetr};
use ledger::money::{Decimals, Money, ParseMoneyError};
use ledger::waiting::{HashLock, Priority};

use crate::cli::{self, Charge, Pay};
use crate::commands::hold::until::Until;
use crate::desk::{self, Desk};
use crate::fault::Fault;
use crate::language::say;
use crate::names::Written;

/// A payment as it was ordered.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Who pays.
    pub(crate) from: Written,
    /// Who is paid.
    pub(crate) to: Written,
    /// The amount as it was written.
    pub(crate) amount: String,
    /// What the payee receives, if it is another asset.
    pub(crate) to_asset: Option<AssetCode>,
    /// Who bears the charges.
    pub(crate) charge: Charge,
    /// The most charges, as written.
    pub(crate) max_fee: Option<String>,
    /// The private text.
    pub(crate) note: Option<String>,
    /// The id, if the orderer chose it.
    pub(crate) id: Option<Uetr>,
    /// How it is held, if it is not paid at once.
    pub(crate) hold: Option<HoldTerms>,
    /// How it waits for funds, if it may.
    pub(crate) queue: Option<QueueTerms>,
}

/// How a payment waits for funds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueTerms {
    /// How early it is tried.
    pub(crate) priority: Priority,
    /// Until when.
    pub(crate) until: Until,
}

impl QueueTerms {
    /// The terms that the command line says, if the payment may wait.
    pub(crate) fn of(said: &cli::QueueTerms) -> Option<Self> {
        let terms = || Self { priority: said.priority.priority(), until: said.until };
        said.queue.then(terms)
    }
}

/// How funds are held for a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldTerms {
    /// Until when they can be captured.
    pub(crate) until: Until,
    /// The lock whose secret a capture must show.
    pub(crate) lock: Option<HashLock>,
}

impl Order {
    /// Reads what the command line orders.
    ///
    /// # Errors
    /// A usage fault that names the mistake.
    pub(crate) fn of(
        desk: &Desk<'_>,
        command: &Pay,
        payee: &str,
        amount: &str,
    ) -> Result<Self, Fault> {
        let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
        Ok(Self {
            from: parse(payer(desk, command.from.as_deref())?)?,
            to: parse(payee)?,
            amount: amount.to_owned(),
            to_asset: command.to_asset.as_deref().map(desk::asset).transpose()?,
            charge: command.charge,
            max_fee: command.max_fee.clone(),
            note: command.note.clone(),
            id: command.id.as_deref().map(Uetr::parse).transpose()?,
            hold: None,
            queue: QueueTerms::of(&command.queue),
        })
    }

    /// The order in one text.
    ///
    /// # Errors
    /// A usage fault for an amount that cannot be read.
    pub(crate) fn text(&self, network: NetworkKind) -> Result<String, Fault> {
        let (from, to) = (self.from.canonical(network), self.to.canonical(network));
        let amount = canonical_amount(&self.amount)?;
        let across = self.to_asset.map(|asset| format!(" as {asset}")).unwrap_or_default();
        let note = self.note.as_ref().map(|note| format!(" note {note:?}")).unwrap_or_default();
        let id = self.id.map(|id| format!(" id {id}")).unwrap_or_default();
        let (verb, terms) = match (self.hold, self.queue) {
            (None, Some(QueueTerms { priority, until })) => {
                ("queue", format!(" {} {}", priority.word(), until.canonical()))
            }
            (Some(HoldTerms { until, lock }), _) => {
                let lock = lock.map(|lock| format!(" lock {}", lock.0)).unwrap_or_default();
                ("hold", format!(" {}{lock}", until.canonical()))
            }
            (None, None) => ("pay", String::new()),
        };
        Ok(format!("{verb} {amount} from {from} to {to}{terms}{across}{note}{id}"))
    }
}

/// The payer that was written, or else the profile's usual one.
///
/// # Errors
/// A usage fault that names the missing flag.
pub(crate) fn payer<'a>(desk: &'a Desk<'_>, written: Option<&'a str>) -> Result<&'a str, Fault> {
    written.or(desk.profile.from.as_deref()).ok_or_else(no_payer)
}

/// It is not said who pays.
pub(super) fn no_payer() -> Fault {
    Fault::missing("--from ACCOUNT", say!("It is not said who pays.", "未说明由谁付款。"))
}

/// An amount in one text however it was written (`1,000.5 CNY` and `1000.50 CNY`), without a node:
/// what is no currency may be points, whose decimals are not known yet.
///
/// # Errors
/// A usage fault that names the mistake.
pub(crate) fn canonical_amount(text: &str) -> Result<String, Fault> {
    let most = Decimals::MAXIMUM;
    match Money::parse(text, Decimals::of_currency) {
        Ok(_) | Err(ParseMoneyError::UnknownAsset { .. }) => {
            Ok(Money::parse(text, |_| Some(most))?.text(most))
        }
        Err(error) => Err(error.into()),
    }
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
            let found = canonical_amount(text).map_err(|fault| fault.code.text().to_owned());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
