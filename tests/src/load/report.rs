//! The report of a cluster bench, for scripts and for people.
//!
//! Invariants: the figures at the top are those of the scenario `saturation`; every scenario says
//! how its rate compares with the bound of the same run.

use serde::{Deserialize, Serialize};

use super::{Settings, bound::Bound, figures, floor::Floor};

/// What one node has used during a scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NodeFigures {
    /// Its name.
    pub name: String,
    /// Processor time during the scenario.
    pub cpu_seconds: f64,
    /// Resident memory after it.
    pub rss_bytes: u64,
    /// The most resident memory since the node's start.
    pub rss_peak_bytes: u64,
    /// What its files take on the disk after it.
    pub disk_bytes: u64,
    /// By how much they grew during it.
    pub disk_bytes_added: u64,
    /// The part of the block log.
    pub log_bytes_added: u64,
    /// The part of the index.
    pub index_bytes_added: u64,
    /// Final blocks.
    pub blocks: u64,
    /// Durable writes of the block log.
    pub log_syncs: u64,
    /// Bytes sent to other nodes.
    pub sent_bytes: u64,
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
    /// The bound of the same run.
    pub bound_per_second: u64,
    /// `final_per_second` as a part of `bound_per_second`.
    pub ratio: f64,
    /// Latency from when a request was due to its final receipt, of the middle one.
    pub p50_ms: f64,
    /// Of the 90th of 100.
    pub p90_ms: f64,
    /// Of the 99th of 100.
    pub p99_ms: f64,
    /// Of the slowest.
    pub max_ms: f64,
    /// How often a node was too busy.
    pub busy: u64,
    /// How many transactions did not settle.
    pub failed: u64,
    /// How many were due and could not be sent before the end; they count with their age then.
    pub unsent: usize,
    /// Why the first of them did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many blocks became final.
    pub blocks: u64,
    /// Durable writes of one node's block log for each block.
    pub log_syncs_per_block: f64,
    /// The bytes of one signed payment, or its part of a signed transaction.
    pub signed_bytes_per_payment: u64,
    /// By how much the files of one node grew for each payment.
    pub disk_bytes_per_payment: f64,
    /// The part of the block log.
    pub log_bytes_per_payment: f64,
    /// The part of the index.
    pub index_bytes_per_payment: f64,
    /// `disk_bytes_per_payment` as a multiple of `signed_bytes_per_payment`.
    pub disk_per_signed_byte: f64,
    /// What one node sent to other nodes for each payment.
    pub sent_bytes_per_payment: f64,
    /// Processor time of one node for each payment, in microseconds.
    pub cpu_us_per_payment: f64,
    /// Processor time of the generator.
    pub generator_cpu_seconds: f64,
    /// What each node used.
    pub nodes: Vec<NodeFigures>,
    /// Payments final in a second just before the disturbance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_per_second: Option<u64>,
    /// `final_per_second` as a part of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_before: Option<f64>,
    /// How long bytes are under way from node to node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_way_ms: Option<u64>,
    /// What overload did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overload: Option<Overload>,
}

/// What overload did.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Overload {
    /// Payments final in a second as a part of those at saturation.
    pub of_peak: f64,
    /// The part of the answers that were 503.
    pub refused_share: f64,
    /// How long the middle one of these took.
    pub refused_p50_ms: f64,
    /// The 99th of 100.
    pub refused_p99_ms: f64,
    /// How long after the end a light load was quick again, at the latest: it begins once every
    /// request is answered. None if it was not within the time.
    pub quick_again_seconds: Option<f64>,
    /// What is called quick: twice the 99th of 100 at light load before.
    pub quick_ms: f64,
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
    /// How long it took to open and fund them.
    pub opening_seconds: f64,
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
    /// The floor F and its parts.
    pub floor: Floor,
    /// The middle one at light load as a multiple of F.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_p50_to_floor: Option<f64>,
    /// The 99th of 100 at light load as a multiple of the middle one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_p99_to_p50: Option<f64>,
    /// What each node used.
    pub nodes: Vec<NodeFigures>,
    /// Every scenario.
    pub scenarios: Vec<ScenarioReport>,
}

/// What stands over a run's scenarios.
pub(super) struct Frame {
    pub(super) settings: Settings,
    pub(super) bound: Bound,
    pub(super) floor: Floor,
    pub(super) opening_seconds: f64,
}

