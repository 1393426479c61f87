//! Limits for tests: rules by one name and measure, and who publishes them.

use super::{World, code, operator, owner, receipt};
use ledger::account::Policy;
use ledger::ids::{AccountId, InstitutionNumber};
use ledger::limits::{LimitRule, Limits, Measure, OwnLimits, RuleName, RuleOutcome, Tiers};
use ledger::money::Money;
use ledger::operation::Operation;
use ledger::receipt::{Outcome, Receipt};
use ledger::rejection::Rejection;

fn rule(name: &str, measure: Measure, outcome: RuleOutcome) -> LimitRule {
    let name = RuleName::parse(name).unwrap();
    LimitRule { name, asset: code("CNY"), tiers: Tiers::ALL, measure, outcome }
}

/// A rule for CNY and every tier that refuses.
pub fn refuse(name: &str, measure: Measure) -> LimitRule {
    rule(name, measure, RuleOutcome::Refuse)
}

/// A rule for CNY and every tier that alerts.
pub fn alert(name: &str, measure: Measure) -> LimitRule {
    rule(name, measure, RuleOutcome::Alert)
}

/// A rule for CNY and every tier that holds for a review.
pub fn review(name: &str, measure: Measure) -> LimitRule {
    rule(name, measure, RuleOutcome::Hold)
}

/// Days begin at midnight in UTC.
pub const fn set_limits(
    institution: InstitutionNumber,
    version: u32,
    rules: Vec<LimitRule>,
) -> Operation {
    Operation::SetLimits { institution, limits: Limits { version, utc_offset_minutes: 0, rules } }
}

/// The account's policy, with these limits of its owner's.
pub fn limit_owner(world: &mut World, account: AccountId, limits: Option<OwnLimits>) {
    let policy = Policy { limits, ..Policy::single(owner(account).public()) };
    let set = Operation::SetPolicy { account, policy };
    let signers = [owner(account), operator(account.servicer())];
    assert_eq!(world.submit(set, &signers), Outcome::Done);
}

/// Publishes an institution's rules, by its operator.
pub fn publish(world: &mut World, bank: InstitutionNumber, version: u32, rules: Vec<LimitRule>) {
    let set = set_limits(bank, version, rules);
    assert_eq!(world.submit(set, &[operator(bank)]), Outcome::Done);
}

/// Pays by the owner; gives the receipt.
pub fn pay(world: &mut World, from: AccountId, to: AccountId, amount: Money) -> Receipt {
    let pay = world.pay(from, to, amount);
    receipt(world, Operation::Pay(pay), &[owner(from)])
}

/// The refusal, or the names of the alerts of what happened.
pub fn names(receipt: &Receipt) -> (Option<Rejection>, Vec<String>) {
    let names = receipt.rules.0.iter().map(|rule| rule.name.to_string()).collect();
    (receipt.outcome.rejection(), names)
}

/// What [`names`] gives of a payment that this rule refused.
pub fn refused(rejection: Rejection, rule: &str) -> (Option<Rejection>, Vec<String>) {
    (Some(rejection), vec![rule.to_owned()])
}

/// What it gives of one that was not refused, and met these rules.
pub fn passed(rules: &[&str]) -> (Option<Rejection>, Vec<String>) {
    (None, rules.iter().map(|rule| (*rule).to_owned()).collect())
}
