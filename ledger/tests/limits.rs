//! Limits: each kind of rule around its bound, and the rules L44 to L48.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::account::Policy;
use ledger::execute::{Simulation, simulate};
use ledger::governance::Change;
use ledger::ids::AccountId;
use ledger::limits::{DailyLimit, DayCounter, LimitRule, Limits, Measure, OwnLimits};
use ledger::limits::{RuleMet, RulesMet, Tiers};
use ledger::money::Amount;
use ledger::operation::{ChargeBearer, FreezeDirection, Operation, Pay};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, State, StateKey};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::waiting::OrderHash;
use support::governance::*;
use support::limits::*;
use support::*;

const DAY: u64 = 24 * 3_600_000;

fn counter(world: &World, account: AccountId) -> Option<(u128, u32)> {
    let counter = world.tip.state().day_counter(account, code("CNY"));
    counter.map(|counter| (counter.spent.0, counter.payments))
}

fn next_day(world: &mut World) {
    let step = std::mem::replace(&mut world.step, DAY);
    world.block(&[]);
    world.step = step;
}

/// How many records of limits a state has.
fn counted(state: &State) -> usize {
    let is_counter = |key: &[u8]| match FlatKey::decode(key) {
        Some(FlatKey::Record(StateKey::DayCounter(..) | StateKey::Position(..))) => true,
        Some(_) | None => false,
    };
    state.entries().filter(|(key, _)| is_counter(key)).count()
}

/// A measure, and payments with what becomes of them.
type Row = (Measure, &'static [(u128, Option<Rejection>)]);

#[test]
fn l44_each_measure_is_met_just_above_its_bound() {
    let most = Amount(1_000);
    let rows: [Row; 4] = [
        (Measure::Payment { most }, &[(1_000, None), (1_001, Some(Rejection::PaymentLimit))]),
        (
            Measure::Day { most },
            &[
                (600, None),
                (401, Some(Rejection::DailyLimit)),
                (400, None),
                (1, Some(Rejection::DailyLimit)),
            ],
        ),
        (Measure::Count { most: 2 }, &[(1, None), (1, None), (1, Some(Rejection::DailyLimit))]),
        (
            Measure::Position { most },
            &[(600, None), (401, Some(Rejection::PositionLimit)), (400, None)],
        ),
    ];
    for (measure, payments) in rows {
        let mut world = World::new();
        publish(&mut world, POST, 1, vec![refuse("bound", measure)]);
        let mut watched = World::new();
        publish(&mut watched, POST, 1, vec![alert("bound", measure)]);
        for (amount, rejection) in payments {
            let got = names(&pay(&mut world, wei(), min(), cny(*amount)));
            let expected = rejection.map_or(passed(&[]), |rejection| refused(rejection, "bound"));
            assert_eq!(got, expected, "{measure:?} {amount}");
        }
        // What alerts settles, and counts.
        let receipts: Vec<_> =
            (0..3).map(|_| pay(&mut watched, wei(), min(), cny(1_001))).collect();
        assert!(receipts.iter().all(|receipt| receipt.outcome.rejection().is_none()));
        assert_eq!(names(&receipts[2]), passed(&["bound"]), "{measure:?}");
    }
}

#[test]
fn l44_rules_are_for_their_asset_tiers_and_institution() {
    let mut world = World::new();
    let measure = Measure::Payment { most: Amount(100) };
    let tiers = Tiers::of(&[0, 2]).unwrap();
    publish(&mut world, POST, 1, vec![LimitRule { tiers, ..refuse("low", measure) }]);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(101))), passed(&[]), "tier 1");
    let set = Operation::SetTier { account: wei(), tier: 2 };
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
    let refusal = refused(Rejection::PaymentLimit, "low");
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(101))), refusal);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(100))), passed(&[]));
    assert_eq!(names(&pay(&mut world, min(), wei(), cny(101))), passed(&[]), "another bank's");
    world.issue(wei(), hkd(500));
    assert_eq!(names(&pay(&mut world, wei(), lee(), hkd(101))), passed(&[]), "another asset");
    // An institution's next version replaces all rules.
    publish(&mut world, POST, 2, vec![]);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(101))), passed(&[]));
    assert_eq!(
        world.submit(set_limits(POST, 4, vec![]), &[operator(POST)]),
        rejected(Rejection::LimitsConflict)
    );
}

