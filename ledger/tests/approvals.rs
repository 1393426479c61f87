//! Step-up approvals: every state of a payment that waits for them against every move, and the
//! rules L34 to L38.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::account::{KeySet, Policy};
use ledger::crypto::{PublicKey, SecretKey};
use ledger::execute::{Asked, Simulation, approvals};
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::governance::Change;
use ledger::ids::{Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, FreezeDirection, Operation, Pay};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::step_up::{StepUp, StepUpRule};
use ledger::waiting::{OrderHash, Refusal, Waiting};
use support::governance::*;
use support::*;

const DAY: u64 = Waiting::APPROVAL_AHEAD;

fn approver(number: u8) -> SecretKey {
    key(&format!("approver {number}"))
}

/// Two of the approvers 1 to 3 and wei's own key approve what is above 100.00 CNY.
fn step_up() -> StepUp {
    let mut approvers: Vec<_> = (1..=3).map(|number| approver(number).public()).collect();
    approvers.push(owner(wei()).public());
    approvers.sort_unstable();
    let rule = StepUpRule { asset: code("CNY"), above: Amount(10_000), approvals: 2 };
    StepUp { approvers, rules: vec![rule] }
}

fn set_policy(world: &mut World, policy: Policy) {
    let set = Operation::SetPolicy { account: wei(), policy };
    assert_eq!(world.submit(set, &[owner(wei()), operator(POST)]), Outcome::Done);
}

fn world() -> World {
    let mut world = World::with_fees();
    let policy = Policy::single(owner(wei()).public());
    set_policy(&mut world, Policy { mandate: true, step_up: Some(step_up()), ..policy });
    world
}

/// Orders `pay`, which then waits; gives what its approvers must name.
fn wait_for(world: &mut World, pay: &Pay, signers: &[SecretKey]) -> OrderHash {
    let order = Order::one(Operation::Pay(pay.clone()), signers);
    let transaction = world.verified(&order);
    let executed = world.block(std::slice::from_ref(&transaction));
    assert_eq!(executed.booked[0].receipt.outcome.iso_status(), "PATC");
    OrderHash::of(world.domains(), &transaction.id(), pay)
}

/// A payment of 200.00 CNY from wei to min that waits.
fn waiting(world: &mut World) -> (Uetr, OrderHash) {
    let pay = world.pay(wei(), min(), cny(20_000));
    let order = wait_for(world, &pay, &[owner(wei())]);
    (pay.uetr, order)
}

const fn approve(payment: Uetr, order: OrderHash) -> Operation {
    Operation::Approve { payment, order }
}

const fn refuse(payment: Uetr, order: OrderHash) -> Operation {
    Operation::Refuse { payment, order, reason: Refusal::Fraud }
}

/// Time passes without a block, until one comes `milliseconds` later.
fn pass(world: &mut World, milliseconds: u64) {
    let step = std::mem::replace(&mut world.step, milliseconds);
    world.block(&[]);
    world.step = step;
}

fn given(state: &State, payment: Uetr) -> Vec<PublicKey> {
    state.waiting(payment).unwrap().awaits.approvals().unwrap().given.clone()
}

/// Where a payment that had to be approved stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    HalfApproved,
    Paid,
    Refused,
    Released,
    Expired,
}

const STAGES: [Stage; 6] = [
    Stage::Waiting,
    Stage::HalfApproved,
    Stage::Paid,
    Stage::Refused,
    Stage::Released,
    Stage::Expired,
];

/// What is tried.
#[derive(Clone, Copy, Debug)]
enum Move {
    Approve,
    ApproveAgain,
    ApproveTogether,
    ApproveByMaker,
    ApproveByPayee,
    ApproveOther,
    Refuse,
    RefuseByMaker,
    RefuseByStranger,
    RefuseOther,
    Release,
    ReleaseByBank,
    ReleaseByPayee,
    ReleaseByApprover,
    Capture,
    PayAgain,
}

