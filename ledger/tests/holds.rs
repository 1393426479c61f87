//! Holds: every state of a held payment against every move, and the rules L29 to L33.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use std::collections::BTreeMap;

use ledger::account::{AccountStatus, EntryKind};
use ledger::crypto::SecretKey;
use ledger::execute::{Simulation, approvals};
use ledger::fees::{FeeItem, FeeKind, FeeRule, FeeSchedule};
use ledger::governance::Change;
use ledger::hash::Hash;
use ledger::ids::{AccountId, Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, FreezeDirection, Hold, Operation, Pay};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, State, StateKey};
use ledger::waiting::{HashLock, Secret, Waiting};
use support::governance::*;
use support::*;

const SECRET: Secret = Secret(Hash([5; 32]));
const HOUR: u64 = 3_600_000;

/// Holds `amount` of wei for min; gives the payment.
fn held(world: &mut World, amount: Money) -> Uetr {
    let hold = world.hold(wei(), min(), amount);
    place(world, hold)
}

fn place(world: &mut World, hold: Hold) -> Uetr {
    let (payment, from) = (hold.pay.uetr, hold.pay.from);
    let outcome = world.submit(Operation::Hold(Box::new(hold)), &[owner(from)]);
    assert!(matches!(outcome, Outcome::Held(_)), "{outcome:?}");
    payment
}

const fn capture(payment: Uetr, amount: Money) -> Operation {
    Operation::Capture { payment, amount, secret: None }
}

/// Time passes without a block, until one comes `milliseconds` later.
fn wait(world: &mut World, milliseconds: u64) {
    let step = std::mem::replace(&mut world.step, milliseconds);
    world.block(&[]);
    world.step = step;
}

/// What is held of each holding is the sum of its open holds, and no more than there is; the order
/// of deadlines lists those holds.
fn assert_sums(state: &State) {
    let mut sums: BTreeMap<(AccountId, String), u128> = BTreeMap::new();
    let mut deadlines = Vec::new();
    let mut found: BTreeMap<(AccountId, String), u128> = BTreeMap::new();
    for (key, value) in state.entries() {
        match FlatKey::decode(&key) {
            Some(FlatKey::Record(StateKey::Waiting(payment))) => {
                let waiting: Waiting = borsh::from_slice(value).unwrap();
                assert_eq!(waiting.order.uetr, payment);
                let key = (waiting.order.from, waiting.held.asset.to_string());
                *sums.entry(key).or_default() += waiting.held.amount.0;
                deadlines.push((waiting.deadline, payment));
            }
            Some(FlatKey::Record(StateKey::Holding(account, asset))) => {
                let holding: ledger::account::Holding = borsh::from_slice(value).unwrap();
                assert!(holding.held <= holding.posted);
                if !holding.held.is_zero() {
                    found.insert((account, asset.to_string()), holding.held.0);
                }
            }
            Some(_) | None => {}
        }
    }
    assert_eq!(found, sums);
    deadlines.sort_unstable();
    assert_eq!(state.deadlines().collect::<Vec<_>>(), deadlines);
}

/// Where a held payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Captured,
    Released,
    Expired,
    Refused,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
enum Move {
    Capture,
    CaptureByBank,
    CaptureByPayer,
    CaptureByStranger,
    Release,
    ReleaseByBank,
    ReleaseByPayer,
    HoldAgain,
    PayInstead,
}

/// A world with a payment at this stage.
fn at(stage: Stage) -> (World, Uetr) {
    let mut world = World::with_fees();
    if stage == Stage::Refused {
        let hold = world.hold(wei(), min(), cny(99_000_000));
        let payment = hold.pay.uetr;
        let outcome = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]);
        assert_eq!(outcome, rejected(Rejection::InsufficientFunds));
        return (world, payment);
    }
    let payment = held(&mut world, cny(20_000));
    match stage {
        Stage::Captured => {
            settled(&world.submit(capture(payment, cny(20_000)), &[owner(min())]));
        }
        Stage::Released => {
            let outcome = world.submit(Operation::Release { payment }, &[owner(min())]);
            assert_eq!(outcome.iso_status(), "CANC");
        }
        Stage::Expired => wait(&mut world, HOUR + 1),
        Stage::Open | Stage::Refused => {}
    }
    (world, payment)
}