#[test]
fn l44_without_rules_nothing_is_counted() {
    let mut world = World::new();
    publish(&mut world, CHINA, 1, vec![refuse("large", Measure::Payment { most: Amount(9_000) })]);
    let before = world.tip.state().entry_count();
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(5_000))), passed(&[]));
    assert_eq!(names(&pay(&mut world, min(), wei(), cny(5_000))), passed(&[]));
    // Two markers, and the summaries of their buckets that were there before.
    assert_eq!(world.tip.state().entry_count(), before + 2);
    assert_eq!(counted(world.tip.state()), 0);
    publish(&mut world, CHINA, 2, vec![refuse("day", Measure::Day { most: Amount(9_000) })]);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(5_000))), passed(&[]));
    assert_eq!(counted(world.tip.state()), 0);
    for _ in 0..3 {
        pay(&mut world, min(), wei(), cny(2_000));
    }
    assert_eq!(counted(world.tip.state()), 1, "one record for every day");
}

#[test]
fn l44_an_institution_that_was_removed_limits_nothing() {
    let mut world = World::new();
    world.decide(Change::AdmitInstitution { institution: newcomer(FIFTH, "BOFAUS3N"), node: None });
    let left = account(FIFTH, 1);
    world.open(left);
    world.issue(left, cny(900));
    publish(&mut world, FIFTH, 1, vec![refuse("none", Measure::Payment { most: Amount(0) })]);
    assert_eq!(names(&pay(&mut world, left, wei(), cny(1))).0, Some(Rejection::PaymentLimit));
    world.decide(Change::RemoveInstitution { institution: FIFTH });
    assert_eq!(world.tip.state().limits(FIFTH), None);
    assert_eq!(names(&pay(&mut world, left, wei(), cny(1))), passed(&[]));
    // Whoever restores the state comes to the same rules.
    publish(&mut world, POST, 1, vec![alert("large", Measure::Payment { most: Amount(5) })]);
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.directory(), world.tip.state().directory());
    assert_eq!(restored.root(), world.tip.state().root());
}

#[test]
fn l45_a_receipt_names_the_alerts_of_what_happened_or_the_one_refusal() {
    let mut world = World::with_fees();
    let rules = vec![
        alert("large", Measure::Payment { most: Amount(20_000) }),
        refuse("day", Measure::Day { most: Amount(100_000) }),
        alert("often", Measure::Count { most: 1 }),
        alert("first", Measure::First),
        refuse("too-large", Measure::Payment { most: Amount(80_000) }),
        refuse("huge", Measure::Payment { most: Amount(90_000) }),
    ];
    publish(&mut world, POST, 1, rules);
    let first = pay(&mut world, wei(), min(), cny(20_001));
    assert_eq!(names(&first), passed(&["large", "first"]));
    let name = first.rules.0[0].name.clone();
    assert_eq!(first.rules.0[0], RuleMet { institution: POST, name });
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(20_000))), passed(&["often"]));
    // The reason that comes first in precedence, and of several rules the first.
    let most = refused(Rejection::PaymentLimit, "too-large");
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(90_001))), most);
    assert_eq!(
        names(&pay(&mut world, wei(), min(), cny(60_000))),
        refused(Rejection::DailyLimit, "day"),
    );
    // What is rejected for another reason names no rule, and one before limits comes first.
    let mut dear = world.pay(wei(), min(), cny(20_002));
    dear.terms.maximum_fee = Amount(1);
    let dear = receipt(&mut world, Operation::Pay(dear), &[owner(wei())]);
    assert_eq!(names(&dear), (Some(Rejection::FeeAboveAgreed), vec![]));
    let freeze = Operation::Freeze { account: min(), direction: FreezeDirection::Incoming };
    assert_eq!(world.submit(freeze, &[operator(CHINA)]), Outcome::Done);
    let frozen = pay(&mut world, wei(), min(), cny(90_001));
    assert_eq!(names(&frozen), (Some(Rejection::AccountFrozen), vec![]));
    assert_eq!(counter(&world, wei()), Some((40_001, 2)));
}

