//! What a simulation and a sweep of them report.

use ledger::hash::Hash;

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
    /// Simulated events.
    pub events: u64,
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
    /// Simulations in which a checker found something.
    pub failed: Vec<Report>,
    /// Blocks that became final, over all seeds.
    pub final_blocks: u64,
    /// Simulated time over all seeds, in milliseconds.
    pub simulated_ms: u64,
    /// Simulated events over all seeds.
    pub events: u64,
}

impl Summary {
    /// Adds a simulation.
    pub fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.final_blocks += report.final_height;
        self.simulated_ms += report.simulated_ms;
        self.events += report.events;
        if !report.violations.is_empty() {
            self.failed.push(report);
        }
    }
}
