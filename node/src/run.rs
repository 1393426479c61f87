//! A running node: the driver of a home and its HTTP API, until it is told to stop.
//!
//! Invariants: nothing listens before the log is replayed; on SIGTERM and Ctrl-C the node first
//! says that it is not ready, then takes no new request, answers the open ones, and everything is
//! durable before the process ends. A failed write ends the node with an error. Absent: what
//! requests do (`http`), what is agreed (`core`).

use std::sync::Arc;
use std::time::Duration;

use consensus::Timing;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use crate::core::admission::AdmissionLimits;
use crate::core::{CoreConfig, SnapshotSettings};
use crate::driver::{Driver, DriverConfig, DriverError, Storage};
use crate::home::{Home, HomeError};
use crate::http::Phase;
use crate::net::{self, NetworkConfig};
use crate::notify;

/// How often a running node looks whether one of its threads has failed.
const WATCH: Duration = Duration::from_millis(200);

/// How often a node that is not admitted says so.
const REMINDER: Duration = Duration::from_secs(30);

/// The memory of the index's cache, in bytes.
const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// Why a node ended, or could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The driver.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The genesis document is one of a simulation.
    #[error("the genesis document names a suite whose signatures anyone can forge. Seal a new one")]
    Suite,
    /// The API's address is not free.
    #[error("the API cannot listen on {address}: {source}. Free the port or set api.listen")]
    Listen {
        /// The configured address.
        address: std::net::SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The operating system refused something that every process needs.
    #[error("the operating system refused {what}: {source}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// Runs the node of `home` until SIGTERM or Ctrl-C.
///
/// # Errors
/// [`RunError`] says what to mend.
pub fn run(home: Home) -> Result<(), RunError> {
    start_logging(&home);
    raise_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| RunError::System { what: "a runtime", source })?;
    runtime.block_on(serve(home))
}

/// Lets this process open as many files and connections as it may: the lower, first limit is for
/// programs that count them in a fixed set.
fn raise_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
}

async fn serve(home: Home) -> Result<(), RunError> {
    // Held to the end: the home is given back when nothing more is written to it.
    let home = Arc::new(home);
    let driver = Arc::new(Driver::start(driver_config(&home)?).await?);
    let address = home.config.api.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let (phase, watched) = watch::channel(Phase::Serving);
    tracing::info!(%address, height = driver.view.latest().tip.height().0, "the API listens");
    let api = tokio::spawn(crate::http::serve(home.clone(), driver.clone(), listener, watched));
    notify::ready();
    let ended = wait_for_end(&driver).await;
    notify::stopping();
    if matches!(ended, Ok(None)) {
        phase.send_replace(Phase::Draining);
        drain(Duration::from_secs(home.config.api.drain_seconds)).await?;
    }
    phase.send_replace(Phase::Stopping);
    // The API ends with its last open request; one that panicked has said so.
    let _ = api.await;
    let last = match Arc::into_inner(driver) {
        Some(driver) => driver.stop().await,
        None => None,
    };
    match ended?.or(last) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// Waits so that whoever spreads requests sees that this node is not ready. A second signal ends
/// the waiting.
async fn drain(pause: Duration) -> Result<(), RunError> {
    if pause.is_zero() {
        return Ok(());
    }
    tracing::info!(seconds = pause.as_secs(), "draining: not ready any more, still answering");
    let system = |source| RunError::System { what: "a signal handler", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = tokio::time::sleep(pause) => {}
    }
    Ok(())
}

/// Waits for a signal to stop, or for a failure.
async fn wait_for_end(driver: &Driver) -> Result<Option<DriverError>, RunError> {
    let system = |source| RunError::System { what: "a signal handler", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let mut watch = tokio::time::interval(WATCH);
    let mut reminder = tokio::time::interval(REMINDER);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            _ = reminder.tick() => remind_of_admission(driver),
            _ = watch.tick() => {
                if let Some(failure) = driver.failure() {
                    return Ok(Some(failure));
                }
            }
        }
    }
}

/// Says why nobody connects, as long as this node's network key is on no list.
fn remind_of_admission(driver: &Driver) {
    let latest = driver.view.latest();
    let own = driver.network.key();
    let mut nodes = latest.tip.state().directory().nodes().values();
    if nodes.all(|record| record.node_key.0 != own.0) {
        tracing::warn!(
            network_key = %own,
            height = latest.tip.height().0,
            "this node's network key is not on the ledger as far as this node has it: peers refuse \
             it until the institutions admit it (docs/operating/governance.md); it goes on trying"
        );
    }
}

/// What the driver of `home` is made of.
///
/// # Errors
/// [`RunError`] if the genesis document is not one for a real node.
pub fn driver_config(home: &Home) -> Result<DriverConfig, RunError> {
    let genesis = &home.genesis;
    if !genesis.suite.is_production() {
        return Err(RunError::Suite);
    }
    let parameters = &genesis.parameters;
    let timing = Timing {
        heartbeat_ms: u64::from(parameters.heartbeat_ms),
        clock_bound_ms: u64::from(parameters.clock_bound_ms),
        ..Timing::default()
    };
    let recollection = home.recollect()?;
    // A restored home may have a twin: it says nothing until its operator has armed it.
    let armed = recollection.is_armed();
    let voting_keys = if armed { home.voting_keys.clone() } else { Vec::new() };
    let core = CoreConfig {
        domains: genesis.domains(),
        institution: home.config.bic(),
        voting_keys,
        timing,
        limits: AdmissionLimits::default(),
        snapshots: SnapshotSettings {
            every: home.config.storage.snapshot_every,
            beyond: home.config.storage.snapshot_beyond,
        },
    };
    let storage = Storage {
        log: home.log_folder(),
        index: home.index_file(),
        snapshot: home.snapshot_folder(),
        retain_blocks: home.config.storage.retain_blocks,
        segment_bytes: home.config.storage.segment_bytes,
        cache_bytes: CACHE_BYTES,
    };
    let network = NetworkConfig {
        identity: home.node_key.seed(),
        chain: home.genesis.chain_id().0.0,
        listen: home.config.network.listen.clone(),
        peers: Vec::new(),
        timing: net::Timing::default(),
    };
    let overrides = home.config.network.peers.iter();
    let addresses = overrides.map(|(bic, addresses)| (bic.0, addresses.clone())).collect();
    Ok(DriverConfig { core, genesis: genesis.clone(), network, addresses, storage, recollection })
}

fn start_logging(home: &Home) {
    let config = &home.config.log;
    let filter = EnvFilter::try_new(&config.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process is refused; then the first goes on.
    let _ = match config.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
