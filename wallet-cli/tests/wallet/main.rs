//! The wallet as a program, against nodes that run the real ledger and misbehave on command.
#![allow(clippy::as_conversions, clippy::panic, clippy::unwrap_used)]

mod batch;
mod health;
mod kills;
mod notes;
mod offline;
mod reading;
mod stub;
mod trace;

use ledger::transaction::SignedTransaction;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use stub::home::{Ended, Home};
use stub::server::Mode;
use stub::world::{now, owner};

/// Where nobody listens: a port that only the system's administrator may take.
const CLOSED: &str = "http://127.0.0.1:1";

const PAY: [&str; 5] = ["pay", "@lee", "25.00 CNY", "--from", "@wei"];

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn a_payment_is_saved_sent_and_final() {
    let home = Home::new(1);
    let paid = home.run(&PAY).with_code(0);
    let mut lines = paid.stdout.lines();
    let steps = lines.next().unwrap();
    assert!(steps.starts_with("  saved ok   sent ok   final ok   "), "{paid:?}");
    assert!(steps.ends_with(" s"), "{paid:?}");
    let result = lines.next().unwrap();
    assert!(result.starts_with("Paid 25.00 CNY to lee (fee 0.00 CNY).   id "), "{paid:?}");
    assert_eq!((lines.next(), paid.stderr.as_str()), (None, ""));
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    assert!(home.outbox().is_empty());
    let mode = home.archive()[0].metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn json_is_one_document_and_faults_are_problems() {
    let home = Home::new(1);
    let paid = home.run(&with(&PAY, &["--output", "json"])).with_code(0).json();
    assert_eq!(paid["status"], "settled");
    assert_eq!(paid["iso_status"], "ACSC");
    assert_eq!(paid["fee"], "0.00 CNY");
    assert_eq!(paid["block"], 2);
    assert_eq!(paid["id"].as_str().unwrap().len(), 36);
    assert_eq!(paid["verified"]["signers"], 3);
    for (words, exit, code) in [
        (vec!["pay", "@lee", "25", "--from", "@wei"], 2, "amount-without-asset"),
        (vec!["pay", "@lee", "25.00 CNY"], 2, "missing-flag"),
        (vec!["pay", "@bob", "25.00 CNY", "--from", "@wei"], 2, "unknown-name"),
        (vec!["pay", "@lee", "25.001 CNY", "--from", "@wei"], 2, "amount-too-precise"),
        (vec!["pay", "@lee", "25.00 MILES", "--from", "@wei"], 2, "unknown-asset"),
        (vec!["pay", "@lee", "2000.00 CNY", "--from", "@wei"], 3, "insufficient-funds"),
        (vec!["pay", "@wei", "1.00 CNY", "--from", "@wei"], 3, "same-account"),
        (vec!["pay", "@lee", "0.00 CNY", "--from", "@wei"], 3, "zero-amount"),
        (vec!["pay", "@lee", "--nonsense"], 2, "usage"),
        (vec!["balance", "fqd1zzz"], 2, "bad-address"),
    ] {
        let ended = home.run(&with(&words, &["--output", "json"])).with_code(exit);
        assert_eq!(ended.problem()["code"], code, "{words:?}");
        assert_eq!(ended.problem()["exit"], exit, "{words:?}");
    }
    assert_eq!(home.nodes[0].submissions(), 1);
}

#[test]
fn an_error_reads_as_documented() {
    let ended = Home::new(1).run(&["pay", "@lee", "25"]).with_code(2);
    assert_eq!(
        ended.stderr,
        "error[amount-without-asset]: \"25\" has no asset. Write \"25.00 CNY\".        (exit 2)\n"
    );
}

#[test]
fn where_money_counts_a_payment_needs_a_confirmation_and_a_passphrase() {
    let home = Home::on_test_network();
    let pay = ["pay", "@lee", "25.00 CNY"];
    for (more, flag) in [
        (vec![], "--yes"),
        (vec!["--yes"], "--password-file"),
        (vec!["--password-file", "secret"], "--yes"),
    ] {
        let ended = home.run(&with(&pay, &more)).with_code(2);
        assert!(ended.stderr.contains(&format!("Add {flag}")), "{ended:?}");
    }
    std::fs::write(home.path("wrong"), "wrong horse").unwrap();
    let wrong = home.run(&with(&pay, &["--yes", "--password-file", "wrong"])).with_code(2);
    assert!(wrong.stderr.starts_with("error[wrong-passphrase]"), "{wrong:?}");
    assert_eq!(home.nodes[0].submissions(), 0);
    home.run(&with(&pay, &["--yes", "--password-file", "secret"])).with_code(0);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    let others = ["pay", "@wei", "1.00 CNY", "--from", "@lee", "--yes"];
    let missing = home.run(&with(&others, &["--output", "json"])).with_code(4).problem();
    assert_eq!(missing["code"], "keys-missing");
}

#[test]
fn a_silent_node_gives_6_and_the_same_command_pays_exactly_once() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Silent);
    let quick = with(&PAY, &["--timeout", "1", "--output", "json"]);
    let unknown = home.run(&quick).with_code(6).problem();
    assert_eq!((&unknown["code"], &unknown["retry"]), (&"outcome-unknown".into(), &"same".into()));
    home.run(&quick).with_code(6);
    assert_eq!(home.outbox().len(), 1);
    home.nodes[0].behave(Mode::Honest);
    let paid = home.run(&quick).with_code(0).json();
    assert_eq!((&paid["id"], &paid["resumed"]), (&unknown["id"], &true.into()));
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    let again = home.run(&quick).with_code(0).json();
    assert_ne!(again["id"], unknown["id"]);
    assert_eq!(home.world().posted("lee", "CNY"), 5000);
}

