//! `GET /v1/events`: final receipts as they come, and proposals and alerts as they change, as
//! server-sent events.
//!
//! A receipt's id is `HEIGHT-INDEX`, the receipt's place in the chain, so a client that lost its
//! connection goes on behind the last one it saw, at this node or at another (`Last-Event-ID`). A
//! proposal's or alert's event has no id: whoever connects gets every undecided proposal and every
//! alert that stands, then each that changes. A payment that met a rule of limits is told of right
//! before its receipt. Invariants: receipts come in the order of the chain,
//! none is left out and none comes twice; a slow client holds back its own stream alone, and costs
//! one block's receipts of memory. Absent: events of what is not final.

mod correction;
mod notification;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::event::{EventMessage, EventQuery};
use api::problem::Problem;
use api::receipt::ReceiptView;
use api::text::{self, Naming};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use ledger::ids::{AccountId, Height, Timestamp};
use ledger::receipt::{Outcome, Receipt};
use ledger::state;
use tokio::sync::{OwnedSemaphorePermit, watch};

use self::notification::Subject;
use super::access::{self, Caller};
use super::accounts;
use super::alerts::{self, Standing};
use super::openapi::tag;
use super::params::Params;
use super::proposals::Watch;
use super::refusal::{Answer, Refused};
use super::{AppState, Phase};
use crate::home;
use crate::store::{HistoryLine, Store, StoreError};

/// How often a quiet stream carries a comment, so that dead connections are noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follows the chain's receipts.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = tag::EVENTS,
    operation_id = "followEvents",
    params(
        EventQuery,
        (
            "Last-Event-ID" = Option<String>,
            Header,
            description = "The id of the last event that was seen: `HEIGHT-INDEX`",
        ),
    ),
    responses(
        (
            status = 200,
            description = "Server-sent events; the data of each is JSON, of the schema that its \
                           name says: `receipt`, `proposal` or `alert`; the data of \
                           `payment-alert` is the receipt of a payment that met a rule of limits, \
                           and that of a `notification`, a `return` or a `resolution` an ISO \
                           20022 message",
            content((String = "text/event-stream")),
        ),
        (status = 404),
        (status = 410),
    ),
)]
pub(super) async fn follow(
    State(state): State<Arc<AppState>>,
    caller: Option<Extension<Caller>>,
    Params(query): Params<EventQuery>,
    headers: HeaderMap,
) -> Answer {
    let account = query.account.as_deref().map(|address| accounts::open(&state, address));
    let account = account.transpose()?;
    let message = query.message.as_deref();
    let message = message.map(|text| EventMessage::parse(text).filter(|_| account.is_some()));
    let Ok(message) = message.map(|known| known.ok_or(())).transpose() else {
        let expected = "message is camt.054, pacs.004 or camt.029, of one account: name it.";
        return Err(Problem::malformed(expected).into());
    };
    let place = match (seen(&headers)?, query.from) {
        (Some((height, index)), _) => Place { height, index: index.saturating_add(1) },
        (None, Some(height)) => Place { height: Height(height), index: 0 },
        (None, None) => Place { height: state.driver.view.latest().tip.height().next(), index: 0 },
    };
    let earliest = state.driver.view.earliest();
    if place.height < earliest {
        return Err(Problem::pruned(earliest.0).into());
    }
    let turn = state.streams.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
    let proposals = account.is_none().then(Watch::default);
    let alerts = account.is_none().then(|| (state.alerts.subscribe(), Arc::default()));
    let (ready, caller) = (VecDeque::new(), caller.map(|Extension(caller)| caller));
    let mut stream =
        Stream { state, caller, account, message, proposals, alerts, place, ready, _turn: turn };
    stream.add_proposals();
    stream.add_alerts();
    let events = futures::stream::unfold(stream, |mut stream| async {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// Where a stream is: before the receipt `index` of the block at `height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    height: Height,
    index: usize,
}

/// The event that the client saw last.
fn seen(headers: &HeaderMap) -> Result<Option<(Height, usize)>, Refused> {
    let Some(header) = headers.get("last-event-id") else { return Ok(None) };
    let parsed = header.to_str().ok().and_then(|text| text.split_once('-'));
    let place = parsed
        .and_then(|(height, index)| Some((Height(height.parse().ok()?), index.parse().ok()?)));
    let unread = || Problem::malformed("Last-Event-ID is the id of an event that was sent.");
    place.map(Some).ok_or_else(|| unread().into())
}

/// One client's stream.
struct Stream {
    state: Arc<AppState>,
    /// Whose token opened it: it ends with the token.
    caller: Option<Caller>,
    account: Option<AccountId>,
    /// What the client wants to know of the account in the place of receipts.
    message: Option<EventMessage>,
    proposals: Option<Watch>,
    /// The alerts as they change, and as the client knows them.
    alerts: Option<(watch::Receiver<Arc<Standing>>, Arc<Standing>)>,
    place: Place,
    ready: VecDeque<Event>,
    _turn: OwnedSemaphorePermit,
}

impl Stream {
    /// The next event; `None` when the node stops, its index fails, or the token counts no longer.
    async fn next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            let state = self.state.clone();
            let mut phase = state.phase.clone();
            tokio::select! {
                _ = phase.wait_for(|phase| *phase == Phase::Stopping) => return None,
                () = changed(self.alerts.as_mut()) => {
                    self.add_alerts();
                    continue;
                }
                () = state.driver.view.indexed(self.place.height) => {}
            }
            let height = self.place.height;
            let is_notified = self.message == Some(EventMessage::Notification);
            let booked_of = self.account.filter(|_| is_notified);
            let read = |store: &Store| finals(store, height, booked_of);
            let finals = match state.readers.read(&state.driver, read).await {
                Ok(found) => found?,
                Err(error) => {
                    tracing::error!(%error, "a stream of events met a failing index");
                    return None;
                }
            };
            self.add(&finals);
            self.add_proposals();
        }
        self.ready.pop_front().filter(|_| access::counts(&self.state, self.caller.as_ref()))
    }

    /// Makes the events of proposals that are new or different ready.
    fn add_proposals(&mut self) {
        let latest = self.state.driver.view.latest();
        let changes = self.proposals.as_mut().map(|watch| watch.changes(&latest.tip));
        for proposal in changes.unwrap_or_default() {
            // A view is made of strings and numbers: it always renders.
            let data = serde_json::to_string(&proposal).unwrap_or_default();
            self.ready.push_back(Event::default().event("proposal").data(data));
        }
    }

    /// Makes the events of alerts that were raised or cleared ready.
    fn add_alerts(&mut self) {
        let Some((latest, known)) = self.alerts.as_mut() else { return };
        let now = latest.borrow_and_update().clone();
        let changes = alerts::changes(known, &now, &text::time(home::now()));
        *known = now;
        for alert in changes {
            // A view is made of strings: it always renders.
            let data = serde_json::to_string(&alert).unwrap_or_default();
            self.ready.push_back(Event::default().event("alert").data(data));
        }
    }

    /// Makes the block's events ready, and goes on to the next block.
    fn add(&mut self, finals: &Finals) {
        let height = self.place.height;
        let latest = self.state.driver.view.latest();
        let state = latest.tip.state();
        let naming = self.state.naming(state);
        for (index, receipt) in finals.receipts.iter().enumerate().skip(self.place.index) {
            let place = (height, index, finals.time);
            let id = format!("{height}-{index}");
            let event = match (self.account, self.message) {
                (Some(account), Some(message)) => {
                    let concerned = Concerned { account, message, state, naming: &naming };
                    let text = concerned.message(receipt, place, &finals.lines);
                    text.map(|text| Event::default().event(message.event()).id(id).data(text))
                }
                (Some(account), None) if !receipt.outcome.concerns(account) => None,
                (Some(_) | None, _) => {
                    if !receipt.rules.0.is_empty() {
                        // Before the receipt and without an id: a client that loses its connection
                        // between the two goes on behind the one before, and gets both again.
                        let alert = Event::default().event("payment-alert");
                        self.ready.push_back(alert.data(receipt_data(receipt, place, &naming)));
                    }
                    let event = Event::default().event("receipt").id(id);
                    Some(event.data(receipt_data(receipt, place, &naming)))
                }
            };
            self.ready.extend(event);
        }
        self.place = Place { height: height.next(), index: 0 };
    }
}

