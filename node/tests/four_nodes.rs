//! Four drivers in one process: they agree, survive the loss of one, and catch up.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions)]

mod support;

use std::time::Duration;

use ledger::ids::Height;
use ledger::money::Amount;
use node::core::step::Reply;
use node::driver::Driver;
use support::{Plan, cny, settle};

/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

async fn reach(driver: &Driver, height: Height) {
    tokio::time::timeout(PATIENCE, driver.view.indexed(height)).await.unwrap();
}

fn balance(plan: &Plan, driver: &Driver, reference: &str) -> u128 {
    let latest = driver.view.latest();
    let holding = latest.tip.state().holding(plan.account(reference), cny());
    holding.map_or(0, |holding| holding.posted.0)
}

fn height_of(reply: Reply) -> Height {
    let Reply::Final(_, committed) = reply else { panic!("not final: {reply:?}") };
    committed.height()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_agree_lose_one_and_take_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 4);
    let mut nodes = Vec::new();
    for index in 0..4 {
        nodes.push(plan.start(index).await);
    }
    let opened = tokio::time::timeout(PATIENCE, settle(&nodes[0], &plan.opening())).await.unwrap();
    let height = height_of(opened);
    for node in &nodes {
        reach(node, height).await;
        assert_eq!(balance(&plan, node, "wei"), 100_000);
    }
    // Each node takes a payment.
    for (number, node) in (0..).zip(&nodes) {
        height_of(settle(node, &plan.payment(number, 100)).await);
    }
    // One leaves; the others go on.
    let gone = nodes.remove(3);
    assert!(gone.stop().await.is_none());
    for number in 10..30 {
        height_of(settle(&nodes[0], &plan.payment(number, 100)).await);
    }
    let before = nodes[0].view.latest().tip.height();
    // It comes back and catches up.
    nodes.push(plan.start(3).await);
    reach(&nodes[3], before).await;
    let last = height_of(settle(&nodes[3], &plan.payment(50, 100)).await);
    for node in &nodes {
        reach(node, last).await;
        assert_eq!(balance(&plan, node, "lee"), 2_500);
        assert!(node.view.is_synced());
    }
    let roots: Vec<_> =
        nodes.iter().map(|node| node.archive.store.block(last).unwrap().unwrap()).collect();
    assert!(roots.windows(2).all(|pair| pair[0].block == pair[1].block));
    for node in nodes {
        assert!(node.stop().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_pay_once_and_survive_a_restart_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 4);
    let mut nodes = Vec::new();
    for index in 0..4 {
        nodes.push(plan.start(index).await);
    }
    height_of(settle(&nodes[1], &plan.opening()).await);
    let payment = plan.payment(1, 4_000);
    let first = height_of(settle(&nodes[1], &payment).await);
    assert!(matches!(settle(&nodes[1], &payment).await, Reply::Known(_)));
    for node in nodes {
        assert!(node.stop().await.is_none());
    }
    let mut nodes = Vec::new();
    for index in 0..4 {
        nodes.push(plan.start(index).await);
    }
    for node in &nodes {
        // A node that was stopped before it saw the finalization gets it from the others.
        reach(node, first).await;
        assert_eq!(balance(&plan, node, "lee"), 4_000);
    }
    assert!(matches!(settle(&nodes[2], &payment).await, Reply::Known(_)));
    height_of(settle(&nodes[2], &plan.payment(2, 1)).await);
    assert_eq!(balance(&plan, &nodes[2], "wei"), Amount(95_999).0);
    for node in nodes {
        assert!(node.stop().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_node_shows_at_once_what_it_has_shown_before() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 1);
    let node = plan.start(0).await;
    height_of(settle(&node, &plan.opening()).await);
    for number in 0..20 {
        height_of(settle(&node, &plan.payment(number, 1)).await);
    }
    let shown = node.view.latest().tip.height();
    assert!(node.stop().await.is_none());
    // The index is behind the log, as far as it can be.
    std::fs::remove_file(plan.config(0).storage.index).unwrap();
    let node = plan.start(0).await;
    for _ in 0..100 {
        assert!(node.view.latest().tip.height() >= shown, "{:?}", node.view.latest().tip.height());
        tokio::task::yield_now().await;
    }
    assert_eq!(balance(&plan, &node, "lee"), 20);
    reach(&node, shown).await;
    assert!(node.view.latest().tip.height() >= shown);
    assert!(node.stop().await.is_none());
}
