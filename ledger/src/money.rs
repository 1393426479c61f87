//! Money: whole minor units of one asset, and its text form.
//!
//! Invariants: an amount is a `u128` of minor units and every sum or difference is checked; text is
//! always with its asset (`100.50 CNY`). Absent: floats, and `Decimal` in anything that is encoded:
//! equal decimals keep different scales, so they would hash differently.

use borsh::{BorshDeserialize, BorshSerialize};
use rust_decimal::Decimal;
use std::fmt;

use crate::ids::AssetCode;

/// Why an amount could not be read or computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text has no asset code.
    #[error("\"{text}\" has no asset. Write \"{suggestion}\"")]
    WithoutAsset {
        /// What was given.
        text: String,
        /// The same amount with an asset.
        suggestion: String,
    },
    /// The number is not a plain decimal number.
    #[error("\"{text}\" is not an amount. Write digits with a decimal point, like \"100.50 CNY\"")]
    NotANumber {
        /// What was given.
        text: String,
    },
    /// More decimals than the asset has.
    #[error("{asset} has {decimals} decimals; \"{text}\" has {given}. Round it to {decimals}")]
    TooManyDecimals {
        /// What was given.
        text: String,
        /// The asset.
        asset: String,
        /// The decimals that the asset has.
        decimals: u8,
        /// The decimals that were given.
        given: usize,
    },
    /// The amount does not fit.
    #[error("the amount is too large for the ledger")]
    TooLarge,
}

/// A quantity of one asset in its minor units (cents, fen). Zero or more, never negative.
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Amount(pub u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount that one operation may move: 10^27 minor units, so that sums of 8,192 of
    /// them and their products with a rate's digits stay within `u128` and `Decimal`.
    pub const MAXIMUM: Self = Self(1_000_000_000_000_000_000_000_000_000);

    /// True for nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` beyond `u128`.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` below zero.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The number in text with `decimals` decimals, without the asset: `100.50`.
    pub fn text(self, decimals: Decimals) -> String {
        let places = usize::from(decimals.0);
        let digits = format!("{:0>width$}", self.0, width = places.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Amount({})", self.0)
    }
}

/// The number of decimals of an asset: 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Decimals(pub u8);

impl Decimals {
    /// The most decimals that an asset may have.
    pub const MAXIMUM: Self = Self(9);

    /// The decimals of a currency by ISO 4217, or `None` if `code` is no such currency. A currency
    /// without minor units in the standard (XAU) counts as 0 decimals.
    pub fn of_currency(code: AssetCode) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(&code.to_string())?;
        u8::try_from(currency.exponent().unwrap_or(0)).ok().map(Self)
    }
}

/// An amount and its asset.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Money {
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub asset: AssetCode,
}

impl Money {
    /// `amount` of `asset`.
    pub const fn new(amount: Amount, asset: AssetCode) -> Self {
        Self { amount, asset }
    }

    /// The text form: `100.50 CNY`. Round-trips through [`Money::parse`].
    pub fn text(&self, decimals: Decimals) -> String {
        format!("{} {}", self.amount.text(decimals), self.asset)
    }

    /// Reads `100.50 CNY`. Thousands may be parted by commas (`1,000.00 CNY`). `decimals` tells the
    /// decimals of the asset that the text names, or `None` if it is unknown.
    ///
    /// # Errors
    /// [`MoneyError`] names the mistake. Nothing is ever rounded.
    pub fn parse(
        text: &str,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Result<Self, ParseMoneyError> {
        let shown: String = text.chars().take(60).collect();
        let Some((number, code)) = text.trim().rsplit_once(' ') else {
            let suggestion = if text.contains('.') {
                format!("{} CNY", shown.trim())
            } else {
                format!("{}.00 CNY", shown.trim())
            };
            return Err(MoneyError::WithoutAsset { text: shown, suggestion }.into());
        };
        let asset = AssetCode::parse(code)?;
        let decimals = decimals(asset).ok_or(ParseMoneyError::UnknownAsset { asset })?;
        let amount = parse_number(number.trim(), asset, decimals)?;
        Ok(Self { amount, asset })
    }
}

/// Why the text of a [`Money`] was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// The number part.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// The asset part.
    #[error(transparent)]
    Code(#[from] crate::ids::NameError),
    /// The asset is not known here.
    #[error("{asset} is not an asset of this ledger. List the assets with: feiqian assets")]
    UnknownAsset {
        /// The asset that was named.
        asset: AssetCode,
    },
}

/// Reads the decimal number of an amount of `asset`, which has `decimals` decimals.
///
/// # Errors
/// [`MoneyError`] names the mistake.
pub fn parse_number(
    number: &str,
    asset: AssetCode,
    decimals: Decimals,
) -> Result<Amount, MoneyError> {
    let shown: String = number.chars().take(60).collect();
    let not_a_number = || MoneyError::NotANumber { text: shown.clone() };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = ungrouped(whole).ok_or_else(not_a_number)?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_point_without_digits = number.contains('.') && fraction.is_empty();
    if whole.is_empty() || !is_digits(&whole) || !is_digits(fraction) || has_point_without_digits {
        return Err(not_a_number());
    }
    if fraction.len() > usize::from(decimals.0) {
        return Err(MoneyError::TooManyDecimals {
            text: shown,
            asset: asset.to_string(),
            decimals: decimals.0,
            given: fraction.len(),
        });
    }
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(decimals.0));
    digits.parse().map(Amount).map_err(|_| MoneyError::TooLarge)
}

/// Removes commas that part thousands; `None` if they stand anywhere else.
fn ungrouped(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let fits = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    fits.then(|| whole.replace(',', ""))
}

