//! Webhooks: events of the chain sent to the endpoints of `node.toml`, as Standard Webhooks has it.
//!
//! An endpoint's first event is of the first block after it was added; from then on it gets each at
//! least once, under an id that never changes, over restarts of both sides. Alerts of this node are
//! sent, too. Invariants: a receipt that is sent is final; an endpoint that fails, is slow or is
//! gone holds back nobody but itself, and costs a bounded memory: receipts that it has not taken
//! wait on the chain, and only the last alerts wait. Absent: endpoints made over the API; an order
//! among messages.

mod courier;
mod message;
mod record;
mod sender;
mod signature;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::text;
use api::webhook::{DeliveryPage, DeliveryView, WebhookView};
use ledger::hash::ChainId;
use ledger::ids::{AccountId, Network, Timestamp};
use ledger::receipt::Receipt;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::config::{EndpointConfig, WebhooksConfig};
use crate::driver::Driver;
use crate::home::{Home, HomeError, now, read_text};
use crate::http::Phase;
use crate::http::alerts::Alerts;
use crate::store::StoreError;
use courier::Courier;
use message::{Interest, Place};
use record::{Patience, Record, Status, Subject};

pub use signature::Secrets;

/// The folder of the endpoints' states, in the home.
const FOLDER: &str = "webhooks";

/// The most bytes of a file of secrets.
const MAXIMUM_BYTES: usize = 1024;

/// All endpoints of a home.
#[derive(Debug)]
pub struct Webhooks {
    endpoints: BTreeMap<String, Arc<Endpoint>>,
    agent: ureq::Agent,
    concurrency: usize,
}

/// One endpoint.
#[derive(Debug)]
struct Endpoint {
    config: EndpointConfig,
    secrets: Secrets,
    interest: Interest,
    patience: Patience,
    file: PathBuf,
    /// None until the node runs for the first time with this endpoint.
    record: Mutex<Option<Record>>,
    /// Told when something of the record was changed from outside.
    changed: Notify,
    delivered_at: Mutex<Option<Timestamp>>,
}

/// Why a replay was refused.
#[derive(Debug)]
pub enum ReplayRefusal {
    /// There is no such endpoint, or no such event.
    Unknown(String),
    /// The index failed, or the block was pruned.
    Store(StoreError),
}

impl Webhooks {
    /// Reads the secrets and the states of the endpoints of the home at `path`.
    ///
    /// # Errors
    /// [`HomeError`]: the first thing that is wrong.
    pub fn open(path: &Path, config: &WebhooksConfig, network: Network) -> Result<Self, HomeError> {
        let ca = config.ca.as_ref().map(|file| path.join(file));
        let agent = sender::agent(Duration::from_secs(config.timeout_seconds), ca.as_deref())?;
        let patience = Patience {
            first: config.retry_seconds.saturating_mul(1000),
            whole: config.give_up_hours.saturating_mul(3_600_000),
        };
        let mut endpoints = BTreeMap::new();
        for one in &config.endpoints {
            let endpoint = Endpoint::open(path, one, patience, network)?;
            endpoints.insert(one.name.clone(), Arc::new(endpoint));
        }
        Ok(Self { endpoints, agent, concurrency: config.concurrency })
    }

    /// The endpoints in words.
    pub fn list(&self) -> Vec<WebhookView> {
        self.endpoints.values().map(|endpoint| endpoint.view()).collect()
    }

    /// The names of the endpoints whose last attempt failed.
    pub fn failing(&self) -> Vec<String> {
        let is_failing =
            |endpoint: &Endpoint| endpoint.record().as_ref().is_some_and(|record| record.failing);
        let failing = self.endpoints.iter().filter(|(_, endpoint)| is_failing(endpoint));
        failing.map(|(name, _)| name.clone()).collect()
    }

    /// The endpoint named `name` in words.
    pub fn show(&self, name: &str) -> Option<WebhookView> {
        self.endpoints.get(name).map(|endpoint| endpoint.view())
    }

    /// The deliveries to the endpoint `name` before the number `before`, newest first; `None` if
    /// there is no such endpoint.
    pub fn deliveries(
        &self,
        name: &str,
        chain: ChainId,
        before: Option<u64>,
        limit: usize,
    ) -> Option<DeliveryPage> {
        let endpoint = self.endpoints.get(name)?;
        let guard = endpoint.record();
        let all = guard.iter().flat_map(|record| record.deliveries.iter().rev());
        let mut rest = all.filter(|one| before.is_none_or(|before| one.number < before));
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let oldest = page.last().map(|one| one.number);
        let next_cursor = rest.next().and(oldest).map(|number| number.to_string());
        let deliveries = page.into_iter().map(|one| one.view(one.subject.id(chain)));
        Some(DeliveryPage { deliveries: deliveries.collect(), next_cursor })
    }

