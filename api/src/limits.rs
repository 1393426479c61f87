//! Limits: `GET /v1/institutions/{bic}/limits` and `GET /v1/accounts/{account}/limits`.
//!
//! Invariants: what is shown is the state after one named final block; what was used is of the day
//! that is named, in the institution's time. Absent: what a payment would meet (a simulation says
//! that).

use ledger::account::Account;
use ledger::ids::{AccountId, AssetCode, Bic, Height, Timestamp};
use ledger::limits::{
    DayCounter, KnownPayee, KnownPayees, LimitRule, Limits, Measure, OwnLimits, Position, RuleMet,
    RuleOutcome, Senders, day_at,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{self, Naming};

/// A rule that a payment met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    /// Whose rule: the institution's number.
    pub institution: u32,
    /// Its name there.
    pub name: String,
}

impl RuleView {
    /// Renders a rule that was met.
    pub fn new(rule: &RuleMet) -> Self {
        Self { institution: rule.institution.0, name: rule.name.to_string() }
    }
}

/// One rule of an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitRuleView {
    /// Its name, which receipts carry.
    pub name: String,
    /// The asset that it is for: the debited one, or the credited one of what comes in.
    pub asset: String,
    /// The tiers of the accounts that it is for, which pay, or are paid what comes in.
    pub tiers: Vec<u8>,
    /// `payment`, `day`, `count`, `first`, `position`, `incoming`, `new-payee`,
    /// `missing-information` or `incoming-missing-information`.
    pub measure: String,
    /// Whose payments a rule about what comes in is for: `anyone`, `other-institutions`,
    /// `other-countries`, an institution's number or a country's two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The most that does not meet it, of an amount: `50000.00 CNY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<String>,
    /// The most payments of a day that do not meet it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_payments: Option<u32>,
    /// For how many seconds after the first payment to it a payee is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cool_off_seconds: Option<u32>,
    /// `alert`, `hold` or `refuse`.
    pub outcome: String,
}

impl LimitRuleView {
    /// Renders a rule.
    pub fn new(rule: &LimitRule, naming: &Naming) -> Self {
        let most = rule.measure.most().map(|most| naming.amount(most, rule.asset));
        let (most_payments, cool_off_seconds) = match rule.measure {
            Measure::Count { most } => (Some(most), None),
            Measure::NewPayee { cool_off, .. } => (None, Some(cool_off)),
            Measure::Payment { .. }
            | Measure::Day { .. }
            | Measure::First
            | Measure::Position { .. }
            | Measure::Incoming { .. }
            | Measure::MissingInformation { .. }
            | Measure::IncomingMissingInformation { .. } => (None, None),
        };
        Self {
            name: rule.name.to_string(),
            asset: rule.asset.to_string(),
            tiers: rule.tiers.list(),
            measure: measure_word(rule.measure).to_owned(),
            from: from_text(rule.measure),
            most,
            most_payments,
            cool_off_seconds,
            outcome: outcome_word(rule.outcome).to_owned(),
        }
    }
}

/// What an institution's accounts have paid to others, and got from them, of an asset this day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PositionView {
    /// The asset's code.
    pub asset: String,
    /// To other institutions.
    pub outgoing: String,
    /// From other institutions.
    pub incoming: String,
    /// What went out more than came in, which rules of the measure `position` look at.
    pub net_outgoing: String,
}

impl PositionView {
    fn new(asset: AssetCode, position: Position, naming: &Naming) -> Self {
        Self {
            asset: asset.to_string(),
            outgoing: naming.amount(position.outgoing, asset),
            incoming: naming.amount(position.incoming, asset),
            net_outgoing: naming.amount(position.net_outgoing(), asset),
        }
    }
}

/// An institution's limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView {
    /// Its BIC.
    pub institution: String,
    /// The version; 0 if it never published any.
    pub version: u32,
    /// Its time, ahead of UTC: `+08:00`.
    pub utc_offset: String,
    /// The day there now.
    #[schema(format = "date")]
    pub day: String,
    /// The rules, in the order in which receipts name them.
    pub rules: Vec<LimitRuleView>,
    /// This day's positions in the assets that have a rule about them.
    pub positions: Vec<PositionView>,
    /// The final block after which this is the state.
    pub height: u64,
}

