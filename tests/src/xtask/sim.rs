//! `cargo xtask sim`: simulates seed after seed, and says how to see a failing one again.

use std::time::{Duration, Instant};

use super::{Failure, output, verb::Run};
use crate::load::cost::Cost;
use crate::sim::{self, Options, Report, Summary, planted, report::Counts};
use ledger::crypto::Suite;
use serde_json::json;

/// Simulates networks of nodes under faults that each seed draws
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds to run at a time; as many as there are processors if it is not given
    #[arg(long)]
    jobs: Option<usize>,
    /// Run all seeds a second time, and fail if anything differs
    #[arg(long)]
    twice: bool,
    /// Use the real signatures instead of the fast keyed hashes
    #[arg(long)]
    real: bool,
    /// Plant this bug in every honest node, to see whether it is found
    #[arg(long, value_name = "BUG")]
    planted: Option<String>,
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
        let options = self.options()?;
        if self.trace {
            let traced = sim::run_with(self.from, Options { traces: true, ..options });
            traced.trace.iter().for_each(output::progress);
        }
        let (started, cpu) = (Instant::now(), Cost::own().cpu);
        let jobs = self.jobs.unwrap_or_else(processors);
        let run = || sim::sweep(self.from, self.seeds, jobs, options, |report| self.see(report));
        let summary = run();
        let took = Took { real: started.elapsed(), cpu: Cost::own().cpu.saturating_sub(cpu) };
        match self.output {
            Output::Text => in_text(&summary, &took),
            Output::Json => output::result(in_json(&summary, &took)),
        }
        if self.twice && run() != summary {
            return Err(Failure::Found {
                summary: "the second run differs from the first: something is not decided by the \
                          seed; run one seed twice with --trace and compare"
                    .to_owned(),
            });
        }
        match summary.failed.first() {
            None => Ok(()),
            Some(first) => Err(Failure::Found {
                summary: format!(
                    "{} seeds failed; see one: {}",
                    summary.failed.len(),
                    self.again(first)
                ),
            }),
        }
    }
}

impl Arguments {
    fn options(&self) -> Result<Options, Failure> {
        let suite = if self.real { Suite::Ed25519Blake3 } else { Suite::KeyedHash };
        let planted = match &self.planted {
            None => None,
            Some(name) => Some(planted::named(name).ok_or_else(|| {
                let names: Vec<_> = planted::ALL.iter().map(|bug| bug.name).collect();
                Failure::Found { summary: format!("no bug is named {name}; there are {names:?}") }
            })?),
        };
        Ok(Options { suite, planted, traces: false })
    }

    /// The command that shows a failing seed again.
    fn again(&self, report: &Report) -> String {
        let real = if self.real { " --real" } else { "" };
        let planted = self.planted.iter().map(|bug| format!(" --planted {bug}"));
        format!("{}{real}{} --trace", report.replay(), planted.collect::<String>())
    }

    fn see(&self, report: &Report) {
        if report.violations.is_empty() {
            return;
        }
        output::progress(format_args!("seed {} failed under {}", report.seed, report.plan));
        for violation in &report.violations {
            let (checker, at, text) = (violation.checker, violation.at, &violation.text);
            output::progress(format_args!("  at {at} ms {checker}: {text}"));
        }
        output::progress(format_args!("  again: {}", self.again(report)));
    }
}

/// How many processors there are.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How long a sweep took.
struct Took {
    real: Duration,
    /// Of all processors together.
    cpu: Duration,
}

fn per_second(amount: u64, took: Duration) -> u64 {
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    amount.saturating_mul(1_000) / took
}

fn per_core_second(summary: &Summary, took: &Took) -> u64 {
    per_second(summary.simulated_ms / 1_000, took.cpu)
}

fn in_text(summary: &Summary, took: &Took) {
    output::result(format_args!(
        "{} seeds, {} failed: {} blocks final in {} simulated seconds, {} events",
        summary.seeds,
        summary.failed.len(),
        summary.final_blocks,
        summary.simulated_ms / 1_000,
        summary.events
    ));
    counts("faults", &summary.faults);
    counts("adversaries", &summary.deeds);
    counts("checked", &summary.checked);
    output::result(format_args!(
        "{} seeds a second; {} simulated seconds in a second of one core; a new final block at \
         most {} ms after healing; audit {:032x}",
        per_second(summary.seeds, took.real),
        per_core_second(summary, took),
        summary.revived_ms,
        summary.audit
    ));
}

fn counts(title: &str, counts: &Counts) {
    let all: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    output::result(format_args!("{title}: {}", all.join(", ")));
}

fn in_json(summary: &Summary, took: &Took) -> serde_json::Value {
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
        "faults": summary.faults,
        "adversaries": summary.deeds,
        "checked": summary.checked,
        "longest_revival_ms": summary.revived_ms,
        "audit": format!("{:032x}", summary.audit),
        "took_ms": u64::try_from(took.real.as_millis()).unwrap_or(u64::MAX),
        "seeds_per_second": per_second(summary.seeds, took.real),
        "simulated_seconds_per_core_second": per_core_second(summary, took),
    })
}