    /// Sends the message `id` to the endpoint `name` once more.
    ///
    /// # Errors
    /// [`ReplayRefusal`] if there is no such endpoint or message.
    pub fn replay(
        &self,
        name: &str,
        chain: ChainId,
        id: &str,
        receipt: impl FnOnce(u64, usize) -> Result<Option<Receipt>, StoreError>,
    ) -> Result<DeliveryView, ReplayRefusal> {
        let endpoint = self.endpoint(name)?;
        let unknown = || ReplayRefusal::Unknown(format!("There is no message {id} of this chain."));
        // An alert is in the record or nowhere, a receipt is on the chain.
        let subject = message::subject(chain, id);
        let place = subject.as_ref().and_then(Subject::place);
        let found = place.map(|place| receipt(place.height, place.index)).transpose();
        let found = found.map_err(ReplayRefusal::Store)?.flatten();
        let kind = subject.as_ref().zip(found).and_then(|(one, receipt)| one.kind(&receipt));
        let mut guard = endpoint.record();
        let record = guard.as_mut().ok_or_else(unknown)?;
        let moment = now().0;
        if place.is_some() && kind.is_none() {
            return Err(unknown());
        }
        if !record.replay(chain, id, moment) {
            let (subject, kind) = subject.zip(kind).ok_or_else(unknown)?;
            record.add(subject, kind, moment);
        }
        let found = record.find(chain, id);
        let view = found.map(|one| one.view(id.to_owned())).ok_or_else(unknown)?;
        endpoint.changed.notify_one();
        Ok(view)
    }

    /// Sends all events from the block at `height` on to the endpoint `name` once more.
    ///
    /// # Errors
    /// [`ReplayRefusal`] if there is no such endpoint.
    pub fn rewind(&self, name: &str, height: u64) -> Result<WebhookView, ReplayRefusal> {
        let endpoint = self.endpoint(name)?;
        if let Some(record) = endpoint.record().as_mut() {
            record.next = record.next.min(Place { height, index: 0 });
        }
        endpoint.changed.notify_one();
        Ok(endpoint.view())
    }

    fn endpoint(&self, name: &str) -> Result<&Arc<Endpoint>, ReplayRefusal> {
        let name_shown: String = name.chars().take(40).collect();
        let unknown = || ReplayRefusal::Unknown(format!("There is no webhook {name_shown}."));
        self.endpoints.get(name).ok_or_else(unknown)
    }
}

/// Sends events until `stopped` says so; the tasks end soon after.
pub(crate) fn start(
    home: &Arc<Home>,
    driver: &Arc<Driver>,
    stopped: &watch::Receiver<Phase>,
    alerts: &Alerts,
) -> JoinSet<()> {
    let mut couriers = JoinSet::new();
    let webhooks = &home.webhooks;
    if webhooks.endpoints.is_empty() {
        return couriers;
    }
    if let Err(error) = std::fs::create_dir_all(home.path.join(FOLDER)) {
        tracing::error!(%error, "webhooks' states cannot be kept: a restart repeats messages");
    }
    for endpoint in webhooks.endpoints.values() {
        let next = Place { height: driver.view.latest().tip.height().next().0, index: 0 };
        endpoint.record().get_or_insert_with(|| Record::new(next));
        let courier = Courier::new(
            endpoint.clone(),
            (webhooks.agent.clone(), webhooks.concurrency),
            driver.clone(),
            home,
            alerts.subscribe(),
        );
        couriers.spawn(courier.run(stopped.clone()));
    }
    couriers
}

impl Endpoint {
    fn open(
        home: &Path,
        config: &EndpointConfig,
        patience: Patience,
        network: Network,
    ) -> Result<Self, HomeError> {
        let file = home.join(FOLDER).join(format!("{}.json", config.name));
        let accounts = config.accounts.iter().map(|text| {
            AccountId::parse(network, text).map_err(|source| HomeError::WebhookAccount { source })
        });
        let accounts = accounts.collect::<Result<_, _>>()?;
        Ok(Self {
            secrets: read_secrets(&home.join(&config.secret))?,
            interest: Interest { events: config.events.clone(), accounts },
            config: config.clone(),
            patience,
            record: Mutex::new(Record::read(&file)?),
            file,
            changed: Notify::new(),
            delivered_at: Mutex::default(),
        })
    }

    fn record(&self) -> MutexGuard<'_, Option<Record>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> WebhookView {
        let guard = self.record();
        let record = guard.as_ref();
        let deliveries = record.into_iter().flat_map(|record| &record.deliveries);
        let failed = deliveries.filter(|one| one.status == Status::Failed).count();
        let is_failing = record.is_some_and(|record| record.failing);
        let next = record.map_or(Place { height: 0, index: 0 }, |record| record.next);
        let delivered_at = *self.delivered_at.lock().unwrap_or_else(PoisonError::into_inner);
        WebhookView {
            name: self.config.name.clone(),
            origin: self.config.origin().to_owned(),
            events: self.config.events.clone(),
            accounts: self.config.accounts.clone(),
            status: if is_failing { "failing" } else { "delivering" }.to_owned(),
            position: format!("{}-{}", next.height, next.index),
            waiting: record.map_or(0, Record::waiting),
            failed,
            last_delivered_at: delivered_at.map(text::time),
        }
    }
}

fn read_secrets(path: &Path) -> Result<Secrets, HomeError> {
    let metadata = std::fs::metadata(path)
        .map_err(|source| HomeError::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(HomeError::Exposed { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(read_text(path, MAXIMUM_BYTES)?);
    Secrets::parse(&text).ok_or_else(|| HomeError::Format {
        path: path.to_owned(),
        reason: "write whsec_ and 24 to 64 bytes in base64: one line, or two while it changes"
            .to_owned(),
    })
}