impl Move {
    fn order(self, world: &mut World, payment: Uetr) -> (Operation, SecretKey) {
        let all = capture(payment, cny(20_000));
        let release = Operation::Release { payment };
        match self {
            Self::Capture => (all, owner(min())),
            Self::CaptureByBank => (all, operator(CHINA)),
            Self::CaptureByPayer => (all, owner(wei())),
            Self::CaptureByStranger => (all, key("a stranger")),
            Self::Release => (release, owner(min())),
            Self::ReleaseByBank => (release, operator(CHINA)),
            Self::ReleaseByPayer => (release, owner(wei())),
            Self::HoldAgain => {
                let mut hold = world.hold(wei(), min(), cny(1));
                hold.pay.uetr = payment;
                (Operation::Hold(Box::new(hold)), owner(wei()))
            }
            Self::PayInstead => {
                let pay = Pay { uetr: payment, ..world.pay(wei(), min(), cny(1)) };
                (Operation::Pay(pay), owner(wei()))
            }
        }
    }
}

const STAGES: [Stage; 5] =
    [Stage::Open, Stage::Captured, Stage::Released, Stage::Expired, Stage::Refused];

/// Every move: the ISO status to which it leads from an open hold, or why it is refused; and why it
/// is refused once the hold has ended.
const MOVES: [(Move, Result<&str, Rejection>, Rejection); 9] = [
    (Move::Capture, Ok("ACSC"), Rejection::NotHeld),
    (Move::CaptureByBank, Ok("ACSC"), Rejection::NotHeld),
    (Move::CaptureByPayer, Err(Rejection::SignersMissing), Rejection::NotHeld),
    (Move::CaptureByStranger, Err(Rejection::SignersMissing), Rejection::NotHeld),
    (Move::Release, Ok("CANC"), Rejection::NotHeld),
    (Move::ReleaseByBank, Ok("CANC"), Rejection::NotHeld),
    (Move::ReleaseByPayer, Err(Rejection::SignersMissing), Rejection::NotHeld),
    (Move::HoldAgain, Err(Rejection::DuplicateUetr), Rejection::DuplicateUetr),
    (Move::PayInstead, Err(Rejection::DuplicateUetr), Rejection::DuplicateUetr),
];

#[test]
fn every_state_meets_every_move() {
    for stage in STAGES {
        let (world, payment) = at(stage);
        assert_sums(world.tip.state());
        assert_eq!(world.tip.state().waiting(payment).is_some(), stage == Stage::Open);
        for (tried, open, ended) in MOVES {
            let mut world = world.clone();
            let balances = |world: &World| {
                [wei(), min(), collector()].map(|account| world.posted(account, "CNY"))
            };
            let before = (balances(&world), world.held(wei(), "CNY"));
            let (operation, signer) = tried.order(&mut world, payment);
            let outcome = world.submit(operation, &[signer]);
            let expected = if stage == Stage::Open { open } else { Err(ended) };
            let found = outcome.rejection().map_or(Ok(outcome.iso_status()), Err);
            assert_eq!(found, expected, "{stage:?} {tried:?}");
            let after = (balances(&world), world.held(wei(), "CNY"));
            assert_eq!(before == after, expected.is_err(), "{stage:?} {tried:?}");
            assert_sums(world.tip.state());
        }
        // The passing of the deadline ends an open hold, and changes nothing else.
        let mut world = world;
        let posted = world.posted(wei(), "CNY");
        wait(&mut world, 2 * HOUR);
        assert_eq!((world.posted(wei(), "CNY"), world.held(wei(), "CNY")), (posted, 0));
    }
}

