//! `feiqian iso submit FILE`: an ISO 20022 message to the node that acts for its institution.

use api::problem::Retry;
use iso20022::pacs002::{self, Code, StatusReport};
use iso20022::xml::Limits;
use serde::Serialize;
use std::path::Path;

use crate::cli::Iso;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::files;
use crate::network::{Network, nobody_answers, refusal};
use crate::node::NodeError;
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
    iso_status: String,
    reasons: Vec<String>,
}

pub(super) fn run(session: &Session, command: Iso) -> Result<(), Fault> {
    let Iso::Submit { file, answer } = command;
    let message =
        files::read(&file, MAXIMUM_MESSAGE).map_err(|error| Fault::file(&file, &error))?;
    let profile = session.profile()?;
    let network = session.network(&profile);
    let xml = submit(session, &network, &message)?;
    if let Some(path) = &answer {
        files::replace_public(path, &xml).map_err(|error| Fault::file(path, &error))?;
    }
    let report = pacs002::read(&xml, &Limits::default()).ok();
    show(session, &xml, report.as_ref(), answer.as_deref());
    match report {
        Some(report) => ended(&report),
        None => Ok(()),
    }
}

/// Sends the message to node after node until one acts for its institution.
fn submit(session: &Session, network: &Network, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut refused: Option<Fault> = None;
    let mut failures = Vec::new();
    let mut may_be_sent = false;
    for node in network.nodes() {
        match node.post("/v1/iso20022", "application/xml", message, session.timeout) {
            Ok(answer) => return Ok(answer),
            Err(NodeError::NotSent { reason }) => {
                failures.push(format!("{}: {reason}", node.base()));
            }
            Err(NodeError::Broken { reason }) => {
                may_be_sent = true;
                failures.push(format!("{}: {reason}", node.base()));
            }
            Err(NodeError::Refused { problem }) => {
                let fault = refusal(&problem);
                may_be_sent |= problem.retry == Retry::Same;
                failures.push(format!("{}: {}", node.base(), fault.detail));
                if problem.status != 403 && problem.retry == Retry::Never {
                    return Err(fault);
                }
                refused.get_or_insert(fault);
            }
        }
    }
    if may_be_sent {
        let detail = format!("The outcome is not known ({}).", failures.join("; "));
        let hint = "Send the same message again: its payments are never made twice.";
        return Err(Fault::new(Exit::Unknown, "outcome-unknown", detail, hint));
    }
    Err(refused.unwrap_or_else(|| nobody_answers(&failures)))
}

fn show(session: &Session, xml: &[u8], report: Option<&StatusReport>, file: Option<&Path>) {
    let transactions = report.map_or(&[][..], |report| &report.transactions);
    let transactions: Vec<TransactionDocument> = transactions
        .iter()
        .map(|transaction| TransactionDocument {
            id: transaction.uetr.map(|uetr| uetr.to_string()),
            iso_status: transaction.status.to_string(),
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
        None => answer,
        Some(file) => {
            let mut lines: Vec<String> = document
                .transactions
                .iter()
                .map(|transaction| {
                    let id = transaction.id.as_deref().unwrap_or("without UETR");
                    let reasons = transaction.reasons.join("; ");
                    format!("{} {id} {reasons}", transaction.iso_status).trim_end().to_owned()
                })
                .collect();
            lines.push(format!("The answer is in {}.", file.display()));
            lines.join("\n")
        }
    };
    session.output.result(text, &document);
}

/// Whether the answer is a success: nothing was rejected.
fn ended(report: &StatusReport) -> Result<(), Fault> {
    let rejected = report.transactions.iter().find(|status| status.status == Code::REJECTED);
    let reasons = match (rejected, report.group_status) {
        (Some(transaction), _) => &transaction.reasons,
        (None, Some(Code::REJECTED)) => &report.group_reasons,
        (None, Some(_) | None) => return Ok(()),
    };
    let first = reasons.first();
    let detail = first.map_or("The message was rejected.".to_owned(), |reason| {
        format!("Rejected, {}: {}", reason.code, reason.information)
    });
    Err(Fault {
        iso_reason: first.map(|reason| reason.code),
        id: rejected.and_then(|transaction| transaction.uetr).map(|uetr| uetr.to_string()),
        ..Fault::new(Exit::Rejected, "message-rejected", detail, "The answer says all reasons.")
    })
}
