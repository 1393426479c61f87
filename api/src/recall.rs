//! Open recalls: `GET /v1/recalls`, and what a payment's view says of its own.
//!
//! Invariants: a recall that is shown is in the state after the last final block. Absent: recalls
//! that have ended; their receipts tell of those.

use ledger::corrections::Recall;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::text::{self, Naming};

/// A payment that is asked back, and not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecallView {
    /// The payment's UETR.
    #[schema(format = "uuid")]
    pub payment: String,
    /// What is asked for: `40.00 CNY`.
    pub amount: String,
    /// What the payee got: `100.00 CNY`.
    pub credited: String,
    /// ISO 20022 status: `PDCR`.
    pub iso_status: String,
    /// ISO 20022 cancellation reason: `DUPL`.
    pub iso_reason: String,
    /// The address of who paid, and asks.
    pub from: String,
    /// The address of who was paid, and must answer.
    pub to: String,
    /// The last block time at which it can be answered.
    #[schema(format = "date-time")]
    pub deadline: String,
    /// The block that has the request.
    pub block: u64,
}

impl RecallView {
    /// Renders a recall.
    pub fn new(recall: &Recall, naming: &Naming) -> Self {
        let settled = &recall.settled;
        Self {
            payment: settled.payment.to_string(),
            amount: naming.money(recall.asked()),
            credited: naming.money(settled.credited),
            iso_status: "PDCR".to_owned(),
            iso_reason: recall.reason.to_string(),
            from: naming.address(settled.payer),
            to: naming.address(settled.payee),
            deadline: text::time(recall.deadline),
            block: recall.height.0,
        }
    }
}

/// The query of a page of recalls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RecallQuery {
    /// Only payments from or to this account.
    pub account: Option<String>,
    /// Only payments from or to accounts of the institution with this BIC.
    pub institution: Option<String>,
    /// Where to go on, from the page before.
    pub cursor: Option<String>,
    /// How many at most; usually 100.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u16>,
}

/// A page of open recalls, the earliest deadline first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecallPage {
    /// The recalls. There may be few or none on a page that is not the last.
    pub recalls: Vec<RecallView>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
