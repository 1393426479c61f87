//! Reviews: every state of a payment that institutions review against every move, and the rules L54
//! to L58.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::account::{Institution, KeySet, Policy};
use ledger::crypto::SecretKey;
use ledger::execute::{Simulation, simulate};
use ledger::governance::Change;
use ledger::ids::{Height, InstitutionNumber, Uetr};
use ledger::limits::{Country, LimitRule, Measure, Senders, Tiers};
use ledger::money::Amount;
use ledger::operation::{FreezeDirection, Operation, Pay};
use ledger::receipt::{Outcome, Receipt};
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::step_up::{StepUp, StepUpRule};
use ledger::waiting::{OrderHash, Refusal, Waiting};
use support::governance::*;
use support::limits::*;
use support::*;

const AHEAD: u64 = Waiting::REVIEW_AHEAD;

const fn incoming(most: u128, from: Senders) -> Measure {
    Measure::Incoming { most: Amount(most), from }
}

fn payment(most: u128) -> Measure {
    Measure::Payment { most: Amount(most) }
}

fn approver() -> SecretKey {
    key("approver")
}

/// Above 150.00 CNY an approver of wei's approves, and PSBC and the payee's ICBC review.
fn world() -> World {
    let mut world = World::with_fees();
    let rule = StepUpRule { asset: code("CNY"), above: Amount(15_000), approvals: 1 };
    let step_up = StepUp { approvers: vec![approver().public()], rules: vec![rule] };
    let policy = Policy { step_up: Some(step_up), ..Policy::single(owner(wei()).public()) };
    let set = Operation::SetPolicy { account: wei(), policy };
    assert_eq!(world.submit(set, &[owner(wei()), operator(POST)]), Outcome::Done);
    publish(&mut world, POST, 1, vec![review("large", payment(15_000))]);
    publish(&mut world, CHINA, 1, vec![review("in", incoming(15_000, Senders::Anyone))]);
    world
}

/// Orders `pay`; gives what must be named of it, and where it stands.
fn order(world: &mut World, pay: &Pay, signers: &[SecretKey]) -> (OrderHash, Receipt) {
    let order = Order::one(Operation::Pay(pay.clone()), signers);
    let transaction = world.verified(&order);
    let executed = world.block(std::slice::from_ref(&transaction));
    let name = OrderHash::of(world.domains(), &transaction.id(), pay);
    (name, executed.booked[0].receipt.clone())
}

/// A payment of 200.00 CNY from wei to min that waits for wei's approver.
fn waiting(world: &mut World) -> (Uetr, OrderHash) {
    let pay = world.pay(wei(), min(), cny(20_000));
    let (name, receipt) = order(world, &pay, &[owner(wei())]);
    assert_eq!(word(&receipt.outcome), Ok("approval"));
    (pay.uetr, name)
}

const fn approve(payment: Uetr, order: OrderHash) -> Operation {
    Operation::Approve { payment, order }
}

const fn refuse(payment: Uetr, order: OrderHash) -> Operation {
    Operation::Refuse { payment, order, reason: Refusal::Regulatory }
}

/// Where an outcome leads: what it waits for, or how it ended.
fn word(outcome: &Outcome) -> Cell {
    match outcome {
        Outcome::Rejected(rejection) => Err(*rejection),
        Outcome::AwaitingApproval(_) => Ok("approval"),
        Outcome::AwaitingReview(held) => match held.awaits.review().unwrap().reviewer {
            POST => Ok("payer's"),
            _ => Ok("payee's"),
        },
        Outcome::Refused(_) => Ok("refused"),
        Outcome::Released(_) => Ok("released"),
        Outcome::Settled(_)
        | Outcome::Done
        | Outcome::Proposed(_)
        | Outcome::Held(_)
        | Outcome::Queued(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_) => {
            settled(outcome);
            Ok("paid")
        }
    }
}

