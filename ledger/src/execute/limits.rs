//! Limits: what a payment may be, by its payer's own policy and its institutions' rules, and how an
//! institution publishes them.
//!
//! Invariants: nothing is counted where no rule asks for it, so that a payment without limits
//! touches no further record; what is rejected is not counted; a receipt names a rule only because
//! of what happened here; a payee becomes known by a payment that settles, and by nothing else.

use std::sync::Arc;

use super::scene::{Effect, Scene, ensure};
use super::working::Working;
use crate::account::{Account, HoldingKey};
use crate::hash::Hash;
use crate::ids::{AccountId, AssetCode, InstitutionNumber};
use crate::limits::{DayCounter, Facts, Incoming, LimitRule, Limits, Measure, Position};
use crate::limits::{PositionKey, RuleMet, RuleOutcome, RulesMet, day_at};
use crate::money::Money;
use crate::operation::PaymentTerms;
use crate::rejection::Rejection;
use crate::state::Directory;

/// A payment as its payer ordered it.
pub(super) struct Ordered<'a> {
    pub(super) payer: &'a Account,
    pub(super) from: AccountId,
    pub(super) to: AccountId,
    /// Charges on top left out.
    pub(super) amount: Money,
    pub(super) terms: &'a PaymentTerms,
}

impl Ordered<'_> {
    /// True if the payment carries a commitment to private data.
    fn is_informed(&self) -> bool {
        self.terms.remittance != Hash::ZERO
    }
}

/// Money that goes from one account to another, perhaps of another institution.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub(super) from: AccountId,
    pub(super) to: AccountId,
    pub(super) money: Money,
}

impl Move {
    fn is_interbank(&self) -> bool {
        self.from.servicer() != self.to.servicer()
    }
}

/// The reviews that rules ask for.
#[derive(Default)]
pub(super) struct Reviews {
    /// Whose, in their order: the payer's institution, a dealer's, the payee's.
    pub(super) by: Vec<InstitutionNumber>,
    /// The rules that ask for them.
    pub(super) rules: Vec<RuleMet>,
}

/// What the rules say of a payment that none of them refuses.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) counted: Counted,
    pub(super) reviews: Reviews,
}

/// What is to be written once the payment settles or is held.
#[derive(Default)]
pub(super) struct Counted {
    day: Option<(HoldingKey, DayCounter)>,
    positions: Vec<(PositionKey, Position)>,
}

impl Counted {
    /// Writes what was counted.
    pub(super) fn write(self, working: &mut Working<'_>) {
        if let Some((key, counter)) = self.day {
            working.put_day_counter(key, counter);
        }
        for (key, position) in self.positions {
            working.put_position(key, position);
        }
    }
}

/// True if anything might limit a payment of `payer`'s.
pub(super) fn asks(scene: &Scene<'_, '_>, payer: &Account) -> bool {
    payer.policy.limits.is_some() || !scene.directory.limits.is_empty()
}

/// Asks all rules about a payment that consists of `moves`, the last of them to its payee, and
/// notes for the receipt which alert or ask for a review.
///
/// # Errors
/// The first refusal in the order of precedence; the rule that refuses is noted for the receipt.
pub(super) fn ask(
    scene: &mut Scene<'_, '_>,
    ordered: &Ordered<'_>,
    moves: &[Move],
) -> Result<Answer, Rejection> {
    if !asks(scene, ordered.payer) {
        return Ok(Answer::default());
    }
    let directory = Arc::clone(&scene.directory);
    let mut inquiry = Inquiry { met: Vec::new(), refusal: None, answer: Answer::default() };
    inquiry.ask_day(scene, &directory, ordered);
    for a_move in moves.iter().filter(|a_move| a_move.is_interbank()) {
        inquiry.ask_position(scene, &directory, a_move);
    }
    if let Some(last) = moves.iter().rfind(|a_move| a_move.to == ordered.to) {
        inquiry.ask_incoming(scene, &directory, ordered, last.money);
    }
    if let Some((rejection, rule)) = inquiry.refusal {
        // The owners' own limits have no names; the reason says which.
        scene.rules = rule.into_iter().collect();
        return Err(rejection);
    }
    scene.rules = inquiry.met;
    scene.rules.truncate(RulesMet::MAXIMUM);
    inquiry.answer.reviews.rules.truncate(RulesMet::MAXIMUM);
    Ok(inquiry.answer)
}

