//! Recalls: every state against every move, and the rules L41 to L43.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::corrections::{Evidence, Reason, Recall, RecallAnswer};
use ledger::crypto::SecretKey;
use ledger::execute::approvals;
use ledger::ids::Timestamp;
use ledger::money::{Amount, Money};
use ledger::operation::{FreezeDirection, Operation};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::State;
use support::evidence::refuse;
use support::*;

const HOUR: u64 = 3_600_000;

/// A payment of 500.00 from wei to min that settled.
fn paid(world: &mut World) -> Evidence {
    let pay = world.pay(wei(), min(), cny(50_000));
    world.prove(Operation::Pay(pay), &[owner(wei())])
}

/// The same, of which 300.00 are asked back.
fn asked(world: &mut World) -> Evidence {
    let evidence = paid(world);
    let outcome = world.submit(world.ask_back(&evidence, cny(30_000)), &[owner(wei())]);
    assert_eq!(outcome.iso_status(), "PDCR");
    evidence
}

/// Time passes without a block, until one comes `milliseconds` later.
fn wait(world: &mut World, milliseconds: u64) {
    let step = std::mem::replace(&mut world.step, milliseconds);
    world.block(&[]);
    world.step = step;
}

/// Where a recall stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Never,
    Open,
    Accepted,
    Refused,
    Lapsed,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Accept,
    AcceptPartByBank,
    AcceptMore,
    AcceptByPayer,
    AcceptByStranger,
    Refuse,
    RefuseByBank,
    RefuseByPayer,
    Ask,
    AskByBank,
    AskByPayee,
    Return,
}

const STAGES: [Stage; 5] =
    [Stage::Never, Stage::Open, Stage::Accepted, Stage::Refused, Stage::Lapsed];

/// The ISO status to which a move leads, or why it is refused.
type Expected = Result<&'static str, Rejection>;

/// Every move: the ISO status to which it leads while the recall is open, or why it is refused; and
/// the same when none is open.
const MOVES: [(Move, Expected, Expected); 12] = [
    (Move::Accept, Ok("ACSC"), Err(Rejection::NoRecall)),
    (Move::AcceptPartByBank, Ok("ACSC"), Err(Rejection::NoRecall)),
    (Move::AcceptMore, Err(Rejection::ReturnMismatch), Err(Rejection::NoRecall)),
    (Move::AcceptByPayer, Err(Rejection::SignersMissing), Err(Rejection::NoRecall)),
    (Move::AcceptByStranger, Err(Rejection::SignersMissing), Err(Rejection::NoRecall)),
    (Move::Refuse, Ok("RJCR"), Err(Rejection::NoRecall)),
    (Move::RefuseByBank, Ok("RJCR"), Err(Rejection::NoRecall)),
    (Move::RefuseByPayer, Err(Rejection::SignersMissing), Err(Rejection::NoRecall)),
    (Move::Ask, Err(Rejection::RecallOpen), Ok("PDCR")),
    (Move::AskByBank, Err(Rejection::RecallOpen), Ok("PDCR")),
    (Move::AskByPayee, Err(Rejection::SignersMissing), Err(Rejection::SignersMissing)),
    (Move::Return, Ok("ACSC"), Ok("ACSC")),
];

fn at(stage: Stage) -> (World, Evidence) {
    let mut world = World::new();
    let evidence = if stage == Stage::Never { paid(&mut world) } else { asked(&mut world) };
    match stage {
        Stage::Accepted => {
            let accept = world.accept(&evidence, cny(30_000));
            assert_eq!(world.submit(accept, &[owner(min())]).iso_status(), "ACSC");
        }
        Stage::Refused => {
            let outcome = world.submit(refuse(&evidence), &[owner(min())]);
            assert_eq!(outcome.iso_status(), "RJCR");
        }
        Stage::Lapsed => wait(&mut world, HOUR + 1),
        Stage::Never | Stage::Open => {}
    }
    (world, evidence)
}

