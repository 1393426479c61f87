//! Held payments through the API of a real node: simulated, held, captured, released, expired.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::time::{Duration, Instant};

use api::account::{AccountView, HistoryPage};
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::Timestamp;
use ledger::operation::{Hold, Operation};
use ledger::proof::{Proof, Proven};
use ledger::transaction::SignedTransaction;
use ledger::waiting::{HashLock, Secret};
use node::home::now;
use single::{OCTETS, Single, key, money, uetr};

const HOUR: u64 = 3_600_000;

/// A hold of wei's for lee, signed.
fn hold(
    node: &Single,
    number: u64,
    deadline: Timestamp,
    lock: Option<HashLock>,
) -> SignedTransaction {
    let Operation::Pay(pay) = node.payment(number, 20_000) else { panic!("a payment") };
    let hold = Operation::Hold(Box::new(Hold { pay, deadline, lock }));
    node.sign(&[&key(50)], node.transaction(vec![hold]))
}

fn follow_up(node: &Single, operation: Operation, signer: &SecretKey) -> SignedTransaction {
    node.sign(&[signer], node.transaction(vec![operation]))
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn events(view: &PaymentView) -> Vec<&str> {
    view.timeline.iter().map(|step| step.event.as_str()).collect()
}

fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.charge();
    node
}

/// What is held and what can be spent of wei's.
fn funds(node: &Single) -> (String, String) {
    let path = format!("/v1/accounts/{}", node.address_of(3, "wei"));
    let account: AccountView = node.get(&path).json();
    (account.holdings[0].held.clone(), account.holdings[0].available.clone())
}

#[test]
fn a_hold_is_shown_and_a_part_of_it_captured() {
    let node = started();
    let signed = hold(&node, 1, now().plus(HOUR), None);
    let bytes = codec::encode(&signed);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "held");
    assert_eq!(simulated.receipts[0].held.as_deref(), Some("201.50 CNY"));
    assert_eq!(simulated.balances[0].holding.available, "798.50 CNY");

    let receipt = node.settle(&signed).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.iso_status.as_str()), ("held", "PDNG"));
    assert_eq!(receipt.amount.as_deref(), Some("200.00 CNY"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("held", "PDNG"));
    assert_eq!(shown.next_actor.as_deref(), Some("payee"));
    assert_eq!(shown.deadline, receipt.deadline);
    assert_eq!(events(&shown), ["received", "held"]);
    assert_eq!(funds(&node), ("201.50 CNY".to_owned(), "798.50 CNY".to_owned()));

    // Who is not the payee's side is told so, and nothing is said of the payment.
    let amount = money(12_000, "CNY");
    let capture = Operation::Capture { payment: uetr(1), amount, secret: None };
    let by_payer = follow_up(&node, capture.clone(), &key(50));
    let refused = node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(&by_payer));
    assert_eq!(refused.problem().code, "signers-missing");
    assert_eq!(view(&node, 1).status, "held");

    let captured = node.settle(&follow_up(&node, capture, &key(51))).receipts.remove(0);
    assert_eq!((captured.status.as_str(), captured.id), ("settled", shown_id(&shown)));
    assert_eq!(captured.debited.as_deref(), Some("121.50 CNY"));
    let file = api::text::parse_base64(captured.proof.as_ref().unwrap()).unwrap();
    let verdict = Proof::decode(&file).unwrap().verify(node.domains.chain_id()).unwrap();
    assert!(matches!(verdict.proven, Proven::Payment(_)));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.next_actor.as_deref()), ("settled", None));
    assert_eq!(events(&shown), ["received", "held", "settled"]);
    assert_eq!((shown.timeline[1].block, shown.timeline[2].block), (receipt.block, captured.block));
    assert_eq!(funds(&node), ("0.00 CNY".to_owned(), "878.50 CNY".to_owned()));
    let path = format!("/v1/accounts/{}/history", node.address_of(1, "lee"));
    let history: HistoryPage = node.get(&path).json();
    assert_eq!(history.entries[0].counterparty, Some(node.address_of(3, "wei")));
}

fn shown_id(view: &PaymentView) -> Option<String> {
    Some(view.id.clone())
}

#[test]
fn a_locked_hold_is_released_by_the_payees_side() {
    let node = started();
    let lock = HashLock::of(&Secret(Hash([5; 32])));
    node.settle(&hold(&node, 1, now().plus(HOUR), Some(lock)));
    let shown = view(&node, 1);
    assert_eq!(shown.receipt.unwrap().lock, Some(lock.0.to_hex()));
    let amount = money(20_000, "CNY");
    let capture = Operation::Capture { payment: uetr(1), amount, secret: None };
    let refused = node.settle(&follow_up(&node, capture, &key(51))).receipts.remove(0);
    assert_eq!((refused.code.as_deref(), refused.id), (Some("secret-wrong"), None));
    let release = Operation::Release { payment: uetr(1) };
    let released = node.settle(&follow_up(&node, release.clone(), &key(51))).receipts.remove(0);
    assert_eq!((released.status.as_str(), released.iso_status.as_str()), ("released", "CANC"));
    assert!(released.proof.is_some());
    let shown = view(&node, 1);
    assert_eq!(shown.status, "released");
    assert_eq!(events(&shown), ["received", "held", "released"]);
    assert_eq!(funds(&node), ("0.00 CNY".to_owned(), "1000.00 CNY".to_owned()));
    // The hold is not open any more, after a restart too.
    let node = node.restart();
    let late = follow_up(&node, release, &key(51));
    let answer = node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(&late));
    assert_eq!(answer.problem().code, "not-held");
}

#[test]
fn a_hold_whose_deadline_passed_is_expired_and_its_funds_are_free() {
    let node = started();
    node.settle(&hold(&node, 1, now().plus(1_500), None));
    // The state is restored with the deadline in it.
    let node = node.restart();
    let patience = Instant::now() + Duration::from_secs(60);
    let mut number = 10;
    let shown = loop {
        let shown = view(&node, 1);
        if shown.status != "held" || Instant::now() > patience {
            break shown;
        }
        // Each payment is a block, and a block is a time.
        node.settle(&node.signed_payment(number, 100));
        number += 1;
    };
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("expired", "RJCT"));
    assert_eq!(shown.iso_reason.as_deref(), Some("TM01"));
    assert_eq!(events(&shown), ["held", "expired"]);
    assert_eq!((shown.next_actor.clone(), shown.deadline.clone()), (None, None));
    assert_eq!(funds(&node).0, "0.00 CNY");
}
