//! Golden vectors: the encoding and the hash of one value of every encoded type.
//!
//! The files in `tests/vectors/` are for other implementations too: each entry has a description,
//! the value in words, its bytes, and its hash where the ledger hashes it. A change of any of them
//! is a change of the format. They are written anew only by
//! `FEIQIAN_WRITE_VECTORS=1 cargo nextest run -p ledger --test vectors`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::disallowed_methods, reason = "the one switch that writes the files")]

mod support;

use std::fmt::Debug;
use std::path::PathBuf;

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::account::{Account, AccountStatus, Asset, Entry, EntryKind, Holding, KeySet, Policy};
use ledger::account::{Institution, Supply};
use ledger::block::{Batch, Block, Cut, LaneTip};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::chain::Tip;
use ledger::codec;
use ledger::corrections::{Reason, Recall, RecallAnswer, RecallRequest};
use ledger::corrections::{Return, Returned, Returns};
use ledger::fees::{FeeItem, FeeKind, FeeSchedule};
use ledger::genesis::Parameters;
use ledger::governance::{Ballot, Change, Decision, Proposal, Removal, Upgrade};
use ledger::hash::{ChainId, Domain, Domains, Hash};
use ledger::history::{History, HistoryProof};
use ledger::ids::{Epoch, Height, ProposalNumber, ValidatorIndex, View};
use ledger::light::EpochChange;
use ledger::limits::{Country, DailyLimit, DayCounter, LimitRule, Limits, Measure, OwnLimits};
use ledger::limits::{KnownPayees, Position, RuleMet, RuleName, RulesMet, Senders, Tiers};
use ledger::merkle;
use ledger::money::{Amount, Decimals};
use ledger::operation::{AssetKind, FreezeDirection, Hold, Operation, Queue};
use ledger::receipt::{Held, Outcome, RecallRefused, RecallRequested, Receipt, Refused};
use ledger::receipt::{Released, Reversal, Settlement, settlement_id};
use ledger::rejection::Rejection;
use ledger::state::{BucketSummary, Marker, MarkerKey, StateKey};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::waiting::{
    Approvals, Awaits, HashLock, OrderHash, Priority, QueuePlace, Refusal, Review, Reviewers,
};
use ledger::waiting::{Secret, Waiting};
use serde_json::{Value, json};
use support::governance::*;
use support::limits::*;
use support::*;

/// The chain of all vectors.
fn domains() -> Domains {
    Domains::new(SUITE, ChainId(Hash([7; 32])))
}

