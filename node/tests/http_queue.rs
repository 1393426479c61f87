//! Payments that wait for funds through the API of a real node: queued, listed, moved, settled by a
//! block, proven, told of, taken back.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::account::HistoryPage;
use api::chain::InstitutionView;
use api::queue::{PositionList, QueueList};
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::ids::Height;
use ledger::operation::{Operation, Pay, Queue};
use ledger::proof::{Proof, Proven};
use ledger::receipt::settlement_id;
use ledger::transaction::SignedTransaction;
use ledger::waiting::Priority;
use node::home::now;
use single::{HOST, OCTETS, Single, key, uetr};

fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node
}

/// A queued payment of lee's, who has nothing, to wei.
fn queued(node: &Single, number: u64, amount: u128, priority: Priority) -> SignedTransaction {
    let Operation::Pay(pay) = node.payment(number, amount) else { panic!("a payment") };
    let pay = Pay { from: pay.to, to: pay.from, ..pay };
    let queue = Queue { pay, priority, deadline: now().plus(3_600_000) };
    let operation = Operation::Queue(Box::new(queue));
    node.sign(&[&key(51)], node.transaction(vec![operation]))
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn events(view: &PaymentView) -> Vec<&str> {
    view.timeline.iter().map(|step| step.event.as_str()).collect()
}

fn listed(node: &Single) -> Vec<(usize, String, String)> {
    let path = format!("/v1/accounts/{}/queue", node.address_of(1, "lee"));
    let list: QueueList = node.get(&path).json();
    list.queue.into_iter().map(|one| (one.place, one.priority, one.id)).collect()
}

fn positions(node: &Single, bic: &str) -> PositionList {
    node.get(&format!("/v1/institutions/{bic}/positions")).json()
}

#[test]
fn a_payment_waits_is_moved_and_settles_by_a_block_that_proves_it() {
    let node = started();
    let first = queued(&node, 1, 15_000, Priority::Normal);
    let bytes = codec::encode(&first);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "queued");
    let receipt = node.settle(&first).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.iso_status.as_str()), ("queued", "ACSP"));
    assert_eq!((receipt.priority.as_deref(), receipt.held), (Some("normal"), None));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("queued", "ACSP"));
    assert_eq!((shown.next_actor.as_deref(), shown.deadline), (Some("payer"), receipt.deadline));
    node.settle(&queued(&node, 2, 4_000, Priority::Normal));

    let [one, two] = [1, 2].map(|number| uetr(number).to_string());
    let normal = || "normal".to_owned();
    assert_eq!(listed(&node), [(1, normal(), one.clone()), (2, normal(), two.clone())]);
    let (payment, priority) = (uetr(2), Priority::Urgent);
    let prioritise = Operation::Prioritise { payment, priority };
    let moved = node.settle(&node.sign(&[&key(51)], node.transaction(vec![prioritise])));
    assert_eq!(moved.receipts[0].priority.as_deref(), Some("urgent"));
    assert_eq!(events(&view(&node, 2)), ["received", "queued", "prioritised"]);
    let urgent = (1, "urgent".to_owned(), two);
    assert_eq!(listed(&node), [urgent.clone(), (2, normal(), one.clone())]);
    let node = node.restart();
    assert_eq!(listed(&node), [urgent, (2, normal(), one)]);
    let banks: Vec<InstitutionView> = node.get("/v1/institutions").json();
    let bic = |place: usize| banks[place].bic.clone();
    let position = positions(&node, &bic(1)).positions.remove(0);
    assert_eq!((position.outgoing_payments, position.outgoing.as_str()), (2, "190.00 CNY"));
    assert_eq!((position.available.as_str(), position.short.as_str()), ("0.00 CNY", "190.00 CNY"));
    let position = positions(&node, &bic(HOST)).positions.remove(0);
    assert_eq!((position.incoming_payments, position.short.as_str()), (2, "0.00 CNY"));

    // Funds for the first of them only.
    let funds = node.settle(&node.signed_payment(3, 10_000)).receipts.remove(0);
    let shown = view(&node, 2);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("settled", "ACSC"));
    assert_eq!(shown.receipt.unwrap().block, funds.block);
    assert!(events(&view(&node, 2)).ends_with(&["queued", "settled"]));
    assert_eq!(listed(&node).len(), 1);
    let proof = node.get(&format!("/v1/payments/{}/proof", uetr(2)));
    let proof = Proof::decode(&proof.body).unwrap();
    let proven = proof.verify(node.domains.chain_id()).unwrap().proven;
    let Proven::Payment(proven) = proven else { panic!("a payment") };
    let name = settlement_id(&node.domains, Height(funds.block.unwrap()));
    assert_eq!((proven.uetr, proven.transaction), (Some(uetr(2)), name));
    let path = format!("/v1/accounts/{}/history", node.address_of(1, "lee"));
    let page: HistoryPage = node.get(&path).json();
    let balances: Vec<&str> = page.entries.iter().map(|entry| entry.amount.as_str()).collect();
    assert_eq!(balances, ["40.00 CNY", "100.00 CNY"], "newest first");

    // The same bytes again have the same answer.
    let again = node.settle(&first);
    assert_eq!(again.receipts[0].status, "queued");
    assert_eq!((node.balance(HOST, "wei", "CNY"), node.balance(1, "lee", "CNY")), (94_000, 6_000));
}

