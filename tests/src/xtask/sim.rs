//! `cargo xtask sim`: simulates seed after seed, and says how to see a failing one again.

use super::{Failure, output, verb::Run};
use crate::sim::{self, Options, Report, Summary};
use ledger::crypto::Suite;
use serde_json::json;

/// Simulates networks of validators under faults that each seed draws
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Use the real signatures instead of the fast keyed hashes
    #[arg(long)]
    real: bool,
    /// Print a line for each event of the first seed
    #[arg(long)]
    trace: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let suite = if self.real { Suite::Ed25519Blake3 } else { Suite::KeyedHash };
        let mut summary = Summary::default();
        for (seed, position) in (self.from..).zip(0..self.seeds) {
            let traces = self.trace && position == 0;
            let report = sim::run_with(seed, Options { suite, planted: None, traces });
            report.trace.iter().for_each(output::progress);
            if !report.violations.is_empty() {
                show(&report);
            }
            summary.add(report);
        }
        match self.output {
            Output::Text => output::result(format_args!(
                "{} seeds, {} failed: {} blocks final in {} simulated seconds, {} events",
                summary.seeds,
                summary.failed.len(),
                summary.final_blocks,
                summary.simulated_ms / 1_000,
                summary.events
            )),
            Output::Json => output::result(in_json(&summary)),
        }
        match summary.failed.first() {
            None => Ok(()),
            Some(first) => Err(Failure::Found {
                summary: format!(
                    "{} seeds failed; see one: {}",
                    summary.failed.len(),
                    again(first)
                ),
            }),
        }
    }
}

fn again(report: &Report) -> String {
    format!("{} --trace", report.replay())
}

fn show(report: &Report) {
    output::progress(format_args!("seed {} failed under {}", report.seed, report.plan));
    for violation in &report.violations {
        let (checker, at, text) = (violation.checker, violation.at, &violation.text);
        output::progress(format_args!("  at {at} ms {checker}: {text}"));
    }
    output::progress(format_args!("  again: {}", again(report)));
}

fn in_json(summary: &Summary) -> serde_json::Value {
    let failed = summary.failed.iter().map(|report| {
        let violations = report.violations.iter().map(|violation| {
            json!({ "checker": violation.checker, "at_ms": violation.at, "text": violation.text })
        });
        json!({
            "seed": report.seed,
            "audit": report.audit.to_hex(),
            "violations": violations.collect::<Vec<_>>(),
            "replay": report.replay(),
        })
    });
    json!({
        "seeds": summary.seeds,
        "failed": failed.collect::<Vec<_>>(),
        "final_blocks": summary.final_blocks,
        "simulated_ms": summary.simulated_ms,
        "events": summary.events,
    })
}
