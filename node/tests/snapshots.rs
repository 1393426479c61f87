//! Four drivers in one process that prune: one that was away, and one whose home is new, come back
//! by a snapshot.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions)]

#[allow(dead_code, reason = "other tests start nodes as they are")]
mod support;

use std::path::Path;
use std::time::Duration;

use ledger::ids::Height;
use node::core::SnapshotSettings;
use node::core::step::Reply;
use node::driver::Driver;
use support::{Plan, cny, settle};

/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many blocks a node keeps.
const KEPT: u64 = 40;

async fn start(plan: &Plan, index: u8) -> Driver {
    let mut config = plan.config(index);
    config.core.snapshots = SnapshotSettings { every: 16, beyond: 32 };
    config.storage.retain_blocks = KEPT;
    config.storage.segment_bytes = 1 << 16;
    Driver::start(config).await.unwrap()
}

async fn reach(driver: &Driver, height: Height) {
    tokio::time::timeout(PATIENCE, driver.view.indexed(height)).await.unwrap();
}

async fn pay(plan: &Plan, driver: &Driver, number: u64) -> Height {
    let payment = plan.payment(number, 10);
    let reply = tokio::time::timeout(PATIENCE, settle(driver, &payment)).await.unwrap();
    let Reply::Final(_, committed) = reply else { panic!("not final: {reply:?}") };
    committed.height()
}

/// Opens the accounts, and waits until every node has them.
async fn open(plan: &Plan, nodes: &[Driver]) {
    let Reply::Final(_, committed) = settle(&nodes[0], &plan.opening()).await else { panic!() };
    for node in nodes {
        reach(node, committed.height()).await;
    }
}

fn balance(plan: &Plan, driver: &Driver) -> u128 {
    let latest = driver.view.latest();
    latest.tip.state().holding(plan.account("lee"), cny()).map_or(0, |one| one.posted.0)
}

fn segments(folder: &Path, index: u8) -> usize {
    std::fs::read_dir(folder.join(index.to_string()).join("log")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_and_a_new_home_come_back_by_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 4);
    let mut nodes = Vec::new();
    for index in 0..4 {
        nodes.push(start(&plan, index).await);
    }
    open(&plan, &nodes).await;
    pay(&plan, &nodes[3], 0).await;
    let last_seen = nodes[3].view.latest().tip.height();
    assert!(nodes.remove(3).stop().await.is_none());
    let repeated = plan.payment(7_000, 10);
    settle(&nodes[0], &repeated).await;
    let mut before = Height(0);
    for number in 1..=160 {
        before = pay(&plan, &nodes[0], number).await;
    }
    // The others have pruned what it would need.
    for node in &nodes {
        reach(node, before).await;
        assert!(node.view.earliest() > last_seen.next(), "{}", node.view.earliest());
        // The last group of blocks may not be pruned yet.
        assert!(node.view.earliest().0 + KEPT + 80 >= before.0);
    }
    for (index, name) in [(3, "its old home"), (3, "a new home")] {
        if name == "a new home" {
            assert!(nodes.remove(3).stop().await.is_none());
            std::fs::remove_dir_all(folder.path().join(index.to_string())).unwrap();
            for number in 0..60 {
                before = pay(&plan, &nodes[0], 1_000 + number).await;
            }
        }
        nodes.push(start(&plan, index).await);
        reach(&nodes[3], before).await;
        assert!(nodes[3].view.earliest() > last_seen.next(), "{name}");
        assert!(!folder.path().join("3/snapshot").exists(), "{name}");
        assert_eq!(balance(&plan, &nodes[3]), balance(&plan, &nodes[0]), "{name}");
        // Once is once, though its receipt is pruned everywhere.
        assert!(matches!(settle(&nodes[3], &repeated).await, Reply::Known(_)), "{name}");
        let root = |driver: &Driver, height| {
            driver.archive.store.block(height).unwrap().unwrap().block.header.state_root
        };
        let last = pay(&plan, &nodes[3], 500 + before.0).await;
        for node in &nodes {
            reach(node, last).await;
            assert_eq!(root(node, last), root(&nodes[0], last), "{name}");
        }
    }
    for node in nodes {
        assert!(node.stop().await.is_none());
    }
    for index in 0..4 {
        assert!(segments(folder.path(), index) < 30, "{}", segments(folder.path(), index));
        let home = folder.path().join(index.to_string());
        let (log, file) = (home.join("log"), home.join("index.redb"));
        let report = node::audit::run(&plan.genesis, &log, &file, &mut |_| {}).unwrap();
        assert!(report.findings.is_empty(), "{report:?}");
        assert!(report.index.is_some() && report.index == report.last, "{report:?}");
        assert!(report.blocks > 0 && (index < 3 || report.first > Some(1)), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_came_by_a_snapshot_votes_and_starts_again_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 4);
    let mut nodes = Vec::new();
    for index in 0..4 {
        nodes.push(start(&plan, index).await);
    }
    open(&plan, &nodes).await;
    assert!(nodes.remove(3).stop().await.is_none());
    let mut before = Height(0);
    for number in 1..=120 {
        before = pay(&plan, &nodes[0], number).await;
    }
    nodes.push(start(&plan, 3).await);
    reach(&nodes[3], before).await;
    assert!(nodes[3].view.earliest() > Height(0));
    // One of the others leaves: now the quorum needs its vote.
    assert!(nodes.remove(1).stop().await.is_none());
    for number in 200..210 {
        before = pay(&plan, &nodes[0], number).await;
    }
    assert!(nodes.pop().unwrap().stop().await.is_none());
    nodes.push(start(&plan, 3).await);
    for number in 300..310 {
        before = pay(&plan, &nodes[2], number).await;
    }
    reach(&nodes[2], before).await;
    assert_eq!(balance(&plan, &nodes[2]), 1_400);
    for node in nodes {
        assert!(node.stop().await.is_none());
    }
}
