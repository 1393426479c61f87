//! ISO 20022: messages that come in, answers that come back, and what is private in between.
//!
//! What must hold: reading expands nothing; whatever comes in, an answer can be written about it,
//! and the answer is a readable pacs.002 whose text settles.

use iso20022::{
    PrivateData,
    incoming::{self, Message},
    pacs002::{self, StatusReport, TransactionStatus},
    pacs008::{self, CreditTransferMessage, RefusedMessage},
    xml::{Document, Element, Limits},
};
use ledger::{
    crypto::Suite,
    hash::{ChainId, Domains, Hash},
    ids::{AssetCode, Timestamp},
    money::Decimals,
};

use super::{
    Target,
    samples::{CAMT_029, CAMT_056, COVER, PACS_004, PACS_008, PACS_009, PACS_028, PAIN_001},
};

const XML: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [",
    "&amp;",
    "&#x202e;",
    "&#0;",
    "<?xml version=\"1.1\"?>",
    "xmlns:x=\"",
    "<a>",
    "</a>",
    "Ccy=\"CNY\"",
    "0.00",
];

pub(super) const TARGETS: &[Target] = &[
    Target { name: "xml", samples: transfers, words: XML, run: xml },
    Target { name: "pacs-008", samples: transfers, words: XML, run: transfer },
    Target { name: "pacs-009", samples: covers, words: XML, run: incoming },
    Target { name: "pain-001", samples: initiations, words: XML, run: incoming },
    Target { name: "pacs-028", samples: requests, words: XML, run: incoming },
    Target { name: "pacs-002", samples: reports, words: XML, run: report },
    Target { name: "private-data", samples: privates, words: &[], run: private },
];

const TIME: Timestamp = Timestamp(1_795_294_500_123);

fn decimals(asset: AssetCode) -> Option<Decimals> {
    ["CNY", "HKD"].contains(&asset.to_string().as_str()).then_some(Decimals(2))
}

fn transfers() -> Vec<Vec<u8>> {
    vec![PACS_008.into()]
}

fn covers() -> Vec<Vec<u8>> {
    vec![PACS_009.into(), COVER.into()]
}

fn initiations() -> Vec<Vec<u8>> {
    vec![PAIN_001.into()]
}

fn requests() -> Vec<Vec<u8>> {
    vec![PACS_004.into(), PACS_028.into(), CAMT_056.into(), CAMT_029.into()]
}

/// How many bytes of names, texts and attributes an element and those below it have.
fn size(element: Element<'_>) -> usize {
    let attributes = element.attributes().map(|(name, value)| name.len() + value.len());
    let own = element.name().len() + element.text().len() + attributes.sum::<usize>();
    own + element.children().map(size).sum::<usize>()
}

fn xml(bytes: &[u8]) -> bool {
    let Ok(document) = Document::parse(bytes, &Limits::default()) else { return false };
    assert!(size(document.root()) <= bytes.len(), "a document is larger than its bytes");
    true
}

fn transfer(bytes: &[u8]) -> bool {
    match pacs008::read(bytes, &Limits::default()) {
        Ok(message) => orders(&message, bytes.len()),
        Err(refused) => refusal(&refused),
    }
}

/// Reads whichever message it is, and does with it what a node does before it signs.
fn incoming(bytes: &[u8]) -> bool {
    match incoming::read(bytes, &Limits::default()) {
        Ok(Message::Transfers(mut message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            message.identify(&domains);
            orders(&message, bytes.len())
        }
        Ok(Message::Returns(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let id = &message.group.message_id;
            let orders = message.returns.iter().map(|back| back.order(&domains, id, decimals));
            orders.filter(Result::is_err).count() == 0
        }
        Ok(Message::Recalls(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let id = &message.assignment.group.message_id;
            let orders = message.recalls.iter().map(|of| of.order(&domains, id, decimals));
            orders.filter(Result::is_err).count() == 0
        }
        Ok(Message::Answers(message)) => {
            let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
            let orders = message.answers.iter().map(|of| message.order(&domains, of, decimals));
            orders.filter(Result::is_err).count() == 0
        }
        Ok(Message::StatusRequest(request)) => {
            let statuses = request.questions.iter().map(|question| TransactionStatus {
                original: question.original.clone(),
                ..TransactionStatus::unknown(&question.payment)
            });
            let statuses = statuses.collect();
            readable(&StatusReport::of_payments("A-1".to_owned(), TIME, statuses));
            true
        }
        Err(refused) => refusal(&refused),
    }
}

fn refusal(refused: &RefusedMessage) -> bool {
    assert_eq!(refused.fault.iso().len(), 4, "a fault has a code");
    if let Some(answer) = StatusReport::refusal(refused, "A-1".to_owned(), TIME) {
        readable(&answer);
    }
    false
}

/// Judges each transaction; true if all are orders.
fn orders(message: &CreditTransferMessage, length: usize) -> bool {
    let mut is_ordered = true;
    let statuses = message.transactions.iter().map(|transfer| match transfer.order(decimals) {
        Ok(order) => {
            assert!(order.private.encode().len() <= 2 * length + 64, "private data grows");
            TransactionStatus::settled(transfer, TIME, TIME, Vec::new())
        }
        Err(refusals) => {
            assert!(!refusals.is_empty(), "a refused transaction has a reason");
            is_ordered = false;
            TransactionStatus::refused(transfer, &refusals)
        }
    });
    let statuses = statuses.collect();
    readable(&StatusReport::answer(&message.header.group, "A-1".to_owned(), TIME, statuses));
    is_ordered
}

/// Checks that a report is written as one that reads, whose text does not change any more.
fn readable(report: &StatusReport) -> StatusReport {
    let text = pacs002::write(report, None);
    let read = |text: &str| pacs002::read(text.as_bytes(), &Limits::default());
    let again = read(&text).expect("a report that was written is readable");
    assert_eq!(again.transactions.len(), report.transactions.len(), "a report loses a status");
    let settled = pacs002::write(&again, None);
    super::settles(&settled, |text| read(text).ok().map(|report| pacs002::write(&report, None)));
    again
}

fn reports() -> Vec<Vec<u8>> {
    let message = pacs008::read(PACS_008.as_bytes(), &Limits::default()).expect("the sample reads");
    let status = |transfer| TransactionStatus::settled(transfer, TIME, TIME, Vec::new());
    let settled = message.transactions.iter().map(status).collect();
    let refuse =
        |transfer| TransactionStatus::rejected(transfer, "AM04", "Too little, \"飞\" & <more>.");
    let refused = message.transactions.iter().map(refuse).collect();
    let group = &message.header.group;
    let answer = |statuses| StatusReport::answer(group, "A-1".to_owned(), TIME, statuses);
    let texts = [answer(settled), answer(refused)].map(|report| pacs002::write(&report, None));
    texts.map(String::into_bytes).into()
}

fn report(bytes: &[u8]) -> bool {
    let Ok(report) = pacs002::read(bytes, &Limits::default()) else { return false };
    readable(&report);
    true
}

fn privates() -> Vec<Vec<u8>> {
    let message = pacs008::read(PACS_008.as_bytes(), &Limits::default()).expect("the sample reads");
    let orders = message.transactions.iter().filter_map(|transfer| transfer.order(decimals).ok());
    orders.map(|order| order.private.encode()).collect()
}

fn private(bytes: &[u8]) -> bool {
    let Ok(data) = PrivateData::decode(bytes) else { return false };
    assert_eq!(data.encode(), bytes, "a second encoding of one private part was taken");
    true
}