#[test]
fn a_lost_answer_is_found_again_by_the_id() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Mute);
    let quick = with(&PAY, &["--timeout", "1", "--output", "json"]);
    let unknown = home.run(&quick).with_code(6).problem();
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    home.nodes[0].behave(Mode::Honest);
    let prefix = &unknown["id"].as_str().unwrap()[..8];
    let paid = home.run(&["pay", "--resume", prefix, "--output", "json"]).with_code(0).json();
    assert_eq!(paid["id"], unknown["id"]);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    let gone = home.run(&["pay", "--resume", prefix, "--output", "json"]).with_code(2);
    assert_eq!(gone.problem()["code"], "not-in-outbox");
}

#[test]
fn another_order_does_not_touch_the_unfinished_one() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Silent);
    home.run(&with(&PAY, &["--timeout", "1"])).with_code(6);
    home.nodes[0].behave(Mode::Honest);
    for (words, cents) in [
        (["pay", "@lee", "25.01 CNY", "--from", "@wei"], 2501),
        // The same amount, payer and payee however they are written.
        (["pay", "@lee", "25 CNY", "--from", "@wei"], 5001),
    ] {
        home.run(&words).with_code(0);
        assert_eq!(home.world().posted("lee", "CNY"), cents);
    }
    assert!(home.outbox().is_empty());
}

/// Waits until the first submission has reached the first node.
fn await_submission(home: &Home) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while home.nodes[0].submissions() == 0 {
        assert!(Instant::now() < deadline, "nothing was sent");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_wallet_leaves_a_payment_that_the_same_command_finishes() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Silent);
    let mut child = home.start(&PAY);
    await_submission(&home);
    child.kill().unwrap();
    child.wait().unwrap();
    home.nodes[0].behave(Mode::Honest);
    let paid = home.run(&with(&PAY, &["--output", "json"])).with_code(0).json();
    assert_eq!(paid["resumed"], true);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
}

