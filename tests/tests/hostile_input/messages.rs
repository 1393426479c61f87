//! Messages of every kind that comes in: XML that is none, payments and questions that are none.

use iso20022::incoming::{self, Message};
use iso20022::pacs008;
use iso20022::xml::Limits;
use ledger::crypto::Suite;
use ledger::hash::{ChainId, Domains, Hash};
use ledger::ids::AssetCode;
use ledger::money::Decimals;

use tests::fuzz::samples::{
    CAMT_029, CAMT_056, COVER, PACS_004, PACS_008 as GOOD, PACS_009, PACS_028, PAIN_001,
};

use crate::rows::Row;

fn decimals(asset: AssetCode) -> Option<Decimals> {
    let is_known = ["CNY", "HKD"].contains(&asset.to_string().as_str());
    is_known.then_some(Decimals(2))
}

/// The codes of the refusal; `None` if every payment is an order, and every question names one.
fn verdict_of_any(bytes: &[u8]) -> Option<String> {
    let mut message = match incoming::read(bytes, &Limits::default()) {
        Ok(Message::Transfers(message)) => message,
        Ok(Message::Returns(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let id = &message.group.message_id;
            let orders = message.returns.iter().map(|back| back.order(&domains, id, decimals));
            return codes(orders.filter_map(Result::err));
        }
        Ok(Message::Recalls(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let id = &message.assignment.group.message_id;
            let orders = message.recalls.iter().map(|of| of.order(&domains, id, decimals));
            return codes(orders.filter_map(Result::err));
        }
        Ok(Message::Answers(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let orders = message.answers.iter().map(|of| message.order(&domains, of, decimals));
            return codes(orders.filter_map(Result::err));
        }
        Ok(Message::StatusRequest(_)) => return None,
        Err(refused) => return Some(format!("{}: {}", refused.fault.iso(), refused.fault)),
    };
    message.identify(&Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32]))));
    codes(message.transactions.iter().filter_map(|transfer| transfer.order(decimals).err()))
}

/// The codes of all refusals; `None` if there are none.
fn codes(refusals: impl Iterator<Item = Vec<iso20022::Refusal>>) -> Option<String> {
    let codes: Vec<_> = refusals.flatten().map(|refusal| refusal.reason.iso()).collect();
    (!codes.is_empty()).then(|| codes.join(" "))
}

/// What is wrong with messages of the other kinds.
fn others() -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, good, mistakes) in [
        ("pacs.009", PACS_009, INSTITUTIONS.as_slice()),
        ("pacs.009 cover", COVER, COVERS.as_slice()),
        ("pain.001", PAIN_001, INITIATIONS.as_slice()),
        ("pacs.004", PACS_004, RETURNS.as_slice()),
        ("camt.056", CAMT_056, RECALLS.as_slice()),
        ("camt.029", CAMT_029, ANSWERS.as_slice()),
        ("pacs.028", PACS_028, QUESTIONS.as_slice()),
    ] {
        assert_eq!(verdict_of_any(good.as_bytes()), None, "{kind}");
        let mut add = |class: &str, bytes: &[u8], expected: &str| {
            rows.push(Row::new((kind, class), bytes, verdict_of_any(bytes), expected));
        };
        for (class, bytes) in bytes() {
            add(class, &bytes, "FF02");
        }
        for (class, from, to, expected) in mistakes {
            assert!(good.contains(from), "{from}");
            add(class, good.replacen(from, to, 1).as_bytes(), expected);
        }
        let whole = good.trim_end().len();
        for end in (0..whole).step_by(whole / 20) {
            add("cut", &good.as_bytes()[..end], "FF02");
        }
        for (name, value) in SIZES {
            let end = if good.contains("</GrpHdr>") { "</GrpHdr>" } else { "</Assgnmt>" };
            let text = good.replacen(end, &format!("{}{end}", value(&Limits::default())), 1);
            assert_ne!(text, good, "{kind}");
            add(name, text.as_bytes(), "FF02");
        }
    }
    rows
}

