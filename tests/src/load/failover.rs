//! One of four nodes is killed under a steady load: what the others' clients notice.
//!
//! Invariants: a payment belongs to the phase in which it was due; only the other three nodes are
//! asked; figures of one run are compared with each other. Absent: several failures at once.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    OPENING,
    accounts::Accounts,
    drive::{Driven, Load, Pace, Sample, drive},
    figures,
};
use crate::{
    devnet::{Client, Devnet, DevnetError},
    xtask::{Failure, build::Products},
};

/// Which node is killed.
const KILLED: usize = 3;

/// How many connections share the load.
const CONNECTIONS: usize = 64;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct FailoverSettings {
    /// How many accounts pay each other.
    pub accounts: usize,
    /// How long each of the three phases lasts, in seconds.
    pub seconds: u64,
    /// Payments in a second.
    pub rate: u64,
}

/// What clients noticed in one phase.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// `before`, `during` or `after`; `first second` is the beginning of `during`, `catching up`
    /// that of `after`.
    pub name: &'static str,
    /// How many payments were due in it and settled.
    pub payments: usize,
    /// Latency from when a payment was due to its final receipt, of the middle one.
    pub p50_ms: f64,
    /// Of the 90th of 100.
    pub p90_ms: f64,
    /// Of the 99th of 100.
    pub p99_ms: f64,
    /// Of the slowest.
    pub max_ms: f64,
}

/// One second of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Which, from 0.
    pub second: u64,
    /// Latency of the middle one of the payments that were due in it.
    pub p50_ms: f64,
    /// Of the slowest.
    pub max_ms: f64,
}

/// The whole bench.
#[derive(Clone, Debug, Serialize)]
pub struct Failover {
    /// The format's name.
    pub format: &'static str,
    /// How many validators.
    pub validators: usize,
    /// Payments in a second.
    pub rate: u64,
    /// How long each phase lasted.
    pub seconds: u64,
    /// The phases.
    pub phases: Vec<Phase>,
    /// How long the node took from its start until it was in step with the others again.
    pub in_step_seconds: f64,
    /// Every second of the run.
    pub timeline: Vec<Moment>,
    /// The 99th of 100 during the failure as a multiple of the one before.
    pub p99_ratio: f64,
    /// How often a node was too busy, and was asked again.
    pub busy: u64,
    /// How many payments did not settle.
    pub failed: u64,
    /// Why the first of them did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Runs it against a devnet in `work`.
///
/// # Errors
/// What failed, and which log to read.
pub fn failover(
    products: &Products,
    work: &Path,
    settings: FailoverSettings,
    say: &dyn Fn(String),
) -> Result<Failover, Failure> {
    super::raise_limit_of_files();
    let FailoverSettings { accounts, seconds, rate } = settings;
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    // Nodes of this program's own can be started again by it.
    devnet.stop_program()?;
    for place in 0..devnet.nodes.len() {
        devnet.restart(place)?;
    }
    let client = Client::new(OPENING);
    devnet.wait_in_step(&client, OPENING)?;
    let purse = devnet.purse()?;
    let accounts = Accounts::open(&devnet, &purse, &client, accounts)?;
    let count = usize::try_from(3 * seconds * rate).unwrap_or(usize::MAX);
    let transactions = accounts.sign(&purse, count, 1)?;
    let nodes = others(&devnet)?;
    say(format!("{rate} payments/s for 3 x {seconds} s; one node is killed, then started again"));
    let phase = Duration::from_secs(seconds);
    let pace = Pace::Open(Duration::from_nanos(1_000_000_000 / rate.max(1)));
    let load = Load::new(CONNECTIONS, pace, 3 * phase);
    let (driven, disturbed) = std::thread::scope(|scope| {
        let driver = scope.spawn(|| -> std::io::Result<Driven> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(drive(&nodes, transactions, load)))
        });
        let disturbed = disturb(&mut devnet, phase);
        (driver.join(), disturbed)
    });
    let disturbed = disturbed?;
    let refused = |reason: String| Failure::File { path: "the load".into(), reason };
    let driven = driven.map_err(|_| refused("it panicked".to_owned()))?;
    let driven = driven.map_err(|error| refused(error.to_string()))?;
    devnet.stop()?;
    Ok(report(settings, &driven, disturbed.since(driven.began)))
}

/// The nodes that stay.
fn others(devnet: &Devnet) -> Result<Vec<SocketAddr>, DevnetError> {
    let mut nodes = super::bench::addresses(devnet)?;
    nodes.remove(KILLED.min(nodes.len().saturating_sub(1)));
    Ok(nodes)
}

/// When what happened to the node.
#[derive(Clone, Copy, Debug)]
struct Disturbed<T> {
    killed: T,
    restarted: T,
    in_step: T,
}

impl Disturbed<Instant> {
    fn since(self, began: Option<Instant>) -> Disturbed<Duration> {
        let since = |moment: Instant| began.map_or(Duration::ZERO, |began| moment - began);
        let Self { killed, restarted, in_step } = self;
        let (killed, restarted) = (since(killed), since(restarted));
        Disturbed { killed, restarted, in_step: since(in_step) }
    }
}