#[test]
fn the_locale_chooses_the_language_of_texts_and_never_of_json() {
    let home = Home::new(1);
    let run = |words: &[&str]| home.run_in(words, "zh_CN.UTF-8");
    let paid = run(&PAY).with_code(0).stdout;
    assert!(paid.starts_with("  已保存 ok   已发送 ok   已终局 ok   "), "{paid}");
    assert!(paid.contains("已向 lee 支付 25.00 CNY（手续费 0.00 CNY）。   编号 "), "{paid}");
    let poor = ["pay", "@lee", "2000.00 CNY", "--from", "@wei"];
    let refused = run(&poor).with_code(3).stderr;
    let expected = "错误[insufficient-funds]: 可用余额不足。请充值。（ISO 20022 AM04）未付款。";
    assert!(refused.starts_with(expected), "{refused}");
    let problem = run(&with(&poor, &["--output", "json"])).with_code(3).problem();
    assert_eq!(problem["title"], "Rejected");
}

#[test]
fn an_interrupt_says_where_the_payment_is() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Silent);
    let words = with(&PAY, &["--output", "json"]);
    let child = home.start_piped(&words);
    await_submission(&home);
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let ended = Ended::of(&child.wait_with_output().unwrap()).with_code(130);
    assert_eq!(ended.problem()["code"], "interrupted");
    assert_eq!(ended.problem()["retry"], "same");
    home.nodes[0].behave(Mode::Honest);
    let paid = home.run(&words).with_code(0).json();
    assert_eq!((&paid["resumed"], &paid["id"]), (&true.into(), &ended.problem()["id"]));
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
}

#[test]
fn under_an_id_of_ones_own_there_is_one_payment_for_ever() {
    let home = Home::new(1);
    let id = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
    let words = with(&PAY, &["--id", id, "--output", "json"]);
    let first = home.run(&words).with_code(0).json();
    assert_eq!((&first["id"], &first["resumed"]), (&id.into(), &false.into()));
    home.write_devnet(&[CLOSED]);
    let again = home.run(&words).with_code(0).json();
    assert_eq!((&again["block"], &again["resumed"]), (&first["block"], &true.into()));
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    let other = ["pay", "@lee", "26.00 CNY", "--from", "@wei", "--id", id, "--output", "json"];
    assert_eq!(home.run(&other).with_code(2).problem()["code"], "id-taken");
    // Without an id, the same order is a payment of its own.
    home.write_devnet(&[&home.nodes[0].api]);
    home.run(&PAY).with_code(0);
    assert_eq!(home.world().posted("lee", "CNY"), 5000);
}

#[test]
fn what_was_not_sent_gives_its_id_back() {
    let home = Home::new(1);
    let id = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
    let words = with(&PAY, &["--id", id, "--output", "json"]);
    home.write_devnet(&[CLOSED]);
    home.run(&words).with_code(5);
    home.write_devnet(&[&home.nodes[0].api]);
    assert_eq!(home.run(&words).with_code(0).json()["id"], id);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
}