const INSTITUTIONS: [Replaced; 9] = [
    ("another version", "pacs.009.001.08", "pacs.009.001.99", "FF01"),
    ("another message's body", "pacs.009.001.08", "pain.001.001.09", "CH21"),
    ("advice", "CLRG", "COVE", "AG03"),
    (
        "no debtor",
        "<Dbtr><FinInstnId><BICFI>PSBCCNBJXXX</BICFI></FinInstnId></Dbtr>",
        "",
        "CH21 RC06 AC02",
    ),
    ("bad BIC", "PSBCCNBJXXX", "PSBCCNBJXX", "RC06 AC02"),
    ("right-to-left BIC", "PSBCCNBJXXX", "\u{202e}PSBCCNB", "RC06 AC02"),
    ("zero", "5000.00", "0.00", "AM01"),
    ("two debtors", "<Dbtr>", "<Dbtr/><Dbtr>", "CH17 CH21 RC06 AC02"),
    ("wrong count", "<NbOfTxs>1<", "<NbOfTxs>9<", "AM19"),
];

const COVERS: [Replaced; 3] = [
    ("unbound prefix", "<UndrlygCstmrCdtTrf>", "<x:UndrlygCstmrCdtTrf>", "FF02"),
    (
        "bad agent",
        "<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ",
        "<DbtrAgt><FinInstnId><BICFI>PSBC",
        "RC06",
    ),
    ("long account", "vostro-7", "12345678901234567890123456789012345", "AC03"),
];

const INITIATIONS: [Replaced; 12] = [
    ("another version", "pain.001.001.09", "pain.001.001.03", "FF01"),
    ("cheque", "<PmtMtd>TRF", "<PmtMtd>CHK", "AG03 AG03"),
    ("unknown method", "<PmtMtd>TRF", "<PmtMtd>飞", "AG03 AG03"),
    ("no reference", "<PmtInfId>NOVEMBER</PmtInfId>", "", "CH21"),
    ("two references", "<PmtInfId>", "<PmtInfId>X</PmtInfId><PmtInfId>", "CH21"),
    ("wrong sum", "<CtrlSum>2500.50<", "<CtrlSum>2500.05<", "AM16"),
    ("wrong inner sum", "<CtrlSum>2500.5<", "<CtrlSum>-1<", "AM16"),
    ("wrong count", "<NbOfTxs>2<", "<NbOfTxs>1<", "AM19"),
    ("huge count", "<NbOfTxs>2<", "<NbOfTxs>99999999999999999999<", "AM19"),
    ("impossible day", "<Dt>2026-11-21", "<Dt>2026-02-30", "DT01 DT01"),
    ("negative", ">1000<", ">-1000<", "AM16"),
    ("service level's charges", "<ChrgBr>SHAR", "<ChrgBr>SLEV", "BE19"),
];

const RETURNS: [Replaced; 9] = [
    ("another version", "pacs.004.001.09", "pacs.004.001.02", "FF01"),
    ("another message's body", "PmtRtr", "FIToFIPmtStsReq", "FF02"),
    ("two payments in one", "<OrgnlUETR>", "<OrgnlUETR>x</OrgnlUETR><OrgnlUETR>", "CH17 CH21"),
    ("capital UETR", "<OrgnlUETR>7f0c", "<OrgnlUETR>7F0C", "CH16"),
    ("negative", ">40.00<", ">-40.00<", "AM12"),
    ("another currency", "Ccy=\"CNY\"", "Ccy=\"XXX\"", "AM03"),
    ("a reason of another script", "<Cd>AC04", "<Cd>АС04", "CH16"),
    ("two reasons", "<Cd>AC04", "<Cd>CUST</Cd><Cd>AC04", "CH17 CH21"),
    ("wrong count", "<NbOfTxs>1<", "<NbOfTxs>9<", "AM19"),
];

