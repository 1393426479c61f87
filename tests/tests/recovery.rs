//! Real processes: a node whose home was restored from a backup, and one whose log was lost. Both
//! observe; both vote again when that cannot contradict anything.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{fs, path::Path, process::Command, time::Duration};

use support::{Field, PATIENCE, products};
use tests::devnet::{Ran, Traffic, run, until};

/// The node that is restored, and whose log is lost.
const PLACE: usize = 2;

/// A node that is killed to see whether the other one votes: three of four votes decide.
const OTHER: usize = 1;

/// Runs a command of the node's program, each option with its folder.
fn node(command: &str, options: &[(&str, &Path)]) -> Ran {
    let mut program = Command::new(products().node);
    program.arg(command);
    for (option, folder) in options {
        program.arg(option).arg(folder);
    }
    run(&mut program, PATIENCE).unwrap()
}

fn succeeds(command: &str, options: &[(&str, &Path)]) {
    let ran = node(command, options);
    assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
}

/// True if payments go on while [`OTHER`] is down.
fn votes(field: &mut Field, traffic: &Traffic) -> bool {
    field.devnet.nodes[OTHER].kill().unwrap();
    // What was under way may still settle.
    let went_on = traffic.wait_for(30, Duration::from_secs(8)).is_ok();
    field.restart(OTHER);
    traffic.wait_for(10, PATIENCE).unwrap();
    went_on
}

/// Waits until the home is no longer marked as observing.
fn wait_regained(field: &Field) {
    let node = &field.devnet.nodes[PLACE];
    let mark = node.home.join("observe.json");
    until("the end of observing", &node.log(), PATIENCE, || (!mark.exists()).then_some(()))
        .unwrap();
}

#[test]
fn a_restored_home_votes_only_when_it_is_armed_and_the_others_have_moved_on() {
    let mut field = Field::new();
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    let (backup, home) = (field.work.path().join("backup"), field.work.path().join("restored"));
    let original = field.devnet.nodes[PLACE].home.clone();
    succeeds("backup", &[("--home", &original), ("--to", &backup)]);
    traffic.wait_for(20, PATIENCE).unwrap();
    field.devnet.nodes[PLACE].kill().unwrap();
    succeeds("restore", &[("--from", &backup), ("--home", &home)]);
    field.devnet.nodes[PLACE].home = home.clone();
    field.restart(PLACE);
    field.devnet.wait_in_step(&field.client, PATIENCE).unwrap();
    assert!(!votes(&mut field, &traffic), "it votes without being armed");

    let refused = node("arm", &[("--home", &home)]);
    assert_eq!(refused.code, Some(1), "armed while it runs: {refused:?}");
    assert!(refused.stderr.contains("Stop the node"), "{refused:?}");
    let held = node("verify-ledger", &[("--home", &home)]);
    assert_eq!(held.code, Some(3), "verified while it runs: {held:?}");
    assert!(held.stderr.contains("feiqian-node backup"), "{held:?}");
    field.devnet.nodes[PLACE].stop(PATIENCE).unwrap();
    succeeds("arm", &[("--home", &home)]);
    field.restart(PLACE);
    wait_regained(&field);
    assert!(votes(&mut field, &traffic), "it does not vote though it is armed");
    let history = traffic.finish().unwrap();
    field.audit(&history);
}

#[test]
fn a_node_that_lost_its_log_votes_when_the_others_have_moved_on() {
    let mut field = Field::new();
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    // A node that is asked to stop leaves its index durable, which then is ahead of a lost log.
    field.devnet.nodes[PLACE].stop(PATIENCE).unwrap();
    let home = field.devnet.nodes[PLACE].home.clone();
    fs::remove_dir_all(home.join("log")).unwrap();

    // With the index alone it says what to do.
    field.devnet.restart(PLACE).unwrap();
    until("its refusal", &field.devnet.nodes[PLACE].log(), PATIENCE, || {
        field.devnet.nodes[PLACE].ended()
    })
    .unwrap();
    let log = fs::read_to_string(field.devnet.nodes[PLACE].log()).unwrap();
    assert!(log.contains("remove HOME/log and HOME/index.redb"), "{log}");

    fs::remove_file(home.join("index.redb")).unwrap();
    field.restart(PLACE);
    let mark = fs::read_to_string(home.join("observe.json"));
    assert!(mark.is_err() || mark.unwrap().contains("log-lost"));
    field.devnet.wait_in_step(&field.client, PATIENCE).unwrap();
    wait_regained(&field);
    assert!(votes(&mut field, &traffic), "it does not vote again");
    let history = traffic.finish().unwrap();
    field.audit(&history);
}
