//! Events: `GET /v1/events`.
//!
//! Invariants: an event's data is one of this package's views, of the kind that its name says.
//! Absent: the framing of server-sent events.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of a stream of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The first block; the next one if left out.
    pub from: Option<u64>,
    /// Only receipts, and alerts of payments, that move, hold or release money of this account or
    /// for it, return a payment of it, or ask for one back; then no proposals and no alerts of the
    /// node.
    pub account: Option<String>,
    /// In the place of receipts the ISO 20022 message about each: `camt.054`, the notification of
    /// what it booked of the account; `pacs.004`, the return of a payment from or to the account;
    /// `camt.029`, the answer to a recall of such a payment.
    pub message: Option<String>,
}

/// Which message stands in the place of receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventMessage {
    /// camt.054: what was booked of the account.
    Notification,
    /// pacs.004: a payment that was returned.
    Return,
    /// camt.029: a recall that was answered.
    Resolution,
}

impl EventMessage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Notification, Self::Return, Self::Resolution];

    /// How it is asked for.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Notification => "camt.054",
            Self::Return => "pacs.004",
            Self::Resolution => "camt.029",
        }
    }

    /// How its events are called.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Return => "return",
            Self::Resolution => "resolution",
        }
    }

    /// Reads what is asked for.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|message| message.message() == text)
    }
}

/// An alert: something that an operator should know now, raised or cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertView {
    /// What it is about, stable: `not-synced`, `quorum-lost`, `validator-unreachable` or
    /// `webhook-failing`.
    pub code: String,
    /// What it concerns, where there is more than one: a validator's BIC or a webhook's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `raised` or `cleared`.
    pub state: String,
    /// `warning` or `critical`.
    pub severity: String,
    /// One sentence for a person.
    pub detail: String,
    /// Since when it is so, by this node's clock.
    #[schema(format = "date-time")]
    pub time: String,
}

impl AlertView {
    /// The state of an alert whose cause is there.
    pub const RAISED: &'static str = "raised";
    /// The state of an alert whose cause is gone.
    pub const CLEARED: &'static str = "cleared";
    /// The severity of what should be looked at.
    pub const WARNING: &'static str = "warning";
    /// The severity of what stops payments.
    pub const CRITICAL: &'static str = "critical";
}
