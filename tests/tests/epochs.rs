//! Real processes over changes of epoch: a fifth bank joins while payments flow, observes, votes,
//! rotates its key and leaves; what was paid is proven offline over all of it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use api::chain::ValidatorView;
use ledger::{
    account::{Institution, KeySet, NodeRecord, Roles},
    crypto::{PublicKey, SecretKey, Suite},
    genesis::keyfile::KeyKind,
    governance::{Change, json::ChangeFile},
    ids::{Bic, InstitutionNumber, ProposalNumber},
    operation::Operation,
    transaction::SignedTransaction,
};
use node::home::{read_key, write_key};
use support::{Field, PATIENCE, products};
use tests::devnet::{Node, Outcome, run, until};

const NEW: &str = "BOFAUS3N";

/// The governing banks of the devnet, as they come, and how many changes they have proposed.
struct Governors {
    banks: Vec<String>,
    proposals: u64,
}

impl Governors {
    /// Proposes, approves and enacts a change in one transaction of the first `count` banks.
    fn enact(&mut self, field: &Field, count: usize, change: Change) {
        self.proposals += 1;
        let proposal = ProposalNumber(self.proposals);
        let purse = &field.purse;
        let banks = &self.banks[..count];
        let numbers: Vec<_> = banks.iter().map(|bic| purse.institution(bic).unwrap()).collect();
        let keys: Vec<_> = banks.iter().map(|bic| purse.operator(bic).unwrap()).collect();
        let expires = tests::devnet::now().plus(600_000);
        let institution = numbers[0];
        let mut operations =
            vec![Operation::Propose { institution, change: Box::new(change), expires }];
        operations.extend(numbers[1..].iter().map(|institution| Operation::Vote {
            institution: *institution,
            proposal,
            approve: true,
        }));
        operations.push(Operation::Enact { institution, proposal });
        settle(field, field.api(), &purse.sign(&keys, operations));
    }
}

/// Submits and waits for the final receipts, none of which is a rejection.
fn settle(field: &Field, api: &str, signed: &SignedTransaction) {
    let bytes = ledger::codec::encode(signed);
    let outcome = field.client.submit(api, &bytes);
    let Outcome::Final(answer) = &outcome else { panic!("{outcome:?}") };
    let is_good = answer.receipts.iter().all(|receipt| receipt.status != "rejected");
    assert!(is_good, "{answer:?}");
}

fn wait_for(field: &Field, node: &Node, what: &str, done: impl Fn(&Field, &Node) -> bool) {
    until(what, &node.log(), PATIENCE, || done(field, node).then_some(())).unwrap();
}

fn epoch_and_role(field: &Field, node: &Node) -> Option<(u64, String)> {
    field.client.status(&node.api).ok().map(|status| (status.epoch, status.voting))
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn new_key(folder: &Path, name: &str, kind: KeyKind, seed: u8) -> PublicKey {
    let key = SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]);
    write_key(&folder.join(name), kind, &key).unwrap();
    key.public()
}

/// The keys of the bank that joins.
struct Joining {
    institution: Institution,
    voting_key: PublicKey,
    node: NodeRecord,
}

/// Makes the keys and the home of the bank that joins.
fn prepare(field: &Field, home: &PathBuf) -> (Joining, String) {
    let keys = field.work.path().join("keys");
    fs::create_dir(&keys).unwrap();
    let voting_key = new_key(&keys, "voting.key", KeyKind::Voting, 201);
    let node_key = new_key(&keys, "node.key", KeyKind::Node, 202);
    let operator = new_key(&keys, "operator-1.key", KeyKind::Operator, 203);
    let compliance = new_key(&keys, "compliance.key", KeyKind::Compliance, 204);
    let (listen, api) = (free_address(), free_address());
    let mut command = Command::new(products().node);
    command.args(["init", "--joining", NEW, "--listen", &listen, "--api", &api, "--member-keys"]);
    command.arg(&keys).arg("--genesis").arg(&field.devnet.document.genesis);
    command.arg("--home").arg(home);
    let ran = run(&mut command, PATIENCE).unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let institution = Institution {
        bic: Bic::parse(NEW).unwrap(),
        name: "a bank that joins".to_owned(),
        operators: KeySet::single(operator),
        compliance,
        roles: Roles { validator: false, issuer: false, dealer: false },
    };
    let node = NodeRecord { node_key, address: listen };
    (Joining { institution, voting_key, node }, format!("http://{api}"))
}

