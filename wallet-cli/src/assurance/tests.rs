//! Receipts that differ from their order in one thing each.

mod corrections;

use super::*;
use ledger::crypto::{SecretKey, Suite};
use ledger::fees::{FeeItem, FeeKind};
use ledger::hash::{ChainId, Domains};
use ledger::ids::{AccountId, InstitutionNumber, Network};
use ledger::money::Rate;
use ledger::operation::{Pay, PayAcross};
use ledger::quote::{Quote, Route, SignedQuote};
use ledger::receipt::Exchange;
use ledger::receipt::{Refused, Released};
use ledger::waiting::{Approvals, Awaits, HashLock, OrderHash, Refusal, Review, Reviewers};

fn money(amount: u128, code: &str) -> Money {
    Money::new(Amount(amount), AssetCode::parse(code).unwrap())
}

fn account(number: u8) -> AccountId {
    AccountId::new(InstitutionNumber(1), [number; 12])
}

fn uetr() -> Uetr {
    Uetr::from_entropy([3; 16])
}

fn terms(charge_bearer: ChargeBearer) -> PaymentTerms {
    let maximum_fee = Amount(150);
    PaymentTerms { charge_bearer, maximum_fee, purpose: [0; 4], remittance: Hash::ZERO }
}

fn pay(bearer: ChargeBearer) -> Operation {
    Operation::Pay(Pay {
        uetr: uetr(),
        from: account(1),
        to: account(2),
        amount: money(10_000, "CNY"),
        terms: terms(bearer),
    })
}

fn pay_across() -> Operation {
    let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
    let quote = Quote {
        dealer: account(9),
        sell: AssetCode::parse("CNY").unwrap(),
        buy: AssetCode::parse("HKD").unwrap(),
        rate: Rate { digits: 2, scale: 0 },
        minimum: Amount(1),
        maximum: Amount(1_000_000),
        expires: Timestamp(1),
        nonce: 1,
    };
    let key = SecretKey::from_seed(Suite::Ed25519Blake3, [1; 32]);
    Operation::PayAcross(Box::new(PayAcross {
        uetr: uetr(),
        from: account(1),
        to: account(2),
        sell: money(10_000, "CNY"),
        minimum_received: money(20_000, "HKD"),
        route: Route::direct(SignedQuote::sign(&domains, &key, quote)),
        terms: terms(ChargeBearer::Debtor),
    }))
}

/// The settlement of 100.00 CNY with a fee of 1.50 on top.
fn settlement() -> Settlement {
    Settlement {
        from: Some(account(1)),
        to: Some(account(2)),
        debited: money(10_150, "CNY"),
        credited: money(10_000, "CNY"),
        fees: vec![FeeItem { kind: FeeKind::Payment, amount: Amount(150) }],
        exchange: None,
        onward: None,
        remittance: Hash::ZERO,
    }
}

/// The same across: 100.00 CNY become 200.00 HKD.
fn settlement_across() -> Settlement {
    let exchange = Exchange {
        dealer: account(9),
        quote: Hash::ZERO,
        rate: Rate { digits: 2, scale: 0 },
        sold: money(10_000, "CNY"),
    };
    Settlement { credited: money(20_000, "HKD"), exchange: Some(exchange), ..settlement() }
}

fn receipt(outcome: Outcome) -> Receipt {
    Receipt {
        transaction: Hash([1; 32]),
        operation: 0,
        uetr: Some(uetr()),
        outcome,
        rules: RulesMet::default(),
    }
}

fn verdict(operation: &Operation, settlement: Settlement) -> Option<String> {
    differs(&receipt(Outcome::Settled(settlement)), operation)
}

fn differs(receipt: &Receipt, operation: &Operation) -> Option<String> {
    difference(receipt, operation).map(|text| text.english().to_owned())
}

#[test]
fn a_settlement_as_ordered_has_no_difference() {
    for bearer in [ChargeBearer::Debtor, ChargeBearer::Shared] {
        assert_eq!(verdict(&pay(bearer), settlement()), None);
    }
    let taken =
        Settlement { debited: money(10_000, "CNY"), credited: money(9_850, "CNY"), ..settlement() };
    assert_eq!(verdict(&pay(ChargeBearer::Creditor), taken), None);
    assert_eq!(verdict(&pay_across(), settlement_across()), None);
    let better = Settlement { credited: money(20_001, "HKD"), ..settlement_across() };
    assert_eq!(verdict(&pay_across(), better), None);
}