/// A world with a payment at this stage.
fn at(stage: Stage) -> (World, Uetr, OrderHash) {
    let mut world = world();
    let (payment, order) = waiting(&mut world);
    let first = approve(payment, order);
    let (operation, signers, iso) = match stage {
        Stage::Waiting => return (world, payment, order),
        Stage::Expired => {
            pass(&mut world, DAY + 1);
            return (world, payment, order);
        }
        Stage::HalfApproved => (first, vec![approver(1)], "PATC"),
        Stage::Paid => (first, vec![approver(1), approver(2)], "ACSC"),
        Stage::Refused => (refuse(payment, order), vec![approver(1)], "RJCT"),
        Stage::Released => (Operation::Release { payment }, vec![owner(wei())], "CANC"),
    };
    let outcome = world.submit(operation, &signers);
    assert_eq!((outcome.iso_status(), outcome.rejection()), (iso, None));
    (world, payment, order)
}

impl Move {
    fn order(
        self,
        world: &mut World,
        payment: Uetr,
        order: OrderHash,
    ) -> (Operation, Vec<SecretKey>) {
        let other = OrderHash(ledger::hash::Hash([7; 32]));
        let approve = approve(payment, order);
        let refuse = refuse(payment, order);
        let release = Operation::Release { payment };
        match self {
            Self::Approve => (approve, vec![approver(2)]),
            Self::ApproveAgain => (approve, vec![approver(1)]),
            Self::ApproveTogether => (approve, vec![approver(2), approver(3)]),
            Self::ApproveByMaker => (approve, vec![owner(wei())]),
            Self::ApproveByPayee => (approve, vec![owner(min())]),
            Self::ApproveOther => (Operation::Approve { payment, order: other }, vec![approver(2)]),
            Self::Refuse => (refuse, vec![approver(1)]),
            Self::RefuseByMaker => (refuse, vec![owner(wei())]),
            Self::RefuseByStranger => (refuse, vec![key("a stranger")]),
            Self::RefuseOther => {
                let reason = Refusal::Declined;
                (Operation::Refuse { payment, order: other, reason }, vec![approver(2)])
            }
            Self::Release => (release, vec![owner(wei())]),
            Self::ReleaseByBank => (release, vec![operator(POST)]),
            Self::ReleaseByPayee => (release, vec![owner(min())]),
            Self::ReleaseByApprover => (release, vec![approver(1)]),
            Self::Capture => {
                let amount = cny(20_000);
                (Operation::Capture { payment, amount, secret: None }, vec![owner(min())])
            }
            Self::PayAgain => {
                let pay = Pay { uetr: payment, ..world.pay(wei(), min(), cny(1)) };
                (Operation::Pay(pay), vec![owner(wei())])
            }
        }
    }
}

type Cell = Result<&'static str, Rejection>;

/// Every move: where it leads, or why it is refused, while the payment waits without an approval
/// and with the first; and why it is refused once the wait has ended.
const MOVES: [(Move, Cell, Cell, Rejection); 16] = {
    use Rejection::*;
    [
        (Move::Approve, Ok("PATC"), Ok("ACSC"), NotHeld),
        (Move::ApproveAgain, Ok("PATC"), Err(AlreadyApproved), NotHeld),
        (Move::ApproveTogether, Ok("ACSC"), Ok("ACSC"), NotHeld),
        (Move::ApproveByMaker, Err(OwnPayment), Err(OwnPayment), NotHeld),
        (Move::ApproveByPayee, Err(SignersMissing), Err(SignersMissing), NotHeld),
        (Move::ApproveOther, Err(OrderMismatch), Err(OrderMismatch), NotHeld),
        (Move::Refuse, Ok("RJCT"), Ok("RJCT"), NotHeld),
        (Move::RefuseByMaker, Err(OwnPayment), Err(OwnPayment), NotHeld),
        (Move::RefuseByStranger, Err(SignersMissing), Err(SignersMissing), NotHeld),
        (Move::RefuseOther, Err(OrderMismatch), Err(OrderMismatch), NotHeld),
        (Move::Release, Ok("CANC"), Ok("CANC"), NotHeld),
        (Move::ReleaseByBank, Ok("CANC"), Ok("CANC"), NotHeld),
        (Move::ReleaseByPayee, Err(SignersMissing), Err(SignersMissing), NotHeld),
        (Move::ReleaseByApprover, Err(SignersMissing), Err(SignersMissing), NotHeld),
        (Move::Capture, Err(WaitsOtherwise), Err(WaitsOtherwise), NotHeld),
        (Move::PayAgain, Err(DuplicateUetr), Err(DuplicateUetr), DuplicateUetr),
    ]
};

