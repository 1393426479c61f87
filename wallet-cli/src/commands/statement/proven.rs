//! Statements that prove themselves: `--format proof`, and `feiqian statement verify`.
//!
//! Invariants: no file is written that does not verify; verifying needs the file and the chain that
//! is trusted, and no node. Absent: the other side of an entry and texts; the ledger does not chain
//! them.

use api::account::{direction_word, kind_word};
use api::text::{Naming, time};
use ledger::account::Entry;
use ledger::ids::AssetCode;
use ledger::money::{Amount, Decimals};
use ledger::proof::{Position, Proof, ProvenPosition, ProvenStatement, Statement as File, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::check::Holdings;
use super::parts;
use crate::cli::{Anchor, Statement};
use crate::code::Own;
use crate::commands::{proof, table};
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::files;
use crate::language::{Text, say};
use crate::network::naming;
use crate::profile::Chain;
use crate::protocol;
use crate::session::Session;

#[derive(Serialize)]
struct ProvenDocument {
    valid: bool,
    chain_id: String,
    account: String,
    positions: Vec<PositionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Serialize)]
struct PositionDocument {
    asset: String,
    /// The balance and block before the first entry; no block if that is the account's first.
    opening: PointDocument,
    closing: PointDocument,
    signers: usize,
    validators: usize,
    quorum: usize,
    entries: Vec<EntryDocument>,
}

