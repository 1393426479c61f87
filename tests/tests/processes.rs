//! Four real processes: killed, paused and stopped while payments flow, and asked as users ask
//! them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::{
    fs,
    time::{Duration, Instant},
};

use ledger::{
    crypto::{SecretKey, Suite},
    hash::{ChainId, Hash},
    ids::Timestamp,
    operation::{FreezeDirection, Operation},
    transaction::{SignedTransaction, Transaction},
};
use support::{Field, PATIENCE};
use tests::{
    devnet::{Balances, Outcome, Signal, balance, run, until},
    xtask::project,
};

#[test]
fn any_one_node_may_be_killed_while_payments_flow() {
    let mut field = Field::new();
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    for place in 0..4 {
        field.devnet.nodes[place].kill().unwrap();
        // More than were under way at that moment: the other three go on.
        traffic.wait_for(30, PATIENCE).unwrap();
        field.restart(place);
        field.devnet.wait_in_step(&field.client, PATIENCE).unwrap();
        traffic.wait_for(10, PATIENCE).unwrap();
    }
    let history = traffic.finish().unwrap();
    let audit = field.audit(&history);
    assert!(audit.payments >= 180, "{audit:?}");
}

#[test]
fn all_four_nodes_may_be_killed_at_once() {
    let mut field = Field::new();
    let traffic = field.traffic();
    traffic.wait_for(50, PATIENCE).unwrap();
    for node in &field.devnet.nodes {
        node.signal(Signal::KILL);
    }
    for place in 0..4 {
        field.devnet.nodes[place].kill().unwrap();
    }
    for place in 0..4 {
        field.devnet.restart(place).unwrap();
    }
    for node in &field.devnet.nodes {
        node.wait_ready(&field.client).unwrap();
    }
    traffic.wait_for(50, PATIENCE).unwrap();
    let history = traffic.finish().unwrap();
    assert!(field.audit(&history).payments >= 100);
}

#[test]
fn a_paused_node_catches_up() {
    let field = Field::new();
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    field.devnet.nodes[2].signal(Signal::STOP);
    traffic.wait_for(40, PATIENCE).unwrap();
    field.devnet.nodes[2].signal(Signal::CONT);
    let history = traffic.finish().unwrap();
    field.audit(&history);
}

