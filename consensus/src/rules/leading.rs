//! R4 and R12: when and on what a leader builds, and how long a view lasts.

use ledger::certificate::VoteKind;
use ledger::ids::{Timestamp, View};

use super::committee::{Committee, built, finals, votes};
use crate::pace::Pace;
use crate::{Input, Message, Output, Timing};

/// The time-out that a new replica starts with.
const FIRST_TIMEOUT: u64 = 500;
const HEARTBEAT: u64 = 5_000;

#[test]
fn r4_a_leader_builds_at_once_after_its_start_and_proposes_once() {
    let committee = Committee::new();
    let mut bench = committee.validator(1);
    assert_eq!(built(&bench.first), Some((1, committee.hash(&committee.genesis))));
    let block = committee.block(1, &committee.genesis);
    let outputs = bench.step(Input::Built { block: block.clone() });
    let proposal = committee.proposal(&block, Vec::new());
    assert!(outputs.contains(&Output::Broadcast(proposal)));
    let mut other = block;
    other.header.time = other.header.time.plus(1);
    assert!(votes(&bench.step(Input::Built { block: other })).is_empty());
    assert_eq!(built(&bench.step(Input::WorkWaits)), None);
}

#[test]
fn r4_without_work_a_leader_waits_for_the_heartbeat() {
    let committee = Committee::new();
    let first = committee.block(1, &committee.genesis);
    let ready = || {
        let mut bench = committee.validator(2);
        bench.notarize(&first);
        let outputs = bench.learn(committee.finalization(&first));
        assert_eq!((bench.view(), built(&outputs)), (2, None));
        bench
    };
    let mut idle = ready();
    assert_eq!(built(&idle.wait(HEARTBEAT - 1)), None);
    assert_eq!(built(&idle.wait(1)), Some((2, committee.hash(&first))));
    let mut busy = ready();
    assert_eq!(built(&busy.step(Input::WorkWaits)), Some((2, committee.hash(&first))));
}

#[test]
fn r4_a_pending_block_gets_a_child_after_a_timeout() {
    let committee = Committee::new();
    let mut bench = committee.validator(2);
    let first = committee.block(1, &committee.genesis);
    assert_eq!(built(&bench.notarize(&first)), None);
    let timeout = bench.replica.timeout_ms();
    assert_eq!(built(&bench.wait(timeout - 1)), None);
    assert_eq!(built(&bench.wait(1)), Some((2, committee.hash(&first))));
}

#[test]
fn r4_failed_views_do_not_add_heartbeats() {
    let committee = Committee::new();
    let mut bench = committee.validator(3);
    let first = committee.block(1, &committee.genesis);
    bench.notarize(&first);
    bench.learn(committee.finalization(&first));
    bench.wait(HEARTBEAT + FIRST_TIMEOUT);
    let outputs = bench.learn(committee.nullification(2));
    assert_eq!(built(&outputs), Some((3, committee.hash(&first))));
}

#[test]
fn r4_the_parent_is_the_highest_certified_block_and_the_proposal_shows_why() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    bench.notarize(&first);
    bench.learn(committee.nullification(1));
    bench.learn(committee.nullification(3));
    bench.step(Input::WorkWaits);
    assert_eq!(bench.view(), 4);
    assert_eq!(built(&bench.step(Input::WorkWaits)), None, "view 2 is not known to be nullified");
    let outputs = bench.learn(committee.nullification(2));
    assert_eq!(built(&outputs), Some((4, committee.hash(&first))));
    let block = committee.block(4, &first);
    let outputs = bench.step(Input::Built { block: block.clone() });
    let justification = vec![
        committee.notarization(&first),
        committee.nullification(2),
        committee.nullification(3),
    ];
    assert!(outputs.contains(&Output::Broadcast(committee.proposal(&block, justification))));
}

#[test]
fn r4_a_justification_lets_a_validator_that_missed_everything_vote() {
    let committee = Committee::new();
    let first = committee.block(1, &committee.genesis);
    let block = committee.block(3, &first);
    let justification = vec![committee.finalization(&first), committee.nullification(2)];
    let mut bench = committee.validator(0);
    bench.propose(&first);
    let outputs = bench.hear(3, committee.proposal(&block, justification));
    assert_eq!(bench.view(), 3);
    assert_eq!(finals(&outputs), [(1, true)]);
    assert!(outputs.contains(&Output::Execute(block.clone())));
    assert_eq!(votes(&bench.valid(&block)), [(VoteKind::Notarize, 3)]);
}

