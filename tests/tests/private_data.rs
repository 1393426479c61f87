//! Names and texts of payments between real nodes: sealed on every disk, brought to the payee's
//! institution over failures, readable there and nowhere else, and erased.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use api::private::{Erasure, PrivateOrigin, PrivateView};
use support::{Field, PATIENCE, products};
use tests::devnet::{Ran, run, until};
use tests::xtask::project;

const UETR: &str = "5a7c1f0e-3b52-4d1b-9a44-0c7d2b6e8f10";

/// The places of the payer's, the payee's and a third institution among the nodes.
const PAYER: usize = 0;
const THIRD: usize = 1;
const PAYEE: usize = 2;

/// Words of the message that no disk may hold in the clear.
const WORDS: [&str; 5] =
    ["Wei Trading", "Lee and Sons", "Invoice 4711", "INVOICE-4711", "Contract 0815"];

/// An operator's token at a node, in its file.
fn operator(field: &Field, place: usize, role: &str) -> String {
    let file = field.work.path().join(format!("{role}-{place}.token"));
    let home = &field.devnet.nodes[place].home;
    let mut command = Command::new(&products().node);
    command.args(["operator", "add", &format!("{role}-{place}"), "--role", role, "--home"]);
    let ran = run(command.arg(home).arg("-o").arg(&file), PATIENCE).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    file.to_str().unwrap().to_owned()
}

/// Asks a node for the payment's private data with the token of a file, or without one.
fn ask(field: &Field, place: usize, token: Option<&str>) -> (u16, String) {
    ask_about(field, UETR, place, token)
}

fn ask_about(field: &Field, uetr: &str, place: usize, token: Option<&str>) -> (u16, String) {
    let url = format!("{}/v1/payments/{uetr}/private", field.devnet.nodes[place].api);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let mut request = agent.get(url);
    if let Some(file) = token {
        let token = fs::read_to_string(file).unwrap();
        request = request.header("authorization", format!("Bearer {}", token.trim()));
    }
    let mut response = request.call().unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

fn view(field: &Field, place: usize, token: &str) -> Option<PrivateView> {
    view_of(field, UETR, place, token)
}

fn view_of(field: &Field, uetr: &str, place: usize, token: &str) -> Option<PrivateView> {
    let (status, body) = ask_about(field, uetr, place, Some(token));
    (status == 200).then(|| serde_json::from_str(&body).unwrap())
}

fn erase(field: &Field, place: usize, token: &str, words: &[&str]) -> Ran {
    let mut command = Command::new(&products().node);
    command.arg("erase").args(words).arg("--home").arg(&field.devnet.nodes[place].home);
    run(command.env("FEIQIAN_TOKEN_FILE", token), PATIENCE).unwrap()
}

/// The files under `folder` that hold one of the words.
fn exposed(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            exposed(&path, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for word in WORDS {
            if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                found.push(format!("{word} in {}", path.display()));
            }
        }
    }
}

/// No node's disk has a word of what is private.
fn ensure_sealed(field: &Field) {
    let mut found = Vec::new();
    for node in &field.devnet.nodes {
        exposed(&node.home, &mut found);
    }
    assert!(found.is_empty(), "in the clear: {found:?}");
}

