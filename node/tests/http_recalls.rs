//! Recalls through the API of a real node: asked, listed, accepted in part, refused, lapsed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::time::{Duration, Instant};

use api::recall::RecallPage;
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::corrections::{Evidence, Reason, RecallAnswer, RecallRequest};
use ledger::crypto::SecretKey;
use ledger::ids::Timestamp;
use ledger::operation::Operation;
use ledger::proof::Proof;
use ledger::transaction::SignedTransaction;
use node::home::now;
use single::{OCTETS, Single, key, money, uetr};

const HOUR: u64 = 3_600_000;

/// A node on which wei paid 200.00 CNY to lee, and the proof of it.
fn paid() -> (Single, Evidence) {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 20_000));
    let file = node.get(&format!("/v1/payments/{}/proof", uetr(1))).body;
    let evidence = Proof::decode(&file).unwrap().evidence(node.domains.chain_id()).unwrap();
    (node, evidence)
}

fn ask(node: &Single, evidence: &Evidence, deadline: Timestamp) -> SignedTransaction {
    let (evidence, amount) = (evidence.clone(), money(15_000, "CNY"));
    let reason = Reason::parse("DUPL").unwrap();
    let request = RecallRequest { evidence, amount, reason, deadline };
    let operation = Operation::RequestRecall(Box::new(request));
    node.sign(&[&key(50)], node.transaction(vec![operation]))
}

fn answer(node: &Single, answer: RecallAnswer, signer: &SecretKey) -> SignedTransaction {
    let operation = Operation::AnswerRecall { payment: uetr(1), answer };
    node.sign(&[signer], node.transaction(vec![operation]))
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn listed(node: &Single, query: &str) -> Vec<String> {
    let page: RecallPage = node.get(&format!("/v1/recalls{query}")).json();
    assert_eq!(page.next_cursor, None);
    page.recalls.into_iter().map(|recall| recall.payment).collect()
}

#[test]
fn a_recall_is_listed_and_accepted_in_part() {
    let (node, evidence) = paid();
    assert!(listed(&node, "").is_empty());
    let signed = ask(&node, &evidence, now().plus(HOUR));
    let bytes = codec::encode(&signed);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "recall-requested");
    let receipt = node.settle(&signed).receipts.remove(0);
    assert_eq!((receipt.id.clone(), receipt.iso_status.as_str()), (None, "PDCR"));
    assert_eq!(receipt.payment, Some(uetr(1).to_string()));
    assert_eq!(receipt.amount.as_deref(), Some("150.00 CNY"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("recall-requested", "ACSC"));
    assert_eq!((shown.next_actor.as_deref(), &shown.deadline), (Some("payee"), &receipt.deadline));
    assert_eq!(shown.recall.unwrap().iso_reason, "DUPL");
    assert!(shown.summary.contains("asks 150.00 CNY back (DUPL)"), "{}", shown.summary);

    let all = vec![uetr(1).to_string()];
    for (query, expected) in [
        (String::new(), all.clone()),
        (format!("?account={}", node.address_of(1, "lee")), all.clone()),
        (format!("?account={}", node.address_of(3, "wei")), all.clone()),
        (format!("?account={}", node.address_of(1, "nobody")), vec![]),
        ("?institution=HSBCHKHH".to_owned(), all.clone()),
        ("?institution=EFGHUSUV".to_owned(), vec![]),
    ] {
        assert_eq!(listed(&node, &query), expected, "{query}");
    }
    assert_eq!(node.get("/v1/recalls?institution=NOBKCNBJ").problem().code, "not-found");
    assert_eq!(node.get("/v1/recalls?cursor=x").problem().code, "malformed");
    assert_eq!(node.get("/v1/recalls?limit=0").problem().code, "malformed");

    // The state is restored with the recall in it.
    let node = node.restart();
    let accept = RecallAnswer::Accept { uetr: uetr(2), amount: money(5_000, "CNY") };
    let receipt = node.settle(&answer(&node, accept, &key(51))).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.id), ("returned", Some(uetr(2).to_string())));
    assert_eq!(receipt.iso_reason.as_deref(), Some("FOCR"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.recall), ("partly-returned", None));
    assert_eq!((shown.next_actor, shown.returns.len()), (None, 1));
    assert!(listed(&node, "").is_empty());
}

#[test]
fn a_refused_recall_is_no_more() {
    let (node, evidence) = paid();
    node.settle(&ask(&node, &evidence, now().plus(HOUR)));
    let refuse = RecallAnswer::Refuse { reason: Reason::parse("NOAS").unwrap() };
    let refused = node.settle(&answer(&node, refuse, &key(51))).receipts.remove(0);
    assert_eq!((refused.status.as_str(), refused.iso_status.as_str()), ("recall-refused", "RJCR"));
    assert_eq!(refused.iso_reason.as_deref(), Some("NOAS"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.recall), ("settled", None));
    let late = answer(&node, RecallAnswer::Refuse { reason: Reason::AFTER_RECALL }, &key(51));
    let refused = node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(&late));
    assert_eq!(refused.problem().code, "no-recall");
}

#[test]
fn a_recall_that_nobody_answers_lapses() {
    let (node, evidence) = paid();
    node.settle(&ask(&node, &evidence, now().plus(1_500)));
    let patience = Instant::now() + Duration::from_secs(60);
    let mut number = 10;
    while view(&node, 1).recall.is_some() && Instant::now() < patience {
        // Each payment is a block, and a block is a time.
        node.settle(&node.signed_payment(number, 100));
        number += 1;
    }
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.recall), ("settled", None));
    assert!(listed(&node, "").is_empty());
}