#[test]
fn l45_of_a_batch_each_receipt_names_its_own_rules() {
    let mut world = World::new();
    let rules = vec![
        refuse("day", Measure::Day { most: Amount(100) }),
        alert("large", Measure::Payment { most: Amount(40) }),
    ];
    publish(&mut world, POST, 1, rules);
    let batch = |world: &mut World| {
        let pays = [50, 60, 30, 20].map(|amount| world.pay(wei(), min(), cny(amount)));
        Order::new(pays.map(Operation::Pay).to_vec(), &[owner(wei())])
    };
    let receipts = |world: &mut World, order: &Order| {
        let executed = world.block(&[world.verified(order)]);
        executed.booked.iter().map(|booked| names(&booked.receipt)).collect::<Vec<_>>()
    };
    let all = batch(&mut world).atomic();
    let linked = || (Some(Rejection::LinkedRejected), vec![]);
    let day = || refused(Rejection::DailyLimit, "day");
    assert_eq!(receipts(&mut world, &all), [linked(), day(), linked(), linked()]);
    assert_eq!(counter(&world, wei()), None, "what was taken back is not counted");
    let each = batch(&mut world);
    assert_eq!(receipts(&mut world, &each), [passed(&["large"]), day(), passed(&[]), passed(&[])],);
    assert_eq!(counter(&world, wei()), Some((100, 3)));
}

#[test]
fn l46_a_day_begins_at_nothing_at_the_institutions_midnight() {
    let mut world = World::new();
    // 09:06:40 in UTC: 22:06:40 of the day before at -11, the next day's first hour at +15.
    let at = world.tip.header().time;
    let rules = vec![refuse("day", Measure::Day { most: Amount(100) })];
    let behind = Limits { version: 1, utc_offset_minutes: -660, rules };
    let day = behind.day(at);
    let set = Operation::SetLimits { institution: POST, limits: behind };
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(100))), passed(&[]));
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))).0, Some(Rejection::DailyLimit));
    let until_midnight = DAY * (u64::from(day) + 1) + 660 * 60_000 - world.tip.header().time.0;
    world.step = until_midnight - 1;
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))).0, Some(Rejection::DailyLimit));
    world.step = 1;
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(100))), passed(&[]));
    let counter = world.tip.state().day_counter(wei(), code("CNY")).unwrap();
    assert_eq!(counter, DayCounter { day: day + 1, spent: Amount(100), payments: 1 });
}

#[test]
fn l46_a_hold_counts_when_it_is_made_and_no_more() {
    let mut world = World::new();
    let rules = vec![
        refuse("day", Measure::Day { most: Amount(1_000) }),
        alert("large", Measure::Payment { most: Amount(500) }),
    ];
    publish(&mut world, POST, 1, rules);
    let hold = |world: &mut World, amount| {
        let hold = world.hold(wei(), min(), cny(amount));
        let payment = hold.pay.uetr;
        (payment, receipt(world, Operation::Hold(Box::new(hold)), &[owner(wei())]))
    };
    let (captured, made) = hold(&mut world, 600);
    assert_eq!(names(&made), passed(&["large"]));
    assert_eq!(names(&hold(&mut world, 401).1), refused(Rejection::DailyLimit, "day"));
    let capture = Operation::Capture { payment: captured, amount: cny(550), secret: None };
    let capture = receipt(&mut world, capture, &[owner(min())]);
    assert_eq!(names(&capture), passed(&[]), "its alert was the hold's");
    assert_eq!(counter(&world, wei()), Some((600, 1)), "a part was captured, the whole counts");
    let (released, _) = hold(&mut world, 400);
    let release = Operation::Release { payment: released };
    assert_eq!(names(&receipt(&mut world, release, &[owner(min())])), passed(&[]));
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))).0, Some(Rejection::DailyLimit));
    // A capture of another day is not that day's.
    next_day(&mut world);
    let (over_night, _) = hold(&mut world, 1_000);
    world.step = 1_000;
    let capture = Operation::Capture { payment: over_night, amount: cny(1_000), secret: None };
    assert_eq!(names(&receipt(&mut world, capture, &[owner(min())])), passed(&[]));
    assert_eq!(counter(&world, wei()), Some((1_000, 1)));
}