#[test]
fn every_difference_is_seen() {
    let fee = |amount| vec![FeeItem { kind: FeeKind::Payment, amount: Amount(amount) }];
    let plain = settlement;
    for changed in [
        Settlement { from: Some(account(2)), ..plain() },
        Settlement { from: None, ..plain() },
        Settlement { to: Some(account(3)), ..plain() },
        Settlement { debited: money(10_151, "CNY"), ..plain() },
        Settlement { debited: money(10_150, "HKD"), ..plain() },
        Settlement { credited: money(9_999, "CNY"), ..plain() },
        Settlement { credited: money(10_000, "HKD"), ..plain() },
        Settlement { fees: fee(151), debited: money(10_151, "CNY"), ..plain() },
        settlement_across(),
    ] {
        assert!(verdict(&pay(ChargeBearer::Debtor), changed.clone()).is_some(), "{changed:?}");
    }
    let across = settlement_across;
    let exchange = across().exchange.unwrap();
    for changed in [
        Settlement { credited: money(19_999, "HKD"), ..across() },
        Settlement { credited: money(20_000, "SGD"), ..across() },
        Settlement { debited: money(10_151, "CNY"), ..across() },
        Settlement { exchange: None, ..across() },
        Settlement {
            exchange: Some(Exchange { dealer: account(8), ..exchange.clone() }),
            ..across()
        },
        Settlement {
            exchange: Some(Exchange { sold: money(9_999, "CNY"), ..exchange }),
            ..across()
        },
    ] {
        assert!(verdict(&pay_across(), changed.clone()).is_some(), "{changed:?}");
    }
}

const DEADLINE: Timestamp = Timestamp(7_000);

fn hold() -> Operation {
    let Operation::Pay(pay) = pay(ChargeBearer::Debtor) else { panic!("a payment") };
    Operation::Hold(Box::new(Hold { pay, deadline: DEADLINE, lock: None }))
}

fn held() -> Held {
    Held {
        from: account(1),
        to: account(2),
        amount: money(10_000, "CNY"),
        held: money(10_150, "CNY"),
        most_charges: Amount(150),
        awaits: Awaits::Capture,
        deadline: DEADLINE,
        remittance: Hash::ZERO,
    }
}

#[test]
fn a_hold_is_what_was_ordered_or_is_refused() {
    let verdict = |held| differs(&receipt(Outcome::Held(held)), &hold());
    assert_eq!(verdict(held()), None);
    let lock = Awaits::Secret(HashLock(Hash([5; 32])));
    for changed in [
        Held { from: account(3), ..held() },
        Held { to: account(3), ..held() },
        Held { amount: money(9_999, "CNY"), ..held() },
        Held { held: money(10_151, "CNY"), ..held() },
        Held { held: money(10_151, "CNY"), most_charges: Amount(151), ..held() },
        Held { awaits: lock, ..held() },
        Held { deadline: Timestamp(7_001), ..held() },
    ] {
        assert!(verdict(changed.clone()).is_some(), "{changed:?}");
    }
    // It has not been paid, and a payment was not held.
    assert!(self::verdict(&hold(), settlement()).is_some());
    let paid = pay(ChargeBearer::Debtor);
    assert!(differs(&receipt(Outcome::Held(held())), &paid).is_some());
}

#[test]
fn what_waits_for_approvals_is_what_was_ordered_or_is_refused() {
    let order = OrderHash(Hash([5; 32]));
    let reviewers = Reviewers::default();
    let (makers, given) = (vec![], vec![]);
    let awaits = Awaits::Approval(Approvals { order, needed: 2, makers, given, reviewers });
    let waits = || Held { awaits: awaits.clone(), ..held() };
    let paid = pay(ChargeBearer::Debtor);
    let verdict =
        |held, operation: &Operation| differs(&receipt(Outcome::AwaitingApproval(held)), operation);
    assert_eq!(verdict(waits(), &paid), None);
    for changed in [
        Held { from: account(3), ..waits() },
        Held { to: account(3), ..waits() },
        Held { amount: money(9_999, "CNY"), ..waits() },
        Held { held: money(10_151, "CNY"), ..waits() },
        Held { held: money(10_151, "CNY"), most_charges: Amount(151), ..waits() },
    ] {
        assert!(verdict(changed.clone(), &paid).is_some(), "{changed:?}");
    }
    assert!(verdict(waits(), &hold()).is_some());
    let approve = |order| Operation::Approve { payment: uetr(), order };
    assert_eq!(verdict(waits(), &approve(order)), None);
    assert!(verdict(waits(), &approve(OrderHash(Hash([6; 32])))).is_some());
    assert_eq!(self::verdict(&approve(order), settlement()), None);
    let review = Review {
        order,
        reviewer: InstitutionNumber(1),
        later: Reviewers::default(),
        spent: vec![],
        given: vec![],
    };
    let in_review = Held { awaits: Awaits::Review(review), ..held() };
    let in_review = receipt(Outcome::AwaitingReview(in_review));
    assert_eq!(differs(&in_review, &paid), None);
    assert_eq!(differs(&in_review, &approve(order)), None);
    assert!(differs(&in_review, &approve(OrderHash(Hash([6; 32])))).is_some());
    let refuse = |reason| Operation::Refuse { payment: uetr(), order, reason };
    let (from, to, released) = (account(1), account(2), money(10_150, "CNY"));
    let reason = Refusal::Fraud;
    let refused = Refused { from, to, released, reason, reviewer: None };
    let refused = receipt(Outcome::Refused(refused));
    assert_eq!(differs(&refused, &refuse(Refusal::Fraud)), None);
    for other in [refuse(Refusal::Declined), approve(order), paid] {
        assert!(differs(&refused, &other).is_some(), "{other:?}");
    }
}