const RECALLS: [Replaced; 34] = [
    ("another version", "camt.056.001.08", "camt.056.001.01", "FF01"),
    ("another message's body", "FIToFIPmtCxlReq", "RsltnOfInvstgtn", "FF02"),
    ("no message id", "<Id>ASK-1</Id>", "", "CH21"),
    ("two message ids", "<Id>ASK-1", "<Id>X</Id><Id>ASK-1", "CH21"),
    ("long message id", "ASK-1", "123456789012345678901234567890123456", "CH16"),
    ("no time", "<CreDtTm>2026-11-21T12:00:00+08:00</CreDtTm>", "", "CH21"),
    ("no such time", "2026-11-21T12:00", "2026-11-31T12:00", "CH16"),
    ("two senders", "<Assgnr>", "<Assgnr/><Assgnr>", "CH17"),
    (
        "bad sender",
        "<Assgnr><Agt><FinInstnId><BICFI>PSBC",
        "<Assgnr><Agt><FinInstnId><BICFI>P",
        "RC05",
    ),
    ("bad receiver", "<BICFI>HSBCHKHH", "<BICFI>HSBC-KHH", "RC05"),
    ("right-to-left receiver", "<BICFI>HSBCHKHH", "<BICFI>\u{202e}HSBCHKHH", "RC05"),
    ("two cases", "<Id>CASE-1</Id>", "<Id>CASE-1</Id><Id>CASE-2</Id>", "CH17"),
    ("wrong count", "<NbOfTxs>1<", "<NbOfTxs>2<", "AM19"),
    ("no number", "<NbOfTxs>1<", "<NbOfTxs>one<", "AM19"),
    ("wrong sum", "<CtrlSum>40.00<", "<CtrlSum>40.01<", "AM16"),
    ("no sum", "<CtrlSum>40.00<", "<CtrlSum>1e3<", "CH16"),
    ("nothing asked for", "Undrlyg>", "Undrlng>", "FF02"),
    ("all payments", "<Undrlyg>", GROUP_TRUE, "CH16"),
    ("perhaps all payments", "<Undrlyg>", GROUP_PERHAPS, "CH16"),
    ("no payment", "<OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</OrgnlUETR>", "", "CH21"),
    ("two payments in one", "<OrgnlUETR>", "<OrgnlUETR>x</OrgnlUETR><OrgnlUETR>", "CH17 CH21"),
    ("capital UETR", "<OrgnlUETR>7f0c", "<OrgnlUETR>7F0C", "CH16"),
    ("short UETR", "<OrgnlUETR>7f0c", "<OrgnlUETR>7f0", "CH16"),
    ("elements in text", "<OrgnlUETR>7", "<OrgnlUETR><b/>7", "CH17 CH21"),
    ("the same twice", "</TxInf>", SAME_AGAIN, "AM05"),
    ("negative", ">40.00</OrgnlIntrBkSttlmAmt>", ">-40.00</OrgnlIntrBkSttlmAmt>", "AM16"),
    ("no amount", ">40.00</OrgnlIntrBkSttlmAmt>", ">all</OrgnlIntrBkSttlmAmt>", "AM16"),
    ("too precise", ">40.00</OrgnlIntrBkSttlmAmt>", ">40.000</OrgnlIntrBkSttlmAmt>", "CH20"),
    ("another currency", "Ccy=\"CNY\"", "Ccy=\"XXX\"", "AM03"),
    ("no currency", " Ccy=\"CNY\"", "", "AM11"),
    ("no reason", "<CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf>", "", "CH21"),
    ("two reasons", "<Cd>DUPL", "<Cd>CUST</Cd><Cd>DUPL", "CH17 CH21"),
    ("a long reason", "<Cd>DUPL", "<Cd>DUPLI", "CH16"),
    ("a reason of another script", "<Cd>DUPL", "<Cd>DUРL", "CH16"),
];

const GROUP_TRUE: &str = "<Undrlyg><OrgnlGrpInfAndCxl><GrpCxl>true</GrpCxl></OrgnlGrpInfAndCxl>";

const GROUP_PERHAPS: &str = "<Undrlyg><OrgnlGrpInfAndCxl><GrpCxl>yes</GrpCxl></OrgnlGrpInfAndCxl>";

const SAME_AGAIN: &str = "</TxInf><TxInf><OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10\
    </OrgnlUETR><CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf></TxInf>";

