//! What is remembered of one endpoint, in memory and in `HOME/webhooks/NAME.json`.
//!
//! Invariants: an event before `next` is in `deliveries` until it is delivered or given up, so
//! whatever moment the file is from, no event is missing from both; the file is replaced whole.
//! Absent: receipts' bodies: they are made again from the chain. An alert is nowhere else, so it is
//! kept here.

use std::collections::VecDeque;
use std::path::Path;

use api::event::AlertView;
use api::text;
use api::webhook::DeliveryView;
use ledger::hash::ChainId;
use ledger::ids::Timestamp;
use ledger::receipt::Receipt;
use serde::{Deserialize, Serialize};

use super::message::{self, Place};
use crate::home::{self, HomeError};

/// How many deliveries that have ended are remembered.
const REMEMBERED: usize = 1000;

/// How many alerts wait at most: of more, the oldest are given up.
const ALERTS: usize = 32;

/// The most bytes of a file.
const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

/// The longest pause between two attempts, in milliseconds.
const LONGEST_MS: u64 = 3_600_000;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Waiting,
    Delivered,
    Failed,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Subject {
    /// A receipt of the chain.
    Receipt(Place),
    /// The rules that a receipt of the chain names.
    Rules { rules_of: Place },
    /// An alert, under its message's id.
    Alert { id: String, alert: Box<AlertView> },
}

impl Subject {
    /// Where on the chain the receipt is; an alert of the node has none.
    pub(super) const fn place(&self) -> Option<Place> {
        match self {
            Self::Receipt(place) | Self::Rules { rules_of: place } => Some(*place),
            Self::Alert { .. } => None,
        }
    }

    /// The type of the event about `receipt`; `None` if there is no such event.
    pub(super) fn kind(&self, receipt: &Receipt) -> Option<&'static str> {
        match self {
            Self::Receipt(_) => Some(message::kind(receipt)),
            Self::Rules { .. } => message::rules_kind(receipt),
            Self::Alert { .. } => None,
        }
    }

    /// The message's id.
    pub(super) fn id(&self, chain: ChainId) -> String {
        match self {
            Self::Receipt(place) => message::id(chain, *place),
            Self::Rules { rules_of } => message::rules_id(chain, *rules_of),
            Self::Alert { id, .. } => id.clone(),
        }
    }
}

/// One message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// Counts the endpoint's deliveries.
    pub(super) number: u64,
    #[serde(rename = "place")]
    pub(super) subject: Subject,
    pub(super) kind: String,
    pub(super) status: Status,
    pub(super) attempts: u32,
    /// When its first attempt was due; a replay begins anew.
    pub(super) since: u64,
    /// When its next attempt is due, in milliseconds since 1970.
    pub(super) due: u64,
    pub(super) last: Option<Attempt>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) at: u64,
    pub(super) result: String,
}

/// How failed attempts are repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The first pause, in milliseconds.
    pub(super) first: u64,
    /// For how long, in milliseconds.
    pub(super) whole: u64,
}

/// Everything about one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The first event that was not taken up yet.
    pub(super) next: Place,
    /// How many deliveries there ever were.
    pub(super) count: u64,
    /// Those that wait, and the last that ended; oldest first.
    pub(super) deliveries: VecDeque<Delivery>,
    /// Whether the last attempt failed.
    pub(super) failing: bool,
}

impl Record {
    /// An endpoint that gets what comes from `next` on.
    pub(super) const fn new(next: Place) -> Self {
        Self { next, count: 0, deliveries: VecDeque::new(), failing: false }
    }

    /// Reads the file; `None` if there is none yet.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, HomeError> {
        if !path.exists() {
            return Ok(None);
        }
        let text = home::read_text(path, MAXIMUM_BYTES)?;
        let format = |error: serde_json::Error| HomeError::Format {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        serde_json::from_str(&text).map(Some).map_err(format)
    }

    /// Replaces the file.
    pub(super) fn write(&self, path: &Path) -> Result<(), HomeError> {
        // A record is made of strings and numbers: it always renders.
        home::write_text(path, &serde_json::to_string(self).unwrap_or_default())
    }

    pub(super) fn waiting(&self) -> usize {
        self.deliveries.iter().filter(|one| one.status == Status::Waiting).count()
    }

    /// Takes up an event.
    pub(super) fn add(&mut self, subject: Subject, kind: &str, now: u64) {
        self.count = self.count.saturating_add(1);
        self.deliveries.push_back(Delivery {
            number: self.count,
            subject,
            kind: kind.to_owned(),
            status: Status::Waiting,
            attempts: 0,
            since: now,
            due: now,
            last: None,
        });
        self.give_up_alerts();
        self.forget();
    }

    /// Gives up the oldest alerts beyond those that may wait: an endpoint that is away for days is
    /// told of the last ones.
    fn give_up_alerts(&mut self) {
        let waits = |one: &&mut Delivery| {
            one.status == Status::Waiting && matches!(one.subject, Subject::Alert { .. })
        };
        for one in self.deliveries.iter_mut().rev().filter(waits).skip(ALERTS) {
            one.status = Status::Failed;
        }
    }

