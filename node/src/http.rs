//! The HTTP API of a node: one resource a file, JSON in the words of the package `api`.
//!
//! Invariants: every refusal, whoever makes it, is a problem document (RFC 9457); what is answered
//! as final is final; requests at work, open connections, bodies and waiting times are bounded, and
//! one request too many is answered 503 at once; every answer names its request; a call is made by
//! whom it is for, and what has to be recorded is. Absent: TLS, which stands in front.

mod access;
mod accounts;
pub(crate) mod alerts;
mod approvals;
mod audit;
mod blocks;
mod body;
mod connections;
mod cors;
mod deadlines;
mod depth;
mod directory;
mod docs;
mod events;
mod gate;
mod health;
mod history;
mod intake;
mod iso20022;
mod limits;
mod metrics;
mod openapi;
mod params;
mod payment_limits;
mod payments;
mod private;
mod proof;
mod proposals;
mod proxies;
mod queue;
mod quotes;
mod rates;
mod recalls;
mod recording;
mod refusal;
mod request_id;
mod routes;
mod seats;
mod simulate;
mod state_proofs;
mod status;
mod traffic;
mod transactions;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::problem::Problem;
use api::text::Naming;
use ledger::ids::{Network, Timestamp};
use ledger::state::State;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::access::Book;
use crate::config::ApiConfig;
use crate::driver::Driver;
use crate::home::{Home, now};
use crate::iso::Desk;
use crate::private::{self as data, Private};
use crate::readers::{self, Readers};
use crate::trail::{Entry, Kind, Settings, Trail};
use alerts::Alerts;
use connections::{Connections, Patience, Peer};
use intake::Intake;
use rates::Rates;
use refusal::Refused;
use traffic::Traffic;

/// How many calls a second of one client address may be refused for want of a right token, in the
/// long run and at once; of more, none is recorded.
const REFUSALS: (u32, u32) = (1, 60);

/// How long after the longest wait of a request the API goes on closing.
const CLOSING: Duration = Duration::from_secs(5);

/// How far a node is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It takes requests.
    Serving,
    /// It still takes requests, and says that it is not ready, so that clients go elsewhere.
    Draining,
    /// It takes no request any more, and answers those that are open.
    Stopping,
}

/// What every request sees.
struct AppState {
    home: Arc<Home>,
    driver: Arc<Driver>,
    readers: Readers,
    desk: Desk,
    private: Arc<Private>,
    slots: Semaphore,
    /// Turns for streams of events, which last.
    streams: Arc<Semaphore>,
    traffic: Traffic,
    phase: watch::Receiver<Phase>,
    started: Timestamp,
    alerts: Alerts,
    intake: Intake,
    rates: Rates,
    refusals: Rates,
    /// The operators as they were last seen.
    known: Mutex<Arc<Book>>,
    trail: Trail,
    /// Closed when the last request lets go of all of the above: it is dropped after them.
    _open: mpsc::Sender<()>,
}

impl AppState {
    fn new(
        home: Arc<Home>,
        driver: Arc<Driver>,
        phase: watch::Receiver<Phase>,
        alerts: Alerts,
        open: mpsc::Sender<()>,
    ) -> Self {
        let config = &home.config.api;
        let private = Arc::new(Private::new(&home));
        // If they cannot be read, nobody is known, and it is tried again at each call.
        let known = home.access.book().unwrap_or_default();
        let opened = Entry::new(Kind::Opened, now());
        let opened = opened.detail(format!(
            "{}, version {}; {}",
            home.owner(),
            env!("CARGO_PKG_VERSION"),
            known.summary(now())
        ));
        let settings = Settings {
            folder: home.trail_folder(),
            file_bytes: config.audit_file_bytes,
            key: home.node_key.clone(),
            owner: home.owner(),
        };
        Self {
            trail: Trail::start(settings, opened),
            known: Mutex::new(known),
            refusals: Rates::new(REFUSALS.0, REFUSALS.1),
            desk: Desk::new(&home, private.clone()),
            private,
            slots: Semaphore::new(config.requests),
            streams: Arc::new(Semaphore::new(config.streams)),
            rates: Rates::new(config.rate_per_second, config.rate_burst),
            home,
            driver,
            readers: Readers::default(),
            traffic: Traffic::default(),
            phase,
            started: now(),
            alerts,
            intake: Intake::default(),
            _open: open,
        }
    }

    fn network(&self) -> Network {
        self.home.genesis.network
    }

    fn api(&self) -> &ApiConfig {
        &self.home.config.api
    }

    /// Until when a request that begins now may wait.
    fn deadline(&self) -> Instant {
        Instant::now() + self.patience()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.home.config.api.wait_seconds)
    }

    /// What it takes to write addresses and amounts of `state`.
    fn naming(&self, state: &State) -> Naming {
        readers::naming(self.network(), state)
    }

    /// Waits until the index holds everything that is final now.
    async fn caught_up(&self) -> Result<(), Refused> {
        let reached = readers::caught_up(&self.driver, self.deadline()).await;
        let late = || Problem::not_ready("The node's index is behind its final blocks.");
        reached.map(|_| ()).ok_or_else(|| late().into())
    }
}

/// Serves the API until `phase` is stopping; open requests are answered first. When it ends,
/// nothing of it holds `home` or `driver` any more, but for requests that outlasted every limit.
pub async fn serve(
    home: impl Into<Arc<Home>>,
    driver: Arc<Driver>,
    listener: TcpListener,
    phase: watch::Receiver<Phase>,
) {
    let (open, mut closed) = mpsc::channel(1);
    let home = home.into();
    let alerts = Alerts::default();
    let mut helpers = crate::webhooks::start(&home, &driver, &phase, &alerts);
    let state = Arc::new(AppState::new(home, driver, phase.clone(), alerts, open));
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let most = connections::most(state.api().requests.saturating_mul(2), files);
    let head = Duration::from_secs(state.api().header_seconds);
    let patience = Patience { head, request: state.patience() };
    let listener = Connections::new(listener, most, patience);
    let longest = state.patience().saturating_add(CLOSING);
    let service = routes::router(&state).into_make_service_with_connect_info::<Peer>();
    helpers.spawn(data::start(state.private.clone(), state.driver.clone(), phase.clone()));
    helpers.spawn(alerts::watch(state));
    let (mut closing, mut overdue) = (phase.clone(), phase);
    let served = axum::serve(listener, service).with_graceful_shutdown(async move {
        // A sender that is gone has stopped, too.
        let _ = closing.wait_for(|phase| *phase == Phase::Stopping).await;
    });
    let overdue = async {
        let _ = overdue.wait_for(|phase| *phase == Phase::Stopping).await;
        tokio::time::sleep(longest).await;
    };
    tokio::select! {
        ended = async { served.await } => {
            if let Err(error) = ended {
                tracing::error!(%error, "the API ended");
            }
        }
        () = overdue => tracing::warn!("the API stops with requests open"),
    }
    // Each has been told to stop, and waits for nobody.
    while helpers.join_next().await.is_some() {}
    // Nothing is ever sent: it ends when the last sender is dropped, or with the patience.
    let _ = tokio::time::timeout(CLOSING, closed.recv()).await;
}
