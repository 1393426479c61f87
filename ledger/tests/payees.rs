//! Payees that are new to an account, and payments without the names of their parties: the rules
//! L59 to L62.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::execute::{Simulation, simulate};
use ledger::hash::Hash;
use ledger::ids::{AccountId, Timestamp};
use ledger::limits::{KnownPayees, LimitRule, Measure, Senders, Tiers};
use ledger::money::{Amount, Money};
use ledger::operation::{Operation, Pay};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::waiting::{OrderHash, Priority, Refusal};
use support::limits::*;
use support::queue::queued;
use support::*;

const HOUR: u64 = 3_600_000;

/// Above 10.00 CNY, a payee is new for an hour.
fn new_payee() -> Measure {
    Measure::NewPayee { most: Amount(1_000), cool_off: 3_600 }
}

/// A world where PSBC refuses too much for a new payee.
fn world() -> World {
    let mut world = World::new();
    publish(&mut world, POST, 1, vec![refuse("new", new_payee())]);
    world
}

/// The next block comes `milliseconds` after the last one.
fn after<T>(world: &mut World, milliseconds: u64, act: impl FnOnce(&mut World) -> T) -> T {
    let step = std::mem::replace(&mut world.step, milliseconds);
    let done = act(world);
    world.step = step;
    done
}

fn since(world: &World, payer: AccountId, payee: AccountId) -> Option<Timestamp> {
    world.tip.state().payees(payer).and_then(|known| known.since(payee))
}

fn knows(world: &World, payee: AccountId) -> bool {
    since(world, wei(), payee).is_some()
}

#[test]
fn l59_a_payee_is_new_until_the_cool_off_after_the_first_payment_is_over() {
    let mut world = world();
    let refusal = refused(Rejection::NewPayeeLimit, "new");
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1_001))), refusal);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1_000))), passed(&[]));
    let first = world.tip.header().time;
    assert_eq!(since(&world, wei(), min()), Some(first));
    // Before and at the end of the cool-off; what is small in between changes nothing.
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1_001))), refusal);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))), passed(&[]));
    let early = first.plus(HOUR - 1).since(world.tip.header().time);
    let got = after(&mut world, early, |world| pay(world, wei(), min(), cny(1_001)));
    assert_eq!(names(&got), refusal);
    let got = after(&mut world, 1, |world| pay(world, wei(), min(), cny(9_000)));
    assert_eq!(names(&got), passed(&[]));
    assert_eq!(since(&world, wei(), min()), Some(first));
    // Another payee, and another account's payee, are new.
    assert_eq!(names(&pay(&mut world, wei(), dealer(), cny(1_001))), refusal);
    world.issue(ann(), cny(5_000));
    assert_eq!(names(&pay(&mut world, ann(), min(), cny(1_001))), refusal);
    // Another bank's accounts pay as ever, and nothing is remembered of them.
    assert_eq!(names(&pay(&mut world, min(), dealer(), cny(9_000))), passed(&[]));
    assert_eq!(world.tip.state().payees(min()), None);
}

#[test]
fn l59_a_new_payee_is_alerted_held_or_refused_and_a_simulation_says_so() {
    let mut world = World::new();
    publish(&mut world, POST, 1, vec![alert("told", new_payee())]);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1_001))), passed(&["told"]));
    publish(&mut world, POST, 2, vec![review("look", new_payee())]);
    let held = pay(&mut world, wei(), lee(), cny(1_001));
    assert_eq!(names(&held), passed(&["look"]));
    assert!(matches!(held.outcome, Outcome::AwaitingReview(_)));
    publish(&mut world, POST, 3, vec![refuse("no", new_payee())]);
    let order = Order::one(Operation::Pay(world.pay(wei(), ann(), cny(1_001))), &[owner(wei())]);
    let signed = order.sign(world.domains(), world.time());
    let (state, height) = (world.tip.state(), world.tip.height().next());
    let simulated = simulate(state, height, world.time(), &signed.transaction).unwrap();
    let Simulation::Outcome { receipts, .. } = simulated else { panic!("{simulated:?}") };
    assert_eq!(names(&receipts[0]), refused(Rejection::NewPayeeLimit, "no"));
    assert_eq!(since(&world, wei(), ann()), None);
    // Without a cool-off, the first payment makes a payee known.
    let at_once = Measure::NewPayee { most: Amount(0), cool_off: 0 };
    publish(&mut world, POST, 4, vec![alert("first", at_once)]);
    assert_eq!(names(&pay(&mut world, wei(), dealer(), cny(1))), passed(&["first"]));
    assert_eq!(names(&pay(&mut world, wei(), dealer(), cny(1))), passed(&[]));
}

