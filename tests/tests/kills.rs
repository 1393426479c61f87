//! Real nodes killed and robbed of their power, a few times: the verb `kills` as people run it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{process::Command, time::Duration};

use serde_json::Value;
use tests::{devnet::run, xtask::build};

/// More than any run takes; a run that hangs ends.
const LIMIT: Duration = Duration::from_secs(240);

/// Runs the verb to its end and gives what it prints.
fn kills(words: &[&str]) -> String {
    let products = build::products().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("kills").args(words).arg("--json");
    command.env("FEIQIAN_PRODUCTS", products.node.parent().unwrap());
    let ran = run(&mut command, LIMIT).unwrap();
    println!("{}", ran.stderr);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

fn check(report: &str, times: u64) {
    let report: Value = serde_json::from_str(report).unwrap();
    let count = |member: &str| report[member].as_u64().unwrap_or_default();
    assert_eq!(count("times"), times, "{report}");
    assert!(count("payments") >= 2 * times, "{report}");
    // Each final block takes at least two votes of each of the three.
    assert!(count("votes") >= 6 * count("height") / 2, "{report}");
}

#[test]
fn a_node_that_is_killed_never_contradicts_its_votes() {
    let report = kills(&["--times", "20", "--seed", "3"]);
    check(&report, 20);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert!(report["repeated"].as_u64() > Some(0), "no kill came between votes: {report}");
}

#[test]
fn what_was_acknowledged_survives_a_loss_of_power() {
    let report = kills(&["--power", "--times", "4", "--seed", "4"]);
    if report.starts_with("LEFT OUT") {
        println!("{report}");
        return;
    }
    check(&report, 4);
}
