//! `pay --file`: rows of a file, one payment each.

use super::CLOSED;
use super::stub::home::{Ended, Home};
use super::stub::server::Mode;

const WORDS: [&str; 7] = ["pay", "--file", "p.csv", "--from", "@wei", "--output", "json"];

fn write(home: &Home, rows: &str) {
    std::fs::write(home.path("p.csv"), format!("payee,amount,note\n{rows}")).unwrap();
}

fn run(home: &Home, more: &[&str]) -> Ended {
    home.run(&super::with(&WORDS, more))
}

fn posted(home: &Home) -> u128 {
    home.world().posted("lee", "CNY")
}

#[test]
fn rows_are_paid_and_a_second_run_pays_nothing() {
    let home = Home::new(1);
    write(&home, "@lee,25.00 CNY,lunch\n@lee,1.50 CNY,\n@lee,1.50 CNY,\n");
    let first = run(&home, &[]).with_code(0).json();
    assert_eq!((&first["paid"], &first["paid_before"]), (&3.into(), &0.into()));
    assert_eq!(first["rows"][0]["status"], "settled");
    assert_eq!(first["rows"][0]["fee"], "0.00 CNY");
    assert_eq!(posted(&home), 2800);
    // What is known needs no node.
    home.write_devnet(&[CLOSED]);
    let second = run(&home, &[]).with_code(0).json();
    assert_eq!((&second["paid"], &second["paid_before"]), (&0.into(), &3.into()));
    for place in 0..3 {
        assert_eq!(first["rows"][place]["id"], second["rows"][place]["id"]);
        assert_eq!(first["rows"][place]["block"], second["rows"][place]["block"]);
    }
    let text = home.run(&WORDS[..5]).with_code(0).stdout;
    assert!(text.contains("0 paid now, 3 before, 0 rejected, 0 unknown, 0 not sent."), "{text}");
    assert!(home.path("p.csv.journal").exists());
}

#[test]
fn rows_may_be_added_and_moved_between_runs() {
    let home = Home::new(1);
    write(&home, "@lee,25.00 CNY,\n@lee,1.50 CNY,\n");
    run(&home, &[]).with_code(0);
    write(&home, "@lee,1.5 CNY,\n@lee,7.00 CNY,\n@lee,25.00 CNY,\n");
    let second = run(&home, &[]).with_code(0).json();
    assert_eq!((&second["paid"], &second["paid_before"]), (&1.into(), &2.into()));
    assert_eq!(posted(&home), 3350);
    write(&home, "@lee,7.00 CNY,\n");
    let third = run(&home, &[]).with_code(0).json();
    assert_eq!((&third["paid_before"], &third["no_longer_in_file"]), (&1.into(), &2.into()));
}

#[test]
fn one_bad_row_stops_all_before_anything_is_sent() {
    let home = Home::new(1);
    let good = "@lee,25.00 CNY,\n";
    for (bad, exit, code, line) in [
        ("@bob,1.00 CNY,\n", 2, "unknown-name", "line 3"),
        ("@lee,1.00,\n", 2, "amount-without-asset", "line 3"),
        ("@wei,1.00 CNY,\n", 3, "same-account", "line 3"),
        ("@lee,0.00 CNY,\n", 3, "zero-amount", "line 3"),
        ("@lee,975.01 CNY,\n", 3, "insufficient-funds", "need 1000.01 CNY"),
    ] {
        write(&home, &format!("{good}{bad}"));
        let problem = run(&home, &[]).with_code(exit);
        let problem: serde_json::Value = serde_json::from_str(&problem.stderr).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(line), "{problem}");
    }
    assert_eq!((home.nodes[0].submissions(), posted(&home)), (0, 0));
    write(&home, good);
    run(&home, &[]).with_code(0);
    assert_eq!(posted(&home), 2500);
}

#[test]
fn an_unknown_outcome_stops_the_run_and_the_next_one_goes_on() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Mute);
    write(&home, "@lee,25.00 CNY,\n@lee,1.50 CNY,\n");
    let ended = run(&home, &["--timeout", "1"]).with_code(6);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&report["unknown"], &report["not_sent"]), (&1.into(), &1.into()));
    home.nodes[0].behave(Mode::Honest);
    // A single payment of the same kind is another payment.
    home.run(&["pay", "@lee", "25.00 CNY", "--from", "@wei"]).with_code(0);
    let report = run(&home, &[]).with_code(0).json();
    assert_eq!(report["paid"], 2);
    assert_eq!(posted(&home), 5150);
}