#[test]
fn l60_only_a_payment_that_settles_makes_a_payee_known() {
    let mut world = world();
    // Refused, by the rule itself or for want of funds.
    pay(&mut world, wei(), min(), cny(1_001));
    let none = pay(&mut world, ann(), min(), cny(1));
    assert_eq!(none.outcome.rejection(), Some(Rejection::InsufficientFunds));
    assert_eq!((since(&world, wei(), min()), since(&world, ann(), min())), (None, None));
    // Held, released and expired; then captured, if only a part.
    let hold = world.hold(wei(), min(), cny(900));
    let payment = hold.pay.uetr;
    let held = receipt(&mut world, Operation::Hold(Box::new(hold)), &[owner(wei())]);
    assert!(matches!(held.outcome, Outcome::Held(_)) && !knows(&world, min()));
    receipt(&mut world, Operation::Release { payment }, &[owner(min())]);
    let hold = world.hold(wei(), min(), cny(900));
    let payment = hold.pay.uetr;
    receipt(&mut world, Operation::Hold(Box::new(hold)), &[owner(wei())]);
    assert!(!knows(&world, min()));
    let capture = Operation::Capture { payment, amount: cny(1), secret: None };
    settled(&receipt(&mut world, capture, &[owner(min())]).outcome);
    assert_eq!(since(&world, wei(), min()), Some(world.tip.header().time));
    let hold = world.hold(wei(), lee(), cny(900));
    receipt(&mut world, Operation::Hold(Box::new(hold)), &[owner(wei())]);
    after(&mut world, HOUR + 1, |world| world.block(&[]));
    assert!(!knows(&world, lee()));
    // All parts of an atomic transaction or none; a part does not make the next one's payee known.
    let parts = [1_000, 1_001].map(|sum| Operation::Pay(world.pay(wei(), dealer(), cny(sum))));
    let both = Order::new(parts.to_vec(), &[owner(wei())]).atomic();
    let expected = [Rejection::LinkedRejected, Rejection::NewPayeeLimit].map(rejected);
    assert_eq!(world.order(&both), expected);
    assert!(!knows(&world, dealer()));
    let parts = [1_000, 1_000].map(|sum| Operation::Pay(world.pay(wei(), dealer(), cny(sum))));
    settled(&world.order(&Order::new(parts.to_vec(), &[owner(wei())]).atomic())[1]);
    assert!(knows(&world, dealer()));
    // What is returned makes nobody known.
    let before = world.tip.state().payees(wei());
    let gift = world.pay(min(), wei(), cny(500));
    let evidence = world.prove(Operation::Pay(gift), &[owner(min())]);
    let back = world.send_back(&evidence, cny(500));
    let returned = world.submit(back, &[owner(wei())]);
    assert!(matches!(returned, Outcome::Returned(_)));
    assert_eq!(world.tip.state().payees(wei()), before);
}

