//! Keys on other machines, and requests: what a wallet makes for others.

use super::stub::home::Home;

/// Runs the wallet without any network: its home is the only thing that it knows.
fn offline(home: &Home, words: &[&str]) -> serde_json::Value {
    home.run(&super::with(words, &["--output", "json"])).with_code(0).json()
}

#[test]
fn two_of_two_owners_sign_apart_and_the_file_pays_once() {
    let home = Home::new(1);
    std::fs::write(home.path("secret"), "correct horse\n").unwrap();
    let secret = ["--password-file", "secret"];
    for name in ["anna", "ben"] {
        home.run(&super::with(&["keys", "new", name], &secret)).with_code(0);
    }
    let open = ["bank", "open-account", "--institution", "PSBCCNBJ", "--reference", "joint"];
    let owners = ["--key", "anna", "--key", "ben", "--threshold", "2"];
    home.run(&super::with(&open, &owners)).with_code(0);
    home.run(&["bank", "issue", "10.00 CNY", "--to", "PSBCCNBJ/joint"]).with_code(0);
    let build = ["tx", "build", "@lee", "7.00 CNY", "--from", "PSBCCNBJ/joint", "-o", "pay.tx"];
    home.run(&super::with(&build, &["--note", "rent"])).with_code(0);
    for (key, out) in [("anna", "anna.tx"), ("ben", "ben.tx")] {
        let sign = ["tx", "sign", "pay.tx", "--key", key, "-o", out];
        let signed = offline(&home, &super::with(&sign, &secret));
        assert_eq!(signed["complete"], false);
    }
    let early = home.run(&["tx", "send", "anna.tx", "--output", "json"]).with_code(4).problem();
    assert_eq!(early["code"], "keys-missing");
    let merged = offline(&home, &["tx", "merge", "anna.tx", "ben.tx", "-o", "both.tx"]);
    assert_eq!((&merged["complete"], &merged["note"]["committed"]), (&true.into(), &true.into()));
    let shown = home.run(&["tx", "inspect", "both.tx"]).with_code(0).stdout;
    for words in ["pay          7.00 CNY\n", "  @lee\n", "note         \"rent\"\n"] {
        assert!(shown.contains(words), "{shown}");
    }
    for _ in 0..2 {
        let paid = home.run(&["tx", "send", "both.tx", "--output", "json"]).with_code(0).json();
        assert_eq!(paid["status"], "settled");
        assert_eq!(home.world().posted("lee", "CNY"), 700);
    }
    let rotate = ["keys", "rotate", "ben", "--account", "PSBCCNBJ/joint", "--to", "eve"];
    home.run(&super::with(&rotate, &secret)).with_code(0);
    let pay = ["pay", "@lee", "1.00 CNY", "--from", "PSBCCNBJ/joint"];
    home.run(&super::with(&pay, &secret)).with_code(0);
    std::fs::remove_file(home.path("home/keys/eve.json")).unwrap();
    home.run(&super::with(&pay, &secret)).with_code(4);
}

#[test]
fn words_bring_a_key_back() {
    let home = Home::new(0);
    std::fs::write(home.path("secret"), "correct horse\n").unwrap();
    let secret = ["--password-file", "secret"];
    let run = |words: &[&str]| offline(&home, &super::with(words, &secret));
    let made = run(&["keys", "new", "till"]);
    run(&["keys", "export", "till", "--words-file", "till.words"]);
    run(&["keys", "export", "till", "--keystore", "till.json"]);
    for (name, from) in
        [("one", ["--words-file", "till.words"]), ("two", ["--keystore", "till.json"])]
    {
        let imported = run(&super::with(&["keys", "import", name], &from));
        assert_eq!(imported["public_key"], made["public_key"]);
    }
    let words = std::fs::read_to_string(home.path("till.words")).unwrap();
    let (first, rest) = words.split_once(' ').unwrap();
    std::fs::write(home.path("bad.words"), format!("{rest} {first}")).unwrap();
    let words = ["keys", "import", "bad", "--words-file", "bad.words", "--output", "json"];
    assert_eq!(home.run(&words).with_code(2).problem()["code"], "bad-words");
    let again = ["keys", "export", "till", "--words-file", "till.words"];
    home.run(&super::with(&again, &secret)).with_code(2);
}

#[test]
fn a_request_is_paid_once_however_often_it_is_scanned() {
    let home = Home::new(1);
    let create = ["request", "create", "@lee", "--amount", "3.00 CNY", "--note", "table 7"];
    let merchant = ["--form", "emvco", "--country", "CN", "--city", "Beijing", "--name", "Tea"];
    for (more, total) in [(&[][..], 300), (&merchant[..], 600)] {
        let made = offline(&home, &super::with(&create, more));
        let request = made["request"].as_str().unwrap();
        for _ in 0..2 {
            let paid = offline(&home, &["request", "pay", request, "--from", "@wei"]);
            assert_eq!(paid["id"], made["id"]);
        }
        assert_eq!(home.world().posted("lee", "CNY"), total);
        let other = ["request", "pay", request, "4.00 CNY", "--from", "@wei", "--output", "json"];
        assert_eq!(home.run(&other).with_code(2).problem()["code"], "other-amount");
    }
    let open = offline(&home, &["request", "create", "@lee", "--reusable", "--svg", "a.svg"]);
    let request = open["request"].as_str().unwrap();
    home.run(&["request", "pay", request, "--from", "@wei"]).with_code(2);
    for total in [700, 800] {
        home.run(&["request", "pay", request, "1.00 CNY", "--from", "@wei"]).with_code(0);
        assert_eq!(home.world().posted("lee", "CNY"), total);
    }
    assert!(std::fs::read_to_string(home.path("a.svg")).unwrap().starts_with("<svg "));
}

#[test]
fn names_and_profiles_are_kept() {
    let home = Home::on_test_network();
    let lee = ledger::ids::Network::Test;
    let address = super::stub::world::account("lee").address(lee);
    home.run(&["accounts", "add", "friend", &address]).with_code(0);
    home.run(&["accounts", "add", "friend", &address]).with_code(2);
    let words = ["request", "create", "@friend", "--output", "json"];
    assert_eq!(home.run(&words).with_code(0).json()["account"], address.as_str());
    let chain = home.world().chain_id();
    let add = ["config", "add", "second", "--node", &home.nodes[0].api, "--chain-id", &chain];
    home.run(&add).with_code(0);
    home.run(&["accounts"]).with_code(2);
    home.run(&["config", "use", "second"]).with_code(0);
    let config = home.run(&["config", "--output", "json"]).with_code(0).json();
    assert_eq!(
        (&config["profile"], &config["chain_id"]),
        (&"second".into(), &chain.as_str().into())
    );
    home.run(&["config", "remove", "second", "--yes"]).with_code(0);
    home.run(&["accounts", "remove", "friend"]).with_code(0);
    home.run(&["accounts", "remove", "friend"]).with_code(2);
}