impl Move {
    /// The order, who signs, and what moves if it is carried out.
    fn order(self, world: &mut World, evidence: &Evidence) -> (Operation, SecretKey, u128) {
        let part = cny(20_000);
        match self {
            Self::Accept => (world.accept(evidence, cny(30_000)), owner(min()), 30_000),
            Self::AcceptPartByBank => (world.accept(evidence, part), operator(CHINA), 20_000),
            Self::AcceptMore => (world.accept(evidence, cny(30_001)), owner(min()), 0),
            Self::AcceptByPayer => (world.accept(evidence, part), owner(wei()), 0),
            Self::AcceptByStranger => (world.accept(evidence, part), key("a stranger"), 0),
            Self::Refuse => (refuse(evidence), owner(min()), 0),
            Self::RefuseByBank => (refuse(evidence), operator(CHINA), 0),
            Self::RefuseByPayer => (refuse(evidence), owner(wei()), 0),
            Self::Ask => (world.ask_back(evidence, part), owner(wei()), 0),
            Self::AskByBank => (world.ask_back(evidence, part), operator(POST), 0),
            Self::AskByPayee => (world.ask_back(evidence, part), owner(min()), 0),
            Self::Return => (world.send_back(evidence, part), owner(min()), 20_000),
        }
    }
}

#[test]
fn every_state_meets_every_move() {
    for stage in STAGES {
        let (world, evidence) = at(stage);
        let payment = evidence.receipt.uetr.unwrap();
        assert_eq!(world.tip.state().recall(payment).is_some(), stage == Stage::Open);
        for (tried, open, closed) in MOVES {
            let mut world = world.clone();
            let balances = |world: &World| [wei(), min()].map(|of| world.posted(of, "CNY"));
            let before = balances(&world);
            let (operation, signer, moves) = tried.order(&mut world, &evidence);
            let outcome = world.submit(operation, &[signer]);
            let expected = if stage == Stage::Open { open } else { closed };
            let found = outcome.rejection().map_or(Ok(outcome.iso_status()), Err);
            assert_eq!(found, expected, "{stage:?} {tried:?}");
            let moved = if expected.is_ok() { moves } else { 0 };
            assert_eq!(balances(&world), [before[0] + moved, before[1] - moved], "{tried:?}");
            let answers = matches!(
                tried,
                Move::Accept | Move::AcceptPartByBank | Move::Refuse | Move::RefuseByBank
            );
            let asks = matches!(tried, Move::Ask | Move::AskByBank);
            let stays = stage == Stage::Open && !answers;
            let is_open = stays || (stage != Stage::Open && asks);
            assert_eq!(world.tip.state().recall(payment).is_some(), is_open, "{stage:?} {tried:?}");
            assert_eq!(world.held(min(), "CNY"), 0, "a recall holds nothing");
        }
    }
}

#[test]
fn the_reference_has_a_row_for_every_state() {
    let page = include_str!("../../docs/reference/ledger.md");
    let cell = |stage: Stage, of: Move| {
        let (_, open, closed) = MOVES.into_iter().find(|(tried, ..)| *tried == of).unwrap();
        match if stage == Stage::Open { open } else { closed } {
            Ok("ACSC") => "**returned**".to_owned(),
            Ok("RJCR") => "**refused**".to_owned(),
            Ok(_) if stage == Stage::Accepted => "**open** for what is left".to_owned(),
            Ok(_) => "**open**".to_owned(),
            Err(rejection) => format!("`{}`", rejection.code()),
        }
    };
    for (stage, name, iso, actor, deadline) in [
        (Stage::Open, "open", "PDCR", "the payee's side", " **lapsed** "),
        (Stage::Accepted, "accepted", "CNCL or PECR", "nobody", " "),
        (Stage::Refused, "refused", "RJCR", "nobody", " "),
        (Stage::Lapsed, "lapsed", "RJCR", "nobody", " "),
    ] {
        let cells = [Move::Accept, Move::Refuse, Move::AcceptByPayer, Move::Ask];
        let cells = cells.map(|tried| cell(stage, tried)).join(" | ");
        let row = format!("| {name} | {iso} | {actor} | {cells} |{deadline}|");
        assert!(page.contains(&row), "{row}");
    }
}

/// Spoils a good request.
type Spoil = fn(&mut World, &mut ledger::corrections::RecallRequest);