const ANSWERS: [Replaced; 25] = [
    ("another version", "camt.029.001.09", "camt.029.001.03", "FF01"),
    ("another message's body", "RsltnOfInvstgtn", "FIToFIPmtCxlReq", "FF02"),
    ("no message id", "<Id>ANSWER-1</Id>", "", "CH21"),
    ("two message ids", "<Id>ANSWER-1", "<Id>X</Id><Id>ANSWER-1", "CH21"),
    ("no time", "<CreDtTm>2026-11-22T09:00:00+08:00</CreDtTm>", "", "CH21"),
    ("no such time", "T09:00:00", "T25:00:00", "CH16"),
    ("bad sender", "<BICFI>HSBCHKHH", "<BICFI>HSBCHK", "RC05 RC05"),
    ("two confirmations", "<Conf>", "<Conf>CNCL</Conf><Conf>", "CH17"),
    ("no answers", "CxlDtls>", "CxlDetails>", "FF02"),
    ("no payment", "<OrgnlUETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</OrgnlUETR>", "", "CH21"),
    ("two payments in one", "<OrgnlUETR>", "<OrgnlUETR>x</OrgnlUETR><OrgnlUETR>", "CH17 CH21"),
    ("capital UETR", "<OrgnlUETR>7f0c", "<OrgnlUETR>7F0C", "CH16"),
    (
        "the same twice",
        ">5e0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a11<",
        ">7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10<",
        "AM05",
    ),
    ("undecided", "<TxCxlSts>ACCR", "<TxCxlSts>PDCR", "AG03"),
    ("unknown status", "<TxCxlSts>ACCR", "<TxCxlSts>accr", "AG03"),
    ("two statuses", "<TxCxlSts>ACCR", "<TxCxlSts>RJCR</TxCxlSts><TxCxlSts>ACCR", "CH17"),
    ("refused, and given back", "<TxCxlSts>ACCR", "<TxCxlSts>RJCR", "AG03"),
    ("a return of no UETR", "<UETR>6a0c", "<UETR>6a0", "CH16"),
    ("negative", ">25.00<", ">-25.00<", "AM12"),
    ("zero", ">25.00<", ">0.00<", "AM01"),
    ("another currency", "Ccy=\"CNY\"", "Ccy=\"XXX\"", "AM03"),
    ("no such day", "<UETR>6a0c", "<IntrBkSttlmDt>2026-11-31</IntrBkSttlmDt><UETR>6a0c", "DT01"),
    ("more than the payment", "<UETR>6a0c", "<Compstn/><UETR>6a0c", "AG03"),
    ("no reason", "<Rsn><Cd>CUST</Cd></Rsn>", "", "CH21"),
    ("a reason of another script", "<Cd>CUST", "<Cd>СUST", "CH16"),
];

const QUESTIONS: [Replaced; 6] = [
    ("another version", "pacs.028.001.03", "pacs.028.001.01", "FF01"),
    ("no message id", "<MsgId>ASK-1</MsgId>", "", "CH21"),
    ("no message", "<OrgnlMsgId>MSG-1</OrgnlMsgId>", "", "CH21"),
    ("two messages", "<OrgnlMsgId>", "<OrgnlMsgId>X</OrgnlMsgId><OrgnlMsgId>", "CH17"),
    ("two payments in one", "<OrgnlUETR>", "<OrgnlUETR>x</OrgnlUETR><OrgnlUETR>", "CH17"),
    ("elements in text", "<OrgnlUETR>7", "<OrgnlUETR><b/>7", "CH17"),
];

/// The codes of the refusal; `None` if every payment is an order.
fn verdict(bytes: &[u8]) -> Option<String> {
    let message = match pacs008::read(bytes, &Limits::default()) {
        Ok(message) => message,
        Err(refused) => return Some(format!("{}: {}", refused.fault.iso(), refused.fault)),
    };
    codes(message.transactions.iter().filter_map(|transfer| transfer.order(decimals).err()))
}

pub(crate) fn rows() -> Vec<Row> {
    assert_eq!(verdict(GOOD.as_bytes()), None);
    let mut rows = Vec::new();
    let mut add = |class: &str, bytes: &[u8], expected: &str| {
        rows.push(Row::new(("pacs.008", class), bytes, verdict(bytes), expected));
    };
    for (class, bytes) in bytes() {
        add(class, &bytes, "FF02");
    }
    for (class, from, to, expected) in MARKUP.iter().chain(&HEADERS).chain(&PAYMENTS) {
        assert!(GOOD.contains(from), "{from}");
        add(class, GOOD.replacen(from, to, 1).as_bytes(), expected);
    }
    for end in (0..GOOD.len()).step_by(GOOD.len() / 20) {
        add("cut", &GOOD.as_bytes()[..end], "FF02");
    }
    for code in (0..0x20).chain([0xfffe, 0xffff]) {
        let character = char::from_u32(code).unwrap();
        if !['\t', '\n', '\r'].contains(&character) {
            let text = GOOD.replacen("invoice", &format!("{character}invoice"), 1);
            add("forbidden character", text.as_bytes(), "FF02");
            let text = GOOD.replacen("invoice", &format!("&#{code};invoice"), 1);
            add("forbidden reference", text.as_bytes(), "FF02");
        }
    }
    for (name, value) in SIZES {
        let limits = Limits::default();
        let text = GOOD.replacen("<Cdtr>", &value(&limits), 1);
        add(name, text.as_bytes(), "FF02");
    }
    rows.extend(others());
    rows
}

