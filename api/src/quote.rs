//! Quotes: `POST /v1/quotes` at a node that deals.
//!
//! Invariants: an offer is firm as it stands in the signed bytes; the words beside it are for
//! people. Absent: how a dealer makes its rates.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a payer asks a dealer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// What is sold: `1000.00 CNY`.
    pub sell: String,
    /// The code of the asset to be received: `HKD`.
    pub buy: String,
}

/// A dealer's firm offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuoteAnswer {
    /// The signed quote's canonical bytes, base64; a payment carries them.
    pub quote: String,
    /// The rate: `1.085`.
    pub rate: String,
    /// What the payee receives for all of what is sold, rounded down: `1085.00 HKD`.
    pub receive: String,
    /// Until when the offer holds.
    #[schema(format = "date-time")]
    pub expires: String,
    /// The dealer's address.
    pub dealer: String,
}