#[test]
fn l41_a_request_is_for_what_can_go_back_until_a_deadline_that_is_near() {
    let conditions: [(Spoil, Option<Rejection>); 9] = [
        (|_, _| {}, None),
        (|_, request| request.amount = cny(50_001), Some(Rejection::ReturnMismatch)),
        (|_, request| request.amount = hkd(1), Some(Rejection::ReturnMismatch)),
        (|_, request| request.amount = cny(0), Some(Rejection::ZeroAmount)),
        (
            |_, request| request.amount = Money::new(Amount(1), code("XYZ")),
            Some(Rejection::UnknownAsset),
        ),
        (|world, request| request.deadline = world.time(), Some(Rejection::DeadlineRefused)),
        (
            |world, request| request.deadline = world.time().plus(Recall::MAXIMUM_AHEAD + 1),
            Some(Rejection::DeadlineRefused),
        ),
        (|world, request| request.deadline = world.time().plus(Recall::MAXIMUM_AHEAD), None),
        (
            |world, request| {
                let back = world.send_back(&request.evidence.clone(), cny(20_001));
                assert_eq!(world.submit(back, &[owner(min())]).rejection(), None);
            },
            Some(Rejection::ReturnMismatch),
        ),
    ];
    for (place, (spoil, expected)) in conditions.into_iter().enumerate() {
        let mut world = World::new();
        let evidence = paid(&mut world);
        let Operation::RequestRecall(mut request) = world.ask_back(&evidence, cny(30_000)) else {
            panic!("a request")
        };
        spoil(&mut world, &mut request);
        let outcome = world.submit(Operation::RequestRecall(request), &[operator(POST)]);
        assert_eq!(outcome.rejection(), expected, "{place}");
    }
}

/// Asking moves nothing, holds nothing, and says nothing under the payment's UETR.
#[test]
fn l41_a_request_leaves_the_payment_and_the_payee_alone() {
    let mut world = World::new();
    let evidence = paid(&mut world);
    let before = world.tip.state().holding(min(), code("CNY"));
    let order = Order::one(world.ask_back(&evidence, cny(50_000)), &[owner(wei())]);
    let executed = world.block(&[world.verified(&order)]);
    assert_eq!((executed.booked[0].receipt.uetr, executed.booked[0].entries.len()), (None, 0));
    assert_eq!(world.tip.state().holding(min(), code("CNY")), before);
    // The payee spends what was asked back; an acceptance then finds too little.
    let all = Money::new(Amount(world.posted(min(), "CNY")), code("CNY"));
    let pay = Operation::Pay(world.pay(min(), ann(), all));
    settled(&world.submit(pay, &[owner(min())]));
    let accept = world.accept(&evidence, cny(50_000));
    let outcome = world.submit(accept, &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::InsufficientFunds));
    // Its bank stops the account, which stops an acceptance too until it lets the money go.
    let freeze = Operation::Freeze { account: min(), direction: FreezeDirection::Outgoing };
    assert_eq!(world.submit(freeze, &[compliance(CHINA)]), Outcome::Done);
    let accept = world.accept(&evidence, cny(1));
    let outcome = world.submit(accept, &[operator(CHINA)]);
    assert_eq!(outcome, rejected(Rejection::AccountFrozen));
    assert_eq!(world.submit(refuse(&evidence), &[operator(CHINA)]).iso_status(), "RJCR");
}

#[test]
fn l42_what_is_accepted_goes_back_once_and_for_the_reason_focr() {
    let mut world = World::new();
    let evidence = asked(&mut world);
    let accept = world.accept(&evidence, cny(20_000));
    let order = Order::one(accept, &[owner(min())]);
    let verified = world.verified(&order);
    let executed = world.block(&[verified.clone(), verified]);
    assert_eq!(executed.booked.len(), 1, "the same bytes again change nothing");
    let Outcome::Returned(reversal) = &executed.booked[0].receipt.outcome else { panic!("back") };
    assert_eq!(reversal.reason, Reason::AFTER_RECALL);
    assert_eq!(executed.booked[0].receipt.uetr, order.operations[0].uetr());
    let payment = evidence.receipt.uetr.unwrap();
    assert_eq!(world.tip.state().recall(payment), None);
    // What was not given can be asked for again, and no more than that.
    let outcome = world.submit(world.ask_back(&evidence, cny(30_001)), &[owner(wei())]);
    assert_eq!(outcome, rejected(Rejection::ReturnMismatch));
    let outcome = world.submit(world.ask_back(&evidence, cny(30_000)), &[owner(wei())]);
    assert_eq!(outcome.rejection(), None);
}