#[test]
fn a_wallets_note_reaches_the_payees_bank_and_a_node_that_was_away_gets_it_later() {
    let mut field = Field::new();
    let payer = operator(&field, PAYER, "viewer");
    let payee = operator(&field, PAYEE, "viewer");
    let third = operator(&field, THIRD, "viewer");
    let pay = ["pay", "@lee", "25.00 CNY", "--from", "@wei", "--note", "Contract 0815"];
    field.devnet.nodes[PAYEE].kill().unwrap();
    let paid = field.wallet_json(&pay);
    assert_eq!((&paid["status"], &paid["note_handed_over"]), (&"settled".into(), &true.into()));
    let first = paid["id"].as_str().unwrap().to_owned();
    let owed = view_of(&field, &first, PAYER, &payer).unwrap();
    assert_eq!((owed.origin, owed.owed_to.as_deref()), (PrivateOrigin::Handed, Some("HSBCHKHH")));
    field.restart(PAYEE);
    reaches(&field, &first, &payee);
    assert_eq!(ask_about(&field, &first, THIRD, Some(&third)).0, 404);

    // The payment stands though its bank's node is away, and only the note is to be handed over.
    field.devnet.nodes[PAYER].kill().unwrap();
    let paid = field.wallet_json(&pay);
    assert_eq!((&paid["status"], &paid["note_handed_over"]), (&"settled".into(), &false.into()));
    let second = paid["id"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let resume = ["pay", "--resume", &second, "--output", "json"];
    let kept = field.wallet(&resume);
    assert!(kept.code == Some(5) && kept.stderr.contains("\"note-kept\""), "{kept:?}");
    field.restart(PAYER);
    let handed = field.wallet_json(&resume[..3]);
    assert_eq!((&handed["id"], &handed["note_handed_over"]), (&paid["id"], &true.into()));
    reaches(&field, &second, &payee);
    assert_eq!(field.wallet(&resume).code, Some(2));
    let balance = |name: &str| field.wallet_json(&["balance", name]).to_string();
    assert!(balance("@lee").contains("50.00 CNY"), "{}", balance("@lee"));
    ensure_sealed(&field);
}

/// The payee's bank comes to have the note, which opens the ledger's commitment.
fn reaches(field: &Field, uetr: &str, payee: &str) {
    let log = field.devnet.nodes[PAYEE].log();
    let look = || view_of(field, uetr, PAYEE, payee);
    let received = until("a note", &log, PATIENCE, look).unwrap();
    assert_eq!(received.origin, PrivateOrigin::Received);
    assert_eq!(
        (received.remittance, received.message_hash),
        (vec!["Contract 0815".to_owned()], None)
    );
}

#[test]
fn private_data_reaches_the_payees_bank_alone_and_is_erased_there() {
    let mut field = Field::new();
    field.devnet.nodes[PAYEE].kill().unwrap();
    let message = fs::read_to_string(project::root().join("docs/operating/pacs.008.xml")).unwrap();
    let (status, answer) = field.client.message(field.api(), &message).unwrap();
    assert!(status == 200 && answer.contains("<TxSts>ACSC</TxSts>"), "{status} {answer}");
    let payer = operator(&field, PAYER, "viewer");
    let owed = view(&field, PAYER, &payer).unwrap();
    assert_eq!((owed.origin, owed.owed_to.as_deref()), (PrivateOrigin::Ordered, Some("HSBCHKHH")));
    // Neither side's failure loses what is owed.
    field.devnet.nodes[PAYER].kill().unwrap();
    field.restart(PAYER);
    field.restart(PAYEE);

    let payee = operator(&field, PAYEE, "viewer");
    let third = operator(&field, THIRD, "viewer");
    let log = field.devnet.nodes[PAYEE].log();
    let look = || view(&field, PAYEE, &payee);
    let received = until("private data", &log, PATIENCE, look).unwrap();
    assert_eq!(received.origin, PrivateOrigin::Received);
    assert_eq!(received.debtor.as_deref(), Some("Wei Trading"));
    assert_eq!(received.creditor.as_deref(), Some("Lee and Sons"));
    assert_eq!(received.remittance, ["Invoice 4711"]);
    assert_eq!(received.entries, owed.entries);
    assert_eq!((&received.salt, &received.message_hash), (&owed.salt, &owed.message_hash));
    let delivered = || view(&field, PAYER, &payer)?.delivered_at;
    until("acknowledgement", &field.devnet.nodes[PAYER].log(), PATIENCE, delivered).unwrap();

    for (place, token, status) in [
        (THIRD, Some(third.as_str()), 404),
        (THIRD, None, 401),
        (PAYEE, None, 401),
        (PAYEE, Some(third.as_str()), 401),
    ] {
        assert_eq!(ask(&field, place, token).0, status, "{place} {token:?}");
    }
    ensure_sealed(&field);
    gone(&field, &payee, &received);
}

/// The payee's bank erases; the proof stays, and what was erased does not come back.
fn gone(field: &Field, viewer: &str, received: &PrivateView) {
    let file = field.work.path().join("payment.proof");
    let proof = file.to_str().unwrap();
    let proven = field.wallet(&["proof", "get", UETR, "-o", proof]);
    assert_eq!(proven.code, Some(0), "{proven:?}");

    let refused = erase(field, PAYEE, viewer, &[UETR]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("admin"), "{refused:?}");
    let admin = operator(field, PAYEE, "admin");
    let receipt = field.work.path().join("erasure.json");
    let receipt = receipt.to_str().unwrap();
    let erased = erase(field, PAYEE, &admin, &[UETR, "-o", receipt]);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    let said: Erasure = serde_json::from_str(&erased.stdout).unwrap();
    assert_eq!((said.uetr.as_str(), &said.commitment), (UETR, &received.commitment));
    let (status, problem) = ask(field, PAYEE, Some(viewer));
    assert!(status == 410 && problem.contains("\"erased\""), "{status} {problem}");
    let again = erase(field, PAYEE, &admin, &[UETR]);
    assert_eq!(again.stdout, erased.stdout);

    let checked = erase(field, PAYEE, &admin, &["--check", receipt]);
    assert!(checked.code == Some(0) && checked.stdout.starts_with("Valid: HSBCHKHH on "));
    let foreign = erase(field, PAYER, &admin, &["--check", receipt]);
    assert_eq!(foreign.code, Some(1), "{foreign:?}");
    let valid = field.wallet(&["proof", "verify", proof]);
    assert_eq!(valid.code, Some(0), "{valid:?}");
}
