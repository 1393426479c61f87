//! A statement as a journal of hledger: one transaction per entry, each balance asserted.
//!
//! Invariants: an asserted balance is the ledger's, so hledger itself notices a line that is
//! missing or changed; a text from outside never ends a line or begins a comment.

use std::fmt::Write as _;

use super::{LineDocument, StatementDocument, balances::Balance, day, parts, signed, word};

/// Writes the journal.
pub(super) fn write(document: &StatementDocument) -> String {
    let account = format!("assets:feiqian:{}", plain(&document.account));
    let mut journal = format!(
        "; Statement of {}, until block {}, {}\n",
        plain(&document.account),
        document.block,
        word(document.proven).english()
    );
    let first = document.entries.first();
    let day = first.map_or("1970-01-01", |line| day(&line.entry));
    for Balance { opening, .. } in &document.balances {
        let opening = money(opening);
        let _ = write!(
            journal,
            "\n{day} opening balance\n    {account}  {opening} = {opening}\n    \
             equity:opening balances\n"
        );
    }
    for line in &document.entries {
        journal.push_str(&transaction(&account, line));
    }
    journal
}

fn transaction(account: &str, line: &LineDocument) -> String {
    let entry = &line.entry;
    let (_, asset) = parts(&entry.amount);
    let other = line.name.as_deref().or(entry.counterparty.as_deref());
    let description: Vec<String> = [Some(entry.kind.as_str()), other, line.note.as_deref()]
        .into_iter()
        .flatten()
        .map(plain)
        .collect();
    format!(
        "\n{} {}  ; id: {}, block: {}\n    {account}  {} = {}\n    {}\n",
        day(entry),
        description.join(" | "),
        plain(&entry.id),
        entry.block,
        money(&format!("{} {asset}", signed(entry))),
        money(&line.balance),
        other_side(&entry.kind, entry.direction == "in")
    )
}

/// The account on the other side, by the kind of the entry.
fn other_side(kind: &str, is_credit: bool) -> &'static str {
    match (kind, is_credit) {
        ("fee", true) => "income:fees",
        ("fee", false) => "expenses:fees",
        ("exchange", _) => "equity:conversion",
        ("issue" | "redeem", _) => "equity:issued",
        // What comes back was spent before, and what goes back was earned.
        ("return", true) => "expenses:payments",
        ("return", false) => "income:payments",
        (_, true) => "income:payments",
        (_, false) => "expenses:payments",
    }
}

/// `12.50 CNY`; a commodity that is not letters alone is quoted.
fn money(text: &str) -> String {
    let (number, asset) = parts(text);
    if asset.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        format!("{number} {asset}")
    } else {
        format!("{number} \"{asset}\"")
    }
}

/// One line without what hledger gives a meaning.
fn plain(text: &str) -> String {
    let is_special = |letter: char| letter.is_control() || matches!(letter, ';' | '|');
    text.chars().map(|letter| if is_special(letter) { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use api::account::EntryView;

    use super::*;

    fn line(direction: &str, amount: &str, balance: &str, note: Option<&str>) -> LineDocument {
        LineDocument {
            entry: EntryView {
                id: "ID".to_owned(),
                kind: "payment".to_owned(),
                direction: direction.to_owned(),
                amount: amount.to_owned(),
                counterparty: None,
                block: 7,
                time: "2026-11-02T08:00:00.000Z".to_owned(),
            },
            balance: balance.to_owned(),
            name: Some("@lee".to_owned()),
            note: note.map(str::to_owned),
        }
    }

    #[test]
    fn a_journal() {
        let document = StatementDocument {
            account: "fqd1aa".to_owned(),
            block: 9,
            proven: true,
            balances: vec![Balance {
                opening: "10.00 CNY".to_owned(),
                closing: "8.50 CNY".to_owned(),
            }],
            entries: vec![
                line("out", "2.00 CNY", "8.00 CNY", Some("lunch; a\n2020-01-01 forged")),
                line("in", "5 P2", "5 P2", None),
            ],
        };
        let expected = r#"; Statement of fqd1aa, until block 9, proven: none is missing

2026-11-02 opening balance
    assets:feiqian:fqd1aa  10.00 CNY = 10.00 CNY
    equity:opening balances

2026-11-02 payment | @lee | lunch  a 2020-01-01 forged  ; id: ID, block: 7
    assets:feiqian:fqd1aa  -2.00 CNY = 8.00 CNY
    expenses:payments

2026-11-02 payment | @lee  ; id: ID, block: 7
    assets:feiqian:fqd1aa  5 "P2" = 5 "P2"
    income:payments
"#;
        assert_eq!(write(&document), expected);
    }
}