#[test]
fn payments_at_the_same_time_are_different_payments() {
    let home = Home::new(1);
    let children: Vec<_> = (0..4).map(|_| home.start(&PAY)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(home.world().posted("lee", "CNY"), 10_000);
}

#[test]
fn without_nodes_nothing_is_sent_and_nothing_is_left() {
    let home = Home::new(0);
    home.write_devnet(&[CLOSED]);
    let ended = home.run(&with(&PAY, &["--output", "json"])).with_code(5);
    assert_eq!(ended.problem()["code"], "no-node");
    assert!(home.outbox().is_empty());
}

#[test]
fn a_node_that_is_away_or_busy_hands_over_to_the_next() {
    let home = Home::new(2);
    home.write_devnet(&[CLOSED, &home.nodes[0].api, &home.nodes[1].api]);
    home.run(&PAY).with_code(0);
    home.nodes[0].behave(Mode::Busy);
    home.run(&PAY).with_code(0);
    assert_eq!(home.nodes[1].submissions(), 1);
    assert_eq!(home.world().posted("lee", "CNY"), 5000);
}

#[test]
fn a_node_that_hangs_costs_its_time_only_once() {
    let home = Home::new(2);
    home.nodes[0].behave(Mode::Hanging);
    let start = Instant::now();
    home.run(&with(&PAY, &["--timeout", "1"])).with_code(0);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_node_that_lies_is_named_and_another_is_asked() {
    let home = Home::new(2);
    for (mode, reason) in [
        (Mode::OtherProof, "another transaction"),
        (Mode::SpoiledProof, "proof"),
        (Mode::NoProof, "no proof"),
    ] {
        home.nodes[0].behave(mode);
        let paid = home.run(&PAY).with_code(0);
        let warning = format!("warning: Do not trust {}", home.nodes[0].api);
        assert!(paid.stderr.starts_with(&warning), "{mode:?} {paid:?}");
        assert!(paid.stderr.contains(reason), "{mode:?} {paid:?}");
    }
    assert_eq!(home.world().posted("lee", "CNY"), 7500);
    home.nodes[1].behave(Mode::NoProof);
    let unknown = home.run(&with(&PAY, &["--timeout", "1"])).with_code(6);
    assert!(unknown.stderr.contains("outcome-unknown"), "{unknown:?}");
}

#[test]
fn a_proven_rejection_is_final_and_the_next_command_is_a_new_payment() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::BlindSimulation);
    let words = ["pay", "@lee", "2000.00 CNY", "--from", "@wei", "--output", "json"];
    let words = with(&words, &["--max-fee", "0.00 CNY"]);
    let first = home.run(&words).with_code(3).problem();
    assert_eq!(
        (&first["code"], &first["iso_reason"]),
        (&"insufficient-funds".into(), &"AM04".into())
    );
    assert!(home.outbox().is_empty());
    let second = home.run(&words).with_code(3).problem();
    assert_ne!(first["id"], second["id"]);
}

#[test]
fn an_unproven_refusal_does_not_open_the_way_to_a_second_payment() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Refusing);
    let quick = with(&PAY, &["--output", "json", "--timeout", "2"]);
    let refused = home.run(&quick).with_code(3).problem();
    assert_eq!(home.outbox().len(), 1);
    home.nodes[0].behave(Mode::Honest);
    let paid = home.run(&quick).with_code(0).json();
    assert_eq!(paid["id"], refused["id"]);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
}

#[test]
fn an_expired_payment_that_no_block_has_gives_7_and_frees_the_order() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Silent);
    let quick = with(&PAY, &["--timeout", "1", "--output", "json"]);
    home.run(&quick).with_code(6);
    age(&home);
    home.nodes[0].behave(Mode::Honest);
    // The chain's last block is not past the payment's time yet: nobody can know.
    home.run(&quick).with_code(6);
    home.world().beat();
    let expired = home.run(&quick).with_code(7).problem();
    assert_eq!(expired["code"], "expired");
    home.run(&quick).with_code(0);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
}

/// Makes the one entry of the outbox one whose time has just ended.
fn age(home: &Home) {
    let path = home.outbox().remove(0);
    let mut entry: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let bytes = api::text::parse_base64(entry["transaction"].as_str().unwrap()).unwrap();
    let mut transaction = SignedTransaction::decode(&bytes).unwrap().transaction;
    let world = home.world();
    transaction.valid_from = world.last().1.minus(600_000);
    transaction.valid_until = now().minus(1);
    let signed = world.resign(transaction, &[owner("wei")]);
    entry["transaction"] = api::text::base64(&ledger::codec::encode(&signed)).into();
    std::fs::write(&path, entry.to_string()).unwrap();
}

