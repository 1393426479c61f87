//! A statement as the ISO 20022 message camt.053.
//!
//! Absent: points, which the message cannot state; they are in every other form.

use api::text::Naming;
use iso20022::camt053::{self, Statement, StatementMessage};
use iso20022::report::{ReportedAccount, ReportedEntry, identification_of};
use iso20022::time::DateTime;
use ledger::ids::{Bic, Timestamp};
use ledger::money::{Decimals, Money};

use super::{LineDocument, StatementDocument, check, word};
use crate::code::Own;
use crate::fault::{Fault, quoted};
use crate::language::say;
use crate::network::parse_money;

/// The letters of a currency's code; points have other codes.
const CURRENCY_LETTERS: usize = 3;

/// From when to when entries are stated, and when that is done.
pub(super) struct Period {
    from: DateTime,
    to: DateTime,
    created: DateTime,
}

impl Period {
    /// The days asked for, of UTC; without a first day from the first of `lines`, without a last
    /// one until `now`.
    pub(super) fn new(
        (since, until): (Option<&str>, Option<&str>),
        lines: &[LineDocument],
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let created = DateTime::of(now);
        let from = match (since, lines.first()) {
            (Some(day), _) => moment(&format!("{day}T00:00:00.000Z"))?,
            (None, Some(line)) => moment(&line.entry.time)?,
            (None, None) => created.clone(),
        };
        let to = match until {
            Some(day) => moment(&format!("{day}T23:59:59.999Z"))?,
            None => created.clone(),
        };
        Ok(Self { from, to, created })
    }
}

/// Writes the message.
///
/// # Errors
/// A usage fault if nothing can be stated, or something cannot.
pub(super) fn write(
    document: &StatementDocument,
    period: &Period,
    servicer: &str,
    naming: &Naming,
) -> Result<String, Fault> {
    let mut statements = Vec::new();
    for balance in &document.balances {
        let opening = parse_money(&balance.opening, naming)?;
        if opening.asset.to_string().len() == CURRENCY_LETTERS {
            statements.push(statement(document, period, (opening, &balance.closing), naming)?);
        }
    }
    let message = StatementMessage {
        message_id: format!(
            "{}-{}",
            identification_of(&document.account).get(..16).unwrap_or(""),
            document.block
        ),
        created: period.created.clone(),
        account: ReportedAccount {
            identification: identification_of(&document.account).to_owned(),
            servicer: Bic::parse(servicer)?,
        },
        statements,
    };
    camt053::write(&message).map_err(|fault| {
        let hint = say!(
            "Choose a period with entries, or --format csv, which states everything.",
            "请选择有分录的期间，或使用 --format csv，它包含全部内容。"
        );
        Fault::usage(Own::NotStatable, quoted(&fault), hint)
    })
}

fn statement(
    document: &StatementDocument,
    period: &Period,
    (opening, closing): (Money, &str),
    naming: &Naming,
) -> Result<Statement, Fault> {
    let asset = opening.asset;
    let is_of = |line: &&LineDocument| line.balance.ends_with(&format!(" {asset}"));
    let lines = document.entries.iter().filter(is_of);
    let decimals = naming.decimals.get(&asset).copied();
    Ok(Statement {
        id: format!("{asset}-{}", document.block),
        from: period.from.clone(),
        to: period.to.clone(),
        asset,
        decimals: decimals.or_else(|| Decimals::of_currency(asset)).unwrap_or(Decimals(0)),
        opening: opening.amount,
        entries: lines.map(|line| entry(line, naming)).collect::<Result<_, _>>()?,
        information: format!(
            "Until block {}, {}; closing balance {closing}.",
            document.block,
            word(document.proven).english(),
        ),
    })
}

fn entry(line: &LineDocument, naming: &Naming) -> Result<ReportedEntry, Fault> {
    let LineDocument { entry, name, note, .. } = line;
    let said: Vec<&str> = name.as_deref().into_iter().chain(note.as_deref()).collect();
    let note = (!said.is_empty()).then(|| said.join(": "));
    let counterparty = entry.counterparty.as_deref().map(identification_of).map(str::to_owned);
    let (_, booked) = check::read(entry, naming)?;
    let reported = ReportedEntry::of(&booked, moment(&entry.time)?, counterparty);
    Ok(ReportedEntry { note, ..reported })
}

fn moment(time: &str) -> Result<DateTime, Fault> {
    DateTime::parse(time).ok_or_else(|| {
        let detail =
            say!("A node tells the time \"{time}\".", "节点给出的时间为“{time}”。", time = time);
        Fault::usage(Own::UnreadableEntry, detail, say!("Ask another node.", "请询问其他节点。"))
    })
}
