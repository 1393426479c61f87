//! Each adversary alone, in a plan of its own: it does what it says, evidence names it where
//! evidence must be, nobody else is named, and no checker finds anything.

use std::collections::BTreeSet;

use tests::sim::network::Weather;
use tests::sim::plan::{Fault, Plan, Role, Traffic};
use tests::sim::random::Random;
use tests::sim::{Options, Report, adversaries, run_plan};

/// The adversary's seat.
const SEAT: usize = 1;

/// Four validators, one of them the adversary; one honest one is away for a while and must catch
/// up.
fn plan(adversary: usize) -> Plan {
    let mut plan = Plan::quiet(4, 9_500);
    plan.machines[SEAT].role = Role::Adversary(adversary);
    plan.weather = Weather { loss: 20, duplication: 50, least_delay: 1, most_delay: 40 };
    plan.upkeep.checkpoint_every = 4;
    plan.traffic = Some(Traffic { pause: 20, burst: 8, rest: 150 });
    plan.faults = vec![(1_500, Fault::PowerLoss(3, 5_500))];
    if adversaries::ALL[adversary].name == "snapshot forger" {
        plan.snapshots = (4, 8);
    }
    plan
}

fn run(name: &str, seed: u64) -> Report {
    let adversary = adversaries::named(name).expect("it is registered");
    run_plan(seed, plan(adversary), Random::new(seed), Options::default())
}

/// Whether there is an occasion for a deed is drawn, so each adversary has several.
const SEEDS: [u64; 3] = [7, 8, 9];

/// What an adversary does and how often at least in all its runs, and whether what it does is
/// provable.
type Row = (&'static str, &'static [(&'static str, u64)], bool);

const ROWS: &[Row] = &[
    ("equivocator", &[("proposed two blocks", 3), ("voted for everything", 20)], true),
    ("forker", &[("extended any block", 3)], true),
    ("equivocating voter", &[("voted both ways", 20)], true),
    ("withholding leader", &[("withheld a block", 3)], false),
    ("lane equivocator", &[("gave one of several batches of a place", 20)], false),
    ("lane withholder", &[("withheld a batch", 5), ("refused a batch", 5)], false),
    ("batch forger", &[("forged a batch", 20)], true),
    ("stale-view flooder", &[("spoke of an old view", 50)], true),
    ("future-view flooder", &[("spoke of a view to come", 50)], true),
    ("certificate forger", &[("forged a certificate", 50)], false),
    ("proposer with wrong roots", &[("proposed a wrong block", 3)], false),
    ("proposer with a wrong time", &[("proposed a wrong block", 3)], false),
    ("proposer with a fast clock", &[("proposed a block of the future", 3)], false),
    ("proposer with wrong next validators", &[("proposed a wrong block", 3)], false),
    (
        "liar in catch-up",
        &[
            ("claimed a height that does not exist", 5),
            ("lied to a peer that is behind", 5),
            ("answered with another block", 1),
        ],
        false,
    ),
    ("snapshot forger", &[("forged a part of a snapshot", 1)], false),
    ("silent", &[("kept silent", 50)], false),
    ("selective sender", &[("told only some", 50), ("left a peer without an answer", 1)], false),
    ("replayer", &[("said again what another had said", 50)], false),
];

#[test]
fn every_adversary_has_its_row() {
    let rows: Vec<_> = ROWS.iter().map(|(name, ..)| *name).collect();
    let all: Vec<_> = adversaries::ALL.iter().map(|adversary| adversary.name).collect();
    assert_eq!(rows, all);
}

#[test]
fn each_adversary_does_what_it_says_and_gains_nothing() {
    let mut wrong = Vec::new();
    for (name, deeds, is_provable) in ROWS {
        let reports = SEEDS.map(|seed| run(name, seed));
        for (deed, least) in *deeds {
            let of = |report: &Report| report.deeds.get(deed).copied().unwrap_or(0);
            let count: u64 = reports.iter().map(of).sum();
            if count < *least {
                wrong.push(format!("{name}: {deed} {count} times of {least}"));
            }
        }
        let named: BTreeSet<_> = reports.iter().flat_map(|report| &report.named).copied().collect();
        if named != if *is_provable { BTreeSet::from([SEAT]) } else { BTreeSet::new() } {
            wrong.push(format!("{name}: named are {named:?}"));
        }
        for report in reports {
            if !report.violations.is_empty() {
                wrong.push(format!("{name}: {:?}", report.violations));
            }
            if report.final_height < 10 {
                wrong.push(format!("{name}: the chain grew to {} only", report.final_height));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
