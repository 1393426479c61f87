//! Random payments under random limits, against a model of limits that is written apart.
//!
//! Payments that a rule holds are then reviewed by each bank whose rule it was, or refused by one.
//! The model knows no counters that turn over: it keeps every payment that was counted, with its
//! day, and adds up what it is asked for. After each block: the same refusals, the same names in
//! the receipts, the same sums in the state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::hash::Hash;
use ledger::ids::{AccountId, InstitutionNumber, Uetr};
use ledger::limits::Tiers;
use ledger::limits::{DailyLimit, LimitRule, Limits, Measure, OwnLimits, RuleOutcome, Senders};
use ledger::money::Amount;
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::waiting::{OrderHash, Refusal};
use support::draw::Draw;
use support::families::{Tally, run_seeds};
use support::limits::*;
use support::*;

const DAY: u64 = 24 * 3_600_000;

/// Everything that ever counted.
#[derive(Default)]
struct Model {
    rules: BTreeMap<InstitutionNumber, Vec<LimitRule>>,
    own: BTreeMap<AccountId, OwnLimits>,
    tiers: BTreeMap<AccountId, u8>,
    /// Who paid how much, on which day, as far as somebody counted it.
    payments: Vec<(AccountId, u64, u128)>,
    /// Which bank paid others how much (or got it, below zero), on which day.
    moves: Vec<(InstitutionNumber, u64, i128)>,
    holds: BTreeMap<Uetr, (AccountId, AccountId)>,
    /// When which payer's first payment to which payee settled, as far as somebody remembered it.
    /// There are too few accounts here to forget one.
    known: BTreeMap<(AccountId, AccountId), u64>,
}

/// A payment that is ordered: how much, when, and whether it is a hold and has names.
#[derive(Clone, Copy)]
struct Ordered {
    amount: u128,
    now: u64,
    is_hold: bool,
    is_informed: bool,
}

/// The rejection, the rules that the receipt names, and who reviews it before it is paid.
type Verdict = (Option<Rejection>, Vec<String>, Vec<InstitutionNumber>);

impl Model {
    fn rules(&self, of: InstitutionNumber) -> &[LimitRule] {
        self.rules.get(&of).map_or(&[], Vec::as_slice)
    }

    fn has_position(&self, bank: InstitutionNumber) -> bool {
        self.rules(bank).iter().any(|rule| matches!(rule.measure, Measure::Position { .. }))
    }

    fn for_tier(&self, account: AccountId) -> Vec<LimitRule> {
        let tier = self.tiers.get(&account).copied().unwrap_or(1);
        let rules = self.rules(account.servicer()).iter();
        rules.filter(|rule| rule.tiers.contains(tier)).cloned().collect()
    }

    fn net(&self, bank: InstitutionNumber, day: u64) -> i128 {
        self.moves.iter().filter(|(b, d, _)| (*b, *d) == (bank, day)).map(|(.., sum)| sum).sum()
    }