impl Report {
    /// The report of these scenarios.
    pub(super) fn new(frame: &Frame, mut scenarios: Vec<ScenarioReport>) -> Self {
        let Frame { settings, bound, floor, opening_seconds } = frame;
        for one in &mut scenarios {
            one.bound_per_second = bound.per_second;
            one.ratio = figures::ratio(one.final_per_second, bound.per_second);
        }
        let main = scenarios.iter().find(|scenario| scenario.name == "saturation");
        let light = scenarios.iter().find(|scenario| scenario.name == "light");
        let figure = |take: fn(&ScenarioReport) -> f64| main.map(take).unwrap_or_default();
        let count = |take: fn(&ScenarioReport) -> u64| main.map(take).unwrap_or_default();
        let settled = count(|main| main.final_per_second);
        Self {
            format: "feiqian.bench-cluster/v1",
            validators: settings.validators,
            cores: bound.cores,
            accounts: settings.accounts,
            opening_seconds: *opening_seconds,
            offered_per_second: count(|main| main.offered_per_second),
            final_per_second: settled,
            bound_per_second: bound.per_second,
            ratio: figures::ratio(settled, bound.per_second),
            p50_ms: figure(|main| main.p50_ms),
            p90_ms: figure(|main| main.p90_ms),
            p99_ms: figure(|main| main.p99_ms),
            verified_per_second: bound.verified_per_second,
            sync_ms: figures::milliseconds(bound.sync),
            floor: *floor,
            light_p50_to_floor: light.map(|one| figures::multiple(one.p50_ms, floor.floor_ms)),
            light_p99_to_p50: light.map(|one| figures::multiple(one.p99_ms, one.p50_ms)),
            nodes: main.map(|main| main.nodes.clone()).unwrap_or_default(),
            scenarios,
        }
    }

    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = latencies(&self.scenarios);
        lines.push(String::new());
        lines.extend(costs(&self.scenarios));
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
            "{} accounts, opened and funded in {} s",
            self.accounts, self.opening_seconds
        ));
        lines.push(format!(
            "bound {} payments/s: {} cores x {} signatures/s / {} validators",
            self.bound_per_second, self.cores, self.verified_per_second, self.validators
        ));
        lines.push(format!("a durable write of 4 KiB takes {} ms", self.sync_ms));
        lines.push(self.floor.line());
        if let (Some(floor), Some(tail)) = (self.light_p50_to_floor, self.light_p99_to_p50) {
            lines.push(format!("light load: p50 is {floor} F, p99 is {tail} p50"));
        }
        if self.final_per_second > 0 {
            lines.push(format!("final/s at saturation is {} of the bound", self.ratio));
        }
        lines
    }
}

/// How much and how soon.
fn latencies(scenarios: &[ScenarioReport]) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>7} {:>6} {:>7}",
        "scenario",
        "offered/s",
        "final/s",
        "of B",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "busy",
        "failed",
        "unsent"
    )];
    for one in scenarios {
        lines.push(format!(
            "{:<18} {:>9} {:>9} {:>7.3} {:>9.2} {:>9.2} {:>9.2} {:>7} {:>6} {:>7}",
            one.name,
            one.offered_per_second,
            one.final_per_second,
            one.ratio,
            one.p50_ms,
            one.p90_ms,
            one.p99_ms,
            one.busy,
            one.failed,
            one.unsent,
        ));
        lines.extend(one.failure.iter().map(|failure| format!("  first failure: {failure}")));
        lines.extend(one.of_before.iter().map(|part| format!("  {part} of the rate before")));
        lines.extend(one.overload.iter().map(Overload::line));
    }
    lines
}

/// What each payment cost one node.
fn costs(scenarios: &[ScenarioReport]) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18} {:>7} {:>11} {:>8} {:>8} {:>9} {:>7} {:>8} {:>9} {:>8}",
        "per payment, node",
        "blocks",
        "syncs/block",
        "log B",
        "index B",
        "disk B",
        "signed",
        "sent B",
        "cpu us",
        "MiB most"
    )];
    for one in scenarios {
        let most = one.nodes.iter().map(|node| node.rss_peak_bytes).max().unwrap_or(0);
        lines.push(format!(
            "{:<18} {:>7} {:>11.2} {:>8.0} {:>8.0} {:>9.0} {:>7} {:>8.0} {:>9.1} {:>8}",
            one.name,
            one.blocks,
            one.log_syncs_per_block,
            one.log_bytes_per_payment,
            one.index_bytes_per_payment,
            one.disk_bytes_per_payment,
            one.signed_bytes_per_payment,
            one.sent_bytes_per_payment,
            one.cpu_us_per_payment,
            most >> 20,
        ));
    }
    lines
}

impl Overload {
    fn line(&self) -> String {
        let again = self.quick_again_seconds.map_or_else(
            || "not quick again within the time".to_owned(),
            |seconds| format!("quick again ({} ms) after {seconds} s", self.quick_ms),
        );
        format!(
            "  {} of the peak; {} of the answers were 503, within {} ms (p50), {} ms (p99); \
             {again}",
            self.of_peak, self.refused_share, self.refused_p50_ms, self.refused_p99_ms
        )
    }
}

/// What a plot needs of a report that was written to a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Written {
    pub(super) validators: usize,
    pub(super) accounts: usize,
    pub(super) bound_per_second: u64,
    pub(super) scenarios: Vec<WrittenScenario>,
}

/// One scenario of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct WrittenScenario {
    pub(super) name: String,
    pub(super) payments_per_transaction: usize,
    pub(super) offered_per_second: u64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}