#[test]
fn a_rejected_row_stays_rejected_until_a_new_try_is_asked_for() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::BlindSimulation);
    // The simulation lies, so that the rejection comes from the ledger.
    write(&home, "@lee,25.00 CNY,\n@lee,1.50 CNY,\n");
    home.run(&["bank", "freeze", "@lee", "--direction", "in"]).with_code(0);
    let more = ["--max-fee", "0.00 CNY"];
    for _ in 0..2 {
        let ended = run(&home, &more).with_code(3);
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["rejected"], 2, "{report}");
        assert_eq!(report["rows"][0]["code"], "account-frozen");
    }
    home.run(&["bank", "unfreeze", "@lee"]).with_code(0);
    run(&home, &more).with_code(3);
    assert_eq!(posted(&home), 0);
    let report = run(&home, &super::with(&more, &["--retry-rejected"])).with_code(0).json();
    assert_eq!(report["paid"], 2);
    assert_eq!(posted(&home), 2650);
    run(&home, &super::with(&more, &["--retry-rejected"])).with_code(0);
    assert_eq!(posted(&home), 2650);
}

#[test]
fn a_journal_is_of_one_chain_and_one_payer() {
    let home = Home::new(1);
    write(&home, "@lee,25.00 CNY,\n");
    run(&home, &[]).with_code(0);
    let words = ["pay", "--file", "p.csv", "--from", "@lee", "--output", "json"];
    assert_eq!(home.run(&words).with_code(2).problem()["code"], "other-journal");
    let words = ["pay", "--file", "p.csv", "--output", "json"];
    assert_eq!(home.run(&words).with_code(2).problem()["code"], "missing-flag");
}

#[test]
fn where_money_counts_a_file_needs_one_confirmation_and_one_passphrase() {
    let home = Home::on_test_network();
    write(&home, "@lee,25.00 CNY,\n@lee,1.50 CNY,\n");
    let words = ["pay", "--file", "p.csv", "--password-file", "secret"];
    let asked = home.run(&words).with_code(2);
    assert!(asked.stderr.contains("Add --yes"), "{asked:?}");
    assert_eq!(home.nodes[0].submissions(), 0);
    home.run(&super::with(&words, &["--yes"])).with_code(0);
    assert_eq!(posted(&home), 2650);
}

#[test]
fn first_payments_are_marked_and_large_amounts_are_typed_again() {
    let home = Home::on_test_network();
    let profile = home.path("home/profiles/bank.toml");
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, format!("large = [\"500.00 CNY\"]\n{text}")).unwrap();
    write(&home, "@lee,1.50 CNY,\n@lee,600.00 CNY,\n");
    let words = ["pay", "--file", "p.csv", "--password-file", "secret"];
    let first = "(first payment to this account)";
    for (lines, code) in [("n\n", 5), ("y\n60.00 CNY\n", 5), ("y\n600 CNY\n", 0)] {
        let ended = home.run_typing(&words, lines).with_code(code);
        // Two rows to one new account: the first of them is the first payment.
        let marked: Vec<_> = ended.stderr.lines().filter(|line| line.contains(first)).collect();
        assert!(marked.len() == 1 && marked[0].contains("  1.50 CNY  "), "{ended:?}");
        let asked = ended.stderr.contains("Line 3, to lee: type the amount again:");
        assert_eq!(asked, lines.starts_with('y'), "{ended:?}");
        assert_eq!(posted(&home), if code == 0 { 60_150 } else { 0 }, "{lines:?}");
    }
    // No row is large by itself, the total is; and lee is known now.
    write(&home, "@lee,100.00 CNY,a\n@lee,250.00 CNY,b\n");
    std::fs::write(&profile, format!("large = [\"300.00 CNY\"]\n{text}")).unwrap();
    let ended = home.run_typing(&words, "y\n350.00 CNY\n").with_code(0);
    assert!(ended.stderr.contains("Type the total again:"), "{ended:?}");
    assert!(!ended.stderr.contains(first), "{ended:?}");
    assert_eq!(posted(&home), 95_150);
}
