//! `feiqian tx build|inspect|sign|merge|send`: payments that are signed on another machine.
//!
//! Invariants: `inspect` and `sign` show what the bytes say, and need no network; `send` goes the
//! way of every payment. Absent: payments across assets, whose quotes do not outlast the way.

mod build;
mod inspect;
mod sign;

pub(super) use build::{lasting, signers, write};

use ledger::operation::Operation;
use ledger::transaction::Transaction;
use std::path::{Path, PathBuf};

use super::pay::identified;
use crate::cli::Tx;
use crate::code::Own;
use crate::describe;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::orders;
use crate::paper::Paper;
use crate::session::Session;

pub(super) fn run(session: &Session, command: Tx) -> Result<(), Fault> {
    match command {
        Tx::Build(command) => build::run(session, &command),
        Tx::Inspect { file } => inspect::run(session, &file),
        Tx::Sign { file, key, out } => sign::run(session, &file, &key, out.as_deref()),
        Tx::Merge { files, out } => merge(session, &files, &out),
        Tx::Send { file } => send(session, &file),
    }
}

fn merge(session: &Session, files: &[PathBuf], out: &Path) -> Result<(), Fault> {
    let mut papers = files.iter().map(|file| Paper::read(file));
    let mut merged = papers
        .next()
        .ok_or_else(|| Fault::missing("FILE", say!("No file is named.", "未指定文件。")))??;
    for paper in papers {
        merged.merge(&paper?)?;
    }
    merged.write(out)?;
    inspect::show(session, &merged, &wrote(out));
    Ok(())
}

/// What is told of a file that was written.
fn wrote(out: &Path) -> Text {
    say!("Wrote {out}.", "已写入 {out}。", out = out.display())
}

/// The transaction is for another chain.
fn other_chain(paper: &Paper) -> Fault {
    let detail = say!(
        "The transaction is for the chain {chain}.",
        "该交易属于链 {chain}。",
        chain = paper.chain.text()
    );
    Fault::usage(Own::OtherChain, detail, say!("Choose its --profile.", "请选择该链的 --profile。"))
}

fn send(session: &Session, file: &Path) -> Result<(), Fault> {
    let paper = Paper::read(file)?;
    let desk = Desk::open(session)?;
    if paper.chain.id != desk.chain.id {
        return Err(other_chain(&paper));
    }
    let Some(signed) = paper.complete() else {
        let missing: Vec<String> = paper.missing().iter().map(|key| key.to_hex()).collect();
        let detail = say!(
            "Signatures are missing: {keys}.",
            "缺少签名：{keys}。",
            keys = missing.join(", ")
        );
        let hint = say!(
            "Sign with: feiqian tx sign FILE. Nothing was sent.",
            "请签名：feiqian tx sign FILE。未发送任何内容。"
        );
        return Err(Fault::new(Exit::NotPermitted, Own::KeysMissing, detail, hint));
    };
    let id = desk.id_of(&signed.transaction);
    let order = format!("transaction {}", paper.id().to_hex());
    let done = identified::pay(&desk, &id, Some(&order), || {
        desk.submit(&signed, order.clone(), |entry| {
            entry.payee = payee(&desk, &signed.transaction);
            entry.note = paper.note.as_ref().map(|note| note.text.clone());
            entry.salt = paper.note.as_ref().map(|note| note.salt.clone());
        })
    })?;
    let is_told = matches!(
        done.operation,
        Operation::Pay(_)
            | Operation::PayAcross(_)
            | Operation::Hold(_)
            | Operation::Queue(_)
            | Operation::Prioritise { .. }
            | Operation::Return(_)
            | Operation::RequestRecall(_)
            | Operation::AnswerRecall { .. }
    );
    if is_told {
        return super::pay::report(&desk, done);
    }
    let naming = describe::offline(desk.chain.network, &done.operation);
    let lines = describe::lines(&done.operation, &naming);
    let what = lines.first().map(|(what, value)| {
        say!("Done: {what} {value}", "已完成：{what} {value}"; what = what, value = value)
    });
    orders::report(&desk, done, &what.unwrap_or_default())
}

/// The address book's name of who is paid.
fn payee(desk: &Desk<'_>, transaction: &Transaction) -> Option<String> {
    let address = transaction.operations.first().and_then(describe::payee)?;
    let address = address.address(desk.chain.network);
    let mut named = desk.profile.accounts.iter();
    named.find(|(_, account)| account.address == address).map(|(name, _)| name.clone())
}