#[test]
fn l42_an_answer_is_approved_by_the_payees_side() {
    let mut world = World::new();
    let evidence = asked(&mut world);
    for (operation, account) in [
        (world.ask_back(&evidence, cny(1)), wei()),
        (world.accept(&evidence, cny(1)), min()),
        (refuse(&evidence), min()),
    ] {
        let order = Order::one(operation, &[key("a stranger")]);
        let transaction = order.sign(world.domains(), world.time()).transaction;
        let needed = approvals(world.tip.state(), &transaction);
        assert_eq!((needed[0].account, needed[0].missing), (account, 1));
    }
}

#[test]
fn l43_a_recall_lapses_at_its_deadline_swept_or_not() {
    let mut world = World::new();
    let evidence = asked(&mut world);
    let payment = evidence.receipt.uetr.unwrap();
    let deadline = world.tip.state().recall(payment).unwrap().deadline;
    // An answer in a block of exactly that time is good.
    let mut in_time = world.clone();
    in_time.step = deadline.0 - in_time.tip.header().time.0;
    let outcome = in_time.submit(refuse(&evidence), &[owner(min())]);
    assert_eq!(outcome.iso_status(), "RJCR");
    // A trial after it does not see the sweep, and the recall is lapsed all the same.
    let order = Order::one(refuse(&evidence), &[owner(min())]);
    let late = Timestamp(deadline.0 + 1);
    let transaction = order.sign(world.domains(), late).transaction;
    let trial = world.tip.simulate(late, &transaction).unwrap();
    let ledger::execute::Simulation::Outcome { receipts, .. } = trial else { panic!("new") };
    assert_eq!(receipts[0].outcome, rejected(Rejection::NoRecall));
    wait(&mut world, HOUR + 1);
    assert_eq!(world.tip.state().recall(payment), None);
    assert_eq!(world.tip.state().recall_deadlines().count(), 0);
}

#[test]
fn l43_a_block_forgets_a_thousand_recalls_at_most() {
    let mut world = World::new();
    let pays: Vec<_> =
        (0..1_001).map(|_| Operation::Pay(world.pay(wei(), min(), cny(1)))).collect();
    let executed = world.block(&[world.verified(&Order::new(pays, &[owner(wei())]))]);
    for first in (0..1_001).step_by(16) {
        let ask = |place| {
            let evidence = evidence::evidence(&executed, place);
            let Operation::RequestRecall(mut request) = world.ask_back(&evidence, cny(1)) else {
                panic!("a request")
            };
            request.deadline = START.plus(HOUR);
            Operation::RequestRecall(request)
        };
        let operations: Vec<_> = (first..1_001.min(first + 16)).map(ask).collect();
        world.order(&Order::new(operations, &[owner(wei())]));
    }
    assert_eq!(world.tip.state().recall_deadlines().count(), 1_001);
    let domains = world.domains().clone();
    let entries = world.tip.state().entries();
    let entries = entries.map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(&domains, entries).unwrap();
    assert!(restored.recall_deadlines().eq(world.tip.state().recall_deadlines()));
    assert_eq!(restored.root(), world.tip.state().root());
    wait(&mut world, 2 * HOUR);
    assert_eq!(world.tip.state().recall_deadlines().count(), 1);
    wait(&mut world, 1);
    assert_eq!(world.tip.state().recall_deadlines().count(), 0);
}

#[test]
fn l43_an_answer_to_something_else_answers_nothing() {
    let mut world = World::new();
    let evidence = asked(&mut world);
    let other = paid(&mut world);
    let answer = RecallAnswer::Refuse { reason: Reason::parse("NOAS").unwrap() };
    let payment = other.receipt.uetr.unwrap();
    let outcome = world.submit(Operation::AnswerRecall { payment, answer }, &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::NoRecall));
    assert!(world.tip.state().recall(evidence.receipt.uetr.unwrap()).is_some());
}