impl LimitsView {
    /// Renders the limits of the institution `bic` at `now`; `position` tells what was counted
    /// last of an asset.
    pub fn new(
        bic: &Bic,
        limits: Option<&Limits>,
        position: impl Fn(AssetCode) -> Option<Position>,
        (height, now): (Height, Timestamp),
        naming: &Naming,
    ) -> Self {
        let minutes = limits.map_or(0, |limits| limits.utc_offset_minutes);
        let day = day_at(now, minutes);
        let mut assets: Vec<AssetCode> = Vec::new();
        for rule in limits.iter().flat_map(|limits| &limits.rules) {
            if matches!(rule.measure, Measure::Position { .. }) && !assets.contains(&rule.asset) {
                assets.push(rule.asset);
            }
        }
        let today = |asset: AssetCode| position(asset).unwrap_or_default().on(day);
        let positions =
            assets.into_iter().map(|asset| PositionView::new(asset, today(asset), naming));
        let rules = limits.iter().flat_map(|limits| &limits.rules);
        Self {
            institution: bic.to_string(),
            version: limits.map_or(0, |limits| limits.version),
            utc_offset: offset_text(minutes),
            day: day_text(day),
            rules: rules.map(|rule| LimitRuleView::new(rule, naming)).collect(),
            positions: positions.collect(),
            height: height.0,
        }
    }
}

/// A limit that payments from or to an account meet or not, and what of it is used this day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountLimitView {
    /// `institution` for a rule of the servicer, `account` for the account's own limit.
    pub by: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: LimitRuleView,
    /// What the account has paid this day, for the measure `day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
    /// What it can pay this day until the rule is met, for the measure `day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// How often it has paid this day, for the measure `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_payments: Option<u32>,
}

/// A payee that an account has paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownPayeeView {
    /// The payee's address.
    pub payee: String,
    /// When the first payment to it settled.
    #[schema(format = "date-time")]
    pub since: String,
}

impl KnownPayeeView {
    fn new(known: &KnownPayee, naming: &Naming) -> Self {
        Self { payee: naming.address(known.payee), since: text::time(known.since) }
    }
}

/// The limits of an account's payments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountLimitsView {
    /// Its address.
    pub account: String,
    /// Its servicer's BIC.
    pub institution: String,
    /// Its know-your-customer tier.
    pub tier: u8,
    /// The servicer's time, ahead of UTC: `+08:00`.
    pub utc_offset: String,
    /// The day there now, which the used amounts are of.
    #[schema(format = "date")]
    pub day: String,
    /// The limits: the account's own first, then the servicer's rules for its tier.
    pub limits: Vec<AccountLimitView>,
    /// The only accounts that it may pay, by its own policy; absent if that names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payees: Option<Vec<String>>,
    /// The payees that it has paid and that are remembered, at most 32, the least recently paid
    /// first; absent if no rule asked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_payees: Vec<KnownPayeeView>,
    /// The final block after which this is the state.
    pub height: u64,
}

impl AccountLimitsView {
    /// Renders the limits of the account `id` of the institution `bic` at `now`; `counter` tells
    /// what was counted last of an asset, and `known` are the payees that are remembered.
    pub fn new(
        (id, account): (AccountId, &Account),
        (bic, limits): (&Bic, Option<&Limits>),
        (counter, known): (impl Fn(AssetCode) -> Option<DayCounter>, Option<&KnownPayees>),
        (height, now): (Height, Timestamp),
        naming: &Naming,
    ) -> Self {
        let minutes = limits.map_or(0, |limits| limits.utc_offset_minutes);
        let day = day_at(now, minutes);
        let own = account.policy.limits.as_ref();
        let today = |asset| counter(asset).unwrap_or_default().on(day);
        let rules = limits.into_iter().flat_map(|limits| &limits.rules);
        let rules = rules.filter(|rule| rule.tiers.contains(account.tier));
        let rules = rules.map(|rule| of_rule(rule, today(rule.asset), naming));
        let own_limits = own.into_iter().flat_map(|own| own_lines(own, &today, naming));
        Self {
            account: naming.address(id),
            institution: bic.to_string(),
            tier: account.tier,
            utc_offset: offset_text(minutes),
            day: day_text(day),
            limits: own_limits.chain(rules).collect(),
            payees: own.and_then(|own| payees(own, naming)),
            known_payees: known
                .into_iter()
                .flat_map(KnownPayees::list)
                .map(|known| KnownPayeeView::new(known, naming))
                .collect(),
            height: height.0,
        }
    }
}

