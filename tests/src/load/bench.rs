//! One run of one load against the nodes, and what it cost each of them.
//!
//! Invariant: payments are signed before the clock starts, and what nodes count is read before and
//! after.

use std::{net::SocketAddr, time::Duration};

use super::{
    accounts::Accounts,
    cost::Cost,
    counters::Counters,
    drive::{Driven, Pace, drive},
    figures,
    report::{NodeFigures, ScenarioReport},
    scenario::Scenario,
};
use crate::{
    devnet::{Devnet, DevnetError, Node, Purse},
    xtask::Failure,
};

/// What a scenario runs against.
pub(super) struct Bench<'a> {
    pub(super) devnet: &'a Devnet,
    pub(super) purse: &'a Purse,
    pub(super) accounts: &'a Accounts,
    /// How many of the nodes, from the first one on, clients send to.
    pub(super) asked: usize,
}

/// What came of a scenario.
pub(super) struct Outcome {
    pub(super) report: ScenarioReport,
    pub(super) driven: Driven,
}

/// A node's cost and counts at one moment.
#[derive(Clone, Copy)]
struct Reading {
    cost: Cost,
    log: u64,
    index: u64,
    counters: Counters,
}

impl Bench<'_> {
    /// Signs the scenario's payments, then drives them; at least one must settle.
    pub(super) fn run(&self, scenario: &Scenario) -> Result<ScenarioReport, Failure> {
        self.outcome(scenario).map(|outcome| outcome.report)
    }

    /// The same, with every answer.
    pub(super) fn outcome(&self, scenario: &Scenario) -> Result<Outcome, Failure> {
        let count = usize::try_from(scenario.transactions).unwrap_or(usize::MAX);
        let transactions = self.accounts.sign(self.purse, count, scenario.payments)?;
        let length = transactions.first().map_or(0, Vec::len) / scenario.payments.max(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            let path = "a runtime".into();
            Failure::File { path, reason: error.to_string() }
        })?;
        let mut nodes = addresses(self.devnet)?;
        nodes.truncate(self.asked);
        let (before, own) = (self.readings(), Cost::own());
        let driven = runtime.block_on(drive(&nodes, transactions, scenario.load));
        let generator = Cost::own().cpu.saturating_sub(own.cpu);
        if driven.samples.is_empty() {
            let reason = driven.failure.unwrap_or_default();
            let uetr = format!("of scenario {}", scenario.name);
            return Err(DevnetError::NotSettled { uetr, reason }.into());
        }
        let signed = u64::try_from(length).unwrap_or(0);
        let report = report(scenario, &driven, self.figures(&before), (generator, signed));
        Ok(Outcome { report, driven })
    }

    fn readings(&self) -> Vec<Reading> {
        self.devnet.nodes.iter().map(reading).collect()
    }

    /// What each node has used since `before`.
    fn figures(&self, before: &[Reading]) -> Vec<NodeFigures> {
        let nodes = self.devnet.nodes.iter().zip(before).zip(self.readings());
        nodes.map(|((node, before), after)| used(node, *before, after)).collect()
    }
}

fn reading(node: &Node) -> Reading {
    let of = |name: &str| super::cost::disk_bytes(&node.home.join(name));
    Reading {
        cost: Cost::of(node.pid().unwrap_or(0), Some(&node.home)),
        log: of("log"),
        index: of("index.redb"),
        counters: Counters::of(&node.api, &node.home),
    }
}

fn used(node: &Node, before: Reading, after: Reading) -> NodeFigures {
    let counters = after.counters.since(before.counters);
    NodeFigures {
        name: node.name.clone(),
        cpu_seconds: figures::seconds(after.cost.cpu.saturating_sub(before.cost.cpu)),
        rss_bytes: after.cost.rss,
        rss_peak_bytes: after.cost.rss_peak,
        disk_bytes: after.cost.disk,
        disk_bytes_added: after.cost.disk.saturating_sub(before.cost.disk),
        log_bytes_added: after.log.saturating_sub(before.log),
        index_bytes_added: after.index.saturating_sub(before.index),
        blocks: counters.blocks,
        log_syncs: counters.syncs,
        sent_bytes: counters.sent,
    }
}

/// Where the nodes' APIs are.
pub(super) fn addresses(devnet: &Devnet) -> Result<Vec<SocketAddr>, DevnetError> {
    let address = |api: String| {
        let address = api.strip_prefix("http://").and_then(|address| address.parse().ok());
        address.ok_or_else(|| DevnetError::Call { url: api, reason: "no address".to_owned() })
    };
    devnet.apis().into_iter().map(address).collect()
}