#[test]
fn a_bank_joins_votes_rotates_its_key_and_leaves_while_payments_flow() {
    let mut field = Field::new();
    let banks = field.devnet.document.nodes.iter().map(|node| node.bic.clone()).collect();
    let mut governors = Governors { banks, proposals: 0 };
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();

    // Not admitted yet, its node runs and tries.
    let home = field.work.path().join("joining");
    let (joining, api) = prepare(&field, &home);
    let mut node = Node::beside(NEW, home.clone(), api);
    node.start(&products().node).unwrap();
    wait_for(&field, &node, "its API answers", |field, node| epoch_and_role(field, node).is_some());
    assert!(!field.client.is_ready(&node.api));

    // Admitted, it observes: it executes what the others decide, and forwards.
    let Joining { institution, voting_key, node: record } = joining;
    let change = Change::AdmitInstitution { institution, node: Some(record.clone()) };
    governors.enact(&field, 3, change);
    node.wait_ready(&field.client).unwrap();
    // One that has just been let in may not know yet how much it lacks.
    let height = field.client.status(field.api()).unwrap().height;
    wait_for(&field, &node, "it has caught up", |field, node| {
        field.client.status(&node.api).is_ok_and(|status| status.height >= height)
    });
    // Not what the traffic pays, so that its audit is not disturbed.
    let money = field.purse.money(100, "HKD").unwrap();
    settle(&field, &node.api, &field.purse.payment("lee", "dealer", money).unwrap());
    assert_eq!(epoch_and_role(&field, &node).unwrap().1, "observer");

    // With a validator it votes in the next epoch.
    let institution = InstitutionNumber(
        u32::try_from(field.purse.genesis.members.len()).unwrap().checked_add(1).unwrap(),
    );
    governors.enact(&field, 3, Change::AddValidator { institution, voting_key, node: record });
    let is = |epoch, role: &str| {
        let expected = (epoch, role.to_owned());
        move |field: &Field, node: &Node| epoch_and_role(field, node) == Some(expected.clone())
    };
    wait_for(&field, &node, "it votes", is(1, "validator"));
    traffic.wait_for(20, PATIENCE).unwrap();

    // Of five validators one may fail: now its vote is needed.
    field.devnet.nodes[3].kill().unwrap();
    traffic.wait_for(20, PATIENCE).unwrap();
    let paid = field.purse.payment("lee", "dealer", money).unwrap();
    settle(&field, &node.api, &paid);
    field.restart(3);

    // Its key is rotated: it holds both for a while.
    let rotate = |more: &[&str]| {
        let mut command = Command::new(products().node);
        command.arg("rotate-key").args(more).arg("--home").arg(&home);
        let ran = run(&mut command, PATIENCE).unwrap();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let document: ChangeFile = serde_json::from_str(&rotate(&[])).unwrap();
    let next = read_key(&home.join("keys/voting-next.key"), KeyKind::Voting).unwrap().public();
    let change = Change::RotateValidatorKey { institution, voting_key: next };
    let bic = Bic::parse(NEW).unwrap();
    assert_eq!(ChangeFile::of(&change, |_| Some(bic)).unwrap(), document);
    node.stop(PATIENCE).unwrap();
    node.start(&products().node).unwrap();
    node.wait_ready(&field.client).unwrap();
    governors.enact(&field, 4, change);
    wait_for(&field, &node, "it votes with its next key", is(2, "validator"));
    node.stop(PATIENCE).unwrap();
    rotate(&["--finish"]);
    node.start(&products().node).unwrap();
    wait_for(&field, &node, "it votes with that key alone", is(2, "validator"));
    let validators: Vec<ValidatorView> = field.client.get(&node.api, "/v1/validators").unwrap();
    assert!(validators.iter().any(|one| one.key == next.to_hex()));

    // A bank of the founders leaves, and goes on as an observer.
    let leaving = field.purse.institution(&governors.banks[3]).unwrap();
    governors.enact(&field, 4, Change::RemoveValidator { institution: leaving });
    wait_for(&field, &field.devnet.nodes[3], "it observes", is(3, "observer"));
    let late = field.purse.payment("lee", "dealer", money).unwrap();
    settle(&field, &field.devnet.nodes[3].api, &late);
    traffic.wait_for(20, PATIENCE).unwrap();

    let history = traffic.finish().unwrap();
    field.devnet.nodes.push(node);
    assert!(field.audit(&history).payments >= 80);
    verify_offline(&mut field, &[paid, late]);
}

/// The wallet gets the payments' proofs, and verifies them when no node runs any more.
fn verify_offline(field: &mut Field, payments: &[SignedTransaction]) {
    let mut files = Vec::new();
    for (number, payment) in payments.iter().enumerate() {
        let uetr = payment.transaction.operations[0].uetr().unwrap();
        let api = &field.devnet.nodes[number].api;
        let proof = field.client.proof(api, &uetr.to_string()).unwrap();
        let file = field.work.path().join(format!("{number}.proof"));
        fs::write(&file, proof).unwrap();
        files.push(file);
    }
    field.devnet.stop().unwrap();
    let chain = field.devnet.document.chain_id.clone();
    for file in files {
        let ran = field.wallet(&["proof", "verify", file.to_str().unwrap(), "--chain-id", &chain]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}
