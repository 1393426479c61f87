//! What more accounts cost: a new network for each number of them, opened, paid with, started
//! again.
//!
//! Accounts are opened with as many operations in a transaction as the ledger allows, which is the
//! only way in; how long that takes is part of the table.
//!
//! Invariant: every row is measured in the same way in the same run; costs are compared with those
//! of the first row.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    accounts::Accounts, bench::Bench, bound::Bound, cost::Cost, figures, raise_limit_of_files,
    report::ScenarioReport, scenario::Scenario,
};
use crate::{
    devnet::{Client, Devnet, DevnetError, until},
    xtask::{Failure, build::Products},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The node that is started again.
const PLACE: usize = 3;

/// What is measured.
#[derive(Clone, Debug)]
pub struct GrowthSettings {
    /// How many accounts, one network after the other.
    pub accounts: Vec<usize>,
    /// For how many seconds payments are made.
    pub seconds: u64,
    /// How many requests are under way at once.
    pub concurrency: usize,
}

/// A network with so many accounts.
#[derive(Clone, Debug, Serialize)]
pub struct GrowthRow {
    /// How many accounts there are.
    pub accounts: usize,
    /// How long it took to open and fund them.
    pub opening_seconds: f64,
    /// Payments final in a second at saturation.
    pub final_per_second: u64,
    /// The bound of the same run.
    pub bound_per_second: u64,
    /// The one as a part of the other.
    pub ratio: f64,
    /// Latency of the 99th of 100 at saturation.
    pub p99_ms: f64,
    /// Processor time of one node for each payment, in microseconds.
    pub cpu_us_per_payment: f64,
    /// That as a multiple of the first row's.
    pub cpu_to_first: f64,
    /// Resident memory of one node once the accounts are open, before payments.
    pub rss_bytes: u64,
    /// By how much it grew for each account.
    pub rss_bytes_per_account: f64,
    /// What one node's files take on the disk then.
    pub disk_bytes: u64,
    /// From the start of a node's process with this home to the chain's end, after SIGKILL.
    pub start_seconds: f64,
    /// Resident memory after that start.
    pub rss_after_start_bytes: u64,
}

/// The whole bench.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    /// The format's name.
    pub format: &'static str,
    /// How long payments were made for each row.
    pub seconds: u64,
    /// The rows.
    pub rows: Vec<GrowthRow>,
}

impl Growth {
    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:>10} {:>10} {:>9} {:>6} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9} {:>8}",
            "accounts",
            "opened in",
            "final/s",
            "of B",
            "p99 ms",
            "cpu us",
            "to first",
            "MiB",
            "B/account",
            "disk MiB",
            "start s"
        )];
        lines.extend(self.rows.iter().map(|row| {
            format!(
                "{:>10} {:>8.1} s {:>9} {:>6.3} {:>9.2} {:>9.1} {:>9.2} {:>8} {:>9.0} \
                 {:>9} {:>8.2}",
                row.accounts,
                row.opening_seconds,
                row.final_per_second,
                row.ratio,
                row.p99_ms,
                row.cpu_us_per_payment,
                row.cpu_to_first,
                row.rss_bytes >> 20,
                row.rss_bytes_per_account,
                row.disk_bytes >> 20,
                row.start_seconds,
            )
        }));
        lines
    }
}

/// Runs the bench, each network in a folder of its own in `work`.
///
/// # Errors
/// What failed, and which log to read.
pub fn growth(
    products: &Products,
    work: &Path,
    settings: &GrowthSettings,
    say: &dyn Fn(String),
) -> Result<Growth, Failure> {
    raise_limit_of_files();
    let mut rows: Vec<GrowthRow> = Vec::new();
    for accounts in &settings.accounts {
        let folder = work.join(accounts.to_string());
        let failed = |error: std::io::Error| DevnetError::file(&folder, &error);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut row = row(products, &folder, (*accounts, settings), say)?;
        let first = rows.first().map_or(row.cpu_us_per_payment, |first| first.cpu_us_per_payment);
        row.cpu_to_first = figures::multiple(row.cpu_us_per_payment, first);
        rows.push(row);
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    Ok(Growth { format: "feiqian.bench-growth/v1", seconds: settings.seconds, rows })
}

fn row(
    products: &Products,
    work: &Path,
    (accounts, settings): (usize, &GrowthSettings),
    say: &dyn Fn(String),
) -> Result<GrowthRow, Failure> {
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    let bound = Bound::measure(work, devnet.nodes.len())?;
    let (purse, client) = (devnet.purse()?, Client::new(PATIENCE));
    let empty = cost(&mut devnet)?;
    say(format!("opening {accounts} accounts"));
    let start = Instant::now();
    let opened = Accounts::open(&devnet, &purse, &client, accounts)?;
    let opening = start.elapsed();
    devnet.wait_in_step(&client, PATIENCE)?;
    let before = cost(&mut devnet)?;
    say(format!("paying for {} seconds", settings.seconds));
    let paid = {
        let bench = Bench { devnet: &devnet, purse: &purse, accounts: &opened, asked: usize::MAX };
        let GrowthSettings { concurrency, seconds, .. } = *settings;
        bench.run(&Scenario::saturation("saturation", concurrency, bound.per_second, seconds))?
    };
    let height = devnet.wait_in_step(&client, PATIENCE)?;
    say("starting a node again".to_owned());
    let started = start_again(&mut devnet, &client, height)?;
    let after = cost(&mut devnet)?;
    devnet.stop()?;
    Ok(figures_of(accounts, &paid, &bound, (opening, started), [empty, before, after]))
}

fn figures_of(
    accounts: usize,
    paid: &ScenarioReport,
    bound: &Bound,
    (opening, started): (Duration, Duration),
    [empty, before, after]: [Cost; 3],
) -> GrowthRow {
    GrowthRow {
        accounts,
        opening_seconds: figures::seconds(opening),
        final_per_second: paid.final_per_second,
        bound_per_second: bound.per_second,
        ratio: figures::ratio(paid.final_per_second, bound.per_second),
        p99_ms: paid.p99_ms,
        cpu_us_per_payment: paid.cpu_us_per_payment,
        cpu_to_first: 1.0,
        rss_bytes: before.rss,
        rss_bytes_per_account: figures::ratio(
            before.rss.saturating_sub(empty.rss),
            u64::try_from(accounts).unwrap_or(0),
        ),
        disk_bytes: before.disk,
        start_seconds: figures::seconds(started),
        rss_after_start_bytes: after.rss,
    }
}

/// Kills the node and starts it again; gives how long it takes to the chain's end.
fn start_again(devnet: &mut Devnet, client: &Client, height: u64) -> Result<Duration, DevnetError> {
    devnet.node(PLACE)?.kill()?;
    let start = Instant::now();
    devnet.restart(PLACE)?;
    let node = devnet.node(PLACE)?;
    until("a node at the chain's end", &node.log(), PATIENCE, || {
        let status = client.status(&node.api).ok()?;
        (status.synced && status.height >= height).then_some(())
    })?;
    Ok(start.elapsed())
}

/// What the node takes.
fn cost(devnet: &mut Devnet) -> Result<Cost, DevnetError> {
    let node = devnet.node(PLACE)?;
    Ok(Cost::of(node.pid().unwrap_or(0), Some(&node.home)))
}