#[test]
fn nodes_stop_in_order_when_they_are_asked_to() {
    let limit = Duration::from_secs(10);
    let mut field = Field::new();
    // Nodes that this program has started tell it how they ended.
    let ended = field.devnet.stop_program().unwrap().unwrap();
    assert!(ended.success(), "{ended}");
    for place in 0..4 {
        field.devnet.restart(place).unwrap();
    }
    for node in &field.devnet.nodes {
        node.wait_ready(&field.client).unwrap();
    }
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    let status = field.devnet.nodes[3].stop(limit).unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
    traffic.wait_for(20, PATIENCE).unwrap();
    field.restart(3);
    let history = traffic.finish().unwrap();
    field.audit(&history);
    for place in 0..4 {
        let begin = Instant::now();
        let status = field.devnet.nodes[place].stop(limit).unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

#[test]
fn the_wallets_golden_path() {
    let field = Field::new();
    let ran = field.wallet(&["pay", "@lee", "25.00 CNY", "--from", "@wei"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let last = ran.stdout.trim_end().lines().last().unwrap();
    assert!(last.starts_with("Paid 25.00 CNY to lee (fee 0.00 CNY).   id "), "{ran:?}");
    let id = ran.stdout.trim().rsplit(' ').next().unwrap();

    let file = field.work.path().join("lunch.proof");
    let path = file.to_str().unwrap();
    assert_eq!(field.wallet(&["proof", "get", &id[..8], "-o", path]).code, Some(0));
    let chain = &field.devnet.document.chain_id;
    let ran = field.wallet(&["proof", "verify", path]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let beginning = format!("Valid: payment {} settled in block ", &id[..8]);
    assert!(ran.stdout.starts_with(&beginning) && ran.stdout.contains(chain), "{ran:?}");

    let ran = field.wallet(&["pay", "@lee", "25"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("error[amount-without-asset]"), "{ran:?}");
    assert!(ran.stderr.contains("25.00 CNY"), "{ran:?}");

    let paid =
        field.wallet_json(&["pay", "@lee", "1,000.00 CNY", "--from", "@wei", "--to-asset", "HKD"]);
    let member = |name: &str| paid[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (member("status"), member("iso_status")),
        ("settled".into(), "ACSC".into()),
        "{paid}"
    );
    assert_eq!(member("fee"), "1.50 CNY");
    assert!(paid["block"].is_u64() && paid["id"].is_string(), "{paid}");

    let after = Balances::read(&field.client, field.api(), &field.purse).unwrap();
    assert_eq!(after.wei, field.before.wei - 2_500 - 100_150);
    assert_eq!(after.lee, field.before.lee + 2_500);
    let text = field.wallet_json(&["balance", "@lee"]).to_string();
    assert!(text.contains("101085.00 HKD"), "{text}");
    let history = field.wallet_json(&["history", "@lee"]).to_string();
    assert!(history.contains(id) && history.contains(&member("id")), "{history}");
    let status = field.wallet_json(&["status"]);
    assert_eq!(status["chain_id"].as_str(), Some(chain.as_str()), "{status}");
    assert_eq!(status["validators"], 4);
    let ran =
        field.wallet(&["pay", "@lee", "9,999,999.00 CNY", "--from", "@wei", "--output", "json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    let problem: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(problem["code"], "insufficient-funds", "{problem}");
}

#[test]
fn an_interrupted_wallet_pays_exactly_once() {
    let field = Field::new();
    let pause = |signal| field.devnet.nodes[2..].iter().for_each(|node| node.signal(signal));
    let wei = || balance(&field.client, field.api(), &field.purse, "wei", "CNY").unwrap();
    let pay = ["pay", "@lee", "25.00 CNY", "--from", "@wei"];

    // Two of four are no quorum: the outcome stays unknown until they are back.
    pause(Signal::STOP);
    let words: Vec<_> = pay.iter().copied().chain(["--timeout", "2"]).collect();
    let ran = field.wallet(&words);
    assert_eq!(ran.code, Some(6), "{ran:?}");
    pause(Signal::CONT);
    let ran = field.wallet(&pay);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(wei(), field.before.wei - 2_500);

    // A wallet that is killed after it saved the payment, and before it knows more.
    pause(Signal::STOP);
    let mut child = field.devnet.wallet(pay).spawn().unwrap();
    let outbox = field.work.path().join("wallet/outbox");
    until("entry in the outbox", &outbox, PATIENCE, || {
        let mut entries = fs::read_dir(&outbox).ok()?.flatten();
        entries.find(|entry| entry.path().extension().is_some_and(|end| end == "json"))
    })
    .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    pause(Signal::CONT);
    let ran = field.wallet(&pay);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(wei(), field.before.wei - 5_000);
}

/// A payment that must be refused.
struct Row {
    name: &'static str,
    bytes: Vec<u8>,
    code: &'static str,
    iso: &'static str,
}

#[test]
fn what_may_not_settle_gets_its_rejection_and_iso_code() {
    let field = Field::new();
    let purse = &field.purse;
    let cny = |amount| purse.money(amount, "CNY").unwrap();
    let encode = |signed: &SignedTransaction| ledger::codec::encode(signed);
    let payment = |from, to, amount| purse.payment(from, to, cny(amount)).unwrap();
    let settled = payment("wei", "lee", 100);
    assert_eq!(verdict(&field, &encode(&settled)), ("settled".into(), "ACSC".into()));
    let before = Balances::read(&field.client, field.api(), purse).unwrap();

    let altered = |alter: &dyn Fn(&mut Transaction)| {
        let keys = [purse.key("wei").unwrap()];
        let mut transaction = payment("wei", "lee", 100).transaction;
        alter(&mut transaction);
        encode(&purse.seal(transaction, &keys))
    };
    let mut unsigned = payment("wei", "lee", 100);
    unsigned.signatures.clear();
    let mut forged = payment("wei", "lee", 100);
    forged.signatures[0].0[7] ^= 1;
    let stranger = SecretKey::from_seed(Suite::Ed25519Blake3, [9; 32]);
    let by_stranger = payment("wei", "lee", 100).transaction.operations;
    let mut again = purse.pay("wei", "lee", cny(200)).unwrap();
    again.uetr = settled.transaction.uetrs().next().unwrap();
    let again = purse.sign(&[purse.key("wei").unwrap()], vec![Operation::Pay(again)]);
    let mut trailing = encode(&payment("wei", "lee", 100));
    trailing.push(0);
    let row = |name, bytes, code, iso| Row { name, bytes, code, iso };
    let rows = [
        row("malformed", vec![1; 100], "malformed-transaction", "FF01"),
        row("trailing byte", trailing, "malformed-transaction", "FF01"),
        row("no operations", altered(&|t| t.operations.clear()), "malformed-transaction", "FF01"),
        row("expired", altered(&|t| t.valid_until = t.valid_from.plus(1)), "expired", "TM01"),
        row("too early", altered(&later), "not-yet-valid", "TM01"),
        row(
            "wrong chain",
            altered(&|t| t.chain_id = ChainId(Hash([7; 32]))),
            "wrong-chain",
            "NARR",
        ),
        row("unsigned", encode(&unsigned), "bad-signature", "DS0A"),
        row("forged", encode(&forged), "bad-signature", "DS0A"),
        row("stranger", encode(&purse.sign(&[&stranger], by_stranger)), "signers-missing", "DS0H"),
        row("over balance", encode(&payment("wei", "lee", 1 << 80)), "insufficient-funds", "AM04"),
        row("zero", encode(&payment("wei", "lee", 0)), "zero-amount", "AM01"),
        row("self", encode(&payment("wei", "wei", 100)), "same-account", "AG01"),
        row("duplicate", encode(&again), "duplicate-uetr", "AM05"),
    ];
    for Row { name, bytes, code, iso } in rows {
        assert_eq!(verdict(&field, &bytes), (code.to_owned(), iso.to_owned()), "{name}");
    }
    frozen(&field);
    assert_eq!(verdict(&field, &encode(&settled)), ("settled".into(), "ACSC".into()));
    let uetr = settled.transaction.uetrs().next().unwrap().to_string();
    assert_eq!(field.client.payment(field.api(), &uetr).unwrap().iso_status, "ACSC");
    assert_eq!(Balances::read(&field.client, field.api(), purse).unwrap(), before);
}

fn later(transaction: &mut Transaction) {
    let Timestamp(from) = transaction.valid_from;
    transaction.valid_from = Timestamp(from + 30 * 60 * 1000);
}

/// A payer that its bank has frozen, until it is unfrozen.
fn frozen(field: &Field) {
    let purse = &field.purse;
    let (account, operator) = (purse.account("wei").unwrap(), purse.operator("PSBCCNBJ").unwrap());
    let order = |operation| {
        let signed = purse.sign(&[operator], vec![operation]);
        verdict(field, &ledger::codec::encode(&signed))
    };
    let direction = FreezeDirection::Outgoing;
    assert_eq!(order(Operation::Freeze { account, direction }).0, "done");
    let payment = purse.payment("wei", "lee", purse.money(100, "CNY").unwrap()).unwrap();
    let refused = verdict(field, &ledger::codec::encode(&payment));
    assert_eq!(refused, ("account-frozen".to_owned(), "AC06".to_owned()));
    assert_eq!(order(Operation::Unfreeze { account }).0, "done");
}

/// What the API says of a transaction: the code, or else the status, with ISO's code.
fn verdict(field: &Field, bytes: &[u8]) -> (String, String) {
    match field.client.submit(field.api(), bytes) {
        Outcome::Final(answer) => {
            let receipt = answer.receipts.into_iter().next().unwrap();
            let code = receipt.code.unwrap_or(receipt.status);
            (code, receipt.iso_reason.unwrap_or(receipt.iso_status))
        }
        Outcome::Refused(problem) => {
            let iso = problem.detail.rsplit_once("(ISO 20022 reason ");
            let iso = iso.map_or("none", |(_, iso)| iso.trim_end_matches([')', '.']));
            (problem.code.clone(), iso.to_owned())
        }
        Outcome::Unknown(reason) => panic!("no outcome: {reason}"),
    }
}

#[test]
fn a_published_sample_settles() {
    let Some(sample) = project::shared("iso20022/samples/cbpr/pacs.008_stp.max.xml") else {
        println!("LEFT OUT: no ISO 20022 samples beside the project");
        return;
    };
    let field = Field::with([std::ffi::OsStr::new("--for-message"), sample.as_os_str()]);
    let answer = field.work.path().join("pacs.002.xml");
    let mut command = field.devnet.wallet(["iso", "submit", "--output", "json", "-o"]);
    let ran = run(command.arg(&answer).arg(&sample), PATIENCE).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["transactions"][0]["iso_status"], "ACSC", "{document}");
    let xml = fs::read(&answer).unwrap();
    let report = iso20022::pacs002::read(&xml, &iso20022::xml::Limits::default()).unwrap();
    assert_eq!(report.transactions[0].status.unwrap().to_string(), "ACSC");
}
