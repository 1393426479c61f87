//! Limits: what an institution lets its customers' accounts pay and be paid, what it reviews, and
//! what it wants to be told of.
//!
//! One list of named rules serves all: a rule that is met refuses the payment, holds it for a
//! review, or lets it settle, and is named in its receipt. Invariants: names are unique within an
//! institution's rules; what is counted is counted for one day, and the next day begins at nothing
//! without anybody having to write it. Absent: when a rule is asked and what is counted then (see
//! `execute`).

mod payees;
mod senders;

pub use payees::{KnownPayee, KnownPayees};
pub use senders::{Country, Senders};

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;

use crate::codec;
use crate::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Timestamp};
use crate::money::Amount;

/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// A rule's name: 1 to 24 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleName(String);

impl RuleName {
    /// The most bytes.
    pub const MAXIMUM: usize = 24;

    /// Reads a name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=Self::MAXIMUM).contains(&text.len()) && text.bytes().all(fits);
        is_name.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl BorshSerialize for RuleName {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        codec::write_short(writer, self.0.as_bytes())
    }
}

impl BorshDeserialize for RuleName {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let bytes: Vec<u8> = codec::short_vec(reader, Self::MAXIMUM)?;
        let name = std::str::from_utf8(&bytes).ok().and_then(Self::parse);
        name.ok_or_else(|| codec::invalid("not the name of a rule"))
    }
}

/// Some of the know-your-customer tiers 0 to 9: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Tiers(u16);

impl Tiers {
    /// Every tier.
    pub const ALL: Self = Self(0x3ff);

    /// These tiers; `None` for none, or one above 9.
    pub fn of(tiers: &[u8]) -> Option<Self> {
        let bits = tiers.iter().try_fold(0_u16, |bits, tier| Some(bits | Self::bit(*tier)?))?;
        (bits != 0).then_some(Self(bits))
    }

    /// True if `tier` is among them.
    pub fn contains(self, tier: u8) -> bool {
        Self::bit(tier).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The tiers, ascending.
    pub fn list(self) -> Vec<u8> {
        (0..=9).filter(|tier| self.contains(*tier)).collect()
    }

    fn bit(tier: u8) -> Option<u16> {
        (tier <= 9).then(|| 1_u16.checked_shl(u32::from(tier))).flatten()
    }
}

impl BorshDeserialize for Tiers {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let bits = u16::deserialize_reader(reader)?;
        let is_some = bits != 0 && bits <= Self::ALL.0;
        if is_some { Ok(Self(bits)) } else { Err(codec::invalid("tiers are some of 0 to 9")) }
    }
}

/// What a rule looks at, and what of it is still within the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Measure {
    /// One payment: met by one of more than this.
    Payment {
        /// In minor units of the rule's asset.
        most: Amount,
    } = 1,
    /// All that an account pays in one day: met by the payment with which it is more than this.
    Day {
        /// In minor units of the rule's asset.
        most: Amount,
    } = 2,
    /// How many payments an account makes in one day: met by each beyond this number.
    Count {
        /// Payments of the rule's asset.
        most: u32,
    } = 3,
    /// An account's first payment in the asset since its payments are counted. Never refused.
    First = 4,
    /// What goes from all accounts of the institution to other institutions in one day, less what
    /// comes from them: met by the payment with which it is more than this. For all tiers.
    Position {
        /// In minor units of the rule's asset.
        most: Amount,
    } = 5,
    /// One payment that comes to an account: met by one of more than this.
    Incoming {
        /// In minor units of the rule's asset.
        most: Amount,
        /// Whose payments.
        from: Senders,
    } = 6,
    /// One payment to a payee that the account does not know for long: met by one of more than
    /// this, if its first payment to the payee settled less than the cool-off ago, or never.
    NewPayee {
        /// In minor units of the rule's asset.
        most: Amount,
        /// In seconds. With none, a payee is known from its first payment on.
        cool_off: u32,
    } = 7,
    /// One payment without a commitment to private data: met by one of more than this.
    MissingInformation {
        /// In minor units of the rule's asset.
        most: Amount,
    } = 8,
    /// The same of one payment that comes to an account.
    IncomingMissingInformation {
        /// In minor units of the rule's asset.
        most: Amount,
        /// Whose payments.
        from: Senders,
    } = 9,
}

impl Measure {
    /// True if the rule needs the payer's counter.
    pub const fn counts(&self) -> bool {
        match self {
            Self::Day { .. } | Self::Count { .. } | Self::First => true,
            Self::Payment { .. }
            | Self::Position { .. }
            | Self::Incoming { .. }
            | Self::NewPayee { .. }
            | Self::MissingInformation { .. }
            | Self::IncomingMissingInformation { .. } => false,
        }
    }

