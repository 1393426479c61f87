//! What became known of a file's rows, for people and for programs.
//!
//! Absent: progress while rows are paid (the run prints it).

use ledger::ids::Uetr;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::Item;
use super::journal::{End, Journal};
use crate::code::Own;
use crate::commands::table;
use crate::exit::Exit;
use crate::fault::{Fault, FaultDocument};
use crate::language::{Text, say};
use crate::protocol;
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
    /// Rows whose payment waits for approvals.
    awaiting_approval: usize,
    /// Rows whose payment waits for a bank's review.
    awaiting_review: usize,
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
    /// `settled`, `awaiting-approval`, `awaiting-review`, `rejected`, `unknown`, `expired` or
    /// `not-sent`.
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
            awaiting_approval: 0,
            awaiting_review: 0,
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
                row.code = Some(fault.code.text().to_owned());
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
        self.document.awaiting_approval =
            of("awaiting-approval", false) + of("awaiting-approval", true);
        self.document.awaiting_review = of("awaiting-review", false) + of("awaiting-review", true);
        self.document.unknown = of("unknown", false);
        self.document.not_sent = of("not-sent", false) + of("expired", false);
    }

    /// How the run ends: well if all rows are paid, or else with what the worst row asks for.
    ///
    /// # Errors
    /// A fault with the exit code of the worst row: unknown before not sent before the others.
    pub(super) fn end(&self) -> Result<(), Fault> {
        let Document { rejected, unknown, not_sent, rows, .. } = &self.document;
        if *rejected == 0 && *unknown == 0 && *not_sent == 0 {
            return self.approved();
        }
        let worst = [Exit::Unknown, Exit::NotSent, Exit::NotPermitted, Exit::Expired]
            .into_iter()
            .find(|exit| self.faults.iter().any(|fault| fault.exit == *exit));
        let detail = say!(
            "Of {all} rows {unknown} have an unknown outcome, {not_sent} were not sent, \
             {rejected} were rejected.",
            "{all} 行中，{unknown} 行结果未知，{not_sent} 行未发送，{rejected} 行被拒绝。",
            all = rows.len()
        );
        let hint = if *unknown + *not_sent > 0 {
            say!(
                "Repeat the same command: nothing is paid twice.",
                "请重复同一命令：不会重复付款。"
            )
        } else {
            say!(
                "Pay rejected rows anew with --retry-rejected once their cause is gone.",
                "原因消除后，用 --retry-rejected 重新支付被拒绝的行。"
            )
        };
        Err(Fault::new(worst.unwrap_or(Exit::Rejected), Own::NotAllPaid, detail, hint))
    }

    /// Well, unless rows wait for approvals or reviews.
    fn approved(&self) -> Result<(), Fault> {
        let Document { awaiting_approval: approvals, awaiting_review: reviews, .. } =
            &self.document;
        if *approvals > 0 {
            let detail = say!("{approvals} rows wait for approvals.", "{approvals} 行等待批准。");
            let hint = say!(
                "Their approvers give theirs with: feiqian approve ID",
                "请批准人执行：feiqian approve 编号"
            );
            return Err(Fault::new(Exit::NotPermitted, Own::AwaitingApproval, detail, hint));
        }
        if *reviews > 0 {
            let detail =
                say!("{reviews} rows wait for a bank's review.", "{reviews} 行等待银行审查。");
            let hint = say!(
                "The banks answer with: feiqian approve ID",
                "请银行执行：feiqian approve 编号"
            );
            return Err(Fault::new(Exit::NotPermitted, Own::AwaitingReview, detail, hint));
        }
        Ok(())
    }

    /// Prints it.
    pub(super) fn print(&self, session: &Session) {
        let document = &self.document;
        let rows: Vec<Vec<Text>> = document.rows.iter().map(RowDocument::cells).collect();
        let headings = [
            say!("line", "行"),
            say!("payee", "收款人"),
            say!("amount", "金额"),
            say!("status", "状态"),
            say!("fee", "手续费"),
            say!("block", "区块"),
            say!("id", "编号"),
        ];
        let Document { paid, paid_before, rejected, unknown, not_sent, journal, .. } = document;
        let mut text = say!(
            "{table}\n{paid} paid now, {paid_before} before, {rejected} rejected, \
             {unknown} unknown, {not_sent} not sent.   ids in {journal}",
            "{table}\n本次支付 {paid}，此前已付 {paid_before}，被拒绝 {rejected}，\
             未知 {unknown}，未发送 {not_sent}。   编号在 {journal}";
            table = table::table(&headings, &rows, &[0, 2, 4, 5])
        );
        let waiting = document.awaiting_approval;
        if waiting > 0 {
            text = say!(
                "{text}\n{waiting} rows wait for approvals.",
                "{text}\n{waiting} 行等待批准。";
                text = text
            );
        }
        let reviews = document.awaiting_review;
        if reviews > 0 {
            text = say!(
                "{text}\n{reviews} rows wait for a bank's review.",
                "{text}\n{reviews} 行等待银行审查。";
                text = text
            );
        }
        let gone = document.no_longer_in_file;
        if gone > 0 {
            text = say!(
                "{text}\n{gone} rows of earlier runs are no longer in the file.",
                "{text}\n此前运行的 {gone} 行已不在文件中。";
                text = text
            );
        }
        session.output.result(&text, document);
    }
}

impl RowDocument {
    /// The row of the table for people.
    fn cells(&self) -> Vec<Text> {
        let before = if self.before { say!(" before", "（此前）") } else { Text::default() };
        let code = self.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        let status = protocol::word(&self.status);
        let status = say!(
            "{status}{before}{code}",
            "{status}{before}{code}";
            status = status, before = before
        );
        vec![
            Text::data(self.line.to_string()),
            Text::data(self.payee.as_str()),
            Text::data(self.amount.as_str()),
            status,
            Text::data(self.fee.clone().unwrap_or_default()),
            Text::data(self.block.map(|block| block.to_string()).unwrap_or_default()),
            Text::data(self.id.as_str()),
        ]
    }

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
