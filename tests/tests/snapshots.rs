//! Four real processes that prune: one comes back by a snapshot, is killed while it fetches it, and
//! votes again.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use api::chain::{StatusView, ValidatorView};
use ledger::proof::Proof;
use support::{Field, PATIENCE};
use tests::devnet::{Outcome, Traffic, until};

/// How many blocks the nodes keep.
const KEPT: u64 = 400;

/// A devnet of nodes that prune, and serve snapshots often.
fn pruning() -> Field {
    let mut field = Field::new();
    for place in 0..4 {
        field.devnet.nodes[place].kill().unwrap();
        let configured = field.devnet.nodes[place].configure(|config| {
            config.storage.retain_blocks = KEPT;
            config.storage.snapshot_every = 32;
            config.storage.snapshot_beyond = 64;
            config.storage.segment_bytes = 1 << 20;
        });
        configured.unwrap();
    }
    for place in 0..4 {
        field.devnet.restart(place).unwrap();
    }
    for node in &field.devnet.nodes {
        node.wait_ready(&field.client).unwrap();
    }
    field
}

fn status(field: &Field, place: usize) -> Option<StatusView> {
    field.client.status(&field.devnet.nodes[place].api).ok()
}

/// Waits until the first node has pruned everything up to so many blocks after its present one.
fn leave_behind(field: &Field, blocks: u64) {
    let height = status(field, 0).unwrap().height + blocks;
    let log = field.devnet.nodes[0].log();
    until("blocks that are pruned", &log, PATIENCE, || {
        status(field, 0).filter(|status| status.earliest > height)
    })
    .unwrap();
}

/// Waits until the last node has begun to fetch a snapshot, or has done so already.
fn until_fetching(field: &Field) {
    let node = &field.devnet.nodes[3];
    let manifest = node.home.join("snapshot/manifest");
    until("a snapshot", &node.log(), PATIENCE, || {
        let is_done = || status(field, 3).is_some_and(|status| status.synced);
        (manifest.exists() || is_done()).then_some(())
    })
    .unwrap();
}

/// Waits until nothing of a fetch is left: under load the node may have begun another.
fn until_nothing_is_kept(field: &Field) {
    let node = &field.devnet.nodes[3];
    let folder = node.home.join("snapshot");
    until("the end of a fetch", &node.log(), PATIENCE, || (!folder.exists()).then_some(()))
        .unwrap();
}

/// Waits for a block of the last node's: it remembers enough to vote and to propose.
fn until_leading(field: &Field) {
    let (first, last) = (&field.devnet.nodes[0], &field.devnet.nodes[3]);
    let validators: Vec<ValidatorView> = field.client.get(&first.api, "/v1/validators").unwrap();
    let bic = status(field, 3).unwrap().node;
    let own = validators.iter().find(|one| one.institution == bic).unwrap().index;
    let mut height = status(field, 0).unwrap().height;
    until("a block of the node that came back", &last.log(), PATIENCE, || {
        let blocks = field.client.blocks_after(&first.api, height).ok()?;
        height = blocks.iter().map(|block| block.height).max().unwrap_or(height);
        blocks.iter().any(|block| block.proposer == own).then_some(())
    })
    .unwrap();
}

#[test]
fn a_node_that_was_away_comes_back_by_a_snapshot_and_votes() {
    let mut field = pruning();
    // At nodes that stay: who must ask again elsewhere may find that his receipt is pruned.
    let stay = [0, 2].map(|place: usize| field.devnet.nodes[place].api.clone());
    let traffic = Traffic::start(&field.purse, &stay, 6);
    traffic.wait_for(20, PATIENCE).unwrap();
    for is_new in [false, true] {
        let seen = status(&field, 3).unwrap().height;
        field.devnet.nodes[3].kill().unwrap();
        if is_new {
            field.devnet.nodes[3].wipe().unwrap();
        }
        leave_behind(&field, 16);
        field.devnet.restart(3).unwrap();
        // Killed while it fetches, or right after: it goes on with what it has.
        for _ in 0..2 {
            until_fetching(&field);
            field.devnet.nodes[3].kill().unwrap();
            field.devnet.restart(3).unwrap();
        }
        field.devnet.nodes[3].wait_ready(&field.client).unwrap();
        field.devnet.wait_in_step(&field.client, PATIENCE).unwrap();
        assert!(status(&field, 3).unwrap().earliest > seen + 1, "new: {is_new}");
        until_nothing_is_kept(&field);
        until_leading(&field);
    }
    // With another one gone, nothing is final without the vote of the one that came back.
    field.devnet.nodes[1].kill().unwrap();
    traffic.wait_for(30, PATIENCE).unwrap();
    field.restart(1);
    let history = traffic.finish().unwrap();
    field.devnet.wait_in_step(&field.client, PATIENCE).unwrap();
    proves(&field);
    // Nobody lost or gained by it: the balances are those of all acknowledged payments.
    let paid = history.total();
    assert!(paid > 0);
    let (api, last) = (&field.devnet.nodes[3].api, &field.devnet.nodes[0].api);
    let lee = field.purse.address("lee").unwrap();
    let here = field.client.account(api, &lee).unwrap();
    let there = field.client.account(last, &lee).unwrap();
    assert_eq!(here.holdings, there.holdings);
}

/// The node that came back takes a payment and proves it.
fn proves(field: &Field) {
    let amount = field.purse.money(100, "CNY").unwrap();
    let signed = field.purse.payment("wei", "lee", amount).unwrap();
    let uetr = signed.transaction.uetrs().next().unwrap();
    let api = &field.devnet.nodes[3].api;
    let bytes = ledger::codec::encode(&signed);
    let Outcome::Final(answer) = field.client.submit(api, &bytes) else { panic!("not final") };
    assert_eq!(answer.receipts[0].status, "settled");
    let file = field.client.proof(api, &uetr.to_string()).unwrap();
    let verdict = Proof::decode(&file).unwrap().verify(field.purse.domains.chain_id()).unwrap();
    assert_eq!(Some(verdict.header.height.0), answer.receipts[0].block);
}