    /// What becomes of a payment, which rules its receipt names, and who reviews it.
    fn pay(
        &mut self,
        (from, to): (AccountId, AccountId),
        Ordered { amount, now, is_hold, is_informed }: Ordered,
    ) -> Verdict {
        let day = now / DAY;
        let own = self.own.get(&from).cloned();
        let rules = self.for_tier(from);
        let most_own = own.as_ref().and_then(|own| own.daily.first()).map(|limit| limit.most.0);
        let counts = |rule: &LimitRule| {
            matches!(rule.measure, Measure::Day { .. } | Measure::Count { .. } | Measure::First)
        };
        let is_counted = most_own.is_some() || rules.iter().any(counts);
        let today: Vec<u128> = self
            .payments
            .iter()
            .filter(|(account, d, _)| (*account, *d) == (from, day))
            .map(|(.., amount)| *amount)
            .collect();
        let spent = today.iter().sum::<u128>() + amount;
        let is_first = self.payments.iter().all(|(account, ..)| *account != from);
        let goes_out = from.servicer() != to.servicer();
        let (mut met, mut held) = (Vec::new(), Vec::new());
        let mut refusals: Vec<(Rejection, Vec<String>)> = Vec::new();
        if own.as_ref().and_then(|own| own.payees.as_ref()).is_some_and(|all| !all.contains(&to)) {
            refusals.push((Rejection::PayeeNotAllowed, vec![]));
        }
        if most_own.is_some_and(|most| spent > most) {
            refusals.push((Rejection::OwnDailyLimit, vec![]));
        }
        let net = self.net(from.servicer(), day) + i128::try_from(amount).unwrap();
        let comes = self.for_tier(to);
        let is_from = |from_rule: Senders| match from_rule {
            Senders::OtherInstitutions => goes_out,
            Senders::Institution(number) => from.servicer() == number,
            Senders::Anyone | Senders::OtherCountries | Senders::Country(_) => true,
        };
        // First what the payer's side looks at, then its position, then the payee's side.
        for (pass, rule) in [(0, &rules), (1, &rules), (2, &comes)]
            .into_iter()
            .flat_map(|(pass, rules)| rules.iter().map(move |rule| (pass, rule)))
        {
            let (of_pass, is_met, reason) = match rule.measure {
                Measure::Payment { most } => (0, amount > most.0, Rejection::PaymentLimit),
                Measure::Day { most } => (0, spent > most.0, Rejection::DailyLimit),
                Measure::Count { most } => {
                    (0, today.len() + 1 > usize::try_from(most).unwrap(), Rejection::DailyLimit)
                }
                Measure::First => (0, is_first, Rejection::DailyLimit),
                Measure::Position { most } => {
                    let is_met = goes_out && net > i128::try_from(most.0).unwrap();
                    (1, is_met, Rejection::PositionLimit)
                }
                Measure::Incoming { most, from } => {
                    (2, amount > most.0 && is_from(from), Rejection::IncomingRefused)
                }
                Measure::NewPayee { most, cool_off } => {
                    let ends = self.known.get(&(from, to)).map(|t| t + 1_000 * u64::from(cool_off));
                    let is_new = ends.is_none_or(|ends| now < ends);
                    (0, amount > most.0 && is_new, Rejection::NewPayeeLimit)
                }
                Measure::MissingInformation { most } => {
                    (0, amount > most.0 && !is_informed, Rejection::MissingInformation)
                }
                Measure::IncomingMissingInformation { most, from } => {
                    let is_met = amount > most.0 && !is_informed && is_from(from);
                    (2, is_met, Rejection::MissingInformation)
                }
            };
            if !is_met || of_pass != pass {
                continue;
            }
            let name = rule.name.to_string();
            let bank = if pass == 2 { to.servicer() } else { from.servicer() };
            match rule.outcome {
                RuleOutcome::Refuse => refusals.push((reason, vec![name])),
                RuleOutcome::Alert => met.push(name),
                RuleOutcome::Hold => {
                    met.push(name.clone());
                    held.push((bank, name));
                }
            }
        }
        if is_hold && !held.is_empty() {
            let names = held.iter().map(|(_, name)| name.clone()).collect();
            refusals.push((Rejection::ReviewMissing, names));
        }
        refusals.sort_by_key(|(reason, _)| *reason);
        if let Some((reason, names)) = refusals.into_iter().next() {
            return (Some(reason), names, vec![]);
        }
        if is_counted {
            self.payments.push((from, day, amount));
        }
        let sum = i128::try_from(amount).unwrap();
        if goes_out && self.has_position(from.servicer()) {
            self.moves.push((from.servicer(), day, sum));
        }
        if !is_hold && held.is_empty() {
            self.settle((from, to), amount, now);
        }
        let mut reviewers: Vec<InstitutionNumber> = Vec::new();
        for (bank, _) in held {
            if !reviewers.contains(&bank) {
                reviewers.push(bank);
            }
        }
        (None, met, reviewers)
    }

    /// What a payment of `amount` that settles brings to the payee's bank, and whom it makes known.
    fn settle(&mut self, (from, to): (AccountId, AccountId), amount: u128, now: u64) {
        if from.servicer() != to.servicer() && self.has_position(to.servicer()) {
            self.moves.push((to.servicer(), now / DAY, -i128::try_from(amount).unwrap()));
        }
        let asks = |rule: &LimitRule| matches!(rule.measure, Measure::NewPayee { .. });
        if self.for_tier(from).iter().any(asks) {
            self.known.entry((from, to)).or_insert(now);
        }
    }

    fn capture(&mut self, payment: Uetr, amount: u128, now: u64) {
        let parties = self.holds.remove(&payment).unwrap();
        self.settle(parties, amount, now);
    }
}

