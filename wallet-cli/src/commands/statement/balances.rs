//! The balances between which a statement's entries lie.

use api::account::EntryView;
use serde::Serialize;
use std::collections::BTreeMap;

use super::{day, parts};

/// One asset's balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Balance {
    /// Before the first entry of the period: `100.00 CNY`.
    pub(super) opening: String,
    /// After the last entry of the period.
    pub(super) closing: String,
}

/// The balances of each asset that has entries, by its code; `lines` are all entries of the
/// account, oldest first, each with the balance after it, and days are of UTC.
pub(super) fn of(
    lines: &[(EntryView, String)],
    since: Option<&str>,
    until: Option<&str>,
) -> Vec<Balance> {
    let mut balances: BTreeMap<&str, Balance> = BTreeMap::new();
    for (entry, balance) in lines {
        let day = day(entry);
        let (number, asset) = parts(balance);
        let known = balances.entry(asset).or_insert_with(|| {
            let nothing = format!("{} {asset}", zero_like(number));
            Balance { opening: nothing.clone(), closing: nothing }
        });
        if since.is_some_and(|since| day < since) {
            known.opening.clone_from(balance);
        }
        if until.is_none_or(|until| day <= until) {
            known.closing.clone_from(balance);
        }
    }
    balances.into_values().collect()
}

/// Zero with as many decimals as `number`.
fn zero_like(number: &str) -> String {
    match number.split_once('.') {
        Some((_, decimals)) => format!("0.{}", "0".repeat(decimals.len())),
        None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(day: &str, balance: &str) -> (EntryView, String) {
        let entry = EntryView {
            id: String::new(),
            kind: "payment".to_owned(),
            direction: "in".to_owned(),
            amount: String::new(),
            counterparty: None,
            block: 1,
            time: format!("{day}T08:00:00.000Z"),
        };
        (entry, balance.to_owned())
    }

    #[test]
    fn balances_by_period() {
        let lines = [
            line("2026-11-01", "5.00 CNY"),
            line("2026-11-02", "7.00 JPY"),
            line("2026-11-02", "6.00 CNY"),
            line("2026-11-03", "4.00 CNY"),
        ];
        let rows = [
            (None, None, "0.00 CNY", "4.00 CNY"),
            (Some("2026-11-02"), None, "5.00 CNY", "4.00 CNY"),
            (Some("2026-11-02"), Some("2026-11-02"), "5.00 CNY", "6.00 CNY"),
            (None, Some("2026-10-31"), "0.00 CNY", "0.00 CNY"),
            (Some("2026-11-04"), None, "4.00 CNY", "4.00 CNY"),
        ];
        for (since, until, opening, closing) in rows {
            let balances = of(&lines, since, until);
            let expected = Balance { opening: opening.to_owned(), closing: closing.to_owned() };
            assert_eq!(balances[0], expected, "{since:?} {until:?}");
            assert_eq!(balances.len(), 2);
        }
        assert_eq!(zero_like("700"), "0");
    }
}