/// An exchange rate as an exact decimal: `digits / 10^scale` units of the bought asset for one unit
/// of the sold asset (major units, as dealers quote: 1 CNY = 1.0850 HKD).
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rate {
    /// The rate's digits; not zero.
    pub digits: u64,
    /// How many of the digits are decimals: 0 to 12.
    pub scale: u8,
}

impl Rate {
    /// The most decimals of a rate.
    pub const MAXIMUM_SCALE: u8 = 12;

    /// Reads a decimal number such as `1.0850`; trailing zeros are dropped so that equal rates are
    /// equal values. `None` if it is zero, signed, too long, or anything but digits with at most
    /// one point between them.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let decimal = Decimal::from_str_exact(text).ok()?.normalize();
        let scale = u8::try_from(decimal.scale()).ok()?;
        let digits = u64::try_from(decimal.mantissa()).ok()?;
        let rate = Self { digits, scale };
        rate.is_well_formed().then_some(rate)
    }

    /// True for a rate in its one canonical form: not zero, no trailing zeros, scale within bounds.
    pub fn is_well_formed(&self) -> bool {
        let trailing_zero = self.scale > 0 && self.digits.is_multiple_of(10);
        self.digits != 0 && self.scale <= Self::MAXIMUM_SCALE && !trailing_zero
    }

    /// What part of `whole` this rate is of `other`, rounded down. `None` if it does not fit.
    pub fn share_of(&self, other: &Self, whole: u128) -> Option<u128> {
        let power = |scale: u8| 10_u128.checked_pow(u32::from(scale));
        // Both over the larger scale: a common factor would only take room.
        let scale = self.scale.max(other.scale);
        let on = |rate: &Self| {
            power(scale.checked_sub(rate.scale)?)?.checked_mul(u128::from(rate.digits))
        };
        on(self)?.checked_mul(whole)?.checked_div(on(other)?)
    }

    /// What `sold` (with `sold_decimals`) buys in minor units of the other asset: rounded down, in
    /// the dealer's favour. `None` if it does not fit or the amount is above [`Amount::MAXIMUM`].
    pub fn convert(
        &self,
        sold: Amount,
        sold_decimals: Decimals,
        bought_decimals: Decimals,
    ) -> Option<Amount> {
        if sold > Amount::MAXIMUM {
            return None;
        }
        let product = sold.0.checked_mul(u128::from(self.digits))?;
        let power = |exponent: u32| 10_u128.checked_pow(exponent);
        let down = u32::from(self.scale).checked_add(u32::from(sold_decimals.0))?;
        let up = u32::from(bought_decimals.0);
        if up >= down {
            product.checked_mul(power(up.checked_sub(down)?)?).map(Amount)
        } else {
            product.checked_div(power(down.checked_sub(up)?)?).map(Amount)
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Amount(u128::from(self.digits)).text(Decimals(self.scale));
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(_: AssetCode) -> Option<Decimals> {
        Some(Decimals(2))
    }

    #[test]
    fn text_round_trips() {
        for (text, amount) in [
            ("100.50 CNY", 10_050),
            ("0.00 CNY", 0),
            ("0.07 CNY", 7),
            ("12345678901234567890.12 CNY", 1_234_567_890_123_456_789_012),
        ] {
            let money = Money::parse(text, two).unwrap();
            assert_eq!(money.amount, Amount(amount));
            assert_eq!(money.text(Decimals(2)), text);
        }
        assert_eq!(Money::parse("1,000 CNY", two).unwrap().amount, Amount(100_000));
        assert_eq!(Amount(5).text(Decimals(0)), "5");
        assert_eq!(Amount(5).text(Decimals(3)), "0.005");
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text| Money::parse(text, two).unwrap_err().to_string();
        assert_eq!(error("25"), "\"25\" has no asset. Write \"25.00 CNY\"");
        assert_eq!(error("1.005 CNY"), "CNY has 2 decimals; \"1.005\" has 3. Round it to 2");
        for bad in
            ["-1 CNY", "1e3 CNY", ". CNY", "1. CNY", ".5 CNY", "1,00 CNY", "0x1 CNY", "１ CNY"]
        {
            assert!(error(bad).contains("is not an amount"), "{bad}");
        }
        assert!(error("1 cny").contains("asset code"));
        assert!(error(&format!("{} CNY", "9".repeat(60))).contains("too large"));
        let unknown = Money::parse("1 XYZ", |_| None).unwrap_err();
        assert!(unknown.to_string().contains("not an asset of this ledger"));
    }

    #[test]
    fn conversion_rounds_down_and_never_gains() {
        let rate = Rate::parse("1.0850").unwrap();
        let there = rate.convert(Amount(100_000), Decimals(2), Decimals(2)).unwrap();
        assert_eq!(there, Amount(108_500));
        let back = Rate::parse("0.921658986175").unwrap();
        assert!(back.convert(there, Decimals(2), Decimals(2)).unwrap() <= Amount(100_000));
        assert_eq!(rate.convert(Amount(0), Decimals(2), Decimals(2)), Some(Amount(0)));
        let yen = Rate::parse("20.5").unwrap();
        assert_eq!(yen.convert(Amount(199), Decimals(2), Decimals(0)), Some(Amount(40)));
        assert_eq!(rate.convert(Amount(u128::MAX), Decimals(2), Decimals(2)), None);
        assert_eq!(rate.to_string(), "1.085");
        for bad in ["0", "-1", "x", "1.0000000000001"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn currencies_have_the_standards_decimals() {
        let decimals = |code: &str| Decimals::of_currency(AssetCode::parse(code).unwrap());
        assert_eq!(decimals("CNY"), Some(Decimals(2)));
        assert_eq!(decimals("JPY"), Some(Decimals(0)));
        assert_eq!(decimals("KWD"), Some(Decimals(3)));
        assert_eq!(decimals("POINTS"), None);
    }
}
