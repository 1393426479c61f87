//! One row for each mistake: what is changed in a good message, and the verdict.

use crate::support::{TRANSACTION, UETR, decimals, document, many, read, single, verdict, with};
use iso20022::order::{AccountReference, Transfer};
use iso20022::{MessageFault, Reason};
use ledger::operation::ChargeBearer;
use std::collections::BTreeSet;

const SECOND_UETR: &str = "11111111-2222-4333-8444-555555555555";

#[test]
fn a_good_message_becomes_an_order() {
    for definition in ["pacs.008.001.08", "pacs.008.001.10"] {
        let message = read(&document(definition, &[TRANSACTION.to_owned()])).unwrap();
        assert_eq!(message.header.group.definition, definition);
        assert_eq!(message.header.group.message_id, "MSG-1");
        assert_eq!(message.header.group.number_of_transactions, Some(1));
        assert_eq!(message.header.application, None);
        let order = message.transactions[0].order(decimals).unwrap();
        assert_eq!(order.uetr.to_string(), UETR);
        assert_eq!(order.charge_bearer, ChargeBearer::Debtor);
        assert_eq!(&order.purpose, b"GDDS");
        assert_eq!(order.settlement_date.unwrap().as_str(), "2026-11-21");
        let other = AccountReference::Other { identification: "622188-001".into(), scheme: None };
        assert_eq!(order.debtor_account, other);
        assert_eq!(order.creditor_account, AccountReference::Iban("GB82WEST12345698765432".into()));
        let Transfer::Exchange { debit, credit, rate } = order.transfer else {
            panic!("{:?}", order.transfer)
        };
        let text = |money: ledger::money::Money| money.text(decimals(money.asset).unwrap());
        assert_eq!((text(debit).as_str(), text(credit).as_str()), ("1000.00 CNY", "1085.00 HKD"));
        assert_eq!(rate.unwrap().to_string(), "1.0850");
        assert_eq!(order.private.debtor_name(), Some("Wei & Söhne"));
        assert_eq!(order.private.remittance_lines(), ["invoice 7"]);
    }
}

#[test]
fn wrappers_and_prefixes_do_not_matter() {
    let bare = single();
    let body = bare.split_once('\n').unwrap().1;
    let header = "<AppHdr xmlns='urn:iso:std:iso:20022:tech:xsd:head.001.001.02'>\
        <Fr><FIId><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></FIId></Fr><To><OrgId/></To>\
        <BizMsgIdr>MSG-1</BizMsgIdr><MsgDefIdr>pacs.008.001.08</MsgDefIdr><CreDt/></AppHdr>";
    let prefixed = with(body, "<Document xmlns=", "<Document xmlns:p=");
    let prefixed = prefixed.replace("</", "</p:").replace('<', "<p:").replace("<p:/p:", "</p:");
    for text in [
        bare.clone(),
        format!("\u{feff}{bare}"),
        format!("<Envelope>{header}{body}</Envelope>"),
        format!("<BusinessMessage xmlns='urn:any'>{header}{body}</BusinessMessage>"),
        format!("<a><b><c>{body}</c><d/></b>{header}</a>"),
        prefixed.clone(),
        with(&prefixed, "p:Document xmlns", "w:Wrapper xmlns:w='urn:tch' xmlns")
            .replace("p:Document", "w:Wrapper"),
    ] {
        assert_eq!(verdict(text.as_bytes()), "ok", "{text}");
        let application = read(&text).unwrap().header.application;
        assert_eq!(application.is_some(), text.contains("AppHdr"));
    }
}