fn draw_rules(draw: &mut Draw) -> Vec<LimitRule> {
    let kinds = draw.below(5);
    (0..kinds)
        .map(|number| {
            let most = Amount(draw.of(&[50, 300, 900, 2_000]));
            let count = draw.below(4);
            let from =
                draw.of(&[Senders::Anyone, Senders::OtherInstitutions, Senders::Institution(POST)]);
            let cool_off = draw.of(&[0, 2, 10, 86_400]);
            let measure = match draw.below(10) {
                0 => Measure::Payment { most },
                1 => Measure::Day { most },
                2 => Measure::Count { most: count },
                3 => Measure::First,
                4 => Measure::Position { most },
                5 => Measure::Incoming { most, from },
                6 => Measure::MissingInformation { most },
                7 => Measure::IncomingMissingInformation { most, from },
                _ => Measure::NewPayee { most, cool_off },
            };
            let name = format!("rule-{number}");
            let rule = match draw.below(4) {
                0 => alert(&name, measure),
                1 => review(&name, measure),
                _ if measure == Measure::First => alert(&name, measure),
                _ => refuse(&name, measure),
            };
            let is_position = matches!(measure, Measure::Position { .. });
            let tiers =
                if is_position { Tiers::ALL } else { draw.of(&[Tiers::ALL, tier(1), tier(2)]) };
            LimitRule { tiers, ..rule }
        })
        .collect()
}

fn tier(tier: u8) -> Tiers {
    Tiers::of(&[tier]).unwrap()
}

fn draw_own(draw: &mut Draw) -> Option<OwnLimits> {
    let most = Amount(draw.of(&[100, 1_000]));
    let daily = vec![DailyLimit { asset: code("CNY"), most }];
    match draw.below(3) {
        0 => None,
        1 => Some(OwnLimits { daily, payees: None }),
        _ => Some(OwnLimits { daily: vec![], payees: Some(vec![min(), ann()]) }),
    }
}

/// Changes limits, an account's own limits, or a tier.
fn change(draw: &mut Draw, world: &mut World, model: &mut Model, versions: &mut [u32; 2]) {
    let account = draw.of(&[wei(), ann(), min()]);
    match draw.below(3) {
        0 => {
            let place = draw.below(2_usize);
            let bank = [POST, CHINA][place];
            versions[place] += 1;
            let rules = draw_rules(draw);
            let limits =
                Limits { version: versions[place], utc_offset_minutes: 0, rules: rules.clone() };
            let set = Operation::SetLimits { institution: bank, limits };
            assert_eq!(world.submit(set, &[operator(bank)]), Outcome::Done);
            model.rules.insert(bank, rules);
        }
        1 => {
            let own = draw_own(draw);
            limit_owner(world, account, own.clone());
            match own {
                Some(own) => model.own.insert(account, own),
                None => model.own.remove(&account),
            };
        }
        _ => {
            let tier = draw.of(&[1, 2]);
            let set = Operation::SetTier { account, tier };
            assert_eq!(world.submit(set, &[operator(account.servicer())]), Outcome::Done);
            model.tiers.insert(account, tier);
        }
    }
}

/// The sums of the state are the model's.
fn compare(model: &Model, world: &World, day: u64) {
    let state = world.tip.state();
    for account in [wei(), ann(), min()] {
        let of_day = |(by, d, _): &&(AccountId, u64, u128)| (*by, *d) == (account, day);
        let today: Vec<_> = model.payments.iter().filter(of_day).collect();
        let number = u32::try_from(day).unwrap();
        let found = state.day_counter(account, code("CNY")).unwrap_or_default().on(number);
        let sum: u128 = today.iter().map(|(.., amount)| amount).sum();
        let count = u32::try_from(today.len()).unwrap();
        assert_eq!((found.spent.0, found.payments), (sum, count), "{account:?}");
    }
    for from in [wei(), ann(), min()] {
        let found = state.payees(from).unwrap_or_default();
        let found: BTreeMap<_, _> =
            found.list().iter().map(|known| ((from, known.payee), known.since.0)).collect();
        let of_payer = model.known.iter().filter(|((payer, _), _)| *payer == from);
        assert_eq!(found, of_payer.map(|(key, since)| (*key, *since)).collect(), "{from:?}");
    }
    for bank in [POST, CHINA] {
        let number = u32::try_from(day).unwrap();
        let found = state.position(bank, code("CNY")).unwrap_or_default().on(number);
        let net =
            i128::try_from(found.outgoing.0).unwrap() - i128::try_from(found.incoming.0).unwrap();
        assert_eq!(net, model.net(bank, day), "{bank:?}");
    }
}

