//! Events of the chain as messages: which there are, their ids, and their bodies.
//!
//! Invariants: an event's id is its chain and its place there, so it is the same for every attempt,
//! every endpoint and every node; a body is made from final receipts alone. Absent: events that are
//! not on the chain.

use api::receipt::ReceiptView;
use api::text::{self, Naming};
use api::webhook::WebhookMessage;
use ledger::hash::ChainId;
use ledger::ids::{AccountId, Height, Timestamp};
use ledger::receipt::{Outcome, Receipt};
use serde::{Deserialize, Serialize};

/// A place in the chain: before the receipt `index` of the block at `height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) height: u64,
    pub(super) index: usize,
}

/// What an endpoint wants to get.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    /// The types of events; none: all.
    pub(super) events: Vec<String>,
    /// The accounts whose payments; none: all.
    pub(super) accounts: Vec<AccountId>,
}

impl Interest {
    pub(super) fn covers(&self, receipt: &Receipt) -> bool {
        let event = kind(receipt);
        let is_asked = self.events.is_empty() || self.events.iter().any(|one| one == event);
        is_asked
            && (self.accounts.is_empty() || self.accounts.iter().any(|one| moves(receipt, *one)))
    }
}

fn moves(receipt: &Receipt, account: AccountId) -> bool {
    match &receipt.outcome {
        Outcome::Settled(settlement) => {
            settlement.from == Some(account) || settlement.to == Some(account)
        }
        Outcome::Done | Outcome::Proposed(_) | Outcome::Rejected(_) => false,
    }
}

/// The type of a receipt's event.
pub(super) fn kind(receipt: &Receipt) -> &'static str {
    let is_payment = receipt.uetr.is_some();
    match (&receipt.outcome, is_payment) {
        (Outcome::Rejected(_), true) => "payment.rejected",
        (Outcome::Rejected(_), false) => "operation.rejected",
        (_, true) => "payment.settled",
        (_, false) => "operation.done",
    }
}

/// The id of the event at `place`.
pub(super) fn id(chain: ChainId, place: Place) -> String {
    let chain: String = chain.to_string().chars().take(12).collect();
    format!("msg_{chain}_{}_{}", place.height, place.index)
}

/// The place that an id names; `None` if it is none of this chain's.
pub(super) fn place(chain: ChainId, text: &str) -> Option<Place> {
    let mut parts = text.rsplitn(3, '_');
    let index = parts.next()?.parse().ok()?;
    let height = parts.next()?.parse().ok()?;
    let found = Place { height, index };
    (id(chain, found) == text).then_some(found)
}

/// The body of a receipt's event.
pub(super) fn body(receipt: &Receipt, height: Height, time: Timestamp, naming: &Naming) -> String {
    let message = WebhookMessage {
        kind: kind(receipt).to_owned(),
        timestamp: text::time(time),
        data: ReceiptView::new(receipt, Some((height, time)), naming),
    };
    // A message is made of strings and numbers: it always renders.
    serde_json::to_string(&message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::hash::Hash;

    #[test]
    fn ids_name_places_of_one_chain() {
        let (chain, other) = (ChainId(Hash([7; 32])), ChainId(Hash([8; 32])));
        let here = Place { height: 41, index: 3 };
        let text = id(chain, here);
        assert_eq!(text, "msg_070707070707_41_3");
        assert_eq!(place(chain, &text), Some(here));
        assert_eq!(place(other, &text), None);
        for text in ["", "msg_070707070707_41", "msg_070707070707_041_3", "msg_070707070707_x_3"] {
            assert_eq!(place(chain, text), None, "{text}");
        }
    }
}
