//! Payments that wait for funds: every state against every move, and the rules L49 to L53.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::print_stdout, reason = "it says how much liquidity is saved")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::account::{Holding, HoldingKey};
use ledger::chain::Executed;
use ledger::corrections::{Reason, Return};
use ledger::crypto::SecretKey;
use ledger::execute::Simulation;
use ledger::fees::FeeSchedule;
use ledger::ids::{AccountId, Uetr};
use ledger::limits::Measure;
use ledger::merkle;
use ledger::money::Amount;
use ledger::operation::{FreezeDirection, Operation, Queue};
use ledger::receipt::{Outcome, Receipt, settlement_id};
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::waiting::{Priority, Waiting};
use support::evidence::evidence;
use support::limits::{self, set_limits};
use support::queue::{queue, queued};
use support::*;

use Priority::{High, Normal, Urgent};

const HOUR: u64 = 3_600_000;

fn operation(queue: &Queue) -> Operation {
    Operation::Queue(Box::new(queue.clone()))
}

const fn prioritise(payment: Uetr, priority: Priority) -> Operation {
    Operation::Prioritise { payment, priority }
}

/// Executes one operation in a block of its own; gives the block.
fn execute(world: &mut World, operation: Operation, signers: &[SecretKey]) -> Executed {
    let before = world.tip.state().clone();
    let executed = world.block(&[world.verified(&Order::one(operation, signers))]);
    replay(&before, &executed);
    executed
}

/// The lines of a block lead from each holding before it to the holding after it, in the order in
/// which they were booked, and never below nothing.
fn replay(before: &State, executed: &Executed) {
    let (domains, after) = (executed.tip.domains(), executed.tip.state());
    let mut reached: BTreeMap<HoldingKey, Holding> = BTreeMap::new();
    for (key, entry) in executed.booked.iter().flat_map(|booked| &booked.entries) {
        let start = || before.holding(key.0, key.1).unwrap_or_default();
        let holding = reached.entry(*key).or_insert_with(start);
        *holding = holding.after(domains, entry).expect("never below nothing");
    }
    for ((account, asset), holding) in reached {
        let found = after.holding(account, asset).unwrap();
        assert_eq!((found.posted, found.chain), (holding.posted, holding.chain));
    }
}

/// The payments that the block itself settled, in the order of their receipts.
fn settled_by(executed: &Executed) -> Vec<Uetr> {
    let height = executed.block.header.height;
    let name = settlement_id(executed.tip.domains(), height);
    let own = executed.booked.iter().filter(|booked| booked.receipt.transaction == name);
    own.map(|booked| {
        settled(&booked.receipt.outcome);
        booked.receipt.uetr.unwrap()
    })
    .collect()
}

/// Time passes without a block, until one comes `milliseconds` later.
fn pass(world: &mut World, milliseconds: u64) -> Executed {
    let step = std::mem::replace(&mut world.step, milliseconds);
    let executed = world.block(&[]);
    world.step = step;
    executed
}

fn waits(world: &World, payment: Uetr) -> bool {
    world.tip.state().waiting(payment).is_some()
}

/// The queue of an account's CNY, the first to be tried first.
fn order(world: &World, account: AccountId) -> Vec<Uetr> {
    world.tip.state().queue().of((account, code("CNY"))).map(|(_, payment)| payment).collect()
}

/// Where a queued payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Queued,
    Settled,
    Released,
    Expired,
}

const STAGES: [Stage; 4] = [Stage::Queued, Stage::Settled, Stage::Released, Stage::Expired];

/// What is tried.
#[derive(Clone, Copy, Debug)]
enum Move {
    Prioritise,
    PrioritiseByBank,
    PrioritiseByPayee,
    Release,
    ReleaseByBank,
    ReleaseByPayee,
    Capture,
    Approve,
    Fund,
    QueueAgain,
    PayInstead,
}

