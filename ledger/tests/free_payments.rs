//! Payments that are free because their account's institution waives the first ones: the rule L63.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::execute::{Simulation, simulate};
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::ids::AccountId;
use ledger::limits::Measure;
use ledger::money::Amount;
use ledger::operation::{ChargeBearer, Operation};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::waiting::{OrderHash, Priority, Refusal};
use support::limits::*;
use support::queue::queued;
use support::*;

/// A world where PSBC waives the charges of an account's first `free` payments of CNY.
fn world(free: u8) -> World {
    let mut world = World::with_fees();
    publish(&mut world, 2, FeeRule { free_payments: free, ..fee_rule() });
    world
}

fn publish(world: &mut World, version: u32, rule: FeeRule) {
    let schedule = FeeSchedule { version, collector: collector(), rules: vec![rule] };
    let set = Operation::SetFeeSchedule { institution: POST, schedule };
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
}

/// What a payment of 200.00 CNY costs its parties.
fn fee(world: &mut World, from: AccountId, to: AccountId) -> u128 {
    let pay = world.pay(from, to, cny(20_000));
    settled(&world.submit(Operation::Pay(pay), &[owner(from)])).fee().0
}

fn used(world: &World, account: AccountId) -> Option<u8> {
    world.tip.state().waived(account, code("CNY"))
}

#[test]
fn l63_the_first_payments_that_would_be_charged_are_free() {
    let mut world = world(2);
    // What is free anyway takes no place, and neither does what is rejected.
    let small = world.pay(wei(), min(), cny(9_999));
    settled(&world.submit(Operation::Pay(small), &[owner(wei())]));
    let large = world.pay(wei(), min(), cny(900_000_000));
    let refused = world.submit(Operation::Pay(large), &[owner(wei())]);
    assert_eq!(refused, rejected(Rejection::InsufficientFunds));
    assert_eq!(used(&world, wei()), None);
    let collected = world.posted(collector(), "CNY");
    let fees: Vec<u128> = [min(), lee(), min()].map(|to| fee(&mut world, wei(), to)).into();
    assert_eq!(fees, [0, 0, 130]);
    assert_eq!(world.posted(collector(), "CNY"), collected + 130);
    assert_eq!(used(&world, wei()), Some(2));
    // Each account has its own, and another bank's has no charges at all.
    world.issue(ann(), cny(50_000));
    assert_eq!((fee(&mut world, ann(), min()), used(&world, ann())), (0, Some(1)));
    assert_eq!((fee(&mut world, min(), wei()), used(&world, min())), (0, None));
    // The count goes on over versions of the schedule.
    publish(&mut world, 3, FeeRule { free_payments: 3, ..fee_rule() });
    assert_eq!([(); 2].map(|()| fee(&mut world, wei(), min())), [0, 130]);
    publish(&mut world, 4, fee_rule());
    assert_eq!(fee(&mut world, ann(), min()), 130);
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.root(), world.tip.state().root());
    assert_eq!(restored.waived(wei(), code("CNY")), Some(3));
}

#[test]
fn l63_nothing_is_counted_where_nothing_is_waived() {
    let mut world = World::with_fees();
    let before = world.tip.state().entry_count();
    assert_eq!(fee(&mut world, wei(), min()), 130);
    // The payment's marker, and the collector's first holding.
    assert_eq!(world.tip.state().entry_count(), before + 2);
    assert_eq!(used(&world, wei()), None);
}

#[test]
fn l63_whoever_bears_the_charges_pays_none_and_agrees_to_none() {
    let mut world = world(1);
    let mut pay = world.pay(wei(), min(), cny(20_000));
    (pay.terms.charge_bearer, pay.terms.maximum_fee) = (ChargeBearer::Creditor, Amount(0));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let signed = order.sign(world.domains(), world.time());
    let (state, height) = (world.tip.state(), world.tip.height().next());
    let simulated = simulate(state, height, world.time(), &signed.transaction).unwrap();
    let Simulation::Outcome { receipts, .. } = simulated else { panic!("{simulated:?}") };
    assert_eq!(settled(&receipts[0].outcome).credited, cny(20_000));
    assert_eq!(used(&world, wei()), None, "a simulation uses nothing");
    assert_eq!(settled(&world.submit(Operation::Pay(pay), &[owner(wei())])).credited, cny(20_000));
    let mut next = world.pay(wei(), min(), cny(20_000));
    next.terms.maximum_fee = Amount(0);
    let refused = world.submit(Operation::Pay(next), &[owner(wei())]);
    assert_eq!(refused, rejected(Rejection::FeeAboveAgreed));
}