#[test]
fn the_reference_has_a_row_for_every_state() {
    let page = include_str!("../../docs/reference/ledger.md");
    let cell = |stage: Stage, tried: fn(&Move) -> bool| {
        let (_, open, ended) = MOVES.into_iter().find(|(other, ..)| tried(other)).unwrap();
        match if stage == Stage::Open { open } else { Err(ended) } {
            Ok("ACSC") => "**captured**".to_owned(),
            Ok(_) => "**released**".to_owned(),
            Err(rejection) => format!("`{}`", rejection.code()),
        }
    };
    for stage in STAGES {
        let (name, iso, actor, deadline) = match stage {
            Stage::Open => ("held", "PDNG", "the payee's side", " **expired** "),
            Stage::Captured => ("captured", "ACSC", "nobody", " "),
            Stage::Released => ("released", "CANC", "nobody", " "),
            Stage::Expired => ("expired", "RJCT, TM01", "nobody", " "),
            Stage::Refused => ("refused", "RJCT and its reason", "nobody", " "),
        };
        let capture = cell(stage, |tried| matches!(tried, Move::Capture));
        let release = cell(stage, |tried| matches!(tried, Move::Release));
        let other = cell(stage, |tried| matches!(tried, Move::CaptureByPayer));
        let row =
            format!("| {name} | {iso} | {actor} | {capture} | {release} | {other} |{deadline}|");
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn l29_all_that_a_capture_can_take_is_set_aside() {
    for (bearer, set_aside) in [
        (ChargeBearer::Debtor, 20_130),
        (ChargeBearer::Shared, 20_130),
        (ChargeBearer::Creditor, 20_000),
    ] {
        let mut world = World::with_fees();
        let mut hold = world.hold(wei(), min(), cny(20_000));
        hold.pay.terms.charge_bearer = bearer;
        let before = world.tip.state().holding(wei(), code("CNY")).unwrap();
        place(&mut world, hold);
        let after = world.tip.state().holding(wei(), code("CNY")).unwrap();
        assert_eq!(after.held, Amount(set_aside), "{bearer:?}");
        // No line of a statement: nothing moved.
        assert_eq!((after.posted, after.chain), (before.posted, before.chain));
        assert_sums(world.tip.state());
        let free = 10_000_000 - set_aside;
        for (amount, expected) in [(free + 1, Some(Rejection::InsufficientFunds)), (free, None)] {
            let mut world = world.clone();
            let redeem =
                Operation::Redeem { uetr: world.fresh_uetr(), from: wei(), amount: cny(amount) };
            let outcome = world.submit(redeem, &[owner(wei()), operator(POST)]);
            assert_eq!(outcome.rejection(), expected, "{bearer:?} {amount}");
        }
    }
}

#[test]
fn l29_an_account_with_something_held_does_not_close() {
    let mut world = World::new();
    world.issue(ann(), cny(500));
    let hold = world.hold(ann(), min(), cny(500));
    let payment = place(&mut world, hold);
    let close = Operation::CloseAccount { account: ann() };
    let outcome = world.submit(close.clone(), &[operator(POST)]);
    assert_eq!(outcome, rejected(Rejection::AccountNotEmpty));
    settled(&world.submit(capture(payment, cny(500)), &[owner(min())]));
    assert_eq!(world.submit(close, &[operator(POST)]), Outcome::Done);
}

#[test]
fn l30_a_part_is_captured_and_the_rest_is_free_at_once() {
    let mut world = World::with_fees();
    let payment = held(&mut world, cny(60_000));
    assert_eq!(world.held(wei(), "CNY"), 60_330);
    let order = Order::one(capture(payment, cny(20_000)), &[owner(min())]);
    let executed = world.block(&[world.verified(&order)]);
    let booked = &executed.booked[0];
    let settlement = settled(&booked.receipt.outcome);
    assert_eq!(booked.receipt.uetr, Some(payment));
    assert_eq!((settlement.debited, settlement.credited), (cny(20_130), cny(20_000)));
    assert_eq!(settlement.remittance, terms().remittance);
    let lines: Vec<_> = booked
        .entries
        .iter()
        .map(|((account, _), entry)| (*account, entry.uetr, entry.kind, entry.amount.0))
        .collect();
    let expected = [
        (wei(), payment, EntryKind::Payment, 20_000),
        (wei(), payment, EntryKind::Fee, 130),
        (min(), payment, EntryKind::Payment, 20_000),
        (collector(), payment, EntryKind::Fee, 130),
    ];
    assert_eq!(lines, expected);
    assert_eq!((world.held(wei(), "CNY"), world.posted(wei(), "CNY")), (0, 9_979_870));
    // One hold, one capture.
    let again = world.submit(capture(payment, cny(1)), &[owner(min())]);
    assert_eq!(again, rejected(Rejection::NotHeld));
    assert_sums(world.tip.state());
}

#[test]
fn l30_a_lock_opens_for_its_secret_alone() {
    let mut world = World::new();
    let lock = Some(HashLock::of(&SECRET));
    let hold = Hold { lock, ..world.hold(wei(), min(), cny(500)) };
    let payment = place(&mut world, hold);
    let open = held(&mut world, cny(500));
    let show = |payment, secret| Operation::Capture { payment, amount: cny(500), secret };
    for (payment, secret, expected) in [
        (payment, None, Some(Rejection::SecretWrong)),
        (payment, Some(Secret(Hash([6; 32]))), Some(Rejection::SecretWrong)),
        (open, Some(SECRET), Some(Rejection::SecretWrong)),
        (payment, Some(SECRET), None),
    ] {
        let outcome = world.submit(show(payment, secret), &[owner(min())]);
        assert_eq!(outcome.rejection(), expected, "{secret:?}");
    }
    // The payee can give a locked payment up without the secret.
    let hold = Hold { lock, ..world.hold(wei(), min(), cny(500)) };
    let payment = place(&mut world, hold);
    let outcome = world.submit(Operation::Release { payment }, &[operator(CHINA)]);
    assert_eq!(outcome.iso_status(), "CANC");
}

#[test]
fn l30_hold_and_capture_of_one_transaction() {
    for atomic in [false, true] {
        let mut world = World::new();
        let hold = world.hold(wei(), min(), cny(500));
        let payment = hold.pay.uetr;
        let operations = vec![
            Operation::Hold(Box::new(hold)),
            capture(payment, cny(400)),
            capture(payment, cny(1)),
        ];
        let order = Order { atomic, ..Order::new(operations, &[owner(wei()), owner(min())]) };
        let outcomes = world.order(&order);
        let found: Vec<_> = outcomes.iter().map(Outcome::iso_status).collect();
        let expected = if atomic { ["RJCT", "RJCT", "RJCT"] } else { ["PDNG", "ACSC", "RJCT"] };
        assert_eq!(found, expected);
        assert_eq!(outcomes[2], rejected(Rejection::NotHeld));
        let moved = if atomic { 0 } else { 400 };
        assert_eq!(world.posted(min(), "CNY"), 10_000_000 + moved);
        assert_eq!(world.held(wei(), "CNY"), 0);
        assert_sums(world.tip.state());
    }
}

#[test]
fn l31_freezes_and_closed_accounts_stop_a_capture() {
    let payee = account(CHINA, 60);
    let mut world = World::new();
    world.open(payee);
    let hold = world.hold(wei(), payee, cny(500));
    let payment = place(&mut world, hold);
    for (account, direction, stopped) in [
        (wei(), FreezeDirection::Outgoing, true),
        (wei(), FreezeDirection::Incoming, false),
        (payee, FreezeDirection::Incoming, true),
        (payee, FreezeDirection::Outgoing, false),
    ] {
        let mut world = world.clone();
        let signer = [compliance(account.servicer())];
        let freeze = Operation::Freeze { account, direction };
        assert_eq!(world.submit(freeze, &signer), Outcome::Done);
        let outcome = world.submit(capture(payment, cny(500)), &[owner(payee)]);
        let expected = stopped.then_some(Rejection::AccountFrozen);
        assert_eq!(outcome.rejection(), expected, "{account:?} {direction:?}");
        if stopped {
            // The hold stays, and what the freeze stopped goes on once it is lifted.
            assert_eq!(world.held(wei(), "CNY"), 500);
            assert_eq!(world.submit(Operation::Unfreeze { account }, &signer), Outcome::Done);
            settled(&world.submit(capture(payment, cny(500)), &[owner(payee)]));
        }
    }
    // Nobody is paid into a closed account; its owner can still give the payment up.
    let close = Operation::CloseAccount { account: payee };
    assert_eq!(world.submit(close, &[operator(CHINA)]), Outcome::Done);
    assert_eq!(world.tip.state().account(payee).unwrap().status, AccountStatus::Closed);
    let outcome = world.submit(capture(payment, cny(500)), &[owner(payee)]);
    assert_eq!(outcome, rejected(Rejection::AccountClosed));
    let outcome = world.submit(Operation::Release { payment }, &[owner(payee)]);
    assert_eq!(outcome.iso_status(), "CANC");
    assert_eq!(world.held(wei(), "CNY"), 0);
}

#[test]
fn l31_removed_institutions_are_not_paid_and_pay_without_charges() {
    let customer = account(FIFTH, 1);
    let mut world = World::with_fees();
    world.decide(admission());
    world.open(customer);
    world.issue(customer, cny(50_000));
    let schedule = FeeSchedule { version: 1, collector: customer, rules: vec![fee_rule()] };
    let publish = Operation::SetFeeSchedule { institution: FIFTH, schedule };
    assert_eq!(world.submit(publish, &[operator(FIFTH)]), Outcome::Done);
    let to = world.hold(wei(), customer, cny(500));
    let to = place(&mut world, to);
    let from = world.hold(customer, min(), cny(20_000));
    let from = place(&mut world, from);
    assert_eq!(world.held(customer, "CNY"), 20_200);
    world.decide(Change::RemoveInstitution { institution: FIFTH });
    let outcome = world.submit(capture(to, cny(500)), &[owner(customer)]);
    assert_eq!(outcome, rejected(Rejection::InstitutionRemoved));
    let outcome = world.submit(capture(from, cny(20_000)), &[owner(min())]);
    assert_eq!(settled(&outcome).debited, cny(20_000));
    assert_eq!(world.held(customer, "CNY"), 0);
    assert_sums(world.tip.state());
}

/// Publishes the second schedule of PSBC.
fn reprice(world: &mut World, rule: FeeRule) {
    let schedule = FeeSchedule { version: 2, collector: collector(), rules: vec![rule] };
    let publish = Operation::SetFeeSchedule { institution: POST, schedule };
    assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
}

#[test]
fn l31_a_capture_never_costs_more_than_what_was_held_for_it() {
    let dearer = FeeRule { basis_points: 500, interbank: Amount(900), ..fee_rule() };
    let cheaper = FeeRule { basis_points: 0, interbank: Amount(7), ..fee_rule() };
    let boundless = FeeRule { flat: Amount(u128::MAX), cap: Amount(u128::MAX), ..fee_rule() };
    for (rule, bearer, fees) in [
        (dearer, ChargeBearer::Debtor, vec![(FeeKind::Payment, 130)]),
        (dearer, ChargeBearer::Creditor, vec![(FeeKind::Payment, 130)]),
        (cheaper, ChargeBearer::Debtor, vec![(FeeKind::Payment, 100), (FeeKind::Interbank, 7)]),
        (boundless, ChargeBearer::Debtor, vec![(FeeKind::Payment, 130)]),
    ] {
        let mut world = World::with_fees();
        let mut hold = world.hold(wei(), min(), cny(20_000));
        hold.pay.terms.charge_bearer = bearer;
        let payment = place(&mut world, hold);
        reprice(&mut world, rule);
        // Nothing else is left to pay with.
        let rest = world.tip.state().holding(wei(), code("CNY")).unwrap().available();
        let redeem = Operation::Redeem {
            uetr: world.fresh_uetr(),
            from: wei(),
            amount: Money::new(rest, code("CNY")),
        };
        settled(&world.submit(redeem, &[owner(wei()), operator(POST)]));
        let outcome = world.submit(capture(payment, cny(20_000)), &[owner(min())]);
        let settlement = settled(&outcome);
        let items =
            fees.iter().map(|(kind, amount)| FeeItem { kind: *kind, amount: Amount(*amount) });
        assert_eq!(settlement.fees, items.collect::<Vec<_>>(), "{rule:?}");
        let fee: u128 = fees.iter().map(|(_, amount)| amount).sum();
        let credited = if bearer == ChargeBearer::Creditor { 20_000 - fee } else { 20_000 };
        assert_eq!(settlement.credited, cny(credited));
        assert_sums(world.tip.state());
    }
}

#[test]
fn l31_charges_that_would_leave_nothing_refuse_the_capture() {
    let mut world = World::with_fees();
    let mut hold = world.hold(wei(), min(), cny(20_000));
    hold.pay.terms.charge_bearer = ChargeBearer::Creditor;
    let payment = place(&mut world, hold);
    reprice(&mut world, FeeRule { free_below: Amount(0), ..fee_rule() });
    for (amount, expected) in [(130, Some(Rejection::FeeAboveAgreed)), (131, None)] {
        let outcome = world.submit(capture(payment, cny(amount)), &[owner(min())]);
        assert_eq!(outcome.rejection(), expected, "{amount}");
    }
}

#[test]
fn l32_deadlines_are_ahead_and_within_bounds() {
    let mut world = World::new();
    for (ahead, expected) in [
        (0, Some(Rejection::DeadlineRefused)),
        (1, None),
        (Waiting::MAXIMUM_AHEAD, None),
        (Waiting::MAXIMUM_AHEAD + 1, Some(Rejection::DeadlineRefused)),
    ] {
        let deadline = world.time().plus(ahead);
        let hold = Hold { deadline, ..world.hold(wei(), min(), cny(1)) };
        let outcome = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]);
        assert_eq!(outcome.rejection(), expected, "{ahead}");
    }
}

