//! pacs.009, pain.001 and pacs.028: what they order or ask, and each mistake's verdict.

use crate::recalls::{CAMT_029, CAMT_056};
use crate::support::{decimals, with};
use iso20022::camt029::PaymentAnswer;
use iso20022::camt056::PaymentRecall;
use iso20022::incoming::{self, Message};
use iso20022::order::{PaymentOrder, Transfer};
use iso20022::pacs004::PaymentReturn;
use iso20022::pacs008::CreditTransferMessage;
use iso20022::pacs028::StatusRequest;
use iso20022::xml::Limits;
use ledger::crypto::Suite;
use ledger::hash::{ChainId, Domains, Hash};
use ledger::operation::ChargeBearer;

const PACS_009: &str = include_str!("good/pacs.009.xml");
const COVER: &str = include_str!("good/pacs.009.cov.xml");
const PAIN_001: &str = include_str!("good/pain.001.xml");
const PACS_028: &str = include_str!("good/pacs.028.xml");
const PACS_004: &str = include_str!("good/pacs.004.xml");

/// Messages that are accepted, and their schemas.
pub(crate) const GOOD: [(&str, &str); 7] = [
    ("camt.029.001.09", CAMT_029),
    ("camt.056.001.08", CAMT_056),
    ("pacs.004.001.09", PACS_004),
    ("pacs.009.001.08", PACS_009),
    ("pacs.009.001.08", COVER),
    ("pain.001.001.09", PAIN_001),
    ("pacs.028.001.03", PACS_028),
];

pub(crate) fn domains() -> Domains {
    Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])))
}

fn transfers(text: &str) -> CreditTransferMessage {
    match incoming::read(text.as_bytes(), &Limits::default()) {
        Ok(Message::Transfers(mut message)) => {
            message.identify(&domains());
            message
        }
        other => panic!("{other:?}"),
    }
}