#[test]
fn each_mistake_of_a_message_has_its_fault() {
    let one = TRANSACTION.to_owned();
    let two = with(&one, UETR, SECOND_UETR);
    let pair = document("pacs.008.001.08", &[one.clone(), two.clone()]);
    let with_sum = |sum: &str| with(&pair, "<SttlmInf>", &format!("{sum}<SttlmInf>"));
    let total = |currency, number| {
        with_sum(&format!("<TtlIntrBkSttlmAmt Ccy='{currency}'>{number}</TtlIntrBkSttlmAmt>"))
    };
    let envelope = |header: &str| {
        let body = single().split_once('\n').unwrap().1.to_owned();
        format!("<E><AppHdr>{header}</AppHdr>{body}</E>")
    };
    let rows = [
        (pair.clone(), "ok, ok"),
        (with_sum("<CtrlSum>2170</CtrlSum>"), "ok, ok"),
        (total("HKD", "2170.0"), "ok, ok"),
        (with_sum("<CtrlSum>2170.01</CtrlSum>"), "message AM16"),
        (with_sum("<CtrlSum>-2170</CtrlSum>"), "message AM16"),
        (with_sum("<CtrlSum>lots</CtrlSum>"), "message CH16"),
        (with(&with_sum("<CtrlSum>1</CtrlSum>"), "1085.00", "-1085.00"), "message AM16"),
        (total("HKD", "2170.01"), "message AM10"),
        (total("HKD", "x"), "message CH16"),
        (total("CNY", "2170"), "message CURR"),
        ("<Document/>".to_owned(), "message FF01"),
        ("not XML".to_owned(), "message FF02"),
        (with(&single(), "xsd:pacs.008.001.08", "xsd:pacs.008.001.02"), "message FF01"),
        (with(&single(), "xsd:pacs.008.001.08", "xsd:pacs.009.001.08"), "message FF01"),
        (with(&single(), "FIToFICstmrCdtTrf", "FICdtTrf"), "message CH21"),
        (with(&single(), "GrpHdr", "Header"), "message CH21"),
        (with(&single(), "<MsgId>MSG-1</MsgId>", ""), "message CH21"),
        (with(&single(), "MSG-1", &"M".repeat(36)), "message CH16"),
        (with(&single(), "<CreDtTm>", "<CreDtTm>x"), "message CH16"),
        (with(&single(), "<NbOfTxs>1</NbOfTxs>", ""), "message CH21"),
        (with(&single(), "<NbOfTxs>1", "<NbOfTxs>2"), "message AM19"),
        (with(&single(), "<NbOfTxs>1", "<NbOfTxs>+1"), "message AM19"),
        (document("pacs.008.001.08", &[]), "message AM19"),
        (many(8193), "message AM19"),
        (with(&single(), "<SttlmMtd>CLRG", "<SttlmMtd>COVE"), "message AG03"),
        (with(&single(), "<SttlmMtd>CLRG</SttlmMtd>", ""), "message CH21"),
        (document("pacs.008.001.08", &[one.clone(), one]), "message AM05"),
        (
            with(&single(), "<MsgId>MSG-1</MsgId>", "<MsgId>a</MsgId><MsgId>b</MsgId>"),
            "message CH21",
        ),
        (with(&single(), "MSG-1", "<b>MSG-1</b>"), "message CH21"),
        (with(&single(), "</GrpHdr>", "</GrpHdr><GrpHdr/>"), "message CH17"),
        (envelope("<MsgDefIdr>pacs.009.001.08</MsgDefIdr>"), "message FF01"),
        (envelope("<CpyDplct>COPY</CpyDplct>"), "message CH17"),
        (envelope("<CpyDplct>CODU</CpyDplct>"), "ok"),
        (
            envelope("<Fr><FIId><FinInstnId><BICFI>x</BICFI></FinInstnId></FIId></Fr>"),
            "message CH16",
        ),
        (envelope("</AppHdr><AppHdr>"), "message FF01"),
        (format!("<E>{0}{0}</E>", single().split_once('\n').unwrap().1), "message FF01"),
    ];
    for (text, expected) in rows {
        let found = verdict(text.as_bytes());
        let found = found.split(':').next().unwrap();
        assert_eq!(found, expected, "{}", &text[..text.len().min(4000)]);
    }
}

#[test]
fn a_refused_message_can_be_answered_once_its_id_is_known() {
    let refused = read(&with(&single(), "<NbOfTxs>1", "<NbOfTxs>2")).unwrap_err();
    let original = refused.original.unwrap();
    assert_eq!((original.message_id.as_str(), original.number_of_transactions), ("MSG-1", Some(2)));
    assert_eq!(refused.fault, MessageFault::TransactionCount { stated: "2".into(), found: 1 });
    assert_eq!(read("<a/>").unwrap_err().original, None);
}

