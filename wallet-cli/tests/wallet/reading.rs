//! What is read from nodes: statements, payments, quotes, institutions; from honest nodes, from
//! such that lie or talk nonsense, and from such that die.

use super::CLOSED;
use super::stub::home::Home;
use super::stub::server::Mode;

const STATEMENT: [&str; 2] = ["statement", "@wei"];
const QUOTE: [&str; 4] = ["quote", "100.00 CNY", "--to-asset", "HKD"];
const JSON: [&str; 2] = ["--output", "json"];

/// A home whose wallet has paid 25.00 CNY to lee, and the payment's id.
fn paid(nodes: usize) -> (Home, String) {
    let home = Home::new(nodes);
    let paid = home.run(&super::with(&super::PAY, &JSON)).with_code(0).json();
    let id = paid["id"].as_str().unwrap().to_owned();
    (home, id)
}

/// Runs a command while the first node dies, after more and more steps, until it lives through it.
/// Gives what ended well.
fn dying(home: &Home, words: &[&str]) -> Vec<serde_json::Value> {
    let mut ended_well = Vec::new();
    for steps in 0.. {
        home.nodes[0].die_after(steps);
        let ended = home.run(&super::with(words, &JSON));
        let has_died = home.nodes[0].revive();
        match ended.code {
            0 => ended_well.push(ended.json()),
            _ => assert_eq!(ended.with_code(5).problem()["code"], "no-node", "after {steps} steps"),
        }
        if !has_died {
            assert!(steps >= 3 && !ended_well.is_empty(), "{steps}");
            break;
        }
    }
    ended_well
}

#[test]
fn a_statement_is_proven_in_every_form() {
    let (home, id) = paid(1);
    let json = home.run(&super::with(&STATEMENT, &JSON)).with_code(0).json();
    assert_eq!((&json["proven"], &json["block"]), (&true.into(), &2.into()));
    let entries = json["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (&entries[0]["kind"], &entries[0]["balance"]),
        (&"issue".into(), &"1000.00 CNY".into())
    );
    assert_eq!(
        (&entries[1]["id"], &entries[1]["balance"]),
        (&id.as_str().into(), &"975.00 CNY".into())
    );
    let text = home.run(&STATEMENT).with_code(0).stdout;
    assert!(text.ends_with("2 entries until block 2, proven: none is missing\n"), "{text}");
    assert!(text.contains("-25.00 CNY"), "{text}");
    let csv = home.run(&super::with(&STATEMENT, &["--format", "csv"])).with_code(0).stdout;
    let mut rows = csv.lines();
    assert_eq!(rows.next(), Some("time,block,kind,amount,asset,balance,counterparty,name,id,note"));
    assert!(rows.next().unwrap().contains(",issue,1000.00,CNY,1000.00,"), "{csv}");
    let last = rows.next().unwrap();
    assert!(last.contains(",payment,-25.00,CNY,975.00,") && last.contains(&id), "{csv}");
    assert_eq!(rows.next(), None);
    let more = ["--format", "csv", "-o", "s.csv"];
    let told = home.run(&super::with(&STATEMENT, &more)).with_code(0).stdout;
    assert_eq!(told, "2 entries until block 2, proven: none is missing, in s.csv\n");
    assert_eq!(std::fs::read_to_string(home.path("s.csv")).unwrap(), csv);
    let later = super::with(&STATEMENT, &["--since", "2999-01-01"]);
    let none = home.run(&super::with(&later, &JSON)).with_code(0).json();
    assert_eq!((&none["proven"], none["entries"].as_array().unwrap().len()), (&true.into(), 0));
    let chinese = home.run_in(&STATEMENT, "zh_CN.UTF-8").with_code(0).stdout;
    assert!(chinese.ends_with("2 笔分录，截至区块 2，已证明：无一遗漏\n"), "{chinese}");
}

#[test]
fn a_statement_from_a_node_that_leaves_something_out_is_not_called_proven() {
    let (home, _) = paid(1);
    home.nodes[0].behave(Mode::ShortHistory);
    let json = home.run(&super::with(&STATEMENT, &JSON)).with_code(0).json();
    assert_eq!((&json["proven"], json["entries"].as_array().unwrap().len()), (&false.into(), 1));
    let text = home.run(&STATEMENT).with_code(0).stdout;
    assert!(text.ends_with(", by a node's word: the proofs do not fit\n"), "{text}");
    let csv = home.run(&super::with(&STATEMENT, &["--format", "csv"])).with_code(0);
    assert!(csv.stderr.contains("Not proven: by a node's word"), "{csv:?}");
}

