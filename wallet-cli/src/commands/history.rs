//! `feiqian history [ACCOUNT]`: an account's entries, newest first, as a node tells them.

use api::account::HistoryPage;

use super::table;
use crate::cli::History;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::names::Written;
use crate::session::Session;

pub(super) fn run(session: &Session, command: &History) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let text =
        command.account.as_ref().or(desk.profile.from.as_ref()).ok_or_else(|| {
            Fault::missing("ACCOUNT", "It is not clear whose history is asked for.")
        })?;
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let path = format!("/v1/accounts/{}/history", party.address);
    let limit = command.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(command.cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
    let page: HistoryPage = desk.network.ask(|node, time| node.get_json(&path, &query, time))?;
    let mut rows = table::table(&["time", "block", "kind", "amount", "counterparty", "id"]);
    for entry in &page.entries {
        let sign = if entry.direction == "out" { "-" } else { "+" };
        rows.add_row([
            entry.time.clone(),
            entry.block.to_string(),
            entry.kind.clone(),
            format!("{sign}{}", entry.amount),
            entry.counterparty.as_deref().map_or_else(String::new, |address| name(&desk, address)),
            entry.id.clone(),
        ]);
    }
    let mut text = table::text(rows, &[1, 3]);
    if page.entries.is_empty() {
        text = "There are no entries.".to_owned();
    }
    if let Some(cursor) = &page.next_cursor {
        text.push_str(&format!("\nolder: feiqian history {} --cursor {cursor}", party.address));
    }
    session.output.result(text, &page);
    Ok(())
}

/// The address book's name of an address, or the address.
fn name(desk: &Desk<'_>, address: &str) -> String {
    let named = desk.profile.accounts.iter().find(|(_, account)| account.address == address);
    named.map_or_else(|| address.to_owned(), |(name, _)| format!("@{name}"))
}
