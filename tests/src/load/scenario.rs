//! The scenarios of the cluster bench, and one run of each.

use std::{net::SocketAddr, time::Duration};

use super::{
    NodeFigures, ScenarioReport, Settings,
    accounts::Accounts,
    cost::Cost,
    drive::{Driven, Pace, drive},
    figures,
};
use crate::{
    devnet::{Devnet, DevnetError, Purse},
    xtask::Failure,
};

/// Payments a second at light load.
const LIGHT: u64 = 10;

/// Payments in one transaction of the scenario with batches.
const BATCH: usize = 1000;

/// Transactions of so many payments under way at once.
const BATCHES_AT_ONCE: usize = 8;

/// More than any machine settles in a second; as many payments are signed beforehand.
const MOST_PER_SECOND: u64 = 15_000;

/// A scenario.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    name: &'static str,
    pace: Pace,
    connections: usize,
    /// Payments in each transaction.
    payments: usize,
    transactions: u64,
    limit: Duration,
}

impl Scenario {
    /// All of them, the one that wears the network out last but one.
    pub(super) fn all(settings: Settings) -> Vec<Self> {
        let limit = Duration::from_secs(settings.seconds);
        let open = |name, rate: u64, connections| Self {
            name,
            pace: Pace::Open(Duration::from_nanos(1_000_000_000 / rate.max(1))),
            connections,
            payments: 1,
            transactions: rate * settings.seconds,
            limit,
        };
        let closed = |name, connections, payments, most: u64| Self {
            name,
            pace: Pace::Closed,
            connections,
            payments,
            transactions: most * settings.seconds,
            limit,
        };
        let mut all = vec![open("light", LIGHT, 8)];
        all.extend(settings.rate.map(|rate| open("rate", rate, settings.concurrency)));
        all.push(closed("saturation", settings.concurrency, 1, MOST_PER_SECOND));
        all.push(closed("batches", BATCHES_AT_ONCE, BATCH, 100));
        all
    }

    /// Payments of their own transaction, as many as the network takes for so many seconds.
    pub(super) fn saturation(seconds: u64) -> Self {
        Self {
            name: "saturation",
            pace: Pace::Closed,
            connections: 1024,
            payments: 1,
            transactions: MOST_PER_SECOND * seconds,
            limit: Duration::from_secs(seconds),
        }
    }

    /// Its name, in one word.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }
}

/// What a scenario runs against.
pub(super) struct Bench<'a> {
    pub(super) devnet: &'a Devnet,
    pub(super) purse: &'a Purse,
    pub(super) accounts: &'a Accounts,
}

impl Bench<'_> {
    /// Signs the scenario's payments, then drives them.
    pub(super) fn run(&self, scenario: &Scenario) -> Result<ScenarioReport, Failure> {
        let count = usize::try_from(scenario.transactions).unwrap_or(usize::MAX);
        let transactions = self.accounts.sign(self.purse, count, scenario.payments)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            let path = "a runtime".into();
            Failure::File { path, reason: error.to_string() }
        })?;
        let nodes = addresses(self.devnet)?;
        let (before, own) = (self.costs(), Cost::own());
        let Scenario { connections, pace, limit, .. } = *scenario;
        let driven = runtime.block_on(drive(&nodes, connections, transactions, pace, limit));
        let generator = Cost::own().cpu.saturating_sub(own.cpu);
        if driven.samples.is_empty() {
            let reason = driven.failure.unwrap_or_default();
            let uetr = format!("of scenario {}", scenario.name);
            return Err(DevnetError::NotSettled { uetr, reason }.into());
        }
        Ok(report(scenario, &driven, &self.figures(&before), generator))
    }

    fn costs(&self) -> Vec<Cost> {
        let cost = |node: &crate::devnet::Node| Cost::of(node.pid().unwrap_or(0), Some(&node.home));
        self.devnet.nodes.iter().map(cost).collect()
    }

    /// What each node has used since `before`.
    fn figures(&self, before: &[Cost]) -> Vec<NodeFigures> {
        let nodes = self.devnet.nodes.iter().zip(before).zip(self.costs());
        nodes
            .map(|((node, before), after)| NodeFigures {
                name: node.name.clone(),
                cpu_seconds: figures::seconds(after.cpu.saturating_sub(before.cpu)),
                rss_bytes: after.rss,
                disk_bytes: after.disk,
                disk_bytes_added: after.disk.saturating_sub(before.disk),
            })
            .collect()
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
    nodes: &[NodeFigures],
    generator: Duration,
) -> ScenarioReport {
    let mut latencies: Vec<_> = driven.samples.iter().map(|sample| sample.latency).collect();
    latencies.sort_unstable();
    let total: u64 = driven.samples.iter().map(|sample| u64::from(sample.settled)).sum();
    // The last answers come when nothing new is sent any more: they would count as idle time.
    let in_time = driven.samples.iter().filter(|sample| sample.at <= scenario.limit);
    let counted: u64 = in_time.map(|sample| u64::from(sample.settled)).sum();
    let span = driven.elapsed.min(scenario.limit);
    let offered = match scenario.pace {
        Pace::Open(distance) => figures::per_second(1, distance),
        Pace::Closed => figures::per_second(total, span),
    };
    let percentile = |percent| figures::milliseconds(figures::percentile(&latencies, percent));
    let added: u64 = nodes.iter().map(|node| node.disk_bytes_added).sum();
    let count = u64::try_from(nodes.len()).unwrap_or(1).max(1);
    ScenarioReport {
        name: scenario.name.to_owned(),
        seconds: figures::seconds(span),
        connections: scenario.connections,
        payments_per_transaction: scenario.payments,
        payments: total,
        offered_per_second: offered,
        final_per_second: figures::per_second(counted, span),
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p99_ms: percentile(99),
        max_ms: percentile(100),
        busy: driven.busy,
        failed: driven.failed,
        failure: driven.failure.clone(),
        disk_bytes_per_payment: added / count / total.max(1),
        generator_cpu_seconds: figures::seconds(generator),
        nodes: nodes.to_vec(),
    }
}
