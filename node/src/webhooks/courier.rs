//! Brings one endpoint its messages: takes events up from the chain and alerts as they change,
//! sends, repeats, remembers.
//!
//! Invariants: no more than a window of messages waits in memory; the rest waits on the chain. The
//! record is written soon after it changes, so a crash repeats at most what that moment delivered.
//! Absent: HTTP (see `sender`), the rules of repeating (see `record`).

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use api::event::AlertView;
use api::text::{self, Naming};
use api::webhook::WebhookMessage;
use ledger::hash::ChainId;
use ledger::ids::{Bic, Height, Network, Timestamp};
use ledger::receipt::Receipt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::Endpoint;
use super::message::{self, Place};
use super::record::{Attempt, Record, Status, Subject};
use super::sender::{self, Letter};
use crate::driver::Driver;
use crate::home::{Home, now};
use crate::http::Phase;
use crate::http::alerts::{self, Standing};
use crate::readers::{self, Readers};
use crate::store::{Store, StoreError};

/// The most messages that wait at once.
const WINDOW: usize = 64;

/// How long after a change the record is written.
const SAVING: Duration = Duration::from_millis(500);

/// How long a failing index is left alone.
const REST: Duration = Duration::from_secs(5);

/// After so many blocks without an event the place is remembered all the same.
const STRIDE: u64 = 1024;

/// What a thread that sent a message says: the delivery's number, whether it was taken, and how.
type Landing = (u64, bool, String);

/// One endpoint's courier.
pub(super) struct Courier {
    endpoint: Arc<Endpoint>,
    agent: ureq::Agent,
    concurrency: usize,
    driver: Arc<Driver>,
    readers: Readers,
    chain: ChainId,
    network: Network,
    /// Whose node this is.
    bic: Bic,
    /// The alerts as they change, and as the endpoint knows them.
    alerts: (watch::Receiver<Arc<Standing>>, Arc<Standing>),
    /// Deliveries that are being sent now.
    flying: BTreeSet<u64>,
    /// When the record is to be written.
    save_at: Option<Instant>,
    /// The height that the written record says, or an older one.
    saved_height: u64,
}

