//! The simulator's seeds: the property is that no checker finds anything; and the simulator itself:
//! it is deterministic, and finds each planted bug.

use ledger::crypto::Suite;
use tests::sim::{self, Options, Planted, Report, run_with};

/// Runs the seeds and fails with the command that shows the first bad one.
fn all_hold(from: u64, count: u64) {
    let summary = sim::sweep(from, count);
    let failed: Vec<_> =
        summary.failed.iter().map(|report| (report.replay(), &report.violations)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(summary.seeds, count);
    assert!(summary.final_blocks > count, "the chains grow: {} blocks", summary.final_blocks);
}

#[test]
fn seeds_0_to_249_hold() {
    all_hold(0, 250);
}

#[test]
fn seeds_250_to_499_hold() {
    all_hold(250, 250);
}

#[test]
fn seeds_500_to_749_hold() {
    all_hold(500, 250);
}

#[test]
fn seeds_750_to_999_hold() {
    all_hold(750, 250);
}

#[test]
fn seeds_hold_with_real_signatures() {
    for seed in 1_000..1_012 {
        let options = Options { suite: Suite::Ed25519Blake3, ..Options::default() };
        let report = run_with(seed, options);
        assert_eq!(report.violations, [], "{} --real", report.replay());
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [3, 77, 4_711] {
        let first = sim::run(seed);
        assert_eq!(first, sim::run(seed));
        assert_ne!(first.audit, sim::run(seed + 1).audit);
        assert!(first.events > 100, "{first:?}");
    }
}

/// The first of `seeds` seeds in which a checker finds the planted bug.
fn found(planted: Planted, seeds: u64) -> Option<Report> {
    let options = Options { planted: Some(planted), ..Options::default() };
    (0..seeds).map(|seed| run_with(seed, options)).find(|report| !report.violations.is_empty())
}

#[test]
fn each_planted_bug_is_found_by_its_checker() {
    let cases = [
        (Planted::ForgetsRecords, 50, "double votes"),
        (Planted::QuorumOneShort, 50, "certificates"),
        (Planted::SkipsSync, 200, "durability"),
        (Planted::FinalAtNotarization, 10, "certificates"),
        (Planted::NeverWakes, 20, "liveness"),
        (Planted::KeepsCertificates, 50, "liveness"),
    ];
    assert_eq!(cases.len(), Planted::ALL.len());
    for (planted, seeds, checker) in cases {
        let report = found(planted, seeds);
        let named = report.map(|report| (report.seed, report.violations[0].checker));
        assert!(named.is_some(), "{planted:?} was not found within {seeds} seeds");
        let (seed, by) = named.unwrap_or_default();
        assert!(by == checker || planted == Planted::SkipsSync, "{planted:?}, seed {seed}: {by}");
    }
}
