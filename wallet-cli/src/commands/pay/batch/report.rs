//! What became known of a file's rows, for people and for programs.
//!
//! Absent: progress while rows are paid (the run prints it).

use ledger::ids::Uetr;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::Item;
use super::journal::{End, Journal};
use crate::commands::table;
use crate::exit::Exit;
use crate::fault::{Fault, FaultDocument};
use crate::session::Session;

/// What is known of a row.
pub(super) enum Told {
    /// An earlier run knew its end.
    Before(End),
    /// This run learned its end: it was paid.
    Now(End),
    /// It was not paid, or that is not known.
    Fault(Box<Fault>),
}

/// The report.
pub(super) struct Report {
    document: Document,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Document {
    file: String,
    journal: String,
    chain_id: String,
    paid: usize,
    paid_before: usize,
    rejected: usize,
    unknown: usize,
    not_sent: usize,
    /// Rows of earlier runs that the file no longer has.
    no_longer_in_file: usize,
    rows: Vec<RowDocument>,
}

#[derive(Serialize)]
struct RowDocument {
    line: u64,
    id: String,
    payee: String,
    amount: String,
    /// `settled`, `rejected`, `unknown`, `expired` or `not-sent`.
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// True if an earlier run learned it.
    before: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<FaultDocument>,
}

impl Report {
    /// A report in which every row is not sent yet.
    pub(super) fn new(file: &Path, journal: &Journal, items: &[Item], chain_id: &str) -> Self {
        let rows = items.iter().map(|item| RowDocument {
            line: item.row.line,
            id: item.id.to_string(),
            payee: item.row.payee.clone(),
            amount: item.row.amount.clone(),
            status: "not-sent".to_owned(),
            block: None,
            fee: None,
            code: None,
            before: false,
            problem: None,
        });
        let document = Document {
            file: file.display().to_string(),
            journal: journal.path().display().to_string(),
            chain_id: chain_id.to_owned(),
            paid: 0,
            paid_before: 0,
            rejected: 0,
            unknown: 0,
            not_sent: items.len(),
            no_longer_in_file: journal.len().saturating_sub(items.len()),
            rows: rows.collect(),
        };
        Self { document, faults: Vec::new() }
    }

    /// Takes in what is known of the row with this id.
    pub(super) fn tell(&mut self, id: Uetr, told: Told) {
        let id = id.to_string();
        let Some(row) = self.document.rows.iter_mut().find(|row| row.id == id) else { return };
        match told {
            Told::Before(end) => {
                row.before = true;
                row.end(end);
            }
            Told::Now(end) => row.end(end),
            Told::Fault(fault) => {
                row.status = status(&fault).to_owned();
                row.code = Some(fault.code.clone());
                row.problem = Some(fault.document());
                self.faults.push(*fault);
            }
        }
        self.count();
    }

    fn count(&mut self) {
        let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        for row in &self.document.rows {
            *counts.entry((row.status.as_str(), row.before)).or_default() += 1;
        }
        let of = |status, before| counts.get(&(status, before)).copied().unwrap_or_default();
        self.document.paid = of("settled", false);
        self.document.paid_before = of("settled", true);
        self.document.rejected = of("rejected", false) + of("rejected", true);
        self.document.unknown = of("unknown", false);
        self.document.not_sent = of("not-sent", false) + of("expired", false);
    }

    /// How the run ends: well if all rows are paid.
    ///
    /// # Errors
    /// A fault with the exit code of the worst row: unknown before not sent before the others.
    pub(super) fn end(&self) -> Result<(), Fault> {
        let Document { rejected, unknown, not_sent, rows, .. } = &self.document;
        if *rejected == 0 && *unknown == 0 && *not_sent == 0 {
            return Ok(());
        }
        let worst = [Exit::Unknown, Exit::NotSent, Exit::NotPermitted, Exit::Expired]
            .into_iter()
            .find(|exit| self.faults.iter().any(|fault| fault.exit == *exit));
        let detail = format!(
            "Of {} rows {unknown} have an unknown outcome, {not_sent} were not sent, {rejected} \
             were rejected.",
            rows.len()
        );
        let hint = if *unknown + *not_sent > 0 {
            "Repeat the same command: nothing is paid twice."
        } else {
            "Pay rejected rows anew with --retry-rejected once their cause is gone."
        };
        Err(Fault::new(worst.unwrap_or(Exit::Rejected), "not-all-paid", detail, hint))
    }

    /// Prints it.
    pub(super) fn print(&self, session: &Session) {
        let document = &self.document;
        let mut rows = table::table(&["line", "payee", "amount", "status", "fee", "block", "id"]);
        for row in &document.rows {
            let before = if row.before { " before" } else { "" };
            let code = row.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
            rows.add_row([
                row.line.to_string(),
                row.payee.clone(),
                row.amount.clone(),
                format!("{}{before}{code}", row.status),
                row.fee.clone().unwrap_or_default(),
                row.block.map(|block| block.to_string()).unwrap_or_default(),
                row.id.clone(),
            ]);
        }
        let Document { paid, paid_before, rejected, unknown, not_sent, journal, .. } = document;
        let mut text = format!(
            "{}\n{paid} paid now, {paid_before} before, {rejected} rejected, {unknown} unknown, \
             {not_sent} not sent.   ids in {journal}",
            table::text(rows, &[0, 2, 4, 5])
        );
        if document.no_longer_in_file > 0 {
            let gone = document.no_longer_in_file;
            text.push_str(&format!("\n{gone} rows of earlier runs are no longer in the file."));
        }
        session.output.result(text, document);
    }
}

impl RowDocument {
    fn end(&mut self, end: End) {
        self.status = end.status;
        self.block = end.block;
        self.fee = end.fee;
        self.code = end.code;
    }
}

/// What a fault says about its row.
fn status(fault: &Fault) -> &'static str {
    match fault.exit {
        Exit::Rejected | Exit::NotPermitted => "rejected",
        Exit::Expired => "expired",
        Exit::NotSent => "not-sent",
        Exit::Done | Exit::Internal | Exit::Usage | Exit::Unknown | Exit::Interrupted => "unknown",
    }
}