#[test]
fn l46_a_payment_that_waits_for_approvals_counts_when_it_is_made() {
    let mut world = World::new();
    let rules = vec![
        refuse("day", Measure::Day { most: Amount(1_000) }),
        alert("large", Measure::Payment { most: Amount(500) }),
    ];
    publish(&mut world, POST, 1, rules);
    publish(&mut world, CHINA, 1, vec![alert("p", Measure::Position { most: Amount(9_000) })]);
    let rule = StepUpRule { asset: code("CNY"), above: Amount(550), approvals: 1 };
    let step_up = StepUp { approvers: vec![key("approver").public()], rules: vec![rule] };
    let policy = Policy { step_up: Some(step_up), ..Policy::single(owner(wei()).public()) };
    let set = Operation::SetPolicy { account: wei(), policy };
    assert_eq!(world.submit(set, &[owner(wei()), operator(POST)]), Outcome::Done);
    let order = world.pay(wei(), min(), cny(600));
    let made = receipt(&mut world, Operation::Pay(order.clone()), &[owner(wei())]);
    assert!(matches!(made.outcome, Outcome::AwaitingApproval(_)), "{made:?}");
    assert_eq!(names(&made), passed(&["large"]));
    assert_eq!(counter(&world, wei()), Some((600, 1)));
    assert_eq!(world.tip.state().position(CHINA, code("CNY")), None, "it has not come yet");
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(401))).0, Some(Rejection::DailyLimit));
    let name = OrderHash::of(world.domains(), &made.transaction, &order);
    let approve = Operation::Approve { payment: order.uetr, order: name };
    let paid = receipt(&mut world, approve, &[key("approver")]);
    assert_eq!((settled(&paid.outcome).credited, names(&paid)), (cny(600), passed(&[])));
    assert_eq!(counter(&world, wei()), Some((600, 1)));
    let position = world.tip.state().position(CHINA, code("CNY")).unwrap();
    assert_eq!(position.incoming, Amount(600));
}

#[test]
fn l46_charges_on_top_are_not_counted_and_redemptions_are_no_payments() {
    let mut world = World::with_fees();
    publish(&mut world, POST, 1, vec![refuse("day", Measure::Day { most: Amount(20_000) })]);
    let paid = pay(&mut world, wei(), min(), cny(20_000));
    assert_eq!(settled(&paid.outcome).debited, cny(20_130));
    assert_eq!(counter(&world, wei()), Some((20_000, 1)));
    let redeem = Operation::Redeem { uetr: world.fresh_uetr(), from: wei(), amount: cny(50_000) };
    let redeemed = receipt(&mut world, redeem, &[owner(wei()), operator(POST)]);
    assert_eq!(names(&redeemed), passed(&[]));
    assert_eq!(counter(&world, wei()), Some((20_000, 1)));
}