fn names(receipt: &Receipt) -> Vec<String> {
    receipt.rules.0.iter().map(|rule| rule.name.to_string()).collect()
}

/// Time passes without a block, until one comes `milliseconds` later.
fn pass(world: &mut World, milliseconds: u64) {
    let step = std::mem::replace(&mut world.step, milliseconds);
    world.block(&[]);
    world.step = step;
}

/// Where a payment that is reviewed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Approval,
    PayersBank,
    PayeesBank,
    Paid,
    Refused,
    Released,
    Expired,
}

const STAGES: [Stage; 7] = [
    Stage::Approval,
    Stage::PayersBank,
    Stage::PayeesBank,
    Stage::Paid,
    Stage::Refused,
    Stage::Released,
    Stage::Expired,
];

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    ApproveByApprover,
    ApproveByPayersBank,
    ApproveByPayersCompliance,
    ApproveByPayeesBank,
    ApproveByPayeesCompliance,
    ApproveByMaker,
    ApproveByPayee,
    ApproveOther,
    RefuseByApprover,
    RefuseByPayersBank,
    RefuseByPayeesBank,
    RefuseOther,
    Release,
    ReleaseByPayersBank,
    ReleaseByPayeesBank,
    Capture,
    PayAgain,
}

/// A world with a payment at this stage.
fn at(stage: Stage) -> (World, Uetr, OrderHash) {
    let mut world = world();
    let (payment, name) = waiting(&mut world);
    let (steps, end): (&[SecretKey], _) = match stage {
        Stage::Approval => (&[], None),
        Stage::PayersBank => (&[approver()], None),
        Stage::PayeesBank | Stage::Expired => (&[approver(), compliance(POST)], None),
        Stage::Paid => (&[approver(), operator(POST), operator(CHINA)], None),
        Stage::Refused => {
            (&[approver(), operator(POST)], Some((refuse(payment, name), compliance(CHINA))))
        }
        Stage::Released => (&[approver()], Some((Operation::Release { payment }, owner(wei())))),
    };
    for key in steps {
        let outcome = world.submit(approve(payment, name), std::slice::from_ref(key));
        assert_eq!(outcome.rejection(), None);
    }
    if let Some((operation, key)) = end {
        assert_eq!(world.submit(operation, &[key]).rejection(), None);
    }
    if stage == Stage::Expired {
        pass(&mut world, AHEAD + 1);
    }
    (world, payment, name)
}