#[test]
fn r12_a_view_lasts_a_timeout_from_its_work_and_else_from_the_leaders_heartbeat() {
    let committee = Committee::new();
    let nullified = [(VoteKind::Nullify, 1)];
    let mut idle = committee.validator(0);
    assert!(votes(&idle.wait(HEARTBEAT + FIRST_TIMEOUT - 1)).is_empty());
    assert_eq!(votes(&idle.wait(1)), nullified);
    let mut busy = committee.validator(0);
    busy.wait(100);
    busy.step(Input::WorkWaits);
    assert!(votes(&busy.wait(FIRST_TIMEOUT - 1)).is_empty());
    assert_eq!(votes(&busy.wait(1)), nullified);
    let mut proposed = committee.validator(0);
    proposed.wait(300);
    proposed.propose(&committee.block(1, &committee.genesis));
    assert!(votes(&proposed.wait(FIRST_TIMEOUT - 1)).is_empty());
    assert_eq!(votes(&proposed.wait(1)), nullified);
}

#[test]
fn r12_a_clock_that_is_set_back_makes_no_span_longer() {
    let committee = Committee::new();
    let hour = 3_600_000;
    for back in [1, 400, hour] {
        let mut bench = committee.validator(0);
        bench.now = bench.now.plus(hour);
        bench.step(Input::WorkWaits);
        let wake = bench.now.minus(back).plus(FIRST_TIMEOUT);
        bench.now = bench.now.minus(back);
        let outputs = bench.step(Input::WorkWaits);
        let wakes = |at: &Timestamp| outputs.contains(&Output::WakeAt(*at));
        assert!((0..=FIRST_TIMEOUT).any(|early| wakes(&wake.minus(early))), "{outputs:?}");
        assert!(votes(&bench.wait(FIRST_TIMEOUT - 1)).is_empty(), "{back}");
        assert_eq!(votes(&bench.wait(1)), [(VoteKind::Nullify, 1)], "{back}");
    }
}

#[test]
fn r14_votes_are_repeated_also_after_the_clock_is_set_back() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    bench.now = bench.now.plus(3_600_000);
    bench.step(Input::WorkWaits);
    assert_eq!(votes(&bench.wait(FIRST_TIMEOUT)), [(VoteKind::Nullify, 1)]);
    bench.now = bench.now.minus(3_600_000);
    let repeated = (0..20).flat_map(|_| votes(&bench.wait(100))).collect::<Vec<_>>();
    assert!(repeated.contains(&(VoteKind::Nullify, 1)), "{repeated:?}");
}

#[test]
fn r12_the_next_view_is_announced_with_its_leader() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let outputs = bench.hear(2, Message::Certificate(committee.nullification(1)));
    let leader = bench.replica.leader(View(2));
    assert!(outputs.contains(&Output::Entered { view: View(2), leader }));
}

#[test]
fn r12_timeouts_follow_measurements_within_bounds() {
    let timing = Timing::default();
    let mut pace = Pace::new(timing, 1);
    assert_eq!(pace.timeout(), FIRST_TIMEOUT);
    for _ in 0..50 {
        pace.notarized(Some(2));
    }
    assert_eq!(pace.timeout(), timing.minimum_timeout_ms);
    pace.notarized(Some(200));
    assert_eq!(pace.timeout(), 800, "it rises at once");
    pace.notarized(Some(1));
    assert_eq!(pace.timeout(), 700, "and falls slowly");
    pace.notarized(Some(60_000));
    assert_eq!(pace.timeout(), timing.maximum_timeout_ms);
}

#[test]
fn r12_only_more_failures_than_faults_double_the_timeout() {
    let mut pace = Pace::new(Timing::default(), 1);
    let mut seen = Vec::new();
    for _ in 0..6 {
        pace.nullified();
        seen.push(pace.timeout());
    }
    assert_eq!(seen, [500, 1_000, 2_000, 2_000, 2_000, 2_000]);
    pace.notarized(None);
    assert_eq!(pace.timeout(), FIRST_TIMEOUT);
}