impl Courier {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        (agent, concurrency): (ureq::Agent, usize),
        driver: Arc<Driver>,
        home: &Home,
        alerts: watch::Receiver<Arc<Standing>>,
    ) -> Self {
        Self {
            endpoint,
            agent,
            concurrency,
            driver,
            readers: Readers::default(),
            chain: home.genesis.chain_id(),
            network: home.genesis.network,
            bic: home.config.node.bic.0,
            alerts: (alerts, Arc::default()),
            flying: BTreeSet::new(),
            // A new endpoint's first place is remembered at once.
            save_at: Some(Instant::now()),
            saved_height: 0,
        }
    }

    /// Works until `stopped` says so.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<Phase>) {
        let (landed, mut landings) = mpsc::unbounded_channel();
        let endpoint = self.endpoint.clone();
        let driver = self.driver.clone();
        let mut alerts = self.alerts.0.clone();
        loop {
            let worked = match self.take_up().await {
                Ok(()) => self.launch(&landed).await,
                Err(error) => Err(error),
            };
            let (due, may_take) = match worked {
                Ok(due) => (due, self.with(|record| record.waiting() < WINDOW)),
                Err(error) => {
                    tracing::error!(%error, webhook = self.endpoint.config.name, "no messages");
                    (Some(Instant::now() + REST), false)
                }
            };
            let height = Height(self.with(|record| record.next.height));
            let save_at = self.save_at;
            tokio::select! {
                _ = stopped.wait_for(|phase| *phase == Phase::Stopping) => break,
                Some(landing) = landings.recv() => self.land(landing),
                () = driver.view.indexed(height), if may_take => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                () = sleep_until(save_at.unwrap_or_else(Instant::now)), if save_at.is_some() => {
                    self.save();
                }
                () = endpoint.changed.notified() => self.changed(),
                Ok(()) = alerts.changed() => {
                    let standing = alerts.borrow_and_update().clone();
                    self.add_alerts(standing);
                }
            }
        }
        // What has landed meanwhile need not be sent again.
        while let Ok(landing) = landings.try_recv() {
            self.land(landing);
        }
        self.save();
    }

    fn with<T>(&self, work: impl FnOnce(&mut Record) -> T) -> T {
        let next = Place { height: 0, index: 0 };
        work(self.endpoint.record().get_or_insert_with(|| Record::new(next)))
    }

    fn changed(&mut self) {
        self.save_at.get_or_insert_with(|| Instant::now() + SAVING);
    }

    fn save(&mut self) {
        self.save_at = None;
        let record = self.with(|record| record.clone());
        let file = &self.endpoint.file;
        match tokio::task::block_in_place(|| record.write(file)) {
            Ok(()) => self.saved_height = record.next.height,
            Err(error) => {
                tracing::error!(%error, "a webhook's state cannot be kept");
                self.save_at = Some(Instant::now() + REST);
            }
        }
    }

    /// Takes events up from the chain until the window is full or the chain is at its end.
    async fn take_up(&mut self) -> Result<(), StoreError> {
        loop {
            let (next, waiting) = self.with(|record| (record.next, record.waiting()));
            let height = Height(next.height);
            if waiting >= WINDOW || height > self.driver.view.indexed_height() {
                return Ok(());
            }
            let earliest = self.driver.view.earliest();
            if height < earliest {
                tracing::error!(
                    webhook = self.endpoint.config.name,
                    from = next.height,
                    to = earliest.0,
                    "events were pruned before this webhook took them: raise storage.retain_blocks"
                );
                self.with(|record| record.next = Place { height: earliest.0, index: 0 });
                continue;
            }
            let found = self.block(height).await?;
            let (_, receipts) = found.ok_or(StoreError::Malformed { what: "block" })?;
            self.add(next, &receipts);
        }
    }

    fn add(&mut self, from: Place, receipts: &[Receipt]) {
        let endpoint = self.endpoint.clone();
        let mut added = false;
        let next = self.with(|record| {
            let rest = receipts.iter().enumerate().skip(from.index);
            let interest = &endpoint.interest;
            for (index, receipt) in rest {
                let place = Place { height: from.height, index };
                let kind = interest.covers(receipt).then(|| message::kind(receipt));
                let rules = interest.covers_rules(receipt);
                if kind.is_none() && !rules {
                    continue;
                }
                if record.waiting() >= WINDOW {
                    return place;
                }
                if let Some(kind) = kind {
                    record.add(Subject::Receipt(place), kind, now().0);
                }
                if rules {
                    let subject = Subject::Rules { rules_of: place };
                    record.add(subject, WebhookMessage::PAYMENT_ALERT, now().0);
                }
                added = true;
            }
            Place { height: from.height.saturating_add(1), index: 0 }
        });
        // The place may have been set back meanwhile.
        self.with(|record| {
            if record.next == from {
                record.next = next;
            }
        });
        if added || next.height.saturating_sub(self.saved_height) > STRIDE {
            self.changed();
        }
    }

    /// Takes up what was raised and cleared. That an endpoint fails is not told to itself.
    fn add_alerts(&mut self, standing: Arc<Standing>) {
        let changes = alerts::changes(&self.alerts.1, &standing, &text::time(now()));
        self.alerts.1 = standing;
        let (chain, bic, endpoint) = (self.chain, self.bic, self.endpoint.clone());
        let is_own = |alert: &AlertView| alert.subject.as_ref() == Some(&endpoint.config.name);
        let asked = changes.into_iter().filter(|alert| endpoint.interest.covers_alert(alert));
        for alert in asked.filter(|alert| !is_own(alert)) {
            let kind = message::alert_kind(&alert);
            let id = message::alert_id(chain, bic, &alert);
            let subject = Subject::Alert { id, alert: Box::new(alert) };
            self.with(|record| record.add(subject, kind, now().0));
            self.changed();
        }
    }

    async fn block(&self, height: Height) -> Result<Option<(Timestamp, Vec<Receipt>)>, StoreError> {
        let read = |store: &Store| -> Result<_, StoreError> {
            store.check_kept(height)?;
            let Some(indexed) = store.block(height)? else { return Ok(None) };
            let receipts = if indexed.receipts > 0 { store.receipts(height)? } else { Vec::new() };
            Ok(Some((indexed.block.header.time, receipts)))
        };
        self.readers.read(&self.driver, read).await
    }

    /// Sends what is due, as much at once as may be; gives when the next one is due.
    async fn launch(
        &mut self,
        landed: &mpsc::UnboundedSender<Landing>,
    ) -> Result<Option<Instant>, StoreError> {
        let mut waiting: Vec<_> = self.with(|record| {
            let waiting = record.deliveries.iter().filter(|one| one.status == Status::Waiting);
            waiting.map(|one| (one.due, one.number, one.subject.clone())).collect()
        });
        waiting.retain(|(_, number, _)| !self.flying.contains(number));
        waiting.sort_unstable_by_key(|(due, number, _)| (*due, *number));
        for (due, number, subject) in waiting {
            if self.flying.len() >= self.concurrency {
                return Ok(None);
            }
            let moment = now().0;
            if due > moment {
                let pause = Duration::from_millis(due.saturating_sub(moment));
                return Ok(Some(Instant::now() + pause));
            }
            match self.letter(subject).await {
                Ok(letter) => self.send(number, letter, landed.clone()),
                Err(StoreError::Pruned { .. }) => {
                    self.land((number, false, "the node has pruned the event".to_owned()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn letter(&self, subject: Subject) -> Result<Letter, StoreError> {
        let id = subject.id(self.chain);
        let body = match subject {
            Subject::Receipt(place) => self.body(place, message::kind).await?,
            Subject::Rules { rules_of } => {
                self.body(rules_of, |_| WebhookMessage::PAYMENT_ALERT).await?
            }
            Subject::Alert { alert, .. } => message::alert_body(&alert),
        };
        Ok(Letter {
            url: self.endpoint.config.url.clone(),
            id,
            timestamp: now().0.checked_div(1000).unwrap_or_default(),
            body,
        })
    }

    /// The body of a receipt's event, made again from the chain.
    async fn body(
        &self,
        place: Place,
        kind: fn(&Receipt) -> &'static str,
    ) -> Result<String, StoreError> {
        let height = Height(place.height);
        let malformed = || StoreError::Malformed { what: "list of receipts" };
        let (time, receipts) = self.block(height).await?.ok_or_else(malformed)?;
        let receipt = receipts.get(place.index).ok_or_else(malformed)?;
        let latest = self.driver.view.latest();
        let naming: Naming = readers::naming(self.network, latest.tip.state());
        Ok(message::body(kind(receipt), receipt, (height, time), &naming))
    }

    /// Sends on a thread of its own, which a node that stops does not wait for.
    fn send(&mut self, number: u64, letter: Letter, landed: mpsc::UnboundedSender<Landing>) {
        self.flying.insert(number);
        let (agent, endpoint) = (self.agent.clone(), self.endpoint.clone());
        let thread = std::thread::Builder::new().name("webhook".to_owned());
        let back = landed.clone();
        let started = thread.spawn(move || {
            let (taken, result) = sender::send(&agent, &endpoint.secrets, &letter);
            // A courier that is gone sends the message again after the next start.
            let _ = landed.send((number, taken, result));
        });
        if let Err(error) = started {
            let _ = back.send((number, false, format!("no thread: {error}")));
        }
    }

    fn land(&mut self, (number, taken, result): Landing) {
        self.flying.remove(&number);
        let at = now().0;
        let (name, patience) = (&self.endpoint.config.name, self.endpoint.patience);
        if taken {
            let mut last =
                self.endpoint.delivered_at.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(Timestamp(at));
        } else {
            tracing::warn!(webhook = name, number, result, "a message was not taken");
        }
        let recovered =
            self.with(|record| record.book(number, taken, Attempt { at, result }, patience));
        if recovered {
            tracing::info!(webhook = name, "messages are taken again");
        }
        self.changed();
    }
}
