//! Returns: the proof that they carry, every stage of a payment against every move, and the rules
//! L39 and L40.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use std::collections::BTreeMap;

use ledger::account::EntryKind;
use ledger::certificate::{Certificate, CertificateError};
use ledger::corrections::{Evidence, Reason, Return, Returns};
use ledger::crypto::SecretKey;
use ledger::execute::{Simulation, approvals};
use ledger::hash::Hash;
use ledger::ids::{AccountId, Timestamp};
use ledger::light::Refusal;
use ledger::money::{Amount, Money};
use ledger::operation::{FreezeDirection, Operation};
use ledger::proof::ProofError;
use ledger::receipt::{Outcome, Reversal};
use ledger::rejection::Rejection;
use ledger::state::State;
use ledger::transaction::{EnvelopeError, verify_all};
use support::evidence::{evidence, finalization, later_evidence};
use support::governance::*;
use support::*;

/// A payment of 500.00 from wei to min that settled.
fn paid(world: &mut World) -> Evidence {
    let pay = world.pay(wei(), min(), cny(50_000));
    world.prove(Operation::Pay(pay), &[owner(wei())])
}

fn reversal(outcome: &Outcome) -> &Reversal {
    let Outcome::Returned(reversal) = outcome else { panic!("not returned: {outcome:?}") };
    reversal
}

fn back(evidence: &Evidence, world: &mut World, amount: Money) -> Return {
    let (uetr, reason) = (world.fresh_uetr(), Reason::parse("AC04").unwrap());
    Return { uetr, evidence: evidence.clone(), amount, reason }
}

/// What the envelope's check says of a return with this evidence.
fn verdict(world: &mut World, evidence: &Evidence) -> Result<(), EnvelopeError> {
    let operation = world.send_back(evidence, cny(1));
    let signed = Order::one(operation, &[owner(min())]).sign(world.domains(), world.time());
    verify_all(world.domains(), vec![signed]).remove(0).map(|_| ())
}

/// How far a payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Settled,
    Captured,
    PartReturned,
    WholeReturned,
    Rejected,
    Held,
    Issued,
    IsReturn,
}

const STAGES: [Stage; 8] = [
    Stage::Settled,
    Stage::Captured,
    Stage::PartReturned,
    Stage::WholeReturned,
    Stage::Rejected,
    Stage::Held,
    Stage::Issued,
    Stage::IsReturn,
];

fn at(stage: Stage) -> (World, Evidence) {
    let mut world = World::with_fees();
    let evidence = match stage {
        Stage::Settled => paid(&mut world),
        Stage::Captured => {
            let hold = world.hold(wei(), min(), cny(60_000));
            let payment = hold.pay.uetr;
            world.prove(Operation::Hold(Box::new(hold)), &[owner(wei())]);
            let capture = Operation::Capture { payment, amount: cny(50_000), secret: None };
            world.prove(capture, &[owner(min())])
        }
        Stage::PartReturned | Stage::WholeReturned => {
            let paid = paid(&mut world);
            let amount = if stage == Stage::PartReturned { 20_000 } else { 50_000 };
            let operation = world.send_back(&paid, cny(amount));
            reversal(&world.submit(operation, &[owner(min())]));
            paid
        }
        Stage::Rejected => {
            let pay = world.pay(wei(), min(), cny(99_000_000));
            let order = Order::one(Operation::Pay(pay), &[owner(wei())]);
            let executed = world.block(&[world.verified(&order)]);
            evidence(&executed, 0)
        }
        Stage::Held => {
            let hold = world.hold(wei(), min(), cny(50_000));
            world.prove(Operation::Hold(Box::new(hold)), &[owner(wei())])
        }
        Stage::Issued => {
            let issue = Operation::Issue { uetr: world.fresh_uetr(), to: min(), amount: cny(9) };
            world.prove(issue, &[operator(POST)])
        }
        Stage::IsReturn => {
            let paid = paid(&mut world);
            let operation = world.send_back(&paid, cny(50_000));
            world.prove(operation, &[owner(min())])
        }
    };
    (world, evidence)
}

/// Who tries to return how much.
const MOVES: [(fn() -> SecretKey, u128); 6] = [
    (|| owner(min()), 50_000),
    (|| operator(CHINA), 50_000),
    (|| owner(min()), 30_000),
    (|| owner(min()), 50_001),
    (|| owner(wei()), 30_000),
    (|| key("a stranger"), 30_000),
];