#[test]
fn l60_what_waits_makes_a_payee_known_when_it_settles() {
    let mut world = World::new();
    let large = Measure::Payment { most: Amount(500) };
    publish(&mut world, POST, 1, vec![refuse("new", new_payee()), review("large", large)]);
    let ordered = |world: &mut World, to| {
        let pay = world.pay(wei(), to, cny(600));
        let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
        let transaction = world.verified(&order);
        world.block(std::slice::from_ref(&transaction));
        assert!(!knows(world, to));
        (pay.uetr, OrderHash::of(world.domains(), &transaction.id(), &pay))
    };
    let (payment, order) = ordered(&mut world, min());
    let refuse = Operation::Refuse { payment, order, reason: Refusal::Fraud };
    world.submit(refuse, &[compliance(POST)]);
    assert!(!knows(&world, min()));
    let (payment, order) = ordered(&mut world, min());
    settled(&world.submit(Operation::Approve { payment, order }, &[compliance(POST)]));
    assert_eq!(since(&world, wei(), min()), Some(world.tip.header().time));
    // Queued for want of funds, and settled by a block's end.
    queued(&mut world, ann(), min(), cny(100), Priority::Normal);
    assert_eq!(since(&world, ann(), min()), None);
    world.issue(ann(), cny(100));
    assert_eq!(since(&world, ann(), min()), Some(world.tip.header().time));
}

#[test]
fn l60_across_assets_the_payee_is_known_and_the_dealer_is_not() {
    let mut world = world();
    let across = world.pay_across(cny(1_001));
    let refusal = receipt(&mut world, Operation::PayAcross(Box::new(across)), &[owner(wei())]);
    assert_eq!(names(&refusal), refused(Rejection::NewPayeeLimit, "new"));
    let across = world.pay_across(cny(1_000));
    settled(&world.submit(Operation::PayAcross(Box::new(across)), &[owner(wei())]));
    assert!(knows(&world, lee()) && !knows(&world, dealer()));
}

#[test]
fn l60_nothing_is_remembered_where_no_rule_asks() {
    let mut world = World::new();
    let tiers = Tiers::of(&[2]).unwrap();
    let of_tier = LimitRule { tiers, ..refuse("new", new_payee()) };
    publish(&mut world, POST, 1, vec![of_tier.clone()]);
    let before = world.tip.state().entry_count();
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(9_000))), passed(&[]));
    // The payment's marker alone.
    assert_eq!(world.tip.state().entry_count(), before + 1);
    assert_eq!(world.tip.state().payees(wei()), None);
    let set = Operation::SetTier { account: wei(), tier: 2 };
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
    // Another asset than the rule's.
    world.issue(wei(), hkd(500));
    assert_eq!(names(&pay(&mut world, wei(), lee(), hkd(500))), passed(&[]));
    assert_eq!(world.tip.state().payees(wei()), None);
    assert_eq!(names(&pay(&mut world, wei(), min(), cny(1))), passed(&[]));
    assert!(knows(&world, min()));
    // Without the rule the record stays as it is, and counts again with the next one.
    let known = world.tip.state().payees(wei());
    publish(&mut world, POST, 2, vec![]);
    assert_eq!(names(&pay(&mut world, wei(), dealer(), cny(9_000))), passed(&[]));
    assert_eq!(world.tip.state().payees(wei()), known);
    publish(&mut world, POST, 3, vec![of_tier]);
    let got = after(&mut world, HOUR, |world| pay(world, wei(), min(), cny(9_000)));
    assert_eq!(names(&got), passed(&[]));
}

#[test]
fn l61_the_least_recently_paid_of_more_than_32_payees_is_new_again() {
    let mut world = world();
    let payee = |number: usize| account(CHINA, 100 + u64::try_from(number).unwrap());
    let most = KnownPayees::MAXIMUM;
    for number in 0..=most {
        world.open(payee(number));
    }
    let pays: Vec<Operation> =
        (0..most).map(|number| Operation::Pay(world.pay(wei(), payee(number), cny(1)))).collect();
    for outcome in world.order(&Order::new(pays, &[owner(wei())])) {
        settled(&outcome);
    }
    after(&mut world, HOUR, |world| world.block(&[]));
    // The first is paid again, so that the second is the one to go.
    settled(&pay(&mut world, wei(), payee(0), cny(9_000)).outcome);
    settled(&pay(&mut world, wei(), payee(most), cny(1)).outcome);
    let known = world.tip.state().payees(wei()).unwrap();
    assert_eq!(known.list().len(), most);
    let refusal = refused(Rejection::NewPayeeLimit, "new");
    assert_eq!(names(&pay(&mut world, wei(), payee(1), cny(1_001))), refusal);
    assert_eq!(names(&pay(&mut world, wei(), payee(most), cny(1_001))), refusal);
    for number in [0, 2, 31] {
        assert_eq!(names(&pay(&mut world, wei(), payee(number), cny(1_001))), passed(&[]));
    }
    // Whoever restores the state remembers the same.
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.root(), world.tip.state().root());
    assert_eq!(restored.payees(wei()), world.tip.state().payees(wei()));
}