/// Notes that what `paid` has settled: its payee is known from now on, and it came in. Cannot fail.
pub(super) fn settle(scene: &mut Scene<'_, '_>, paid: Move) {
    know_payee(scene, (paid.from, paid.to), paid.money.asset);
    arrive(scene, paid);
}

/// Remembers, where a rule asks for it, that a payment of `asset` from the one account to the other
/// has settled. Cannot fail.
pub(super) fn know_payee(
    scene: &mut Scene<'_, '_>,
    (payer, payee): (AccountId, AccountId),
    asset: AssetCode,
) {
    let Some(limits) = scene.directory.limits.get(&payer.servicer()) else { return };
    if !limits.rules.iter().any(|rule| rule.measure.knows_payees()) {
        return;
    }
    let Some(account) = scene.working.account(payer) else { return };
    if !limits.knows_payees(asset, account.tier) {
        return;
    }
    let known = scene.working.payees(payer);
    if known.list().last().is_some_and(|last| last.payee == payee) {
        return;
    }
    let known = Arc::unwrap_or_clone(known).with(payee, scene.working.time);
    scene.working.put_payees(payer, known);
}

/// Counts what comes to an institution from another one: when it comes, which for what was held is
/// later than when it went. Cannot fail.
pub(super) fn arrive(scene: &mut Scene<'_, '_>, arrival: Move) {
    let institution = arrival.to.servicer();
    let Money { amount, asset } = arrival.money;
    let limits = scene.directory.limits.get(&institution);
    let Some(limits) = limits.filter(|limits| limits.counts_position(asset)) else { return };
    if !arrival.is_interbank() {
        return;
    }
    let day = limits.day(scene.working.time);
    let key = (institution, asset);
    let position = scene.working.position(key).on(day).with_incoming(amount);
    scene.working.put_position(key, position);
}

/// The answers so far.
struct Inquiry {
    met: Vec<RuleMet>,
    refusal: Option<(Rejection, Option<RuleMet>)>,
    answer: Answer,
}

impl Inquiry {
    /// The rules on the payer's side.
    fn ask_day(&mut self, scene: &mut Scene<'_, '_>, directory: &Directory, ordered: &Ordered<'_>) {
        let Ordered { payer, from, to, amount, .. } = ordered;
        let own = payer.policy.limits.as_ref();
        let limits = directory.limits.get(&from.servicer());
        let most_a_day = own.and_then(|own| own.most_a_day(amount.asset));
        let counts = most_a_day.is_some()
            || limits.is_some_and(|limits| limits.counts(amount.asset, payer.tier));
        let day = day_at(scene.working.time, limits.map_or(0, |limits| limits.utc_offset_minutes));
        let key = (*from, amount.asset);
        let before = if counts { scene.working.day_counter(key) } else { None };
        let today = before.unwrap_or_default().on(day).with(amount.amount);
        if own.is_some_and(|own| !own.allows(*to)) {
            self.refuse(Rejection::PayeeNotAllowed, None);
        }
        if most_a_day.is_some_and(|most| today.spent > most) {
            self.refuse(Rejection::OwnDailyLimit, None);
        }
        if counts {
            self.answer.counted.day = Some((key, today));
        }
        let Some(limits) = limits else { return };
        let Money { amount, asset } = *amount;
        let (tier, is_first) = (payer.tier, before.is_none());
        let known_for = known_for(scene, limits, ordered);
        let is_informed = ordered.is_informed();
        let facts = Facts { asset, tier, amount, today, is_first, known_for, is_informed };
        self.note(from.servicer(), limits.met(facts));
    }

    /// The rules of the institution from which money goes to another one.
    fn ask_position(&mut self, scene: &mut Scene<'_, '_>, directory: &Directory, going: &Move) {
        let institution = going.from.servicer();
        let Some((limits, position)) = self.position(scene, directory, institution, going) else {
            return;
        };
        let position = position.with_outgoing(going.money.amount);
        self.note(institution, limits.met_by_position(going.money.asset, position));
        self.keep((institution, going.money.asset), position);
    }

    /// The rules of the payee's institution about what comes in.
    fn ask_incoming(
        &mut self,
        scene: &mut Scene<'_, '_>,
        directory: &Directory,
        ordered: &Ordered<'_>,
        received: Money,
    ) {
        let (payer, payee) = (ordered.from.servicer(), ordered.to.servicer());
        let Some(limits) = directory.limits.get(&payee) else { return };
        let bank = |number| directory.institutions.get(&number).map(|bank| (number, bank.bic));
        let (Some(from), Some(to)) = (bank(payer), bank(payee)) else { return };
        let Some(account) = scene.account(ordered.to) else { return };
        let Money { amount, asset } = received;
        let (tier, is_informed) = (account.tier, ordered.is_informed());
        let incoming = Incoming { asset, tier, amount, is_informed, from, to };
        self.note(payee, limits.met_by_incoming(incoming));
    }