#[test]
fn l32_a_hold_ends_after_its_deadline_and_not_before() {
    let mut world = World::new();
    let payment = held(&mut world, cny(500));
    let deadline = world.tip.state().waiting(payment).unwrap().deadline;
    world.step = deadline.since(world.tip.header().time);
    let mut last = world.clone();
    settled(&last.submit(capture(payment, cny(500)), &[owner(min())]));
    world.step += 1;
    let outcome = world.submit(capture(payment, cny(500)), &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::NotHeld));
    assert_eq!(world.held(wei(), "CNY"), 0);
    assert_eq!(world.tip.state().deadlines().count(), 0);
    // An empty block frees it too, and leaves no trace but that.
    let mut world = World::new();
    let before = world.tip.state().holding(wei(), code("CNY"));
    let payment = held(&mut world, cny(500));
    world.step = HOUR + 1;
    let executed = world.block(&[]);
    assert!(executed.booked.is_empty());
    assert_eq!(world.tip.state().holding(wei(), code("CNY")), before);
    let changed: Vec<_> = executed.changes.entries().map(|(key, _)| key.to_vec()).collect();
    let holding = StateKey::Holding(wei(), code("CNY")).bytes();
    assert_eq!(changed, [holding, StateKey::Waiting(payment).bytes()]);
}

