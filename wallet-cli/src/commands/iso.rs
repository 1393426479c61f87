//! `feiqian iso submit|check`: ISO 20022 messages to the node that acts for their institution.
//!
//! Invariants: an answer is a file before anything is said about it; a message may be sent again,
//! because its payments are made once. Absent: the writing of messages.

mod answer;
mod check;
mod folder;

use api::problem::Retry;
use api::proof::MEDIA_TYPE;
use iso20022::incoming::{self, Message};
use iso20022::pacs002::{Code, StatusReport, TransactionStatus};
use iso20022::xml::Limits;
use ledger::proof::Proven;
use ledger::receipt::Outcome;
use serde::Serialize;
use std::path::Path;

use crate::assurance;
use crate::cli::Iso;
use crate::code::Own;
use crate::delivery;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
use crate::network::{Network, at, nobody_answers, refusal};
use crate::node::NodeError;
use crate::profile::Profile;
use crate::session::Session;

const MAXIMUM_MESSAGE: usize = 16 * 1024 * 1024;

#[derive(Serialize)]
struct AnswerDocument {
    iso_status: Option<String>,
    transactions: Vec<TransactionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

#[derive(Serialize)]
struct TransactionDocument {
    id: Option<String>,
    /// None if nothing is known of the payment.
    iso_status: Option<String>,
    reasons: Vec<String>,
    /// The block in which the settlement was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven_in_block: Option<u64>,
}

pub(super) fn run(session: &Session, command: Iso) -> Result<(), Fault> {
    match command {
        Iso::Submit { path, answer } if path.is_dir() => {
            folder::run(session, &path, answer.as_deref())
        }
        Iso::Submit { path, answer } => single(session, &path, answer.as_deref()),
        Iso::Check { message, answer, proof, anchor } => {
            check::run(session, &check::Evidence { message, answer, proof }, &anchor)
        }
    }
}

fn read_message(file: &Path) -> Result<Vec<u8>, Fault> {
    files::read(file, MAXIMUM_MESSAGE).map_err(|error| Fault::file(file, &error))
}

/// Sends one message, and shows its answer or where that is.
fn single(session: &Session, file: &Path, answer: Option<&Path>) -> Result<(), Fault> {
    let message = read_message(file)?;
    let profile = session.profile()?;
    let network = session.network(&profile);
    let xml = submit(session, &network, &message)?;
    if let Some(path) = answer {
        files::replace_public(path, &xml).map_err(|error| Fault::file(path, &error))?;
    }
    let report = answer::read(&xml);
    // The proof under a returned payment's UETR is of the payment, and not of its return.
    let corrects = orders_corrections(&message);
    let blocks = report.iter().flat_map(|report| &report.transactions);
    let prove = |status| if corrects { None } else { proven(&profile, &network, status) };
    let blocks = blocks.map(prove).collect();
    show(session, &xml, report.as_ref(), blocks, answer);
    match report.filter(|_| !asks(&message)) {
        Some(report) => ended(&report),
        None => Ok(()),
    }
}

/// True if the message only asks what became of payments: whatever the answer says, it was got.
fn asks(message: &[u8]) -> bool {
    matches!(incoming::read(message, &Limits::default()), Ok(Message::StatusRequest(_)))
}

/// True if the message is about payments that are settled: it returns them, or answers for them.
fn orders_corrections(message: &[u8]) -> bool {
    let read = incoming::read(message, &Limits::default());
    matches!(read, Ok(Message::Returns(_) | Message::Answers(_) | Message::Recalls(_)))
}

/// Sends the message to node after node until one acts for its institution.
fn submit(session: &Session, network: &Network, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut refused: Option<Fault> = None;
    let mut failures = Vec::new();
    let mut may_be_sent = false;
    for node in network.nodes() {
        match node.post("/v1/iso20022", "application/xml", message, session.timeout) {
            Ok(answer) => return Ok(answer),
            Err(NodeError::NotSent { reason }) => failures.push(at(node, &reason)),
            Err(NodeError::Broken { reason }) => {
                may_be_sent = true;
                failures.push(at(node, &reason));
            }
            Err(NodeError::Refused { problem }) => {
                let fault = refusal(&problem);
                may_be_sent |= problem.retry == Retry::Same;
                failures.push(at(node, &fault.detail));
                if !matches!(problem.status, 401 | 403) && problem.retry == Retry::Never {
                    return Err(fault);
                }
                refused.get_or_insert(fault);
            }
        }
    }
    if may_be_sent {
        return Err(delivery::unknown(&failures, again()));
    }
    Err(refused.unwrap_or_else(|| nobody_answers(&failures)))
}

/// The block in which the payment is settled, verified; `None` if it is not, or no node proves it.
fn proven(profile: &Profile, network: &Network, status: &TransactionStatus) -> Option<u64> {
    let (chain, uetr) = (profile.chain?, status.uetr?);
    if status.status != Some(Code::SETTLED) {
        return None;
    }
    let path = format!("/v1/payments/{uetr}/proof");
    let file = network.ask(|node, limit| node.get(&path, &[], MEDIA_TYPE, limit)).ok()?;
    let verdict = assurance::verify(&chain, &file).ok()?;
    let Proven::Payment(receipt) = verdict.proven else { return None };
    let is_settled = receipt.uetr == Some(uetr) && matches!(receipt.outcome, Outcome::Settled(_));
    is_settled.then_some(verdict.header.height.0)
}

fn show(
    session: &Session,
    xml: &[u8],
    report: Option<&StatusReport>,
    blocks: Vec<Option<u64>>,
    file: Option<&Path>,
) {
    let transactions = report.map_or(&[][..], |report| &report.transactions);
    let transactions: Vec<TransactionDocument> = transactions
        .iter()
        .zip(blocks)
        .map(|(transaction, proven_in_block)| TransactionDocument {
            proven_in_block,
            id: transaction.uetr.map(|uetr| uetr.to_string()),
            iso_status: transaction.status.map(|status| status.to_string()),
            reasons: transaction
                .reasons
                .iter()
                .map(|reason| format!("{} {}", reason.code, reason.information))
                .collect(),
        })
        .collect();
    let answer = String::from_utf8_lossy(xml).into_owned();
    let document = AnswerDocument {
        iso_status: report.and_then(|report| report.group_status).map(|code| code.to_string()),
        transactions,
        file: file.map(|file| file.display().to_string()),
        answer: file.is_none().then_some(answer.clone()),
    };
    let text = match file {
        None => Text::data(answer),
        Some(file) => {
            let mut lines: Vec<Text> = document.transactions.iter().map(line).collect();
            let file = file.display();
            lines.push(say!("The answer is in {file}.", "应答在 {file}。"));
            Text::join(&lines, "\n")
        }
    };
    session.output.result(&text, &document);
}

/// What became of one transaction of the message.
fn line(transaction: &TransactionDocument) -> Text {
    let id = match &transaction.id {
        Some(id) => Text::data(id.as_str()),
        None => say!("without UETR", "无 UETR"),
    };
    let rest = match transaction.proven_in_block {
        Some(block) => say!("proven in block {block}", "已在区块 {block} 中证明"),
        None => Text::data(transaction.reasons.join("; ")),
    };
    let status = match &transaction.iso_status {
        Some(status) => Text::data(status.as_str()),
        None => say!("unknown", "未知"),
    };
    let line = say!(
        "{status} {id} {rest}", "{status} {id} {rest}"; status = status, id = id, rest = rest
    );
    line.map(|line| line.trim_end().to_owned())
}

/// Whether the answer is a success: nothing was rejected, and nothing is still to come.
fn ended(report: &StatusReport) -> Result<(), Fault> {
    let rejected = report.transactions.iter().find(|status| answer::is_rejected(status));
    let reasons = match (rejected, report.group_status) {
        (Some(transaction), _) => &transaction.reasons,
        (None, Some(Code::REJECTED)) => &report.group_reasons,
        (None, Some(_) | None) => return settled(report),
    };
    let first = reasons.first();
    let detail = match first {
        Some(reason) => say!(
            "Rejected, {code}: {words}",
            "已拒绝，{code}：{words}",
            code = reason.code,
            words = reason.information
        ),
        None => say!("The message was rejected.", "报文被拒绝。"),
    };
    Err(Fault {
        iso_reason: first.map(|reason| reason.code),
        id: rejected.and_then(|status| status.uetr).map(|uetr| uetr.to_string().into()),
        ..Fault::new(
            Exit::Rejected,
            Own::MessageRejected,
            detail,
            say!("The answer says all reasons.", "应答列明全部原因。"),
        )
    })
}

/// Whether the outcome of every payment is known.
fn settled(report: &StatusReport) -> Result<(), Fault> {
    let count = |is: fn(&TransactionStatus) -> bool| {
        report.transactions.iter().filter(|status| is(status)).count()
    };
    let (open, waiting) = (count(answer::is_open), count(answer::is_waiting));
    let reviews = count(answer::is_in_review);
    if open == 0 && waiting == 0 && reviews == 0 {
        return Ok(());
    }
    if open == 0 && waiting == 0 {
        let detail =
            say!("{reviews} payments wait for a bank's review.", "{reviews} 笔支付等待银行审查。");
        let hint =
            say!("The banks answer with: feiqian approve ID", "请银行执行：feiqian approve 编号");
        return Err(Fault::new(Exit::NotPermitted, Own::AwaitingReview, detail, hint));
    }
    if open == 0 {
        let detail = say!("{waiting} payments wait for approvals.", "{waiting} 笔支付等待批准。");
        let hint = say!(
            "Their approvers give theirs with: feiqian approve ID",
            "请批准人执行：feiqian approve 编号"
        );
        return Err(Fault::new(Exit::NotPermitted, Own::AwaitingApproval, detail, hint));
    }
    let reason = say!("{open} payments are not known to be final", "{open} 笔支付尚未最终确定");
    Err(delivery::unknown(&[reason], again()))
}

fn again() -> Text {
    say!(
        "Send the same message again: its payments are never made twice.",
        "请再次发送同一报文：其中的支付不会重复。"
    )
}
