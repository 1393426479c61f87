//! The load generator: real payments against four real processes, and what they cost.
//!
//! Every payment is a transaction of its own with a real signature of its own account, made before
//! the clock starts; figures are compared with a bound that is measured in the same run.
//! Invariants: latency counts from the moment at which a request was meant to go out; only settled
//! receipts count. Absent: opinions on what is fast enough.

mod accounts;
mod bench;
mod bound;
mod cluster;
mod connection;
pub(crate) mod cost;
mod counters;
mod drive;
mod failover;
mod figures;
mod floor;
mod growth;
pub(crate) mod micro;
mod plot;
mod postgres;
mod recovery;
mod report;
mod scenario;

use std::time::Duration;

pub use accounts::Accounts;
pub use cluster::cluster;
pub use failover::{Failover, FailoverSettings, Phase, failover};
pub use floor::Floor;
pub use growth::{Growth, GrowthRow, GrowthSettings, growth};
pub use micro::{Micro, micro};
pub use plot::plot;
pub use postgres::{Postgres, PostgresSettings, postgres};
pub use recovery::{Recovery, recovery};
pub use report::{NodeFigures, Overload, Report, ScenarioReport};
pub use scenario::Name;

/// How long opening all accounts may take.
const OPENING: Duration = Duration::from_secs(300);

/// What is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many validators there are.
    pub validators: usize,
    /// How many accounts pay each other.
    pub accounts: usize,
    /// How many seconds each scenario lasts.
    pub seconds: u64,
    /// How many requests are under way at once at saturation.
    pub concurrency: usize,
    /// Payments per second of one more scenario with an open loop.
    pub rate: Option<u64>,
}

/// Lets this process hold as many sockets as the system allows.
fn raise_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, a connection that cannot be opened says so.
    let _raised =
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
