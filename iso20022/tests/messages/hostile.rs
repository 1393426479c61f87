//! Hostile input: an error or a verdict, never a panic, never a deep stack, never unbounded work.

use crate::samples::samples;
use crate::support::{TRANSACTION, decimals, many, read, single, verdict, with};
use iso20022::incoming::{self, Message};
use iso20022::xml::{Document, Limits, XmlFault};
use iso20022::{MessageFault, pacs002, pacs008};
use proptest::prelude::*;

/// Runs every reader on the bytes, and judges what could be read.
fn try_all(bytes: &[u8]) {
    let limits = Limits::default();
    let _ = pacs002::read(bytes, &limits);
    let any = incoming::read(bytes, &limits);
    if let Ok(message) = pacs008::read(bytes, &limits) {
        assert_eq!(any, Ok(Message::Transfers(message.clone())));
        for transfer in &message.transactions {
            match transfer.order(decimals) {
                Ok(order) => assert!(!order.transfer.debit().amount.is_zero()),
                Err(refusals) => assert!(!refusals.is_empty()),
            }
        }
    }
}

fn fault(text: &str) -> XmlFault {
    let fault = read(text).unwrap_err().fault;
    let MessageFault::Xml(error) = fault else { panic!("{fault}") };
    error.fault
}

#[test]
fn nesting_a_hundred_thousand_deep_needs_no_stack() {
    let deep = "<a>".repeat(100_000);
    let inside = with(&single(), "<Purp>", &format!("{deep}<Purp>"));
    let closed = format!("{deep}{}", "</a>".repeat(100_000));
    let limits = Limits { depth: 200_000, ..Limits::default() };
    let work = move || {
        for text in [&deep, &inside, &closed] {
            assert_eq!(fault(text), XmlFault::TooDeep { limit: 64 });
        }
        // Even a caller that allows it gets no recursion.
        let document = Document::parse(closed.as_bytes(), &limits).unwrap();
        assert_eq!(document.root().children().count(), 1);
        let refused = pacs008::read(closed.as_bytes(), &limits).unwrap_err();
        assert_eq!(refused.fault, MessageFault::NoMessage);
    };
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    small.spawn(work).unwrap().join().unwrap();
}

#[test]
fn bombs_are_refused_by_name() {
    let laughs: String = (1..10)
        .map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)))
        .collect();
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let prologue = |subset: &str| {
        with(&single(), declaration, &format!("{declaration}<!DOCTYPE Document [{subset}]>"))
    };
    let billion = prologue(&format!("<!ENTITY l0 \"lol\">{laughs}"));
    let external = prologue("<!ENTITY x SYSTEM \"file:///etc/passwd\">");
    for text in [billion, external, prologue("")] {
        assert_eq!(fault(&text), XmlFault::DocumentType);
    }
    let undeclared = with(&single(), "invoice 7", "&l9;");
    assert_eq!(fault(&undeclared), XmlFault::UnknownEntity { name: "l9".to_owned() });
}

#[test]
fn huge_parts_are_refused() {
    let huge = "x".repeat(1024 * 1024);
    let limits = Limits::default();
    for (text, expected) in [
        (with(&single(), "invoice 7", &huge), XmlFault::TextTooLong { limit: limits.text_bytes }),
        (
            with(&single(), "<Purp>", &format!("<Purp a='{huge}'>")),
            XmlFault::TextTooLong { limit: limits.text_bytes },
        ),
        (
            with(&single(), "Purp>", &format!("{huge}>")),
            XmlFault::NameTooLong { limit: limits.name_bytes },
        ),
        (
            with(&single(), "invoice 7", &"&#120;".repeat(70_000)),
            XmlFault::TextTooLong { limit: limits.text_bytes },
        ),
        (
            with(&single(), "<Purp>", &format!("<Purp {}>", attributes(100_000, "a"))),
            XmlFault::TooManyAttributes { limit: limits.attributes },
        ),
        (
            with(&single(), "<Purp>", &format!("<Purp {}>", attributes(100_000, "xmlns:a"))),
            XmlFault::TooManyAttributes { limit: limits.attributes },
        ),
        (
            with(&single(), "<Purp>", &format!("{}<Purp>", "<x/>".repeat(500_000))),
            XmlFault::TooManyElements { limit: limits.elements },
        ),
        ("x".repeat(limits.total_bytes + 1), XmlFault::TooLarge { limit: limits.total_bytes }),
    ] {
        assert_eq!(fault(&text), expected);
    }
    // Comments and instructions hold nothing, so only the whole document's size bounds them.
    let comment = with(&single(), "<Purp>", &format!("<!--{huge}--><?pi {huge}?><Purp>"));
    assert_eq!(verdict(comment.as_bytes()), "ok");
}