#[test]
fn nonsense_is_no_answer_and_another_node_is_asked() {
    let (home, id) = paid(2);
    std::fs::remove_dir_all(home.path("home")).unwrap();
    let commands: [&[&str]; 3] = [&STATEMENT, &QUOTE, &["institutions"]];
    home.nodes[0].behave(Mode::Malformed);
    for words in commands {
        home.run(words).with_code(0);
    }
    home.nodes[1].behave(Mode::Malformed);
    for words in commands {
        let problem = home.run(&super::with(words, &JSON)).with_code(5).problem();
        assert_eq!(problem["code"], "no-node", "{words:?}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("an answer of another form"), "{words:?} {detail}");
    }
    let show = ["payment", "show", &id, "--output", "json"];
    assert_eq!(home.run(&show).with_code(3).problem()["code"], "proof-refused");
    let out = super::with(&STATEMENT, &["-o", "s.txt"]);
    home.run(&out).with_code(5);
    assert!(!home.path("s.txt").exists());
}

#[test]
fn a_node_that_dies_leaves_no_half_answer() {
    let (home, id) = paid(1);
    let statements = dying(&home, &STATEMENT);
    let last = statements.last().unwrap();
    assert_eq!(last["proven"], true);
    for statement in &statements {
        // Where only the proof is missing, it is the node's word; entries are never.
        assert_eq!(statement["entries"].as_array().unwrap().len(), 2, "{statement}");
    }
    for quote in dying(&home, &QUOTE) {
        assert_eq!(quote["receive"], "108.50 HKD");
    }
    for list in dying(&home, &["institutions"]) {
        assert_eq!(list.as_array().unwrap().len(), 4);
    }
    std::fs::remove_dir_all(home.path("home")).unwrap();
    for shown in dying(&home, &["payment", "show", &id]) {
        assert_eq!(shown["proven"], true);
    }
}

#[test]
fn a_payment_is_shown_from_here_and_from_the_ledger() {
    let (home, id) = paid(1);
    let from_ledger = |home: &Home| {
        let shown = home.run(&["payment", "show", &id[..8], "--output", "json"]);
        let shown = shown.with_code(0).json();
        assert_eq!((&shown["id"], &shown["status"]), (&id.as_str().into(), &"settled".into()));
        assert_eq!((&shown["iso_status"], &shown["proven"]), (&"ACSC".into(), &true.into()));
        assert_eq!(shown["receipt"]["debited"], "25.00 CNY");
        shown
    };
    home.write_devnet(&[CLOSED]);
    assert!(from_ledger(&home)["order"].as_str().unwrap().starts_with("pay 25.0"));
    home.write_devnet(&[&home.nodes[0].api]);
    std::fs::remove_dir_all(home.path("home")).unwrap();
    let text = home.run(&["payment", "show", &id]).with_code(0).stdout;
    for line in ["status     settled (ISO 20022 ACSC)\n", "debited    25.00 CNY\n", ", proven\n"] {
        assert!(text.contains(line), "{line} {text}");
    }
    let chinese = home.run_in(&["payment", "show", &id], "zh_CN.UTF-8").with_code(0).stdout;
    assert!(chinese.contains("状态       已结算（ISO 20022 ACSC）\n"), "{chinese}");
    let other = "00000000-0000-4000-8000-000000000000";
    let missing = home.run(&["payment", "show", other, "--output", "json"]).with_code(3).problem();
    assert_eq!(missing["code"], "not-found");
    for mode in [Mode::OtherProof, Mode::SpoiledProof] {
        home.nodes[0].behave(mode);
        let problem =
            home.run(&["payment", "show", &id, "--output", "json"]).with_code(3).problem();
        assert_eq!(problem["code"], "proof-refused", "{mode:?}");
    }
}

#[test]
fn a_quote_counts_only_if_its_dealer_signed_it() {
    let home = Home::new(1);
    let quote = home.run(&super::with(&QUOTE, &JSON)).with_code(0).json();
    assert_eq!((&quote["receive"], &quote["rate"]), (&"108.50 HKD".into(), &"1.085".into()));
    let text = home.run(&QUOTE).with_code(0).stdout;
    let expected = "100.00 CNY is 108.50 HKD now (1 CNY = 1.085 HKD), charges aside.\ndealer fqd1";
    assert!(text.starts_with(expected), "{text}");
    home.nodes[0].behave(Mode::ForgedQuote);
    let problem = home.run(&super::with(&QUOTE, &JSON)).with_code(3).problem();
    assert_eq!(problem["code"], "quote-refused");
    assert!(problem["detail"].as_str().unwrap().contains("signature is invalid"), "{problem}");
}

#[test]
fn institutions_are_listed() {
    let home = Home::new(1);
    let list = home.run(&super::with(&["institutions"], &JSON)).with_code(0).json();
    let bics: Vec<_> = list.as_array().unwrap().iter().map(|bank| bank["bic"].clone()).collect();
    assert_eq!(bics.len(), 4);
    let text = home.run(&["institutions"]).with_code(0).stdout;
    assert!(text.contains("PSBCCNBJ") && text.contains("validator, issuer, dealer"), "{text}");
    let chinese = home.run_in(&["institutions"], "zh_CN.UTF-8").with_code(0).stdout;
    assert!(chinese.contains("验证者, 发行, 做市"), "{chinese}");
}

#[test]
fn a_dry_run_says_whose_signatures_a_joint_account_still_needs() {
    let home = Home::new(1);
    std::fs::write(home.path("secret"), "correct horse\n").unwrap();
    let secret = ["--password-file", "secret"];
    for name in ["anna", "ben", "cleo"] {
        home.run(&super::with(&["keys", "new", name], &secret)).with_code(0);
    }
    let open = ["bank", "open-account", "--institution", "PSBCCNBJ", "--reference", "joint"];
    let owners = ["--key", "anna", "--key", "ben", "--key", "cleo", "--threshold", "2"];
    home.run(&super::with(&open, &owners)).with_code(0);
    home.run(&["bank", "issue", "10.00 CNY", "--to", "PSBCCNBJ/joint"]).with_code(0);
    let pay = ["pay", "@lee", "7.00 CNY", "--from", "PSBCCNBJ/joint", "--dry-run"];
    let submitted = home.nodes[0].submissions();
    let ready = home.run(&super::with(&pay, &JSON)).with_code(0).json();
    assert_eq!((&ready["status"], &ready["fee"]), (&"would-settle".into(), &"0.00 CNY".into()));
    assert_eq!(
        (&ready["approval"]["missing"], &ready["approval"]["threshold"]),
        (&0.into(), &2.into())
    );
    for name in ["ben", "cleo"] {
        std::fs::remove_file(home.path(&format!("home/keys/{name}.json"))).unwrap();
    }
    let waiting = home.run(&super::with(&pay, &JSON)).with_code(4);
    let document: serde_json::Value = serde_json::from_str(&waiting.stdout).unwrap();
    let approval = &document["approval"];
    assert_eq!((&approval["missing"], approval["here"].as_array().unwrap().len()), (&1.into(), 1));
    let others = approval["others"].as_array().unwrap();
    let problem: serde_json::Value = serde_json::from_str(&waiting.stderr).unwrap();
    assert_eq!(problem["code"], "approvals-missing");
    for key in others {
        assert!(problem["detail"].as_str().unwrap().contains(key.as_str().unwrap()), "{problem}");
    }
    let text = home.run(&pay).with_code(4).stdout;
    assert!(text.contains("2 of 3 keys sign\n"), "{text}");
    assert!(text.contains("1 more of these must sign\n"), "{text}");
    let dear = ["pay", "@lee", "70.00 CNY", "--from", "PSBCCNBJ/joint", "--dry-run"];
    let refused = home.run(&super::with(&dear, &JSON)).with_code(3).problem();
    assert_eq!(refused["code"], "insufficient-funds");
    assert_eq!((home.nodes[0].submissions(), home.outbox().len()), (submitted, 0));
}
