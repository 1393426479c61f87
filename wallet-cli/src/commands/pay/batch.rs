//! `feiqian pay --file`: every row of a CSV file is one payment, under an id of its own.
//!
//! Invariants: each row's id is in the journal beside the file before anything is signed under it,
//! and a row is paid under no other id unless the ledger has rejected it and a new try was asked
//! for. So a second run pays nothing twice, whatever stopped the first. All rows are checked before
//! the first is sent. Absent: payments across assets, whose quotes do not outlast a file.

pub(crate) mod journal;
mod plan;
mod report;
pub(crate) mod table;

use ledger::ids::{Network as NetworkKind, Uetr};
use std::path::Path;

use super::{draft, identified};
use crate::cli::Pay;
use crate::desk::{Desk, Done};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::say;
use crate::outbox::Found;
use crate::session::Session;

use journal::{End, Journal};
use plan::Plan;
use report::{Report, Told};
use table::Row;

/// A row and its id.
struct Item {
    row: Row,
    id: Uetr,
}

pub(super) fn run(session: &Session, command: &Pay, file: &Path) -> Result<(), Fault> {
    let rows = table::read(file)?;
    let desk = Desk::open(session)?;
    let usual = command.from.as_deref().or(desk.profile.from.as_deref());
    if let (Some(row), None) = (rows.iter().find(|row| row.from.is_none()), usual) {
        let why =
            say!("It is not said who pays line {n}.", "未说明第 {n} 行由谁付款。", n = row.line);
        return Err(Fault::missing("--from ACCOUNT", why));
    }
    let mut journal = Journal::open(file, &desk.chain.text(), usual)?;
    let items = identify(&mut journal, rows, command.retry_rejected)?;
    let mut report = Report::new(file, &journal, &items, &desk.chain.text());
    let (open, known): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| journal.end(item.id).is_none());
    for item in known {
        if let Some(end) = journal.end(item.id) {
            report.tell(item.id, Told::Before(end.clone()));
        }
        release(&desk, item)?;
    }
    let ended = settle(&desk, command, usual, &mut journal, &open, &mut report);
    report.print(session);
    ended
}

/// Takes a row out of the outbox whose end the journal has: an earlier run ended in between.
fn release(desk: &Desk<'_>, item: &Item) -> Result<(), Fault> {
    let outbox = desk.session.outbox();
    match outbox.find(&item.id.to_string())? {
        Some(Found::Pending(held)) if held.entry.outcome.is_some() => outbox.release(*held),
        Some(Found::Pending(_) | Found::Ended(_)) | None => Ok(()),
    }
}

/// Gives every row its id; new ones durably, before anything is signed.
fn identify(journal: &mut Journal, rows: Vec<Row>, retry: bool) -> Result<Vec<Item>, Fault> {
    let mut fresh = Vec::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let known = journal.id(&row.key);
        let rejected = |id: &Uetr| journal.end(*id).is_some_and(End::is_rejected);
        let id = match known.filter(|id| !(retry && rejected(id))) {
            Some(id) => id,
            None => {
                let id = draft::fresh_uetr()?;
                fresh.push((row.key.clone(), id));
                id
            }
        };
        items.push(Item { row, id });
    }
    if !fresh.is_empty() {
        journal.assign(&fresh)?;
    }
    Ok(items)
}

/// Checks all open rows, asks, and then pays one after the other.
fn settle(
    desk: &Desk<'_>,
    command: &Pay,
    usual: Option<&str>,
    journal: &mut Journal,
    open: &[&Item],
    report: &mut Report,
) -> Result<(), Fault> {
    if open.is_empty() {
        return report.end();
    }
    let mut plan = Plan::make(desk, command, usual, open)?;
    if desk.chain.network != NetworkKind::Devnet {
        desk.session.confirm(&plan.summary(desk), &say!("Pay?", "确认支付？"))?;
        plan.retype(desk)?;
    }
    plan.open_keys(desk.session)?;
    for (place, item) in open.iter().enumerate() {
        let (place, all) = (place + 1, open.len());
        let title = item.row.title();
        desk.session.output.begin(&title.map(|title| format!("  {place}/{all}  {title}")));
        let paid = identified::pay(desk, &item.id.to_string(), None, || plan.pay(desk, item.id));
        let goes_on = note(desk, journal, report, item, paid)?;
        if !goes_on {
            break;
        }
    }
    report.end()
}

/// Keeps how a row ended; false if the rows after it are better not tried.
fn note(
    desk: &Desk<'_>,
    journal: &mut Journal,
    report: &mut Report,
    item: &Item,
    paid: Result<Done, Fault>,
) -> Result<bool, Fault> {
    match paid {
        Ok(done) => {
            let naming = desk.naming_of(&done.ended.receipt);
            let view = desk.view(&done, &naming);
            let end = End {
                status: view.status.clone(),
                block: view.block,
                fee: view.fee.clone(),
                code: None,
            };
            journal.ended(item.id, end.clone())?;
            report.tell(item.id, Told::Now(end));
            desk.conclude(done)?;
            Ok(true)
        }
        Err(fault) => {
            let found = desk.session.outbox().find(&item.id.to_string())?;
            let is_rejected = matches!(&found, Some(Found::Ended(entry))
                if !entry.is_certainly_unexecuted());
            let goes_on = matches!(fault.exit, Exit::Rejected | Exit::NotPermitted | Exit::Expired);
            if is_rejected {
                let code = Some(fault.code.text().to_owned());
                let end = End { status: "rejected".to_owned(), block: None, fee: None, code };
                journal.ended(item.id, end)?;
            }
            let line = item.row.line;
            let told = say!("  line {line}: {why}", "  第 {line} 行：{why}"; why = fault.text());
            desk.session.output.line(&told);
            report.tell(item.id, Told::Fault(Box::new(fault)));
            Ok(goes_on)
        }
    }
}
