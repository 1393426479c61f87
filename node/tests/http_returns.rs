//! Returns through the API of a real node: simulated, carried out, shown, refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::account::HistoryPage;
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::corrections::{Evidence, Reason, Return};
use ledger::crypto::SecretKey;
use ledger::operation::Operation;
use ledger::proof::Proof;
use ledger::receipt::Outcome;
use ledger::transaction::SignedTransaction;
use single::{OCTETS, Single, key, money, uetr};

/// A node on which wei paid 200.00 CNY to lee, and the proof of it.
fn paid() -> (Single, Evidence) {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let receipt = node.settle(&node.signed_payment(1, 20_000)).receipts.remove(0);
    assert_eq!(receipt.status, "settled");
    let file = node.get(&format!("/v1/payments/{}/proof", uetr(1))).body;
    let proof = Proof::decode(&file).unwrap();
    let evidence = proof.evidence(node.domains.chain_id()).unwrap();
    (node, evidence)
}

fn back(node: &Single, number: u64, evidence: &Evidence, signer: &SecretKey) -> SignedTransaction {
    let operation = Operation::Return(Box::new(Return {
        uetr: uetr(number),
        evidence: evidence.clone(),
        amount: money(5_000, "CNY"),
        reason: Reason::parse("AC04").unwrap(),
    }));
    node.sign(&[signer], node.transaction(vec![operation]))
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

#[test]
fn a_payment_is_returned_in_parts_and_shows_them() {
    let (node, evidence) = paid();
    let by_lee = |number| back(&node, number, &evidence, &key(51));
    let bytes = codec::encode(&by_lee(2));
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "returned");
    assert_eq!(simulated.approvals[0].missing, 0);

    let receipt = node.settle(&by_lee(2)).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.iso_status.as_str()), ("returned", "ACSC"));
    assert_eq!(receipt.iso_reason.as_deref(), Some("AC04"));
    assert_eq!(receipt.payment, Some(uetr(1).to_string()));
    assert_eq!(receipt.returned.as_deref(), Some("50.00 CNY"));
    assert!(receipt.proof.is_some());
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("partly-returned", "ACSC"));
    assert_eq!(shown.returns[0].id, uetr(2).to_string());
    assert_eq!(shown.returns[0].amount, "50.00 CNY");
    assert_eq!((shown.returns[0].block, shown.returns[0].time.clone()), {
        (receipt.block.unwrap(), receipt.time)
    });
    for number in 3..=5 {
        node.settle(&by_lee(number));
    }
    let shown = view(&node, 1);
    let events: Vec<&str> = shown.timeline.iter().map(|step| step.event.as_str()).collect();
    let expected = ["received", "settled", "returned", "returned", "returned", "returned"];
    assert_eq!((shown.status.as_str(), events), ("returned", expected.to_vec()));
    assert!(shown.summary.contains("200.00 CNY were returned"), "{}", shown.summary);
    let own = view(&node, 2);
    assert_eq!((own.status.as_str(), own.iso_reason.as_deref()), ("returned", Some("AC04")));
    let path = format!("/v1/accounts/{}/history", node.address_of(3, "wei"));
    let history: HistoryPage = node.get(&path).json();
    assert_eq!(history.entries[0].kind, "return");
    assert_eq!(history.entries[0].counterparty, Some(node.address_of(1, "lee")));

    // Nothing is left to return, and a restart does not forget that.
    let node = node.restart();
    let late = back(&node, 6, &evidence, &key(51));
    let refused = node.settle(&late).receipts.remove(0);
    assert_eq!(refused.code.as_deref(), Some("return-mismatch"));
    assert_eq!(view(&node, 1).returns.len(), 4);
}

#[test]
fn what_proves_nothing_is_refused_by_name() {
    let (node, evidence) = paid();
    let refused = |evidence: &Evidence, signer: &SecretKey| {
        let bytes = codec::encode(&back(&node, 2, evidence, signer));
        node.post("/v1/transactions?wait=final", OCTETS, &bytes).problem().code
    };
    assert_eq!(refused(&evidence, &key(50)), "signers-missing");
    let mut inflated = evidence.clone();
    if let Outcome::Settled(settlement) = &mut inflated.receipt.outcome {
        settlement.credited = money(9_000_000, "CNY");
    }
    assert_eq!(refused(&inflated, &key(51)), "carried-proof-refused");
    let mut foreign = evidence.clone();
    foreign.header.chain_id.0.0[0] ^= 1;
    assert_eq!(refused(&foreign, &key(51)), "carried-proof-refused");
    let returned = node.settle(&back(&node, 3, &evidence, &key(51))).receipts.remove(0);
    let file = api::text::parse_base64(&returned.proof.unwrap()).unwrap();
    let of_return = Proof::decode(&file).unwrap().evidence(node.domains.chain_id()).unwrap();
    assert_eq!(refused(&of_return, &key(51)), "not-settled");
}
