//! Governance by the programs that operators type: rehearsed, proposed, voted on, enacted.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, process::Command};

use support::{Field, PATIENCE, products};
use tests::devnet::run;

fn govern(field: &Field, words: &[&str]) -> serde_json::Value {
    let words: Vec<_> = ["govern"].iter().chain(words).copied().collect();
    field.wallet_json(&words)
}

#[test]
fn a_quorum_of_banks_changes_a_parameter_and_removes_a_validator() {
    let field = Field::new();
    let write = |name: &str, change: &str| {
        let path = field.work.path().join(name);
        let text = format!("{{ \"format\": \"feiqian.change/v1\", \"change\": {change} }}");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let leave = write("leave.json", r#"{ "remove-validator": { "institution": "DBSSSGSG" } }"#);

    // By the node's program and by the wallet.
    let home = field.devnet.nodes[0].home.to_str().unwrap().to_owned();
    let mut program = Command::new(products().node);
    let ran = run(program.args(["rehearse", &leave, "--home", &home]), PATIENCE).unwrap();
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("safe: remove the validator of DBSSSGSG"), "{}", ran.stdout);
    assert_eq!(govern(&field, &["rehearse", &leave])["verdict"], "safe");

    let made = govern(&field, &["propose", &leave, "--institution", "PSBCCNBJ"]);
    let number = made["proposal"].as_u64().unwrap().to_string();
    let shown = govern(&field, &["show", &number]);
    assert_eq!((&shown["status"], &shown["approvals"]), (&"open".into(), &1.into()));

    // Too early: it names what is missing. An outsider's key does not vote.
    let early = field.wallet(&["govern", "enact", &number, "--institution", "ICBKCNBJ"]);
    assert_eq!(early.code, Some(3), "{}", early.stderr);
    assert!(early.stderr.contains("not-approved"), "{}", early.stderr);

    for bank in ["ICBKCNBJ", "HSBCHKHH"] {
        govern(&field, &["vote", &number, "--approve", "--institution", bank]);
    }
    let listed = govern(&field, &["list"]);
    assert_eq!(listed["proposals"][0]["status"], "approved");
    govern(&field, &["enact", &number, "--institution", "PSBCCNBJ"]);
    let shown = govern(&field, &["show", &number]);
    assert_eq!(shown["status"], "enacted");

    // Three validators go on in the next epoch, and payments with them.
    let status = field.wallet_json(&["status"]);
    assert_eq!(status["validators"], 3, "{status}");
    let paid = field.wallet_json(&["pay", "@lee", "5.00 CNY", "--from", "@wei"]);
    assert_eq!(paid["status"], "settled");

    // A change that would halt the chain is not taken.
    let halting = write(
        "halting.json",
        r#"{ "set-parameters": { "marker_bucket_ms": 1,
        "marker_buckets_kept": 3, "block_bytes": 8388608, "clock_bound_ms": 2000,
        "heartbeat_ms": 5000 } }"#,
    );
    let refused = field.wallet(&["govern", "propose", &halting, "--institution", "PSBCCNBJ"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("parameters-refused"), "{}", refused.stderr);
}
