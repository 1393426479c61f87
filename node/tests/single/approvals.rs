//! An account whose large payments two approvers approve, and what they sign.

use api::approval::{WaitingList, WaitingView};
use ledger::account::Policy;
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::operation::{Operation, Pay};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::transaction::SignedTransaction;
use ledger::waiting::{OrderHash, Refusal};

use super::{HOST, Single, asset, key, money, operator};

/// Two approvers approve what wei pays above 100.00 CNY.
pub(crate) fn started() -> Single {
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

pub(crate) fn list(node: &Single) -> Vec<WaitingView> {
    let path = format!("/v1/accounts/{}/approvals", node.address_of(HOST, "wei"));
    let list: WaitingList = node.get(&path).json();
    list.waiting
}

/// What an approver of a payment signs, made of the order's own bytes.
pub(crate) fn answered(
    node: &Single,
    waiting: &WaitingView,
    approver: &SecretKey,
    answer: fn(Pay, OrderHash) -> Operation,
) -> SignedTransaction {
    let bytes = api::text::parse_base64(&waiting.order).unwrap();
    let pay: Pay = codec::decode(&bytes, 1_000).unwrap();
    let transaction = Hash::from_hex(&waiting.transaction).unwrap();
    let order = OrderHash::of(&node.domains, &transaction, &pay);
    assert_eq!(order.0.to_hex(), waiting.approvals.as_ref().unwrap().order_hash);
    node.sign(&[approver], node.transaction(vec![answer(pay, order)]))
}

pub(crate) fn approve(pay: Pay, order: OrderHash) -> Operation {
    Operation::Approve { payment: pay.uetr, order }
}

pub(crate) fn refuse(pay: Pay, order: OrderHash) -> Operation {
    Operation::Refuse { payment: pay.uetr, order, reason: Refusal::Declined }
}
