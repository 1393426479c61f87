//! The CSV file of payments: its columns and rows, as written.
//!
//! Invariants: a row is known by what it says (payee, amount, payer, note) and by how many rows
//! before it say the same, so that lines may be added or moved between two runs. What cannot be
//! read stops everything. Absent: what the rows come to (`plan`).

use clap::ValueEnum;
use std::collections::BTreeMap;
use std::path::Path;

use super::super::order::canonical_amount;
use crate::cli::Charge;
use crate::code::Own;
use crate::fault::{Fault, quoted};
use crate::files;
use crate::language::{Text, say};

const MAXIMUM_BYTES: usize = 16 * 1024 * 1024;

/// The most rows of a file.
pub(super) const MAXIMUM_ROWS: usize = 10_000;

/// The columns that a file may have.
const COLUMNS: [&str; 6] = ["payee", "amount", "from", "max_fee", "charge", "note"];

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    /// Whom to pay.
    pub(crate) payee: String,
    /// How much.
    pub(crate) amount: String,
    /// Who pays, if the row says so.
    pub(crate) from: Option<String>,
    /// The most charges.
    pub(crate) max_fee: Option<String>,
    /// Who bears the charges.
    pub(crate) charge: Option<Charge>,
    /// A private text.
    pub(crate) note: Option<String>,
    /// What the row is known by.
    pub(crate) key: String,
}

impl Row {
    /// The row in few words.
    pub(super) fn title(&self) -> Text {
        let Self { amount, payee, .. } = self;
        say!("{amount} to {payee}", "{amount} 付给 {payee}")
    }
}

/// Reads the file.
///
/// # Errors
/// A usage fault that names the line and the mistake.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, Fault> {
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    parse(&text).map_err(|(line, fault)| {
        let detail = say!(
            "{path}, line {line}: {why}",
            "{path}，第 {line} 行：{why}",
            path = path.display();
            why = fault.detail
        );
        Fault { detail, ..fault }
    })
}

/// A fault with its line.
pub(crate) type Located = (u64, Fault);

/// Reads the file's text.
///
/// # Errors
/// A usage fault with the line.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>, Located> {
    // Spreadsheets write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|error| unreadable(&error))?)?;
    let mut rows = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = row(&record, &columns, line).map_err(|fault| (line, fault))?;
        let before = seen.entry(row.key.clone()).or_default();
        row.key = format!("{} #{before}", row.key);
        *before += 1;
        rows.push(row);
        if rows.len() > MAXIMUM_ROWS {
            let detail =
                say!("a file has at most {MAXIMUM_ROWS} rows.", "一个文件最多 {MAXIMUM_ROWS} 行。");
            let hint = say!("Split the file.", "请拆分文件。");
            return Err((line, Fault::usage(Own::TooManyRows, detail, hint)));
        }
    }
    if rows.is_empty() {
        return Err((1, bad_row(say!("there are no rows.", "没有数据行。"))));
    }
    Ok(rows)
}