    /// Whose payments the rule is for, if it is about what comes in.
    pub const fn senders(&self) -> Option<Senders> {
        match self {
            Self::Incoming { from, .. } | Self::IncomingMissingInformation { from, .. } => {
                Some(*from)
            }
            Self::Payment { .. }
            | Self::Day { .. }
            | Self::Count { .. }
            | Self::First
            | Self::Position { .. }
            | Self::NewPayee { .. }
            | Self::MissingInformation { .. } => None,
        }
    }

    /// The most, in minor units of the rule's asset, that does not meet it; `None` for a measure
    /// without an amount.
    pub const fn most(&self) -> Option<Amount> {
        match self {
            Self::Payment { most }
            | Self::Day { most }
            | Self::Position { most }
            | Self::Incoming { most, .. }
            | Self::NewPayee { most, .. }
            | Self::MissingInformation { most }
            | Self::IncomingMissingInformation { most, .. } => Some(*most),
            Self::Count { .. } | Self::First => None,
        }
    }

    /// True if the rule needs the payees that the payer has paid.
    pub const fn knows_payees(&self) -> bool {
        matches!(self, Self::NewPayee { .. })
    }
}

/// What happens to a payment that meets a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum RuleOutcome {
    /// It settles, and its receipt names the rule.
    Alert = 1,
    /// It is rejected, and its receipt names the rule.
    Refuse = 2,
    /// It waits until the institution has reviewed it, and its receipt names the rule.
    Hold = 3,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LimitRule {
    /// Its name, for receipts and people.
    pub name: RuleName,
    /// The asset that it is for: the debited one, or the credited one of what comes in.
    pub asset: AssetCode,
    /// The tiers of the accounts that it is for, which pay, or are paid what comes in.
    pub tiers: Tiers,
    /// What it looks at.
    pub measure: Measure,
    /// What happens to a payment that meets it.
    pub outcome: RuleOutcome,
}

/// An institution's rules. Without them, or a rule for the asset, nothing is limited or counted.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Limits {
    /// 1 for the first, then one more each time.
    pub version: u32,
    /// The institution's time, in minutes ahead of UTC (-720 to 840): when its days begin.
    pub utc_offset_minutes: i16,
    /// At most 64 rules, no name twice, in the order in which receipts name them.
    pub rules: Vec<LimitRule>,
}

/// What is known of a payment when an institution's rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The debited asset.
    pub asset: AssetCode,
    /// The payer's tier.
    pub tier: u8,
    /// What is paid, charges on top left out.
    pub amount: Amount,
    /// What the account pays this day, this payment included.
    pub today: DayCounter,
    /// True if no payment was counted before.
    pub is_first: bool,
    /// How long ago, in milliseconds, the first payment to the payee settled that is remembered.
    pub known_for: Option<u64>,
    /// True if the payment carries a commitment to private data.
    pub is_informed: bool,
}

/// What is known of a payment when the rules of its payee's institution are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The credited asset.
    pub asset: AssetCode,
    /// The payee's tier.
    pub tier: u8,
    /// What the payee gets.
    pub amount: Amount,
    /// True if the payment carries a commitment to private data.
    pub is_informed: bool,
    /// The payer's institution.
    pub from: (InstitutionNumber, Bic),
    /// The payee's institution.
    pub to: (InstitutionNumber, Bic),
}

impl Limits {
    /// The most rules.
    pub const MAXIMUM_RULES: usize = 64;