#[test]
fn l63_across_assets_the_dealers_rate_stays() {
    let mut world = world(1);
    let received: Vec<u128> = (0..2)
        .map(|_| {
            let across = world.pay_across(cny(100_000));
            let outcome = world.submit(Operation::PayAcross(Box::new(across)), &[owner(wei())]);
            let settlement = settled(&outcome);
            assert_eq!(settlement.credited, hkd(108_500));
            settlement.debited.amount.0
        })
        .collect();
    assert_eq!(received, [100_000, 100_600]);
}

#[test]
fn l63_what_waits_takes_its_place_at_once_and_settles_free() {
    let mut world = world(2);
    let hold = world.hold(wei(), min(), cny(20_000));
    let payment = hold.pay.uetr;
    let Outcome::Held(held) = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]) else {
        panic!("it is held")
    };
    assert_eq!((held.most_charges, held.held), (Amount(0), cny(20_000)));
    assert_eq!(used(&world, wei()), Some(1));
    // Dearer charges do not reach it, and a capture takes no further place.
    publish(&mut world, 3, FeeRule { free_payments: 2, flat: Amount(900), ..fee_rule() });
    let capture = Operation::Capture { payment, amount: cny(15_000), secret: None };
    assert_eq!(settled(&world.submit(capture, &[owner(min())])).fee(), Amount(0));
    assert_eq!(used(&world, wei()), Some(1));
    // What is refused gives its place not back.
    let measure = Measure::Payment { most: Amount(0) };
    let set = set_limits(POST, 1, vec![review("all", measure)]);
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
    let pay = world.pay(wei(), min(), cny(20_000));
    let transaction = world.verified(&Order::one(Operation::Pay(pay.clone()), &[owner(wei())]));
    world.block(std::slice::from_ref(&transaction));
    assert_eq!(used(&world, wei()), Some(2));
    let order = OrderHash::of(world.domains(), &transaction.id(), &pay);
    let refuse = Operation::Refuse { payment: pay.uetr, order, reason: Refusal::Declined };
    assert!(matches!(world.submit(refuse, &[compliance(POST)]), Outcome::Refused(_)));
    assert_eq!(used(&world, wei()), Some(2));
}

#[test]
fn l63_a_queued_payment_is_free_when_the_block_settles_it() {
    let mut world = world(1);
    queued(&mut world, ann(), min(), cny(20_000), Priority::Normal);
    assert_eq!(used(&world, ann()), Some(1));
    // The amount alone is enough.
    world.issue(ann(), cny(20_000));
    assert_eq!((world.posted(ann(), "CNY"), world.posted(collector(), "CNY")), (0, 0));
    assert_eq!(used(&world, ann()), Some(1));
}

#[test]
fn l63_parts_of_an_atomic_transaction_take_their_places_together() {
    let mut world = world(1);
    let parts = |world: &mut World, last: u128| {
        let sums = [20_000, 20_000, last];
        let pays = sums.map(|sum| Operation::Pay(world.pay(wei(), min(), cny(sum))));
        world.order(&Order::new(pays.to_vec(), &[owner(wei())]).atomic())
    };
    let failed = parts(&mut world, 900_000_000);
    assert_eq!(failed[2], rejected(Rejection::InsufficientFunds));
    assert_eq!(used(&world, wei()), None);
    let paid = parts(&mut world, 20_000);
    assert_eq!([0, 1, 2].map(|part| settled(&paid[part]).fee().0), [0, 130, 130]);
    assert_eq!(used(&world, wei()), Some(1));
}
