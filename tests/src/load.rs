//! The load generator: real payments against four real processes, and what they cost.
//!
//! Every payment is a transaction of its own with a real signature of its own account, made before
//! the clock starts; figures are compared with a bound that is measured in the same run.
//! Invariants: latency counts from the moment at which a request was meant to go out; only settled
//! receipts count. Absent: opinions on what is fast enough.

mod accounts;
mod bound;
mod connection;
pub(crate) mod cost;
mod drive;
mod failover;
mod figures;
pub(crate) mod micro;
mod recovery;
mod report;
mod scenario;

use std::{path::Path, time::Duration};

pub use accounts::Accounts;
pub use failover::{Failover, FailoverSettings, Phase, failover};
pub use micro::{Micro, micro};
pub use recovery::{Recovery, recovery};
pub use report::{NodeFigures, Report, ScenarioReport};

use crate::{
    devnet::{Client, Devnet},
    xtask::{Failure, build::Products},
};
use bound::Bound;
use scenario::{Bench, Scenario};

/// How long opening all accounts may take.
const OPENING: Duration = Duration::from_secs(300);

/// What is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many accounts pay each other.
    pub accounts: usize,
    /// How many seconds each scenario lasts.
    pub seconds: u64,
    /// How many requests are under way at once at saturation.
    pub concurrency: usize,
    /// Payments per second of one more scenario with an open loop.
    pub rate: Option<u64>,
}

/// Runs every scenario against a devnet in `work`.
///
/// # Errors
/// What failed, and which log to read.
pub fn cluster(
    products: &Products,
    work: &Path,
    settings: Settings,
    say: &dyn Fn(String),
) -> Result<Report, Failure> {
    raise_limit_of_files();
    say("measuring the bound: signatures that one core verifies in a second".to_owned());
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    let bound = Bound::measure(work, devnet.nodes.len())?;
    let purse = devnet.purse()?;
    let client = Client::new(OPENING);
    say(format!("opening {} accounts", settings.accounts));
    let accounts = Accounts::open(&devnet, &purse, &client, settings.accounts)?;
    let bench = Bench { devnet: &devnet, purse: &purse, accounts: &accounts };
    let mut scenarios = Vec::new();
    for scenario in Scenario::all(settings) {
        say(format!("measuring: {}", scenario.name()));
        scenarios.push(bench.run(&scenario)?);
    }
    let report = Report::new(settings, &bound, scenarios);
    devnet.stop()?;
    Ok(report)
}

/// Lets this process hold as many sockets as the system allows.
fn raise_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, a connection that cannot be opened says so.
    let _raised =
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
