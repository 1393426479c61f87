//! What the schemas' simple types ask for: lengths of texts, digits of amounts, places of BICs.
//!
//! Invariants: what these write fits its type whatever the values are. Absent: any one message.

use ledger::ids::Bic;
use ledger::money::{Decimals, Money};

use crate::xml::Writer;

/// An amount that `ActiveOrHistoricCurrencyAndAmount` can hold: in a currency of three capital
/// letters, with at most 18 digits, of which at most 5 are decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CurrencyAmount {
    currency: String,
    text: String,
}

impl CurrencyAmount {
    /// The most digits in all, and the most decimals.
    const DIGITS: usize = 18;
    const DECIMALS: u8 = 5;

    /// `None` for points, and for more digits than fit.
    pub(crate) fn new(money: Money, decimals: Decimals) -> Option<Self> {
        let currency = money.asset.to_string();
        let text = money.amount.text(decimals);
        let is_currency =
            currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let fits = is_currency && digits <= Self::DIGITS && decimals.0 <= Self::DECIMALS;
        fits.then_some(Self { currency, text })
    }

    /// The currency's three letters.
    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }

    /// The number alone.
    pub(crate) fn number(&self) -> &str {
        &self.text
    }

    pub(crate) fn write(&self, writer: &mut Writer, name: &'static str) {
        writer.leaf_with(name, &[("Ccy", &self.currency)], &self.text);
    }
}

pub(crate) fn write_institution(writer: &mut Writer, bic: Bic) {
    writer.open("FinInstnId");
    writer.leaf("BICFI", &bic.to_string());
    writer.close();
}

/// A `Max35Text`: 1 to 35 characters.
pub(crate) fn identification(text: &str) -> String {
    let cut: String = plain(text).chars().take(35).collect();
    if cut.is_empty() { "NOTPROVIDED".to_owned() } else { cut }
}

/// The longest part of `AddtlInf`, and the most parts.
const INFORMATION_CHARACTERS: usize = 105;
const INFORMATION_PARTS: usize = 10;

/// Writes the words that belong to a reason (`AddtlInf`, each).
pub(crate) fn write_information_parts(writer: &mut Writer, text: &str) {
    for part in parts(text, INFORMATION_CHARACTERS).into_iter().take(INFORMATION_PARTS) {
        writer.leaf("AddtlInf", &part);
    }
}

/// A text in parts that fit, parted between words; a longer word is cut.
pub(crate) fn parts(text: &str, longest: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for word in plain(text).split(' ') {
        let word: String = word.chars().take(longest).collect();
        let length = part.chars().count().saturating_add(word.chars().count());
        if !part.is_empty() && length >= longest {
            parts.push(std::mem::take(&mut part));
        }
        if !part.is_empty() {
            part.push(' ');
        }
        part.push_str(&word);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// One line: white space and control characters become single spaces.
fn plain(text: &str) -> String {
    let is_gap = |found: char| found.is_whitespace() || found.is_control();
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
