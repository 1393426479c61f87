//! All scenarios of four validators with one twin, and samples of longer and larger ones.
//!
//! Invariants: every scenario is run, or is one with one that is run, as the module above says; the
//! counts add up to all. What is found does not depend on how many threads there are. Absent: what
//! happens in a scenario (the rig's).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::groups::Groups;
use super::rig::{Outcome, Pause, Planted, Rig, run};
use super::scenario::Scenario;
use crate::sim::random::Random;

/// The validators of the scenarios that are enumerated.
const VALIDATORS: usize = 4;

/// The most findings that are kept.
const MOST_FINDINGS: usize = 16;

/// How many scenarios there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Groupings of five replicas in each view, and each of four validators the twin.
    pub all: u64,
    /// Those in which another replica reaches another.
    pub distinct: u64,
    /// Those that differ by more than the twins' names.
    pub reduced: u64,
}

/// Something that a checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The scenario, to be run again.
    pub scenario: String,
    /// The checker.
    pub checker: &'static str,
    /// What it found.
    pub text: String,
}

/// What many scenarios came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The scenarios that are covered.
    pub scenarios: u64,
    /// Those that were run to their end; the others are one with one of these.
    pub ran: u64,
    /// Events, those of a common beginning once.
    pub steps: u64,
    /// Scenarios of those that ran in which there was evidence against the twins.
    pub with_evidence: u64,
    /// What the checkers looked at in those that ran.
    pub checked: BTreeMap<&'static str, u64>,
    /// How many of those that ran failed.
    pub failed: u64,
    /// How many of those that failed each checker found first.
    pub by_checker: BTreeMap<&'static str, u64>,
    /// The first that were found, by scenario.
    pub findings: Vec<Finding>,
}

impl Summary {
    fn add(&mut self, scenario: &Scenario, covered: u64, shared: u64, outcome: Outcome) {
        self.scenarios += covered;
        self.ran += 1;
        self.steps += outcome.steps - shared;
        self.with_evidence += u64::from(outcome.evidence > 0);
        for (checker, count) in outcome.checked {
            *self.checked.entry(checker).or_default() += count;
        }
        if let Some((checker, text)) = outcome.finding {
            self.failed += 1;
            *self.by_checker.entry(checker).or_default() += 1;
            self.find(Finding { scenario: scenario.to_string(), checker, text });
        }
    }

    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
        self.findings.sort_by(|one, other| one.scenario.cmp(&other.scenario));
        self.findings.truncate(MOST_FINDINGS);
    }

    fn join(&mut self, other: Self) {
        self.scenarios += other.scenarios;
        self.ran += other.ran;
        self.steps += other.steps;
        self.with_evidence += other.with_evidence;
        self.failed += other.failed;
        add(&mut self.checked, other.checked);
        add(&mut self.by_checker, other.by_checker);
        other.findings.into_iter().for_each(|finding| self.find(finding));
    }
}

fn add(sum: &mut BTreeMap<&'static str, u64>, more: BTreeMap<&'static str, u64>) {
    for (name, count) in more {
        *sum.entry(name).or_default() += count;
    }
}

/// The groupings of the replicas of four validators with one twin, and which of them are each other
/// with the twins in each other's place.
struct Choices {
    groups: Vec<Groups>,
    mirrored: Vec<usize>,
}

impl Choices {
    fn of(seats: &[usize]) -> Self {
        let groups = Groups::distinct(seats);
        let last = seats.len() - 1;
        let first = seats.iter().position(|seat| *seat == seats[last]).unwrap_or(last);
        let mirror = |one: &Groups| {
            let links = one.swapped(first, last).links(seats);
            groups.iter().position(|other| other.links(seats) == links).unwrap_or(0)
        };
        let mirrored = groups.iter().map(mirror).collect();
        Self { groups, mirrored }
    }

    /// Those to be tried, and whether the twins are still alike afterwards; `alike` says whether
    /// they are before.
    fn to_try(&self, alike: bool) -> impl Iterator<Item = (&Groups, bool)> {
        let places = self.groups.iter().zip(&self.mirrored).enumerate();
        places
            .filter(move |(place, (_, mirrored))| !alike || place <= *mirrored)
            .map(move |(place, (groups, mirrored))| (groups, alike && place == *mirrored))
    }

    /// How many scenarios of so many further views there are.
    fn scenarios(&self, views: u32, alike: bool) -> u64 {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX).saturating_pow(views);
        let all = count(self.groups.len());
        let mirrors = self.mirrored.iter().enumerate();
        let own = count(mirrors.filter(|(place, mirrored)| place == *mirrored).count());
        // Burnside: half of those that the exchange moves, and those that it leaves.
        if alike { (all + own) / 2 } else { all }
    }
}