/// A world with a payment of 200.00 CNY from ann, who has nothing, to min at this stage.
fn at(stage: Stage) -> (World, Uetr) {
    let mut world = World::with_fees();
    let payment = queued(&mut world, ann(), min(), cny(20_000), High);
    match stage {
        Stage::Queued => {}
        Stage::Settled => world.issue(ann(), cny(20_130)),
        Stage::Released => {
            let outcome = world.submit(Operation::Release { payment }, &[owner(ann())]);
            assert_eq!(outcome.iso_status(), "CANC");
        }
        Stage::Expired => drop(pass(&mut world, HOUR + 1)),
    }
    (world, payment)
}

impl Move {
    fn order(self, world: &mut World, payment: Uetr) -> (Operation, SecretKey) {
        let release = Operation::Release { payment };
        let urgent = prioritise(payment, Urgent);
        match self {
            Self::Prioritise => (urgent, owner(ann())),
            Self::PrioritiseByBank => (urgent, operator(POST)),
            Self::PrioritiseByPayee => (urgent, owner(min())),
            Self::Release => (release, owner(ann())),
            Self::ReleaseByBank => (release, operator(POST)),
            Self::ReleaseByPayee => (release, owner(min())),
            Self::Capture => {
                let amount = cny(20_000);
                (Operation::Capture { payment, amount, secret: None }, owner(min()))
            }
            Self::Approve => {
                let order = ledger::waiting::OrderHash(ledger::hash::Hash([7; 32]));
                (Operation::Approve { payment, order }, owner(ann()))
            }
            Self::Fund => {
                let uetr = world.fresh_uetr();
                (Operation::Issue { uetr, to: ann(), amount: cny(20_130) }, operator(POST))
            }
            Self::QueueAgain => {
                let mut again = queue(world, ann(), min(), cny(1), Normal);
                again.pay.uetr = payment;
                (operation(&again), owner(ann()))
            }
            Self::PayInstead => {
                let pay = world.pay(wei(), min(), cny(1));
                (Operation::Pay(ledger::operation::Pay { uetr: payment, ..pay }), owner(wei()))
            }
        }
    }
}

type Cell = Result<&'static str, Rejection>;

/// Every move: where it leads while the payment is queued, and once that has ended.
const MOVES: [(Move, Cell, Cell); 11] = {
    use Rejection::{DuplicateUetr, NotHeld, NotQueued, SignersMissing, WaitsOtherwise};
    [
        (Move::Prioritise, Ok("ACSP"), Err(NotQueued)),
        (Move::PrioritiseByBank, Err(SignersMissing), Err(NotQueued)),
        (Move::PrioritiseByPayee, Err(SignersMissing), Err(NotQueued)),
        (Move::Release, Ok("CANC"), Err(NotHeld)),
        (Move::ReleaseByBank, Err(SignersMissing), Err(NotHeld)),
        (Move::ReleaseByPayee, Err(SignersMissing), Err(NotHeld)),
        (Move::Capture, Err(WaitsOtherwise), Err(NotHeld)),
        (Move::Approve, Err(WaitsOtherwise), Err(NotHeld)),
        (Move::Fund, Ok("ACSC"), Ok("ACSC")),
        (Move::QueueAgain, Err(DuplicateUetr), Err(DuplicateUetr)),
        (Move::PayInstead, Err(DuplicateUetr), Err(DuplicateUetr)),
    ]
};