#[test]
fn l32_a_block_frees_a_bounded_number_and_the_rest_is_expired_all_the_same() {
    let mut world = World::new();
    let holds = |world: &mut World, count: u64| {
        let holds = (0..count).map(|_| world.hold(wei(), min(), cny(1)));
        let operations: Vec<_> = holds.map(|hold| Operation::Hold(Box::new(hold))).collect();
        let payments: Vec<_> = operations.iter().filter_map(Operation::uetr).collect();
        world.order(&Order::new(operations, &[owner(wei())]));
        payments
    };
    let payments = holds(&mut world, 1_002);
    assert_eq!(world.held(wei(), "CNY"), 1_002);
    let last: Vec<Uetr> = world.tip.state().deadlines().skip(1_000).map(|(_, uetr)| uetr).collect();
    assert!(payments.contains(&last[0]));
    world.step = HOUR + 1;
    let outcome = world.submit(capture(last[0], cny(1)), &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::NotHeld), "it is expired, though not swept");
    assert_eq!(world.held(wei(), "CNY"), 2);
    assert_sums(world.tip.state());
    world.step = 1;
    world.block(&[]);
    assert_eq!(world.held(wei(), "CNY"), 0);
    assert_sums(world.tip.state());
}

#[test]
fn l32_a_restored_state_frees_the_same() {
    let mut world = World::new();
    let first = held(&mut world, cny(500));
    let second = world.hold(lee(), wei(), hkd(70));
    let second = place(&mut world, second);
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    let all = |state: &State| state.deadlines().collect::<Vec<_>>();
    assert_eq!(all(&restored), all(world.tip.state()));
    assert_eq!(all(&restored).iter().map(|(_, uetr)| *uetr).collect::<Vec<_>>(), [first, second]);
    let parent = world.clone();
    world.step = HOUR + 1;
    let executed = world.block(&[]);
    let block =
        ledger::block::Block { header: parent.tip.header().clone(), cut: parent.tip.cut().clone() };
    let tip = ledger::chain::Tip::restore(block, restored, parent.before.clone()).unwrap();
    let checked = tip.check(&executed.block, &[]).unwrap();
    assert_eq!(checked.changes, executed.changes);
    assert!(all(checked.tip.state()).is_empty());
}

