//! camt.056, camt.029 and the pacs.004 of a settled return: what they order, each mistake's
//! verdict, and that what is written is valid.

use iso20022::camt029::{
    self, AnswerMessage, CancellationReason, CancellationState, CancellationStatus, Decision,
    GivenBack, Resolution,
};
use iso20022::camt056::RecallMessage;
use iso20022::incoming::{self, Message};
use iso20022::pacs002::ReplyEnvelope;
use iso20022::pacs004::{self, SettledReturn};
use iso20022::pacs008::{Identification, OriginalGroup};
use iso20022::report::ReportFault;
use iso20022::time::DateTime;
use iso20022::xml::Limits;
use ledger::corrections::Reason;
use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Amount, Decimals, Money};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::answers::NOW;
use crate::others::{domains, verdict};
use crate::schemas::{part, schemas, validate};
use crate::support::{UETR, decimals, with};

pub(crate) const CAMT_056: &str = include_str!("good/camt.056.xml");
pub(crate) const CAMT_029: &str = include_str!("good/camt.029.xml");

const RETURN: &str = "6a0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a77";

fn recalls(text: &str) -> RecallMessage {
    match incoming::read(text.as_bytes(), &Limits::default()) {
        Ok(Message::Recalls(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn answers(text: &str) -> AnswerMessage {
    match incoming::read(text.as_bytes(), &Limits::default()) {
        Ok(Message::Answers(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn decision(text: &str, place: usize) -> Decision {
    let message = answers(text);
    message.order(&domains(), &message.answers[place], decimals).unwrap().decision
}

fn money(amount: u128) -> Money {
    Money::new(Amount(amount), AssetCode::parse("CNY").unwrap())
}

#[test]
fn a_request_names_the_payment_the_reason_and_the_case() {
    let message = recalls(CAMT_056);
    assert_eq!(message.assignment.group.message_id, "ASK-1");
    assert_eq!(message.case.as_deref(), Some("CASE-1"));
    let order = |message: &RecallMessage, id: &str| {
        message.recalls[0].order(&domains(), id, decimals).unwrap()
    };
    let asked = order(&message, "ASK-1");
    assert_eq!(asked.payment.to_string(), UETR);
    assert_eq!((asked.amount, asked.reason.to_string()), (Some(money(4_000)), "DUPL".to_owned()));
    // The same message is remembered by the same key, and each other one by another.
    assert_eq!(order(&message, "ASK-1").key, asked.key);
    assert_ne!(order(&message, "ASK-2").key, asked.key);
    let other = recalls(&with(CAMT_056, "CXL-1", "CXL-2"));
    assert_ne!(order(&other, "ASK-1").key, asked.key);
    let reason = "<OrgnlGrpInfAndCxl><OrgnlMsgId>M</OrgnlMsgId>\
                  <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>\
                  <CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn></CxlRsnInf></OrgnlGrpInfAndCxl><TxInf>";
    let common = with(CAMT_056, "<CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf>", "");
    let common = recalls(&with(&common, "<TxInf>", reason));
    assert_eq!(order(&common, "ASK-1").reason.to_string(), "FRAD");
}

#[test]
fn an_answer_accepts_whole_or_in_part_or_refuses() {
    let uetr = Uetr::parse(RETURN).unwrap();
    let amount = Some(money(2_500));
    assert_eq!(decision(CAMT_029, 0), Decision::Accept { uetr, amount });
    let reason = Reason::parse("CUST").unwrap();
    assert_eq!(decision(CAMT_029, 1), Decision::Refuse { reason });
    let whole = with(CAMT_029, "<IntrBkSttlmAmt Ccy=\"CNY\">25.00</IntrBkSttlmAmt>", "");
    assert_eq!(decision(&whole, 0), Decision::Accept { uetr, amount: None });
    // Without a UETR for the return it follows from the references.
    let derived = |text: &str| match decision(text, 0) {
        Decision::Accept { uetr, .. } => uetr,
        other @ Decision::Refuse { .. } => panic!("{other:?}"),
    };
    let unnamed = with(CAMT_029, &format!("<UETR>{RETURN}</UETR>"), "");
    assert_eq!(derived(&unnamed), derived(&unnamed));
    assert_ne!(derived(&unnamed), derived(&with(&unnamed, "STS-1", "STS-9")));
    // What the message says of all holds where an answer says nothing.
    let status = "<TxCxlSts>ACCR</TxCxlSts>";
    assert_eq!(decision(&with(CAMT_029, status, ""), 0), Decision::Accept { uetr, amount });
    let all = with(&with(CAMT_029, "PECR", "CNCL"), status, "");
    assert_eq!(decision(&all, 0), Decision::Accept { uetr, amount });
}

#[test]
fn each_mistake_has_its_verdict() {
    let ask = |from, to| with(CAMT_056, from, to);
    let say = |from, to| with(CAMT_029, from, to);
    let original = format!("<OrgnlUETR>{UETR}</OrgnlUETR>");
    let request = &CAMT_056[CAMT_056.find("<TxInf>").unwrap()..CAMT_056.find("</Undr").unwrap()];
    let whole = "<Undrlyg><OrgnlGrpInfAndCxl><OrgnlMsgId>M</OrgnlMsgId>\
                 <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId><GrpCxl>true</GrpCxl>\
                 </OrgnlGrpInfAndCxl></Undrlyg><Undrlyg>";
    let unconfirmed = with(CAMT_029, "<TxCxlSts>ACCR</TxCxlSts>", "");
    let amount = "<IntrBkSttlmAmt Ccy=\"CNY\">25.00</IntrBkSttlmAmt>";
    let compensated = "<Compstn><Amt Ccy=\"CNY\">1</Amt></Compstn></RsltnRltdInf>";
    let rows = [
        (CAMT_056.to_owned(), "ok"),
        (ask("<Id>ASK-1</Id>", ""), "no answer CH21"),
        (ask("<CreDtTm>2026-11-21T12:00:00+08:00</CreDtTm>", ""), "message CH21"),
        (ask("2026-11-21T12:00:00+08:00", "yesterday"), "message CH16"),
        (ask(request, ""), "message CH21"),
        (ask("<Undrlyg>", whole), "message CH16"),
        (ask("<Undrlyg>", &format!("<Undrlyg>{request}")), "message AM05"),
        (ask("<NbOfTxs>1", "<NbOfTxs>2"), "message AM19"),
        (ask("<CtrlSum>40.00", "<CtrlSum>41.00"), "message AM16"),
        (ask("<CtrlData><NbOfTxs>1</NbOfTxs><CtrlSum>40.00</CtrlSum></CtrlData>", ""), "ok"),
        (ask(&original, ""), "CH21"),
        (ask("<OrgnlUETR>7f0c", "<OrgnlUETR>7F0C"), "CH16"),
        (ask(">40.00</OrgnlIntrBkSttlmAmt>", ">0</OrgnlIntrBkSttlmAmt>"), "message AM16"),
        (ask("<Cd>DUPL</Cd>", "<Prtry>DUPL</Prtry>"), "CH21"),
        (ask("<Cd>DUPL</Cd>", "<Cd>dupl</Cd>"), "CH16"),
        (ask("<CxlRsnInf>", "<CxlRsnInf/><CxlRsnInf>"), "CH17 CH21"),
        (CAMT_029.to_owned(), "ok, ok"),
        (say("<Id>ANSWER-1</Id>", ""), "no answer CH21"),
        (say("TxInfAndSts>", "Other>"), "message CH21"),
        (say(&original, ""), "CH21, ok"),
        (say("5e0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a11", UETR), "message AM05"),
        (say("<TxCxlSts>ACCR", "<TxCxlSts>PDCR"), "AG03, ok"),
        (say("<TxCxlSts>ACCR", "<TxCxlSts>ACSC"), "AG03, ok"),
        (with(&unconfirmed, "PECR", "IPAY"), "AG03, ok"),
        (with(&unconfirmed, "<Sts><Conf>PECR</Conf></Sts>", ""), "CH21, ok"),
        (with(&unconfirmed, amount, ""), "CH21, ok"),
        (say("25.00", "0"), "AM01, ok"),
        (say("25.00", "25.001"), "CH20, ok"),
        (say("<UETR>6a0c", "<UETR>x"), "CH16, ok"),
        (say("</RsltnRltdInf>", compensated), "AG03, ok"),
        (say("<Rsn><Cd>CUST</Cd></Rsn>", ""), "ok, CH21"),
        (say("<Cd>CUST</Cd>", "<Cd>no</Cd>"), "ok, CH16"),
    ];
    for (text, expected) in rows {
        assert_eq!(verdict(text.as_bytes()), expected, "{text}");
    }
}

fn status(state: Option<CancellationState>) -> CancellationStatus {
    CancellationStatus {
        case: None,
        identification: Identification { uetr: Some(UETR.to_owned()), ..Identification::default() },
        state,
        reasons: Vec::new(),
        given_back: None,
    }
}

fn resolution(statuses: Vec<CancellationStatus>) -> Resolution {
    Resolution {
        message_id: "R-1".to_owned(),
        created: DateTime::of(NOW),
        assigner: Bic::parse("HSBCHKHH").ok(),
        assignee: Bic::parse("PSBCCNBJ").ok(),
        case: Some("CASE-1".to_owned()),
        original: None,
        statuses,
    }
}

#[test]
fn what_holds_of_all_follows_from_each() {
    let pending = status(Some(CancellationState::Pending));
    let refused = status(Some(CancellationState::Refused));
    let given = |is_whole| CancellationStatus {
        given_back: Some(GivenBack {
            uetr: Uetr::parse(RETURN).unwrap(),
            amount: money(2_500),
            decimals: Decimals(2),
            is_whole,
        }),
        ..status(Some(CancellationState::Accepted))
    };
    let rows = [
        (vec![pending.clone()], "PDCR"),
        (vec![status(None)], "PDCR"),
        (vec![refused.clone(), pending], "PDCR"),
        (vec![refused.clone()], "RJCR"),
        (vec![given(true)], "CNCL"),
        (vec![given(false)], "PECR"),
        (vec![given(true), refused], "PECR"),
    ];
    for (statuses, expected) in rows {
        assert_eq!(resolution(statuses).confirmation(), expected);
    }
}

#[test]
fn an_answer_that_is_written_is_read_as_it_was_meant() {
    let refused = CancellationStatus {
        case: Some("CASE-2".to_owned()),
        reasons: vec![CancellationReason::of_cancellation("LEGL", "A court said so.")],
        ..status(Some(CancellationState::Refused))
    };
    let text = camt029::write(&resolution(vec![refused]), None);
    let message = answers(&text);
    let answer = &message.answers[0];
    assert_eq!(message.confirmation.as_deref(), Some("RJCR"));
    assert_eq!(answer.payment.identification.uetr.as_deref(), Some(UETR));
    assert_eq!((answer.status.as_deref(), answer.reason.as_deref()), (Some("RJCR"), Some("LEGL")));
    assert_eq!(answer.information, "A court said so.");
    let own = CancellationReason::of_status("CH21", "OrgnlUETR: is missing.");
    let text = camt029::write(
        &resolution(vec![CancellationStatus {
            reasons: vec![own],
            ..status(Some(CancellationState::Refused))
        }]),
        None,
    );
    let answer = answers(&text).answers.remove(0);
    assert_eq!((answer.reason, answer.own_reason.as_deref()), (None, Some("CH21")));
}

fn any_status() -> impl Strategy<Value = CancellationStatus> {
    let text = || proptest::option::of(any::<String>());
    let states = [
        None,
        Some(CancellationState::Accepted),
        Some(CancellationState::Refused),
        Some(CancellationState::Pending),
    ];
    let reasons = proptest::collection::vec(("[A-Za-z0-9]{0,6}", any::<String>()), 0..3);
    let back = proptest::option::of((any::<u128>(), 0_u8..10, "[A-Z0-9]{3,8}"));
    (text(), (text(), text(), text()), proptest::sample::select(states.to_vec()), reasons, back)
        .prop_map(|(case, ids, state, reasons, back)| CancellationStatus {
            case,
            identification: Identification {
                instruction_id: ids.0,
                end_to_end_id: ids.1.clone(),
                transaction_id: ids.1,
                uetr: ids.2.clone(),
                clearing_reference: ids.2,
            },
            state,
            reasons: reasons
                .into_iter()
                .map(|(code, text)| match code.len() {
                    0..=2 => CancellationReason::of_cancellation(&code, text),
                    _ => CancellationReason::of_status(&code, text),
                })
                .collect(),
            given_back: back.map(|(amount, decimals, asset)| GivenBack {
                uetr: Uetr::from_entropy([7; 16]),
                amount: Money::new(Amount(amount), AssetCode::parse(&asset).unwrap()),
                decimals: Decimals(decimals),
                is_whole: true,
            }),
        })
}

#[test]
fn any_answer_that_is_written_is_valid() {
    let Some(folder) = schemas() else { return };
    let message = (
        (any::<String>(), any::<bool>(), proptest::option::of(any::<String>())),
        proptest::collection::vec(any_status(), 1..4),
    )
        .prop_map(|((id, is_named, text), statuses)| Resolution {
            message_id: id.clone(),
            assigner: is_named.then(|| Bic::parse("HSBCHKHH").unwrap()),
            original: is_named.then(|| OriginalGroup {
                message_id: id,
                definition: "camt.056.001.08".to_owned(),
                created: Some(DateTime::of(NOW)),
                number_of_transactions: None,
            }),
            case: text,
            ..resolution(statuses)
        });
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) };
    let run = TestRunner::new(config).run(&message, |message| {
        let envelope = ReplyEnvelope {
            from: message.assigner,
            to: message.assignee,
            business_service: message.case.clone(),
        };
        let text = camt029::write(&message, Some(&envelope));
        validate(&folder.join("camt.029.001.09.xsd"), part(&text, "Document"));
        validate(&folder.join("head.001.001.02.xsd"), part(&text, "AppHdr"));
        Ok(())
    });
    run.unwrap();
}

fn settled_return(amount: u128, asset: &str) -> SettledReturn {
    SettledReturn {
        message_id: "41-0".to_owned(),
        settled: NOW,
        uetr: Uetr::parse(RETURN).unwrap(),
        payment: Uetr::parse(UETR).unwrap(),
        amount: Money::new(Amount(amount), AssetCode::parse(asset).unwrap()),
        decimals: Decimals(2),
        reason: Reason::AFTER_RECALL,
        clearing_reference: "41-ababababababab".to_owned(),
        payee_institution: Bic::parse("HSBCHKHH").unwrap(),
        payer_institution: Bic::parse("PSBCCNBJ").unwrap(),
    }
}

#[test]
fn a_settled_return_is_told_as_it_was() {
    let text = pacs004::write(&settled_return(2_500, "CNY")).unwrap();
    if let Some(folder) = schemas() {
        validate(&folder.join("pacs.004.001.09.xsd"), &text);
    }
    let read = incoming::read(text.as_bytes(), &Limits::default());
    let Ok(Message::Returns(message)) = read else { panic!("{read:?}") };
    let back = message.returns[0].order(&domains(), "41-0", decimals).unwrap();
    assert_eq!((back.payment.to_string().as_str(), back.amount), (UETR, money(2_500)));
    assert_eq!(back.reason, Reason::AFTER_RECALL);
    assert_eq!(back.settlement_date.unwrap().as_str(), DateTime::of(NOW).day());
    assert_eq!(message.returns[0].return_id.as_deref(), Some(&*RETURN.replace('-', "")));
    let points = AssetCode::parse("POINTS").unwrap();
    let fault = pacs004::write(&settled_return(2_500, "POINTS"));
    assert_eq!(fault, Err(ReportFault::NotACurrency(points)));
    let cny = AssetCode::parse("CNY").unwrap();
    let fault = pacs004::write(&settled_return(u128::MAX, "CNY"));
    assert_eq!(fault, Err(ReportFault::TooLarge(cny)));
}