fn report(
    scenario: &Scenario,
    driven: &Driven,
    nodes: Vec<NodeFigures>,
    (generator, signed): (Duration, u64),
) -> ScenarioReport {
    let mut latencies: Vec<_> = driven.samples.iter().map(|sample| sample.latency).collect();
    if !scenario.load.gives_up {
        latencies.extend(&driven.unsent);
    }
    latencies.sort_unstable();
    let total: u64 = driven.samples.iter().map(|sample| u64::from(sample.settled)).sum();
    // The last answers come when nothing new is sent any more: they would count as idle time.
    let in_time = driven.samples.iter().filter(|sample| sample.at <= scenario.load.limit);
    let counted: u64 = in_time.map(|sample| u64::from(sample.settled)).sum();
    let span = driven.elapsed.min(scenario.load.limit);
    let offered = match scenario.load.pace {
        Pace::Open(distance) => figures::per_second(1, distance),
        Pace::Closed => figures::per_second(total, span),
    };
    let percentile = |percent| figures::milliseconds(figures::percentile(&latencies, percent));
    // Of one node, in the mean, for each of so many.
    let mean = |take: fn(&NodeFigures) -> u64, of: u64| {
        let count = u64::try_from(nodes.len()).unwrap_or(1).max(1);
        figures::ratio(nodes.iter().map(take).sum(), count * of)
    };
    let blocks = nodes.iter().map(|node| node.blocks).max().unwrap_or(0);
    let disk = mean(|node| node.disk_bytes_added, total);
    ScenarioReport {
        name: scenario.name.clone(),
        seconds: figures::seconds(span),
        connections: scenario.load.connections,
        payments_per_transaction: scenario.payments,
        payments: total,
        offered_per_second: offered,
        final_per_second: figures::per_second(counted, span),
        bound_per_second: 0,
        ratio: 0.0,
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p99_ms: percentile(99),
        max_ms: percentile(100),
        busy: driven.busy,
        failed: driven.failed,
        unsent: driven.unsent.len(),
        failure: driven.failure.clone(),
        blocks,
        log_syncs_per_block: mean(|node| node.log_syncs, blocks),
        signed_bytes_per_payment: signed,
        disk_bytes_per_payment: disk,
        log_bytes_per_payment: mean(|node| node.log_bytes_added, total),
        index_bytes_per_payment: mean(|node| node.index_bytes_added, total),
        disk_per_signed_byte: mean(|node| node.disk_bytes_added, total * signed),
        sent_bytes_per_payment: mean(|node| node.sent_bytes, total),
        cpu_us_per_payment: figures::micros_each(&nodes, total),
        generator_cpu_seconds: figures::seconds(generator),
        nodes,
        before_per_second: None,
        of_before: None,
        one_way_ms: None,
        overload: None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Driven, NodeFigures, Scenario, report};
    use crate::load::drive::Sample;

    fn sample(at: u64, latency: u64) -> Sample {
        let [at, latency] = [at, latency].map(Duration::from_millis);
        Sample { at, latency, settled: 1 }
    }

    #[test]
    fn what_was_never_sent_counts_as_slow_and_late_answers_count_for_no_rate() {
        let samples = vec![sample(100, 10), sample(900, 20), sample(1_100, 300)];
        let unsent = vec![Duration::from_millis(400)];
        let driven =
            Driven { samples, unsent, elapsed: Duration::from_millis(1_100), ..Driven::default() };
        let node = NodeFigures {
            cpu_seconds: 0.003,
            log_syncs: 6,
            blocks: 2,
            disk_bytes_added: 600,
            ..NodeFigures::default()
        };
        let scenario = Scenario::open("rate", 4, 8, 1);
        let one = report(&scenario, &driven, vec![node.clone(), node], (Duration::ZERO, 100));
        assert_eq!((one.final_per_second, one.offered_per_second, one.unsent), (2, 4, 1));
        assert_eq!((one.p50_ms.to_string(), one.max_ms.to_string()), ("20".into(), "400".into()));
        let each = [one.log_syncs_per_block, one.disk_bytes_per_payment, one.cpu_us_per_payment];
        assert_eq!(each.map(|figure| figure.to_string()), ["3", "200", "1000"]);
        assert_eq!(one.disk_per_signed_byte.to_string(), "2");
    }
}