#[test]
fn each_mistake_of_a_transaction_has_its_code() {
    let mut seen = BTreeSet::new();
    let fill = "x".repeat(36);
    for (from, to, expected) in [
        // References.
        (UETR, "7F0C2B9E-4A55-4C0E-9D0B-2F6C1F1F8A10", "CH16"),
        (UETR, "7f0c2b9e-4a55-1c0e-9d0b-2f6c1f1f8a10", "CH16"),
        (UETR, "7f0c2b9e4a554c0e9d0b2f6c1f1f8a10", "CH16"),
        (UETR, "", "CH21"),
        ("<UETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</UETR>", "", "CH21"),
        ("<UETR>", "<UETR>x</UETR><UETR>", "CH17 CH21"),
        ("<EndToEndId>E2E-1</EndToEndId>", "", "FF08"),
        ("E2E-1", fill.as_str(), "FF08"),
        ("INSTR-1", fill.as_str(), "CH16"),
        ("TX-1", fill.as_str(), "CH16"),
        // Amounts.
        ("1085.00", "1085.001", "CH20"),
        ("1085.00", "1085.000001", "AM12"),
        ("1085.00", "0.00", "AM01"),
        ("1085.00", "-1085.00", "AM12"),
        ("1085.00", "1,085.00", "AM12"),
        ("1085.00", "1234567890123456789", "AM12"),
        ("1085.00", "<n>1085.00</n>", "CH17 AM12"),
        ("<IntrBkSttlmAmt Ccy=\"HKD\">1085.00</IntrBkSttlmAmt>", "", "AM12"),
        ("Ccy=\"HKD\"", "", "AM11"),
        ("Ccy=\"HKD\"", "Ccy=\"hkd\"", "AM11"),
        ("Ccy=\"HKD\"", "Ccy=\"POINTS\"", "AM11"),
        ("Ccy=\"HKD\"", "Ccy=\"USD\"", "AM03"),
        ("Ccy=\"HKD\">1085.00", "Ccy=\"JPY\">1085.0", "CH20"),
        ("Ccy=\"CNY\"", "Ccy=\"XXL\"", "AM03"),
        ("1000.00", "1000.005", "CH20"),
        ("1000.00", "0", "AM01"),
        ("Ccy=\"HKD\"", "Ccy=\"CNY\"", "ok"),
        // Rates.
        ("<XchgRate>1.0850</XchgRate>", "", "ok"),
        ("1.0850", "1.0860", "AM09"),
        ("1.0850", "0.9217", "AM09"),
        ("1.0850", "-1.0850", "AM09"),
        ("1.0850", "0", "AM09"),
        ("1.0850", "1.08500000000", "AM09"),
        ("1.0850", "one", "AM09"),
        // Institutions.
        (
            "<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId>",
            "<DbtrAgt><FinInstnId/>",
            "ok",
        ),
        (
            "<CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId>",
            "<CdtrAgt><FinInstnId/>",
            "ok",
        ),
        ("<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI>", "<DbtrAgt><FinInstnId><Nm>x</Nm>", "RC06"),
        (
            "<CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI>",
            "<CdtrAgt><FinInstnId><LEI>x</LEI>",
            "RC07",
        ),
        ("<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ", "<DbtrAgt><FinInstnId><BICFI>PSBC", "RC06"),
        ("<CdtrAgt><FinInstnId><BICFI>HSBCHKHH", "<CdtrAgt><FinInstnId><BICFI>hsbchkhh", "RC07"),
        ("<InstgAgt><FinInstnId><BICFI>PSBCCNBJ", "<InstgAgt><FinInstnId><BICFI>?", "RC05"),
        ("<InstdAgt><FinInstnId><BICFI>HSBC", "<InstdAgt><FinInstnId><BICFI>?", "RC05"),
        // Accounts.
        ("<DbtrAcct><Id><Othr><Id>622188-001</Id></Othr></Id></DbtrAcct>", "", "AC02"),
        ("<CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct>", "", "AC03"),
        ("622188-001", "", "AC02"),
        ("622188-001", "12345678901234567890123456789012345", "AC02"),
        ("622188-001", "1234567890123456789012345678901234", "ok"),
        ("GB82WEST", "GB83WEST", "AC03"),
        ("<CdtrAcct><Id><IBAN>", "<CdtrAcct><Id><Othr><Id>1</Id></Othr><IBAN>", "AC03"),
        ("</Othr></Id></DbtrAcct>", "</Othr></Id><Ccy>HKD</Ccy></DbtrAcct>", "AC10"),
        ("</Othr></Id></DbtrAcct>", "</Othr></Id><Ccy>CNY</Ccy></DbtrAcct>", "ok"),
        ("</IBAN></Id></CdtrAcct>", "</IBAN></Id><Ccy>CNY</Ccy></CdtrAcct>", "AC11"),
        // The rest.
        (">DEBT<", ">SLEV<", "BE19"),
        ("<ChrgBr>DEBT</ChrgBr>", "", "BE19"),
        (">DEBT<", ">SHAR<", "ok"),
        (">DEBT<", ">CRED<", "ok"),
        ("2026-11-21</IntrBkSttlmDt>", "2026-11-31</IntrBkSttlmDt>", "DT01"),
        ("<IntrBkSttlmDt>2026-11-21</IntrBkSttlmDt>", "", "ok"),
        ("GDDS", "GOODS", "FF07"),
        ("GDDS", "G-DS", "FF07"),
        ("<Cd>GDDS</Cd>", "<Prtry>goods and more</Prtry>", "ok"),
        ("<Dbtr><Nm>Wei &amp; Söhne</Nm></Dbtr>", "", "CH21"),
        ("<Cdtr><Nm>Lee</Nm></Cdtr>", "", "CH21"),
        ("<Purp>", "<InstrForCdtrAgt><Cd>CHQB</Cd></InstrForCdtrAgt><Purp>", "AG03"),
        ("<Purp>", "<InstrForCdtrAgt><Cd>HOLD</Cd></InstrForCdtrAgt><Purp>", "AG03"),
        ("<Purp>", "<InstrForCdtrAgt><Cd>PHOB</Cd></InstrForCdtrAgt><Purp>", "ok"),
        ("<Purp>", "<Unknown><x>1</x></Unknown><Purp>", "ok"),
        ("<RmtInf>", "<p:Cdtr xmlns:p='urn:other'/><RmtInf>", "ok"),
        // Several at once.
        ("<ChrgBr>DEBT</ChrgBr>\n        <InstgAgt>", "<InstgAgt>", "BE19"),
    ] {
        let found = verdict(with(&single(), from, to).as_bytes());
        assert_eq!(found, expected, "{from} -> {to}");
        seen.extend(expected.split(' ').map(str::to_owned));
    }
    for reason in Reason::ALL {
        assert!(seen.contains(reason.iso()), "{reason:?} has no row");
    }
}

