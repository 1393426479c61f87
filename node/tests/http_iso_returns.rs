//! pacs.004 to a real node: payments go back with their proof, once.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::transaction::PaymentView;
use ledger::operation::{Operation, Pay};
use single::{Answered, BANKS, Single, XML, key, report, uetr, verdicts};

fn send(node: &Single, message: &str) -> Answered {
    node.post("/v1/iso20022", XML, message.as_bytes())
}

/// A return of each of these payments: its number, what goes back, and why.
fn returns(id: &str, day: &str, payments: &[(u64, &str, &str)]) -> String {
    let one = |(place, (number, amount, reason)): (usize, &(u64, &str, &str))| {
        format!(
            "<TxInf><RtrId>RTR-{place}</RtrId><OrgnlUETR>{}</OrgnlUETR>\
             <RtrdIntrBkSttlmAmt Ccy=\"CNY\">{amount}</RtrdIntrBkSttlmAmt>\
             <IntrBkSttlmDt>{day}</IntrBkSttlmDt>\
             <RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf></TxInf>",
            uetr(*number)
        )
    };
    let body: String = payments.iter().enumerate().map(one).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr>\
         <MsgId>{id}</MsgId><CreDtTm>2026-01-05T10:00:00+08:00</CreDtTm>\
         <NbOfTxs>{}</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>\
         <InstgAgt><FinInstnId><BICFI>{}</BICFI></FinInstnId></InstgAgt></GrpHdr>{body}\
         </PmtRtr></Document>",
        payments.len(),
        BANKS[3],
    )
}

const DAY: &str = "2026-01-05";

/// lee paid 100.00 CNY back to wei, whose bank's operators this node has, in payment 2.
fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 20_000));
    let Operation::Pay(pay) = node.payment(2, 10_000) else { panic!("a payment") };
    let pay = Operation::Pay(Pay { from: pay.to, to: pay.from, ..pay });
    node.settle(&node.sign(&[&key(51)], node.transaction(vec![pay])));
    node
}

fn lee(node: &Single) -> u128 {
    node.balance(1, "lee", "CNY")
}

#[test]
fn a_message_returns_payments_once() {
    let node = started();
    assert_eq!(lee(&node), 10_000);
    let payments =
        [(2, "40.00", "AC04"), (1, "1.00", "AC04"), (9, "1.00", "AC04"), (2, "70.00", "CUST")];
    let message = returns("BACK-1", DAY, &payments);
    let first = send(&node, &message);
    let told = report(&first);
    // The second was received by another bank's customer, and the third never happened.
    assert_eq!(verdicts(&told), ["ACSC", "RJCT AGNT", "RJCT AG09", "RJCT AM09"]);
    assert_eq!(told.transactions[0].uetr, Some(uetr(2)));
    assert_eq!(lee(&node), 14_000);
    let shown: PaymentView = node.get(&format!("/v1/payments/{}", uetr(2))).json();
    assert_eq!(shown.status, "partly-returned");
    assert_eq!((shown.returns[0].amount.as_str(), shown.returns[0].iso_reason.as_str()), {
        ("40.00 CNY", "AC04")
    });
    // The same message again gives back nothing more, after a restart too.
    let node = node.restart();
    assert_eq!(verdicts(&report(&send(&node, &message)))[0], "ACSC");
    assert_eq!(lee(&node), 14_000);
    // Altered under the same references it is no second return.
    let altered = message.replace("40.00", "41.00");
    assert_eq!(verdicts(&report(&send(&node, &altered)))[0], "RJCT AM05");
    // Under other references it is.
    let message = returns("BACK-2", DAY, &[(2, "60.00", "CUST")]);
    assert_eq!(verdicts(&report(&send(&node, &message))), ["ACSC"]);
    assert_eq!(lee(&node), 20_000);
}

#[test]
fn what_cannot_be_returned_is_told() {
    let node = started();
    let verdict = |message: &str| verdicts(&report(&send(&node, message)));
    assert_eq!(verdict(&returns("A", "2126-01-05", &[(2, "1.00", "AC04")])), ["RJCT DT04"]);
    assert_eq!(verdict(&returns("B", DAY, &[(2, "0", "AC04")])), ["RJCT AM01"]);
    assert_eq!(verdict(&returns("C", DAY, &[(2, "1.00", "ac04")])), ["RJCT CH16"]);
    let foreign = send(&node, &returns("D", DAY, &[(1, "1.00", "AC04")]));
    assert_eq!(foreign.problem().code, "not-offered");
    assert_eq!(lee(&node), 10_000);
}