#[test]
fn captures_and_releases_are_what_was_ordered_or_are_refused() {
    let capture =
        Operation::Capture { payment: uetr(), amount: money(10_000, "CNY"), secret: None };
    let by_payee =
        Settlement { debited: money(10_000, "CNY"), credited: money(9_850, "CNY"), ..settlement() };
    for good in [settlement(), by_payee] {
        assert_eq!(verdict(&capture, good), None);
    }
    for changed in [
        Settlement { debited: money(9_150, "CNY"), credited: money(9_000, "CNY"), ..settlement() },
        Settlement { debited: money(10_151, "CNY"), ..settlement() },
        Settlement { credited: money(10_000, "HKD"), ..settlement() },
        settlement_across(),
    ] {
        assert!(verdict(&capture, changed.clone()).is_some(), "{changed:?}");
    }
    let release = Operation::Release { payment: uetr() };
    let released = Released { from: account(1), to: account(2), released: money(10_150, "CNY") };
    assert_eq!(differs(&receipt(Outcome::Released(released.clone())), &release), None);
    assert!(differs(&receipt(Outcome::Released(released)), &capture).is_some());
    assert!(verdict(&release, settlement()).is_some());
    // A refusal under the payment's UETR is none of the ledger's.
    let refused = receipt(Outcome::Rejected(Rejection::NotHeld));
    assert!(differs(&refused, &capture).is_some());
}

#[test]
fn a_refused_capture_is_a_nodes_word_and_a_capture_is_not() {
    let operation = Operation::Release { payment: uetr() };
    let transaction = Hash([1; 32]);
    let expected = Expected { transaction, operation };
    let chain = Chain { network: Network::Devnet, id: ChainId(Hash([7; 32])) };
    let naming = crate::network::naming(Network::Devnet, &[]);
    let view = |outcome| {
        let rules = RulesMet::default();
        let receipt = Receipt { transaction, operation: 0, uetr: None, outcome, rules };
        ReceiptView::new(&receipt, Some((Height(5), Timestamp(1_000))), &naming)
    };
    let refused = view(Outcome::Rejected(Rejection::NotHeld));
    let ended = check(&chain, &refused, &expected).unwrap();
    assert_eq!(ended.receipt.outcome, Outcome::Rejected(Rejection::NotHeld));
    assert!(check(&chain, &view(Outcome::Done), &expected).is_err());
    let released = Released { from: account(1), to: account(2), released: money(1, "CNY") };
    assert!(check(&chain, &view(Outcome::Released(released)), &expected).is_err());
}

#[test]
fn a_rejection_is_an_outcome_and_a_done_payment_is_none() {
    let operation = pay(ChargeBearer::Debtor);
    let rejected = receipt(Outcome::Rejected(Rejection::InsufficientFunds));
    assert_eq!(difference(&rejected, &operation), None);
    assert!(difference(&receipt(Outcome::Done), &operation).is_some());
    let other = Receipt { uetr: Some(Uetr::from_entropy([4; 16])), ..rejected };
    assert_eq!(differs(&other, &operation), Some("another UETR".to_owned()));
}

#[test]
fn a_word_about_an_operation_without_money_must_fit_it() {
    let operation = Operation::Unfreeze { account: account(1) };
    let transaction = Hash([1; 32]);
    let expected = Expected { transaction, operation };
    let chain = Chain { network: Network::Devnet, id: ChainId(Hash([7; 32])) };
    let naming = crate::network::naming(Network::Devnet, &[]);
    let view = |outcome| {
        let rules = RulesMet::default();
        let receipt = Receipt { transaction, operation: 0, uetr: None, outcome, rules };
        ReceiptView::new(&receipt, Some((Height(5), Timestamp(1_000))), &naming)
    };
    let done = check(&chain, &view(Outcome::Done), &expected).unwrap();
    assert_eq!((done.height, done.receipt.outcome), (Height(5), Outcome::Done));
    let rejected = view(Outcome::Rejected(Rejection::NotPermitted));
    assert!(check(&chain, &rejected, &expected).unwrap().receipt.outcome.rejection().is_some());
    for spoil in [
        |view: &mut ReceiptView| view.transaction = Hash([2; 32]).to_hex(),
        |view: &mut ReceiptView| view.status = "rejected".to_owned(),
        |view: &mut ReceiptView| view.code = Some("not-permitted".to_owned()),
        |view: &mut ReceiptView| view.block = None,
        |view: &mut ReceiptView| view.time = None,
    ] {
        let mut spoiled = view(Outcome::Done);
        spoil(&mut spoiled);
        assert!(check(&chain, &spoiled, &expected).is_err(), "{spoiled:?}");
    }
}