#[test]
fn l52_every_state_meets_every_move() {
    for stage in STAGES {
        let (world, payment) = at(stage);
        assert_eq!(waits(&world, payment), stage == Stage::Queued);
        for (tried, open, ended) in MOVES {
            let expected = if stage == Stage::Queued { open } else { ended };
            let mut world = world.clone();
            let (operation, signer) = tried.order(&mut world, payment);
            let executed = execute(&mut world, operation, &[signer]);
            let found = &executed.booked[0].receipt;
            let led = found.outcome.rejection().map_or(Ok(found.outcome.iso_status()), Err);
            assert_eq!(led, expected, "{stage:?} {tried:?}");
            let settles = matches!((stage, tried), (Stage::Queued, Move::Fund));
            let paid = settled_by(&executed);
            let expected: Vec<Uetr> = settles.then_some(payment).into_iter().collect();
            assert_eq!(paid, expected, "{stage:?} {tried:?}");
            let ends = settles || matches!(tried, Move::Release);
            let still = stage == Stage::Queued && !ends;
            assert_eq!(waits(&world, payment), still, "{stage:?} {tried:?}");
            assert_eq!(world.held(ann(), "CNY"), 0, "nothing is held for it");
            let credited = if stage == Stage::Settled || settles { 10_020_000 } else { 10_000_000 };
            assert_eq!(world.posted(min(), "CNY"), credited, "{stage:?} {tried:?}");
        }
        let mut world = world;
        pass(&mut world, HOUR + 1);
        assert!(!waits(&world, payment) && world.tip.state().queue().is_empty());
        world.issue(ann(), cny(50_000));
        let paid = if stage == Stage::Settled { 10_020_000 } else { 10_000_000 };
        assert_eq!(
            world.posted(min(), "CNY"),
            paid,
            "{stage:?}: nothing settles once it has ended"
        );
    }
}

