//! A folder of ISO 20022 messages to a devnet by the wallet: answered beside each message, paid
//! once, and checked offline.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::fs;
use std::path::Path;

use support::{Field, PATIENCE};
use tests::devnet::{Balances, Ran, run};
use tests::xtask::project;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";
const UETR: &str = "5a7c1f0e-3b52-4d1b-9a44-0c7d2b6e8f10";

fn iso(field: &Field, words: &[&str]) -> Ran {
    let mut command = field.devnet.wallet(["iso"]);
    run(command.args(words), PATIENCE).unwrap()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// `wei` orders two payments, of which one goes to nobody.
fn salaries() -> String {
    let payment = |name: &str| {
        format!(
            "<CdtTrfTxInf><PmtId><EndToEndId>SALARY-{name}</EndToEndId></PmtId>\
             <Amt><InstdAmt Ccy=\"CNY\">25.00</InstdAmt></Amt>\
             <CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></CdtrAgt><Cdtr/>\
             <CdtrAcct><Id><Othr><Id>{name}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"
        )
    };
    format!(
        "<Document xmlns=\"{NAMESPACE}pain.001.001.09\"><CstmrCdtTrfInitn><GrpHdr>\
         <MsgId>SALARIES</MsgId><CreDtTm>2026-01-05T10:00:00Z</CreDtTm><NbOfTxs>2</NbOfTxs>\
         <InitgPty/></GrpHdr><PmtInf><PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd>\
         <ReqdExctnDt><Dt>2026-01-05</Dt></ReqdExctnDt><Dbtr/>\
         <DbtrAcct><Id><Othr><Id>wei</Id></Othr></Id></DbtrAcct>\
         <DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></DbtrAgt>{}{}\
         </PmtInf></CstmrCdtTrfInitn></Document>",
        payment("lee"),
        payment("nobody"),
    )
}

fn question() -> String {
    format!(
        "<Document xmlns=\"{NAMESPACE}pacs.028.001.03\"><FIToFIPmtStsReq>\
         <GrpHdr><MsgId>ASK</MsgId><CreDtTm>2026-01-05T10:00:00Z</CreDtTm></GrpHdr>\
         <TxInf><OrgnlUETR>{UETR}</OrgnlUETR></TxInf></FIToFIPmtStsReq></Document>"
    )
}

/// The counts of each message: its file, and how many are settled, rejected and open.
fn counts(document: &serde_json::Value) -> Vec<(String, [u64; 3])> {
    let of = |message: &serde_json::Value| {
        let name = Path::new(message["message"].as_str().unwrap()).file_name().unwrap();
        let count = |what: &str| message[what].as_u64().unwrap();
        let name = name.to_str().unwrap().to_owned();
        (name, ["settled", "rejected", "open"].map(count))
    };
    document["messages"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_folder_of_messages_is_paid_once_and_each_is_answered() {
    let field = Field::new();
    let folder = field.work.path().join("messages");
    fs::create_dir(&folder).unwrap();
    let transfer = fs::read_to_string(project::root().join("docs/operating/pacs.008.xml")).unwrap();
    let foreign =
        format!("<Document xmlns=\"{NAMESPACE}camt.052.001.08\"><BkToCstmrAcctRpt/></Document>");
    for (name, text) in [
        ("1-transfer.xml", &transfer),
        ("2-salaries.xml", &salaries()),
        ("3-report.xml", &foreign),
        ("4-question.xml", &question()),
        ("notes.txt", &"no message".to_owned()),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let path = folder.to_str().unwrap();
    let first = iso(&field, &["submit", path, "--output", "json"]);
    assert_eq!(first.code, Some(3), "{first:?}");
    let document = json(&first.stdout);
    let expected = [
        ("1-transfer.xml", [1, 0, 0]),
        ("2-salaries.xml", [1, 1, 0]),
        ("3-report.xml", [0, 0, 0]),
        ("4-question.xml", [1, 0, 0]),
    ];
    let expected = expected.map(|(name, counts)| (name.to_owned(), counts));
    assert_eq!(counts(&document), expected, "{document}");
    let refused = json(&fs::read_to_string(folder.join("3-report.answer.json")).unwrap());
    assert_eq!(refused["code"], "message-not-accepted", "{refused}");
    let paid = Balances::read(&field.client, field.api(), &field.purse).unwrap();
    let answer = fs::read(folder.join("2-salaries.answer.xml")).unwrap();

    let again = iso(&field, &["submit", path, "--output", "json"]);
    assert_eq!((again.code, json(&again.stdout)), (first.code, document));
    assert_eq!(fs::read(folder.join("2-salaries.answer.xml")).unwrap(), answer);
    assert_eq!(Balances::read(&field.client, field.api(), &field.purse).unwrap(), paid);

    let several = iso(&field, &["submit", path, "-o", "answer.xml"]);
    assert_eq!(several.code, Some(2), "{several:?}");
    check(&field, &folder);
}

/// The transfer's message, answer and proof belong together, and nothing else to them.
fn check(field: &Field, folder: &Path) {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let proof = file("payment.proof");
    field.wallet_json(&["proof", "get", UETR, "-o", &proof]);
    let words = |message: &str, answer: &str| {
        let (message, answer) = (file(message), file(answer));
        iso(field, &["check", &message, "--answer", &answer, "--proof", &proof])
    };
    let valid = words("1-transfer.xml", "1-transfer.answer.xml");
    assert_eq!(valid.code, Some(0), "{valid:?}");
    assert!(valid.stdout.contains(UETR), "{valid:?}");
    let text = fs::read_to_string(file("1-transfer.xml")).unwrap();
    fs::write(file("altered.xml"), format!("{text}\n")).unwrap();
    for (message, answer) in [
        ("altered.xml", "1-transfer.answer.xml"),
        ("2-salaries.xml", "1-transfer.answer.xml"),
        ("1-transfer.xml", "2-salaries.answer.xml"),
        ("4-question.xml", "4-question.answer.xml"),
    ] {
        let refused = words(message, answer);
        assert_eq!(refused.code, Some(3), "{refused:?}");
    }
}