#[test]
fn l47_a_position_is_what_went_to_other_banks_less_what_came() {
    let mut world = World::new();
    let rules = vec![refuse("position", Measure::Position { most: Amount(1_000) })];
    publish(&mut world, POST, 1, rules);
    let position = |world: &World| {
        let position = world.tip.state().position(POST, code("CNY")).unwrap();
        (position.outgoing.0, position.incoming.0)
    };
    world.issue(ann(), cny(5_000));
    assert_eq!(names(&pay(&mut world, wei(), ann(), cny(5_000))), passed(&[]), "own customer");
    assert_eq!(counted(world.tip.state()), 0);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(700))), passed(&[]));
    let refusal = refused(Rejection::PositionLimit, "position");
    assert_eq!(names(&pay(&mut world, ann(), min(), cny(301))), refusal, "all accounts together");
    assert_eq!(names(&pay(&mut world, min(), wei(), cny(200))), passed(&[]));
    assert_eq!(names(&pay(&mut world, ann(), min(), cny(500))), passed(&[]));
    assert_eq!(position(&world), (1_200, 200));
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))), refusal);
    next_day(&mut world);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1_000))), passed(&[]));
    assert_eq!(position(&world), (1_000, 0));
    // What the payer bears of the amount stays at its bank.
    next_day(&mut world);
    world.open(collector());
    let schedule =
        ledger::fees::FeeSchedule { version: 1, collector: collector(), rules: vec![fee_rule()] };
    let charge = Operation::SetFeeSchedule { institution: POST, schedule };
    assert_eq!(world.submit(charge, &[operator(POST)]), Outcome::Done);
    publish(
        &mut world,
        POST,
        2,
        vec![refuse("position", Measure::Position { most: Amount(19_870) })],
    );
    let order = world.pay(wei(), min(), cny(20_000));
    let terms =
        ledger::operation::PaymentTerms { charge_bearer: ChargeBearer::Creditor, ..order.terms };
    let order = Pay { terms, ..order };
    let paid = receipt(&mut world, Operation::Pay(order), &[owner(wei())]);
    assert_eq!(settled(&paid.outcome).credited, cny(19_870));
    assert_eq!(position(&world), (19_870, 0));
}

#[test]
fn l47_a_hold_goes_at_once_and_comes_with_its_capture() {
    let mut world = World::new();
    for bank in [POST, CHINA] {
        publish(&mut world, bank, 1, vec![refuse("p", Measure::Position { most: Amount(1_000) })]);
    }
    let position = |world: &World, bank| {
        let position = world.tip.state().position(bank, code("CNY")).unwrap_or_default();
        (position.outgoing.0, position.incoming.0)
    };
    let hold = world.hold(wei(), min(), cny(1_000));
    let payment = hold.pay.uetr;
    let made = receipt(&mut world, Operation::Hold(Box::new(hold)), &[owner(wei())]);
    assert_eq!(names(&made), passed(&[]));
    assert_eq!((position(&world, POST), position(&world, CHINA)), ((1_000, 0), (0, 0)));
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))).0, Some(Rejection::PositionLimit));
    assert_eq!(names(&pay(&mut world, min(), wei(), cny(1_001))).0, Some(Rejection::PositionLimit));
    let capture = Operation::Capture { payment, amount: cny(400), secret: None };
    assert_eq!(names(&receipt(&mut world, capture, &[owner(min())])), passed(&[]));
    assert_eq!((position(&world, POST), position(&world, CHINA)), ((1_000, 0), (0, 400)));
    assert_eq!(names(&pay(&mut world, min(), wei(), cny(1_400))), passed(&[]));
}

#[test]
fn l47_across_assets_the_dealers_bank_is_asked_too() {
    let mut world = World::new();
    let rule =
        LimitRule { asset: code("HKD"), ..alert("hkd", Measure::Position { most: Amount(0) }) };
    let cap = LimitRule {
        asset: code("HKD"),
        ..refuse("hkd-most", Measure::Position { most: Amount(2_000) })
    };
    publish(&mut world, DEALER_BANK, 1, vec![rule, cap]);
    publish(&mut world, POST, 1, vec![alert("cny", Measure::Day { most: Amount(0) })]);
    let across = world.pay_across(cny(1_000));
    let paid = receipt(&mut world, Operation::PayAcross(Box::new(across)), &[owner(wei())]);
    assert_eq!(names(&paid), passed(&["cny", "hkd"]));
    let whose: Vec<_> = paid.rules.0.iter().map(|rule| rule.institution).collect();
    assert_eq!(whose, [POST, DEALER_BANK]);
    let across = world.pay_across(cny(1_000));
    let refusal = receipt(&mut world, Operation::PayAcross(Box::new(across)), &[owner(wei())]);
    assert_eq!(names(&refusal), refused(Rejection::PositionLimit, "hkd-most"));
    let position = world.tip.state().position(DEALER_BANK, code("HKD")).unwrap();
    assert_eq!((position.outgoing, position.incoming), (Amount(1_085), Amount(0)));
}