    /// The rules and today's position of an institution that counts it.
    fn position<'d>(
        &self,
        scene: &mut Scene<'_, '_>,
        directory: &'d Directory,
        institution: InstitutionNumber,
        of: &Move,
    ) -> Option<(&'d Limits, Position)> {
        let limits = directory.limits.get(&institution)?;
        if !limits.counts_position(of.money.asset) {
            return None;
        }
        let key = (institution, of.money.asset);
        let positions = &self.answer.counted.positions;
        let counted = positions.iter().find(|(known, _)| *known == key);
        let position = match counted {
            Some((_, position)) => *position,
            None => scene.working.position(key),
        };
        Some((limits, position.on(limits.day(scene.working.time))))
    }

    fn keep(&mut self, key: PositionKey, position: Position) {
        let positions = &mut self.answer.counted.positions;
        positions.retain(|(known, _)| *known != key);
        positions.push((key, position));
    }

    fn note<'r>(
        &mut self,
        institution: InstitutionNumber,
        rules: impl Iterator<Item = &'r LimitRule>,
    ) {
        for rule in rules {
            let met = RuleMet { institution, name: rule.name.clone() };
            match rule.outcome {
                RuleOutcome::Alert => self.met.push(met),
                RuleOutcome::Refuse => self.refuse(refusal(rule.measure), Some(met)),
                RuleOutcome::Hold => self.hold(met),
            }
        }
    }

    /// Notes that a rule asks for a review.
    fn hold(&mut self, met: RuleMet) {
        let Reviews { by, rules } = &mut self.answer.reviews;
        if !by.contains(&met.institution) {
            by.push(met.institution);
        }
        rules.push(met.clone());
        self.met.push(met);
    }

    /// Refuses, unless there is a refusal already that comes before.
    fn refuse(&mut self, rejection: Rejection, rule: Option<RuleMet>) {
        if self.refusal.as_ref().is_none_or(|(first, _)| rejection < *first) {
            self.refusal = Some((rejection, rule));
        }
    }
}

/// How long ago the payer's first payment to the payee settled, if a rule asks for it and it is
/// remembered.
fn known_for(scene: &mut Scene<'_, '_>, limits: &Limits, ordered: &Ordered<'_>) -> Option<u64> {
    let Ordered { payer, from, to, amount, .. } = ordered;
    if !limits.knows_payees(amount.asset, payer.tier) {
        return None;
    }
    let since = scene.working.payees(*from).since(*to)?;
    Some(scene.working.time.since(since))
}

/// Why a payment that meets a rule is refused.
const fn refusal(measure: Measure) -> Rejection {
    match measure {
        Measure::Payment { .. } => Rejection::PaymentLimit,
        Measure::Day { .. } | Measure::Count { .. } | Measure::First => Rejection::DailyLimit,
        Measure::Position { .. } => Rejection::PositionLimit,
        Measure::Incoming { .. } => Rejection::IncomingRefused,
        Measure::NewPayee { .. } => Rejection::NewPayeeLimit,
        Measure::MissingInformation { .. } | Measure::IncomingMissingInformation { .. } => {
            Rejection::MissingInformation
        }
    }
}

/// Publishes an institution's next limits.
pub(super) fn set(
    scene: &mut Scene<'_, '_>,
    number: InstitutionNumber,
    limits: &Limits,
) -> Result<Effect, Rejection> {
    let institution = scene.institution(number);
    scene.ensure_signed(institution.map(|institution| &institution.operators))?;
    ensure(institution.is_some(), Rejection::UnknownInstitution)?;
    scene.ensure_members(&[number])?;
    let assets = &scene.directory.assets;
    let is_known = limits.rules.iter().all(|rule| assets.contains_key(&rule.asset));
    ensure(is_known, Rejection::UnknownAsset)?;
    let present = scene.directory.limits.get(&number).map_or(0, |present| present.version);
    ensure(present.checked_add(1) == Some(limits.version), Rejection::LimitsConflict)?;

    // After this point the operation must succeed.
    scene.working.put_limits(number, limits.clone());
    Ok(Effect::DONE)
}