#[test]
fn l32_a_simulation_knows_deadlines() {
    let mut world = World::new();
    let payment = held(&mut world, cny(500));
    let deadline = world.tip.state().waiting(payment).unwrap().deadline;
    let order = Order::one(capture(payment, cny(500)), &[owner(min())]);
    for (time, expected) in [(deadline, None), (deadline.plus(1), Some(Rejection::NotHeld))] {
        let transaction = order.sign(world.domains(), time).transaction;
        let simulated = world.tip.simulate(time, &transaction).unwrap();
        let Simulation::Outcome { receipts, .. } = simulated else { panic!("executed before") };
        assert_eq!(receipts[0].outcome.rejection(), expected);
    }
}

#[test]
fn l33_refused_follow_ups_say_nothing_of_the_payment() {
    let mut world = World::new();
    let payment = held(&mut world, cny(500));
    for operation in [capture(payment, cny(500)), Operation::Release { payment }] {
        let refused = receipt(&mut world, operation, &[key("a stranger")]);
        assert_eq!(refused.uetr, None);
        assert_eq!(refused.outcome, rejected(Rejection::SignersMissing));
    }
    let captured = receipt(&mut world, capture(payment, cny(500)), &[owner(min())]);
    assert_eq!(captured.uetr, Some(payment));
    let late = receipt(&mut world, Operation::Release { payment }, &[owner(min())]);
    assert_eq!((late.uetr, late.outcome), (None, rejected(Rejection::NotHeld)));
}

