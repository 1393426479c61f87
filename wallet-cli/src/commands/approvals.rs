//! `feiqian approvals [ACCOUNT]`: the payments that wait for the account's approvers; with
//! `--institution`, those that wait for the institution's review, as a node tells it.
//!
//! Absent: the orders' own bytes, which are read before anything is signed (see `approve`).

use api::approval::{WaitingList, WaitingView};

use super::table;
use crate::cli::Approvals;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::orders::bic;
use crate::session::Session;

pub(super) fn run(session: &Session, command: &Approvals) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let path = match &command.institution {
        Some(institution) => format!("/v1/institutions/{}/reviews", bic(institution)?),
        None => format!("/v1/accounts/{}/approvals", account(&desk, command)?),
    };
    let cursor = command.cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
    let query: Vec<(&str, &str)> = cursor.collect();
    let list: WaitingList = desk.network.ask(|node, time| node.get_json(&path, &query, time))?;
    let mut text = if list.waiting.is_empty() {
        say!("Nothing waits.", "没有等待处理的支付。")
    } else {
        let headings = [
            say!("id", "编号"),
            say!("from", "付款账户"),
            say!("to", "收款账户"),
            say!("amount", "金额"),
            say!("approvals", "批准"),
            say!("until", "截止"),
        ];
        let rows: Vec<Vec<Text>> = list.waiting.iter().map(row).collect();
        table::table(&headings, &rows, &[3, 4])
    };
    if let Some(cursor) = &list.next_cursor {
        text = table::more(&text, cursor);
    }
    session.output.result(&text, &list);
    Ok(())
}

fn account(desk: &Desk<'_>, command: &Approvals) -> Result<String, Fault> {
    let text = command.account.as_ref().or(desk.profile.from.as_ref()).ok_or_else(|| {
        let why = say!("It is not clear whose payments are asked for.", "未说明查询谁的支付。");
        Fault::missing("ACCOUNT", why)
    })?;
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    Ok(written.resolve(&desk.chain, &desk.network)?.address)
}

fn row(waiting: &WaitingView) -> Vec<Text> {
    let given = match (&waiting.approvals, &waiting.review) {
        (Some(of), _) => format!("{}/{}", of.given.len(), of.needed),
        (None, Some(of)) => of.given.len().to_string(),
        (None, None) => String::new(),
    };
    [&waiting.id, &waiting.from, &waiting.to, &waiting.amount, &given, &waiting.deadline]
        .into_iter()
        .map(|cell| Text::data(cell.as_str()))
        .collect()
}