    /// The last message under an id that is remembered.
    pub(super) fn find(&mut self, chain: ChainId, id: &str) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().rev().find(|one| one.subject.id(chain) == id)
    }

    /// Sends a remembered one again; false if it is not remembered.
    pub(super) fn replay(&mut self, chain: ChainId, id: &str, now: u64) -> bool {
        let Some(found) = self.find(chain, id) else { return false };
        found.status = Status::Waiting;
        (found.since, found.due) = (now, now);
        true
    }

    /// Books an attempt; true if it was the first success after failures.
    pub(super) fn book(
        &mut self,
        number: u64,
        success: bool,
        attempt: Attempt,
        patience: Patience,
    ) -> bool {
        let was_failing = std::mem::replace(&mut self.failing, !success);
        let now = attempt.at;
        let Some(one) = self.deliveries.iter_mut().find(|one| one.number == number) else {
            return false;
        };
        one.attempts = one.attempts.saturating_add(1);
        one.last = Some(attempt);
        let pause = patience
            .first
            .saturating_mul(1_u64.checked_shl(one.attempts.saturating_sub(1)).unwrap_or(u64::MAX));
        one.due = now.saturating_add(pause.min(LONGEST_MS));
        if success {
            one.status = Status::Delivered;
        } else if one.due > one.since.saturating_add(patience.whole) {
            one.status = Status::Failed;
        }
        let recovered = success && was_failing;
        if recovered {
            // The endpoint is back: what waits for its next attempt need not.
            for one in self.deliveries.iter_mut().filter(|one| one.status == Status::Waiting) {
                one.due = one.due.min(now);
            }
        }
        recovered
    }

    /// Forgets the oldest that have ended, beyond those that are remembered.
    fn forget(&mut self) {
        let ended = self.deliveries.len().saturating_sub(self.waiting());
        let mut excess = ended.saturating_sub(REMEMBERED);
        self.deliveries.retain(|one| {
            let goes = excess > 0 && one.status != Status::Waiting;
            excess = excess.saturating_sub(usize::from(goes));
            !goes
        });
    }
}

impl Delivery {
    /// The delivery in words, under its message's id.
    pub(super) fn view(&self, id: String) -> DeliveryView {
        let time = |millis: u64| text::time(Timestamp(millis));
        let status = match self.status {
            Status::Waiting => "waiting",
            Status::Delivered => "delivered",
            Status::Failed => "failed",
        };
        DeliveryView {
            id,
            kind: self.kind.clone(),
            status: status.to_owned(),
            attempts: self.attempts,
            last_attempt_at: self.last.as_ref().map(|last| time(last.at)),
            last_result: self.last.as_ref().map(|last| last.result.clone()),
            next_attempt_at: (self.status == Status::Waiting).then(|| time(self.due)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::hash::Hash;

    const PATIENCE: Patience = Patience { first: 1_000, whole: 60_000 };

    const CHAIN: ChainId = ChainId(Hash([7; 32]));

    fn place(index: usize) -> Place {
        Place { height: 1, index }
    }

    fn receipt(index: usize) -> Subject {
        Subject::Receipt(place(index))
    }

    fn alert(number: usize) -> Subject {
        let alert = AlertView {
            code: "not-synced".to_owned(),
            subject: None,
            state: AlertView::RAISED.to_owned(),
            severity: AlertView::WARNING.to_owned(),
            detail: String::new(),
            time: "2026-11-26T00:42:20.116Z".to_owned(),
        };
        Subject::Alert { id: format!("alert {number}"), alert: Box::new(alert) }
    }

    fn book(record: &mut Record, number: u64, success: bool, at: u64) -> bool {
        record.book(number, success, Attempt { at, result: "x".to_owned() }, PATIENCE)
    }

    #[test]
    fn pauses_double_until_it_is_given_up() {
        let mut record = Record::new(place(0));
        record.add(receipt(0), "payment.settled", 0);
        let mut now = 0;
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000] {
            assert!(!book(&mut record, 1, false, now));
            let one = &record.deliveries[0];
            assert_eq!((one.status, one.due), (Status::Waiting, now + pause));
            now = one.due;
        }
        book(&mut record, 1, false, now);
        assert_eq!(record.deliveries[0].status, Status::Failed);
        let [first, other] = [receipt(0).id(CHAIN), receipt(9).id(CHAIN)];
        assert!(record.replay(CHAIN, &first, now) && !record.replay(CHAIN, &other, now));
        assert_eq!((record.waiting(), record.deliveries[0].due), (1, now));
        assert!(book(&mut record, 1, true, now));
        assert_eq!(record.deliveries[0].status, Status::Delivered);
    }

    #[test]
    fn a_success_after_failures_wakes_the_others() {
        let mut record = Record::new(place(0));
        for index in 0..2 {
            record.add(receipt(index), "payment.settled", 0);
        }
        book(&mut record, 1, false, 0);
        book(&mut record, 2, false, 0);
        assert!(book(&mut record, 1, true, 500));
        assert_eq!(record.deliveries[1].due, 500);
    }

    #[test]
    fn what_waits_is_never_forgotten() {
        let mut record = Record::new(place(0));
        record.add(receipt(0), "payment.settled", 0);
        for index in 1..REMEMBERED + 10 {
            record.add(receipt(index), "payment.settled", 0);
            book(&mut record, u64::try_from(index).unwrap() + 1, true, 0);
        }
        record.add(alert(0), "alert.raised", 0);
        assert_eq!(record.deliveries.len(), REMEMBERED + 2);
        assert_eq!(record.deliveries[0].number, 1);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("core.json");
        assert_eq!(Record::read(&file).unwrap(), None);
        record.write(&file).unwrap();
        assert_eq!(Record::read(&file).unwrap(), Some(record));
    }

    #[test]
    fn an_endpoint_that_is_away_is_told_of_the_last_alerts() {
        let mut record = Record::new(place(0));
        record.add(receipt(0), "payment.settled", 0);
        (0..ALERTS + 2).for_each(|number| record.add(alert(number), "alert.raised", 0));
        assert_eq!(record.waiting(), 1 + ALERTS);
        let statuses: Vec<_> = record.deliveries.iter().map(|one| one.status).collect();
        assert_eq!(
            statuses[..4],
            [Status::Waiting, Status::Failed, Status::Failed, Status::Waiting]
        );
        assert!(record.replay(CHAIN, "alert 0", 0));
    }
}