/// A payment that says nothing of its parties.
fn nameless(world: &mut World, from: AccountId, to: AccountId, amount: Money) -> Pay {
    let mut pay = world.pay(from, to, amount);
    pay.terms.remittance = Hash::ZERO;
    pay
}

#[test]
fn l62_a_payment_without_names_meets_the_rules_of_both_sides() {
    let most = Amount(1_000);
    let from = Senders::OtherInstitutions;
    let out = Measure::MissingInformation { most };
    let comes = Measure::IncomingMissingInformation { most, from };
    let refusal = |rule| refused(Rejection::MissingInformation, rule);
    for (bank, measure, near, far) in [
        (POST, out, refusal("who"), refusal("who")),
        (CHINA, comes, passed(&[]), refusal("who")),
        (POST, comes, passed(&[]), passed(&[])),
    ] {
        let mut world = World::new();
        publish(&mut world, bank, 1, vec![refuse("who", measure)]);
        for (to, amount, expected) in [
            (ann(), 1_001, near),
            (min(), 1_001, far.clone()),
            (ann(), 1_000, passed(&[])),
            (min(), 1_000, passed(&[])),
        ] {
            let pay = nameless(&mut world, wei(), to, cny(amount));
            let got = names(&receipt(&mut world, Operation::Pay(pay), &[owner(wei())]));
            assert_eq!(got, expected, "{measure:?} {amount}");
        }
        // With a commitment to the names, it is a payment like any other.
        assert_eq!(names(&pay(&mut world, wei(), min(), cny(9_000))), passed(&[]));
        publish(&mut world, bank, 2, vec![alert("told", measure)]);
        let pay = nameless(&mut world, wei(), min(), cny(1_001));
        let told = names(&receipt(&mut world, Operation::Pay(pay), &[owner(wei())]));
        assert_eq!(told == passed(&["told"]), far != passed(&[]), "{measure:?}");
    }
}

#[test]
fn l62_what_lacks_names_can_be_held_for_a_review_by_either_side() {
    let mut world = World::new();
    let out = Measure::MissingInformation { most: Amount(0) };
    let comes =
        Measure::IncomingMissingInformation { most: Amount(0), from: Senders::OtherCountries };
    publish(&mut world, POST, 1, vec![review("who", out)]);
    publish(&mut world, HONG_KONG, 1, vec![review("from-whom", comes)]);
    let pay = nameless(&mut world, wei(), lee(), cny(5));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let transaction = world.verified(&order);
    let executed = world.block(std::slice::from_ref(&transaction));
    let receipt = &executed.booked[0].receipt;
    assert_eq!(names(receipt), passed(&["who", "from-whom"]));
    let reviewers = receipt.outcome.waits().map(|held| held.awaits.reviewers());
    assert_eq!(reviewers, Some(vec![POST, HONG_KONG]));
    let (payment, order) = (pay.uetr, OrderHash::of(world.domains(), &transaction.id(), &pay));
    let approve = Operation::Approve { payment, order };
    let next = world.submit(approve.clone(), &[compliance(POST)]);
    assert!(matches!(next, Outcome::AwaitingReview(_)));
    settled(&world.submit(approve, &[compliance(HONG_KONG)]));
    // A hold cannot wait for it.
    let mut hold = world.hold(wei(), min(), cny(5));
    hold.pay.terms.remittance = Hash::ZERO;
    let refusal = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]);
    assert_eq!(refusal, rejected(Rejection::ReviewMissing));
}