/// How many scenarios of four validators with one twin there are.
#[must_use]
pub fn count(views: u32) -> Counts {
    let seats = Scenario::seats(VALIDATORS, &[0]);
    let choices = Choices::of(&seats);
    let validators = u64::try_from(VALIDATORS).unwrap_or(0);
    let groupings = u64::try_from(Groups::all(seats.len()).len()).unwrap_or(0);
    Counts {
        all: validators * groupings.saturating_pow(views),
        distinct: validators * choices.scenarios(views, false),
        reduced: validators * choices.scenarios(views, true),
    }
}

/// A walk through all scenarios with one beginning.
struct Walk<'a> {
    twin: usize,
    views: usize,
    choices: &'a Choices,
    /// The states from which all scenarios were run, and whether the twins were alike.
    seen: BTreeSet<(u128, bool)>,
    summary: Summary,
}

impl Walk<'_> {
    /// Runs all scenarios that begin as `rig` has; `shared` steps of it are counted already.
    fn descend(&mut self, mut rig: Rig, alike: bool, shared: u64) {
        let pause = rig.advance();
        let left = u32::try_from(self.views - rig.cuts().len()).unwrap_or(0);
        let covered = self.choices.scenarios(left, alike);
        if pause == Pause::Over {
            let cuts = rig.cuts().to_vec();
            let scenario = Scenario { validators: VALIDATORS, twins: vec![self.twin], cuts };
            return self.summary.add(&scenario, covered, shared, rig.outcome());
        }
        if !self.seen.insert((rig.digest(), alike)) {
            self.summary.scenarios += covered;
            return;
        }
        let steps = rig.steps();
        self.summary.steps += steps - shared;
        for (groups, alike) in self.choices.to_try(alike) {
            let mut next = rig.clone();
            next.cut(groups.clone());
            self.descend(next, alike, steps);
        }
    }
}

/// Runs all scenarios of four validators with one twin and so many views, `jobs` at a time.
#[must_use]
pub fn explore(views: usize, planted: Option<Planted>, jobs: usize) -> Summary {
    let choices = Choices::of(&Scenario::seats(VALIDATORS, &[0]));
    let begin = |twin: usize| {
        let firsts = choices.to_try(true);
        firsts.map(move |(groups, alike)| (twin, groups.clone(), alike))
    };
    let tasks: Vec<_> = (0..VALIDATORS).flat_map(begin).collect();
    in_parallel(tasks.len(), jobs, |task| {
        let (twin, groups, alike) = &tasks[task];
        let choices = Choices::of(&Scenario::seats(VALIDATORS, &[*twin]));
        let (seen, summary) = (BTreeSet::new(), Summary::default());
        let mut walk = Walk { twin: *twin, views, choices: &choices, seen, summary };
        let mut rig = Rig::new(VALIDATORS, &[*twin], views, planted);
        rig.cut(groups.clone());
        walk.descend(rig, *alike, 0);
        walk.summary
    })
}

/// Runs `samples` drawn scenarios of so many validators, twins, and views at least and at most.
#[must_use]
pub fn sample(
    (validators, twins): (usize, usize),
    (least, most): (u64, u64),
    samples: usize,
    planted: Option<Planted>,
    jobs: usize,
) -> Summary {
    in_parallel(samples, jobs, |sample| {
        let mut random = Random::new(u64::try_from(sample).unwrap_or(u64::MAX));
        let views = usize::try_from(random.between(least, most)).unwrap_or(1);
        let scenario = Scenario::draw(&mut random, validators, twins, views);
        let mut summary = Summary::default();
        summary.add(&scenario, 1, 0, run(&scenario, planted));
        summary
    })
}

/// Does `count` tasks on `jobs` threads, and adds up what they came to.
fn in_parallel(count: usize, jobs: usize, task: impl Fn(usize) -> Summary + Sync) -> Summary {
    let next = AtomicUsize::new(0);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let done = task(number);
                    summary.lock().unwrap_or_else(PoisonError::into_inner).join(done);
                }
            });
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_those_of_the_formula() {
        let one = Counts { all: 4 * 52, distinct: 4 * 47, reduced: 4 * (47 + 15) / 2 };
        assert_eq!(count(1), one);
        let three = Counts {
            all: 4 * 52 * 52 * 52,
            distinct: 4 * 47 * 47 * 47,
            reduced: 4 * (47 * 47 * 47 + 15 * 15 * 15) / 2,
        };
        assert_eq!(count(3), three);
    }

    #[test]
    fn the_walk_covers_every_scenario_once() {
        for views in 1..=2_u32 {
            let walked = explore(usize::try_from(views).unwrap(), None, 2);
            assert_eq!(walked.scenarios, count(views).reduced);
            assert!(walked.ran <= walked.scenarios);
        }
    }
}