#[test]
fn l38_every_state_meets_every_move() {
    for stage in STAGES {
        let (world, payment, order) = at(stage);
        let is_open = matches!(stage, Stage::Waiting | Stage::HalfApproved);
        assert_eq!(world.tip.state().waiting(payment).is_some(), is_open);
        for (tried, waiting, half, ended) in MOVES {
            let expected = match stage {
                Stage::Waiting => waiting,
                Stage::HalfApproved => half,
                Stage::Paid | Stage::Refused | Stage::Released | Stage::Expired => Err(ended),
            };
            let mut world = world.clone();
            let (operation, signers) = tried.order(&mut world, payment, order);
            let before = world.tip.state().waiting(payment);
            let found = receipt(&mut world, operation, &signers);
            let outcome = &found.outcome;
            let led = outcome.rejection().map_or(Ok(outcome.iso_status()), Err);
            assert_eq!(led, expected, "{stage:?} {tried:?}");
            let after = world.tip.state().waiting(payment);
            assert_eq!(before == after, expected.is_err(), "{stage:?} {tried:?}");
            // Refused, it says nothing of the payment; a duplicate is refused under its own UETR.
            let speaks = expected.is_ok() || matches!(tried, Move::PayAgain);
            assert_eq!(found.uetr, speaks.then_some(payment), "{stage:?} {tried:?}");
            let still = after.map_or(0, |waiting| waiting.held.amount.0);
            assert_eq!(world.held(wei(), "CNY"), still, "{stage:?} {tried:?}");
            let paid = stage == Stage::Paid || expected == Ok("ACSC");
            let balances = (world.posted(wei(), "CNY"), world.posted(min(), "CNY"));
            let expected = if paid { (9_979_870, 10_020_000) } else { (10_000_000, 10_000_000) };
            assert_eq!(balances, expected, "{stage:?} {tried:?}");
        }
        let mut world = world;
        let posted = world.posted(wei(), "CNY");
        pass(&mut world, DAY + 1);
        assert_eq!((world.posted(wei(), "CNY"), world.held(wei(), "CNY")), (posted, 0));
    }
}

