//! Statements (camt.053) and notifications (camt.054): their text, their balances, what cannot be
//! stated, and the schemas.

use iso20022::camt053::{self, Statement, StatementMessage};
use iso20022::camt054::{self, Notification, NotificationMessage};
use iso20022::report::{ReportFault, ReportedAccount, ReportedEntry};
use iso20022::time::DateTime;
use iso20022::xml::{Document, Element, Limits};
use ledger::account::EntryKind;
use ledger::ids::{AssetCode, Bic, Timestamp, Uetr};
use ledger::money::{Amount, Decimals};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::answers::NOW;
use crate::schemas::{schemas, validate};

fn asset(code: &str) -> AssetCode {
    AssetCode::parse(code).unwrap()
}

fn entry(place: u8, is_credit: bool, amount: u128) -> ReportedEntry {
    ReportedEntry {
        uetr: Uetr::from_entropy([place; 16]),
        kind: EntryKind::Payment,
        is_credit,
        amount: Amount(amount),
        block: u64::from(place),
        booked: DateTime::of(NOW),
        counterparty: Some("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq".to_owned()),
        note: None,
    }
}

fn statement(opening: u128, entries: Vec<ReportedEntry>) -> Statement {
    Statement {
        id: "CNY-1".to_owned(),
        from: DateTime::of(Timestamp(0)),
        to: DateTime::of(NOW),
        asset: asset("CNY"),
        decimals: Decimals(2),
        opening: Amount(opening),
        entries,
        information: "Complete until block 9.".to_owned(),
    }
}

fn message(statements: Vec<Statement>) -> StatementMessage {
    StatementMessage {
        message_id: "STATEMENT-1".to_owned(),
        created: DateTime::of(NOW),
        account: ReportedAccount {
            identification: "pppppppppppppppppppppppppppppppp".to_owned(),
            servicer: Bic::parse("PSBCCNBJ").unwrap(),
        },
        statements,
    }
}

/// The texts of all elements `name`, in order.
fn texts(document: &Document, name: &str) -> Vec<String> {
    fn gather(element: Element<'_>, name: &str, found: &mut Vec<String>) {
        if element.name() == name && element.is_leaf() {
            found.push(element.text().to_owned());
        }
        element.children().for_each(|child| gather(child, name, found));
    }
    let mut found = Vec::new();
    gather(document.root(), name, &mut found);
    found
}

#[test]
fn balances_and_sums_are_what_the_entries_make() {
    let entries = vec![entry(1, true, 1000), entry(2, false, 250), entry(3, true, 5)];
    let text = camt053::write(&message(vec![statement(50, entries)])).unwrap();
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(texts(&document, "Amt"), ["0.50", "8.05", "10.00", "2.50", "0.05"]);
    assert_eq!(texts(&document, "Sum"), ["12.55", "10.05", "2.50"]);
    assert_eq!(texts(&document, "NbOfNtries"), ["3", "2", "1"]);
    assert_eq!(texts(&document, "CdtDbtInd"), ["CRDT", "CRDT", "CRDT", "DBIT", "CRDT"]);
    assert_eq!(texts(&document, "AcctSvcrRef"), ["block 1", "block 2", "block 3"]);
    assert_eq!(texts(&document, "UETR").len(), 3);
}

#[test]
fn what_cannot_be_stated_is_refused_by_name() {
    let one = |change: &dyn Fn(&mut Statement)| {
        let mut changed = statement(10, vec![entry(1, true, 1)]);
        change(&mut changed);
        camt053::write(&message(vec![changed])).unwrap_err()
    };
    assert_eq!(camt053::write(&message(Vec::new())), Err(ReportFault::Empty));
    let points = one(&|statement| statement.asset = asset("POINTS"));
    assert_eq!(points, ReportFault::NotACurrency(asset("POINTS")));
    let precise = one(&|statement| statement.decimals = Decimals(6));
    assert_eq!(precise, ReportFault::NotACurrency(asset("CNY")));
    let large = one(&|statement| statement.opening = Amount(10_u128.pow(18)));
    assert_eq!(large, ReportFault::TooLarge(asset("CNY")));
    let negative = one(&|statement| statement.entries.push(entry(2, false, 12)));
    assert_eq!(negative, ReportFault::Unbalanced(asset("CNY")));
    let beyond = one(&|statement| statement.opening = Amount(u128::MAX));
    assert_eq!(beyond, ReportFault::Unbalanced(asset("CNY")));
}