fn receipt_data(
    receipt: &Receipt,
    (height, _, time): (Height, usize, Timestamp),
    naming: &Naming,
) -> String {
    let view = ReceiptView::new(receipt, Some((height, time)), naming);
    // A view is made of strings and numbers: it always renders.
    serde_json::to_string(&view).unwrap_or_default()
}

/// Of which account something is told, and by which message.
struct Concerned<'a> {
    account: AccountId,
    message: EventMessage,
    state: &'a state::State,
    naming: &'a Naming,
}

impl Concerned<'_> {
    /// The message about a receipt; `None` if there is nothing to tell.
    fn message(
        &self,
        receipt: &Receipt,
        place: (Height, usize, Timestamp),
        lines: &[HistoryLine],
    ) -> Option<String> {
        let Self { account, message, state, naming } = *self;
        match message {
            EventMessage::Notification => {
                // What waits, or is given up, booked nothing, though its block may have settled it
                // too; nor did a rejected operation under another's UETR.
                let outcome = &receipt.outcome;
                let books = matches!(outcome, Outcome::Settled(_) | Outcome::Returned(_));
                let payment = receipt.uetr.filter(|_| books)?;
                let servicer = state.institution(account.servicer())?.bic;
                let subject = Subject { account, servicer, naming };
                notification::message(subject, payment, place, lines)
            }
            EventMessage::Return | EventMessage::Resolution
                if !receipt.outcome.concerns(account) =>
            {
                None
            }
            EventMessage::Return => correction::returned(state, receipt, place),
            EventMessage::Resolution => correction::resolved(state, receipt, place),
        }
    }
}

/// Waits until the alerts change; for ever where there are none to wait for.
async fn changed(alerts: Option<&mut (watch::Receiver<Arc<Standing>>, Arc<Standing>)>) {
    let changed = match alerts {
        Some((latest, _)) => latest.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending().await
    }
}

/// What a block made final.
struct Finals {
    time: Timestamp,
    receipts: Vec<Receipt>,
    /// What it booked of one account, if that was asked for.
    lines: Vec<HistoryLine>,
}

/// What the block at `height` made final; `None` if this node does not keep the block.
fn finals(
    store: &Store,
    height: Height,
    booked_of: Option<AccountId>,
) -> Result<Option<Finals>, StoreError> {
    let Some(indexed) = store.block(height)? else { return Ok(None) };
    let receipts = if indexed.receipts > 0 { store.receipts(height)? } else { Vec::new() };
    let lines = booked_of.map(|account| store.booked_at(account, height)).transpose()?;
    let lines = lines.unwrap_or_default();
    Ok(Some(Finals { time: indexed.block.header.time, receipts, lines }))
}