/// The payees of an account's own limits.
pub(crate) fn payees(own: &OwnLimits, naming: &Naming) -> Option<Vec<String>> {
    let payees = own.payees.as_ref()?;
    Some(payees.iter().map(|payee| naming.address(*payee)).collect())
}

fn of_rule(rule: &LimitRule, today: DayCounter, naming: &Naming) -> AccountLimitView {
    let day = match rule.measure {
        Measure::Day { most } => Some(most),
        Measure::Payment { .. }
        | Measure::Count { .. }
        | Measure::First
        | Measure::Position { .. }
        | Measure::Incoming { .. }
        | Measure::NewPayee { .. }
        | Measure::MissingInformation { .. }
        | Measure::IncomingMissingInformation { .. } => None,
    };
    let left = day.map(|most| most.minus(today.spent).unwrap_or_default());
    let is_count = matches!(rule.measure, Measure::Count { .. });
    AccountLimitView {
        by: "institution".to_owned(),
        rule: LimitRuleView::new(rule, naming),
        used: day.map(|_| naming.amount(today.spent, rule.asset)),
        left: left.map(|left| naming.amount(left, rule.asset)),
        used_payments: is_count.then_some(today.payments),
    }
}

/// The account's own daily limits, as rules that refuse.
fn own_lines<'o>(
    own: &'o OwnLimits,
    today: &'o impl Fn(AssetCode) -> DayCounter,
    naming: &'o Naming,
) -> impl Iterator<Item = AccountLimitView> + 'o {
    own.daily.iter().map(move |limit| {
        let spent = today(limit.asset).spent;
        let left = limit.most.minus(spent).unwrap_or_default();
        let amount = |amount| naming.amount(amount, limit.asset);
        AccountLimitView {
            by: "account".to_owned(),
            rule: LimitRuleView {
                name: "own-daily-limit".to_owned(),
                asset: limit.asset.to_string(),
                tiers: (0..=9).collect(),
                measure: measure_word(Measure::Day { most: limit.most }).to_owned(),
                from: None,
                most: Some(amount(limit.most)),
                most_payments: None,
                cool_off_seconds: None,
                outcome: outcome_word(RuleOutcome::Refuse).to_owned(),
            },
            used: Some(amount(spent)),
            left: Some(amount(left)),
            used_payments: None,
        }
    })
}

/// The word of a measure.
pub const fn measure_word(measure: Measure) -> &'static str {
    match measure {
        Measure::Payment { .. } => "payment",
        Measure::Day { .. } => "day",
        Measure::Count { .. } => "count",
        Measure::First => "first",
        Measure::Position { .. } => "position",
        Measure::Incoming { .. } => "incoming",
        Measure::NewPayee { .. } => "new-payee",
        Measure::MissingInformation { .. } => "missing-information",
        Measure::IncomingMissingInformation { .. } => "incoming-missing-information",
    }
}

/// Whose payments a rule about what comes in is for; `None` for other rules.
pub fn from_text(measure: Measure) -> Option<String> {
    Some(match measure.senders()? {
        Senders::Anyone => "anyone".to_owned(),
        Senders::OtherInstitutions => "other-institutions".to_owned(),
        Senders::OtherCountries => "other-countries".to_owned(),
        Senders::Institution(number) => number.0.to_string(),
        Senders::Country(country) => country.to_string(),
    })
}

/// The word of an outcome.
pub const fn outcome_word(outcome: RuleOutcome) -> &'static str {
    match outcome {
        RuleOutcome::Alert => "alert",
        RuleOutcome::Refuse => "refuse",
        RuleOutcome::Hold => "hold",
    }
}

/// `+08:00`.
pub fn offset_text(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads `+08:00`; `None` for anything else.
pub fn parse_offset(text: &str) -> Option<i16> {
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |digits: &str, most: i16| -> Option<i16> {
        let is_pair = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|number| is_pair && *number <= most)
    };
    let ahead = number(hours, 23)? * 60 + number(minutes, 59)?;
    match text.get(..1)? {
        "+" => Some(ahead),
        "-" if ahead > 0 => Some(-ahead),
        _ => None,
    }
}

