//! Tests of a devnet's folder and opening, without processes.

use super::message::{Party, Payment};
use super::*;
use crate::config::BicText;
use crate::home::Home;
use ledger::chain::Tip;
use ledger::execute::Simulation;
use ledger::genesis::GenesisDocument;
use ledger::ids::{AccountId, AssetCode, Bic};
use ledger::money::{Amount, Money};
use ledger::transaction::SignedTransaction;
use std::net::TcpListener;
use std::path::Path;

fn exchange() -> Payment {
    let party = |bic: &str, reference: &str| Party {
        institution: Bic::parse(bic).unwrap(),
        reference: reference.to_owned(),
    };
    let money = |amount, code: &str| Money::new(Amount(amount), AssetCode::parse(code).unwrap());
    Payment {
        debtor: party("ABCDGBEFXXX", "GB33BUKB20201555555555"),
        creditor: party("PQRSUSNOXXX", "EXId"),
        debit: money(10_000, "GBP"),
        credit: money(15_000, "JPY"),
    }
}

fn genesis(folder: &Path) -> GenesisDocument {
    crate::home::read_genesis(&folder.join(plan::GENESIS)).unwrap().1
}

/// What the opening would do in the first block.
fn simulate(folder: &Path) -> (Vec<ledger::receipt::Receipt>, GenesisDocument) {
    let genesis = genesis(folder);
    let text = std::fs::read_to_string(folder.join(plan::OPENING)).unwrap();
    let bytes = api::text::parse_base64(&text).unwrap();
    let signed = SignedTransaction::decode(&bytes).unwrap();
    let verified = ledger::transaction::verify_all(&genesis.domains(), vec![signed.clone()]);
    assert!(verified.iter().all(Result::is_ok), "every signature is valid");
    let tip = Tip::genesis(&genesis).unwrap().tip;
    let outcome = tip.simulate(genesis.time.plus(1), &signed.transaction).unwrap();
    let Simulation::Outcome { receipts, .. } = outcome else { panic!("nothing ran before") };
    (receipts, genesis)
}

#[test]
fn the_opening_is_accepted_in_every_size() {
    for (validators, payments) in [(4, vec![]), (1, vec![]), (16, vec![]), (4, vec![exchange()])] {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), false).unwrap();
        let plan = folder.plan(Some(validators), &payments).unwrap();
        assert_eq!(plan.nodes.len(), validators);
        let (receipts, genesis) = simulate(place.path());
        for receipt in &receipts {
            assert_eq!(receipt.outcome.rejection(), None, "operation {}", receipt.operation);
        }
        assert_eq!(genesis.validators().unwrap().count(), validators);
    }
}

#[test]
fn every_home_opens_and_holds_its_operators() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    let plan = folder.plan(None, &[exchange()]).unwrap();
    let holds: Vec<Vec<String>> = plan
        .nodes
        .iter()
        .map(|node| {
            let home = Home::open(&folder.path().join(&node.home)).unwrap();
            assert_eq!(home.dealer.is_some(), node.bic == plan.dealer);
            assert_eq!(home.config.iso.dealer.is_none(), node.bic == plan.dealer);
            home.operators.keys().map(ToString::to_string).collect()
        })
        .collect();
    // The first node also holds the keys of the message's institutions, which run no node.
    assert_eq!(holds[0], ["ABCDGBEF", "PQRSUSNO", "PSBCCNBJ"]);
    assert_eq!(holds[1..], [["ICBKCNBJ"], ["HSBCHKHH"], ["DBSSSGSG"]]);
}

#[test]
fn names_lead_to_accounts_and_keystores() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    let plan = folder.plan(None, &[exchange()]).unwrap();
    let genesis = genesis(place.path());
    let names: Vec<_> = plan.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["wei", "lee", "dealer", "fees", "party1", "party2"]);
    let wei = &plan.accounts[0];
    let bank = genesis.institution(&Bic::parse("PSBCCNBJ").unwrap()).unwrap();
    let account = AccountId::from_reference(&genesis.domains(), bank, "wei");
    assert_eq!(wei.account, account.address(genesis.network));
    assert_eq!(wei.funds, ["1000000.00 CNY"]);
    let text = std::fs::read_to_string(place.path().join(&wei.keystore)).unwrap();
    let keystore = api::keystore::Keystore::parse(&text).unwrap();
    keystore.decrypt(plan::PASSPHRASE.as_bytes()).unwrap();
}