/// Each of the reviewers approves the payment, or one of them refuses it.
fn review_it(
    draw: &mut Draw,
    world: &mut World,
    model: &mut Model,
    (payment, order, amount): (Uetr, OrderHash, u128),
    reviewers: &[InstitutionNumber],
) {
    world.step = 1_000;
    for (place, bank) in reviewers.iter().enumerate() {
        let now = world.time().0;
        let day = now / DAY;
        let signer = draw.of(&[operator(*bank), compliance(*bank)]);
        if draw.below(4) == 0 {
            let reason = Refusal::Declined;
            let outcome = world.submit(Operation::Refuse { payment, order, reason }, &[signer]);
            assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
            compare(model, world, day);
            return;
        }
        let outcome = world.submit(Operation::Approve { payment, order }, &[signer]);
        if place + 1 == reviewers.len() {
            settled(&outcome);
            model.capture(payment, amount, now);
        } else {
            assert!(matches!(outcome, Outcome::AwaitingReview(_)), "{outcome:?}");
        }
        compare(model, world, day);
    }
}

fn run(seed: u64, tally: &mut Tally) -> BTreeSet<Option<Rejection>> {
    let mut draw = Draw::new(seed);
    let mut world = World::new();
    world.issue(ann(), cny(10_000_000));
    world.tally = Tally::default();
    let (mut model, mut versions) = (Model::default(), [0, 0]);
    let mut seen = BTreeSet::new();
    for _ in 0..120 {
        world.step = if draw.below(8) == 0 { DAY } else { 1_000 };
        if draw.below(4) == 0 {
            change(&mut draw, &mut world, &mut model, &mut versions);
            continue;
        }
        let from = draw.of(&[wei(), ann(), min()]);
        let to = draw.of(&[wei(), ann(), min(), dealer()]);
        if from == to {
            continue;
        }
        let amount: u128 = draw.of(&[1, 50, 51, 200, 500, 950]);
        let now = world.time().0;
        let day = now / DAY;
        let mut hold = world.hold(from, to, cny(amount));
        let payment = hold.pay.uetr;
        let (holds, is_informed) = (draw.below(3) == 0, draw.below(3) > 0);
        if !is_informed {
            hold.pay.terms.remittance = Hash::ZERO;
        }
        let ordered = Ordered { amount, now, is_hold: holds, is_informed };
        let (rejection, rules, reviewers) = model.pay((from, to), ordered);
        let expected = (rejection, rules);
        let pay = hold.pay.clone();
        let operation =
            if holds { Operation::Hold(Box::new(hold)) } else { Operation::Pay(pay.clone()) };
        let order = Order::one(operation, &[owner(from)]);
        let transaction = world.verified(&order);
        let executed = world.block(std::slice::from_ref(&transaction));
        let receipt = &executed.booked[0].receipt;
        assert_eq!(names(receipt), expected, "seed {seed}, height {}", world.tip.height());
        let by = receipt.outcome.waits().map(|held| held.awaits.reviewers());
        assert_eq!(by.unwrap_or_default(), reviewers, "seed {seed}");
        seen.insert(expected.0);
        compare(&model, &world, day);
        if !reviewers.is_empty() {
            model.holds.insert(payment, (from, to));
            let name = OrderHash::of(world.domains(), &transaction.id(), &pay);
            review_it(&mut draw, &mut world, &mut model, (payment, name, amount), &reviewers);
        }
        if holds && expected.0.is_none() {
            model.holds.insert(payment, (from, to));
            world.step = 1_000;
            let now = world.time().0;
            let day = now / DAY;
            let part = 1 + draw.below(amount);
            let capture = Operation::Capture { payment, amount: cny(part), secret: None };
            let end = if draw.below(3) == 0 { Operation::Release { payment } } else { capture };
            let is_captured = matches!(end, Operation::Capture { .. });
            let order = Order::one(end, &[owner(to)]);
            let executed = world.block(&[world.verified(&order)]);
            assert_eq!(names(&executed.booked[0].receipt), (None, vec![]), "seed {seed}");
            if is_captured {
                model.capture(payment, part, now);
            }
            compare(&model, &world, day);
        }
    }
    tally.add(&world.tally);
    seen
}

#[test]
fn random_payments_meet_the_limits_that_the_model_says() {
    let mut seen = BTreeSet::new();
    run_seeds("limits", 24, |seed, tally| seen.extend(run(seed, tally)));
    let expected = [
        None,
        Some(Rejection::PayeeNotAllowed),
        Some(Rejection::PaymentLimit),
        Some(Rejection::MissingInformation),
        Some(Rejection::NewPayeeLimit),
        Some(Rejection::OwnDailyLimit),
        Some(Rejection::DailyLimit),
        Some(Rejection::PositionLimit),
        Some(Rejection::IncomingRefused),
        Some(Rejection::ReviewMissing),
    ];
    assert_eq!(seen, expected.into(), "the draws must reach every refusal");
}