#[test]
fn the_reference_has_a_row_for_every_state() {
    let page = include_str!("../../docs/reference/ledger.md");
    let cell = |stage: Stage, tried: fn(&Move) -> bool| {
        let (_, open, ended) = MOVES.into_iter().find(|(other, ..)| tried(other)).unwrap();
        match if stage == Stage::Queued { open } else { ended } {
            Ok("ACSP") => "queued, last of its new priority".to_owned(),
            Ok(_) => "**released**".to_owned(),
            Err(rejection) => format!("`{}`", rejection.code()),
        }
    };
    for stage in STAGES {
        let (name, iso, ends) = match stage {
            Stage::Queued => ("queued", "ACSP", " **settled** | **expired** |"),
            Stage::Settled => ("settled", "ACSC", " | |"),
            Stage::Released => ("released", "CANC", " | |"),
            Stage::Expired => ("expired", "RJCT, TM01", " | |"),
        };
        let prioritise = cell(stage, |tried| matches!(tried, Move::Prioritise));
        let prioritise_other = cell(stage, |tried| matches!(tried, Move::PrioritiseByPayee));
        let release = cell(stage, |tried| matches!(tried, Move::Release));
        let release_other = cell(stage, |tried| matches!(tried, Move::ReleaseByPayee));
        let row = format!(
            "| {name} | {iso} | {prioritise} | {prioritise_other} | {release} | {release_other} \
             |{ends}"
        );
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn l49_a_payment_settles_at_once_or_waits_behind_its_accounts_others() {
    let mut world = World::with_fees();
    let at_once = queue(&mut world, wei(), min(), cny(20_000), Normal);
    let outcome = world.submit(operation(&at_once), &[owner(wei())]);
    assert_eq!(settled(&outcome).debited, cny(20_130));
    // 9,979,870 are left: not enough for the large one, and the others are behind it.
    let large = queued(&mut world, wei(), min(), cny(9_979_800), High);
    let small = queued(&mut world, wei(), min(), cny(100), High);
    let lower = queued(&mut world, wei(), ann(), cny(100), Normal);
    let urgent = queue(&mut world, wei(), ann(), cny(100), Urgent);
    settled(&world.submit(operation(&urgent), &[owner(wei())]));
    assert_eq!(order(&world, wei()), [large, small, lower]);
    assert_eq!(world.held(wei(), "CNY"), 0);
    let waiting = world.tip.state().waiting(large).unwrap();
    assert_eq!((waiting.held, waiting.most_charges), (cny(0), Amount(49_929)));
    // A part of an atomic transaction cannot wait; alone it can.
    let parts = [(); 2].map(|()| operation(&queue(&mut world, wei(), ann(), cny(1), Normal)));
    let linked = Order::new(parts.to_vec(), &[owner(wei())]).atomic();
    let outcomes = world.order(&linked);
    assert_eq!(outcomes, [rejected(Rejection::CannotQueue), rejected(Rejection::LinkedRejected)]);
    let alone = operation(&queue(&mut world, wei(), ann(), cny(1), Normal));
    let alone = Order::one(alone, &[owner(wei())]).atomic();
    assert_eq!(world.order(&alone)[0].iso_status(), "ACSP");
    // Enough for all of them.
    world.issue(wei(), cny(100_000));
    assert_eq!(order(&world, wei()), []);
}

#[test]
fn l49_a_deadline_is_one_of_a_hold() {
    let mut world = World::new();
    for (ahead, expected) in [
        (0, Some(Rejection::DeadlineRefused)),
        (1, None),
        (Waiting::MAXIMUM_AHEAD, None),
        (Waiting::MAXIMUM_AHEAD + 1, Some(Rejection::DeadlineRefused)),
    ] {
        let mut one = queue(&mut world, ann(), min(), cny(1), Normal);
        one.deadline = world.time().plus(ahead);
        let outcome = world.submit(operation(&one), &[owner(ann())]);
        assert_eq!(outcome.rejection(), expected, "{ahead}");
    }
    // In a block of exactly that time it settles.
    let payment = queued(&mut world, ann(), wei(), cny(1), Urgent);
    let deadline = world.tip.state().waiting(payment).unwrap().deadline;
    world.step = deadline.since(world.tip.header().time);
    world.issue(ann(), cny(2));
    assert!(!waits(&world, payment));
    assert_eq!(world.posted(wei(), "CNY"), 10_000_001);
}

/// Accounts of four banks without funds, in a circle of payments.
fn circle(world: &mut World) -> [AccountId; 4] {
    let accounts = [DEALER_BANK, HONG_KONG, CHINA, POST].map(|bank| account(bank, 50));
    accounts.iter().for_each(|account| world.open(*account));
    accounts
}

#[test]
fn l50_a_circle_without_funds_settles_at_once_and_no_balance_is_below_zero() {
    let mut world = World::new();
    let banks = circle(&mut world);
    let mut payments = Vec::new();
    for place in 0..3 {
        payments.push(queued(&mut world, banks[place], banks[place + 1], cny(500), Normal));
    }
    let last = queue(&mut world, banks[3], banks[0], cny(500), Normal);
    payments.push(last.pay.uetr);
    let executed = execute(&mut world, operation(&last), &[owner(banks[3])]);
    assert_eq!(executed.booked[0].receipt.outcome.iso_status(), "ACSP");
    let paid: BTreeSet<Uetr> = settled_by(&executed).into_iter().collect();
    assert_eq!(paid, payments.into_iter().collect());
    assert!(world.tip.state().queue().is_empty());
    for account in banks {
        let holding = world.tip.state().holding(account, code("CNY")).unwrap();
        assert_eq!((holding.posted, holding.entries), (Amount(0), 2));
        assert_eq!(world.tip.state().account(account).unwrap().open_holdings, 0);
    }
}

#[test]
fn l50_a_simulated_block_settles_what_the_block_settles() {
    let mut world = World::new();
    let [a, b, c, _] = circle(&mut world);
    queued(&mut world, a, b, cny(500), Normal);
    queued(&mut world, b, c, cny(500), Normal);
    for (amount, settles) in [(cny(499), false), (cny(500), true)] {
        let last = queue(&mut world, c, a, amount, Normal);
        let order = Order::one(operation(&last), &[owner(c)]);
        let transaction = world.verified(&order).body().clone();
        let time = world.time();
        // Whoever is only asked whether it may enter the ledger does not look at the queue.
        let asked = world.tip.simulate(time, &transaction).unwrap();
        let Simulation::Outcome { settled, .. } = asked else { panic!("it is new") };
        assert_eq!(settled, []);
        let tried = world.tip.simulate_block(time, &transaction).unwrap();
        let Simulation::Outcome { receipts, settled, balances } = tried else { panic!("new") };
        assert_eq!(receipts[0].outcome.iso_status(), "ACSP");
        // Of the payments that settle with it nothing is said.
        let told: Vec<_> = settled.iter().map(|it| (it.uetr, it.outcome.iso_status())).collect();
        let expected = [(Some(last.pay.uetr), "ACSC")];
        assert_eq!(told, expected[..usize::from(settles)]);
        let executed = execute(&mut world, operation(&last), &[owner(c)]);
        assert_eq!(settled_by(&executed).contains(&last.pay.uetr), settles);
        for ((account, asset), holding) in balances {
            assert_eq!(world.tip.state().holding(account, asset), Some(holding));
        }
        if !settles {
            let cancel = Operation::Release { payment: last.pay.uetr };
            execute(&mut world, cancel, &[owner(c)]);
        }
    }
}

#[test]
fn l50_two_offset_each_other_with_the_difference_in_funds() {
    let mut world = World::new();
    let [a, b, ..] = circle(&mut world);
    let there = queued(&mut world, a, b, cny(900), Normal);
    let back = queue(&mut world, b, a, cny(1_000), Normal);
    let executed = execute(&mut world, operation(&back), &[owner(b)]);
    assert!(settled_by(&executed).is_empty(), "b is short of 1.00");
    let uetr = world.fresh_uetr();
    let issue = Operation::Issue { uetr, to: b, amount: cny(100) };
    let executed = execute(&mut world, issue, &[operator(POST)]);
    assert_eq!(settled_by(&executed), [there, back.pay.uetr]);
    assert_eq!((world.posted(a, "CNY"), world.posted(b, "CNY")), (100, 0));
}

#[test]
fn l50_nothing_overtakes_within_a_priority_but_what_may_be_paid_passes_what_may_not() {
    let mut world = World::new();
    let [a, b, c, _] = circle(&mut world);
    let first = queued(&mut world, a, b, cny(1_000), Normal);
    let second = queued(&mut world, a, c, cny(10), Normal);
    world.issue(a, cny(500));
    assert_eq!(order(&world, a), [first, second], "10 wait behind 1,000, though there are 500");
    // The account puts the small one first.
    let executed = execute(&mut world, prioritise(second, Urgent), &[owner(a)]);
    assert_eq!(settled_by(&executed), [second]);
    // A payee who is frozen stops no one else.
    let third = queued(&mut world, a, c, cny(20), Normal);
    let freeze = Operation::Freeze { account: b, direction: FreezeDirection::Incoming };
    let executed = execute(&mut world, freeze, &[operator(HONG_KONG)]);
    assert_eq!(settled_by(&executed), [third]);
    world.issue(a, cny(1_000));
    assert_eq!(order(&world, a), [first]);
    let executed = execute(&mut world, Operation::Unfreeze { account: b }, &[operator(HONG_KONG)]);
    assert_eq!(settled_by(&executed), [first]);
}

#[test]
fn l50_what_is_held_is_no_funds() {
    let mut world = World::new();
    let [a, b, ..] = circle(&mut world);
    world.issue(a, cny(100));
    let hold = world.hold(a, b, cny(60));
    let held = hold.pay.uetr;
    world.submit(Operation::Hold(Box::new(hold)), &[owner(a)]);
    let payment = queued(&mut world, a, b, cny(50), Normal);
    let release = Operation::Release { payment: held };
    let executed = execute(&mut world, release, &[owner(b)]);
    assert_eq!(settled_by(&executed), [payment]);
}

#[test]
fn l51_what_a_block_settles_is_proven_under_a_name_of_the_blocks() {
    let mut world = World::new();
    let [a, b, ..] = circle(&mut world);
    let there = queued(&mut world, a, b, cny(900), Normal);
    let back = queue(&mut world, b, a, cny(900), Normal);
    let order = Order::one(operation(&back), &[owner(b)]);
    let transaction = world.verified(&order);
    let executed = world.block(std::slice::from_ref(&transaction));
    let receipts: Vec<&Receipt> = executed.booked.iter().map(|booked| &booked.receipt).collect();
    let name = settlement_id(world.domains(), executed.block.header.height);
    let places: Vec<_> =
        receipts.iter().map(|of| (of.transaction, of.operation, of.uetr)).collect();
    assert_eq!(
        places,
        [
            (transaction.id(), 0, Some(back.pay.uetr)),
            (name, 0, Some(there)),
            (name, 1, Some(back.pay.uetr)),
        ]
    );
    for (index, receipt) in (0..).zip(&receipts) {
        let path = merkle::prove(world.domains(), &executed.leaves, index).unwrap();
        let root = &executed.block.header.receipts_root;
        path.verify(world.domains(), &receipt.hash(world.domains()), root).unwrap();
    }
    // Its proof is good for a return.
    let evidence = evidence(&executed, 1);
    let (uetr, reason) = (world.fresh_uetr(), Reason::parse("CUST").unwrap());
    let back = Return { uetr, evidence, amount: cny(0), reason };
    let outcome = world.submit(Operation::Return(Box::new(back)), &[owner(b)]);
    assert_eq!(outcome, rejected(Rejection::ZeroAmount), "the proof is right, the amount is not");
    // The same bytes again change nothing and have no second receipt.
    assert!(world.block(&[transaction]).booked.is_empty());
}

#[test]
fn l51_a_block_settles_at_what_is_so_in_it_and_at_no_more_than_when_it_was_queued() {
    for (basis_points, fee) in [(10, 100), (50, 100), (900, 100)] {
        let mut world = World::with_fees();
        let payment = queued(&mut world, ann(), wei(), cny(20_000), Normal);
        let mut rule = fee_rule();
        rule.basis_points = basis_points;
        let schedule = FeeSchedule { version: 2, collector: collector(), rules: vec![rule] };
        let publish = Operation::SetFeeSchedule { institution: POST, schedule };
        assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
        world.issue(ann(), cny(20_100));
        assert!(!waits(&world, payment), "{basis_points}");
        assert_eq!(world.posted(ann(), "CNY"), 100 - fee);
        assert_eq!(world.posted(collector(), "CNY"), fee);
    }
}

#[test]
fn l53_other_operations_pass_the_queue_and_what_is_queued_counts_in_limits() {
    let mut world = World::new();
    let limit = limits::refuse("day", Measure::Day { most: Amount(1_000) });
    let set = set_limits(POST, 1, vec![limit]);
    assert_eq!(world.submit(set, &[operator(POST)]), Outcome::Done);
    let first = queued(&mut world, ann(), min(), cny(700), Urgent);
    let second = queue(&mut world, ann(), min(), cny(301), Urgent);
    let outcome = world.submit(operation(&second), &[owner(ann())]);
    assert_eq!(outcome, rejected(Rejection::DailyLimit));
    // A plain payment takes what is there before the queue, which the same block tries at its end.
    world.issue(ann(), cny(400));
    let pay = world.pay(ann(), wei(), cny(300));
    settled(&world.submit(Operation::Pay(pay), &[owner(ann())]));
    assert!(waits(&world, first));
    // A release gives nothing back.
    world.submit(Operation::Release { payment: first }, &[owner(ann())]);
    let pay = world.pay(ann(), wei(), cny(1));
    let outcome = world.submit(Operation::Pay(pay), &[owner(ann())]);
    assert_eq!(outcome, rejected(Rejection::DailyLimit));
}

#[test]
fn l52_a_thousand_beyond_their_deadline_leave_in_a_block_and_none_of_the_others_settles() {
    let mut world = World::new();
    let payers: Vec<AccountId> = (60..63)
        .flat_map(|n| [CHINA, POST, HONG_KONG, DEALER_BANK].map(|bank| account(bank, n)))
        .collect();
    for payer in &payers {
        world.open(*payer);
        let batch = (0..100).map(|_| operation(&queue(&mut world, *payer, wei(), cny(5), Normal)));
        let batch: Vec<Operation> = batch.collect();
        let outcomes = world.order(&Order::new(batch, &[owner(*payer)]));
        assert!(outcomes.iter().all(|outcome| outcome.iso_status() == "ACSP"));
        let more = operation(&queue(&mut world, *payer, wei(), cny(5), Normal));
        let outcome = world.submit(more, &[owner(*payer)]);
        assert_eq!(outcome, rejected(Rejection::QueueFull));
    }
    pass(&mut world, HOUR + 1);
    assert_eq!(world.tip.state().deadlines().count(), 200);
    let left = payers.iter().find(|payer| !order(&world, **payer).is_empty()).unwrap();
    world.issue(*left, cny(1_000));
    assert_eq!(world.tip.state().deadlines().count(), 0);
    assert_eq!(world.posted(*left, "CNY"), 1_000, "what is past its deadline does not settle");
}

/// What a bank needs to pay at once, in this order: the deepest that it would be below zero.
fn gross_need(payments: &[(usize, usize, u128)], banks: usize) -> u128 {
    let need = |bank: usize| {
        let (mut balance, mut deepest) = (0_i128, 0_i128);
        for (from, to, amount) in payments {
            let amount = i128::try_from(*amount).unwrap();
            balance += i128::from(*to == bank) * amount - i128::from(*from == bank) * amount;
            deepest = deepest.min(balance);
        }
        deepest.unsigned_abs()
    };
    (0..banks).map(need).sum()
}

#[test]
fn offsetting_saves_most_of_the_liquidity_of_a_morning() {
    let mut world = World::new();
    let banks = circle(&mut world);
    let mut state = 7_u64;
    let mut payments = Vec::new();
    for from in 0..banks.len() {
        for number in 0..12 {
            let to = (from + 1 + number % 3) % 4;
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            payments.push((from, to, 1_000_000 + u128::from(state >> 33) % 500_000));
        }
    }
    let total: u128 = payments.iter().map(|(.., amount)| amount).sum();
    let gross = gross_need(&payments, banks.len());
    // Each bank has what it pays more than it gets in all, and nothing else.
    let mut funded = 0;
    for (place, bank) in banks.iter().enumerate() {
        let sum = |side: fn(&(usize, usize, u128)) -> usize| -> u128 {
            payments.iter().filter(|one| side(one) == place).map(|(.., amount)| amount).sum()
        };
        let net = sum(|one| one.0).saturating_sub(sum(|one| one.1));
        if net > 0 {
            world.issue(*bank, cny(net));
        }
        funded += net;
    }
    for (place, bank) in banks.iter().enumerate() {
        let of_bank = payments.iter().filter(|(from, ..)| *from == place);
        let operations: Vec<Operation> = of_bank
            .map(|(_, to, amount)| queue(&mut world, *bank, banks[*to], cny(*amount), Normal))
            .map(|queue| operation(&queue))
            .collect();
        let before = world.tip.state().clone();
        let order = Order::new(operations, &[owner(*bank)]);
        let executed = world.block(&[world.verified(&order)]);
        replay(&before, &executed);
    }
    assert!(world.tip.state().queue().is_empty(), "all 48 payments have settled");
    let saved = 100 - funded * 100 / gross;
    println!("48 payments of {total}: gross {gross}, with offsetting {funded}, {saved}% saved");
    assert!(saved >= 90, "{saved}%");
}
