//! `cargo xtask planted`: plants each bug in turn, and says which checker finds it and how soon.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Failure, output, verb::Run};
use crate::sim::{self, Options, Planted, Report, hunt, planted};

/// Plants bugs in all honest nodes of the simulator, and says how soon each is found
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The bugs; all if none is named
    #[arg(value_name = "BUG")]
    bugs: Vec<String>,
    /// How many seeds to search for each bug
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// How many seeds to run of each bug, to say in how many of them it is found
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// How many seeds to run at a time; as many as there are processors if it is not given
    #[arg(long)]
    jobs: Option<usize>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let bugs = self.bugs()?;
        let jobs = self.jobs.unwrap_or_else(super::sim::processors);
        let started = Instant::now();
        output::result("| Bug | Found by | In seeds | Found in, by |");
        output::result("|---|---|---|---|");
        let mut missed = Vec::new();
        for bug in &bugs {
            match hunt(*bug, 0, self.seeds, jobs) {
                Some(report) => self.row(*bug, &report, jobs),
                None => missed.push(bug.name),
            }
        }
        let took = started.elapsed().as_secs();
        output::progress(format_args!("{} bugs in {took} s", bugs.len()));
        if missed.is_empty() {
            return Ok(());
        }
        let seeds = self.seeds;
        Err(Failure::Found { summary: format!("not found in {seeds} seeds: {missed:?}") })
    }
}

impl Arguments {
    fn bugs(&self) -> Result<Vec<Planted>, Failure> {
        if self.bugs.is_empty() {
            return Ok(planted::ALL.to_vec());
        }
        let named = |name: &String| {
            planted::named(name).ok_or_else(|| {
                let names: Vec<_> = planted::ALL.iter().map(|bug| bug.name).collect();
                Failure::Found { summary: format!("no bug is named {name}; there are {names:?}") }
            })
        };
        self.bugs.iter().map(named).collect()
    }

    fn row(&self, bug: Planted, first: &Report, jobs: usize) {
        let options = Options { planted: Some(bug), ..Options::default() };
        let summary = sim::sweep(0, self.rate, jobs, options, |_| {});
        let mut by: BTreeMap<&str, u64> = BTreeMap::new();
        for report in &summary.failed {
            *by.entry(finder(report)).or_default() += 1;
        }
        let by: Vec<_> = by.iter().map(|(name, count)| format!("{name} {count}")).collect();
        output::result(format_args!(
            "| {} | {} | {} | {} of {}: {} |",
            bug.name,
            finder(first),
            first.seed + 1,
            summary.failed.len(),
            self.rate,
            by.join(", ")
        ));
    }
}

/// The checker that found something first.
fn finder(report: &Report) -> &'static str {
    report.violations.first().map_or("none", |violation| violation.checker)
}
