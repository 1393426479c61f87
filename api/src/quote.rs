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

/// The second exchange of an offer over a third asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnwardOffer {
    /// What the first exchange gives for all of what is sold, and the second one takes:
    /// `140.10 USD`.
    pub sold: String,
    /// Units of what the payee receives for one unit of that: `7.7712`.
    pub rate: String,
    /// The dealer's address.
    pub dealer: String,
}

/// A dealer's firm offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuoteAnswer {
    /// The canonical bytes of the signed quote, or of the two over a third asset, base64; a payment
    /// carries them.
    pub quote: String,
    /// Units of what is received for one unit of what is sold: `1.085`; with `onward`, of what that
    /// exchange takes.
    pub rate: String,
    /// The second exchange, if there is no rate from the one asset to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward: Option<OnwardOffer>,
    /// How far the payee's amount is below what the market's middle rates would give, as the dealer
    /// says: `0.18%`. Absent where the dealer does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markup: Option<String>,
    /// What the payee receives for all of what is sold, rounded down: `1085.00 HKD`.
    pub receive: String,
    /// Until when the offer holds.
    #[schema(format = "date-time")]
    pub expires: String,
    /// The dealer's address.
    pub dealer: String,
}