#[test]
fn l48_an_account_limits_itself() {
    let mut world = World::new();
    let daily = vec![DailyLimit { asset: code("CNY"), most: Amount(1_000) }];
    let own = OwnLimits { daily, payees: Some(vec![min(), ann()]) };
    limit_owner(&mut world, wei(), Some(own));
    assert_eq!(
        names(&pay(&mut world, wei(), collector(), cny(1))).0,
        Some(Rejection::UnknownPayee)
    );
    assert_eq!(
        names(&pay(&mut world, wei(), dealer(), cny(1))),
        (Some(Rejection::PayeeNotAllowed), vec![])
    );
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(600))), passed(&[]));
    let over = pay(&mut world, wei(), ann(), cny(401));
    assert_eq!(names(&over), (Some(Rejection::OwnDailyLimit), vec![]));
    assert_eq!(names(&pay(&mut world, wei(), ann(), cny(400))), passed(&[]));
    // The owner's limit comes before the bank's, and shares its day and its counter.
    let rules = vec![refuse("day", Measure::Day { most: Amount(1_000) })];
    publish(&mut world, POST, 1, rules);
    assert_eq!(
        names(&pay(&mut world, wei(), ann(), cny(1))),
        (Some(Rejection::OwnDailyLimit), vec![])
    );
    limit_owner(&mut world, wei(), None);
    assert_eq!(
        names(&pay(&mut world, wei(), ann(), cny(1))),
        refused(Rejection::DailyLimit, "day")
    );
    next_day(&mut world);
    assert_eq!(names(&pay(&mut world, wei(), dealer(), cny(1_000))), passed(&[]));
}

#[test]
fn l48_limits_of_an_account_need_owner_and_servicer() {
    let mut world = World::new();
    let limits = Some(OwnLimits { daily: vec![], payees: Some(vec![]) });
    let policy = Policy { limits: limits.clone(), ..Policy::single(owner(wei()).public()) };
    let set = || Operation::SetPolicy { account: wei(), policy: policy.clone() };
    for signer in [owner(wei()), operator(POST)] {
        assert_eq!(world.submit(set(), &[signer]), rejected(Rejection::SignersMissing));
    }
    limit_owner(&mut world, wei(), limits.clone());
    // New keys leave the limits as they are.
    let keys = ledger::account::KeySet::single(key("new").public());
    let rotate = Operation::RotateKeys { account: wei(), keys };
    assert_eq!(world.submit(rotate, &[owner(wei())]), Outcome::Done);
    assert_eq!(world.tip.state().account(wei()).unwrap().policy.limits, limits);
    let pay = world.pay(wei(), ann(), cny(1));
    let outcome = world.submit(Operation::Pay(pay), &[key("new")]);
    assert_eq!(outcome, rejected(Rejection::PayeeNotAllowed), "an empty list lets it pay nobody");
}

#[test]
fn a_trial_names_the_rules_that_the_payment_would_meet() {
    let mut world = World::new();
    let rules = vec![
        alert("large", Measure::Payment { most: Amount(100) }),
        refuse("day", Measure::Day { most: Amount(200) }),
    ];
    publish(&mut world, POST, 1, rules);
    for (amount, expected) in [
        (100, passed(&[])),
        (101, passed(&["large"])),
        (201, refused(Rejection::DailyLimit, "day")),
    ] {
        let pay = world.pay(wei(), min(), cny(amount));
        let order = Order::one(Operation::Pay(pay), &[owner(wei())]);
        let signed = order.sign(world.domains(), world.time());
        let (state, height) = (world.tip.state(), world.tip.height().next());
        let trial = simulate(state, height, world.time(), &signed.transaction).unwrap();
        let Simulation::Outcome { receipts, .. } = trial else { panic!("it is new") };
        assert_eq!(names(&receipts[0]), expected);
    }
    assert_eq!(counter(&world, wei()), None, "a trial counts nothing");
}

#[test]
fn a_receipt_that_names_no_rule_is_one_byte_longer() {
    let rules = RulesMet::default();
    assert_eq!(ledger::codec::encode(&rules), [0]);
}
