//! Status reports: what is answered to which message, and that it reads back.

use crate::samples::samples;
use crate::support::{TRANSACTION, UETR, decimals, document, read, single, with};
use iso20022::pacs002::{
    self, Charge, Code, DEFINITION, Opening, ReplyEnvelope, StatusReason, StatusReport,
    TransactionStatus,
};
use iso20022::pacs008::OriginalGroup;
use iso20022::xml::Limits;
use ledger::hash::Hash;
use ledger::ids::{Bic, Timestamp};
use ledger::money::Money;

pub(crate) const NOW: Timestamp = Timestamp(1_767_261_600_123);

fn round_trip(report: &StatusReport, envelope: Option<&ReplyEnvelope>) -> String {
    let text = pacs002::write(report, envelope);
    let read = pacs002::read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(&read, report, "{text}");
    text
}

fn fee() -> Charge {
    let money = Money::parse("1.50 CNY", decimals).unwrap();
    Charge {
        money,
        decimals: decimals(money.asset).unwrap(),
        agent: Bic::parse("PSBCCNBJ").unwrap(),
    }
}

#[test]
fn a_settled_payment_is_answered() {
    let message = read(&single()).unwrap();
    let transfer = &message.transactions[0];
    let mut status = TransactionStatus::settled(transfer, NOW, NOW.plus(40), vec![fee()]);
    status.clearing_reference = Some("block 5, operation 0".to_owned());
    let report =
        StatusReport::answer(&message.header.group, "ANSWER-1".into(), NOW.plus(41), vec![status]);
    let text = round_trip(&report, None);
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10">
  <FIToFIPmtStsRpt>
    <GrpHdr>
      <MsgId>ANSWER-1</MsgId>
      <CreDtTm>2026-01-01T10:00:00.164Z</CreDtTm>
    </GrpHdr>
    <OrgnlGrpInfAndSts>
      <OrgnlMsgId>MSG-1</OrgnlMsgId>
      <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>
      <OrgnlCreDtTm>2026-11-21T10:00:00+08:00</OrgnlCreDtTm>
      <OrgnlNbOfTxs>1</OrgnlNbOfTxs>
      <GrpSts>ACSC</GrpSts>
    </OrgnlGrpInfAndSts>
    <TxInfAndSts>
      <OrgnlInstrId>INSTR-1</OrgnlInstrId>
      <OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>
      <OrgnlTxId>TX-1</OrgnlTxId>
      <OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</OrgnlUETR>
      <TxSts>ACSC</TxSts>
      <ChrgsInf>
        <Amt Ccy="CNY">1.50</Amt>
        <Agt>
          <FinInstnId>
            <BICFI>PSBCCNBJ</BICFI>
          </FinInstnId>
        </Agt>
      </ChrgsInf>
      <AccptncDtTm>2026-01-01T10:00:00.123Z</AccptncDtTm>
      <FctvIntrBkSttlmDt>
        <DtTm>2026-01-01T10:00:00.163Z</DtTm>
      </FctvIntrBkSttlmDt>
      <ClrSysRef>block 5, operation 0</ClrSysRef>
      <InstgAgt>
        <FinInstnId>
          <BICFI>HSBCHKHH</BICFI>
        </FinInstnId>
      </InstgAgt>
      <InstdAgt>
        <FinInstnId>
          <BICFI>PSBCCNBJ</BICFI>
        </FinInstnId>
      </InstdAgt>
    </TxInfAndSts>
  </FIToFIPmtStsRpt>
</Document>
"#;
    assert_eq!(text, expected);
}

