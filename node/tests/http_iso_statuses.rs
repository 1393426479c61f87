//! Each state of a payment that a message ordered, as its pacs.002: to the same message, and to the
//! question for it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use ledger::operation::Operation;
use single::approvals::{answered, approve, list, refuse, started};
use single::{BANKS, HOST, Single, XML, key, report, uetr, verdicts};

/// An order of `wei` to pay `lee`.
fn transfer(number: u64, amount: &str) -> String {
    let agent = |bank: usize| format!("<FinInstnId><BICFI>{}</BICFI></FinInstnId>", BANKS[bank]);
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08\"><FIToFICstmrCdtTrf>\
         <GrpHdr><MsgId>M{number}</MsgId><CreDtTm>2026-01-05T10:00:00Z</CreDtTm>\
         <NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\
         <CdtTrfTxInf><PmtId><EndToEndId>E{number}</EndToEndId><UETR>{}</UETR></PmtId>\
         <IntrBkSttlmAmt Ccy=\"CNY\">{amount}</IntrBkSttlmAmt>\
         <IntrBkSttlmDt>2026-01-05</IntrBkSttlmDt><ChrgBr>SHAR</ChrgBr>\
         <Dbtr><Nm>Wei</Nm></Dbtr><DbtrAcct><Id><Othr><Id>wei</Id></Othr></Id></DbtrAcct>\
         <DbtrAgt>{}</DbtrAgt><CdtrAgt>{}</CdtrAgt><Cdtr><Nm>Lee</Nm></Cdtr>\
         <CdtrAcct><Id><Othr><Id>lee</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>\
         </FIToFICstmrCdtTrf></Document>",
        uetr(number),
        agent(HOST),
        agent(1),
    )
}

fn question(number: u64) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03\"><FIToFIPmtStsReq>\
         <GrpHdr><MsgId>ASK</MsgId><CreDtTm>2026-01-05T10:00:00Z</CreDtTm></GrpHdr>\
         <TxInf><OrgnlUETR>{}</OrgnlUETR></TxInf></FIToFIPmtStsReq></Document>",
        uetr(number)
    )
}

/// What the order and the question for it are answered with: the same.
fn status(node: &Single, number: u64, amount: &str) -> (String, String) {
    let told = |message: &str| {
        let report = report(&node.post("/v1/iso20022", XML, message.as_bytes()));
        let reasons = report.transactions[0].reasons.iter();
        let words: Vec<_> = reasons.map(|reason| reason.information.clone()).collect();
        (verdicts(&report).remove(0), words.join(" "))
    };
    let ordered = told(&transfer(number, amount));
    assert_eq!(told(&question(number)), ordered);
    ordered
}

#[test]
fn a_payment_is_told_in_each_of_its_states() {
    let node = started();
    let verdict = |number, amount| status(&node, number, amount).0;
    assert_eq!(verdict(1, "100.00"), "ACSC");
    assert_eq!(verdict(2, "2000.00"), "RJCT AM04");

    // Above 100.00 CNY it waits for two approvals.
    let (waits, words) = status(&node, 3, "200.00");
    assert_eq!(waits, "PATC NARR");
    assert!(words.starts_with("It has 0 of 2 approvals."), "{words}");
    let waiting = list(&node).remove(0);
    node.settle(&answered(&node, &waiting, &key(60), approve));
    let (waits, words) = status(&node, 3, "200.00");
    assert_eq!(waits, "PATC NARR");
    assert!(words.starts_with("It has 1 of 2 approvals."), "{words}");
    node.settle(&answered(&node, &waiting, &key(61), approve));
    assert_eq!(verdict(3, "200.00"), "ACSC");

    assert_eq!(verdict(4, "150.00"), "PATC NARR");
    let waiting = list(&node).remove(0);
    node.settle(&answered(&node, &waiting, &key(61), refuse));
    assert_eq!(verdict(4, "150.00"), "RJCT DS02");

    assert_eq!(verdict(5, "160.00"), "PATC NARR");
    let release = Operation::Release { payment: uetr(5) };
    let released = node.settle(&node.sign(&[&key(50)], node.transaction(vec![release])));
    assert_eq!(released.receipts[0].status, "released");
    assert_eq!(verdict(5, "160.00"), "CANC NARR");
    assert_eq!(node.balance(1, "lee", "CNY"), 30_000);
}

#[test]
fn a_payment_that_a_blocks_end_settles_is_told_of() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let told = || report(&node.post("/v1/iso20022", XML, question(1).as_bytes()));
    node.settle(&node.queued_by_lee(1, 100));
    assert_eq!(verdicts(&told()), ["ACSP NARR"]);
    node.settle(&node.signed_payment(2, 100));
    let settled = told();
    assert_eq!(verdicts(&settled), ["ACSC"]);
    assert_eq!(settled.transactions[0].uetr, Some(uetr(1)));
}