#[test]
fn two_that_offset_each_other_settle_in_one_block_without_funds() {
    let node = started();
    node.open(HOST, "ann", 52, &[]);
    let Operation::Pay(all) = node.payment(7, 100_000) else { panic!("a payment") };
    let all = Operation::Pay(Pay { to: node.account(HOST, "ann"), ..all });
    node.settle(&node.sign(&[&key(50)], node.transaction(vec![all])));
    node.settle(&queued(&node, 1, 9_000, Priority::High));
    let Operation::Pay(pay) = node.payment(2, 9_000) else { panic!("a payment") };
    let (priority, deadline) = (Priority::Normal, now().plus(3_600_000));
    let back = Operation::Queue(Box::new(Queue { pay, priority, deadline }));
    let receipt =
        node.settle(&node.sign(&[&key(50)], node.transaction(vec![back]))).receipts.remove(0);
    // Its own receipt says that it was queued; its block has settled both.
    assert_eq!(receipt.status, "queued");
    for number in [1, 2] {
        let shown = view(&node, number);
        assert_eq!((shown.status.as_str(), events(&shown).last()), ("settled", Some(&"settled")));
        assert_eq!(shown.receipt.unwrap().block, receipt.block);
    }
    assert_eq!((node.balance(HOST, "wei", "CNY"), node.balance(1, "lee", "CNY")), (0, 0));
}

#[test]
fn a_queued_payment_is_taken_back_and_is_not_paid() {
    let node = started();
    node.settle(&queued(&node, 1, 15_000, Priority::High));
    let release = Operation::Release { payment: uetr(1) };
    let receipt = node
        .settle(&node.sign(&[&key(51)], node.transaction(vec![release.clone()])))
        .receipts
        .remove(0);
    assert_eq!((receipt.status.as_str(), receipt.iso_status.as_str()), ("released", "CANC"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("released", "CANC"));
    assert!(shown.summary.contains("took the payment out of its queue"), "{}", shown.summary);
    node.settle(&node.signed_payment(3, 50_000));
    assert_eq!(node.balance(1, "lee", "CNY"), 50_000);
    let again = codec::encode(&node.sign(&[&key(51)], node.transaction(vec![release])));
    let answer = node.post("/v1/transactions?wait=final", OCTETS, &again);
    assert_eq!(answer.problem().code, "not-held");
}

#[test]
fn a_simulation_says_what_the_blocks_end_settles() {
    let node = started();
    node.open(1, "ann", 52, &[]);
    let (lee, ann) = (node.account(1, "lee"), node.account(1, "ann"));
    let order = |number: u64, (from, to), owner: u8| {
        let Operation::Pay(pay) = node.payment(number, 100) else { panic!("a payment") };
        let pay = Pay { from, to, ..pay };
        let queue = Queue { pay, priority: Priority::Normal, deadline: now().plus(3_600_000) };
        let operation = Operation::Queue(Box::new(queue));
        node.sign(&[&key(owner)], node.transaction(vec![operation]))
    };
    let simulate = |signed: &SignedTransaction| -> SimulationAnswer {
        node.post("/v1/transactions/simulate", OCTETS, &codec::encode(signed)).json()
    };
    let there = order(1, (lee, ann), 51);
    let simulated = simulate(&there);
    assert_eq!((simulated.receipts[0].status.as_str(), simulated.settled.len()), ("queued", 0));
    node.settle(&there);
    let back = order(2, (ann, lee), 52);
    let simulated = simulate(&back);
    assert_eq!(simulated.receipts[0].status, "queued");
    let settled: Vec<_> =
        simulated.settled.iter().map(|it| (it.id.clone(), it.status.clone())).collect();
    assert_eq!(settled, [(Some(uetr(2).to_string()), "settled".to_owned())]);
    node.settle(&back);
    assert_eq!([1, 2].map(|number| view(&node, number).status), ["settled", "settled"]);
}
