//! Validators whose key is on two machines: no cut of the network makes them do harm; and the rig
//! finds bugs that are planted.

use std::collections::BTreeSet;

use tests::twins::{self, Planted, Summary};

fn holds(summary: &Summary, scenarios: u64) {
    assert_eq!(summary.findings, [], "see one: cargo xtask twins --scenario ...");
    assert_eq!((summary.failed, summary.scenarios), (0, scenarios));
    let idle: Vec<_> = summary.checked.iter().filter(|(_, count)| **count == 0).collect();
    assert!(idle.is_empty(), "checkers that saw nothing: {idle:?}");
    // The twins do contradict themselves.
    assert!(summary.with_evidence * 3 > summary.ran, "{} with evidence", summary.with_evidence);
}

#[test]
fn all_scenarios_of_four_validators_and_three_views_hold() {
    let counts = twins::count(3);
    assert_eq!((counts.all, counts.distinct, counts.reduced), (562_432, 415_292, 214_396));
    holds(&twins::explore(3, None, 2), counts.reduced);
}

#[test]
fn samples_of_longer_scenarios_hold() {
    holds(&twins::sample((4, 1), (4, 7), 1_500, None, 2), 1_500);
}

#[test]
fn samples_of_seven_validators_with_two_twins_hold() {
    holds(&twins::sample((7, 2), (4, 7), 500, None, 2), 500);
}

#[test]
fn planted_bugs_are_found_within_two_views() {
    let rows = [
        (Planted::QuorumOneShort, "evidence"),
        (Planted::QuorumOneShort, "exclusive views"),
        (Planted::VotesAfterNullify, "double votes"),
    ];
    for (planted, checker) in rows {
        let summary = twins::explore(2, Some(planted), 2);
        let by: BTreeSet<_> = summary.by_checker.keys().copied().collect();
        assert!(by.contains(checker), "{planted:?} was found by {by:?}");
    }
}

#[test]
fn the_same_scenarios_are_the_same_runs() {
    let run = |jobs| twins::sample((4, 1), (2, 7), 100, None, jobs);
    assert_eq!(run(1), run(2));
}
