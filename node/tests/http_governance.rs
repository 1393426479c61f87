//! Proposals and rehearsals at a real node over real sockets.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::governance::{ProposalPage, ProposalView, RehearsalAnswer};
use ledger::genesis::Parameters;
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use ledger::ids::{Bic, InstitutionNumber, ProposalNumber};
use ledger::operation::Operation;
use node::home::now;
use single::{Answered, BANKS, JSON, Single, operator};

/// The institution with the only validator.
const GOVERNING: InstitutionNumber = InstitutionNumber(4);

fn slower() -> Change {
    Change::SetParameters(Parameters { heartbeat_ms: 300, ..Parameters::USUAL })
}

fn order(node: &Single, operation: Operation) -> api::receipt::ReceiptView {
    let signed = node.sign(&[&operator(3)], node.transaction(vec![operation]));
    node.settle(&signed).receipts.remove(0)
}

fn propose(node: &Single, change: Change) -> u64 {
    let expires = now().plus(60_000);
    let change = Box::new(change);
    let receipt = order(node, Operation::Propose { institution: GOVERNING, change, expires });
    assert_eq!(receipt.status, "done", "{receipt:?}");
    receipt.proposal.unwrap()
}

fn rehearse(node: &Single, change: &Change) -> Answered {
    let bic = |number: InstitutionNumber| {
        let place = usize::try_from(number.0).unwrap() - 1;
        BANKS.get(place).map(|bic| Bic::parse(bic).unwrap())
    };
    let file = ChangeFile::of(change, bic).unwrap();
    let body = serde_json::to_vec(&file).unwrap();
    node.post("/v1/proposals/rehearse", JSON, &body)
}

#[test]
fn a_proposal_is_listed_shown_and_enacted() {
    let node = Single::start(|_| {});
    let empty: ProposalPage = node.get("/v1/proposals").json();
    assert_eq!(empty.proposals, []);
    assert_eq!(node.get("/v1/proposals/1").problem().status, 404);
    assert_eq!(node.get("/v1/proposals/x").problem().status, 400);

    assert_eq!([propose(&node, slower()), propose(&node, slower())], [1, 2]);
    let shown: ProposalView = node.get("/v1/proposals/1").json();
    assert_eq!((shown.status.as_str(), shown.proposer.as_str()), ("approved", "PSBCCNBJ"));
    assert_eq!((shown.approvals, shown.refusals, shown.members, shown.quorum), (1, 0, 1, 1));
    assert!(shown.summary.contains("heartbeat 300 ms"), "{}", shown.summary);
    assert_eq!(api::governance::read_change(&shown.change), Some(slower()));
    assert_eq!((shown.ballots.len(), shown.decided_in_block), (1, None));

    let proposal = ProposalNumber(1);
    let receipt = order(&node, Operation::Enact { institution: GOVERNING, proposal });
    assert_eq!(receipt.status, "done", "{receipt:?}");
    let shown: ProposalView = node.get("/v1/proposals/1").json();
    assert_eq!((shown.status.as_str(), shown.decided_in_block), ("enacted", receipt.block));

    let page: ProposalPage = node.get("/v1/proposals?limit=1").json();
    assert_eq!(page.proposals[0].number, 2);
    let cursor = page.next_cursor.unwrap();
    let page: ProposalPage = node.get(&format!("/v1/proposals?cursor={cursor}")).json();
    assert_eq!(page.proposals, [shown]);
    assert_eq!(page.next_cursor, None);
}

#[test]
fn rehearsals_by_row() {
    let node = Single::start(|_| {});
    let alone = GOVERNING;
    let key = single::key(77).public();
    let record = ledger::account::NodeRecord {
        node_key: single::key(78).public(),
        address: "127.0.0.1:1".to_owned(),
    };
    let joining = InstitutionNumber(1);
    for (change, verdict, words) in [
        (slower(), "safe", "1 of 1 validators are live"),
        (
            Change::AddValidator { institution: joining, voting_key: key, node: record },
            "would-halt",
            "1 of 2 validators are live and 2 are needed",
        ),
        (Change::RemoveValidator { institution: alone }, "refused", "validator"),
        (Change::RemoveInstitution { institution: alone }, "refused", "validator"),
    ] {
        let answer: RehearsalAnswer = rehearse(&node, &change).json();
        assert_eq!(answer.verdict, verdict, "{answer:?}");
        assert!(answer.explanation.contains(words), "{answer:?}");
        let counted = answer.live.len() + answer.missing.len();
        assert_eq!(counted, answer.validators, "{answer:?}");
    }
    let body = br#"{ "format": "feiqian.change/v1",
        "change": { "remove-validator": { "institution": "ABCDUSUV" } } }"#;
    let unknown = node.post("/v1/proposals/rehearse", JSON, body).problem();
    assert!(unknown.detail.contains("ABCDUSUV"), "{unknown:?}");
    let unread = node.post("/v1/proposals/rehearse", JSON, b"{}").problem();
    assert_eq!((unknown.status, unread.status), (400, 400));
}