impl Move {
    fn order(
        self,
        world: &mut World,
        payment: Uetr,
        name: OrderHash,
    ) -> (Operation, Vec<SecretKey>) {
        let other = OrderHash(ledger::hash::Hash([7; 32]));
        let all = vec![approver(), operator(POST), operator(CHINA)];
        let approve = |key| (approve(payment, name), vec![key]);
        let refuse = |key| (refuse(payment, name), vec![key]);
        let release = |key| (Operation::Release { payment }, vec![key]);
        match self {
            Self::ApproveByApprover => approve(approver()),
            Self::ApproveByPayersBank => approve(operator(POST)),
            Self::ApproveByPayersCompliance => approve(compliance(POST)),
            Self::ApproveByPayeesBank => approve(operator(CHINA)),
            Self::ApproveByPayeesCompliance => approve(compliance(CHINA)),
            Self::ApproveByMaker => approve(owner(wei())),
            Self::ApproveByPayee => approve(owner(min())),
            Self::ApproveOther => (self::approve(payment, other), all),
            Self::RefuseByApprover => refuse(approver()),
            Self::RefuseByPayersBank => refuse(operator(POST)),
            Self::RefuseByPayeesBank => refuse(compliance(CHINA)),
            Self::RefuseOther => (self::refuse(payment, other), all),
            Self::Release => release(owner(wei())),
            Self::ReleaseByPayersBank => release(operator(POST)),
            Self::ReleaseByPayeesBank => release(operator(CHINA)),
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

/// Every move: where it leads, or why it is refused, while the payment waits for its account's
/// approver, for the payer's bank and for the payee's; and why it is refused once the wait has
/// ended.
const MOVES: [(Move, [Cell; 3], Rejection); 17] = {
    use Rejection::*;
    const NOBODY: Cell = Err(SignersMissing);
    const OTHER: Cell = Err(OrderMismatch);
    const HOLD: Cell = Err(WaitsOtherwise);
    const TAKEN: Cell = Err(DuplicateUetr);
    [
        (Move::ApproveByApprover, [Ok("payer's"), NOBODY, NOBODY], NotHeld),
        (Move::ApproveByPayersBank, [NOBODY, Ok("payee's"), NOBODY], NotHeld),
        (Move::ApproveByPayersCompliance, [NOBODY, Ok("payee's"), NOBODY], NotHeld),
        (Move::ApproveByPayeesBank, [NOBODY, NOBODY, Ok("paid")], NotHeld),
        (Move::ApproveByPayeesCompliance, [NOBODY, NOBODY, Ok("paid")], NotHeld),
        (Move::ApproveByMaker, [NOBODY; 3], NotHeld),
        (Move::ApproveByPayee, [NOBODY; 3], NotHeld),
        (Move::ApproveOther, [OTHER; 3], NotHeld),
        (Move::RefuseByApprover, [Ok("refused"), NOBODY, NOBODY], NotHeld),
        (Move::RefuseByPayersBank, [NOBODY, Ok("refused"), NOBODY], NotHeld),
        (Move::RefuseByPayeesBank, [NOBODY, NOBODY, Ok("refused")], NotHeld),
        (Move::RefuseOther, [OTHER; 3], NotHeld),
        (Move::Release, [Ok("released"); 3], NotHeld),
        (Move::ReleaseByPayersBank, [NOBODY; 3], NotHeld),
        (Move::ReleaseByPayeesBank, [NOBODY; 3], NotHeld),
        (Move::Capture, [HOLD; 3], NotHeld),
        (Move::PayAgain, [TAKEN; 3], DuplicateUetr),
    ]
};

fn cell(stage: Stage, of: (Move, [Cell; 3], Rejection)) -> Cell {
    let (_, [approval, payers, payees], ended) = of;
    match stage {
        Stage::Approval => approval,
        Stage::PayersBank => payers,
        Stage::PayeesBank => payees,
        Stage::Paid | Stage::Refused | Stage::Released | Stage::Expired => Err(ended),
    }
}

#[test]
fn l58_every_state_meets_every_move() {
    for stage in STAGES {
        let (world, payment, name) = at(stage);
        for row in MOVES {
            let (tried, expected) = (row.0, cell(stage, row));
            let mut world = world.clone();
            let (operation, signers) = tried.order(&mut world, payment, name);
            let before = world.tip.state().waiting(payment);
            let found = receipt(&mut world, operation, &signers);
            assert_eq!(word(&found.outcome), expected, "{stage:?} {tried:?}");
            let after = world.tip.state().waiting(payment);
            assert_eq!(before == after, expected.is_err(), "{stage:?} {tried:?}");
            let speaks = expected.is_ok() || tried == Move::PayAgain;
            assert_eq!(found.uetr, speaks.then_some(payment), "{stage:?} {tried:?}");
            let still = after.map_or(0, |waiting| waiting.held.amount.0);
            assert_eq!(world.held(wei(), "CNY"), still, "{stage:?} {tried:?}");
            let is_paid = stage == Stage::Paid || expected == Ok("paid");
            let balances = (world.posted(wei(), "CNY"), world.posted(min(), "CNY"));
            let expected = if is_paid { (9_979_870, 10_020_000) } else { (10_000_000, 10_000_000) };
            assert_eq!(balances, expected, "{stage:?} {tried:?}");
        }
        let mut world = world;
        pass(&mut world, AHEAD + 1);
        assert_eq!(world.held(wei(), "CNY"), 0, "{stage:?}");
    }
}

#[test]
fn the_reference_has_a_row_for_every_state() {
    let page = include_str!("../../docs/reference/ledger.md");
    for stage in STAGES {
        let (name, iso, actor, deadline) = match stage {
            Stage::Approval => ("waits for approvals", "PATC", "approvers", " **expired** "),
            Stage::PayersBank => ("waits for the payer's bank", "PDNG", "it", " **expired** "),
            Stage::PayeesBank => ("waits for the payee's bank", "PDNG", "it", " **expired** "),
            Stage::Paid => ("paid", "ACSC", "nobody", " "),
            Stage::Refused => ("refused", "RJCT, DS02, FR01 or RR04", "nobody", " "),
            Stage::Released => ("released", "CANC", "nobody", " "),
            Stage::Expired => ("expired", "RJCT, TM01", "nobody", " "),
        };
        let cells: Vec<String> = [
            Move::ApproveByApprover,
            Move::ApproveByPayersBank,
            Move::ApproveByPayeesBank,
            Move::Release,
            Move::ApproveByPayee,
        ]
        .into_iter()
        .map(|tried| {
            let row = MOVES.into_iter().find(|(other, ..)| *other == tried).unwrap();
            match cell(stage, row) {
                Ok(end @ ("paid" | "released")) => format!("**{end}**"),
                Ok(next) => format!("waits for the {next} bank"),
                Err(rejection) => format!("`{}`", rejection.code()),
            }
        })
        .collect();
        let row = format!("| {name} | {iso} | {actor} | {} |{deadline}|", cells.join(" | "));
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn l54_what_a_bank_holds_waits_for_its_review() {
    let cases: [(Measure, u128, u128); 5] = [
        (payment(500), 500, 501),
        (Measure::Day { most: Amount(500) }, 500, 501),
        (Measure::Count { most: 0 }, 0, 1),
        (Measure::First, 0, 1),
        (Measure::Position { most: Amount(500) }, 500, 501),
    ];
    for (measure, within, beyond) in cases {
        let mut world = World::new();
        publish(&mut world, POST, 1, vec![review("bound", measure), alert("all", payment(0))]);
        if within > 0 {
            let pay = world.pay(wei(), min(), cny(within));
            let (_, receipt) = order(&mut world.clone(), &pay, &[owner(wei())]);
            assert_eq!((word(&receipt.outcome), names(&receipt)), (Ok("paid"), vec!["all".into()]));
        }
        let pay = world.pay(wei(), min(), cny(beyond));
        let (name, receipt) = order(&mut world, &pay, &[owner(wei())]);
        assert_eq!(word(&receipt.outcome), Ok("payer's"), "{measure:?}");
        assert_eq!(names(&receipt).len(), 2, "{measure:?}");
        let outcome = world.submit(approve(pay.uetr, name), &[compliance(POST)]);
        assert_eq!(settled(&outcome).credited, cny(beyond));
    }
}

#[test]
fn l54_the_payees_bank_says_what_of_the_incoming_it_reviews() {
    let country = |text| Senders::Country(Country::parse(text).unwrap());
    let tiers = |list: &[u8]| Tiers::of(list).unwrap();
    let rule = |measure| review("in", measure);
    for (rule, from, expected) in [
        (rule(incoming(19_999, Senders::Anyone)), wei(), true),
        (rule(incoming(20_000, Senders::Anyone)), wei(), false),
        (rule(incoming(0, Senders::OtherInstitutions)), wei(), true),
        (rule(incoming(0, Senders::OtherCountries)), wei(), false),
        (rule(incoming(0, Senders::OtherCountries)), dealer(), true),
        (rule(incoming(0, Senders::Institution(DEALER_BANK))), wei(), false),
        (rule(incoming(0, Senders::Institution(POST))), wei(), true),
        (rule(incoming(0, country("CN"))), wei(), true),
        (rule(incoming(0, country("SG"))), wei(), false),
        (rule(incoming(0, country("SG"))), dealer(), true),
        (LimitRule { tiers: tiers(&[0, 2]), ..rule(incoming(0, Senders::Anyone)) }, wei(), false),
        (LimitRule { asset: code("HKD"), ..rule(incoming(0, Senders::Anyone)) }, wei(), false),
    ] {
        let mut world = World::new();
        publish(&mut world, CHINA, 1, vec![rule.clone()]);
        let pay = world.pay(from, min(), cny(20_000));
        let (_, receipt) = order(&mut world, &pay, &[owner(from)]);
        let is_reviewed = word(&receipt.outcome) == Ok("payee's");
        assert_eq!(is_reviewed, expected, "{rule:?}");
        assert_eq!(names(&receipt).len(), usize::from(expected));
        // Its own customers' payments to others are not incoming.
        let pay = world.pay(min(), wei(), cny(20_000));
        let (_, receipt) = order(&mut world, &pay, &[owner(min())]);
        assert_eq!(word(&receipt.outcome), Ok("paid"));
    }
}

#[test]
fn l54_incoming_payments_are_alerted_and_refused_by_what_arrives() {
    let mut world = World::with_fees();
    let rules = vec![
        alert("seen", incoming(9_000, Senders::Anyone)),
        refuse_rule("never", incoming(19_870, Senders::OtherInstitutions)),
    ];
    publish(&mut world, CHINA, 1, rules);
    // Charges of 1.30 leave 198.70 of 200.00.
    let mut pay = world.pay(wei(), min(), cny(20_000));
    pay.terms.charge_bearer = ledger::operation::ChargeBearer::Creditor;
    let (_, receipt) = order(&mut world, &pay, &[owner(wei())]);
    assert_eq!((word(&receipt.outcome), names(&receipt)), (Ok("paid"), vec!["seen".to_owned()]));
    let pay = world.pay(wei(), min(), cny(20_000));
    let (_, receipt) = order(&mut world, &pay, &[owner(wei())]);
    assert_eq!(word(&receipt.outcome), Err(Rejection::IncomingRefused));
    assert_eq!(names(&receipt), ["never"]);
}

fn refuse_rule(name: &str, measure: Measure) -> LimitRule {
    limits::refuse(name, measure)
}

#[test]
fn l54_one_institution_reviews_once_whatever_its_rules() {
    let mut world = World::new();
    let rules = vec![review("out", payment(0)), review("in", incoming(0, Senders::Anyone))];
    publish(&mut world, POST, 1, rules);
    let pay = world.pay(wei(), ann(), cny(500));
    let (name, receipt) = order(&mut world, &pay, &[owner(wei())]);
    assert_eq!(names(&receipt), ["out", "in"]);
    assert_eq!(word(&world.submit(approve(pay.uetr, name), &[operator(POST)])), Ok("paid"));
}

#[test]
fn l54_what_the_reviewers_signed_too_settles_at_once() {
    for (signers, expected) in [
        (vec![], "approval"),
        (vec![approver()], "payer's"),
        (vec![approver(), operator(POST)], "payee's"),
        (vec![approver(), compliance(CHINA)], "payer's"),
        (vec![approver(), compliance(POST), operator(CHINA)], "paid"),
        (vec![compliance(POST), operator(CHINA)], "approval"),
    ] {
        let mut world = world();
        let pay = world.pay(wei(), min(), cny(20_000));
        let signers = [vec![owner(wei())], signers].concat();
        let (name, receipt) = order(&mut world, &pay, &signers);
        assert_eq!(word(&receipt.outcome), Ok(expected), "{}", signers.len());
        assert_eq!(names(&receipt), ["large", "in"]);
        if expected == "payer's" && signers.len() == 3 {
            // The payee's bank has reviewed it before.
            assert_eq!(word(&world.submit(approve(pay.uetr, name), &[operator(POST)])), Ok("paid"));
        }
    }
}

/// Orders something in a world.
type Build = fn(&mut World) -> Order;

#[test]
fn l54_what_cannot_wait_needs_its_reviews_at_once() {
    let hold = |world: &mut World| {
        Order::one(Operation::Hold(Box::new(world.hold(wei(), min(), cny(20_000)))), &[])
    };
    let across = |world: &mut World| {
        publish(world, HONG_KONG, 1, vec![in_hong_kong()]);
        Order::one(Operation::PayAcross(Box::new(world.pay_across(cny(20_000)))), &[])
    };
    let atomic = |world: &mut World| {
        let large = world.pay(wei(), min(), cny(20_000));
        let small = world.pay(wei(), min(), cny(1));
        Order::new(vec![Operation::Pay(large), Operation::Pay(small)], &[]).atomic()
    };
    let orders: [(Build, InstitutionNumber); 3] =
        [(hold, CHINA), (across, HONG_KONG), (atomic, CHINA)];
    for (order, payees) in orders {
        let mut world = world();
        let order = order(&mut world);
        let all = [owner(wei()), approver(), operator(POST), compliance(payees)];
        for (signers, expected, rules) in [
            (&all[..1], Some(Rejection::ApprovalsMissing), 0),
            (&all[..3], Some(Rejection::ReviewMissing), 2),
            (&all[..], None, 2),
        ] {
            let mut world = world.clone();
            let order = Order { signers: signers.to_vec(), ..order.clone() };
            let executed = world.block(&[world.verified(&order)]);
            let first = &executed.booked[0].receipt;
            assert_eq!(first.outcome.rejection(), expected);
            assert_eq!(first.rules.0.len(), rules);
        }
    }
}

/// What comes to Hong Kong is reviewed.
fn in_hong_kong() -> LimitRule {
    LimitRule { asset: code("HKD"), ..review("in", incoming(0, Senders::OtherCountries)) }
}

#[test]
fn l54_which_reviews_it_needs_is_what_the_rules_said_when_it_was_ordered() {
    let mut world = world();
    let (payment, name) = waiting(&mut world);
    publish(&mut world, CHINA, 2, vec![]);
    let later = world.pay(wei(), min(), cny(15_000));
    publish(&mut world, CHINA, 3, vec![review("all", incoming(0, Senders::Anyone))]);
    for (key, expected) in
        [(approver(), "payer's"), (operator(POST), "payee's"), (operator(CHINA), "paid")]
    {
        assert_eq!(word(&world.submit(approve(payment, name), &[key])), Ok(expected));
    }
    let (_, receipt) = order(&mut world, &later, &[owner(wei())]);
    assert_eq!(word(&receipt.outcome), Ok("payee's"));
}

#[test]
fn l55_one_deadline_holds_for_all_that_it_waits_for() {
    let mut world = world();
    let (payment, name) = waiting(&mut world);
    let waits = world.tip.state().waiting(payment).unwrap();
    assert_eq!(waits.deadline, world.tip.header().time.plus(AHEAD));
    assert_eq!((waits.held, waits.most_charges), (cny(20_130), Amount(130)));
    assert_eq!(waits.awaits.reviewers(), [POST, CHINA]);
    world.submit(approve(payment, name), &[approver()]);
    world.submit(approve(payment, name), &[operator(POST)]);
    let later = world.tip.state().waiting(payment).unwrap();
    assert_eq!((later.deadline, later.held), (waits.deadline, waits.held));
    assert_eq!(world.tip.state().deadlines().count(), 1);
    let until = waits.deadline.since(world.tip.header().time);
    for (step, expected) in [(until, Ok("paid")), (until + 1, Err(Rejection::NotHeld))] {
        let mut world = world.clone();
        world.step = step;
        let outcome = world.submit(approve(payment, name), &[compliance(CHINA)]);
        assert_eq!(word(&outcome), expected);
        assert_eq!(world.held(wei(), "CNY"), 0);
    }
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.waiting(payment), Some(later));
    assert_eq!(restored.root(), world.tip.header().state_root);
}

/// A bank of three operators, of whom two decide.
fn fifth() -> Change {
    let operators = (1..=3).map(|number| clerk(number).public()).collect();
    let institution =
        Institution { operators: KeySet::of(2, operators), ..newcomer(FIFTH, "BOFAUS3N") };
    Change::AdmitInstitution { institution, node: None }
}

fn clerk(number: u8) -> SecretKey {
    key(&format!("clerk {number}"))
}

#[test]
fn l56_operators_review_together_or_one_after_the_other() {
    let customer = account(FIFTH, 1);
    let mut world = World::new();
    world.decide(fifth());
    let policy = Policy::single(owner(customer).public());
    let open = Operation::OpenAccount { account: customer, policy, tier: 1 };
    assert_eq!(world.submit(open, &[clerk(1), clerk(2)]), Outcome::Done);
    let set = set_limits(FIFTH, 1, vec![review("in", incoming(0, Senders::Anyone))]);
    assert_eq!(world.submit(set, &[clerk(1), clerk(2)]), Outcome::Done);
    let pay = world.pay(wei(), customer, cny(500));
    let (name, _) = order(&mut world, &pay, &[owner(wei())]);
    let approve = approve(pay.uetr, name);
    for steps in [
        vec![(vec![clerk(1)], Ok("payee's")), (vec![clerk(3)], Ok("paid"))],
        vec![(vec![clerk(1), clerk(2)], Ok("paid"))],
        vec![(vec![clerk(2)], Ok("payee's")), (vec![compliance(FIFTH)], Ok("paid"))],
        vec![
            (vec![clerk(1)], Ok("payee's")),
            (vec![clerk(1)], Err(Rejection::AlreadyApproved)),
            (vec![owner(customer)], Err(Rejection::SignersMissing)),
        ],
    ] {
        let mut world = world.clone();
        for (signers, expected) in steps {
            assert_eq!(word(&world.submit(approve.clone(), &signers)), expected);
        }
    }
    // One of them stops it.
    let outcome = world.submit(refuse(pay.uetr, name), &[clerk(3)]);
    let Outcome::Refused(refused) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refused.reviewer, refused.reason.iso()), (Some(FIFTH), "RR04"));
}

#[test]
fn l56_who_made_or_approved_it_reviews_nothing() {
    let mut world = World::new();
    let rule = StepUpRule { asset: code("CNY"), above: Amount(10_000), approvals: 1 };
    let step_up = StepUp { approvers: vec![compliance(POST).public()], rules: vec![rule] };
    let policy =
        Policy { mandate: true, step_up: Some(step_up), ..Policy::single(owner(wei()).public()) };
    let set = Operation::SetPolicy { account: wei(), policy };
    assert_eq!(world.submit(set, &[owner(wei()), operator(POST)]), Outcome::Done);
    publish(&mut world, POST, 1, vec![review("large", payment(100))]);
    // Its operator ordered it under the mandate: the compliance key reviews it.
    let pay = world.pay(wei(), min(), cny(500));
    let (name, receipt) = order(&mut world, &pay, &[operator(POST)]);
    assert_eq!(word(&receipt.outcome), Ok("payer's"));
    for operation in [approve(pay.uetr, name), refuse(pay.uetr, name)] {
        let outcome = world.submit(operation, &[operator(POST)]);
        assert_eq!(word(&outcome), Err(Rejection::OwnPayment));
    }
    assert_eq!(word(&world.submit(approve(pay.uetr, name), &[compliance(POST)])), Ok("paid"));
    // The compliance key approved it for the account: the operator reviews it.
    let pay = world.pay(wei(), min(), cny(20_000));
    let (name, _) = order(&mut world, &pay, &[owner(wei())]);
    let approve = approve(pay.uetr, name);
    assert_eq!(word(&world.submit(approve.clone(), &[compliance(POST)])), Ok("payer's"));
    let outcome = world.submit(approve.clone(), &[compliance(POST)]);
    assert_eq!(word(&outcome), Err(Rejection::OwnPayment));
    assert_eq!(word(&world.submit(approve, &[operator(POST)])), Ok("paid"));
}

#[test]
fn l57_the_last_review_obeys_its_own_block() {
    let mut world = world();
    let (payment, name) = waiting(&mut world);
    let key = |world: &mut World, key| word(&world.submit(approve(payment, name), &[key]));
    assert_eq!(key(&mut world, approver()), Ok("payer's"));
    let freeze = Operation::Freeze { account: min(), direction: FreezeDirection::Incoming };
    assert_eq!(world.submit(freeze, &[compliance(CHINA)]), Outcome::Done);
    // Steps before the last move nothing, so no freeze stops them.
    assert_eq!(key(&mut world, operator(POST)), Ok("payee's"));
    assert_eq!(key(&mut world, operator(CHINA)), Err(Rejection::AccountFrozen));
    let unfreeze = Operation::Unfreeze { account: min() };
    assert_eq!(world.submit(unfreeze, &[compliance(CHINA)]), Outcome::Done);
    assert_eq!(key(&mut world, operator(CHINA)), Ok("paid"));
}

#[test]
fn l57_it_counts_when_it_is_ordered_and_arrives_when_it_is_paid() {
    let mut world = World::new();
    let most = Amount(90_000);
    let rules = vec![review("large", payment(100)), alert("day", Measure::Day { most })];
    publish(&mut world, POST, 1, rules);
    publish(&mut world, CHINA, 1, vec![alert("position", Measure::Position { most })]);
    let pay = world.pay(wei(), min(), cny(500));
    let (name, _) = order(&mut world, &pay, &[owner(wei())]);
    let sums = |world: &World| {
        let state = world.tip.state();
        let spent = state.day_counter(wei(), code("CNY")).unwrap().spent.0;
        (spent, state.position(CHINA, code("CNY")).unwrap_or_default().incoming.0)
    };
    assert_eq!(sums(&world), (500, 0));
    let mut refused = world.clone();
    refused.submit(refuse(pay.uetr, name), &[operator(POST)]);
    assert_eq!(sums(&refused), (500, 0), "nothing is given back that day");
    world.submit(approve(pay.uetr, name), &[operator(POST)]);
    assert_eq!(sums(&world), (500, 500));
}

#[test]
fn l58_one_transaction_can_take_every_step() {
    let mut world = world();
    let (payment, name) = waiting(&mut world);
    let steps = vec![approve(payment, name); 3];
    let keys = [approver(), operator(POST), operator(CHINA)];
    let outcomes = world.order(&Order::new(steps, &keys));
    let words: Vec<_> = outcomes.iter().map(|outcome| word(outcome).unwrap()).collect();
    assert_eq!(words, ["payer's", "payee's", "paid"]);
}

#[test]
fn a_simulation_says_who_will_review() {
    let mut world = world();
    let pay = world.pay(wei(), min(), cny(20_000));
    let order = Order::one(Operation::Pay(pay), &[owner(wei()), approver()]);
    let signed = order.sign(world.domains(), world.time());
    let tried = simulate(world.tip.state(), Height(99), world.time(), &signed.transaction).unwrap();
    let Simulation::Outcome { receipts, .. } = tried else { panic!("executed") };
    let Outcome::AwaitingReview(held) = &receipts[0].outcome else { panic!("{receipts:?}") };
    assert_eq!(held.awaits.reviewers(), [POST, CHINA]);
    assert_eq!(names(&receipts[0]), ["large", "in"]);
}