/// For each move, what becomes of it at a stage.
fn expected(stage: Stage, tried: usize) -> Option<Rejection> {
    let is_stranger = tried >= 4;
    match stage {
        Stage::Rejected | Stage::Held | Stage::Issued | Stage::IsReturn => {
            Some(Rejection::NotSettled)
        }
        _ if is_stranger => Some(Rejection::SignersMissing),
        Stage::Settled | Stage::Captured => (tried == 3).then_some(Rejection::ReturnMismatch),
        Stage::PartReturned => (tried != 2).then_some(Rejection::ReturnMismatch),
        Stage::WholeReturned => Some(Rejection::ReturnMismatch),
    }
}

#[test]
fn every_stage_meets_every_move() {
    for stage in STAGES {
        let (world, evidence) = at(stage);
        for (tried, (signer, amount)) in MOVES.iter().enumerate() {
            let mut world = world.clone();
            let balances = |world: &World| [wei(), min()].map(|of| world.posted(of, "CNY"));
            let before = balances(&world);
            let operation = world.send_back(&evidence, cny(*amount));
            let outcome = world.submit(operation, &[signer()]);
            let expected = expected(stage, tried);
            assert_eq!(outcome.rejection(), expected, "{stage:?} {tried}");
            let moved = if expected.is_none() { *amount } else { 0 };
            let after = [before[0] + moved, before[1] - moved];
            assert_eq!(balances(&world), after, "{stage:?} {tried}");
        }
    }
}

#[test]
fn l39_a_proof_holds_however_long_ago_the_payment_was() {
    let mut world = World::new();
    let mut nodes: BTreeMap<u64, Hash> = world.tip.history().nodes().into_iter().collect();
    let pay = world.pay(wei(), min(), cny(700));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let old = world.block(&[world.verified(&order)]);
    nodes.extend(old.history_nodes.clone());
    world.step = 40 * 24 * 3_600_000;
    for _ in 0..2 {
        nodes.extend(world.block(&[]).history_nodes);
    }
    let late = world.block(&[]);
    let marker = ledger::state::MarkerKey::Payment(pay.uetr);
    assert_eq!(world.tip.state().marker(&marker), None, "the ledger has forgotten the payment");
    for evidence in [evidence(&old, 0), later_evidence(&old, 0, &late, &nodes)] {
        let operation = world.send_back(&evidence, cny(350));
        reversal(&world.submit(operation, &[owner(min())]));
    }
    let operation = world.send_back(&evidence(&old, 0), cny(1));
    let outcome = world.submit(operation, &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::ReturnMismatch), "both proofs are of one payment");
}

#[test]
fn l39_a_proof_of_an_earlier_epoch_holds() {
    let mut world = World::new();
    let evidence = paid(&mut world);
    world.decide(rotation(CHINA, " anew"));
    assert_eq!(world.tip.child_epoch().0, 1);
    let operation = world.send_back(&evidence, cny(50_000));
    reversal(&world.submit(operation, &[owner(min())]));
}

