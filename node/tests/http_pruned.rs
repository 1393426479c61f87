//! What clients of a node that prunes may rely on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions)]

mod single;

use std::time::{Duration, Instant};

use api::account::HistoryPage;
use api::chain::{BlockPage, StatusView};
use api::problem::Retry;
use ledger::codec;
use ledger::proof::Proof;
use single::{Answered, OCTETS, Single, uetr};

/// Waits until the block at `height` is pruned, while payments make new ones.
fn outlive(node: &Single, height: u64, first: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(60);
    let mut number = first;
    while node.driver().view.earliest().0 <= height {
        assert!(Instant::now() < end, "nothing is pruned");
        node.settle(&node.signed_payment(number, 1));
        number += 1;
    }
    number - 1
}

fn assert_pruned(answer: &Answered, what: &str) {
    let problem = answer.problem();
    assert_eq!((problem.status, problem.code.as_str()), (410, "pruned"), "{what}");
    // Not "never": a client must not take what is final for refused.
    assert_eq!(problem.retry, Retry::Same, "{what}");
    assert!(problem.hint.contains("archive"), "{what}: {}", problem.hint);
}

#[test]
fn what_is_pruned_says_so_and_what_is_kept_is_whole() {
    let node = Single::start(|config| config.storage.retain_blocks = 16);
    node.open_wei_and_lee();
    let old = node.signed_payment(1, 2_500);
    let height = node.settle(&old).receipts[0].block.unwrap();
    let last = outlive(&node, height + 20, 2);
    let node = node.restart();
    let status: StatusView = node.get("/v1/status").json();
    assert!(status.earliest > height && status.earliest <= status.height, "{status:?}");
    let name = uetr(1).to_string();
    for path in [
        format!("/v1/payments/{name}"),
        format!("/v1/payments/{name}/proof"),
        format!("/v1/blocks/{height}"),
        format!("/v1/events?from={height}"),
    ] {
        assert_pruned(&node.get(&path), &path);
    }
    // The same bytes are still not paid twice, whatever their receipts' fate.
    let again = node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(&old));
    assert_pruned(&again, "the same bytes");
    let paid = 2_500 + u128::from(last - 1);
    assert_eq!(node.balance(1, "lee", "CNY"), paid);

    // What is kept is proven and listed; no page leads below it.
    let kept = node.settle(&node.signed_payment(last + 1, 7));
    let proof = node.get(&format!("/v1/payments/{}/proof", uetr(last + 1)));
    let verdict = Proof::decode(&proof.body).unwrap().verify(node.domains.chain_id()).unwrap();
    assert_eq!(Some(verdict.header.height.0), kept.receipts[0].block);
    let page: BlockPage = node.get("/v1/blocks?limit=100").json();
    assert_eq!(page.next_cursor, None);
    let earliest = page.blocks.last().unwrap().height;
    assert!(earliest >= status.earliest);
    let lee = node.address_of(1, "lee");
    let history: HistoryPage = node.get(&format!("/v1/accounts/{lee}/history?limit=500")).json();
    assert!(!history.entries.is_empty());
    assert!(history.entries.iter().all(|entry| entry.block >= status.earliest));
}
