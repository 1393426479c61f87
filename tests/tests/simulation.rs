//! The simulator's seeds: the property is that no checker finds anything; and the simulator itself:
//! it is deterministic, and finds each planted bug.

use ledger::crypto::Suite;
use tests::sim::plan::{Fault, Plan, Role, Traffic};
use tests::sim::random::Random;
use tests::sim::{self, Options, Report, planted};

/// Runs the seeds and fails with the command that shows the first bad one.
fn all_hold(from: u64, count: u64, options: Options) {
    let summary = sim::sweep(from, count, 2, options, |_| {});
    let failed: Vec<_> =
        summary.failed.iter().map(|report| (report.replay(), &report.violations)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(summary.seeds, count);
    assert!(summary.final_blocks > count, "the chains grow: {} blocks", summary.final_blocks);
    let idle: Vec<_> = summary.checked.iter().filter(|(_, count)| **count == 0).collect();
    assert!(count < 500 || idle.len() <= 1, "checkers that saw nothing: {idle:?}");
}

#[test]
fn seeds_0_to_999_hold() {
    all_hold(0, 1_000, Options::default());
}

#[test]
fn seeds_with_real_signatures_hold() {
    all_hold(1_000, 12, Options { suite: Suite::Ed25519Blake3, ..Options::default() });
}

#[test]
fn the_same_seeds_are_the_same_runs() {
    let run = || sim::sweep(2_000, 60, 2, Options::default(), |_| {});
    assert_eq!(run(), run());
    let other = sim::sweep(2_001, 60, 2, Options::default(), |_| {});
    assert_ne!(run().audit, other.audit);
}

#[test]
fn each_planted_bug_is_found_by_its_checker() {
    let mut wrong = Vec::new();
    for planted in planted::ALL {
        let Some(report) = sim::hunt(*planted, 0, 2_000, 2) else {
            wrong.push(format!("{planted:?} was not found"));
            continue;
        };
        let by = report.violations[0].checker;
        if !planted.finders.contains(&by) {
            let seed = report.seed;
            wrong.push(format!("{planted:?} was found by {by} in seed {seed}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Runs a plan and fails with what a checker found.
fn holds(plan: Plan) -> Report {
    let report = sim::run_plan(7, plan, Random::new(7), Options::default());
    assert_eq!(report.violations, [], "{}", report.plan);
    report
}

/// One node misses a few blocks; the others start anew from checkpoints at the last of these, so
/// that none has the block at hand which it is asked for.
#[test]
fn a_block_that_is_final_for_all_others_is_fetched_from_the_archive() {
    let mut plan = Plan::quiet(4, 6_000);
    plan.faults = vec![(1_000, Fault::Kill(2, 3_000))];
    plan.faults.extend([0, 1, 3].map(|host| (3_500, Fault::Kill(host, 100))));
    assert!(holds(plan).final_height > 5);
}

/// One misses two hundred blocks with a batch each, on slow disks: the data of many blocks is
/// fetched at a time, for a round trip and a sync per block would take longer than there is.
#[test]
fn a_node_that_missed_hundreds_of_blocks_is_back_within_ten_seconds() {
    let mut plan = Plan::quiet(4, 49_000);
    plan.sync = (5, 80);
    plan.weather.most_delay = plan.weather.least_delay + 20;
    plan.traffic = Some(Traffic { pause: 180, burst: 1_000, rest: 100 });
    plan.faults = vec![(200, Fault::Kill(2, 48_700))];
    let report = holds(plan);
    assert!(report.final_height > 150, "{}", report.final_height);
}

/// Two of four are away for half an hour: nothing can become final, and then soon does.
#[test]
fn after_half_an_hour_without_a_quorum_the_next_block_comes_within_ten_seconds() {
    let away = 30 * 60 * 1_000;
    let mut plan = Plan::quiet(4, 1_000 + away);
    plan.faults = vec![(1_000, Fault::Kill(0, away)), (1_000, Fault::PowerLoss(1, away))];
    let report = holds(plan);
    assert!(report.simulated_ms > away);
    assert!(report.revived_ms.is_some_and(|ms| ms < 10_000), "{report:?}");
}

/// One lacks blocks that all others have pruned, the others have just started, and one of them
/// waits for it before it votes: it needs a snapshot of a block that no new one follows.
#[test]
fn a_node_behind_what_is_pruned_finds_a_snapshot_although_nothing_new_becomes_final() {
    let mut plan = Plan::quiet(4, 7_500);
    plan.machines[0].role = Role::Wiped;
    plan.upkeep.retain = Some(8);
    plan.snapshots = (64, 8);
    plan.faults = vec![
        (1_000, Fault::Kill(3, 6_000)),
        (6_500, Fault::Wipe(0, 100)),
        (6_500, Fault::Kill(1, 100)),
        (6_500, Fault::Kill(2, 100)),
    ];
    assert!(holds(plan).final_height > 12);
}

/// The power fails for all at once, again and again, right after what they wrote.
#[test]
fn nodes_start_after_every_loss_of_power() {
    let mut plan = Plan::quiet(4, 8_000);
    for at in (500..8_000).step_by(700) {
        plan.faults.extend((0..4).map(|host| (at, Fault::PowerLoss(host, 150))));
    }
    assert!(holds(plan).final_height > 5);
}