/// The place of each known column.
fn columns(header: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, Located> {
    let mut columns = BTreeMap::new();
    for (place, name) in header.iter().enumerate() {
        let known = COLUMNS.into_iter().find(|column| name.eq_ignore_ascii_case(column));
        let known = known.ok_or_else(|| {
            (1, bad_row(say!("\"{name}\" is no column.", "没有名为“{name}”的列。")))
        })?;
        if columns.insert(known, place).is_some() {
            return Err((
                1,
                bad_row(say!("the column \"{known}\" is there twice.", "列“{known}”出现两次。")),
            ));
        }
    }
    for needed in ["payee", "amount"] {
        if !columns.contains_key(needed) {
            return Err((
                1,
                bad_row(say!("the column \"{needed}\" is missing.", "缺少列“{needed}”。")),
            ));
        }
    }
    Ok(columns)
}

fn row(
    record: &csv::StringRecord,
    columns: &BTreeMap<&'static str, usize>,
    line: u64,
) -> Result<Row, Fault> {
    let field = |name: &str| {
        let text = record.get(*columns.get(name)?)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let payee =
        field("payee").ok_or_else(|| bad_row(say!("the payee is missing.", "缺少收款人。")))?;
    let amount =
        field("amount").ok_or_else(|| bad_row(say!("the amount is missing.", "缺少金额。")))?;
    let charge = field("charge")
        .map(|text| Charge::from_str(&text, true).map_err(|_| bad_charge(&text)))
        .transpose()?;
    let (from, note) = (field("from"), field("note"));
    let said = [Some(&payee), Some(&canonical_amount(&amount)?), from.as_ref(), note.as_ref()];
    let said: Vec<String> =
        said.iter().map(|text| format!("{:?}", text.map_or("", |t| t))).collect();
    let key = said.join(" ");
    Ok(Row { line, payee, amount, from, max_fee: field("max_fee"), charge, note, key })
}

fn bad_charge(text: &str) -> Fault {
    bad_row(say!(
        "\"{text}\" does not say who bears the charges: DEBT, SHAR or CRED.",
        "“{text}”未说明由谁承担费用：DEBT、SHAR 或 CRED。"
    ))
}

fn bad_row(detail: Text) -> Fault {
    let columns = COLUMNS.join(", ");
    let hint = say!("The first line names the columns: {columns}.", "第一行写明列名：{columns}。");
    Fault::usage(Own::BadPaymentsFile, detail, hint)
}

fn unreadable(error: &csv::Error) -> Located {
    let line = error.position().map_or(1, csv::Position::line);
    (line, bad_row(quoted(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_their_lines() {
        let text =
            "\u{feff}Payee, Amount ,note\n@lee,25.00 CNY,\n\"@bob\",\"1,000.00 CNY\",\"a, b\"\n";
        let rows = parse(text).unwrap();
        assert_eq!((rows[0].line, rows[0].payee.as_str(), &rows[0].note), (2, "@lee", &None));
        assert_eq!((rows[1].line, rows[1].amount.as_str()), (3, "1,000.00 CNY"));
        assert_eq!(rows[1].note.as_deref(), Some("a, b"));
    }

    #[test]
    fn a_row_is_known_by_what_it_says_wherever_it_stands() {
        let keys = |text: &str| {
            let rows = parse(&format!("payee,amount,max_fee\n{text}")).unwrap();
            let mut keys: Vec<String> = rows.into_iter().map(|row| row.key).collect();
            keys.sort_unstable();
            keys
        };
        let first = keys("@lee,25.00 CNY,\n@bob,1 CNY,\n@lee,25 CNY,\n");
        assert_eq!(first, keys("@lee,25.0 CNY,1 CNY\n@lee,25 CNY,\n@bob,1.00 CNY,\n"));
        assert_ne!(first, keys("@lee,25.00 CNY,\n@bob,1 CNY,\n@lee,26 CNY,\n"));
    }

    #[test]
    fn defects_are_named_with_their_line() {
        for (text, line, code) in [
            ("payee\n@lee\n", 1, "bad-payments-file"),
            ("payee,amount,amount\n", 1, "bad-payments-file"),
            ("payee,amount,colour\n", 1, "bad-payments-file"),
            ("payee,amount\n", 1, "bad-payments-file"),
            ("payee,amount\n@lee,25.00 CNY\n@lee\n", 3, "bad-payments-file"),
            ("payee,amount\n@lee,25\n", 2, "amount-without-asset"),
            ("payee,amount\n,25.00 CNY\n", 2, "bad-payments-file"),
            ("payee,amount\n@lee,\n", 2, "bad-payments-file"),
            ("payee,amount,charge\n@lee,1 CNY,ALL\n", 2, "bad-payments-file"),
        ] {
            let (found, fault) = parse(text).unwrap_err();
            assert_eq!((found, fault.code.text()), (line, code), "{text:?} {fault:?}");
        }
    }
}
