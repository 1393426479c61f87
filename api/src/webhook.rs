//! Webhooks: the messages that a node sends, and `GET /v1/webhooks`.
//!
//! Invariants: a message's id says which event it is, so the same event has the same id however
//! often and from whichever node it comes. Absent: secrets, and where exactly a webhook leads: a
//! path may be a secret too.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::AlertView;
use crate::receipt::ReceiptView;

/// The body of a message: an event in the form of Standard Webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookMessage {
    /// What happened: `payment.settled` (also a capture, and a last approval), `payment.held`,
    /// `payment.released`, `payment.returned`, `payment.awaiting-approval` and
    /// `payment.awaiting-review` (also each step but the last), `payment.refused`, `payment.queued`
    /// (also each change of its priority), `payment.rejected` (also an issue, a redemption or a
    /// return that was refused), `recall.requested`, `recall.refused`, `issue.settled`,
    /// `redemption.settled`, `operation.done`, `operation.rejected`, `payment.alert` (a payment
    /// that met a rule of limits; it comes beside what became of the payment), `alert.raised` or
    /// `alert.cleared`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When: the block's time; of an alert, the node's.
    #[schema(format = "date-time")]
    pub timestamp: String,
    /// The receipt, or the alert.
    pub data: WebhookData,
}

/// What a message is about: an alert where its type begins with `alert`, else a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WebhookData {
    /// What became of an operation, for ever.
    Receipt(Box<ReceiptView>),
    /// What an operator should know, by this node's word.
    Alert(AlertView),
}

impl WebhookMessage {
    /// The types of messages.
    pub const KINDS: [&'static str; 18] = [
        "payment.settled",
        "payment.held",
        "payment.released",
        "payment.returned",
        "recall.requested",
        "recall.refused",
        "payment.awaiting-approval",
        "payment.awaiting-review",
        "payment.refused",
        "payment.queued",
        "payment.rejected",
        "issue.settled",
        "redemption.settled",
        "operation.done",
        "operation.rejected",
        Self::PAYMENT_ALERT,
        Self::ALERT_RAISED,
        Self::ALERT_CLEARED,
    ];
    /// The type of a payment that met a rule of limits.
    pub const PAYMENT_ALERT: &'static str = "payment.alert";
    /// The type of an alert whose cause is there.
    pub const ALERT_RAISED: &'static str = "alert.raised";
    /// The type of an alert whose cause is gone.
    pub const ALERT_CLEARED: &'static str = "alert.cleared";
}

/// A webhook: where a node sends events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its name.
    pub name: String,
    /// The scheme, host and port that it leads to.
    pub origin: String,
    /// The types of events that it gets; empty: all.
    pub events: Vec<String>,
    /// The addresses of the accounts whose payments it gets; empty: all.
    pub accounts: Vec<String>,
    /// `delivering`, or `failing` if the last attempt failed.
    pub status: String,
    /// The event up to which all were taken up: `HEIGHT-INDEX`.
    pub position: String,
    /// How many messages wait for their delivery or for the next attempt.
    pub waiting: usize,
    /// How many of those that are remembered were given up; each can be replayed.
    pub failed: usize,
    /// When a message was last delivered, since the node started.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_delivered_at: Option<String>,
}

/// One message on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// The message's id, as in the header `webhook-id`.
    pub id: String,
    /// The type of event.
    #[serde(rename = "type")]
    pub kind: String,
    /// `waiting`, `delivered` or `failed`: given up after the last attempt.
    pub status: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last sent.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<String>,
    /// What the last attempt came to: `200`, or why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_result: Option<String>,
    /// When it is sent next, if it waits.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// What to pass as `cursor` for the next, older page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The body of `POST /v1/webhooks/{name}/replay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Send all events from this block on once more, under their ids.
    pub from: u64,
}