    /// Says what is wrong with the rules whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if self.rules.len() > Self::MAXIMUM_RULES {
            return Some("limits have at most 64 rules");
        }
        if !(-720..=840).contains(&self.utc_offset_minutes) {
            return Some("an institution's time is 720 minutes behind UTC to 840 ahead");
        }
        let mut names = BTreeSet::new();
        if !self.rules.iter().all(|rule| names.insert(&rule.name)) {
            return Some("limits must not name two rules alike");
        }
        let refuses = |rule: &LimitRule| rule.outcome == RuleOutcome::Refuse;
        if self.rules.iter().any(|rule| rule.measure == Measure::First && refuses(rule)) {
            return Some("an account's first payment can be alerted or held, not refused");
        }
        let is_position = |rule: &LimitRule| matches!(rule.measure, Measure::Position { .. });
        if self.rules.iter().any(|rule| is_position(rule) && rule.tiers != Tiers::ALL) {
            return Some("an institution's position is that of all tiers");
        }
        None
    }

    /// The day, in days of the institution since 1970, in which a block of `time` is.
    pub fn day(&self, time: Timestamp) -> u32 {
        day_at(time, self.utc_offset_minutes)
    }

    /// True if payments of `asset` from accounts of `tier` are counted.
    pub fn counts(&self, asset: AssetCode, tier: u8) -> bool {
        self.of(asset, tier).any(|rule| rule.measure.counts())
    }

    /// True if the payees of payments of `asset` from accounts of `tier` are remembered.
    pub fn knows_payees(&self, asset: AssetCode, tier: u8) -> bool {
        self.of(asset, tier).any(|rule| rule.measure.knows_payees())
    }

    /// True if the institution's position in `asset` is counted.
    pub fn counts_position(&self, asset: AssetCode) -> bool {
        let is_position = |rule: &LimitRule| matches!(rule.measure, Measure::Position { .. });
        self.rules.iter().any(|rule| rule.asset == asset && is_position(rule))
    }

    /// The rules on the payer's side that a payment meets.
    pub fn met(&self, facts: Facts) -> impl Iterator<Item = &LimitRule> {
        self.of(facts.asset, facts.tier).filter(move |rule| match rule.measure {
            Measure::Payment { most } => facts.amount > most,
            Measure::Day { most } => facts.today.spent > most,
            Measure::Count { most } => facts.today.payments > most,
            Measure::First => facts.is_first,
            Measure::NewPayee { most, cool_off } => {
                let cool_off = u64::from(cool_off).saturating_mul(1_000);
                facts.amount > most && facts.known_for.is_none_or(|known| known < cool_off)
            }
            Measure::MissingInformation { most } => facts.amount > most && !facts.is_informed,
            Measure::Position { .. }
            | Measure::Incoming { .. }
            | Measure::IncomingMissingInformation { .. } => false,
        })
    }

    /// The rules that the position in `asset`, a payment included, meets.
    pub fn met_by_position(
        &self,
        asset: AssetCode,
        position: Position,
    ) -> impl Iterator<Item = &LimitRule> {
        let of_asset = self.rules.iter().filter(move |rule| rule.asset == asset);
        of_asset.filter(move |rule| match rule.measure {
            Measure::Position { most } => position.net_outgoing() > most,
            Measure::Payment { .. }
            | Measure::Day { .. }
            | Measure::Count { .. }
            | Measure::First
            | Measure::Incoming { .. }
            | Measure::NewPayee { .. }
            | Measure::MissingInformation { .. }
            | Measure::IncomingMissingInformation { .. } => false,
        })
    }

    /// The rules on the payee's side that a payment meets.
    pub fn met_by_incoming(&self, incoming: Incoming) -> impl Iterator<Item = &LimitRule> {
        self.of(incoming.asset, incoming.tier).filter(move |rule| match rule.measure {
            Measure::Incoming { most, from } => incoming.amount > most && from.include(&incoming),
            Measure::IncomingMissingInformation { most, from } => {
                incoming.amount > most && !incoming.is_informed && from.include(&incoming)
            }
            Measure::Payment { .. }
            | Measure::Day { .. }
            | Measure::Count { .. }
            | Measure::First
            | Measure::Position { .. }
            | Measure::NewPayee { .. }
            | Measure::MissingInformation { .. } => false,
        })
    }

    /// The rules for payments of `asset` from or to accounts of `tier`.
    pub fn of(&self, asset: AssetCode, tier: u8) -> impl Iterator<Item = &LimitRule> {
        self.rules.iter().filter(move |rule| rule.asset == asset && rule.tiers.contains(tier))
    }
}

impl BorshDeserialize for Limits {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            version: u32::deserialize_reader(reader)?,
            utc_offset_minutes: i16::deserialize_reader(reader)?,
            rules: codec::bounded_vec(reader, Self::MAXIMUM_RULES)?,
        })
    }
}

/// The day, in days since 1970 of a time `minutes` ahead of UTC, in which a block of `time` is.
pub fn day_at(time: Timestamp, minutes: i16) -> u32 {
    let shift = u64::from(minutes.unsigned_abs()).saturating_mul(60_000);
    let local =
        if minutes < 0 { time.0.saturating_sub(shift) } else { time.0.saturating_add(shift) };
    local.checked_div(DAY).and_then(|day| u32::try_from(day).ok()).unwrap_or(u32::MAX)
}

/// What an account has paid of an asset in one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DayCounter {
    /// The day, of its institution.
    pub day: u32,
    /// The sum of the day's payments, charges on top left out.
    pub spent: Amount,
    /// How many payments.
    pub payments: u32,
}