#[test]
fn a_payment_across_settles_at_the_signed_rate() {
    let home = Home::new(1);
    let words = ["pay", "@lee", "100.00 CNY", "--from", "@wei", "--to-asset", "HKD"];
    let paid = home.run(&words).with_code(0);
    let quote = "  quote 1 CNY = 1.085 HKD, fee 0.00 CNY, lee receives 108.50 HKD, firm until ";
    assert!(paid.stdout.starts_with(quote), "{paid:?}");
    let result =
        "Paid 100.00 CNY to lee, who received 108.50 HKD (rate 1.085, fee 0.00 CNY).   id ";
    assert!(paid.stdout.lines().nth(2).unwrap().starts_with(result), "{paid:?}");
    assert_eq!(home.world().posted("lee", "HKD"), 10_850);
    let json = home.run(&with(&words, &["--output", "json"])).with_code(0).json();
    assert_eq!(json["exchange"]["rate"], "1.085");
    let same = home.run(&with(&words[..5], &["--to-asset", "CNY"])).with_code(2);
    assert!(same.stderr.contains("same-asset"), "{same:?}");
}

#[test]
fn a_proof_verifies_without_any_node_and_not_with_a_changed_byte() {
    let home = Home::new(1);
    let paid = home.run(&with(&PAY, &["--output", "json"])).with_code(0).json();
    let id = paid["id"].as_str().unwrap();
    home.run(&["proof", "get", &id[..8], "-o", "lunch.proof"]).with_code(0);
    std::fs::remove_dir_all(home.path("home")).unwrap();
    home.run(&["proof", "get", id]).with_code(0);
    assert!(home.path(&format!("{id}.proof")).exists());
    home.write_devnet(&[]);
    let valid = home.run(&["proof", "verify", "lunch.proof"]).with_code(0);
    let chain = home.world().chain_id();
    let expected = format!(
        "Valid: payment {} settled in block 2; 3 of 4 validators signed (3 needed); \
         chain {chain}\n",
        &id[..8]
    );
    assert_eq!(valid.stdout, expected);
    let other = format!("fqd-{}", "00".repeat(32));
    for (anchor, code) in [(chain, 0), (other, 3)] {
        home.run(&["proof", "verify", "lunch.proof", "--chain-id", &anchor]).with_code(code);
    }
    let mut bytes = std::fs::read(home.path("lunch.proof")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(home.path("lunch.proof"), bytes).unwrap();
    let refused = home.run(&["proof", "verify", "lunch.proof", "--output", "json"]).with_code(3);
    assert_eq!(refused.problem()["code"], "proof-refused");
}

#[test]
fn keys_are_made_with_a_password_file_and_never_without() {
    let home = Home::new(0);
    let missing = home.run(&["keys", "new", "till", "--output", "json"]).with_code(2).problem();
    assert!(missing["hint"].as_str().unwrap().contains("--password-file"), "{missing}");
    std::fs::write(home.path("secret"), "correct horse\n").unwrap();
    let made = ["keys", "new", "till", "--password-file", "secret", "--output", "json"];
    let made = home.run(&made).with_code(0).json();
    let file = home.path("home/keys/till.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let listed = home.run(&["keys", "list", "--output", "json"]).with_code(0).json();
    assert_eq!(listed[0], made);
    let shown = home.run(&["keys", "show", "till"]).with_code(0);
    assert!(shown.stdout.contains(made["public_key"].as_str().unwrap()), "{shown:?}");
    home.run(&["keys", "new", "till", "--password-file", "secret"]).with_code(2);
}

#[test]
fn operators_open_parties_and_currency() {
    let home = Home::new(1);
    let run = |words: &[&str]| home.run(&with(words, &["--output", "json"])).with_code(0).json();
    let registered = run(&["bank", "register-asset", "SGD", "--issuer", "DBSSSGSG"]);
    assert_eq!((&registered["status"], registered.get("verified")), (&"done".into(), None));
    let opening = ["bank", "open-account", "--institution", "DBSSSGSG", "--reference"];
    let opened = run(&with(&opening, &["DE89370400440532013000", "--mandate"]));
    assert_eq!(opened["verified"]["quorum"], 3);
    let issued = ["bank", "issue", "10.00 SGD", "--to", "DBSSSGSG/DE89370400440532013000"];
    assert_eq!(run(&issued)["credited"], "10.00 SGD");
    let balance = run(&["balance", "DBSSSGSG/DE89370400440532013000"]);
    assert_eq!(balance["account"], opened["account"]);
    assert_eq!(balance["holdings"][0]["posted"], "10.00 SGD");
    assert_eq!((&balance["policy"]["mandate"], &balance["proven"]), (&true.into(), &true.into()));
    let froze = home.run(&["bank", "freeze", "@lee", "--direction", "in"]).with_code(0);
    assert!(froze.stdout.lines().nth(1).unwrap().starts_with("Froze lee, block 5.   id "));
    let frozen = home.run(&with(&PAY, &["--output", "json"])).with_code(3).problem();
    assert_eq!(frozen["code"], "account-frozen");
    run(&["bank", "unfreeze", "@lee"]);
    let fees = "version = 1\ncollector = \"PSBCCNBJ/fees\"\n[[rules]]\nasset = \"CNY\"\n\
        basis_points = 100\ncap = \"9.00\"\n";
    std::fs::write(home.path("fees.toml"), fees).unwrap();
    run(&["bank", "open-account", "--institution", "PSBCCNBJ", "--reference", "fees"]);
    run(&["bank", "set-fees", "--file", "fees.toml", "--institution", "PSBCCNBJ"]);
    assert_eq!(run(&PAY)["fee"], "0.25 CNY");
    let dear = home.run(&with(&PAY, &["--max-fee", "0.24 CNY", "--output", "json"])).with_code(3);
    assert_eq!(dear.problem()["code"], "fee-above-agreed");
    run(&["bank", "open-account", "--institution", "DBSSSGSG", "--reference", "empty"]);
    run(&["bank", "close", "DBSSSGSG/empty"]);
}

#[test]
fn an_operators_keystore_or_the_lack_of_it_decides() {
    let home = Home::new(1);
    let words = ["bank", "register-asset", "SGD", "--issuer", "DBSSSGSG", "--output", "json"];
    let wrong = with(&words, &["--operator-key", "devnet/PSBCCNBJ", "--password-file", "secret"]);
    std::fs::write(home.path("secret"), "feiqian-devnet\n").unwrap();
    let refused = home.run(&wrong).with_code(4).problem();
    assert_eq!(refused["code"], "signers-missing");
    let right = with(&words, &["--operator-key", "devnet/DBSSSGSG", "--password-file", "secret"]);
    home.run(&right).with_code(0);
}

#[test]
fn what_nodes_tell_is_shown() {
    let home = Home::new(1);
    let status = home.run(&["status", "--output", "json"]).with_code(0).json();
    assert_eq!((&status["quorum"], &status["synced"]), (&3.into(), &true.into()));
    let accounts = home.run(&["accounts"]).with_code(0);
    assert!(accounts.stdout.contains("@wei"), "{accounts:?}");
    let balances = home.run(&["balance"]).with_code(0);
    assert!(balances.stdout.contains("1000.00"), "{balances:?}");
    assert!(balances.stdout.ends_with("after block 1, proven\n"), "{balances:?}");
    let assets = home.run(&["assets"]).with_code(0);
    assert!(assets.stdout.contains("CNY"), "{assets:?}");
    let code = home.run(&["help", "AM04"]).with_code(0);
    assert!(code.stdout.starts_with("insufficient-funds (ISO 20022 AM04, exit 3)"), "{code:?}");
    let help = home.run(&["help", "bank", "issue"]).with_code(0);
    assert!(help.stdout.contains("--operator-key"), "{help:?}");
    assert!(!help.stdout.contains('\u{1b}'), "{help:?}");
    home.run(&["help", "nonsense"]).with_code(2);
}
