//! Fee schedules: what an institution charges for the payments of its customers.
//!
//! Invariants: a fee is computed in minor units, rounded up, and never above the rule's cap; the
//! payer signs the most that it agrees to. Absent: where fees go (the schedule names the account),
//! and how many payments of an account were free (see `execute`).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec;
use crate::ids::{AccountId, AssetCode};
use crate::money::Amount;

/// The charges for payments in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FeeRule {
    /// The debited asset that the rule is for.
    pub asset: AssetCode,
    /// Payments below this amount are free, surcharges included.
    pub free_below: Amount,
    /// A fixed part.
    pub flat: Amount,
    /// A part of the amount in basis points (1/10,000): 0 to 10,000.
    pub basis_points: u16,
    /// The least that flat and proportional parts come to together.
    pub minimum: Amount,
    /// The most that everything together comes to.
    pub cap: Amount,
    /// On top, when the payee's account is at another institution.
    pub interbank: Amount,
    /// On top, when the payee's institution is in another country.
    pub cross_border: Amount,
    /// An account's first so many payments that would be charged are free, surcharges included.
    pub free_payments: u8,
}

/// What a fee consists of, for receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum FeeKind {
    /// The payment's own charge: flat and proportional, at least the minimum.
    Payment = 1,
    /// The surcharge for another institution.
    Interbank = 2,
    /// The surcharge for another country.
    CrossBorder = 3,
}

/// One line of charges, in minor units of the debited asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FeeItem {
    /// What for.
    pub kind: FeeKind,
    /// How much; never zero.
    pub amount: Amount,
}

/// Whom a payment goes to, seen from the payer's institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The payee's account is at another institution.
    pub interbank: bool,
    /// The payee's institution is in another country.
    pub cross_border: bool,
}

/// An institution's charges. Without a schedule, or a rule for the asset, payments are free.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct FeeSchedule {
    /// 1 for the first, then one more each time.
    pub version: u32,
    /// The institution's account that takes the fees in.
    pub collector: AccountId,
    /// At most one rule per asset, ascending by asset; at most 64.
    pub rules: Vec<FeeRule>,
}

impl FeeSchedule {
    /// The most rules.
    pub const MAXIMUM_RULES: usize = 64;

    /// Says what is wrong with the schedule whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if self.rules.len() > Self::MAXIMUM_RULES {
            return Some("a fee schedule has at most 64 rules");
        }
        if !self.rules.is_sorted_by(|left, right| left.asset < right.asset) {
            return Some("a fee schedule's rules must ascend by asset, none twice");
        }
        if self.rules.iter().any(|rule| rule.basis_points > 10_000) {
            return Some("a fee rule has at most 10,000 basis points");
        }
        if self.rules.iter().any(|rule| rule.minimum > rule.cap) {
            return Some("a fee rule's minimum is at most its cap");
        }
        None
    }

    /// How many payments of `asset` that would be charged an account has free.
    pub fn free_payments(&self, asset: AssetCode) -> u8 {
        self.rules.iter().find(|rule| rule.asset == asset).map_or(0, |rule| rule.free_payments)
    }

    /// The charges for a payment of `amount` of `asset` that is not one of the free ones; `None` if
    /// they do not fit a number.
    pub fn charges(&self, asset: AssetCode, amount: Amount, reach: Reach) -> Option<Vec<FeeItem>> {
        let Some(rule) = self.rules.iter().find(|rule| rule.asset == asset) else {
            return Some(Vec::new());
        };
        if amount < rule.free_below {
            return Some(Vec::new());
        }
        let basis_points = u128::from(rule.basis_points);
        let proportional = amount.0.checked_mul(basis_points)?.div_ceil(10_000);
        let payment = rule.flat.plus(Amount(proportional))?.max(rule.minimum);
        let when = |condition, amount| if condition { amount } else { Amount::ZERO };
        let parts = [
            (FeeKind::Payment, payment),
            (FeeKind::Interbank, when(reach.interbank, rule.interbank)),
            (FeeKind::CrossBorder, when(reach.cross_border, rule.cross_border)),
        ];
        let items = parts.into_iter().map(|(kind, amount)| FeeItem { kind, amount });
        Some(capped(items, rule.cap))
    }
}

impl BorshDeserialize for FeeSchedule {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            version: u32::deserialize_reader(reader)?,
            collector: AccountId::deserialize_reader(reader)?,
            rules: codec::bounded_vec(reader, Self::MAXIMUM_RULES)?,
        })
    }
}

/// `items` as far as they come to `most` at most, the first ones first; none is zero.
pub(crate) fn capped(items: impl IntoIterator<Item = FeeItem>, most: Amount) -> Vec<FeeItem> {
    let mut left = most;
    let items = items.into_iter().map(|item| {
        let amount = item.amount.min(left);
        left = left.minus(amount).unwrap_or(Amount::ZERO);
        FeeItem { amount, ..item }
    });
    items.filter(|item| !item.amount.is_zero()).collect()
}

/// The sum of fee items; `None` if it does not fit.
pub fn total(items: &[FeeItem]) -> Option<Amount> {
    items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::InstitutionNumber;

    fn schedule() -> FeeSchedule {
        let rule = FeeRule {
            asset: AssetCode::parse("CNY").unwrap(),
            free_below: Amount(10_000),
            flat: Amount(20),
            basis_points: 5,
            minimum: Amount(50),
            cap: Amount(900),
            interbank: Amount(30),
            cross_border: Amount(70),
            free_payments: 0,
        };
        let collector = AccountId::new(InstitutionNumber(1), [0; 12]);
        FeeSchedule { version: 1, collector, rules: vec![rule] }
    }

    #[test]
    fn charges_by_row() {
        let cny = AssetCode::parse("CNY").unwrap();
        let near = Reach { interbank: false, cross_border: false };
        let far = Reach { interbank: true, cross_border: true };
        for (amount, reach, expected) in [
            (9_999, far, vec![]),
            (10_000, near, vec![50]),
            (100_000, near, vec![70]),
            (100_001, near, vec![71]),
            (100_000, far, vec![70, 30, 70]),
            (1_700_000, far, vec![870, 30]),
            (9_000_000, far, vec![900]),
        ] {
            let items = schedule().charges(cny, Amount(amount), reach).unwrap();
            let amounts: Vec<u128> = items.iter().map(|item| item.amount.0).collect();
            assert_eq!(amounts, expected, "{amount}");
        }
        let hkd = AssetCode::parse("HKD").unwrap();
        assert!(schedule().charges(hkd, Amount(100_000), far).unwrap().is_empty());
    }

    #[test]
    fn defects_are_named() {
        assert_eq!(schedule().defect(), None);
        let mut twice = schedule();
        twice.rules.push(twice.rules[0]);
        assert!(twice.defect().is_some());
        let mut steep = schedule();
        steep.rules[0].basis_points = 10_001;
        assert!(steep.defect().is_some());
        let mut inverted = schedule();
        inverted.rules[0].minimum = Amount(901);
        assert!(inverted.defect().is_some());
    }
}