/// One vector: checks that the value reads back, and describes it.
fn vector<T>(description: &str, value: &T, domain: Option<Domain>) -> Value
where
    T: BorshSerialize + BorshDeserialize + PartialEq + Debug,
{
    let bytes = codec::encode(value);
    let back: T = codec::decode(&bytes, bytes.len()).unwrap();
    assert_eq!(&back, value, "{description}");
    let domains = domains();
    let hash = domain.map(|domain| {
        assert_eq!(domains.hash_of(domain, value), domains.hash(domain, &bytes));
        json!({ "domain": domain.label(), "hash": domains.hash(domain, &bytes).to_hex() })
    });
    json!({
        "description": description,
        "input": format!("{value:?}"),
        "bytes": hex(&bytes),
        "hashed": hash,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares `vectors` with the file `name`, or writes it when that is asked for.
fn golden(name: &str, vectors: Vec<Value>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let keys = json!({ "suite": SUITE.tag(), "chain_id": Hash([7; 32]).to_hex() });
    let present = json!({ "keys": keys, "vectors": vectors });
    if std::env::var("FEIQIAN_WRITE_VECTORS").is_ok() {
        let text = serde_json::to_string_pretty(&present).unwrap();
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written["keys"], present["keys"], "{name}");
    let (written, present) = (formats(&written), formats(&present));
    assert_eq!(written.len(), present.len(), "{name}");
    for (written, present) in written.iter().zip(&present) {
        assert_eq!(written, present, "{name}: the format changed");
    }
}

/// What a file promises; the words of `input` are for readers.
fn formats(file: &Value) -> Vec<[&Value; 3]> {
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.map(|vector| [&vector["description"], &vector["bytes"], &vector["hashed"]]).collect()
}

#[test]
fn operations_and_transactions() {
    let mut world = World::with_fees();
    let pay = world.pay(wei(), min(), cny(10_050));
    let across = world.pay_across(cny(100_000));
    let policy = Policy { mandate: true, ..Policy::single(owner(wei()).public()) };
    let schedule = FeeSchedule { version: 1, collector: collector(), rules: vec![fee_rule()] };
    let operations = vec![
        Operation::RegisterAsset {
            code: code("CNY"),
            kind: AssetKind::Currency,
            decimals: Decimals(2),
            issuer: POST,
        },
        Operation::Issue { uetr: uetr(1), to: wei(), amount: cny(5_000) },
        Operation::Redeem { uetr: uetr(2), from: wei(), amount: cny(1) },
        Operation::OpenAccount { account: wei(), policy: policy.clone(), tier: 3 },
        Operation::SetPolicy { account: wei(), policy: policy.clone() },
        Operation::RotateKeys { account: wei(), keys: policy.owners },
        Operation::Freeze { account: wei(), direction: FreezeDirection::Both },
        Operation::Unfreeze { account: wei() },
        Operation::CloseAccount { account: wei() },
        Operation::Pay(pay),
        Operation::PayAcross(Box::new(across.clone())),
        Operation::SetFeeSchedule { institution: POST, schedule },
        Operation::SetTier { account: wei(), tier: 9 },
    ];
    let name = |operation: &Operation| {
        let text = format!("{operation:?}");
        let end = text.find([' ', '(']).unwrap_or(text.len());
        format!("operation {}", &text[..end])
    };
    let mut vectors: Vec<_> =
        operations.iter().map(|operation| vector(&name(operation), operation, None)).collect();
    let quote = &across.route.first.quote;
    vectors.push(vector(
        "quote; its hash is its id, which the dealer signs",
        quote,
        Some(Domain::Quote),
    ));
    let order = Order::new(operations, &[owner(wei()), operator(POST)]).atomic();
    let signed = order.sign(&domains(), START);
    let body = "transaction; its hash is its id, which each signer signs";
    vectors.push(vector(body, &signed.transaction, Some(Domain::Transaction)));
    vectors.push(vector("signed transaction", &signed, None));
    golden("transactions.json", vectors);
}

#[test]
fn receipts() {
    let settlement = Settlement {
        from: Some(wei()),
        to: Some(min()),
        debited: cny(20_130),
        credited: cny(20_000),
        fees: vec![
            FeeItem { kind: FeeKind::Payment, amount: Amount(100) },
            FeeItem { kind: FeeKind::Interbank, amount: Amount(30) },
        ],
        exchange: None,
        onward: None,
        remittance: Hash([9; 32]),
    };
    let exchange = ledger::receipt::Exchange {
        dealer: dealer(),
        quote: Hash([4; 32]),
        rate: ledger::money::Rate::parse("1.0850").unwrap(),
        sold: cny(20_000),
    };
    let across =
        Settlement { credited: hkd(21_700), exchange: Some(exchange), ..settlement.clone() };
    let receipt = |outcome, with_uetr: bool| Receipt {
        transaction: Hash([3; 32]),
        operation: 5,
        uetr: with_uetr.then(|| uetr(1)),
        outcome,
        rules: RulesMet::default(),
    };
    let leaf = Some(Domain::Receipt);
    let mut vectors = vec![
        vector("receipt of a payment", &receipt(Outcome::Settled(settlement), true), leaf),
        vector("receipt of a payment across", &receipt(Outcome::Settled(across), true), leaf),
        vector("receipt of what moves no money", &receipt(Outcome::Done, false), leaf),
    ];
    for rejection in Rejection::ALL {
        let text = format!("receipt: {}, {}", rejection.code(), rejection.iso());
        vectors.push(vector(&text, &receipt(Outcome::Rejected(rejection), true), leaf));
    }
    golden("receipts.json", vectors);
}

#[test]
fn records() {
    let institution: Institution = document().members.remove(0).institution;
    let account = Account {
        status: AccountStatus::FrozenOutgoing,
        tier: 2,
        policy: Policy::single(owner(wei()).public()),
        open_holdings: 1,
    };
    let entry = Entry {
        uetr: uetr(1),
        kind: EntryKind::Payment,
        credit: true,
        amount: Amount(500),
        height: Height(8),
    };
    let mut holding = Holding { posted: Amount(500), ..Holding::default() };
    holding.record(&domains(), &entry);
    let value = Some(Domain::StateValue);
    let path = Some(Domain::StatePath);
    let schedule = FeeSchedule { version: 1, collector: collector(), rules: vec![fee_rule()] };
    let asset = Asset { kind: AssetKind::Points, decimals: Decimals(0), issuer: POST };
    let supply = Supply { issued: Amount(9), redeemed: Amount(2) };
    let summary = BucketSummary { root: Hash([2; 32]), count: 3 };
    let marker = Marker { transaction: Hash([3; 32]), height: Height(8) };
    let bic = institution.bic;
    golden(
        "state.json",
        vec![
            vector("key of the parameters", &StateKey::Parameters, path),
            vector("key of a validator set", &StateKey::ValidatorSet(Epoch(1)), path),
            vector("key of an institution", &StateKey::Institution(POST), path),
            vector("key of an institution by BIC", &StateKey::InstitutionByBic(bic), path),
            vector("key of an asset", &StateKey::Asset(code("CNY")), path),
            vector("key of a supply", &StateKey::Supply(code("CNY")), path),
            vector("key of an account", &StateKey::Account(wei()), path),
            vector("key of a holding", &StateKey::Holding(wei(), code("CNY")), path),
            vector("key of a fee schedule", &StateKey::FeeSchedule(POST), path),
            vector("key of a marker bucket", &StateKey::MarkerBucket(2_025), path),
            vector("key of a payment's marker", &MarkerKey::Payment(uetr(1)), path),
            vector("key of a transaction's marker", &MarkerKey::Transaction(Hash([3; 32])), path),
            vector("key of a quote's marker", &MarkerKey::Quote(Hash([4; 32])), path),
            vector("parameters", &Parameters::USUAL, value),
            vector("validator set", &document().validators().unwrap(), Some(Domain::Validators)),
            vector("institution", &institution, value),
            vector("asset", &asset, value),
            vector("supply", &supply, value),
            vector("account", &account, value),
            vector("step of an entry chain", &(Hash::ZERO, entry), Some(Domain::Entry)),
            vector("holding after that entry", &holding, value),
            vector("fee schedule", &schedule, value),
            vector("bucket summary", &summary, value),
            vector("marker", &marker, value),
        ],
    );
}

/// One change of every kind.
fn changes() -> Vec<(&'static str, Change)> {
    let (institution, voting_key) = (POST, public("v"));
    let admitted = newcomer(FIFTH, "BOFAUS3N");
    let observer = Some(node("n"));
    let node = node("n");
    let replacing = (DEALER_BANK, CHINA);
    let (leaving, entering) = replacing;
    vec![
        (
            "admit an institution",
            Change::AdmitInstitution { institution: admitted, node: observer.clone() },
        ),
        ("remove an institution", Change::RemoveInstitution { institution }),
        ("add a validator", Change::AddValidator { institution, voting_key, node: node.clone() }),
        ("remove a validator", Change::RemoveValidator { institution }),
        ("replace a validator", Change::ReplaceValidator { leaving, entering, voting_key, node }),
        ("rotate a validator's key", Change::RotateValidatorKey { institution, voting_key }),
        ("set a node", Change::SetNode { institution, node: observer }),
        ("take a node away", Change::SetNode { institution, node: None }),
        ("set the parameters", Change::SetParameters(Parameters::USUAL)),
        ("schedule an upgrade", Change::ScheduleUpgrade { height: Height(9), protocol: 2 }),
    ]
}

#[test]
fn governance() {
    let (institution, proposal) = (POST, ProposalNumber(7));
    let value = Some(Domain::StateValue);
    let path = Some(Domain::StatePath);
    let changes = changes();
    let proposed = Proposal {
        proposer: POST,
        change: changes[3].1.clone(),
        height: Height(8),
        expires: START,
        ballots: vec![
            Ballot { institution: CHINA, approve: false },
            Ballot { institution: POST, approve: true },
        ],
        decision: None,
    };
    let enacted = Proposal { decision: Some(Decision::Enacted(Height(9))), ..proposed.clone() };
    let refused = Proposal { decision: Some(Decision::Refused(Height(9))), ..proposed.clone() };
    let mut vectors: Vec<_> = changes
        .into_iter()
        .map(|(name, change)| {
            let change = Box::new(change);
            let propose = Operation::Propose { institution, change, expires: START };
            vector(&format!("operation Propose: {name}"), &propose, None)
        })
        .collect();
    let vote = Operation::Vote { institution, proposal, approve: true };
    let receipt = Receipt {
        transaction: Hash([3; 32]),
        operation: 5,
        uetr: None,
        outcome: Outcome::Proposed(proposal),
        rules: RulesMet::default(),
    };
    let upgrade = Upgrade { before: 1, height: Height(9), protocol: 2 };
    let mut world = World::new();
    world.decide(rotation(POST, "b"));
    let header = world.tip.header().clone();
    let (validators, view) = (world.tip.validators(), header.view);
    let signer = |bank| Some(voting(bank, ""));
    let certificate = finalized(&domains(), &header, view, validators, signer);
    let next = world.tip.child_validators().as_ref().clone();
    let change = EpochChange { header: header.clone(), certificate: certificate.clone(), next };
    vectors.extend([
        vector("operation Vote", &vote, None),
        vector("operation Enact", &Operation::Enact { institution, proposal }, None),
        vector("receipt of a proposal", &receipt, Some(Domain::Receipt)),
        vector("key of a node", &StateKey::Node(POST), path),
        vector("key of a removal", &StateKey::Removal(POST), path),
        vector("key of a proposal", &StateKey::Proposal(proposal), path),
        vector("key of the number of proposals", &StateKey::ProposalCount, path),
        vector("key of the upgrade", &StateKey::Upgrade, path),
        vector("node", &node("n"), value),
        vector("removal", &Removal { height: Height(9) }, value),
        vector("proposal", &proposed, value),
        vector("proposal that was enacted", &enacted, value),
        vector("proposal that was refused", &refused, value),
        vector("number of proposals", &7_u64, value),
        vector("upgrade", &upgrade, value),
        vector("header that ends its epoch", &header, Some(Domain::Header)),
        vector("change of epoch", &change, None),
        vector("progress over it", &progress(vec![change.clone()], header, certificate), None),
    ]);
    golden("governance.json", vectors);
}

#[test]
fn holds() {
    let mut world = World::with_fees();
    let secret = Secret(Hash([5; 32]));
    let lock = HashLock::of(&secret);
    let pay = world.pay(wei(), min(), cny(10_050));
    let open = Hold { pay: pay.clone(), deadline: START.plus(60_000), lock: None };
    let locked = Hold { lock: Some(lock), ..open.clone() };
    let waiting = Waiting {
        order: pay,
        transaction: Hash([3; 32]),
        height: Height(8),
        held: cny(10_180),
        most_charges: Amount(130),
        awaits: Awaits::Capture,
        deadline: START.plus(60_000),
    };
    let secret_waiting = Waiting { awaits: Awaits::Secret(lock), ..waiting.clone() };
    let held = |awaits| {
        Outcome::Held(Held {
            from: wei(),
            to: min(),
            amount: cny(10_050),
            held: cny(10_180),
            most_charges: Amount(130),
            awaits,
            deadline: START.plus(60_000),
            remittance: Hash([9; 32]),
        })
    };
    let released = Outcome::Released(Released { from: wei(), to: min(), released: cny(10_180) });
    let receipt = |outcome| Receipt {
        transaction: Hash([3; 32]),
        operation: 5,
        uetr: Some(uetr(1)),
        outcome,
        rules: RulesMet::default(),
    };
    let capture = |secret| Operation::Capture { payment: uetr(1), amount: cny(6_000), secret };
    let (leaf, value) = (Some(Domain::Receipt), Some(Domain::StateValue));
    let place = StateKey::Waiting(uetr(1));
    let key = "key of a payment that waits";
    golden(
        "holds.json",
        vec![
            vector("operation Hold", &Operation::Hold(Box::new(open)), None),
            vector("operation Hold, with a lock", &Operation::Hold(Box::new(locked)), None),
            vector("operation Capture", &capture(None), None),
            vector("operation Capture, with a secret", &capture(Some(secret)), None),
            vector("operation Release", &Operation::Release { payment: uetr(1) }, None),
            vector("receipt of a hold", &receipt(held(Awaits::Capture)), leaf),
            vector("receipt of a hold with a lock", &receipt(held(Awaits::Secret(lock))), leaf),
            vector("receipt of a release", &receipt(released), leaf),
            vector(key, &place, Some(Domain::StatePath)),
            vector("payment that waits for a capture", &waiting, value),
            vector("payment that waits for a secret", &secret_waiting, value),
        ],
    );
}

#[test]
fn queue() {
    let mut world = World::with_fees();
    let pay = world.pay(wei(), min(), cny(10_050));
    let deadline = START.plus(60_000);
    let order = Queue { pay: pay.clone(), priority: Priority::High, deadline };
    let place = QueuePlace { priority: Priority::High, number: 7 };
    let waiting = Waiting {
        order: pay.clone(),
        transaction: Hash([3; 32]),
        height: Height(8),
        held: cny(0),
        most_charges: Amount(130),
        awaits: Awaits::Funds(place),
        deadline,
    };
    let queued = Outcome::Queued(Held {
        from: wei(),
        to: min(),
        amount: cny(10_050),
        held: cny(0),
        most_charges: Amount(130),
        awaits: Awaits::Funds(place),
        deadline,
        remittance: Hash([9; 32]),
    });
    let receipt = |transaction, outcome| Receipt {
        transaction,
        operation: 5,
        uetr: Some(pay.uetr),
        outcome,
        rules: RulesMet::default(),
    };
    let settled = Outcome::Settled(Settlement {
        from: Some(wei()),
        to: Some(min()),
        debited: cny(10_180),
        credited: cny(10_050),
        fees: vec![],
        exchange: None,
        onward: None,
        remittance: Hash([9; 32]),
    });
    let named = "height of a block; its hash is under what its settlements' receipts stand";
    let settled = receipt(settlement_id(&domains(), Height(9)), settled);
    let prioritise = Operation::Prioritise { payment: pay.uetr, priority: Priority::Urgent };
    golden(
        "queue.json",
        vec![
            vector("operation Queue", &Operation::Queue(Box::new(order)), None),
            vector("operation Prioritise", &prioritise, None),
            vector(
                "receipt of a queued payment",
                &receipt(Hash([3; 32]), queued),
                Some(Domain::Receipt),
            ),
            vector(named, &Height(9), Some(Domain::Settlement)),
            vector(
                "receipt of a queued payment that a block settled",
                &settled,
                Some(Domain::Receipt),
            ),
            vector("payment that waits for funds", &waiting, Some(Domain::StateValue)),
        ],
    );
}

#[test]
fn corrections() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(50_000));
    let evidence = world.prove(Operation::Pay(pay), &[owner(wei())]);
    let settled = evidence.settled().unwrap();
    let id = evidence.receipt.hash(world.domains());
    let reason = Reason::parse("AC04").unwrap();
    let back = Return { uetr: uetr(2), evidence, amount: cny(20_000), reason };
    let returned = Returned { uetr: uetr(2), amount: Amount(20_000), reason, height: Height(9) };
    let reversal = Outcome::Returned(Reversal {
        payment: uetr(1),
        from: min(),
        to: wei(),
        amount: cny(20_000),
        reason,
        total: Amount(20_000),
        credited: Amount(50_000),
    });
    let receipt = Receipt {
        transaction: Hash([3; 32]),
        operation: 5,
        uetr: Some(uetr(2)),
        outcome: reversal,
        rules: RulesMet::default(),
    };
    let returns = Returns { settled, returned: vec![returned] };
    let (evidence, amount, deadline) = (back.evidence.clone(), cny(20_000), START.plus(60_000));
    let request = RecallRequest { evidence, amount, reason, deadline };
    let recall = Recall {
        settled,
        settlement: id,
        amount: Amount(20_000),
        reason,
        transaction: Hash([3; 32]),
        height: Height(8),
        deadline,
    };
    let of = |outcome| Receipt { outcome, uetr: None, ..receipt.clone() };
    let (from, to, payment) = (wei(), min(), uetr(1));
    let requested = RecallRequested { payment, from, to, amount, reason, deadline };
    let refused = RecallRefused { payment, from, to, amount, reason };
    let answer = |answer| Operation::AnswerRecall { payment, answer };
    let accept = answer(RecallAnswer::Accept { uetr: uetr(2), amount });
    let refuse = answer(RecallAnswer::Refuse { reason });
    let leaf = Some(Domain::Receipt);
    let requested = of(Outcome::RecallRequested(requested));
    let refused = of(Outcome::RecallRefused(refused));
    golden(
        "corrections.json",
        vec![
            vector("evidence of a payment", &back.evidence, None),
            vector("operation Return", &Operation::Return(Box::new(back)), None),
            vector("receipt of a return", &receipt, Some(Domain::Receipt)),
            vector("key of what was returned", &StateKey::Returns(id), Some(Domain::StatePath)),
            vector("what was returned of a payment", &returns, Some(Domain::StateValue)),
            vector("operation RequestRecall", &Operation::RequestRecall(Box::new(request)), None),
            vector("operation AnswerRecall, accepted", &accept, None),
            vector("operation AnswerRecall, refused", &refuse, None),
            vector("receipt of a recall", &requested, leaf),
            vector("receipt of a refused recall", &refused, leaf),
            vector("key of a recall", &StateKey::Recall(payment), Some(Domain::StatePath)),
            vector("recall", &recall, Some(Domain::StateValue)),
        ],
    );
}

#[test]
fn approvals() {
    let mut world = World::with_fees();
    let pay = world.pay(wei(), min(), cny(10_050));
    let rule = StepUpRule { asset: code("CNY"), above: Amount(10_000), approvals: 2 };
    let approvers = KeySet::of(1, vec![key("one").public(), key("two").public()]).keys;
    let rules = StepUp { approvers: approvers.clone(), rules: vec![rule] };
    let policy = Policy { step_up: Some(rules), ..Policy::single(owner(wei()).public()) };
    let transaction = Hash([3; 32]);
    let order = OrderHash::of(&domains(), &transaction, &pay);
    let given = vec![approvers[0]];
    let awaits = Awaits::Approval(Approvals {
        order,
        needed: 2,
        makers: vec![owner(wei()).public()],
        given,
        reviewers: Reviewers(vec![CHINA]),
    });
    let deadline = START.plus(60_000);
    let waiting = Waiting {
        order: pay.clone(),
        transaction,
        height: Height(8),
        held: cny(10_180),
        most_charges: Amount(130),
        awaits: awaits.clone(),
        deadline,
    };
    let awaiting = Outcome::AwaitingApproval(Held {
        from: wei(),
        to: min(),
        amount: cny(10_050),
        held: cny(10_180),
        most_charges: Amount(130),
        awaits,
        deadline,
        remittance: Hash([9; 32]),
    });
    let reason = Refusal::Declined;
    let refused = |reviewer| {
        let released = cny(10_180);
        Outcome::Refused(Refused { from: wei(), to: min(), released, reason, reviewer })
    };
    let review = Awaits::Review(Review {
        order,
        reviewer: POST,
        later: Reviewers(vec![CHINA]),
        spent: approvers.clone(),
        given: vec![operator(POST).public()],
    });
    let reviewed = Waiting { awaits: review.clone(), ..waiting.clone() };
    let Outcome::AwaitingApproval(held) = &awaiting else { panic!("it waits") };
    let in_review = Outcome::AwaitingReview(Held { awaits: review, ..held.clone() });
    let rules = RulesMet::default;
    let uetr = Some(pay.uetr);
    let receipt = |outcome| Receipt { transaction, operation: 5, uetr, outcome, rules: rules() };
    let refuse = Operation::Refuse { payment: pay.uetr, order, reason };
    let open = Operation::OpenAccount { account: wei(), policy, tier: 1 };
    let named = "order that waits, with its transaction; its hash is what approvers name";
    let leaf = Some(Domain::Receipt);
    golden(
        "approvals.json",
        vec![
            vector("operation OpenAccount, with a step-up", &open, None),
            vector("operation Approve", &Operation::Approve { payment: pay.uetr, order }, None),
            vector("operation Refuse", &refuse, None),
            vector(named, &(transaction, pay.clone()), Some(Domain::Order)),
            vector("receipt of a payment that waits for approvals", &receipt(awaiting), leaf),
            vector("receipt of a refusal", &receipt(refused(None)), leaf),
            vector("receipt of a reviewer's refusal", &receipt(refused(Some(CHINA))), leaf),
            vector("receipt of a payment that waits for a review", &receipt(in_review), leaf),
            vector("payment that waits for a review", &reviewed, Some(Domain::StateValue)),
            vector("payment that waits for approvals", &waiting, Some(Domain::StateValue)),
        ],
    );
}

#[test]
fn limits() {
    let incoming = |from| Measure::Incoming { most: Amount(2_000_000), from };
    let rules = vec![
        refuse("per-payment", Measure::Payment { most: Amount(5_000_000) }),
        LimitRule {
            tiers: Tiers::of(&[0, 1]).unwrap(),
            ..refuse("per-day", Measure::Day { most: Amount(10_000_000) })
        },
        alert("often", Measure::Count { most: 20 }),
        alert("first", Measure::First),
        refuse("position", Measure::Position { most: Amount(900_000_000) }),
        review("large", Measure::Payment { most: Amount(1_000_000) }),
        review("incoming", incoming(Senders::Anyone)),
        review("from-others", incoming(Senders::OtherInstitutions)),
        review("from-abroad", incoming(Senders::OtherCountries)),
        refuse("from-a-bank", incoming(Senders::Institution(CHINA))),
        alert("from-a-country", incoming(Senders::Country(Country::parse("SG").unwrap()))),
    ];
    let limits = Limits { version: 1, utc_offset_minutes: 480, rules };
    let set = Operation::SetLimits { institution: POST, limits: limits.clone() };
    let own = OwnLimits {
        daily: vec![DailyLimit { asset: code("CNY"), most: Amount(200_000) }],
        payees: Some(vec![min(), ann()]),
    };
    let policy = Policy { limits: Some(own), ..Policy::single(owner(wei()).public()) };
    let met = |name| RuleMet { institution: POST, name: RuleName::parse(name).unwrap() };
    let refused = Receipt {
        transaction: Hash([3; 32]),
        operation: 5,
        uetr: Some(uetr(1)),
        outcome: Outcome::Rejected(Rejection::DailyLimit),
        rules: RulesMet(vec![met("per-day")]),
    };
    let settlement = Settlement {
        from: Some(wei()),
        to: Some(min()),
        debited: cny(20_000),
        credited: cny(20_000),
        fees: vec![],
        exchange: None,
        onward: None,
        remittance: Hash([9; 32]),
    };
    let alerted = Receipt {
        outcome: Outcome::Settled(settlement),
        rules: RulesMet(vec![met("often"), met("first")]),
        ..refused.clone()
    };
    let counter = DayCounter { day: 20_255, spent: Amount(20_000), payments: 2 };
    let position = Position { day: 20_255, outgoing: Amount(20_000), incoming: Amount(5_000) };
    let (path, value) = (Some(Domain::StatePath), Some(Domain::StateValue));
    let leaf = Some(Domain::Receipt);
    let counter_key = StateKey::DayCounter(wei(), code("CNY"));
    let position_key = StateKey::Position(POST, code("CNY"));
    let most = Amount(500_000);
    let from = Senders::OtherCountries;
    let payees = KnownPayees::default().with(min(), START).with(ann(), START.plus(1_000));
    let of_payees = [
        refuse("new-payee", Measure::NewPayee { most, cool_off: 86_400 }),
        review("nameless", Measure::MissingInformation { most }),
        review("nameless-in", Measure::IncomingMissingInformation { most, from }),
    ];
    golden(
        "limits.json",
        vec![
            vector("operation SetLimits", &set, None),
            vector("policy with limits of its own", &policy, None),
            vector("receipt of a payment that a rule refused", &refused, leaf),
            vector("receipt of a payment that rules alert", &alerted, leaf),
            vector("key of limits", &StateKey::Limits(POST), path),
            vector("key of a day's counter", &counter_key, path),
            vector("key of a position", &position_key, path),
            vector("limits", &limits, value),
            vector("day's counter", &counter, value),
            vector("position", &position, value),
            vector("rule about new payees", &of_payees[0], None),
            vector("rule about payments without private data", &of_payees[1], None),
            vector("rule about what comes in without private data", &of_payees[2], None),
            vector("key of an account's payees", &StateKey::Payees(wei()), path),
            vector("account's payees", &payees, value),
        ],
    );
}

#[test]
fn blocks() {
    let document = document();
    let genesis = Tip::genesis(&document).unwrap();
    let tip = LaneTip { sequence: 4, batch: Hash([5; 32]) };
    let cut = Cut(vec![LaneTip::default(), tip]);
    let header = genesis.block.header.clone();
    let order = Order::one(Operation::Unfreeze { account: wei() }, &[operator(POST)]);
    let signed = order.sign(&domains(), START);
    let voter = key("vote 1");
    let batch = Batch::sign(&domains(), &voter, Epoch(0), ValidatorIndex(1), tip, vec![signed]);
    let subject = VoteSubject {
        epoch: Epoch(0),
        view: View(9),
        kind: VoteKind::Finalize,
        block: Hash([8; 32]),
    };
    let vote = Vote::sign(&domains(), &voter, ValidatorIndex(0), subject);
    let signatures = [(ValidatorIndex(0), vote.signature), (ValidatorIndex(2), vote.signature)];
    let certificate = Certificate::assemble(subject, 4, signatures);
    let chain = json!({
        "description": "the chain id of that document",
        "input": "ChainId::of_genesis",
        "bytes": document.chain_id().0.to_hex(),
        "hashed": null,
    });
    let transactions = "batch payload: the transactions of a lane batch";
    golden(
        "blocks.json",
        vec![
            vector("genesis document", &document, None),
            chain,
            vector("header; its hash is the block's", &header, Some(Domain::Header)),
            vector("cut", &cut, Some(Domain::Cut)),
            vector("block", &Block { header, cut }, None),
            vector("lane batch header", &batch.header, Some(Domain::Batch)),
            vector(transactions, &batch.transactions, Some(Domain::BatchPayload)),
            vector("lane batch", &batch, None),
            vector("what a vote signs", &subject, Some(Domain::Vote)),
            vector("certificate", &certificate, None),
        ],
    );
}

#[test]
fn proofs() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(500));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let executed = world.block(&[world.verified(&order)]);
    let state = world.tip.state();
    let bucket = state.bucket_at(world.tip.header().time);
    let marked = state.prove_marker(bucket, &MarkerKey::Payment(pay.uetr));
    let unmarked = state.prove_marker(bucket, &MarkerKey::Payment(uetr(99)));
    let leaves: Vec<Hash> = (1..=5).map(|n| Hash([n; 32])).collect();
    let mut history = History::new();
    let mut nodes = Vec::new();
    for leaf in &leaves {
        nodes.extend(history.append(&domains(), leaf));
    }
    let node = |place| nodes.iter().find(|(at, _)| *at == place).map(|(_, hash)| *hash);
    let in_history = HistoryProof::prove(&domains(), 2, 5, node).unwrap();
    let receipt = merkle::prove(&domains(), &leaves, 2).unwrap();
    let voter = key("vote 1");
    let subject = VoteSubject {
        epoch: Epoch(0),
        view: View(9),
        kind: VoteKind::Notarize,
        block: executed.tip.hash(),
    };
    let vote = Vote::sign(&domains(), &voter, ValidatorIndex(0), subject);
    golden(
        "proofs.json",
        vec![
            vector("state proof: an account", &state.prove(&StateKey::Account(wei())), None),
            vector("state proof: no account", &state.prove(&StateKey::Account(collector())), None),
            vector("marker proof: a payment", &marked, None),
            vector("marker proof: no payment", &unmarked, None),
            vector("receipt proof: leaf 2 of 5", &receipt, None),
            vector("history of 5 blocks", &history, None),
            vector("history proof: block 2 of 5", &in_history, None),
            vector("vote", &vote, None),
        ],
    );
}