/// Kills the node after one phase and starts it again after another.
fn disturb(devnet: &mut Devnet, phase: Duration) -> Result<Disturbed<Instant>, DevnetError> {
    std::thread::sleep(phase);
    let killed = Instant::now();
    devnet.node(KILLED)?.kill()?;
    std::thread::sleep(phase.saturating_sub(killed.elapsed()));
    let restarted = Instant::now();
    devnet.restart(KILLED)?;
    devnet.wait_in_step(&Client::new(OPENING), OPENING)?;
    Ok(Disturbed { killed, restarted, in_step: Instant::now() })
}

fn report(settings: FailoverSettings, driven: &Driven, disturbed: Disturbed<Duration>) -> Failover {
    let Disturbed { killed, restarted, in_step } = disturbed;
    let end = Duration::MAX;
    let spans = [
        ("before", Duration::ZERO, killed),
        ("first second", killed, killed + Duration::from_secs(1)),
        ("during", killed, restarted),
        ("catching up", restarted, in_step),
        ("after", restarted, end),
    ];
    let phases: Vec<Phase> =
        spans.into_iter().map(|(name, from, to)| phase(name, &driven.samples, from, to)).collect();
    let p99 = |name: &str| {
        let found = phases.iter().find(|phase| phase.name == name);
        found.map_or(0.0, |phase| phase.p99_ms)
    };
    Failover {
        format: "feiqian.bench-failover/v1",
        validators: KILLED + 1,
        rate: settings.rate,
        seconds: settings.seconds,
        p99_ratio: figures::multiple(p99("during"), p99("before")),
        phases,
        in_step_seconds: figures::seconds(in_step.saturating_sub(restarted)),
        timeline: timeline(&driven.samples, 3 * settings.seconds),
        busy: driven.busy,
        failed: driven.failed,
        failure: driven.failure.clone(),
    }
}

fn timeline(samples: &[Sample], seconds: u64) -> Vec<Moment> {
    let moment = |second| {
        let from = Duration::from_secs(second);
        let one = phase("", samples, from, from + Duration::from_secs(1));
        Moment { second, p50_ms: one.p50_ms, max_ms: one.max_ms }
    };
    (0..seconds).map(moment).collect()
}

/// The payments that were due from the one moment to the other, both since the start.
fn phase(name: &'static str, samples: &[Sample], from: Duration, to: Duration) -> Phase {
    let due = |sample: &Sample| sample.at.saturating_sub(sample.latency);
    let within = samples.iter().filter(|sample| (from..to).contains(&due(sample)));
    let mut latencies: Vec<Duration> = within.map(|sample| sample.latency).collect();
    latencies.sort_unstable();
    let percentile = |percent| figures::milliseconds(figures::percentile(&latencies, percent));
    Phase {
        name,
        payments: latencies.len(),
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p99_ms: percentile(99),
        max_ms: percentile(100),
    }
}

impl Failover {
    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<14} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "phase", "payments", "p50 ms", "p90 ms", "p99 ms", "max ms"
        )];
        for phase in &self.phases {
            lines.push(format!(
                "{:<14} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
                phase.name, phase.payments, phase.p50_ms, phase.p90_ms, phase.p99_ms, phase.max_ms
            ));
        }
        let slow: Vec<_> = self.timeline.iter().filter(|moment| moment.max_ms >= 100.0).collect();
        let slow: Vec<_> =
            slow.iter().map(|slow| format!("{} s: {} ms", slow.second, slow.max_ms)).collect();
        lines.push(format!("seconds with a payment of 100 ms or more: {}", slow.join(", ")));
        lines.push(format!("in step again {} s after its start", self.in_step_seconds));
        lines.push(format!("busy {}, failed {}", self.busy, self.failed));
        lines.extend(self.failure.iter().map(|failure| format!("  first failure: {failure}")));
        lines.push(format!(
            "p99 during the failure of one of {} nodes is {} times the one before ({} payments/s)",
            self.validators, self.p99_ratio, self.rate
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Disturbed, FailoverSettings, report};
    use crate::load::drive::{Driven, Sample};

    #[test]
    fn a_payment_belongs_to_the_phase_in_which_it_was_due() {
        let sample = |due: u64, latency: u64| Sample {
            at: Duration::from_millis(due + latency),
            latency: Duration::from_millis(latency),
            settled: 1,
        };
        // The second was due before the kill and answered after it.
        let samples = vec![sample(0, 10), sample(990, 20), sample(1_000, 60), sample(2_500, 30)];
        let driven = Driven { samples, ..Driven::default() };
        let [killed, restarted, in_step] = [1_000, 2_100, 2_200].map(Duration::from_millis);
        let disturbed = Disturbed { killed, restarted, in_step };
        let settings = FailoverSettings { accounts: 2, seconds: 1, rate: 4 };
        let report = report(settings, &driven, disturbed);
        let counts: Vec<_> = report.phases.iter().map(|phase| phase.payments).collect();
        assert_eq!(counts, [2, 1, 1, 0, 1]);
        assert_eq!(report.timeline.len(), 3);
        assert_eq!(report.p99_ratio.to_string(), "3");
    }
}
