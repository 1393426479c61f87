//! The report of a cluster bench, for scripts and for people.
//!
//! Invariant: the figures at the top are those of the scenario `saturation`.

use serde::Serialize;

use super::{Settings, bound::Bound, figures};

/// What one node has used during a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct NodeFigures {
    /// Its name.
    pub name: String,
    /// Processor time during the scenario.
    pub cpu_seconds: f64,
    /// Resident memory after it.
    pub rss_bytes: u64,
    /// What its files take on the disk after it.
    pub disk_bytes: u64,
    /// By how much they grew during it.
    pub disk_bytes_added: u64,
}

/// One scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// How long it lasted.
    pub seconds: f64,
    /// Over how many connections.
    pub connections: usize,
    /// How many payments each transaction carries.
    pub payments_per_transaction: usize,
    /// How many settled.
    pub payments: u64,
    /// How many were sent in a second.
    pub offered_per_second: u64,
    /// How many became final in a second.
    pub final_per_second: u64,
    /// Latency from when a request was due to its final receipt, of the middle one.
    pub p50_ms: f64,
    /// Of the 90th of 100.
    pub p90_ms: f64,
    /// Of the 99th of 100.
    pub p99_ms: f64,
    /// Of the slowest.
    pub max_ms: f64,
    /// How often a node was too busy, and was asked again.
    pub busy: u64,
    /// How many transactions did not settle.
    pub failed: u64,
    /// Why the first of them did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// By how much the files of one node grew for each payment.
    pub disk_bytes_per_payment: u64,
    /// Processor time of the generator.
    pub generator_cpu_seconds: f64,
    /// What each node used.
    pub nodes: Vec<NodeFigures>,
}

/// The whole bench.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The format's name.
    pub format: &'static str,
    /// How many validators.
    pub validators: usize,
    /// How many processors they and the generator share.
    pub cores: u64,
    /// How many accounts pay each other.
    pub accounts: usize,
    /// Payments sent in a second.
    pub offered_per_second: u64,
    /// Payments final in a second.
    pub final_per_second: u64,
    /// Cores x signatures that one verifies in a second / validators.
    pub bound_per_second: u64,
    /// `final_per_second` as a part of `bound_per_second`.
    pub ratio: f64,
    /// Latency of the middle one.
    pub p50_ms: f64,
    /// Of the 90th of 100.
    pub p90_ms: f64,
    /// Of the 99th of 100.
    pub p99_ms: f64,
    /// Signatures that one core verifies in a second, in batches of 1,024.
    pub verified_per_second: u64,
    /// How long a durable write of 4,096 bytes takes on the nodes' disk.
    pub sync_ms: f64,
    /// What each node used.
    pub nodes: Vec<NodeFigures>,
    /// Every scenario.
    pub scenarios: Vec<ScenarioReport>,
}

impl Report {
    /// The report of these scenarios.
    pub(super) fn new(settings: Settings, bound: &Bound, scenarios: Vec<ScenarioReport>) -> Self {
        let main = scenarios.iter().find(|scenario| scenario.name == "saturation");
        let figure = |take: fn(&ScenarioReport) -> f64| main.map(take).unwrap_or_default();
        let count = |take: fn(&ScenarioReport) -> u64| main.map(take).unwrap_or_default();
        let settled = count(|main| main.final_per_second);
        Self {
            format: "feiqian.bench-cluster/v1",
            validators: main.map_or(0, |main| main.nodes.len()),
            cores: bound.cores,
            accounts: settings.accounts,
            offered_per_second: count(|main| main.offered_per_second),
            final_per_second: settled,
            bound_per_second: bound.per_second,
            ratio: figures::ratio(settled, bound.per_second),
            p50_ms: figure(|main| main.p50_ms),
            p90_ms: figure(|main| main.p90_ms),
            p99_ms: figure(|main| main.p99_ms),
            verified_per_second: bound.verified_per_second,
            sync_ms: figures::milliseconds(bound.sync),
            nodes: main.map(|main| main.nodes.clone()).unwrap_or_default(),
            scenarios,
        }
    }

    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<12} {:>10} {:>10} {:>9} {:>9} {:>9} {:>7} {:>7} {:>10}",
            "scenario",
            "offered/s",
            "final/s",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "busy",
            "failed",
            "disk/pay"
        )];
        for one in &self.scenarios {
            lines.push(format!(
                "{:<12} {:>10} {:>10} {:>9.2} {:>9.2} {:>9.2} {:>7} {:>7} {:>10}",
                one.name,
                one.offered_per_second,
                one.final_per_second,
                one.p50_ms,
                one.p90_ms,
                one.p99_ms,
                one.busy,
                one.failed,
                one.disk_bytes_per_payment,
            ));
            lines.extend(one.failure.iter().map(|failure| format!("  first failure: {failure}")));
        }
        lines.push(String::new());
        for node in &self.nodes {
            lines.push(format!(
                "{:<12} {:>8.2} s of processor, {:>6} MiB resident, {:>6} MiB on disk (saturation)",
                node.name,
                node.cpu_seconds,
                node.rss_bytes >> 20,
                node.disk_bytes >> 20,
            ));
        }
        lines.push(format!(
            "bound {} payments/s: {} cores x {} signatures/s / {} validators",
            self.bound_per_second, self.cores, self.verified_per_second, self.validators
        ));
        lines.push(format!("a durable write of 4 KiB takes {} ms", self.sync_ms));
        lines.push(format!("final/s at saturation is {} of the bound", self.ratio));
        lines
    }
}