fn request(text: &str) -> StatusRequest {
    match incoming::read(text.as_bytes(), &Limits::default()) {
        Ok(Message::StatusRequest(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn orders(text: &str) -> Vec<PaymentOrder> {
    transfers(text).transactions.iter().map(|t| t.order(decimals).unwrap()).collect()
}

fn amount(order: &PaymentOrder) -> String {
    let Transfer::SameAsset(money) = order.transfer else { panic!("{:?}", order.transfer) };
    money.text(decimals(money.asset).unwrap())
}

fn of_order<T>(order: Result<T, Vec<iso20022::Refusal>>) -> String {
    let codes = |refusals: Vec<iso20022::Refusal>| {
        refusals.iter().map(|found| found.reason.iso()).collect::<Vec<_>>().join(" ")
    };
    order.map_or_else(codes, |_| "ok".to_owned())
}

/// The verdict on the message, or on each transaction; a question is `asks` and how many.
pub(crate) fn verdict(bytes: &[u8]) -> String {
    let mut message = match incoming::read(bytes, &Limits::default()) {
        Ok(Message::Transfers(message)) => message,
        Ok(Message::Returns(message)) => {
            let judge = |back: &PaymentReturn| {
                of_order(back.order(&domains(), &message.group.message_id, decimals))
            };
            return message.returns.iter().map(judge).collect::<Vec<_>>().join(", ");
        }
        Ok(Message::Recalls(message)) => {
            let id = &message.assignment.group.message_id;
            let judge = |recall: &PaymentRecall| of_order(recall.order(&domains(), id, decimals));
            return message.recalls.iter().map(judge).collect::<Vec<_>>().join(", ");
        }
        Ok(Message::Answers(message)) => {
            let judge =
                |answer: &PaymentAnswer| of_order(message.order(&domains(), answer, decimals));
            return message.answers.iter().map(judge).collect::<Vec<_>>().join(", ");
        }
        Ok(Message::StatusRequest(request)) => {
            return format!("asks {} {}", request.originals.len(), request.questions.len());
        }
        Err(refused) => {
            let answer = if refused.original.is_some() { "message" } else { "no answer" };
            return format!("{answer} {}", refused.fault.iso());
        }
    };
    message.identify(&domains());
    let of_transaction =
        |transfer: &iso20022::pacs008::CreditTransfer| of_order(transfer.order(decimals));
    message.transactions.iter().map(of_transaction).collect::<Vec<_>>().join(", ")
}

#[test]
fn institutions_pay_between_their_own_accounts() {
    let orders = orders(PACS_009);
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(order.uetr.to_string(), "9a0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a19");
    assert_eq!(order.debtor_institution.to_string(), "PSBCCNBJ");
    assert_eq!(order.creditor_institution.to_string(), "HSBCHKHH");
    // The account that an institution has with itself is called after it, in 8 characters.
    assert_eq!(order.debtor_account.as_str(), "PSBCCNBJ");
    assert_eq!(order.creditor_account.as_str(), "HSBCHKHH");
    assert_eq!(amount(order), "5000.00 CNY");
    assert_eq!(order.charge_bearer, ChargeBearer::Shared);
    assert_eq!(order.private.remittance_lines(), ["nostro funding"]);
}

#[test]
fn a_cover_keeps_the_transfer_that_it_covers() {
    let orders = orders(COVER);
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(order.debtor_institution.to_string(), "PSBCCNBJ");
    assert_eq!(order.debtor_account.as_str(), "DBSSSGSG");
    assert_eq!(order.creditor_institution.to_string(), "ICBKCNBJ");
    assert_eq!(order.creditor_account.as_str(), "vostro-7");
    let underlying = order.private.values("UndrlygCstmrCdtTrf/RmtInf/Ustrd");
    assert_eq!(underlying, ["invoice 7"]);
    let other = with(COVER, "invoice 7", "invoice 8");
    let other = transfers(&other).transactions[0].order(decimals).unwrap();
    let commitment = |order: &PaymentOrder, message: &str| {
        let message = iso20022::PrivateData::message_hash(&domains(), message.as_bytes());
        order.private.commitment_in(&domains(), &[5; 32], &message)
    };
    assert_ne!(commitment(order, COVER), commitment(&other, COVER));
    assert_ne!(commitment(order, COVER), commitment(order, &format!("{COVER}\n")));
    assert_eq!(commitment(order, COVER), commitment(order, COVER));
}

#[test]
fn a_customer_orders_several_payments() {
    let message = transfers(PAIN_001);
    assert_eq!(message.unknown_elements, Vec::<String>::new());
    assert_eq!(message.header.settlement_method, None);
    let orders = orders(PAIN_001);
    let [first, second] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(first.uetr.to_string(), "5e0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a11");
    assert_eq!((amount(first), amount(second)), ("1500.50 CNY".into(), "1000.00 CNY".into()));
    assert_eq!(first.charge_bearer, ChargeBearer::Debtor);
    assert_eq!(second.charge_bearer, ChargeBearer::Shared);
    assert_eq!(first.settlement_date.as_ref().unwrap().as_str(), "2026-11-21");
    assert_eq!(&first.purpose, b"SALA");
    for order in &orders {
        assert_eq!(order.debtor_account.as_str(), "622188-001");
        assert_eq!(order.debtor_institution.to_string(), "PSBCCNBJ");
        assert_eq!(order.private.debtor_name(), Some("Wei & Söhne"));
        assert_eq!(order.private.values("CdtTrfTxInf"), Vec::<&str>::new());
    }
    assert_eq!(first.private.creditor_name(), Some("Anna"));
    assert_eq!(second.private.values("PmtId/EndToEndId"), ["SALARY-2"]);
    let moment = with(PAIN_001, "<Dt>2026-11-21</Dt>", "<DtTm>2026-11-22T08:00:00+08:00</DtTm>");
    let date = transfers(&moment).transactions[0].settlement_date.clone();
    assert_eq!(date.as_deref(), Some("2026-11-22"));
}

#[test]
fn a_question_names_payments() {
    let request = request(PACS_028);
    assert_eq!(request.group.message_id, "ASK-1");
    let [by_uetr, by_reference] = request.questions.as_slice() else { panic!("{request:?}") };
    let uetr = by_uetr.payment.identification.uetr.as_deref();
    assert_eq!(uetr, Some("7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10"));
    assert_eq!(by_uetr.original.as_ref().unwrap().message_id, "MSG-1");
    assert_eq!(by_reference.original.as_ref().unwrap().message_id, "MSG-2");
    assert_eq!(by_reference.payment.identification.transaction_id.as_deref(), Some("TX-9"));
    let asker = by_uetr.payment.instructing_agent.bic.as_deref();
    assert_eq!(asker, Some("HSBCHKHH"));
}

#[test]
fn each_mistake_has_its_verdict() {
    let pacs_009 = |from, to| with(PACS_009, from, to);
    let pain = |from, to| with(PAIN_001, from, to);
    let asked = |from, to| with(PACS_028, from, to);
    let back = |from, to| with(PACS_004, from, to);
    let compensated = "<CompstnAmt Ccy=\"CNY\">1</CompstnAmt><RtrRsnInf>";
    let question = "<OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</OrgnlUETR>";
    let long = format!("<Dbtr><Nm>{}</Nm>", "x".repeat(60_000));
    let rows = [
        (PACS_009.to_owned(), "ok"),
        (COVER.to_owned(), "ok"),
        (PAIN_001.to_owned(), "ok, ok"),
        (PACS_028.to_owned(), "asks 1 2"),
        (
            pacs_009("<Dbtr><FinInstnId><BICFI>PSBCCNBJXXX</BICFI>", "<Dbtr><FinInstnId>"),
            "RC06 AC02",
        ),
        (
            pacs_009("<Cdtr><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></Cdtr>", ""),
            "CH21 RC07 AC03",
        ),
        (pacs_009("PSBCCNBJXXX", "psbc"), "RC06 AC02"),
        (pacs_009("CLRG", "COVE"), "message AG03"),
        (pacs_009("5000.00", "0"), "AM01"),
        (pacs_009("<UETR>9a0c", "<UETR>9A0C"), "CH16"),
        (pacs_009("FICdtTrf", "FIToFICstmrCdtTrf"), "no answer CH21"),
        (pacs_009("pacs.009.001.08", "pacs.009.001.07"), "no answer FF01"),
        (pain("<PmtMtd>TRF", "<PmtMtd>CHK"), "AG03, AG03"),
        (pain("<PmtMtd>TRF", "<PmtMtd>TRA"), "ok, ok"),
        (pain("<PmtMtd>TRF</PmtMtd>", ""), "AG03, AG03"),
        (pain("<PmtInfId>NOVEMBER</PmtInfId>", ""), "message CH21"),
        (pain("<CtrlSum>2500.50", "<CtrlSum>2500.51"), "message AM16"),
        (pain("<CtrlSum>2500.5<", "<CtrlSum>2500.4<"), "message AM16"),
        (pain("<BtchBookg>true</BtchBookg>\n      <NbOfTxs>2", "<NbOfTxs>3"), "message AM19"),
        (pain("<InstdAmt Ccy=\"CNY\">1000</InstdAmt>", ""), "message AM16"),
        (
            pain("<CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></CdtrAgt>", ""),
            "ok, RC07",
        ),
        (
            pain("<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI>", "<DbtrAgt><FinInstnId>"),
            "RC06, RC06",
        ),
        (pain("<ChrgBr>SHAR</ChrgBr>", "<ChrgBr>SLEV</ChrgBr>"), "ok, BE19"),
        (pain("<ChrgBr>DEBT</ChrgBr>", ""), "ok, ok"),
        (pain("<EndToEndId>SALARY-2</EndToEndId>", ""), "ok, FF08"),
        (pain("<Cdtr><Nm>Lee</Nm></Cdtr>", "<ChqInstr/>"), "ok, AG03 CH21"),
        (pain("<UETR>5e0c2b9e", "<UETR>x"), "CH16, ok"),
        (pain("<Dbtr><Nm>Wei &amp; Söhne</Nm>", &long), "ok, ok"),
        (PACS_004.to_owned(), "ok"),
        (back("<RtrId>RTR-1</RtrId>", ""), "ok"),
        (back("<OrgnlUETR>7f0c", "<OrgnlUETR>7F0C"), "CH16"),
        (back("<OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</OrgnlUETR>", ""), "CH21"),
        (back("40.00", "0"), "AM01"),
        (back("40.00", "40.001"), "CH20"),
        (back("<Cd>AC04</Cd>", "<Cd>ac04</Cd>"), "CH16"),
        (back("<Rsn><Cd>AC04</Cd></Rsn>", ""), "CH21"),
        (back("<RtrRsnInf>", compensated), "AG03"),
        (back("<NbOfTxs>1", "<NbOfTxs>2"), "message AM19"),
        (back("<SttlmMtd>CLRG", "<SttlmMtd>COVE"), "message AG03"),
        (asked(question, ""), "asks 1 2"),
        (asked("<OrgnlMsgId>MSG-1</OrgnlMsgId>", ""), "message CH21"),
        (asked("<OrgnlMsgNmId>pacs.009.001.08</OrgnlMsgNmId>", ""), "message CH21"),
        (asked(question, &format!("{question}{question}")), "message CH17"),
        (asked("<MsgId>ASK-1</MsgId>", ""), "no answer CH21"),
    ];
    for (text, expected) in rows {
        assert_eq!(
            verdict(text.as_bytes()),
            expected,
            "{}",
            text.chars().take(3000).collect::<String>()
        );
    }
}

#[test]
fn what_holds_for_many_payments_is_not_kept_without_bound() {
    let start = PAIN_001.find("      <CdtTrfTxInf>\n        <PmtId><EndToEndId>").unwrap();
    let end = PAIN_001.rfind("    </PmtInf>").unwrap();
    let payment = &PAIN_001[start..end];
    let text = format!("{}{}{}", &PAIN_001[..start], payment.repeat(1000), &PAIN_001[end..]);
    let text = text.replace("<NbOfTxs>2<", "<NbOfTxs>1001<");
    let text = with(&text, "<CtrlSum>2500.50", "<CtrlSum>1001500.5");
    let text = with(&text, "<CtrlSum>2500.5<", "<CtrlSum>1001500.50<");
    assert_eq!(transfers(&text).transactions.len(), 1001);
    let long = format!("<Dbtr><Nm>{}</Nm>", "x".repeat(60_000));
    let text = with(&text, "<Dbtr><Nm>Wei &amp; Söhne</Nm>", &long);
    assert_eq!(verdict(text.as_bytes()), "message AM19");
}