fn bytes() -> Vec<(&'static str, Vec<u8>)> {
    let wide: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &wide].concat();
    let bad = |bytes: &[u8]| {
        let (head, tail) = GOOD.split_at(GOOD.find("invoice").unwrap());
        [head.as_bytes(), bytes, tail.as_bytes()].concat()
    };
    vec![
        ("empty", Vec::new()),
        ("zeros", vec![0; 4096]),
        ("JSON", b"{}".to_vec()),
        ("UTF-16", wide),
        ("UTF-16 with its mark", marked),
        ("invalid UTF-8", bad(b"\xff")),
        ("overlong UTF-8", bad(b"\xc0\xbc")),
        ("surrogate in UTF-8", bad(b"\xed\xa0\x80")),
        ("beyond Unicode", bad(b"\xf5\x80\x80\x80")),
        ("too large", vec![b' '; Limits::default().total_bytes + 1]),
        ("100,000 deep", "<a>".repeat(100_000).into_bytes()),
    ]
}

type Replaced = (&'static str, &'static str, &'static str, &'static str);

const MARKUP: [Replaced; 26] = [
    ("document type", "<Document", "<!DOCTYPE Document []><Document", "FF02"),
    (
        "external entity",
        "<Document",
        "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Document",
        "FF02",
    ),
    (
        "entity bomb",
        "<Document",
        "<!DOCTYPE d [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><Document",
        "FF02",
    ),
    ("unknown entity", "invoice", "&nbsp;invoice", "FF02"),
    ("bare ampersand", "invoice", "a & b", "FF02"),
    ("surrogate reference", "invoice", "&#xD800;", "FF02"),
    ("reference beyond Unicode", "invoice", "&#x110000;", "FF02"),
    ("huge reference", "invoice", "&#99999999999999999999;", "FF02"),
    ("empty reference", "invoice", "&#;", "FF02"),
    ("XML 1.1", "1.0\"", "1.1\"", "FF02"),
    ("another encoding", "UTF-8", "ISO-8859-1", "FF02"),
    ("wrong end tag", "</Nm>", "</Mn>", "FF02"),
    ("end tag in another case", "</Nm>", "</NM>", "FF02"),
    ("missing end tag", "</Nm>", "", "FF02"),
    ("second root", "</Document>", "</Document><Document/>", "FF02"),
    ("text behind the root", "</Document>", "</Document>x", "FF02"),
    ("text before the root", "<Document", "x<Document", "FF02"),
    ("attribute twice", "Ccy=\"HKD\"", "Ccy=\"HKD\" Ccy=\"CNY\"", "FF02"),
    ("attribute without quotes", "Ccy=\"HKD\"", "Ccy=HKD", "FF02"),
    ("attribute without value", "Ccy=\"HKD\"", "Ccy", "FF02"),
    ("markup in an attribute", "Ccy=\"HKD\"", "Ccy=\"<HKD\"", "FF02"),
    ("unbound prefix", "<Cdtr>", "<x:Cdtr>", "FF02"),
    ("name with a digit first", "<Cdtr>", "<1/><Cdtr>", "FF02"),
    ("open comment", "<Cdtr>", "<!-- <Cdtr>", "FF02"),
    ("two dashes in a comment", "<Cdtr>", "<!-- -- --><Cdtr>", "FF02"),
    ("open CDATA", "invoice", "<![CDATA[invoice", "FF02"),
];

