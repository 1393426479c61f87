//! `feiqian statement`: all entries of an account with the balance after each, checked against the
//! holdings' proofs.
//!
//! Invariants: a statement is called proven only if its entries, chained as the ledger chains
//! them, give exactly the proven holding: then no line was changed or left out. Absent: names and
//! texts that are not this wallet's own.

mod balances;
mod check;
mod csv;
mod hledger;
mod message;
mod proven;

use api::account::{EntryView, HistoryPage};
use serde::Serialize;

use super::table;
use crate::cli::{Statement, StatementCommand, StatementFormat};
use crate::code::Own;
use crate::desk::Desk;
use crate::entropy;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
use crate::names::{Party, Written};
use crate::outbox::Outbox;
use crate::protocol;
use crate::session::Session;

/// The most entries of one page.
const PAGE: &str = "500";

#[derive(Serialize)]
struct StatementDocument {
    account: String,
    /// The block after which the balances are so.
    block: u64,
    /// True if every line was verified, and that none is missing.
    proven: bool,
    /// Each asset's balance before the first and after the last entry that is listed.
    balances: Vec<balances::Balance>,
    entries: Vec<LineDocument>,
}

#[derive(Serialize)]
struct LineDocument {
    #[serde(flatten)]
    entry: EntryView,
    /// The balance after it.
    balance: String,
    /// The address book's name of the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The private text that this wallet keeps of its own payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(super) fn run(session: &Session, command: &Statement) -> Result<(), Fault> {
    if let Some(StatementCommand::Verify { file, anchor }) = &command.command {
        return proven::verify(session, file, anchor);
    }
    check_flags(command)?;
    let desk = Desk::open(session)?;
    let written = command.account.as_deref().or(desk.profile.from.as_deref());
    let written = written.ok_or_else(|| {
        let why = say!("It is not clear whose statement is asked for.", "未说明要谁的对账单。");
        Fault::missing("ACCOUNT", why)
    })?;
    let party = Written::parse(written, &desk.profile, desk.chain.network)?
        .resolve(&desk.chain, &desk.network)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let account = desk.network.account(party.account, desk.chain.network)?;
    let holdings = check::holdings(&desk, &party, &account)?;
    let entries = entries(&desk, &party)?;
    let checked = check::check(&desk, &party, holdings, entries, &naming)?;
    let balances = balances::of(&checked.lines, command.since.as_deref(), command.until.as_deref());
    let lines = checked.lines.into_iter().filter(|(entry, _)| within(command, entry));
    let lines: Vec<LineDocument> =
        lines.map(|(entry, balance)| line(&desk, entry, balance)).collect();
    let document = StatementDocument {
        account: party.address,
        block: checked.height.unwrap_or(account.height),
        proven: checked.proven,
        balances,
        entries: lines,
    };
    let text = match command.format {
        StatementFormat::Csv => Text::data(csv::write(&document)?),
        StatementFormat::Text => text(&document),
        StatementFormat::Proof => {
            return proven::write(&desk, &checked.holdings, &checked.entries, command);
        }
        StatementFormat::Camt053 => {
            let days = (command.since.as_deref(), command.until.as_deref());
            let period = message::Period::new(days, &document.entries, entropy::now())?;
            Text::data(message::write(&document, &period, &account.institution, &naming)?)
        }
        StatementFormat::Hledger => Text::data(hledger::write(&document)),
    };
    write(session, command, &document, text)
}

/// Refuses flags that do not go together: a proven statement is cut at blocks, not at days.
fn check_flags(command: &Statement) -> Result<(), Fault> {
    let is_proof = command.format == StatementFormat::Proof;
    if command.after.is_some() && !is_proof {
        let why =
            say!("--after goes on from a proven statement.", "--after 须接续一份已证明的对账单。");
        return Err(Fault::missing("--format proof", why));
    }
    if is_proof && (command.since.is_some() || command.until.is_some()) {
        let why = say!(
            "A proven statement is cut at blocks, not at days.",
            "已证明的对账单按区块划分，不按日划分。"
        );
        let hint = say!(
            "Leave --since and --until out; go on from an earlier one with --after FILE.",
            "请去掉 --since 和 --until；用 --after FILE 接续上一份。"
        );
        return Err(Fault::usage(Own::Usage, why, hint));
    }
    Ok(())
}