impl DayCounter {
    /// What was counted on `day`: nothing, if this is of another one.
    #[must_use]
    pub fn on(self, day: u32) -> Self {
        if self.day == day { self } else { Self { day, ..Self::default() } }
    }

    /// With one more payment.
    #[must_use]
    pub fn with(self, amount: Amount) -> Self {
        let spent = self.spent.plus(amount).unwrap_or(Amount(u128::MAX));
        Self { spent, payments: self.payments.saturating_add(1), ..self }
    }
}

/// What an institution's accounts have paid to others, and got from them, of an asset in one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Position {
    /// The day, of the institution.
    pub day: u32,
    /// To other institutions.
    pub outgoing: Amount,
    /// From other institutions.
    pub incoming: Amount,
}

impl Position {
    /// What was counted on `day`: nothing, if this is of another one.
    #[must_use]
    pub fn on(self, day: u32) -> Self {
        if self.day == day { self } else { Self { day, ..Self::default() } }
    }

    /// With `amount` paid to another institution.
    #[must_use]
    pub fn with_outgoing(self, amount: Amount) -> Self {
        Self { outgoing: self.outgoing.plus(amount).unwrap_or(Amount(u128::MAX)), ..self }
    }

    /// With `amount` got from another institution.
    #[must_use]
    pub fn with_incoming(self, amount: Amount) -> Self {
        Self { incoming: self.incoming.plus(amount).unwrap_or(Amount(u128::MAX)), ..self }
    }

    /// What went out more than came in.
    pub fn net_outgoing(&self) -> Amount {
        self.outgoing.minus(self.incoming).unwrap_or(Amount::ZERO)
    }
}

/// A place in the state: an institution's position in an asset.
pub type PositionKey = (InstitutionNumber, AssetCode);

/// A rule that a payment met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct RuleMet {
    /// Whose rule.
    pub institution: InstitutionNumber,
    /// Its name there.
    pub name: RuleName,
}

/// The rules that a receipt names: one byte if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesMet(pub Vec<RuleMet>);

impl RulesMet {
    /// The most: nearly all rules of the payer's, of two dealers' and of the payee's institution. A
    /// payment that meets more names the first so many.
    pub const MAXIMUM: usize = 255;
}

impl BorshSerialize for RulesMet {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        codec::write_short(writer, &self.0)
    }
}

impl BorshDeserialize for RulesMet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        codec::short_vec(reader, Self::MAXIMUM).map(Self)
    }
}

/// An account owner's own limit for one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DailyLimit {
    /// The debited asset.
    pub asset: AssetCode,
    /// The most that is paid in one day of the servicer.
    pub most: Amount,
}

/// The limits that an account's owners set themselves, with their servicer. What is beyond them is
/// refused.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct OwnLimits {
    /// At most 16, ascending by asset, none twice.
    pub daily: Vec<DailyLimit>,
    /// The only accounts that it pays, if it does not pay every one: at most 64, ascending, none
    /// twice. An empty list lets it pay nobody.
    pub payees: Option<Vec<AccountId>>,
}

impl OwnLimits {
    /// The most daily limits.
    pub const MAXIMUM_DAILY: usize = 16;

    /// The most payees.
    pub const MAXIMUM_PAYEES: usize = 64;

    /// Says what is wrong with the limits, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        let payees = self.payees.as_deref().unwrap_or_default();
        if self.daily.len() > Self::MAXIMUM_DAILY || payees.len() > Self::MAXIMUM_PAYEES {
            return Some("an account has at most 16 daily limits and 64 payees");
        }
        if !self.daily.is_sorted_by(|left, right| left.asset < right.asset) {
            return Some("an account's daily limits must ascend by asset, none twice");
        }
        if !payees.is_sorted_by(|left, right| left < right) {
            return Some("an account's payees must ascend, none twice");
        }
        if self.daily.is_empty() && self.payees.is_none() {
            return Some("limits of an account that limit nothing are left out");
        }
        None
    }

    /// The most of `asset` that is paid in one day.
    pub fn most_a_day(&self, asset: AssetCode) -> Option<Amount> {
        self.daily.iter().find(|limit| limit.asset == asset).map(|limit| limit.most)
    }

    /// True if `payee` may be paid.
    pub fn allows(&self, payee: AccountId) -> bool {
        self.payees.as_ref().is_none_or(|payees| payees.binary_search(&payee).is_ok())
    }
}

