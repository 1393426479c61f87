//! The HTTP API of a node: one resource a file, JSON in the words of the package `api`.
//!
//! Invariants: every refusal, whoever makes it, is a problem document (RFC 9457); what is answered
//! as final is final; requests at work, open connections, bodies and waiting times are bounded, and
//! one request too many is answered 503 at once. Absent: TLS, which stands in front; cross-origin
//! requests, which no browser is told to allow.

mod accounts;
mod blocks;
mod body;
mod connections;
mod directory;
mod events;
mod gate;
mod health;
mod history;
mod iso20022;
mod metrics;
mod params;
mod payments;
mod proof;
mod proposals;
mod quotes;
mod refusal;
mod simulate;
mod state_proofs;
mod status;
mod traffic;
mod transactions;

use std::sync::Arc;
use std::time::Duration;

use api::problem::Problem;
use api::text::Naming;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use ledger::ids::{Network, Timestamp};
use ledger::state::State;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::driver::Driver;
use crate::home::{Home, now};
use crate::iso::Desk;
use crate::readers::{self, Readers};
use connections::Connections;
use gate::Gate;
use refusal::Refused;
use traffic::{Class, Traffic};

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
    slots: Semaphore,
    /// Turns for streams of events, which last.
    streams: Arc<Semaphore>,
    traffic: Traffic,
    phase: watch::Receiver<Phase>,
    started: Timestamp,
    /// Closed when the last request lets go of all of the above: it is dropped after them.
    _open: mpsc::Sender<()>,
}

impl AppState {
    fn new(
        home: Arc<Home>,
        driver: Arc<Driver>,
        phase: watch::Receiver<Phase>,
        open: mpsc::Sender<()>,
    ) -> Self {
        Self {
            desk: Desk::new(&home),
            slots: Semaphore::new(home.config.api.requests),
            streams: Arc::new(Semaphore::new(events::STREAMS)),
            home,
            driver,
            readers: Readers::default(),
            traffic: Traffic::default(),
            phase,
            started: now(),
            _open: open,
        }
    }

    fn network(&self) -> Network {
        self.home.genesis.network
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
        let assets = state.directory().assets();
        let decimals = assets.iter().map(|(code, asset)| (*code, asset.decimals));
        Naming { network: self.network(), decimals: decimals.collect() }
    }

    /// Waits until the index holds everything that is final now.
    async fn caught_up(&self) -> Result<(), Refused> {
        let reached = readers::caught_up(&self.driver, self.patience()).await;
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
    let state = Arc::new(AppState::new(home.into(), driver, phase.clone(), open));
    let most = state.home.config.api.requests.saturating_mul(2);
    let listener = Connections::new(listener, most, state.patience());
    let longest = state.patience().saturating_add(CLOSING);
    let (mut closing, mut overdue) = (phase.clone(), phase);
    let served = axum::serve(listener, router(state)).with_graceful_shutdown(async move {
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
    // Nothing is ever sent: it ends when the last sender is dropped, or with the patience.
    let _ = tokio::time::timeout(CLOSING, closed.recv()).await;
}

/// The API's routes.
fn router(state: Arc<AppState>) -> Router {
    let class = |class: Class, routes: Router<Arc<AppState>>| {
        let gate = Gate { state: state.clone(), class };
        routes.route_layer(from_fn_with_state(gate, gate::pass))
    };
    let payments = Router::new()
        .route("/v1/payments/{uetr}", get(payments::show))
        .route("/v1/payments/{uetr}/proof", get(payments::prove))
        .route("/v1/payments/{uetr}/absence", get(payments::prove_absence));
    let accounts = Router::new()
        .route("/v1/accounts/{account}", get(accounts::show))
        .route("/v1/accounts/{account}/history", get(history::list))
        .route("/v1/accounts/{account}/proof", get(state_proofs::account))
        .route("/v1/accounts/{account}/holdings/{asset}/proof", get(state_proofs::holding));
    let chain = Router::new()
        .route("/v1/blocks", get(blocks::list))
        .route("/v1/blocks/{height}", get(blocks::show))
        .route("/v1/validators", get(directory::validators))
        .route("/v1/institutions", get(directory::institutions))
        .route("/v1/assets", get(directory::assets))
        .route("/v1/proposals", get(proposals::list))
        .route("/v1/proposals/{number}", get(proposals::show))
        .route("/v1/proposals/rehearse", post(proposals::rehearse))
        .route("/v1/status", get(status::show));
    let one = |path, route| Router::new().route(path, route);
    Router::new()
        .merge(class(Class::Transactions, one("/v1/transactions", post(transactions::submit))))
        .merge(class(Class::Simulate, one("/v1/transactions/simulate", post(simulate::simulate))))
        .merge(class(Class::Payments, payments))
        .merge(class(Class::Accounts, accounts))
        .merge(class(Class::Chain, chain))
        .merge(class(Class::Quotes, one("/v1/quotes", post(quotes::offer))))
        .merge(class(Class::Events, one("/v1/events", get(events::follow))))
        .merge(class(Class::Iso20022, one("/v1/iso20022", post(iso20022::submit))))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::scrape))
        .fallback(refusal::no_such_path)
        .method_not_allowed_fallback(refusal::no_such_method)
        .with_state(state)
}