#[test]
fn l33_a_follow_up_happens_once() {
    let mut world = World::new();
    let payment = held(&mut world, cny(500));
    let order = Order::one(capture(payment, cny(300)), &[owner(min())]);
    let transaction = world.verified(&order);
    let executed = world.block(&[transaction.clone(), transaction.clone()]);
    assert_eq!(executed.booked.len(), 1);
    let again = world.block(&[transaction]);
    assert!(again.booked.is_empty() && again.changes.is_empty());
    assert_eq!(world.posted(min(), "CNY"), 10_000_300);
    // The marker of the UETR is still that of the hold.
    let marker = ledger::state::MarkerKey::Payment(payment);
    let marker = world.tip.state().marker(&marker).unwrap();
    assert_ne!(marker.transaction, executed.booked[0].receipt.transaction);
}

#[test]
fn the_payees_keys_and_its_servicers_operators_approve_a_capture() {
    let mut world = World::new();
    let payment = held(&mut world, cny(500));
    for (signer, missing) in [(owner(min()), 0), (operator(CHINA), 0), (owner(wei()), 1)] {
        let order = Order::one(capture(payment, cny(500)), &[signer]);
        let signed = order.sign(world.domains(), world.time());
        let needed = approvals(world.tip.state(), &signed.transaction);
        assert_eq!(needed.len(), 1);
        assert_eq!((needed[0].account, needed[0].missing), (min(), missing));
    }
    let order = Order::one(capture(uetr(4_000), cny(500)), &[owner(min())]);
    let signed = order.sign(world.domains(), world.time());
    assert!(approvals(world.tip.state(), &signed.transaction).is_empty());
}

#[test]
fn the_record_says_what_was_ordered() {
    let mut world = World::with_fees();
    let hold = world.hold(wei(), min(), cny(20_000));
    let order = Order::one(Operation::Hold(Box::new(hold.clone())), &[owner(wei())]);
    let transaction = world.verified(&order);
    world.block(std::slice::from_ref(&transaction));
    let waiting = world.tip.state().waiting(hold.pay.uetr).unwrap();
    assert_eq!(waiting.order, hold.pay);
    assert_eq!(waiting.transaction, transaction.id());
    assert_eq!(waiting.height, world.tip.height());
    assert_eq!((waiting.held, waiting.most_charges), (cny(20_130), Amount(130)));
    assert_eq!(waiting.deadline, hold.deadline);
    assert!(!waiting.is_expired_at(hold.deadline));
    assert!(waiting.is_expired_at(Timestamp(hold.deadline.0 + 1)));
    let key = StateKey::Waiting(hold.pay.uetr);
    let proof = world.tip.state().prove(&key);
    let value = ledger::codec::encode(&waiting);
    let root = world.tip.header().state_root;
    assert_eq!(proof.verify(world.domains(), &key.bytes(), Some(&value), &root), Ok(()));
}