fn attributes(count: usize, name: &str) -> String {
    (0..count).map(|number| format!("{name}{number}='u' ")).collect()
}

#[test]
fn the_largest_message_is_read_whole() {
    let text = many(8192);
    let message = read(&text).unwrap();
    assert_eq!(message.transactions.len(), 8192);
    assert!(message.transactions.iter().all(|transfer| transfer.order(decimals).is_ok()));
}

#[test]
fn every_cut_and_every_changed_byte_gets_a_verdict() {
    let text = single();
    for end in 0..text.len() {
        try_all(&text.as_bytes()[..end]);
    }
    for place in 0..text.len() {
        for byte in [0, b'<', b'>', b'&', b'"', b'/', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = byte;
            try_all(&bytes);
        }
    }
}

/// A document whose slices were cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let mut sources: Vec<Vec<u8>> = samples().into_values().collect();
    sources.push(single().into_bytes());
    sources.push(many(3).into_bytes());
    let change = (any::<proptest::sample::Index>(), 0_usize..200, 0_u8..3, any::<Vec<u8>>());
    (proptest::sample::select(sources), proptest::collection::vec(change, 1..6)).prop_map(
        |(mut bytes, changes)| {
            for (index, length, kind, other) in changes {
                let start = index.index(bytes.len() + 1);
                let end = bytes.len().min(start + length);
                let slice = bytes[start..end].to_vec();
                match kind {
                    0 => drop(bytes.splice(start..end, [])),
                    1 => drop(bytes.splice(start..start, slice)),
                    _ => drop(bytes.splice(start..end, other)),
                }
            }
            bytes
        },
    )
}

/// Markup that is often almost well formed.
fn markup() -> impl Strategy<Value = String> {
    let pieces = [
        "<a>",
        "</a>",
        "<a/>",
        "<p:a",
        " b='c'",
        ">",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE",
        "[",
        "]",
        "&",
        ";",
        "&#x41;",
        "&#",
        "&lt;",
        "<?xml version='1.0'?>",
        "<?",
        "?>",
        "xmlns",
        "xmlns:p='u'",
        "=",
        "'",
        "\"",
        " ",
        "\r\n",
        "飞",
        "\u{feff}",
        "<",
        "<!",
        TRANSACTION,
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat())
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_get_a_verdict(bytes in any::<Vec<u8>>()) {
        try_all(&bytes);
    }

    #[test]
    fn any_markup_gets_a_verdict(text in markup()) {
        try_all(text.as_bytes());
        let inside = with(&single(), "<Purp>", &format!("{text}<Purp>"));
        try_all(inside.as_bytes());
    }

    #[test]
    fn any_text_in_any_field_gets_a_verdict(text in "\\PC{0,60}") {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace(']', " ");
        let amounts = ["1085.00", "HKD", "1.0850"];
        let others = ["MSG-1", "622188-001", "GB82", "2026-11-21", "GDDS"];
        for field in amounts.into_iter().chain(others) {
            try_all(with(&single(), field, &text).as_bytes());
        }
    }
}

#[test]
fn mutated_messages_get_a_verdict() {
    let run = proptest::test_runner::TestRunner::new(config()).run(&mutated(), |bytes| {
        try_all(&bytes);
        Ok(())
    });
    run.unwrap();
}