fn any_entry() -> impl Strategy<Value = ReportedEntry> {
    let kind = prop_oneof![
        Just(EntryKind::Issue),
        Just(EntryKind::Redeem),
        Just(EntryKind::Payment),
        Just(EntryKind::Fee),
        Just(EntryKind::Exchange),
        Just(EntryKind::Return),
    ];
    let texts = (proptest::option::of(any::<String>()), proptest::option::of(any::<String>()));
    (kind, any::<bool>(), 0..10_u128.pow(9), any::<u64>(), texts, any::<[u8; 16]>()).prop_map(
        |(kind, is_credit, amount, block, (counterparty, note), entropy)| ReportedEntry {
            uetr: Uetr::from_entropy(entropy),
            kind,
            is_credit,
            amount: Amount(amount),
            block,
            booked: DateTime::of(Timestamp(block)),
            counterparty,
            note,
        },
    )
}

#[test]
fn any_statement_that_is_written_is_valid() {
    let Some(folder) = schemas() else { return };
    let schema = folder.join("camt.053.001.08.xsd");
    let statements = proptest::collection::vec(
        (proptest::collection::vec(any_entry(), 0..5), any::<String>(), any::<String>()),
        1..3,
    );
    // The opening balance covers whatever goes out.
    let messages =
        (statements, any::<String>(), any::<String>()).prop_map(
            |(statements, message_id, identification)| {
                let statements = statements.into_iter().map(|(entries, id, information)| {
                    Statement { id, information, ..statement(10_u128.pow(10), entries) }
                });
                let mut message = message(statements.collect());
                message.message_id = message_id;
                message.account.identification = identification;
                message
            },
        );
    // Each case starts a process, so there are fewer of them than usual.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
    let run = TestRunner::new(config).run(&messages, |message| {
        validate(&schema, &camt053::write(&message).unwrap());
        Ok(())
    });
    run.unwrap();
}

fn notification(code: &str, entries: Vec<ReportedEntry>) -> Notification {
    Notification { asset: asset(code), decimals: Decimals(2), entries }
}

fn notice(notifications: Vec<Notification>) -> NotificationMessage {
    let StatementMessage { message_id, created, account, .. } = message(Vec::new());
    NotificationMessage { message_id, created, account, notifications }
}

#[test]
fn a_notification_has_the_entries_and_no_balance() {
    let entries = vec![entry(1, true, 1000), entry(1, false, 250)];
    let written = camt054::write(&notice(vec![
        notification("CNY", entries),
        notification("HKD", vec![entry(1, true, 7)]),
    ]));
    let text = written.unwrap();
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(texts(&document, "Amt"), ["10.00", "2.50", "0.07"]);
    assert_eq!(texts(&document, "CdtDbtInd"), ["CRDT", "DBIT", "CRDT"]);
    assert_eq!(texts(&document, "Ccy"), ["CNY", "HKD"]);
    assert_eq!(texts(&document, "Id").first().unwrap(), "CNY-STATEMENT-1");
    assert_eq!(camt054::write(&notice(Vec::new())), Err(ReportFault::Empty));
    let points = camt054::write(&notice(vec![notification("POINTS", Vec::new())]));
    assert_eq!(points, Err(ReportFault::NotACurrency(asset("POINTS"))));
}

#[test]
fn any_notification_that_is_written_is_valid() {
    let Some(folder) = schemas() else { return };
    let schema = folder.join("camt.054.001.08.xsd");
    let entries = proptest::collection::vec(any_entry(), 1..5);
    let messages = (entries, any::<String>(), any::<String>()).prop_map(
        |(entries, message_id, identification)| {
            let mut message = notice(vec![notification("CNY", entries)]);
            message.message_id = message_id;
            message.account.identification = identification;
            message
        },
    );
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) };
    let run = TestRunner::new(config).run(&messages, |message| {
        validate(&schema, &camt054::write(&message).unwrap());
        Ok(())
    });
    run.unwrap();
}