#[test]
fn all_mistakes_of_a_transaction_are_told_and_others_are_untouched() {
    let bad = with(TRANSACTION, UETR, "x");
    let bad = with(&with(&bad, "GDDS", "?"), ">DEBT<", ">SLEV<");
    let text = document("pacs.008.001.08", &[bad, TRANSACTION.to_owned()]);
    assert_eq!(verdict(text.as_bytes()), "CH16 BE19 FF07, ok");
    let refusals = read(&text).unwrap().transactions[0].order(decimals).unwrap_err();
    assert!(refusals[0].to_string().starts_with("PmtId/UETR: \"x\" is not a UETR. Write a"));
}

#[test]
fn unknown_elements_are_listed() {
    let text = with(&single(), "<Purp>", "<Zeta/><Alpha/><Zeta/><Purp>");
    assert_eq!(read(&text).unwrap().unknown_elements, ["Alpha", "Zeta"]);
}

#[test]
fn the_group_header_speaks_for_transactions_that_are_silent() {
    let agents = "<InstgAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></InstgAgt>\
        <InstdAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></InstdAgt>";
    let mut text = single();
    for name in ["InstgAgt", "InstdAgt", "DbtrAgt", "CdtrAgt", "IntrBkSttlmDt"] {
        let start = text.find(&format!("<{name}>")).unwrap();
        let end = text.find(&format!("</{name}>")).unwrap() + name.len() + 3;
        text.replace_range(start..end, "");
    }
    assert_eq!(verdict(text.as_bytes()), "RC06 RC07");
    let text = with(&text, "</GrpHdr>", &format!("{agents}</GrpHdr>"));
    let text = with(&text, "<SttlmInf>", "<IntrBkSttlmDt>2026-11-22</IntrBkSttlmDt><SttlmInf>");
    let order = read(&text).unwrap().transactions[0].order(decimals).unwrap();
    assert_eq!(order.debtor_institution.to_string(), "PSBCCNBJ");
    assert_eq!(order.creditor_institution.to_string(), "HSBCHKHH");
    assert_eq!(order.settlement_date.unwrap().as_str(), "2026-11-22");
}

#[test]
fn the_reference_names_every_reason_with_its_code() {
    let reference = include_str!("../../../docs/reference/iso20022.md");
    for reason in Reason::ALL {
        let row = format!("| `{}` | `{reason:?}` |", reason.iso());
        assert!(reference.contains(&row), "docs/reference/iso20022.md has no row {row}");
    }
}