#[test]
fn l39_forged_proofs_are_refused_by_name() {
    let mut world = World::new();
    let good = paid(&mut world);
    assert_eq!(verdict(&mut world, &good), Ok(()));
    let refused = |evidence: &Evidence, world: &mut World| match verdict(world, evidence) {
        Err(EnvelopeError::Proof(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut inflated = good.clone();
    if let Outcome::Settled(settlement) = &mut inflated.receipt.outcome {
        settlement.credited = cny(99_000_000);
    }
    let claim = ProofError::Claim { root: "receipts root" };
    assert_eq!(refused(&inflated, &mut world), claim);
    let mut foreign = good.clone();
    foreign.header.chain_id.0 = Hash([1; 32]);
    let found = foreign.header.chain_id;
    let trusted = world.domains().chain_id();
    let other = ProofError::Trust(Refusal::OtherChain { found, trusted });
    assert_eq!(refused(&foreign, &mut world), other);
    let mut retimed = good.clone();
    retimed.header.time = Timestamp(1);
    let uncertified = ProofError::Trust(Refusal::NotCertified);
    assert_eq!(refused(&retimed, &mut world), uncertified);
    let mut few = good.clone();
    let votes = good.certificate.votes().take(2);
    let votes = votes.map(|vote| (vote.validator, vote.signature));
    few.certificate = Certificate::assemble(good.certificate.subject, 4, votes);
    let quorum = CertificateError::Quorum { signers: 2, quorum: 3 };
    let quorum = ProofError::Trust(Refusal::Certificate(quorum));
    assert_eq!(refused(&few, &mut world), quorum);
    let mut unsigned = good;
    let of_others = finalization(world.domains(), &unsigned.header, &unsigned.validators, " other");
    unsigned.certificate = of_others;
    assert_eq!(verdict(&mut world, &unsigned), Err(EnvelopeError::Signature));
}

/// Who makes validators of his own can certify what he likes; the state knows better.
#[test]
fn l39_validators_of_another_make_are_refused() {
    let mut world = World::new();
    let mut forged = paid(&mut world);
    let mut own = world.clone();
    own.decide(rotation(CHINA, " forged"));
    forged.validators = (**own.tip.child_validators()).clone();
    forged.header.validators_hash = forged.validators.hash(world.domains());
    let (header, view) = (&forged.header, forged.header.view);
    let signer = |bank| Some(voting(bank, if bank == CHINA { " forged" } else { "" }));
    forged.certificate = finalized(world.domains(), header, view, &forged.validators, signer);
    let operation = world.send_back(&forged, cny(1));
    let outcome = world.submit(operation, &[owner(min())]);
    assert_eq!(outcome, rejected(Rejection::ProofForged));
}

#[test]
fn l39_a_transaction_carries_at_most_sixteen_proofs() {
    let mut world = World::new();
    let evidence = paid(&mut world);
    let mut operations: Vec<_> = (0..16).map(|_| world.send_back(&evidence, cny(1))).collect();
    let order = Order::new(operations.clone(), &[owner(min())]);
    assert!(world.clone().order(&order).iter().all(|outcome| outcome.rejection().is_none()));
    operations.push(world.send_back(&evidence, cny(1)));
    let signed = Order::new(operations, &[owner(min())]).sign(world.domains(), world.time());
    let verdict = verify_all(world.domains(), vec![signed]).remove(0);
    assert!(matches!(verdict, Err(EnvelopeError::Malformed { .. })), "{verdict:?}");
}

#[test]
fn l40_what_goes_back_is_never_more_than_the_payee_got() {
    let mut world = World::with_fees();
    let mut pay = world.pay(wei(), min(), cny(50_000));
    // The payee bore the charges of 2.80, and returns what it got.
    pay.terms.charge_bearer = ledger::operation::ChargeBearer::Creditor;
    let evidence = world.prove(Operation::Pay(pay.clone()), &[owner(wei())]);
    let (payer, payee) = (world.posted(wei(), "CNY"), world.posted(min(), "CNY"));
    let first = back(&evidence, &mut world, cny(20_000));
    let order = Order::one(Operation::Return(Box::new(first.clone())), &[owner(min())]);
    let executed = world.block(&[world.verified(&order)]);
    let booked = &executed.booked[0];
    assert_eq!(booked.receipt.uetr, Some(first.uetr), "a return has a UETR of its own");
    let expected = Reversal {
        payment: pay.uetr,
        from: min(),
        to: wei(),
        amount: cny(20_000),
        reason: Reason::parse("AC04").unwrap(),
        total: Amount(20_000),
        credited: Amount(49_720),
    };
    assert_eq!(*reversal(&booked.receipt.outcome), expected);
    let lines: Vec<_> = booked
        .entries
        .iter()
        .map(|((of, _), entry)| (*of, entry.uetr, entry.kind, entry.credit, entry.amount.0))
        .collect();
    let kind = EntryKind::Return;
    let expected =
        [(min(), first.uetr, kind, false, 20_000), (wei(), first.uetr, kind, true, 20_000)];
    assert_eq!(lines, expected);
    for (amount, expected) in [
        (29_721, Some(Rejection::ReturnMismatch)),
        (29_720, None),
        (1, Some(Rejection::ReturnMismatch)),
    ] {
        let operation = world.send_back(&evidence, cny(amount));
        let outcome = world.submit(operation, &[operator(CHINA)]);
        assert_eq!(outcome.rejection(), expected, "{amount}");
    }
    let after = (world.posted(wei(), "CNY"), world.posted(min(), "CNY"));
    assert_eq!(after, (payer + 49_720, payee - 49_720));
}

#[test]
fn l40_a_payment_across_assets_is_returned_in_what_the_payee_got() {
    let mut world = World::new();
    let pay = world.pay_across(cny(100_000));
    let evidence = world.prove(Operation::PayAcross(Box::new(pay)), &[owner(wei())]);
    let operation = world.send_back(&evidence, cny(100_000));
    let outcome = world.submit(operation, &[owner(lee())]);
    assert_eq!(outcome, rejected(Rejection::ReturnMismatch));
    let operation = world.send_back(&evidence, hkd(108_500));
    reversal(&world.submit(operation, &[owner(lee())]));
    assert_eq!(world.posted(wei(), "HKD"), 108_500);
}

#[test]
fn l40_sixteen_parts_at_most() {
    let mut world = World::new();
    let evidence = paid(&mut world);
    for part in 0..17 {
        let operation = world.send_back(&evidence, cny(1));
        let outcome = world.submit(operation, &[owner(min())]);
        let expected = (part == Returns::MAXIMUM).then_some(Rejection::TooManyReturns);
        assert_eq!(outcome.rejection(), expected, "{part}");
    }
    let record = world.tip.state().returns(evidence.receipt.hash(world.domains())).unwrap();
    assert_eq!((record.total(), record.left()), (Amount(16), cny(49_984)));
    let domains = world.domains().clone();
    let entries = world.tip.state().entries();
    let entries = entries.map(|(key, value)| (key, value.to_vec()));
    assert_eq!(State::restore(&domains, entries).unwrap().root(), world.tip.state().root());
}

/// A condition of the ledger that a good return meets, and one that it does not.
type Condition = (fn(&mut World, &mut Return), Rejection);

#[test]
fn l40_a_return_obeys_what_is_so_in_its_own_block() {
    fn freeze(world: &mut World, account: AccountId, direction: FreezeDirection) {
        let freeze = Operation::Freeze { account, direction };
        assert_eq!(world.submit(freeze, &[operator(account.servicer())]), Outcome::Done);
    }
    fn empty(world: &mut World, account: AccountId) {
        let all = Money::new(Amount(world.posted(account, "CNY")), code("CNY"));
        let redeem = Operation::Redeem { uetr: world.fresh_uetr(), from: account, amount: all };
        settled(&world.submit(redeem, &[owner(account), operator(POST)]));
    }
    let conditions: [Condition; 9] = [
        (|world, _| freeze(world, min(), FreezeDirection::Outgoing), Rejection::AccountFrozen),
        (|world, _| freeze(world, wei(), FreezeDirection::Incoming), Rejection::AccountFrozen),
        (|world, _| empty(world, min()), Rejection::InsufficientFunds),
        (
            |world, _| {
                empty(world, wei());
                let close = Operation::CloseAccount { account: wei() };
                assert_eq!(world.submit(close, &[operator(POST)]), Outcome::Done);
            },
            Rejection::AccountClosed,
        ),
        (|_, back| back.amount.asset = code("XYZ"), Rejection::UnknownAsset),
        (|_, back| back.amount.asset = code("HKD"), Rejection::ReturnMismatch),
        (|_, back| back.amount.amount = Amount(0), Rejection::ZeroAmount),
        (|_, back| back.amount.amount = Amount(Amount::MAXIMUM.0 + 1), Rejection::AmountTooLarge),
        (|_, back| back.uetr = back.evidence.receipt.uetr.unwrap(), Rejection::DuplicateUetr),
    ];
    for (spoil, expected) in conditions {
        let mut world = World::new();
        let evidence = paid(&mut world);
        let mut back = back(&evidence, &mut world, cny(50_000));
        spoil(&mut world, &mut back);
        let outcome = world.submit(Operation::Return(Box::new(back)), &[owner(min())]);
        assert_eq!(outcome, rejected(expected));
    }
}

#[test]
fn l40_approvals_and_trials_know_returns() {
    let mut world = World::new();
    let evidence = paid(&mut world);
    let operation = world.send_back(&evidence, cny(50_000));
    let order = Order::one(operation, &[key("a stranger")]);
    let transaction = order.sign(world.domains(), world.time()).transaction;
    let needed = approvals(world.tip.state(), &transaction);
    assert_eq!((needed[0].account, needed[0].missing), (min(), 1));
    let order = Order { signers: vec![operator(CHINA)], ..order };
    let transaction = order.sign(world.domains(), world.time()).transaction;
    assert_eq!(approvals(world.tip.state(), &transaction)[0].missing, 0);
    let trial = world.tip.simulate(world.time(), &transaction).unwrap();
    let Simulation::Outcome { receipts, .. } = trial else { panic!("it is new") };
    assert_eq!(reversal(&receipts[0].outcome).total, Amount(50_000));
}
