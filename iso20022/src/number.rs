//! Decimal numbers of XML Schema (`xs:decimal`), kept exactly as they were written.
//!
//! Invariants: no rounding, no floats; a number keeps its written scale, because a currency allows
//! only so many written decimals. Absent: exponents, grouping, infinity.

use ledger::money::{Amount, Decimals};
use std::fmt;

/// A decimal number: `digits / 10^scale`, negative or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// True for a number below zero.
    pub negative: bool,
    /// All digits as one whole number, below 10^35.
    pub digits: u128,
    /// How many of the digits are decimals, as written: 0 to 34.
    pub scale: u32,
}

impl Number {
    /// Nothing.
    pub const ZERO: Self = Self { negative: false, digits: 0, scale: 0 };

    /// The most digits that are read, before and after the point together.
    const MAXIMUM_DIGITS: usize = 34;

    /// Reads a number such as `1000.00`, `.5`, `+7` or `-1`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let whole = whole.trim_start_matches('0');
        let written = unsigned.bytes().filter(u8::is_ascii_digit).count();
        let is_number =
            written > 0 && format!("{whole}{fraction}").bytes().all(|b| b.is_ascii_digit());
        if !is_number || whole.len().saturating_add(fraction.len()) > Self::MAXIMUM_DIGITS {
            return None;
        }
        let digits = format!("0{whole}{fraction}").parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { negative: negative && digits != 0, digits, scale })
    }

    /// How many digits it has without leading zeros, at least its decimals.
    pub fn length(&self) -> u32 {
        let digits = self.digits.checked_ilog10().map_or(0, |log| log.saturating_add(1));
        digits.max(self.scale)
    }

    /// The number as minor units. `None` if it is negative or has more decimals than `decimals`.
    pub fn to_amount(&self, decimals: Decimals) -> Option<Amount> {
        if self.negative {
            return None;
        }
        let missing = u32::from(decimals.0).checked_sub(self.scale)?;
        self.digits.checked_mul(10_u128.checked_pow(missing)?).map(Amount)
    }

    /// The sum, exact; `None` if one is negative or the digits do not fit.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if self.negative || other.negative {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let digits = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Some(Self { negative: false, digits, scale })
    }

    /// True if both are the same number, however many zeros were written.
    pub fn equals(&self, other: &Self) -> bool {
        self.negative == other.negative && self.reduced() == other.reduced()
    }

    fn at_scale(&self, scale: u32) -> Option<u128> {
        self.digits.checked_mul(10_u128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    fn reduced(&self) -> (u128, u32) {
        let (mut digits, mut scale) = (self.digits, self.scale);
        while scale > 0 && digits.is_multiple_of(10) {
            digits = digits.checked_div(10).unwrap_or(digits);
            scale = scale.saturating_sub(1);
        }
        (digits, scale)
    }
}

impl fmt::Display for Number {
    /// The number as it was written, without a plus sign or surplus zeros in front.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let decimals = Decimals(u8::try_from(self.scale).unwrap_or(u8::MAX));
        write!(formatter, "{sign}{}", Amount(self.digits).text(decimals))
    }
}

/// True if `credit` is `debit` exchanged at `rate` (units of the credited asset for one unit of the
/// debited, in major units), within rounding: to one minor unit of the credited asset, or, for a
/// rate of at least four digits, to half of its last digit.
pub fn rate_agrees(debit: (Amount, Decimals), credit: (Amount, Decimals), rate: &Number) -> bool {
    // Exact, with |credit * 10^(debit decimals + scale) - debit * rate digits * 10^(credit
    // decimals)|.
    let gap_and_units = || {
        let power = |exponent: u32| 10_u128.checked_pow(exponent);
        let unit = power(u32::from(debit.1.0).checked_add(rate.scale)?)?;
        let step = debit.0.0.checked_mul(power(u32::from(credit.1.0))?)?;
        let gap = credit.0.0.checked_mul(unit)?.abs_diff(step.checked_mul(rate.digits)?);
        Some((gap, unit, step))
    };
    let Some((gap, unit, step)) = gap_and_units() else { return false };
    let is_fine = rate.digits >= 1000;
    !rate.negative && (gap <= unit || (is_fine && gap <= step.checked_div(2).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (text, shown, scale, length) in [
            ("1000.00", "1000.00", 2, 6),
            ("0", "0", 0, 0),
            ("-0.0", "0.0", 1, 1),
            ("+007", "7", 0, 1),
            (".5", "0.5", 1, 1),
            ("5.", "5", 0, 1),
            ("-12.340", "-12.340", 3, 5),
            ("0.00001", "0.00001", 5, 5),
        ] {
            let read = number(text);
            assert_eq!((read.to_string().as_str(), read.scale), (shown, scale), "{text}");
            assert_eq!(read.length(), length, "{text}");
        }
        let long = "1".repeat(35);
        for bad in
            ["", ".", "+", "-", "1,0", "1e3", "--1", "1.2.3", "0x1", "1 0", "１", long.as_str()]
        {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn minor_units_are_exact() {
        assert_eq!(number("1000.5").to_amount(Decimals(2)), Some(Amount(100_050)));
        assert_eq!(number("1000").to_amount(Decimals(0)), Some(Amount(1000)));
        assert_eq!(number("1000.0").to_amount(Decimals(0)), None);
        assert_eq!(number("-1").to_amount(Decimals(2)), None);
    }

    #[test]
    fn sums_and_equality_are_exact() {
        let sum = number("0.1").plus(&number("0.25")).unwrap();
        assert_eq!(sum.to_string(), "0.35");
        assert!(sum.equals(&number("0.350")) && !sum.equals(&number("0.36")));
        assert!(number("-0").equals(&Number::ZERO) && !number("-1").equals(&number("1")));
        assert_eq!(number("1").plus(&number("-1")), None);
        assert_eq!(number(&"9".repeat(34)).plus(&number("0.1234567890")), None);
    }

    #[test]
    fn rates_agree_within_rounding() {
        for (debit, from, credit, to, rate, agrees) in [
            (100_000, 2, 108_500, 2, "1.0850", true),
            (100_000, 2, 108_501, 2, "1.0850", true),
            (100_000, 2, 108_502, 2, "1.085", true),
            (100_000, 2, 108_550, 2, "1.085", true),
            (100_000, 2, 108_551, 2, "1.085", false),
            (100_000, 2, 140_000, 2, "1", false),
            (100_000, 2, 100_001, 2, "1", true),
            (199, 2, 40, 0, "20.5", true),
            (100_000, 2, 108_500, 2, "0.9217", false),
            (100_000, 2, 108_500, 2, "-1.0850", false),
            (100_000, 2, 108_500, 2, "0", false),
            (u128::MAX, 2, 1, 2, "1.0850", false),
        ] {
            let verdict = rate_agrees(
                (Amount(debit), Decimals(from)),
                (Amount(credit), Decimals(to)),
                &number(rate),
            );
            assert_eq!(verdict, agrees, "{debit} -> {credit} at {rate}");
        }
    }

    proptest! {
        #[test]
        fn any_amount_survives_its_text(digits in 0_u128..10_u128.pow(18), scale in 0_u8..6) {
            let text = Amount(digits).text(Decimals(scale));
            let read = number(&text);
            prop_assert_eq!(read.to_amount(Decimals(scale)), Some(Amount(digits)));
            prop_assert_eq!(read.to_string(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = Number::parse(&text);
        }
    }
}