#[test]
fn refusals_are_answered_with_all_their_codes_beside_what_settled() {
    let bad = with(&with(TRANSACTION, UETR, "x"), ">DEBT<", ">SLEV<");
    let message = read(&document("pacs.008.001.10", &[bad, TRANSACTION.to_owned()])).unwrap();
    let [first, second] = message.transactions.as_slice() else { panic!() };
    let refusals = first.order(decimals).unwrap_err();
    let statuses = vec![
        TransactionStatus::refused(first, &refusals),
        TransactionStatus::settled(second, NOW, NOW, Vec::new()),
    ];
    let report = StatusReport::answer(&message.header.group, "A".into(), NOW, statuses);
    assert_eq!(report.group_status, Some(Code::PARTIAL));
    let envelope = ReplyEnvelope {
        from: Some(Bic::parse("HSBCHKHH").unwrap()),
        to: None,
        business_service: Some("swift.cbprplus.03".into()),
    };
    let text = round_trip(&report, Some(&envelope));
    for part in [
        "<Cd>CH16</Cd>",
        "<Cd>BE19</Cd>",
        "<AddtlInf>ChrgBr: is SLEV. Use DEBT, SHAR or CRED</AddtlInf>",
        "<DtldSts>RJCT</DtldSts>",
        "<MsgDefIdr>pacs.002.001.10</MsgDefIdr>",
        "<BizSvc>swift.cbprplus.03</BizSvc>",
        "<OrgId/>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_payment_of_which_nothing_is_known_has_no_status() {
    let message = read(&single()).unwrap();
    let transfer = &message.transactions[0];
    let unknown = TransactionStatus {
        original: Some(OriginalGroup {
            number_of_transactions: None,
            ..message.header.group.clone()
        }),
        reasons: vec![StatusReason::new("AG09", "Nobody knows it.")],
        ..TransactionStatus::unknown(transfer)
    };
    let opening = Opening { salt: [7; 32], message: Hash([8; 32]) };
    let known = TransactionStatus {
        opening: Some(opening),
        ..TransactionStatus::settled(transfer, NOW, NOW, Vec::new())
    };
    let report = StatusReport::of_payments("A".into(), NOW, vec![unknown, known]);
    let text = round_trip(&report, None);
    assert_eq!(text.matches("<TxSts>").count(), 1);
    assert_eq!(text.matches("<OrgnlMsgId>MSG-1</OrgnlMsgId>").count(), 1);
    assert!(!text.contains("OrgnlGrpInfAndSts"));
    assert!(text.contains("<Opening xmlns=\"urn:feiqian:opening:v1\">"));
}

#[test]
fn a_message_that_is_refused_as_a_whole_is_answered() {
    let refused = read(&with(&single(), "<NbOfTxs>1", "<NbOfTxs>2")).unwrap_err();
    let report = StatusReport::refusal(&refused, "A".into(), NOW).unwrap();
    assert_eq!(report.group_status, Some(Code::REJECTED));
    assert!(round_trip(&report, None).contains("<Cd>AM19</Cd>"));
    assert_eq!(StatusReport::refusal(&read("<a/>").unwrap_err(), "A".into(), NOW), None);
}

#[test]
fn texts_are_cut_to_the_schema() {
    let message = read(&single()).unwrap();
    let words = "Überweisung & <mehr>\n".repeat(80);
    let mut status = TransactionStatus::rejected(&message.transactions[0], "AM04", words);
    status.reasons.push(StatusReason::new("AC01", "w".repeat(300)));
    status.instruction_id = Some("i".repeat(40));
    status.end_to_end_id = Some("\u{1}\u{fffe}".into());
    status.transaction_id = Some(" ".into());
    let report = StatusReport::answer(&message.header.group, String::new(), NOW, vec![status]);
    let text = pacs002::write(&report, None);
    let read = pacs002::read(text.as_bytes(), &Limits::default()).unwrap();
    let status = &read.transactions[0];
    assert_eq!(read.message_id, "NOTPROVIDED");
    assert_eq!(status.instruction_id.as_deref(), Some("i".repeat(35).as_str()));
    assert_eq!(status.end_to_end_id.as_deref(), Some("?"));
    assert_eq!(status.transaction_id.as_deref(), Some("NOTPROVIDED"));
    assert!(status.reasons[0].information.starts_with("Überweisung & <mehr> Überweisung"));
    assert_eq!(status.reasons[1].information, "w".repeat(105));
    assert_eq!(text.matches("<AddtlInf>").count(), 11);
}

#[test]
fn sample_reports_are_read() {
    let samples = samples();
    for (name, status, reasons) in [
        ("cbpr/pacs.002.min.xml", "EXTx", 0),
        ("cbpr/pacs.002.max.xml", "EXTx", 1),
        ("fednow/fednow-sample-message-pacs002.xml", "ACTC", 0),
        ("rtp/pacs002.ACTC.xml", "ACTC", 0),
        ("rtp/pacs002.RJCT.xml", "RJCT", 1),
    ] {
        let Some(bytes) = samples.get(name) else { continue };
        let report = pacs002::read(bytes, &Limits::default()).unwrap();
        let first = &report.transactions[0];
        assert_eq!(first.status.unwrap().to_string(), status, "{name}");
        assert_eq!(first.reasons.len(), reasons, "{name}");
        let original = report.original.as_ref().or(first.original.as_ref());
        assert_eq!(original.unwrap().definition, "pacs.008.001.08", "{name}");
    }
    let other = single();
    let error = pacs002::read(other.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("message type pacs.008.001.08 is not accepted here"), "{error}");
    assert!(error.contains(DEFINITION));
}