#[derive(Serialize)]
struct PointDocument {
    balance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

#[derive(Serialize)]
struct EntryDocument {
    id: String,
    kind: &'static str,
    direction: &'static str,
    amount: String,
    balance: String,
    block: u64,
}

/// Writes the proven statement's file.
///
/// # Errors
/// Exit 3 if the nodes do not prove what they list, or the earlier statement does not hold.
pub(super) fn write(
    desk: &Desk<'_>,
    holdings: &Holdings,
    entries: &BTreeMap<AssetCode, Vec<Entry>>,
    command: &Statement,
) -> Result<(), Fault> {
    let path = command.out.as_deref().ok_or_else(|| {
        let why = say!("A proven statement is a file.", "已证明的对账单是一个文件。");
        Fault::missing("-o FILE", why)
    })?;
    let earlier = command.after.as_deref().map(|path| read(&desk.chain, path)).transpose()?;
    let (mut openings, mut positions) = (openings(earlier), Vec::new());
    for (asset, holding) in holdings {
        let holding = holding.as_ref().ok_or_else(|| unproven(*asset))?;
        let closing = Proof::decode(&holding.file).map_err(|error| refused(&error))?;
        let opening = openings.remove(asset);
        let after = opening.as_ref().map_or(0, |(height, _)| *height);
        let entries = entries.get(asset).into_iter().flatten();
        let entries = entries.filter(|entry| entry.height.0 > after).copied().collect();
        positions.push(Position { opening: opening.map(|(_, proof)| proof), entries, closing });
    }
    let file = File { positions };
    let statement = file.verify(desk.chain.id).map_err(|error| refused(&error))?;
    files::replace_here(path, &file.encode()).map_err(|error| Fault::file(path, &error))?;
    let document = document(&desk.chain, &statement, Some(path));
    let told = say!(
        "{said}\nThe statement is in {file}.",
        "{said}\n对账单在 {file}。",
        file = path.display();
        said = sentences(&desk.chain, &statement, &document)
    );
    desk.session.output.result(&told, &document);
    Ok(())
}

/// Where an earlier statement ended: by asset the block and the proof.
fn openings(earlier: Option<(File, ProvenStatement)>) -> BTreeMap<AssetCode, (u64, Proof)> {
    let ends = earlier.into_iter().flat_map(|(file, statement)| {
        let height = |position: &ProvenPosition| position.closed.header.height.0;
        let proven = statement.positions.into_iter().map(move |p| (p.asset, height(&p)));
        proven.zip(file.positions)
    });
    ends.map(|((asset, height), position)| (asset, (height, position.closing))).collect()
}

/// `feiqian statement verify FILE`.
///
/// # Errors
/// Exit 3 for a file that does not hold.
pub(super) fn verify(session: &Session, path: &Path, anchor: &Anchor) -> Result<(), Fault> {
    let chain = proof::anchored(session, anchor)?;
    let (_, statement) = read(&chain, path)?;
    let document = document(&chain, &statement, None);
    let text = say!(
        "{table}\n{said}",
        "{table}\n{said}";
        table = table_of(&document), said = sentences(&chain, &statement, &document)
    );
    session.output.result(&text, &document);
    Ok(())
}

fn read(chain: &Chain, path: &Path) -> Result<(File, ProvenStatement), Fault> {
    let bytes =
        files::read(path, File::MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    let file = File::decode(&bytes).map_err(|error| refused(&error))?;
    let statement = file.verify(chain.id).map_err(|error| refused(&error))?;
    Ok((file, statement))
}

fn refused(error: &impl std::fmt::Display) -> Fault {
    let hint = say!(
        "It proves nothing. Get the statement again, from another node.",
        "它不能证明任何内容。请从其他节点重新获取对账单。"
    );
    Fault::new(Exit::Rejected, Own::StatementRefused, Text::data(sentence(error)), hint)
}

fn unproven(asset: AssetCode) -> Fault {
    let why = say!("No node proves the holding of {asset}.", "没有节点能证明 {asset} 的持仓。");
    let hint = say!("Ask again, or another node with --api.", "请重试，或用 --api 询问其他节点。");
    Fault::new(Exit::NotSent, Own::NoNode, why, hint)
}

fn document(chain: &Chain, statement: &ProvenStatement, file: Option<&Path>) -> ProvenDocument {
    let mut naming = naming(chain.network, &[]);
    // Offline only currencies have decimals; points are written in minor units.
    for position in &statement.positions {
        let decimals = Decimals::of_currency(position.asset);
        naming.decimals.extend(decimals.map(|decimals| (position.asset, decimals)));
    }
    let positions = statement.positions.iter().map(|position| of_asset(position, &naming));
    ProvenDocument {
        valid: true,
        chain_id: chain.text(),
        account: statement.account.address(chain.network),
        positions: positions.collect(),
        file: file.map(|file| file.display().to_string()),
    }
}

fn of_asset(position: &ProvenPosition, naming: &Naming) -> PositionDocument {
    let asset = position.asset;
    let point = |posted: Amount, block: Option<&Verdict>| PointDocument {
        balance: naming.amount(posted, asset),
        block: block.map(|verdict| verdict.header.height.0),
        time: block.map(|verdict| time(verdict.time())),
    };
    let entry = |(entry, balance): &(Entry, Amount)| EntryDocument {
        id: entry.uetr.to_string(),
        kind: kind_word(entry.kind),
        direction: direction_word(entry),
        amount: naming.amount(entry.amount, asset),
        balance: naming.amount(*balance, asset),
        block: entry.height.0,
    };
    PositionDocument {
        asset: asset.to_string(),
        opening: point(position.opening.posted, position.opened.as_ref()),
        closing: point(position.closing.posted, Some(&position.closed)),
        signers: position.closed.signers,
        validators: position.closed.validators,
        quorum: position.closed.quorum,
        entries: position.lines.iter().map(entry).collect(),
    }
}

fn table_of(document: &ProvenDocument) -> Text {
    let entries = document.positions.iter().flat_map(|position| &position.entries);
    let row = |entry: &EntryDocument| {
        let (number, asset) = parts(&entry.amount);
        let sign = if entry.direction == "out" { "-" } else { "" };
        vec![
            Text::data(entry.block.to_string()),
            protocol::word(entry.kind),
            Text::data(format!("{sign}{number} {asset}")),
            Text::data(entry.balance.as_str()),
            Text::data(entry.id.as_str()),
        ]
    };
    let rows: Vec<Vec<Text>> = entries.map(row).collect();
    let headings = [
        say!("block", "区块"),
        say!("kind", "种类"),
        say!("amount", "金额"),
        say!("balance", "余额"),
        say!("id", "编号"),
    ];
    table::table(&headings, &rows, &[2, 3])
}

/// `Valid: all 5 entries of fqd1... in CNY ...`, a line for each asset.
fn sentences(chain: &Chain, statement: &ProvenStatement, document: &ProvenDocument) -> Text {
    let account = document.account.as_str();
    let lines = statement.positions.iter().zip(&document.positions);
    let lines: Vec<Text> = lines.map(|(p, words)| sentence_of(chain, account, p, words)).collect();
    Text::join(&lines, "\n")
}

fn sentence_of(
    chain: &Chain,
    account: &str,
    position: &ProvenPosition,
    words: &PositionDocument,
) -> Text {
    let since = match &words.opening.block {
        Some(block) => say!("after block {block}", "自区块 {block} 之后"),
        None => say!("from the first on", "自首笔起"),
    };
    let begin = say!(
        "{opening} and all {count} entries of {account} {since}",
        "{account} {since}，{opening} 加全部 {count} 笔分录",
        opening = words.opening.balance,
        count = position.lines.len();
        since = since
    );
    let end = say!(
        "give {closing} after block {block}",
        "得区块 {block} 之后的 {closing}",
        closing = words.closing.balance,
        block = position.closed.header.height
    );
    say!(
        "Valid: {begin} {end}; {signers} of {all} validators signed ({quorum} needed); {chain}",
        "有效：{begin}，{end}；{all} 个验证者中有 {signers} 个签名（须 {quorum} 个）；{chain}",
        signers = words.signers,
        all = words.validators,
        quorum = words.quorum;
        begin = begin, end = end, chain = say!("chain {id}", "链 {id}", id = chain.text())
    )
}