/// The day as `2026-11-26`.
fn day_text(day: u32) -> String {
    let midnight = Timestamp(u64::from(day) * 24 * 60 * 60 * 1000);
    text::time(midnight).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::account::{AccountStatus, Policy};
    use ledger::crypto::{SecretKey, Suite};
    use ledger::ids::{InstitutionNumber, Network};
    use ledger::limits::{DailyLimit, RuleName, Tiers};
    use ledger::money::{Amount, Decimals};

    #[test]
    fn offsets_have_one_text() {
        for (minutes, text) in [(480, "+08:00"), (0, "+00:00"), (-210, "-03:30"), (840, "+14:00")] {
            assert_eq!(offset_text(minutes), text);
            assert_eq!(parse_offset(text), Some(minutes));
        }
        for bad in ["", "8", "08:00", "+8:00", "+08:60", "+0800", "-00:00", "+24:00", "+08:+1"] {
            assert_eq!(parse_offset(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_used_is_of_the_day_there() {
        let cny = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(cny, Decimals(2))].into() };
        let rule = |name: &str, tiers: &[u8], measure| LimitRule {
            name: RuleName::parse(name).unwrap(),
            asset: cny,
            tiers: Tiers::of(tiers).unwrap(),
            measure,
            outcome: RuleOutcome::Refuse,
        };
        let limits = Limits {
            version: 3,
            utc_offset_minutes: 480,
            rules: vec![
                rule("day", &[1], Measure::Day { most: Amount(10_000) }),
                rule("other-tier", &[2], Measure::Day { most: Amount(1) }),
                rule("often", &[0, 1], Measure::Count { most: 5 }),
                rule("new", &[1], Measure::NewPayee { most: Amount(50), cool_off: 60 }),
            ],
        };
        let key = SecretKey::from_seed(Suite::Ed25519Blake3, [1; 32]).public();
        let own = OwnLimits {
            daily: vec![DailyLimit { asset: cny, most: Amount(2_000) }],
            payees: Some(vec![]),
        };
        let account = Account {
            status: AccountStatus::Active,
            tier: 1,
            policy: Policy { limits: Some(own), ..Policy::single(key) },
            open_holdings: 1,
        };
        let id = AccountId::new(InstitutionNumber(1), [7; 12]);
        let bic = Bic::parse("PSBCCNBJ").unwrap();
        // 23:30 of 1970-01-03 in UTC is the morning of the 4th there.
        let now = Timestamp(3 * 86_400_000 - 1_800_000);
        let counter = DayCounter { day: 3, spent: Amount(2_500), payments: 2 };
        let known = KnownPayees::default().with(id, Timestamp(86_400_000));
        let view = |counted: DayCounter| {
            let limits = (&bic, Some(&limits));
            let counted = (|_| Some(counted), Some(&known));
            AccountLimitsView::new((id, &account), limits, counted, (Height(9), now), &naming)
        };
        let today = view(counter);
        assert_eq!((today.day.as_str(), today.utc_offset.as_str()), ("1970-01-04", "+08:00"));
        let names: Vec<_> = today.limits.iter().map(|limit| limit.rule.name.as_str()).collect();
        assert_eq!(names, ["own-daily-limit", "day", "often", "new"]);
        let lefts: Vec<_> = today.limits.iter().map(|limit| limit.left.as_deref()).collect();
        assert_eq!(lefts, [Some("0.00 CNY"), Some("75.00 CNY"), None, None]);
        assert_eq!(today.limits[2].used_payments, Some(2));
        assert_eq!(today.payees, Some(vec![]));
        assert_eq!(today.limits[3].rule.cool_off_seconds, Some(60));
        assert_eq!(today.limits[3].rule.most.as_deref(), Some("0.50 CNY"));
        assert_eq!(today.known_payees[0].since, "1970-01-02T00:00:00.000Z");
        let tomorrow = view(DayCounter { day: 2, ..counter });
        assert_eq!(tomorrow.limits[1].used.as_deref(), Some("0.00 CNY"));
        assert_eq!(tomorrow.limits[2].used_payments, Some(0));
    }
}
