//! What a simulation and a sweep of them report.

use ledger::hash::Hash;
use std::collections::{BTreeMap, BTreeSet};

/// Something that a checker found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The checker.
    pub checker: &'static str,
    /// When, in simulated milliseconds.
    pub at: u64,
    /// What is wrong.
    pub text: String,
}

/// How often something happened, by name.
pub type Counts = BTreeMap<&'static str, u64>;

/// What one simulation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The hash over all events: the same for the same seed and code.
    pub audit: Hash,
    /// What the checkers found; empty if all is well.
    pub violations: Vec<Violation>,
    /// The highest final height of an honest validator.
    pub final_height: u64,
    /// Simulated time, in milliseconds.
    pub simulated_ms: u64,
    /// How long after all had healed a new block was final, in milliseconds.
    pub revived_ms: Option<u64>,
    /// Simulated events.
    pub events: u64,
    /// Faults that were injected, by kind.
    pub faults: Counts,
    /// What adversaries did, by name.
    pub deeds: Counts,
    /// The seats that evidence or accusations have named.
    pub named: BTreeSet<usize>,
    /// What each checker looked at.
    pub checked: Counts,
    /// What the seed drew, for people.
    pub plan: String,
    /// A line for each event, if they were asked for.
    pub trace: Vec<String>,
}

impl Report {
    /// The command that runs this simulation again.
    pub fn replay(&self) -> String {
        format!("cargo xtask sim --seeds 1 --from {}", self.seed)
    }
}

/// What a sweep over seeds did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Simulations that ran.
    pub seeds: u64,
    /// Simulations in which a checker found something, by seed.
    pub failed: Vec<Report>,
    /// Blocks that became final, over all seeds.
    pub final_blocks: u64,
    /// Simulated time over all seeds, in milliseconds.
    pub simulated_ms: u64,
    /// The longest time from healing to a new final block, in milliseconds.
    pub revived_ms: u64,
    /// Simulated events over all seeds.
    pub events: u64,
    /// Faults that were injected, by kind.
    pub faults: Counts,
    /// What adversaries did, by name.
    pub deeds: Counts,
    /// What each checker looked at.
    pub checked: Counts,
    /// All audit hashes, added up: the same for the same seeds and code, in whatever order.
    pub audit: u128,
}

impl Summary {
    /// Adds a simulation.
    pub fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.final_blocks += report.final_height;
        self.simulated_ms += report.simulated_ms;
        self.revived_ms = self.revived_ms.max(report.revived_ms.unwrap_or(0));
        self.events += report.events;
        add(&mut self.faults, &report.faults);
        add(&mut self.deeds, &report.deeds);
        add(&mut self.checked, &report.checked);
        let (head, _) = report.audit.0.split_at(16);
        let audit = head.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        self.audit = self.audit.wrapping_add(audit);
        if !report.violations.is_empty() {
            self.failed.push(report);
            self.failed.sort_by_key(|report| report.seed);
        }
    }
}

/// Adds one count to another.
pub(super) fn add(sum: &mut Counts, more: &Counts) {
    for (name, count) in more {
        *sum.entry(name).or_default() += count;
    }
}