#[test]
fn the_reference_has_a_row_for_every_state() {
    let page = include_str!("../../docs/reference/ledger.md");
    let cell = |stage: Stage, tried: fn(&Move) -> bool| {
        let (_, waiting, half, ended) = MOVES.into_iter().find(|(other, ..)| tried(other)).unwrap();
        let cell = match stage {
            Stage::Waiting => waiting,
            Stage::HalfApproved => half,
            Stage::Paid | Stage::Refused | Stage::Released | Stage::Expired => Err(ended),
        };
        match cell {
            Ok("PATC") => "waits on".to_owned(),
            Ok("ACSC") => "**paid**".to_owned(),
            Ok("CANC") => "**released**".to_owned(),
            Ok(_) => "**refused**".to_owned(),
            Err(rejection) => format!("`{}`", rejection.code()),
        }
    };
    for stage in STAGES {
        let (name, iso, deadline) = match stage {
            Stage::Waiting => ("waits for two", "PATC", " **expired** "),
            Stage::HalfApproved => ("waits for one", "PATC", " **expired** "),
            Stage::Paid => ("paid", "ACSC", " "),
            Stage::Refused => ("refused", "RJCT, DS02, FR01 or RR04", " "),
            Stage::Released => ("released", "CANC", " "),
            Stage::Expired => ("expired", "RJCT, TM01", " "),
        };
        let approve = cell(stage, |tried| matches!(tried, Move::Approve));
        let own = cell(stage, |tried| matches!(tried, Move::ApproveByMaker));
        let refuse = cell(stage, |tried| matches!(tried, Move::Refuse));
        let release = cell(stage, |tried| matches!(tried, Move::Release));
        let other = cell(stage, |tried| matches!(tried, Move::ApproveByPayee));
        let row = format!(
            "| {name} | {iso} | {approve} | {own} | {refuse} | {release} | {other} |{deadline}|"
        );
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn l34_above_the_amount_a_payment_waits_unless_others_signed_it_too() {
    for (amount, signers, iso) in [
        (10_000, vec![owner(wei())], "ACSC"),
        (10_001, vec![owner(wei())], "PATC"),
        (10_001, vec![owner(wei()), approver(1)], "PATC"),
        (10_001, vec![owner(wei()), approver(1), approver(3)], "ACSC"),
        // Under the mandate the bank makes it, and wei's key is another.
        (10_001, vec![operator(POST)], "PATC"),
        (10_001, vec![operator(POST), owner(wei()), approver(1)], "PATC"),
        (10_001, vec![operator(POST), owner(wei()), approver(1), approver(2)], "ACSC"),
    ] {
        let mut world = world();
        let pay = world.pay(wei(), min(), cny(amount));
        let outcome = world.submit(Operation::Pay(pay), &signers);
        assert_eq!(outcome.iso_status(), iso, "{amount} {}", signers.len());
    }
    // Another asset has no rule, and another account none at all.
    let mut world = world();
    world.issue(wei(), hkd(50_000));
    for pay in [world.pay(wei(), lee(), hkd(50_000)), world.pay(min(), wei(), cny(50_000))] {
        let signer = owner(pay.from);
        assert_eq!(world.submit(Operation::Pay(pay), &[signer]).iso_status(), "ACSC");
    }
}

#[test]
fn l34_what_cannot_wait_needs_its_approvals_at_once() {
    let hold = |world: &mut World| {
        Order::one(Operation::Hold(Box::new(world.hold(wei(), min(), cny(20_000)))), &[])
    };
    let across = |world: &mut World| {
        Order::one(Operation::PayAcross(Box::new(world.pay_across(cny(20_000)))), &[])
    };
    let atomic = |world: &mut World| {
        let large = world.pay(wei(), min(), cny(20_000));
        let small = world.pay(wei(), min(), cny(1));
        Order::new(vec![Operation::Pay(large), Operation::Pay(small)], &[]).atomic()
    };
    for order in [hold, across, atomic] {
        let mut world = world();
        let order = order(&mut world);
        let with = |signers: &[SecretKey]| Order { signers: signers.to_vec(), ..order.clone() };
        let mut few = world.clone();
        let outcomes = few.order(&with(&[owner(wei()), approver(1)]));
        assert_eq!(outcomes[0], rejected(Rejection::ApprovalsMissing));
        assert_eq!(few.held(wei(), "CNY"), 0);
        let outcomes = world.order(&with(&[owner(wei()), approver(1), approver(2)]));
        assert!(outcomes.iter().all(|outcome| outcome.rejection().is_none()), "{outcomes:?}");
    }
    // Alone, an atomic payment can wait; of others that are each for themselves, each does.
    let mut world = world();
    let large = Operation::Pay(world.pay(wei(), min(), cny(20_000)));
    let small = Operation::Pay(world.pay(wei(), min(), cny(1)));
    let outcomes = world.order(&Order::new(vec![large, small], &[owner(wei())]));
    assert_eq!(outcomes.iter().map(Outcome::iso_status).collect::<Vec<_>>(), ["PATC", "ACSC"]);
    let alone = Operation::Pay(world.pay(wei(), min(), cny(20_000)));
    let outcomes = world.order(&Order::one(alone, &[owner(wei())]).atomic());
    assert_eq!(outcomes[0].iso_status(), "PATC");
}

#[test]
fn l35_its_funds_are_set_aside_for_a_day() {
    let mut world = world();
    let (payment, order) = waiting(&mut world);
    let waits = world.tip.state().waiting(payment).unwrap();
    assert_eq!((waits.held, waits.most_charges), (cny(20_130), Amount(130)));
    assert_eq!(waits.deadline, world.tip.header().time.plus(DAY));
    assert_eq!(world.held(wei(), "CNY"), 20_130);
    let all = world.pay(wei(), ann(), cny(9_979_871));
    let outcome = world.submit(Operation::Pay(all), &[owner(wei()), approver(1), approver(2)]);
    assert_eq!(outcome, rejected(Rejection::InsufficientFunds));
    // At the deadline it can still be approved, after it no longer.
    let until = waits.deadline.since(world.tip.header().time);
    for (step, expected) in [(until, None), (until + 1, Some(Rejection::NotHeld))] {
        let mut world = world.clone();
        world.step = step;
        let outcome = world.submit(approve(payment, order), &[approver(1), approver(2)]);
        assert_eq!(outcome.rejection(), expected);
        assert_eq!(world.held(wei(), "CNY"), 0);
    }
}

#[test]
fn l35_a_restored_state_ends_the_same_waits() {
    let mut world = world();
    let (payment, _) = waiting(&mut world);
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.waiting(payment), world.tip.state().waiting(payment));
    assert!(restored.deadlines().eq(world.tip.state().deadlines()));
    assert_eq!(restored.root(), world.tip.header().state_root);
}

#[test]
fn l36_an_approval_counts_while_its_key_is_an_approvers() {
    let mut world = world();
    let (payment, order) = waiting(&mut world);
    let outcome = world.submit(approve(payment, order), &[approver(1), owner(wei())]);
    assert_eq!(outcome.iso_status(), "PATC");
    assert_eq!(given(world.tip.state(), payment), [approver(1).public()]);
    let mut rules = step_up();
    rules.approvers.retain(|key| *key != approver(1).public());
    let policy = Policy::single(owner(wei()).public());
    set_policy(&mut world, Policy { step_up: Some(rules), ..policy.clone() });
    let outcome = world.submit(approve(payment, order), &[approver(1)]);
    assert_eq!(outcome, rejected(Rejection::SignersMissing));
    assert_eq!(world.submit(approve(payment, order), &[approver(2)]).iso_status(), "PATC");
    assert_eq!(given(world.tip.state(), payment), [approver(2).public()]);
    assert_eq!(world.submit(approve(payment, order), &[approver(3)]).iso_status(), "ACSC");
    // Without approvers nobody approves; the payer takes it back.
    let mut world = self::world();
    let (payment, order) = waiting(&mut world);
    set_policy(&mut world, policy);
    let outcome = world.submit(approve(payment, order), &[approver(1), approver(2)]);
    assert_eq!(outcome, rejected(Rejection::SignersMissing));
    let outcome = world.submit(Operation::Release { payment }, &[owner(wei())]);
    assert_eq!(outcome.iso_status(), "CANC");
}

#[test]
fn l36_who_rotates_the_owners_keys_approves_nothing() {
    let mut world = world();
    let keys = KeySet::of(1, vec![key("thief").public(), key("accomplice").public()]);
    let rotate = Operation::RotateKeys { account: wei(), keys };
    assert_eq!(world.submit(rotate, &[owner(wei())]), Outcome::Done);
    let pay = world.pay(wei(), min(), cny(20_000));
    let order = wait_for(&mut world, &pay, &[key("thief")]);
    let outcome = world.submit(approve(pay.uetr, order), &[key("accomplice")]);
    assert_eq!(outcome, rejected(Rejection::SignersMissing));
    // The old owner's key is an approver's still, and made nothing of this order.
    assert_eq!(world.submit(approve(pay.uetr, order), &[owner(wei())]).iso_status(), "PATC");
}

#[test]
fn l36_the_order_is_named_with_its_transaction() {
    let mut world = world();
    let (payment, order) = waiting(&mut world);
    let waits = world.tip.state().waiting(payment).unwrap();
    let hash = |transaction, order| OrderHash::of(world.domains(), &transaction, order);
    assert_eq!(hash(waits.transaction, &waits.order), order);
    let dearer = Pay { amount: cny(20_001), ..waits.order.clone() };
    assert_ne!(hash(waits.transaction, &dearer), order);
    assert_ne!(hash(ledger::hash::Hash::ZERO, &waits.order), order);
}

#[test]
fn l37_the_last_approval_obeys_its_own_block() {
    let mut world = world();
    let (payment, order) = waiting(&mut world);
    world.submit(approve(payment, order), &[approver(1)]);
    let last = approve(payment, order);
    for (account, direction) in
        [(wei(), FreezeDirection::Outgoing), (min(), FreezeDirection::Incoming)]
    {
        let mut world = world.clone();
        let signer = [compliance(account.servicer())];
        let freeze = Operation::Freeze { account, direction };
        assert_eq!(world.submit(freeze, &signer), Outcome::Done);
        let outcome = world.submit(last.clone(), &[approver(2)]);
        assert_eq!(outcome, rejected(Rejection::AccountFrozen));
        assert_eq!(given(world.tip.state(), payment), [approver(1).public()]);
        assert_eq!(world.submit(Operation::Unfreeze { account }, &signer), Outcome::Done);
        settled(&world.submit(last.clone(), &[approver(2)]));
    }
    // A dearer schedule costs no more than what was set aside, a cheaper one less.
    for (points, fee) in [(900, 130), (0, 130)] {
        let mut world = world.clone();
        let rule = FeeRule { basis_points: points, ..fee_rule() };
        let schedule = FeeSchedule { version: 2, collector: collector(), rules: vec![rule] };
        let publish = Operation::SetFeeSchedule { institution: POST, schedule };
        assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
        let outcome = world.submit(last.clone(), &[approver(2)]);
        assert_eq!(settled(&outcome).fee(), Amount(fee));
        assert_eq!(world.held(wei(), "CNY"), 0);
    }
}

#[test]
fn l37_removed_institutions_are_not_paid() {
    let customer = account(FIFTH, 1);
    let mut world = world();
    world.decide(admission());
    world.open(customer);
    let pay = world.pay(wei(), customer, cny(20_000));
    let order = wait_for(&mut world, &pay, &[owner(wei())]);
    world.decide(Change::RemoveInstitution { institution: FIFTH });
    let outcome = world.submit(approve(pay.uetr, order), &[approver(1), approver(2)]);
    assert_eq!(outcome, rejected(Rejection::InstitutionRemoved));
    let outcome = world.submit(refuse(pay.uetr, order), &[approver(1)]);
    assert_eq!((outcome.iso_status(), outcome.iso_reason()), ("RJCT", Some("FR01")));
}

#[test]
fn l38_the_payment_is_one_settlement_under_its_own_uetr() {
    let mut world = world();
    let mut pay = world.pay(wei(), min(), cny(20_000));
    pay.terms.charge_bearer = ChargeBearer::Creditor;
    let order = wait_for(&mut world, &pay, &[owner(wei())]);
    assert_eq!(world.held(wei(), "CNY"), 20_000);
    let order = Order::one(approve(pay.uetr, order), &[approver(1), approver(2)]);
    let transaction = world.verified(&order);
    let executed = world.block(&[transaction.clone(), transaction.clone()]);
    assert_eq!(executed.booked.len(), 1, "an approval happens once");
    let booked = &executed.booked[0];
    let settlement = settled(&booked.receipt.outcome);
    assert_eq!(booked.receipt.uetr, Some(pay.uetr));
    assert_eq!((settlement.debited, settlement.credited), (cny(20_000), cny(19_870)));
    assert_eq!(settlement.remittance, terms().remittance);
    assert!(booked.entries.iter().all(|(_, entry)| entry.uetr == pay.uetr));
    assert!(world.block(&[transaction]).booked.is_empty());
}

#[test]
fn rules_for_an_asset_that_is_not_registered_are_refused() {
    let mut world = World::new();
    let unknown = StepUpRule { asset: code("XYZ"), above: Amount(1), approvals: 1 };
    let rules = StepUp { rules: vec![unknown], ..step_up() };
    let policy = Policy { step_up: Some(rules), ..Policy::single(owner(wei()).public()) };
    let set = Operation::SetPolicy { account: wei(), policy: policy.clone() };
    let outcome = world.submit(set, &[owner(wei()), operator(POST)]);
    assert_eq!(outcome, rejected(Rejection::UnknownAsset));
    let open = Operation::OpenAccount { account: account(POST, 90), policy, tier: 1 };
    assert_eq!(world.submit(open, &[operator(POST)]), rejected(Rejection::UnknownAsset));
}

#[test]
fn what_is_asked_of_approvers_is_what_execution_asks() {
    let mut world = world();
    let asked = |world: &World, operation: Operation, signers: &[SecretKey]| {
        let signed = Order::one(operation, signers).sign(world.domains(), world.time());
        let of_approvers =
            |approval: &ledger::execute::Approval| approval.asked == Asked::Approvers;
        let found = approvals(world.tip.state(), &signed.transaction);
        found.into_iter().find(of_approvers).map(|approval| {
            (approval.threshold, approval.signers.len(), approval.others.len(), approval.missing)
        })
    };
    let pay = |amount: Money, world: &mut World| Operation::Pay(world.pay(wei(), min(), amount));
    let small = pay(cny(10_000), &mut world);
    assert_eq!(asked(&world, small, &[owner(wei())]), None);
    let large = pay(cny(10_001), &mut world);
    assert_eq!(asked(&world, large.clone(), &[owner(wei())]), Some((2, 0, 3, 2)));
    let some = [owner(wei()), approver(1)];
    assert_eq!(asked(&world, large.clone(), &some), Some((2, 1, 2, 1)));
    assert_eq!(asked(&world, large, &[operator(POST)]), Some((2, 0, 4, 2)));
    let (payment, order) = waiting(&mut world);
    let operation = approve(payment, order);
    assert_eq!(asked(&world, operation.clone(), &[approver(1)]), Some((1, 1, 2, 0)));
    assert_eq!(asked(&world, operation, &[owner(wei())]), Some((1, 0, 3, 1)));
    // A release is the payer's.
    let release = Order::one(Operation::Release { payment }, &[owner(wei())]);
    let signed = release.sign(world.domains(), world.time());
    let needed = approvals(world.tip.state(), &signed.transaction);
    assert_eq!((needed[0].account, needed[0].missing), (wei(), 0));
}

#[test]
fn a_simulation_says_that_approvals_are_needed() {
    let mut world = world();
    let pay = world.pay(wei(), min(), cny(20_000));
    let time = world.time();
    let order = Order::one(Operation::Pay(pay), &[owner(wei())]);
    let transaction = order.sign(world.domains(), time).transaction;
    let Simulation::Outcome { receipts, .. } = world.tip.simulate(time, &transaction).unwrap()
    else {
        panic!("executed before")
    };
    let waits = receipts[0].outcome.waits().unwrap();
    let approvals = waits.awaits.approvals().unwrap();
    assert_eq!((approvals.needed, approvals.given.len()), (2, 0));
    assert_eq!(approvals.makers, [owner(wei()).public()]);
    assert!(waits.deadline > Timestamp(time.0));
}
