//! `feiqian tx inspect`: what a transaction's bytes say.

use ledger::crypto::PublicKey;
use ledger::hash::Hash;
use serde::Serialize;
use std::path::Path;

use crate::commands::pay::draft::commitment;
use crate::commands::table;
use crate::describe::{self, Line};
use crate::entropy;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::paper::Paper;
use crate::profile::NamedAccount;
use crate::session::Session;

#[derive(Serialize)]
struct PaperDocument {
    transaction: String,
    chain_id: String,
    valid_from: String,
    valid_until: String,
    expired: bool,
    /// The operation, line by line as in the text.
    operation: Vec<LineDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<NoteDocument>,
    signers: Vec<SignerDocument>,
    complete: bool,
}

#[derive(Serialize)]
struct LineDocument {
    what: String,
    value: String,
    /// The address book's name of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The same for people.
    #[serde(skip)]
    text: Line,
}

#[derive(Clone, Serialize)]
struct NoteDocument {
    text: String,
    /// True if it is what the transaction commits to.
    committed: bool,
}

#[derive(Serialize)]
struct SignerDocument {
    key: String,
    signed: bool,
}

pub(super) fn run(session: &Session, file: &Path) -> Result<(), Fault> {
    show(session, &Paper::read(file)?, &Text::default());
    Ok(())
}

/// Shows a transaction, after a word on what was done with it.
pub(super) fn show(session: &Session, paper: &Paper, done: &Text) {
    let mut text = text(session, paper);
    if !done.is_empty() {
        text = Text::join(&[text, done.clone()], "\n");
    }
    session.output.result(&text, &document(session, paper));
}

/// What the bytes say, for people.
pub(super) fn text(session: &Session, paper: &Paper) -> Text {
    let operation = operation_lines(session, paper).into_iter();
    let mut lines: Vec<Line> = operation
        .map(|LineDocument { text: (what, value), name, .. }| {
            let value = match name {
                Some(name) => say!("{value}  {name}", "{value}  {name}"; value = value),
                None => value,
            };
            (what, value)
        })
        .collect();
    lines.push((say!("chain", "链"), Text::data(paper.chain.text())));
    lines.push((say!("valid until", "有效至"), validity(paper)));
    lines.push((say!("transaction", "交易"), Text::data(paper.id().to_hex())));
    if let Some(NoteDocument { text, committed }) = note(paper) {
        let note = if committed {
            Text::data(format!("{text:?}"))
        } else {
            say!("{text:?}: NOT what the transaction commits to", "{text:?}：并非交易所承诺的内容")
        };
        lines.push((say!("note", "附言"), note));
    }
    for key in &paper.transaction.signers {
        let (name, is_signed) = (key.to_hex(), paper.is_signed_by(key));
        let signer = if is_signed {
            say!("{name} signed", "{name} 已签名")
        } else {
            say!("{name} not signed", "{name} 未签名")
        };
        lines.push((say!("signer", "签名人"), signer));
    }
    table::list(&lines, 12).map(indented)
}

fn validity(paper: &Paper) -> Text {
    let until = api::text::time(paper.transaction.valid_until);
    if paper.transaction.valid_until < entropy::now() {
        say!("{until} (over)", "{until}（已过）")
    } else {
        Text::data(until)
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The operation, with the address book's names where it is known.
fn operation_lines(session: &Session, paper: &Paper) -> Vec<LineDocument> {
    let book = session.profile().map(|profile| profile.accounts).unwrap_or_default();
    let Some(operation) = paper.transaction.operations.first() else { return Vec::new() };
    let naming = describe::offline(paper.chain.network, operation);
    let lines = describe::lines(operation, &naming).into_iter();
    lines
        .map(|(what, value)| {
            let is_it = |(_, named): &(&String, &NamedAccount)| named.address == value.english();
            let name = book.iter().find(is_it).map(|(name, _)| format!("@{name}"));
            let words = |text: &Text| text.english().to_owned();
            LineDocument { what: words(&what), value: words(&value), name, text: (what, value) }
        })
        .collect()
}

/// The private text, and whether the payment commits to it.
fn note(paper: &Paper) -> Option<NoteDocument> {
    let note = paper.note.as_ref()?;
    let operation = paper.transaction.operations.first()?;
    let committed = describe::ordered(operation)?.remittance;
    let salt = Hash::from_hex(&note.salt)?;
    let committed = commitment(&paper.chain.domains(), &note.text, &salt.0)
        .is_ok_and(|commitment| commitment == committed);
    Some(NoteDocument { text: note.text.clone(), committed })
}

fn document(session: &Session, paper: &Paper) -> PaperDocument {
    let body = &paper.transaction;
    let signer =
        |key: &PublicKey| SignerDocument { key: key.to_hex(), signed: paper.is_signed_by(key) };
    PaperDocument {
        transaction: paper.id().to_hex(),
        chain_id: paper.chain.text(),
        valid_from: api::text::time(body.valid_from),
        valid_until: api::text::time(body.valid_until),
        expired: body.valid_until < entropy::now(),
        operation: operation_lines(session, paper),
        note: note(paper),
        signers: body.signers.iter().map(signer).collect(),
        complete: paper.complete().is_some(),
    }
}