#[test]
fn a_second_start_is_the_same_network_and_a_reset_is_not() {
    let place = tempfile::tempdir().unwrap();
    let first = Folder::open(place.path(), false).unwrap().plan(Some(2), &[]).unwrap();
    let again = Folder::open(place.path(), false).unwrap();
    assert_eq!(again.plan(None, &[]).unwrap(), first);
    let failure = again.plan(Some(3), &[]).unwrap_err();
    assert!(failure.message.contains("2 validators, not 3"), "{}", failure.message);
    let failure = again.plan(None, &[exchange()]).unwrap_err();
    assert!(failure.message.contains("ABCDGBEF takes no part"), "{}", failure.message);
    drop(again);
    let reset = Folder::open(place.path(), true).unwrap().plan(Some(2), &[]).unwrap();
    assert_ne!(reset.chain_id, first.chain_id);
}

#[test]
fn folders_of_others_and_folders_in_use_are_left_alone() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("thesis.txt"), "years of work").unwrap();
    for reset in [false, true] {
        let failure = Folder::open(place.path(), reset).unwrap_err();
        assert!(failure.message.contains("no devnet") && failure.exit == 2);
    }
    assert!(place.path().join("thesis.txt").exists());

    let place = tempfile::tempdir().unwrap();
    let held = Folder::open(place.path(), false).unwrap();
    let failure = Folder::open(place.path(), true).unwrap_err();
    assert!(failure.message.contains("another process runs"), "{}", failure.message);
    let plan = held.plan(Some(1), &[]).unwrap();
    drop(held);
    let home = Home::open(&place.path().join(&plan.nodes[0].home)).unwrap();
    let failure = Folder::open(place.path(), true).unwrap_err();
    assert!(failure.message.contains("another process has"), "{}", failure.message);
    home.close().unwrap();
}

#[test]
fn a_half_made_devnet_is_made_anew() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    folder.plan(Some(1), &[]).unwrap();
    drop(folder);
    std::fs::remove_file(place.path().join(plan::PLAN)).unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    folder.plan(Some(2), &[]).unwrap();
}

#[test]
fn a_taken_port_is_given_up_and_the_others_are_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    let plan = folder.plan(None, &[]).unwrap();
    let homes: Vec<_> = plan.nodes.iter().map(|node| folder.path().join(&node.home)).collect();
    let before = crate::home::read_config(&homes[0]).unwrap();
    assert_eq!(start::settle_ports(&folder, &plan).unwrap()[0], before.api.listen);
    let taken = TcpListener::bind(before.network.listen[0]).unwrap();
    start::settle_ports(&folder, &plan).unwrap();
    let after = crate::home::read_config(&homes[0]).unwrap();
    assert_ne!(after.network.listen, before.network.listen);
    let peers = Home::open(&homes[1]).unwrap().config.network.peers.clone();
    assert_eq!(peers[&BicText(before.bic())], [after.network.listen[0].to_string()]);
    drop(taken);
}

#[test]
fn the_document_has_what_scripts_rely_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path(), false).unwrap();
    let plan = folder.plan(None, &[]).unwrap();
    let running: Vec<_> = (1..=4).map(|pid| (pid, "127.0.0.1:18000".parse().unwrap())).collect();
    let document = plan.document(folder.path(), &running);
    let value: serde_json::Value = serde_json::from_str(&document.line()).unwrap();
    assert!(value["chain_id"].as_str().unwrap().starts_with("fqd-"));
    assert!(Path::new(value["genesis"].as_str().unwrap()).is_absolute());
    assert_eq!(value["nodes"][0]["pid"], 1);
    assert_eq!(value["nodes"][0]["bic"], "PSBCCNBJ");
    assert_eq!(value["nodes"][0]["api"], "http://127.0.0.1:18000");
    assert_eq!(value["nodes"][0]["metrics"], "http://127.0.0.1:18000/metrics");
    assert!(Path::new(value["accounts"][1]["keystore"].as_str().unwrap()).exists());
    assert_eq!(value["operators"].as_array().unwrap().len(), 4);
    assert_eq!(value["passphrase"], "feiqian-devnet");
    let page = document.page(&[PathBuf::from("a.xml")]);
    for part in ["@lee", "feiqian pay", "feiqian iso submit a.xml", "curl http://127.0.0.1:18000"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
