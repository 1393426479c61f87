//! Counts the API's requests by class and status, and how long they took.
//!
//! Invariants: counting takes no lock. Absent: text formats (see `metrics`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Submissions.
    Transactions,
    /// Simulations.
    Simulate,
    /// Payments and their proofs.
    Payments,
    /// Accounts, histories and their proofs.
    Accounts,
    /// Blocks, validators, institutions, assets, status.
    Chain,
    /// Quotes.
    Quotes,
    /// ISO 20022 messages.
    Iso20022,
    /// Streams of events, when they begin.
    Events,
    /// Webhooks, their deliveries and replays.
    Webhooks,
    /// The audit log's head.
    Audit,
}

impl Class {
    /// All classes with their labels, in the order of their counters.
    pub(super) const ALL: [(Self, &'static str); 10] = [
        (Self::Transactions, "transactions"),
        (Self::Simulate, "simulate"),
        (Self::Payments, "payments"),
        (Self::Accounts, "accounts"),
        (Self::Chain, "chain"),
        (Self::Quotes, "quotes"),
        (Self::Iso20022, "iso20022"),
        (Self::Events, "events"),
        (Self::Webhooks, "webhooks"),
        (Self::Audit, "audit"),
    ];

    const fn index(self) -> usize {
        match self {
            Self::Transactions => 0,
            Self::Simulate => 1,
            Self::Payments => 2,
            Self::Accounts => 3,
            Self::Chain => 4,
            Self::Quotes => 5,
            Self::Iso20022 => 6,
            Self::Events => 7,
            Self::Webhooks => 8,
            Self::Audit => 9,
        }
    }
}

/// The classes of statuses, in the order of their counters.
pub(super) const STATUSES: [&str; 4] = ["2xx", "4xx", "503", "5xx"];

/// The upper bounds of the buckets of durations, in microseconds; the last bucket has none.
pub(super) const BOUNDS: [u64; 12] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    20_000_000,
];

/// The counters of one class.
#[derive(Debug, Default)]
pub(super) struct Counters {
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

/// The counters of all classes.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    classes: [Counters; Class::ALL.len()],
}

impl Traffic {
    /// Counts an answered request.
    pub(super) fn count(&self, class: Class, status: StatusCode, took: Duration) {
        let counters = self.class(class);
        let status = match status.as_u16() {
            503 => 2,
            200..=399 => 0,
            400..=499 => 1,
            _ => 3,
        };
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        counters.statuses[status].fetch_add(1, Ordering::Relaxed);
        counters.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        counters.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    /// The counters of one class.
    pub(super) fn class(&self, class: Class) -> &Counters {
        &self.classes[class.index()]
    }
}

impl Counters {
    /// The answers by class of status, in the order of [`STATUSES`].
    pub(super) fn statuses(&self) -> [u64; STATUSES.len()] {
        self.statuses.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// How many took at most each of [`BOUNDS`] but not the one before, and longer than all.
    pub(super) fn buckets(&self) -> [u64; BOUNDS.len() + 1] {
        self.buckets.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// How long they took together.
    pub(super) fn took(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_places_of_their_own() {
        for (index, (class, _)) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
        }
    }

    #[test]
    fn requests_are_counted_by_status_and_time() {
        let traffic = Traffic::default();
        for (status, micros) in
            [(200, 500), (202, 501), (404, 20_000_001), (503, 1), (504, 1), (500, 1)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            traffic.count(Class::Quotes, status, Duration::from_micros(micros));
        }
        let counters = traffic.class(Class::Quotes);
        assert_eq!(counters.statuses(), [2, 1, 1, 2]);
        let buckets = counters.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[BOUNDS.len()]), (4, 1, 1));
        assert_eq!(traffic.class(Class::Chain).statuses(), [0; 4]);
    }
}
