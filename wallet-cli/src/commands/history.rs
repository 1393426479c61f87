//! `feiqian history [ACCOUNT]`: an account's entries, newest first, as a node tells them.

use api::account::{EntryView, HistoryPage};

use super::table;
use crate::cli::History;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::protocol;
use crate::session::Session;

pub(super) fn run(session: &Session, command: &History) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let text = command.account.as_ref().or(desk.profile.from.as_ref()).ok_or_else(|| {
        let why = say!("It is not clear whose history is asked for.", "未说明查询谁的分录。");
        Fault::missing("ACCOUNT", why)
    })?;
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let path = format!("/v1/accounts/{}/history", party.address);
    let limit = command.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(command.cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
    let page: HistoryPage = desk.network.ask(|node, time| node.get_json(&path, &query, time))?;
    let rows: Vec<Vec<Text>> = page.entries.iter().map(|entry| row(&desk, entry)).collect();
    let headings = [
        say!("time", "时间"),
        say!("block", "区块"),
        say!("kind", "种类"),
        say!("amount", "金额"),
        say!("counterparty", "对方"),
        say!("id", "编号"),
    ];
    let mut text = table::table(&headings, &rows, &[1, 3]);
    if page.entries.is_empty() {
        text = say!("There are no entries.", "没有分录。");
    }
    if let Some(cursor) = &page.next_cursor {
        text = say!(
            "{text}\nolder: feiqian history {address} --cursor {cursor}",
            "{text}\n更早：feiqian history {address} --cursor {cursor}",
            address = party.address;
            text = text
        );
    }
    session.output.result(&text, &page);
    Ok(())
}

fn row(desk: &Desk<'_>, entry: &EntryView) -> Vec<Text> {
    let sign = if entry.direction == "out" { "-" } else { "+" };
    let other = entry.counterparty.as_deref().map(|address| name(desk, address));
    vec![
        Text::data(entry.time.as_str()),
        Text::data(entry.block.to_string()),
        protocol::word(&entry.kind),
        Text::data(format!("{sign}{}", entry.amount)),
        Text::data(other.unwrap_or_default()),
        Text::data(entry.id.as_str()),
    ]
}

/// The address book's name of an address, or the address.
fn name(desk: &Desk<'_>, address: &str) -> String {
    let named = desk.profile.accounts.iter().find(|(_, account)| account.address == address);
    named.map_or_else(|| address.to_owned(), |(name, _)| format!("@{name}"))
}