fn write(
    session: &Session,
    command: &Statement,
    document: &StatementDocument,
    text: Text,
) -> Result<(), Fault> {
    let text = text.map(|text| text.trim_end().to_owned());
    if let Some(path) = &command.out {
        let text = format!("{}\n", text.of(session.output.language));
        files::replace_here(path, text.as_bytes()).map_err(|error| Fault::file(path, &error))?;
        let told = say!(
            "{count} entries until block {block}, {word}, in {path}",
            "{count} 笔分录，截至区块 {block}，{word}，在 {path}",
            count = document.entries.len(),
            block = document.block,
            path = path.display();
            word = word(document.proven)
        );
        session.output.result(&told, document);
        return Ok(());
    }
    if command.format != StatementFormat::Text && !document.proven {
        session
            .output
            .warning(&say!("Not proven: {word}.", "未证明：{word}。"; word = word(false)));
    }
    session.output.result(&text, document);
    Ok(())
}

/// All entries of an account, oldest first.
fn entries(desk: &Desk<'_>, party: &Party) -> Result<Vec<EntryView>, Fault> {
    let path = format!("/v1/accounts/{}/history", party.address);
    let mut entries = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE)];
        query.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let page: HistoryPage =
            desk.network.ask(|node, limit| node.get_json(&path, &query, limit))?;
        entries.extend(page.entries);
        match page.next_cursor {
            Some(next) if Some(&next) != cursor.as_ref() => cursor = Some(next),
            Some(_) | None => break,
        }
    }
    entries.reverse();
    Ok(entries)
}

/// The entry's day (UTC).
fn day(entry: &EntryView) -> &str {
    entry.time.get(..10).unwrap_or_default()
}

/// True if the entry's day (UTC) is within what was asked for.
fn within(command: &Statement, entry: &EntryView) -> bool {
    let day = day(entry);
    command.since.as_deref().is_none_or(|since| day >= since)
        && command.until.as_deref().is_none_or(|until| day <= until)
}

fn line(desk: &Desk<'_>, entry: EntryView, balance: String) -> LineDocument {
    let mut accounts = desk.profile.accounts.iter();
    let other = entry.counterparty.as_deref();
    let name = accounts.find(|(_, account)| Some(account.address.as_str()) == other);
    let note = note(&desk.session.outbox(), &entry);
    LineDocument { name: name.map(|(name, _)| format!("@{name}")), note, balance, entry }
}

fn note(outbox: &Outbox, entry: &EntryView) -> Option<String> {
    outbox.archived(&entry.id).ok().flatten().filter(|kept| kept.id == entry.id)?.note
}

/// `1234.50 CNY` as number and asset.
fn parts(text: &str) -> (&str, &str) {
    text.rsplit_once(' ').unwrap_or((text, ""))
}

fn signed(entry: &EntryView) -> String {
    let (number, _) = parts(&entry.amount);
    if entry.direction == "out" { format!("-{number}") } else { number.to_owned() }
}

fn text(document: &StatementDocument) -> Text {
    let rows: Vec<Vec<Text>> = document.entries.iter().map(row).collect();
    let headings = [
        say!("time", "时间"),
        say!("kind", "种类"),
        say!("amount", "金额"),
        say!("balance", "余额"),
        say!("other side", "对方"),
        say!("id", "编号"),
    ];
    say!(
        "{table}\n{count} entries until block {block}, {word}",
        "{table}\n{count} 笔分录，截至区块 {block}，{word}",
        count = document.entries.len(),
        block = document.block;
        table = table::table(&headings, &rows, &[2, 3]), word = word(document.proven)
    )
}

fn row(line: &LineDocument) -> Vec<Text> {
    let entry = &line.entry;
    let (_, asset) = parts(&entry.amount);
    let other = line.name.clone().or_else(|| entry.counterparty.clone());
    vec![
        Text::data(entry.time.as_str()),
        protocol::word(&entry.kind),
        Text::data(format!("{} {asset}", signed(entry))),
        Text::data(line.balance.as_str()),
        Text::data(other.unwrap_or_default()),
        Text::data(entry.id.as_str()),
    ]
}

fn word(proven: bool) -> Text {
    if proven {
        say!("proven: none is missing", "已证明：无一遗漏")
    } else {
        say!("by a node's word: the proofs do not fit", "仅为节点所述：与证明不符")
    }
}
