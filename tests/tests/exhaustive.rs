//! The exhaustive check of the consensus rules, within bounds that take seconds; and the check is
//! checked: the model can do what it should, and finds each planted bug.

#![allow(clippy::print_stdout, reason = "the counts are the result; `--no-capture` shows them")]

use tests::exhaustive::{Exploration, Planted, Reached, Restart, Scope, explore, walk};

const RESTARTED: Reached = Reached {
    finalized: true,
    finalized_by_all: true,
    nullified: true,
    notarized_and_nullified: true,
    finalized_last: true,
    ended_later: false,
    voted_after_restart: true,
};

const USUAL: Reached = Reached { voted_after_restart: false, ..RESTARTED };

/// Visits all states, of which there must be at least so many, and gives what was seen.
fn holds(scope: Scope, least: usize) -> Reached {
    let found = explore(scope);
    let Exploration { states, transitions, replicas, depth, .. } = found;
    println!("{states} states, {transitions} steps, {replicas} of one replica, depth {depth}");
    assert_eq!(found.violation, None);
    assert!(found.complete, "more than {} states", scope.limit);
    assert!(states >= least, "only {states} states: what has become of the others?");
    found.reached
}

#[test]
fn two_views_the_first_with_a_faulty_leader() {
    assert_eq!(holds(Scope::with_faulty(2, &[1]), 1_500_000), USUAL);
}

#[test]
fn two_views_with_a_faulty_voter() {
    assert_eq!(holds(Scope::with_faulty(2, &[3]), 600_000), USUAL);
}

#[test]
fn two_views_after_an_epochs_last_block() {
    let scope = Scope { ends_epoch: true, ..Scope::with_faulty(2, &[3]) };
    assert_eq!(holds(scope, 500_000), Reached { ended_later: true, ..USUAL });
}

#[test]
fn one_view_with_a_crash() {
    let restart = Some((0, Restart::Crashed));
    assert_eq!(holds(Scope { restart, ..Scope::with_faulty(1, &[1]) }, 10_000), RESTARTED);
}

/// Four views are too many to visit whole, so ways are drawn.
fn walks_hold(scope: Scope) -> Reached {
    let found = walk(scope, 7, 600, 60);
    let Exploration { states, transitions, replicas, .. } = found;
    println!("{states} states, {transitions} steps, {replicas} of one replica");
    assert_eq!(found.violation, None);
    found.reached
}

#[test]
fn four_views_with_a_validator_that_is_wiped() {
    let restart = Some((0, Restart::Wiped));
    let seen = walks_hold(Scope { restart, ..Scope::with_faulty(4, &[1]) });
    assert!(seen.voted_after_restart && seen.finalized, "{seen:?}");
}

#[test]
fn four_views_after_an_epochs_last_block_with_a_crash() {
    let restart = Some((0, Restart::Crashed));
    let scope = Scope { restart, ends_epoch: true, ..Scope::with_faulty(4, &[2]) };
    let seen = walks_hold(scope);
    assert!(seen.voted_after_restart && seen.ended_later, "{seen:?}");
}

#[test]
fn planted_bugs_are_found() {
    let scope = Scope::with_faulty(2, &[1]);
    let cases = [
        (
            "a signer that nullifies after it has voted to finalize",
            Scope { planted: Some(Planted::NullifiesAfterFinalizing), ..scope },
            "no double vote",
        ),
        (
            "a quorum that is one short",
            Scope { planted: Some(Planted::QuorumOneShort), ..scope },
            "one notarization per view",
        ),
        (
            "a validator that forgets its votes",
            Scope { restart: Some((0, Restart::Forgetful)), ..scope },
            "no double vote",
        ),
        (
            "one faulty validator too many",
            Scope { faulty: &[1, 3], ..scope },
            "one notarization per view",
        ),
    ];
    for (what, scope, property) in cases {
        let found = explore(scope);
        let violation = found.violation.unwrap_or_else(|| panic!("{what} is not found"));
        println!("{what}: {} states, {:?}", found.states, violation.way);
        assert_eq!(violation.property, property, "{what}: {:?}", violation.way);
    }
}