const HEADERS: [Replaced; 21] = [
    ("another namespace", "urn:iso:std:iso:20022:tech:xsd:", "urn:example:", "FF01"),
    ("another message", "pacs.008.001.08", "pacs.009.001.08", "FF01"),
    ("another version", "pacs.008.001.08", "pacs.008.001.99", "FF01"),
    ("no version", "pacs.008.001.08", "", "FF01"),
    ("right-to-left namespace", "pacs.008", "pacs\u{202e}.008", "FF01"),
    ("no message id", "<MsgId>MSG-1</MsgId>", "", "CH21"),
    ("empty message id", "MSG-1", "", "CH21"),
    ("long message id", "MSG-1", "123456789012345678901234567890123456", "CH16"),
    ("two message ids", "<MsgId>", "<MsgId>X</MsgId><MsgId>", "CH21"),
    ("no creation time", "<CreDtTm>2026-11-21T10:00:00+08:00</CreDtTm>", "", "CH21"),
    ("impossible time", "2026-11-21T10", "2026-02-30T10", "CH16"),
    ("no count", "<NbOfTxs>1</NbOfTxs>", "", "CH21"),
    ("wrong count", "<NbOfTxs>1<", "<NbOfTxs>2<", "AM19"),
    ("negative count", "<NbOfTxs>1<", "<NbOfTxs>-1<", "AM19"),
    ("huge count", "<NbOfTxs>1<", "<NbOfTxs>99999999999999999999<", "AM19"),
    ("no settlement", "<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>", "", "CH21"),
    ("another settlement", "CLRG", "COVE", "AG03"),
    ("unknown settlement", "CLRG", "XXXX", "AG03"),
    ("wrong control sum", "<SttlmInf>", "<CtrlSum>1</CtrlSum><SttlmInf>", "AM16"),
    ("no control sum", "<SttlmInf>", "<CtrlSum>x</CtrlSum><SttlmInf>", "CH16"),
    ("elements in text", "MSG-1", "<b>MSG-1</b>", "CH21"),
];

const PAYMENTS: [Replaced; 26] = [
    ("zero", ">1085.00<", ">0<", "AM01"),
    ("negative", ">1085.00<", ">-1085.00<", "AM12"),
    ("exponent", ">1085.00<", ">1e3<", "AM12"),
    ("comma", ">1085.00<", ">1,085.00<", "AM12"),
    ("no number", ">1085.00<", ">NaN<", "AM12"),
    ("empty amount", ">1085.00<", "><", "AM12"),
    ("too many decimals", ">1085.00<", ">1085.001<", "CH20"),
    ("too many digits", ">1085.00<", ">99999999999999999999999999999999999999<", "AM12"),
    ("wide digits", ">1085.00<", ">１０８５<", "AM12"),
    ("unknown currency", "Ccy=\"HKD\"", "Ccy=\"XXX\"", "AM03"),
    ("currency in lower case", "Ccy=\"HKD\"", "Ccy=\"hkd\"", "AM11"),
    ("no currency", " Ccy=\"HKD\"", "", "AM11"),
    ("right-to-left currency", "Ccy=\"HKD\"", "Ccy=\"HKD\u{202e}\"", "AM11"),
    ("no UETR", "<UETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</UETR>", "", "CH21"),
    ("UETR in upper case", "7f0c2b9e-4a55-4c0e", "7F0C2B9E-4A55-4C0E", "CH16"),
    ("UETR of version 1", "4a55-4c0e", "4a55-1c0e", "CH16"),
    ("two UETRs", "<UETR>", "<UETR>x</UETR><UETR>", "CH17 CH21"),
    ("impossible date", "<IntrBkSttlmDt>2026-11-21", "<IntrBkSttlmDt>2026-02-30", "DT01"),
    ("rate of zero", "1.0850", "0", "AM09"),
    ("rate in words", "1.0850", "par", "AM09"),
    ("another rate", "1.0850", "1.0000", "AM09"),
    ("unknown charges", "DEBT", "FREE", "BE19"),
    ("no charges", "<ChrgBr>DEBT</ChrgBr>", "", "BE19"),
    ("bad IBAN", "GB82WEST", "GB83WEST", "AC03"),
    (
        "bad BIC",
        "<CdtrAgt><FinInstnId><BICFI>HSBCHKHH",
        "<CdtrAgt><FinInstnId><BICFI>hsbchkhh",
        "RC07",
    ),
    (
        "no debtor account",
        "<DbtrAcct><Id><Othr><Id>622188-001</Id></Othr></Id></DbtrAcct>",
        "",
        "AC02",
    ),
];

/// Writes a part that is beyond a limit of the reader.
type Oversized = fn(&Limits) -> String;

const SIZES: [(&str, Oversized); 5] = [
    ("deep", |limits| "<a>".repeat(limits.depth + 1)),
    ("many elements", |limits| "<a/>".repeat(limits.elements + 1)),
    ("long text", |limits| format!("<a>{}</a>", "x".repeat(limits.text_bytes + 1))),
    ("long name", |limits| format!("<{}/>", "x".repeat(limits.name_bytes + 1))),
    ("many attributes", |limits| {
        let all: String = (0..=limits.attributes).map(|place| format!(" a{place}=''")).collect();
        format!("<a{all}/>")
    }),
];
