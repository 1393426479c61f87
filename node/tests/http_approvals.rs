//! Payments that wait for approvals through the API of a real node: simulated, ordered, listed,
//! approved, refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::account::AccountView;
use api::approval::{WaitingList, WaitingView};
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::account::Policy;
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::operation::{Operation, Pay};
use ledger::proof::{Proof, Proven};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::transaction::SignedTransaction;
use ledger::waiting::{OrderHash, Refusal};
use single::{HOST, OCTETS, Single, asset, key, money, operator, uetr};

/// Two approvers approve what wei pays above 100.00 CNY.
fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.charge();
    let mut approvers = vec![key(60).public(), key(61).public()];
    approvers.sort_unstable();
    let rule = StepUpRule { asset: asset("CNY"), above: money(10_000, "CNY").amount, approvals: 2 };
    let step_up = Some(StepUp { approvers, rules: vec![rule] });
    let policy = Policy { mandate: true, step_up, ..Policy::single(key(50).public()) };
    let set = Operation::SetPolicy { account: node.account(HOST, "wei"), policy };
    let signed = node.sign(&[&key(50), &operator(HOST)], node.transaction(vec![set]));
    assert_eq!(node.settle(&signed).receipts[0].status, "done");
    node
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn events(view: &PaymentView) -> Vec<&str> {
    view.timeline.iter().map(|step| step.event.as_str()).collect()
}

fn list(node: &Single) -> Vec<WaitingView> {
    let path = format!("/v1/accounts/{}/approvals", node.address_of(HOST, "wei"));
    let list: WaitingList = node.get(&path).json();
    list.waiting
}

/// What an approver of a payment signs, made of the order's own bytes.
fn answered(
    node: &Single,
    waiting: &WaitingView,
    approver: &SecretKey,
    answer: fn(Pay, OrderHash) -> Operation,
) -> SignedTransaction {
    let bytes = api::text::parse_base64(&waiting.order).unwrap();
    let pay: Pay = codec::decode(&bytes, 1_000).unwrap();
    let transaction = Hash::from_hex(&waiting.transaction).unwrap();
    let order = OrderHash::of(&node.domains, &transaction, &pay);
    assert_eq!(order.0.to_hex(), waiting.approvals.order_hash);
    node.sign(&[approver], node.transaction(vec![answer(pay, order)]))
}

fn approve(pay: Pay, order: OrderHash) -> Operation {
    Operation::Approve { payment: pay.uetr, order }
}

fn refuse(pay: Pay, order: OrderHash) -> Operation {
    Operation::Refuse { payment: pay.uetr, order, reason: Refusal::Declined }
}

#[test]
fn a_payment_waits_is_listed_and_is_paid_by_its_last_approval() {
    let node = started();
    let account: AccountView =
        node.get(&format!("/v1/accounts/{}", node.address_of(HOST, "wei"))).json();
    let rules = account.policy.step_up.unwrap();
    assert_eq!((rules.rules[0].above.as_str(), rules.rules[0].approvals), ("100.00 CNY", 2));

    let signed = node.signed_payment(1, 20_000);
    let bytes = codec::encode(&signed);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "awaiting-approval");
    let asked: Vec<_> =
        simulated.approvals.iter().map(|one| (one.asked.as_str(), one.missing)).collect();
    assert_eq!(asked, [("owners", 0), ("approvers", 2)]);

    let receipt = node.settle(&signed).receipts.remove(0);
    assert_eq!(
        (receipt.status.as_str(), receipt.iso_status.as_str()),
        ("awaiting-approval", "PATC")
    );
    assert_eq!(receipt.held.as_deref(), Some("201.50 CNY"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("awaiting-approval", "PATC"));
    assert_eq!(shown.next_actor.as_deref(), Some("approvers"));
    assert_eq!((shown.deadline.clone(), shown.waiting.is_some()), (receipt.deadline, true));
    assert_eq!(events(&shown), ["received", "awaiting-approval"]);
    let waiting = list(&node).remove(0);
    assert_eq!(Some(&waiting), shown.waiting.as_ref());
    assert_eq!((waiting.amount.as_str(), waiting.fee.as_str()), ("200.00 CNY", "1.50 CNY"));

    // A stranger's approval does not enter the ledger.
    let strange = codec::encode(&answered(&node, &waiting, &key(99), approve));
    let refused = node.post("/v1/transactions?wait=final", OCTETS, &strange);
    assert_eq!(refused.problem().code, "signers-missing");

    let first = node.settle(&answered(&node, &waiting, &key(60), approve)).receipts.remove(0);
    assert_eq!(first.status, "awaiting-approval");
    let shown = view(&node, 1);
    assert_eq!(events(&shown), ["received", "awaiting-approval", "approved"]);
    assert_eq!(shown.waiting.unwrap().approvals.given, [key(60).public().to_hex()]);

    let last = node.settle(&answered(&node, &waiting, &key(61), approve)).receipts.remove(0);
    assert_eq!((last.status.as_str(), last.id.clone()), ("settled", Some(uetr(1).to_string())));
    let proof = Proof::decode(&api::text::parse_base64(&last.proof.unwrap()).unwrap()).unwrap();
    let proven = proof.verify(node.domains.chain_id()).unwrap().proven;
    let Proven::Payment(proven) = proven else { panic!("a payment") };
    assert_eq!(proven.uetr, Some(uetr(1)));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("settled", "ACSC"));
    assert_eq!(events(&shown), ["received", "awaiting-approval", "settled"]);
    assert!(list(&node).is_empty() && shown.waiting.is_none());
    assert_eq!(node.balance(1, "lee", "CNY"), 20_000);
}

#[test]
fn a_refused_payment_is_rejected_and_its_funds_are_free() {
    let node = started();
    node.settle(&node.signed_payment(1, 20_000));
    let waiting = list(&node).remove(0);
    let receipt = node.settle(&answered(&node, &waiting, &key(61), refuse)).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.reason.as_deref()), ("refused", Some("declined")));
    // The wait outlives a restart no more than its end does.
    let node = node.restart();
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("refused", "RJCT"));
    assert_eq!(shown.iso_reason.as_deref(), Some("DS02"));
    assert_eq!((shown.next_actor, shown.waiting), (None, None));
    let late = codec::encode(&answered(&node, &waiting, &key(60), approve));
    let answer = node.post("/v1/transactions?wait=final", OCTETS, &late);
    assert_eq!(answer.problem().code, "not-held");
    let account: AccountView =
        node.get(&format!("/v1/accounts/{}", node.address_of(HOST, "wei"))).json();
    assert_eq!(account.holdings[0].available, "1000.00 CNY");
}
