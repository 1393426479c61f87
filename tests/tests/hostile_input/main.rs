//! Hostile input: a corpus of refused bytes, texts, documents, messages, requests, arguments and
//! files, each with the refusal that it must get. Nothing of it crashes a reader or a program,
//! takes memory without bound, or is answered with a 5xx other than 503.
//! `docs/testing/hostile-input.md` says how to add to it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod arguments;
mod crowds;
mod documents;
mod encodings;
mod files;
mod lengths;
mod messages;
mod peers;
mod program;
mod requests;
mod rows;
mod served;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use crowds::CROWD;
use rows::{Row, check};
use served::{Served, raise_files};
use support::PATIENCE;

/// Fewer distinct rows than this, and somebody has cut the corpus.
const LEAST_ROWS: usize = 2000;

/// The most memory that the node may ever have had, and by how much it may have grown, in KiB.
const MOST_MEMORY: u64 = 512 * 1024;
const MOST_GROWTH: u64 = 256 * 1024;

#[test]
fn what_is_no_value_is_refused_by_name() {
    let parts: [(&str, Vec<Row>); 5] = [
        ("encodings", encodings::rows()),
        ("lengths", lengths::rows()),
        ("texts", texts::rows()),
        ("documents", documents::rows()),
        ("messages", messages::rows()),
    ];
    let mut all = Vec::new();
    for (name, rows) in parts {
        println!("{name}: {} rows", rows.len());
        all.extend(rows);
    }
    let distinct = check(&all);
    println!("{distinct} distinct refusals");
    assert!(distinct >= LEAST_ROWS, "{distinct}");
}

#[test]
fn no_change_of_a_value_has_a_second_encoding() {
    println!("{} changed encodings", encodings::sweep());
}

/// Files that the node and this process have open beside the crowd's.
const OTHER_FILES: usize = 500;

#[test]
fn a_node_refuses_all_of_it_and_goes_on() {
    let files = raise_files();
    let node = Served::start();
    let before = node.memory("VmRSS:");
    let slow = crowds::slow_bodies(&node);
    let (requests, handshakes) = (requests::send(&node), peers::send(&node));
    node.assert_lives();
    crowds::endless_bodies(&node);
    crowds::huge_bodies(&node);
    crowds::assert_told(slow);
    crowds::trickled_heads(&node);
    let count = CROWD.min(files.saturating_sub(OTHER_FILES));
    if count < CROWD {
        println!(
            "ATTENTION: {files} open files are allowed here, so {count} connections are tried"
        );
    }
    crowds::crowd(&node, count);
    node.assert_lives();
    let (most, now) = (node.memory("VmHWM:"), node.memory("VmRSS:"));
    println!("{requests} requests, {handshakes} handshakes, {count} connections");
    println!("memory of the node: {before} KiB before, {most} KiB at most, {now} KiB after");
    assert!(most < MOST_MEMORY && now < before + MOST_GROWTH, "{before} {most} {now} KiB");
    // The chain goes on: a payment becomes final.
    let traffic = node.field.traffic();
    traffic.wait_for(1, PATIENCE).unwrap();
    node.field.audit(&traffic.finish().unwrap());
    let log = std::fs::read_to_string(node.field.devnet.nodes[0].log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}
