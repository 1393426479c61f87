//! `cargo xtask twins`: runs validators that have a twin with the same key, cut off from each other
//! in every way, and says what was covered.

use std::time::Instant;

use super::{Failure, output, verb::Run};
use crate::twins::{self, Scenario, Summary};

/// Runs validators whose key is on two machines, in all ways of cutting the network
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How many views of four validators to enumerate
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=4))]
    views: u32,
    /// How many scenarios to draw of four validators with one twin, and of seven with two
    #[arg(long, default_value_t = 2_000)]
    samples: usize,
    /// How many to run at a time; as many as there are processors if it is not given
    #[arg(long)]
    jobs: Option<usize>,
    /// Run this scenario alone
    #[arg(long)]
    scenario: Option<Scenario>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        if let Some(scenario) = &self.scenario {
            return one(scenario);
        }
        let jobs = self.jobs.unwrap_or_else(super::sim::processors);
        let mut failed = Vec::new();
        if self.views > 0 {
            let counts = twins::count(self.views);
            output::result(format_args!(
                "4 validators, 1 twin, {} views: {} scenarios, {} that differ in who reaches whom, \
                 {} that differ by more than the twins' names",
                self.views, counts.all, counts.distinct, counts.reduced
            ));
            let started = Instant::now();
            let views = usize::try_from(self.views).unwrap_or(0);
            let summary = twins::explore(views, None, jobs);
            show("all of them", &summary, started, &mut failed);
        }
        for (validators, number) in [(4, 1), (7, 2)] {
            let started = Instant::now();
            let size = (validators, number);
            let summary = twins::sample(size, (4, 7), self.samples, None, jobs);
            let title = format!("{validators} validators, {number} with a twin, 4 to 7 views");
            show(&title, &summary, started, &mut failed);
        }
        match failed.first() {
            None => Ok(()),
            Some(first) => Err(Failure::Found {
                summary: format!("see one: cargo xtask twins --scenario {first}"),
            }),
        }
    }
}

fn one(scenario: &Scenario) -> Result<(), Failure> {
    let outcome = twins::run(scenario, None);
    output::result(format_args!("{outcome:?}"));
    match outcome.finding {
        None => Ok(()),
        Some((checker, text)) => Err(Failure::Found { summary: format!("{checker}: {text}") }),
    }
}

fn show(title: &str, summary: &Summary, started: Instant, failed: &mut Vec<String>) {
    let Summary { scenarios, ran, steps, with_evidence, checked, .. } = summary;
    let took = started.elapsed().as_millis();
    output::result(format_args!(
        "{title}: {scenarios} scenarios covered by {ran} runs of {steps} events; {with_evidence} \
         with evidence; {} violations; {took} ms",
        summary.failed
    ));
    let counts: Vec<_> = checked.iter().map(|(name, count)| format!("{name} {count}")).collect();
    output::result(format_args!("  checked: {}", counts.join(", ")));
    for finding in &summary.findings {
        let (scenario, checker, text) = (&finding.scenario, finding.checker, &finding.text);
        output::progress(format_args!("  {scenario}: {checker}: {text}"));
        failed.push(scenario.clone());
    }
}
