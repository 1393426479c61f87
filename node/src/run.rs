//! A running node: the driver of a home and its HTTP API, until it is told to stop.
//!
//! Invariants: nothing listens before the log is replayed; on SIGTERM and Ctrl-C no new request is
//! taken, open ones are answered, and everything is durable before the process ends. A failed write
//! ends the node with an error. Absent: what requests do (`http`), what is agreed (`core`).

use std::sync::Arc;
use std::time::Duration;

use consensus::Timing;
use ledger::ids::ValidatorIndex;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use crate::core::CoreConfig;
use crate::core::admission::AdmissionLimits;
use crate::driver::{Driver, DriverConfig, DriverError, Storage};
use crate::home::{Home, HomeError};
use crate::net::{self, NetworkConfig, PeerAddress, PeerKey};

/// How often a running node looks whether one of its threads has failed.
const WATCH: Duration = Duration::from_millis(200);

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
    /// The validators of the genesis document make no set.
    #[error(transparent)]
    Validators(#[from] ledger::validators::ValidatorSetError),
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| RunError::System { what: "a runtime", source })?;
    runtime.block_on(serve(home))
}

async fn serve(home: Home) -> Result<(), RunError> {
    // Held to the end: the home is given back when nothing more is written to it.
    let home = Arc::new(home);
    let driver = Arc::new(Driver::start(driver_config(&home)?).await?);
    let address = home.config.api.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let (stopping, stopped) = watch::channel(false);
    tracing::info!(%address, height = driver.view.latest().tip.height().0, "the API listens");
    let api = tokio::spawn(crate::http::serve(home.clone(), driver.clone(), listener, stopped));
    let ended = wait_for_end(&driver).await;
    stopping.send_replace(true);
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

/// Waits for a signal to stop, or for a failure.
async fn wait_for_end(driver: &Driver) -> Result<Option<DriverError>, RunError> {
    let system = |source| RunError::System { what: "a signal handler", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let mut watch = tokio::time::interval(WATCH);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(None),
            _ = interrupt.recv() => return Ok(None),
            _ = watch.tick() => {
                if let Some(failure) = driver.failure() {
                    return Ok(Some(failure));
                }
            }
        }
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
    let core = CoreConfig {
        domains: genesis.domains(),
        validators: genesis.validators()?,
        me: home.validator,
        key: home.voting_key.clone(),
        timing,
        limits: AdmissionLimits::default(),
    };
    let storage = Storage {
        log: home.log_folder(),
        index: home.index_file(),
        segment_bytes: home.config.storage.segment_bytes,
        cache_bytes: CACHE_BYTES,
    };
    let (peers, network) = network_config(home);
    Ok(DriverConfig { core, genesis: genesis.clone(), network, peers, storage })
}

/// The network's configuration, and every validator's network key by index.
fn network_config(home: &Home) -> (Vec<PeerKey>, NetworkConfig) {
    let mut peers: Vec<(ValidatorIndex, PeerKey)> =
        home.peers().iter().map(|peer| (peer.validator, PeerKey(peer.node_key.0))).collect();
    peers.push((home.validator, PeerKey(home.node_key.public().0)));
    peers.sort_by_key(|(index, _)| *index);
    let addresses = home
        .peers()
        .into_iter()
        .map(|peer| PeerAddress { key: PeerKey(peer.node_key.0), addresses: peer.addresses });
    let network = NetworkConfig {
        identity: home.node_key.seed(),
        chain: home.genesis.chain_id().0.0,
        listen: home.config.network.listen.clone(),
        peers: addresses.collect(),
        timing: net::Timing::default(),
    };
    (peers.into_iter().map(|(_, key)| key).collect(), network)
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
