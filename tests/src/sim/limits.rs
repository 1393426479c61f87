//! The limits of the simulated banks: low enough that some payments meet them.
//!
//! Invariants: every bank has the same, from the ledger's opening on; a simulated day is never over
//! while clients pay.

use ledger::limits::{LimitRule, Limits, Measure, RuleName, RuleOutcome, Senders, Tiers};
use ledger::money::Amount;

use super::setup::Setup;

/// A single payment of more is alerted.
pub(super) const LARGE: u128 = 350;

/// The most that an account pays in a day.
pub(super) const DAY: u128 = 2_500;

/// The most that a bank's accounts pay to other banks in a day, net.
pub(super) const POSITION: u128 = 4_000;

/// A single payment of more that comes from another bank is reviewed.
pub(super) const REVIEWED: u128 = 270;

/// A single payment of more to a payee that is new is alerted.
pub(super) const NEW_PAYEE: u128 = 200;

/// For how many seconds after the first payment to it a payee is new.
pub(super) const COOL_OFF: u32 = 5;

/// The name of the rule that alerts what is beyond [`NEW_PAYEE`].
pub(super) const NEW_PAYEE_RULE: &str = "new-payee";

/// The name of the rule that alerts what is beyond [`LARGE`].
pub(super) const LARGE_RULE: &str = "large";

/// The name of the rule that holds what is beyond [`REVIEWED`].
pub(super) const REVIEW_RULE: &str = "incoming";

/// The name of the rule that refuses what is beyond [`DAY`].
pub(super) const DAY_RULE: &str = "day";

/// The limits of a bank.
///
/// # Panics
/// Never: the names are well formed.
#[must_use]
pub(super) fn of_bank() -> Limits {
    let rule = |name: &str, measure, outcome| LimitRule {
        name: RuleName::parse(name).expect("the name is well formed"),
        asset: Setup::asset(),
        tiers: Tiers::ALL,
        measure,
        outcome,
    };
    let incoming = Measure::Incoming { most: Amount(REVIEWED), from: Senders::OtherInstitutions };
    let new_payee = Measure::NewPayee { most: Amount(NEW_PAYEE), cool_off: COOL_OFF };
    let rules = vec![
        rule(LARGE_RULE, Measure::Payment { most: Amount(LARGE) }, RuleOutcome::Alert),
        rule(DAY_RULE, Measure::Day { most: Amount(DAY) }, RuleOutcome::Refuse),
        rule("position", Measure::Position { most: Amount(POSITION) }, RuleOutcome::Refuse),
        rule(REVIEW_RULE, incoming, RuleOutcome::Hold),
        rule(NEW_PAYEE_RULE, new_payee, RuleOutcome::Alert),
    ];
    Limits { version: 1, utc_offset_minutes: 0, rules }
}
