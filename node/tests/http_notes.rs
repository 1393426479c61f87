//! What a wallet hands over of its payments to a real node: taken if the ledger commits to it, kept
//! sealed, owed to the payee's institution.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::private::{PrivateEntryView, PrivateRequest, PrivateTaken};
use iso20022::PrivateData;
use ledger::hash::Hash;
use ledger::operation::{Operation, Pay};
use ledger::transaction::SignedTransaction;
use single::{JSON, Single, key, money, uetr};

const SALT: [u8; 32] = [7; 32];

/// A payment of wei's that commits to a note.
fn with_note(node: &Single, number: u64, text: &str) -> SignedTransaction {
    let Operation::Pay(pay) = node.payment(number, 100) else { panic!("a payment") };
    node.sign(&[&key(50)], node.transaction(vec![Operation::Pay(committed(node, pay, text))]))
}

fn committed(node: &Single, mut pay: Pay, text: &str) -> Pay {
    pay.terms.remittance = PrivateData::note(text).commitment(&node.domains, &SALT);
    pay
}

fn body(text: &str, salt: [u8; 32]) -> Vec<u8> {
    let entry = |depth, name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        PrivateEntryView { depth, name, value }
    };
    let entries = vec![entry(0, "RmtInf", ""), entry(1, "Ustrd", text)];
    let request = PrivateRequest { salt: Hash(salt).to_hex(), entries };
    serde_json::to_vec(&request).unwrap()
}

/// The status and the code of what comes of handing a note over; no code if it is taken.
fn hand_over(node: &Single, number: u64, body: &[u8]) -> (u16, String) {
    let answer = node.put(&format!("/v1/payments/{}/private", uetr(number)), JSON, body);
    if answer.status == 200 {
        let taken: PrivateTaken = answer.json();
        assert_eq!(taken.uetr, uetr(number).to_string());
        return (200, String::new());
    }
    (answer.status, answer.problem().code)
}

fn owed(node: &Single) -> String {
    let metrics = node.get("/metrics").text();
    let line = metrics.lines().find(|line| line.starts_with("feiqian_private_data_owed "));
    line.unwrap().to_owned()
}

#[test]
fn a_note_is_taken_if_the_ledger_commits_to_it() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.open(1, "ann", 52, &[money(1_000, "CNY")]);
    assert_eq!(hand_over(&node, 1, &body("lunch", SALT)), (404, "not-found".to_owned()));
    node.settle(&with_note(&node, 1, "lunch"));
    node.settle(&node.signed_payment(2, 100));
    for (number, request, status, code) in [
        (1, body("Lunch", SALT), 422, "other-private-data"),
        (1, body("lunch", [8; 32]), 422, "other-private-data"),
        // It commits to nothing.
        (2, body("lunch", SALT), 404, "not-found"),
        (1, b"{}".to_vec(), 400, "malformed"),
        (1, br#"{"salt": "07", "entries": []}"#.to_vec(), 400, "malformed"),
        (1, body(&"x".repeat(PrivateRequest::MAXIMUM_BYTES), SALT), 413, "too-large"),
    ] {
        assert_eq!(hand_over(&node, number, &request), (status, code.to_owned()), "{code}");
    }
    assert_eq!(owed(&node), "feiqian_private_data_owed 0");
    for _ in 0..2 {
        assert_eq!(hand_over(&node, 1, &body("lunch", SALT)), (200, String::new()));
        assert_eq!(owed(&node), "feiqian_private_data_owed 1");
    }
    // A customer of another institution's is that institution's to hear.
    let Operation::Pay(pay) = node.payment(3, 100) else { panic!("a payment") };
    let pay = Pay { from: node.account(1, "ann"), to: pay.from, ..pay };
    let other = Operation::Pay(committed(&node, pay, "dinner"));
    node.settle(&node.sign(&[&key(52)], node.transaction(vec![other])));
    assert_eq!(hand_over(&node, 3, &body("dinner", SALT)), (403, "not-offered".to_owned()));
}
