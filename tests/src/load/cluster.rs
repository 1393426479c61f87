//! The cluster bench: real nodes, one scenario after the other, undisturbed and disturbed.
//!
//! Invariants: only this devnet's processes are signalled; what a scenario has disturbed is whole
//! again before the next one, links in the distance excepted, which stay and run last.

mod disturbed;
mod overload;

use std::{path::Path, time::Instant};

use super::{
    OPENING, Settings,
    accounts::Accounts,
    bench::Bench,
    bound::Bound,
    figures,
    floor::Floor,
    raise_limit_of_files,
    report::{Frame, Report, ScenarioReport},
    scenario::{self, Name, Scenario},
};
use crate::{
    chaos::proxy::Proxies,
    devnet::{Client, Devnet, Purse},
    xtask::{Failure, build::Products},
};

/// Runs the scenarios against a devnet in `work`.
///
/// # Errors
/// What failed, and which log to read.
pub fn cluster(
    products: &Products,
    work: &Path,
    (settings, names): (Settings, &[Name]),
    say: &dyn Fn(String),
) -> Result<Report, Failure> {
    raise_limit_of_files();
    say("measuring the bound: signatures that one core verifies in a second".to_owned());
    let validators = settings.validators.to_string();
    let devnet = Devnet::start(products, work, ["--validators", &validators])?;
    let bound = Bound::measure(work, devnet.nodes.len())?;
    let floor = Floor::measure(devnet.nodes.len(), bound.sync).map_err(|error| {
        let path = "a socket on loopback".into();
        Failure::File { path, reason: error.to_string() }
    })?;
    let purse = devnet.purse()?;
    let client = Client::new(OPENING);
    say(format!("opening {} accounts", settings.accounts));
    let start = Instant::now();
    let accounts = Accounts::open(&devnet, &purse, &client, settings.accounts)?;
    let opening_seconds = figures::seconds(start.elapsed());
    let frame = Frame { settings, bound, floor, opening_seconds };
    let measured = Vec::new();
    let mut cluster = Cluster { devnet, purse, client, accounts, frame, measured, distance: None };
    if let Some(rate) = settings.rate {
        say(format!("measuring: rate-{rate}"));
        cluster.open(&format!("rate-{rate}"), rate)?;
    }
    for name in scenario::plan(names) {
        say(format!("measuring: {}", name.text()));
        cluster.measure(name)?;
    }
    cluster.devnet.stop()?;
    Ok(Report::new(&cluster.frame, cluster.measured))
}

/// The nodes, and what was measured of them so far.
struct Cluster {
    devnet: Devnet,
    purse: Purse,
    client: Client,
    accounts: Accounts,
    frame: Frame,
    measured: Vec<ScenarioReport>,
    /// What stands between the nodes once they are far from each other.
    distance: Option<Proxies>,
}

impl Cluster {
    fn measure(&mut self, name: Name) -> Result<(), Failure> {
        let (seconds, text) = (self.frame.settings.seconds, name.text());
        match name {
            Name::Rate1 => self.open(&text, 1),
            Name::Light => self.take(&Scenario::light(&text, seconds)),
            Name::Rate1000 => self.open(&text, 1_000),
            Name::Rate5000 => self.open(&text, 5_000),
            Name::Rate10000 => self.open(&text, 10_000),
            Name::Saturation => self.take(&self.saturation(&text)),
            Name::Half => self.open(&text, self.found("saturation").final_per_second / 2),
            Name::Batches100 => self.take(&Scenario::batches(&text, 100, seconds)),
            Name::Batches1000 => self.take(&Scenario::batches(&text, 1_000, seconds)),
            Name::Batches8000 => self.take(&Scenario::batches(&text, 8_000, seconds)),
            Name::Overload => self.overload(),
            Name::OneSlow => self.one_slow(),
            Name::OneDown => self.one_down(),
            Name::Wan10 => self.far(10),
            Name::Wan50 => self.far(50),
            Name::Wan100 => self.far(100),
        }
    }

    /// An open loop of so many payments a second.
    fn open(&mut self, name: &str, rate: u64) -> Result<(), Failure> {
        let Settings { concurrency, seconds, .. } = self.frame.settings;
        self.take(&Scenario::open(name, rate.max(1), concurrency, seconds))
    }

    /// As many single payments as the network takes: the bound says what is enough.
    fn saturation(&self, name: &str) -> Scenario {
        let Settings { concurrency, seconds, .. } = self.frame.settings;
        Scenario::saturation(name, concurrency, self.frame.bound.per_second, seconds)
    }

    fn take(&mut self, scenario: &Scenario) -> Result<(), Failure> {
        let report = self.bench(usize::MAX).run(scenario)?;
        self.measured.push(report);
        Ok(())
    }

    /// A bench whose clients ask so many nodes.
    const fn bench(&self, asked: usize) -> Bench<'_> {
        Bench { devnet: &self.devnet, purse: &self.purse, accounts: &self.accounts, asked }
    }

    /// What was measured under this name, or nothing at all of it.
    fn found(&self, name: &str) -> Found {
        let one = self.measured.iter().find(|one| one.name == name);
        one.map_or(Found::default(), |one| Found {
            final_per_second: one.final_per_second,
            p99_ms: one.p99_ms,
        })
    }
}

/// What later scenarios need of an earlier one.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    final_per_second: u64,
    p99_ms: f64,
}
