//! What is written is valid by the published schemas, and so are the tests' own messages.

use crate::answers::NOW;
use crate::support::{decimals, document, material, read, single, with};
use iso20022::pacs002::{
    self, Charge, Code, Opening, ReplyEnvelope, StatusReason, StatusReport, TransactionStatus,
};
use iso20022::pacs008::OriginalGroup;
use ledger::hash::Hash;
use ledger::ids::{AssetCode, Bic};
use ledger::money::{Amount, Decimals, Money};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The schemas' folder, if this machine has it and `xmllint`.
pub(crate) fn schemas() -> Option<PathBuf> {
    let folder = material()?.join("xsd");
    let probe = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status();
    if probe.is_ok_and(|status| status.success()) {
        return Some(folder);
    }
    println!("LEFT OUT: no xmllint. Install it with: apt-get install libxml2-utils");
    None
}

pub(crate) fn validate(schema: &Path, text: &str) {
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// The part of `text` from the start to the end of the element `name`.
pub(crate) fn part<'text>(text: &'text str, name: &str) -> &'text str {
    let start = text.find(&format!("<{name} ")).unwrap();
    let end = text.find(&format!("</{name}>")).unwrap() + name.len() + 3;
    &text[start..end]
}

fn validate_report(folder: &Path, report: &StatusReport, envelope: Option<&ReplyEnvelope>) {
    let text = pacs002::write(report, envelope);
    validate(&folder.join("pacs.002.001.10.xsd"), part(&text, "Document"));
    if envelope.is_some() {
        validate(&folder.join("head.001.001.02.xsd"), part(&text, "AppHdr"));
    }
}

#[test]
fn answers_to_real_messages_are_valid() {
    let Some(folder) = schemas() else { return };
    let message = read(&single()).unwrap();
    let transfer = &message.transactions[0];
    let group = &message.header.group;
    let bad = read(&with(&single(), "<UETR>", "<UETR>x")).unwrap();
    let refusals = bad.transactions[0].order(decimals).unwrap_err();
    let settled = TransactionStatus::settled(transfer, NOW, NOW, Vec::new());
    let statuses = [
        vec![settled.clone()],
        vec![TransactionStatus::of(transfer, Code::IN_PROCESS)],
        vec![TransactionStatus::rejected(transfer, "AM04", "insufficient funds")],
        vec![TransactionStatus::refused(&bad.transactions[0], &refusals)],
        vec![settled, TransactionStatus::refused(&bad.transactions[0], &refusals)],
        Vec::new(),
    ];
    for transactions in statuses {
        let report = StatusReport::answer(group, "ANSWER-1".into(), NOW, transactions);
        validate_report(&folder, &report, None);
    }
    let unknown = TransactionStatus {
        original: Some(group.clone()),
        reasons: vec![StatusReason::new("AG09", "Nobody knows it.")],
        ..TransactionStatus::unknown(transfer)
    };
    let report = StatusReport::of_payments("A".into(), NOW, vec![unknown]);
    validate_report(&folder, &report, None);
    let refused = read(&with(&single(), "<NbOfTxs>1", "<NbOfTxs>0")).unwrap_err();
    validate_report(&folder, &StatusReport::refusal(&refused, "A".into(), NOW).unwrap(), None);
}

#[test]
fn the_tests_own_messages_are_valid() {
    let Some(folder) = schemas() else { return };
    for definition in iso20022::pacs008::ACCEPTED {
        let text = document(definition, &[crate::support::TRANSACTION.to_owned()]);
        validate(&folder.join(format!("{definition}.xsd")), &text);
    }
    for (definition, text) in crate::others::GOOD {
        validate(&folder.join(format!("{definition}.xsd")), text);
    }
}

fn code() -> impl Strategy<Value = Code> {
    "[A-Za-z0-9]{1,4}".prop_map(|text| Code::parse(&text).unwrap())
}

fn bic() -> impl Strategy<Value = Bic> {
    "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?".prop_map(|text| Bic::parse(&text).unwrap())
}

fn reason() -> impl Strategy<Value = StatusReason> {
    ("[A-Za-z0-9]{0,6}", any::<String>()).prop_map(|(code, text)| StatusReason::new(&code, text))
}

fn charge() -> impl Strategy<Value = Charge> {
    (any::<u128>(), 0_u8..10, "[A-Z0-9]{3,8}", bic()).prop_map(
        |(amount, decimals, asset, agent)| {
            let asset = AssetCode::parse(&asset).unwrap();
            Charge {
                money: Money::new(Amount(amount % 10_u128.pow(20)), asset),
                decimals: Decimals(decimals),
                agent,
            }
        },
    )
}

fn status() -> impl Strategy<Value = TransactionStatus> {
    let texts = proptest::option::of(any::<String>());
    let ids = (texts.clone(), texts.clone(), texts.clone(), texts);
    let lists = (
        proptest::collection::vec(reason(), 0..3),
        proptest::collection::vec(charge(), 0..3),
        proptest::option::of(any::<u64>()),
        proptest::option::of(bic()),
    );
    (ids, code(), lists, any::<[u8; 16]>()).prop_map(|(ids, status, lists, entropy)| {
        let moment =
            lists.2.map(|moment| iso20022::time::DateTime::of(ledger::ids::Timestamp(moment)));
        let original = lists.2.map(|_| OriginalGroup {
            message_id: "M".repeat(40),
            definition: String::new(),
            created: moment.clone(),
            number_of_transactions: Some(1),
        });
        let salt = [entropy, entropy].concat().try_into().unwrap();
        TransactionStatus {
            original,
            instruction_id: ids.0,
            end_to_end_id: ids.1,
            transaction_id: ids.2,
            uetr: Some(ledger::ids::Uetr::from_entropy(entropy)),
            status: lists.2.map(|_| status),
            reasons: lists.0,
            charges: lists.1,
            accepted_at: moment.clone(),
            settled_at: moment,
            clearing_reference: ids.3,
            instructing_agent: lists.3,
            instructed_agent: lists.3,
            opening: lists.3.map(|_| Opening { salt, message: Hash(salt) }),
        }
    })
}

#[test]
fn any_report_is_valid() {
    let Some(folder) = schemas() else { return };
    let report = (
        (any::<String>(), any::<String>(), any::<String>()),
        (proptest::option::of(any::<u32>()), proptest::option::of(code())),
        proptest::collection::vec(reason(), 0..3),
        proptest::collection::vec(status(), 0..4),
        (proptest::option::of(bic()), proptest::option::of(any::<String>())),
    )
        .prop_map(
            |((id, original, definition), (number, group_status), reasons, statuses, head)| {
                let created = iso20022::time::DateTime::of(NOW);
                let original = OriginalGroup {
                    message_id: original,
                    definition,
                    created: Some(created.clone()),
                    number_of_transactions: number,
                };
                let report = StatusReport {
                    message_id: id,
                    created,
                    original: Some(original),
                    group_status,
                    group_reasons: reasons,
                    transactions: statuses,
                };
                let envelope = ReplyEnvelope { from: head.0, to: head.0, business_service: head.1 };
                (report, envelope)
            },
        );
    // Each case starts two processes, so there are fewer of them than usual.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) };
    let run = TestRunner::new(config).run(&report, |(report, envelope)| {
        validate_report(&folder, &report, Some(&envelope));
        Ok(())
    });
    run.unwrap();
}
