//! What an account's owner takes home from real nodes: statements in every form, and the proof that
//! a payment did not happen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::{fs, path::Path, process::Command, time::SystemTime};

use support::{Field, PATIENCE};
use tests::{
    devnet::{Ran, run},
    xtask::project,
};

fn pay(field: &Field, amount: &str) -> String {
    let paid = field.wallet_json(&["pay", "@lee", amount, "--from", "@wei"]);
    paid["id"].as_str().unwrap().to_owned()
}

/// Writes the statement of `@wei` in a form, and gives its text.
fn statement(field: &Field, form: &str) -> (String, std::path::PathBuf) {
    let file = field.work.path().join(form);
    let path = file.to_str().unwrap();
    let ran = field.wallet(&["statement", "@wei", "--format", form, "-o", path]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("proven: none is missing"), "{ran:?}");
    (fs::read_to_string(&file).unwrap(), file)
}

/// Runs a checker of the system, or says that it is not there.
fn check(program: &str, arguments: &[&str]) {
    let ran: Option<Ran> = run(Command::new(program).args(arguments), PATIENCE).ok();
    match ran {
        Some(ran) => assert_eq!(ran.code, Some(0), "{program}: {ran:?}"),
        None => println!("LEFT OUT: {program} is not installed"),
    }
}

#[test]
fn a_statement_is_the_same_in_every_form() {
    let field = Field::new();
    let ids = [pay(&field, "25.00 CNY"), pay(&field, "7.50 CNY")];
    let document = field.wallet_json(&["statement", "@wei"]);
    let balances = &document["balances"][0];
    assert_eq!(balances["opening"], "0.00 CNY");
    let closing = balances["closing"].as_str().unwrap().trim_end_matches(" CNY");
    assert_eq!(document["entries"].as_array().unwrap().last().unwrap()["id"], ids[1].as_str());

    let (message, file) = statement(&field, "camt053");
    for id in &ids {
        assert!(message.contains(&format!("<UETR>{id}</UETR>")), "{message}");
    }
    assert!(message.contains(&format!("<Amt Ccy=\"CNY\">{closing}</Amt>")), "{message}");
    let schema = project::root().join("../shared/iso20022/xsd/camt.053.001.08.xsd");
    if Path::new(&schema).exists() {
        let (schema, file) = (schema.to_str().unwrap(), file.to_str().unwrap());
        check("xmllint", &["--noout", "--nonet", "--schema", schema, file]);
    } else {
        println!("LEFT OUT: no schema of camt.053 at {}", schema.display());
    }

    let (journal, file) = statement(&field, "hledger");
    assert!(journal.contains(&format!("-7.50 CNY = {closing} CNY\n")), "{journal}");
    check("hledger", &["-f", file.to_str().unwrap(), "check"]);
    let (csv, _) = statement(&field, "csv");
    assert_eq!(csv.lines().count(), 1 + document["entries"].as_array().unwrap().len());
}

#[test]
fn a_payment_that_did_not_happen_is_proven_absent() {
    let field = Field::new();
    let id = pay(&field, "25.00 CNY");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let now = ledger::ids::Timestamp(u64::try_from(now).unwrap());
    let ago = |seconds: u64| api::text::time(ledger::ids::Timestamp(now.0 - 1000 * seconds));
    let (from, until) = (ago(120), ago(60));
    let span = ["--valid-from", from.as_str(), "--valid-until", until.as_str()];
    let file = field.work.path().join("absent.proof");
    let path = file.to_str().unwrap();
    let absent = |id: &str, span: &[&str]| {
        field.wallet(&[&["proof", "absent", id, "-o", path], span].concat())
    };

    let other = "11111111-1111-4111-8111-111111111111";
    let ran = absent(other, &span);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said = "Valid: payment 11111111 did not happen and no longer can; ";
    assert!(ran.stdout.starts_with(said), "{ran:?}");
    let ran = field.wallet(&["proof", "verify", path]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with(said), "{ran:?}");

    let refusals = [
        (id.as_str(), &span[..], "payment-exists"),
        (id.as_str(), &[], "payment-exists"),
        (other, &[], "missing-flag"),
    ];
    for (id, span, code) in refusals {
        let ran = absent(id, span);
        assert!(ran.stderr.contains(&format!("error[{code}]")), "{code}: {ran:?}");
    }
    let soon = api::text::time(ledger::ids::Timestamp(now.0 + 60_000));
    let ran = absent(other, &["--valid-from", &from, "--valid-until", &soon]);
    assert!(ran.stderr.contains("error[too-early]"), "{ran:?}");
}

#[test]
fn a_statement_proves_itself_and_the_next_goes_on_from_it() {
    let field = Field::new();
    let (first, second) = (field.work.path().join("1"), field.work.path().join("2"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let prove = |words: &[&str]| {
        field.wallet(&[&["statement", "@wei", "--format", "proof"], words].concat())
    };

    pay(&field, "25.00 CNY");
    let ran = prove(&["-o", first]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Valid: 0.00 CNY and all 2 entries of "), "{ran:?}");
    let id = pay(&field, "7.50 CNY");
    let ran = prove(&["-o", second, "--after", first]);
    assert_eq!(ran.code, Some(0), "{ran:?}");

    // Nothing but the file and the chain id: no node is asked.
    let chain = field.wallet_json(&["status"])["chain_id"].as_str().unwrap().to_owned();
    let offline = ["--api", "http://127.0.0.1:9", "statement", "verify"];
    let verify = |file: &str, more: &[&str]| {
        field.wallet(&[&offline[..], &[file, "--chain-id", &chain], more].concat())
    };
    let ran = verify(second, &["--output", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let position = &document["positions"][0];
    assert!(position["opening"]["block"].is_u64(), "{document}");
    let entries = position["entries"].as_array().unwrap();
    assert_eq!((entries.len(), entries[0]["id"].as_str()), (1, Some(id.as_str())), "{document}");
    assert_eq!(entries[0]["balance"], position["closing"]["balance"], "{document}");

    let mut bytes = fs::read(second).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(second, &bytes).unwrap();
    let ran = verify(second, &[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("error[statement-refused]"), "{ran:?}");
    let lee = ["statement", "@lee", "--format", "proof", "--after", first, "-o", second];
    let ran = field.wallet(&lee);
    assert!(ran.stderr.contains("error[statement-refused]"), "{ran:?}");
    for words in [&["--after", first, "-o", second, "--since", "2026-01-01"][..], &[]] {
        let ran = prove(words);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}