impl BorshDeserialize for OwnLimits {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let daily = codec::bounded_vec(reader, Self::MAXIMUM_DAILY)?;
        let payees = match u8::deserialize_reader(reader)? {
            0 => None,
            1 => Some(codec::bounded_vec(reader, Self::MAXIMUM_PAYEES)?),
            _ => return Err(codec::invalid("neither a list of payees nor none")),
        };
        Ok(Self { daily, payees })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, measure: Measure, outcome: RuleOutcome) -> LimitRule {
        let asset = AssetCode::parse("CNY").unwrap();
        let name = RuleName::parse(name).unwrap();
        LimitRule { name, asset, tiers: Tiers::ALL, measure, outcome }
    }

    #[test]
    fn names_and_tiers_have_one_form() {
        for good in ["a", "day-50000", "a23456789012345678901234"] {
            let name = RuleName::parse(good).unwrap();
            assert_eq!(borsh::from_slice::<RuleName>(&codec::encode(&name)).unwrap(), name);
        }
        for bad in ["", "A", "a b", "ä", "a2345678901234567890123456"] {
            assert_eq!(RuleName::parse(bad), None, "{bad}");
        }
        for bad in [&[][..], &[0], &[1, b'A'], &[25], &[2, b'a']] {
            assert!(borsh::from_slice::<RuleName>(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Tiers::of(&[3, 0]).unwrap().list(), [0, 3]);
        assert_eq!((Tiers::of(&[]), Tiers::of(&[10])), (None, None));
        assert!(borsh::from_slice::<Tiers>(&[0, 0]).is_err());
        assert!(borsh::from_slice::<Tiers>(&[0, 4]).is_err());
        assert!(borsh::from_slice::<RuleOutcome>(&[4]).is_err());
    }

    #[test]
    fn days_begin_at_the_institutions_midnight() {
        let at = |hour: u64| Timestamp(10 * DAY + hour * 3_600_000);
        assert_eq!([0, 23].map(|hour| day_at(at(hour), 0)), [10, 10]);
        assert_eq!([15, 16].map(|hour| day_at(at(hour), 480)), [10, 11]);
        assert_eq!([4, 5].map(|hour| day_at(at(hour), -300)), [9, 10]);
        assert_eq!(day_at(Timestamp(0), -300), 0);
        let counter = DayCounter { day: 10, spent: Amount(5), payments: 1 };
        assert_eq!(counter.on(10).with(Amount(2)).spent, Amount(7));
        assert_eq!(counter.on(11), DayCounter { day: 11, ..DayCounter::default() });
    }

    #[test]
    fn defects_are_named() {
        use RuleOutcome::{Alert, Hold, Refuse};
        let limits = |rules| Limits { version: 1, utc_offset_minutes: 480, rules };
        let most = Amount(1);
        let good = limits(vec![
            rule("a", Measure::First, Alert),
            rule("b", Measure::Position { most }, Refuse),
            rule("c", Measure::First, Hold),
            rule("d", Measure::Incoming { most, from: Senders::Anyone }, Hold),
        ]);
        assert_eq!(good.defect(), None);
        let narrow = LimitRule {
            tiers: Tiers::of(&[1]).unwrap(),
            ..rule("b", Measure::Position { most }, Refuse)
        };
        for rules in [
            vec![rule("a", Measure::First, Refuse)],
            vec![narrow],
            vec![rule("a", Measure::First, Alert), rule("a", Measure::Count { most: 1 }, Alert)],
        ] {
            assert!(limits(rules).defect().is_some());
        }
        assert!(Limits { utc_offset_minutes: 841, ..good }.defect().is_some());
    }

    #[test]
    fn defects_of_own_limits_are_named() {
        let account = |number: u8| AccountId::new(InstitutionNumber(1), [number; 12]);
        let daily = |asset| DailyLimit { asset: AssetCode::parse(asset).unwrap(), most: Amount(1) };
        let own = |daily: &[DailyLimit], payees: Option<&[AccountId]>| OwnLimits {
            daily: daily.to_vec(),
            payees: payees.map(<[_]>::to_vec),
        };
        assert_eq!(own(&[daily("CNY"), daily("HKD")], None).defect(), None);
        assert_eq!(own(&[], Some(&[])).defect(), None);
        assert!(own(&[], None).defect().is_some());
        assert!(own(&[daily("HKD"), daily("CNY")], None).defect().is_some());
        assert!(own(&[], Some(&[account(2), account(2)])).defect().is_some());
        let chosen = own(&[], Some(&[account(1), account(2)]));
        assert!(chosen.allows(account(2)) && !chosen.allows(account(3)));
        let bytes = codec::encode(&chosen);
        assert_eq!(borsh::from_slice::<OwnLimits>(&bytes).unwrap(), chosen);
    }
}
