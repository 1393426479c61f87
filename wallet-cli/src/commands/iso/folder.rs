//! `feiqian iso submit FOLDER`: every message of a folder, one after the other.
//!
//! The answer to `NAME.xml` is `NAME.answer.xml`, or `NAME.answer.json` where the node answers with
//! no message. Invariants: messages go in the order of their names; a message that failed does not
//! stop the others; the same command again sends all of them again, and pays nothing twice. Absent:
//! proofs of the payments (`feiqian proof get`).

use iso20022::pacs002::{StatusReport, TransactionStatus};
use serde::Serialize;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{answer, asks, ended, read_message, submit};
use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
use crate::network::Network;
use crate::session::Session;

/// How the names of answers end that are messages, and of those that are none.
const MESSAGE: &str = "answer.xml";
const PROBLEM: &str = "answer.json";

#[derive(Serialize)]
struct FolderDocument {
    messages: Vec<MessageDocument>,
    settled: usize,
    rejected: usize,
    open: usize,
}

#[derive(Serialize)]
struct MessageDocument {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iso_status: Option<String>,
    settled: usize,
    rejected: usize,
    open: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What became of one message.
struct Sent {
    document: MessageDocument,
    fault: Option<Fault>,
}

pub(super) fn run(session: &Session, folder: &Path, answer: Option<&Path>) -> Result<(), Fault> {
    if let Some(answer) = answer {
        let detail = say!(
            "{answer} would be the answer to many messages.",
            "{answer} 不能作为多份报文的应答。",
            answer = answer.display()
        );
        let hint = say!(
            "Leave -o out: each answer is written beside its message.",
            "请勿使用 -o：每份应答写在其报文旁边。"
        );
        return Err(Fault::usage(Own::Usage, detail, hint));
    }
    let messages = messages(folder)?;
    let profile = session.profile()?;
    let network = session.network(&profile);
    let mut sent = Vec::with_capacity(messages.len());
    for message in &messages {
        let one = send(session, &network, message);
        session.output.line(&line(&one));
        sent.push(one);
    }
    finish(session, sent)
}

/// The messages of the folder, by name.
fn messages(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |error| Fault::file(folder, &error);
    let mut messages = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let is_message = path.extension().is_some_and(|ending| ending == "xml");
        if is_message && !name.ends_with(MESSAGE) && path.is_file() {
            messages.push(path);
        }
    }
    messages.sort();
    if messages.is_empty() {
        let detail =
            say!("{folder} holds no message.", "{folder} 中没有报文。", folder = folder.display());
        let hint = say!("Messages are files NAME.xml.", "报文是名为 NAME.xml 的文件。");
        return Err(Fault::usage(Own::Usage, detail, hint));
    }
    Ok(messages)
}

fn send(session: &Session, network: &Network, message: &Path) -> Sent {
    let bytes = read_message(message);
    let is_question = bytes.as_ref().is_ok_and(|bytes| asks(bytes));
    let answered = bytes.and_then(|bytes| submit(session, network, &bytes));
    let written = match &answered {
        Ok(xml) => write(message, MESSAGE, xml).map(Some),
        Err(fault) if matches!(fault.exit, Exit::Rejected | Exit::NotPermitted) => {
            let json = serde_json::to_vec_pretty(&fault.document()).unwrap_or_default();
            write(message, PROBLEM, &json).map(Some)
        }
        // Nothing was answered: what a run before got still stands.
        Err(_) => Ok(None),
    };
    let (answer, unwritten) = match written {
        Ok(answer) => (answer, None),
        Err(fault) => (None, Some(fault)),
    };
    let report = answered.as_ref().ok();
    let report = report.and_then(|xml| answer::read(xml));
    let outcome = report.as_ref().filter(|_| !is_question).map_or(Ok(()), ended);
    let fault = unwritten.or(answered.err()).or(outcome.err());
    let count = |is: fn(&TransactionStatus) -> bool| {
        let transactions = report.iter().flat_map(|report| &report.transactions);
        transactions.filter(|status| is(status)).count()
    };
    let name = |path: &Path| path.display().to_string();
    let document = MessageDocument {
        message: name(message),
        answer: answer.as_deref().map(name),
        iso_status: report.as_ref().and_then(status),
        settled: count(answer::is_settled),
        rejected: count(answer::is_rejected),
        open: count(|status| !answer::is_settled(status) && !answer::is_rejected(status)),
        error: fault.as_ref().map(|fault| fault.code.text().to_owned()),
    };
    Sent { document, fault }
}

fn status(report: &StatusReport) -> Option<String> {
    report.group_status.map(|status| status.to_string())
}

/// Writes the answer beside its message; an answer of the other kind is gone then.
fn write(message: &Path, ending: &str, bytes: &[u8]) -> Result<PathBuf, Fault> {
    let path = message.with_extension(ending);
    files::replace_public(&path, bytes).map_err(|error| Fault::file(&path, &error))?;
    let other = message.with_extension(if ending == MESSAGE { PROBLEM } else { MESSAGE });
    files::remove(&other).map_err(|error| Fault::file(&other, &error))?;
    Ok(path)
}

/// What became of a message, on one line.
fn line(sent: &Sent) -> Text {
    let MessageDocument { message, settled, rejected, open, iso_status, .. } = &sent.document;
    let counts = say!(
        "{settled} settled, {rejected} rejected, {open} open",
        "已结算 {settled}，已拒绝 {rejected}，未定 {open}"
    );
    match (iso_status, &sent.fault) {
        (Some(status), _) => say!(
            "{message}: {status}; {counts}", "{message}：{status}；{counts}"; counts = counts
        ),
        (None, None) => say!("{message}: {counts}", "{message}：{counts}"; counts = counts),
        (None, Some(fault)) => say!(
            "{message}: {code}: {detail}",
            "{message}：{code}：{detail}",
            code = fault.code.text();
            detail = fault.detail
        ),
    }
}

/// Shows the sums; fails with the gravest fault.
fn finish(session: &Session, sent: Vec<Sent>) -> Result<(), Fault> {
    let sum = |of: fn(&MessageDocument) -> usize| -> usize {
        sent.iter().map(|sent| of(&sent.document)).sum()
    };
    let settled = sum(|message| message.settled);
    let rejected = sum(|message| message.rejected);
    let open = sum(|message| message.open);
    let all = sent.len();
    let text = say!(
        "{all} messages: {settled} payments settled, {rejected} rejected, {open} open.",
        "{all} 份报文：已结算 {settled} 笔，已拒绝 {rejected} 笔，未定 {open} 笔。"
    );
    let mut messages = Vec::with_capacity(all);
    let mut faults = Vec::new();
    for Sent { document, fault } in sent {
        messages.push(document);
        faults.extend(fault);
    }
    session.output.result(&text, &FolderDocument { messages, settled, rejected, open });
    let failed = faults.len();
    let Some(gravest) = faults.into_iter().min_by_key(|fault| gravity(fault.exit)) else {
        return Ok(());
    };
    let detail = say!(
        "{failed} of {all} messages did not go through. {first}",
        "{all} 份报文中有 {failed} 份未能完成。{first}";
        first = gravest.detail
    );
    Err(Fault { detail, ..gravest })
}

/// What a script must know first: that something is not known, then that something was not sent.
const fn gravity(exit: Exit) -> u8 {
    match exit {
        Exit::Interrupted | Exit::Unknown => 0,
        Exit::Internal => 1,
        Exit::NotSent => 2,
        Exit::Usage => 3,
        Exit::NotPermitted => 4,
        Exit::Rejected | Exit::Expired => 5,
        Exit::Done => 6,
    }
}
