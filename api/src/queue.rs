//! Payments that wait for funds: `GET /v1/accounts/{account}/queue` and
//! `GET /v1/institutions/{bic}/positions`.
//!
//! Invariants: what is shown is the state after one named final block, in the order in which a
//! block tries it. Absent: what the next block will settle; that depends on what comes in before.

use ledger::ids::{AssetCode, Height};
use ledger::money::Amount;
use ledger::waiting::Waiting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{self, Naming};

/// A payment that waits for funds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuedView {
    /// The payment's UETR.
    #[schema(format = "uuid")]
    pub id: String,
    /// The payer's address.
    pub from: String,
    /// The payee's address.
    pub to: String,
    /// What is paid once there are funds: `2000.00 CNY`.
    pub amount: String,
    /// The most charges that it can come to: `1.50 CNY`.
    pub fee: String,
    /// `urgent`, `high` or `normal`.
    pub priority: String,
    /// Its place among the account's payments of the asset, from 1.
    pub place: usize,
    /// The last block time at which it can settle.
    #[schema(format = "date-time")]
    pub deadline: String,
    /// The height of the block that took the order.
    pub block: u64,
}

impl QueuedView {
    /// Renders a payment in its `place`; `None` if it waits for something else.
    pub fn new(waiting: &Waiting, place: usize, naming: &Naming) -> Option<Self> {
        let priority = waiting.awaits.place()?.priority;
        let Height(block) = waiting.height;
        let order = &waiting.order;
        Some(Self {
            id: order.uetr.to_string(),
            from: naming.address(order.from),
            to: naming.address(order.to),
            amount: naming.money(order.amount),
            fee: naming.amount(waiting.most_charges, order.amount.asset),
            priority: priority.word().to_owned(),
            place,
            deadline: text::time(waiting.deadline),
            block,
        })
    }
}

/// The payments of an account that wait for funds, by asset and in the order in which they are
/// tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueList {
    /// The payments; at most 100 of each asset.
    pub queue: Vec<QueuedView>,
    /// The final block after which this is so.
    pub height: u64,
}

/// What waits between an institution's accounts and those of others, in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuePositionView {
    /// The asset's code.
    pub asset: String,
    /// How many payments wait that go to other institutions.
    pub outgoing_payments: usize,
    /// What they come to, charges left out.
    pub outgoing: String,
    /// How many payments wait that come from other institutions.
    pub incoming_payments: usize,
    /// What they come to, charges left out.
    pub incoming: String,
    /// What the institution's accounts with queued payments have available.
    pub available: String,
    /// What these accounts lack if all that waits were to settle together: outgoing less incoming
    /// less available, or nothing.
    pub short: String,
}

/// The sums of what waits in one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueuePosition {
    /// How many payments wait that go to other institutions, and what they come to.
    pub outgoing: (usize, Amount),
    /// How many payments wait that come from other institutions, and what they come to.
    pub incoming: (usize, Amount),
    /// What the institution's accounts with queued payments have available.
    pub available: Amount,
}

impl QueuePositionView {
    /// Renders the sums.
    pub fn new(asset: AssetCode, position: QueuePosition, naming: &Naming) -> Self {
        let QueuePosition { outgoing, incoming, available } = position;
        let has = incoming.1.plus(available).unwrap_or(Amount(u128::MAX));
        let short = outgoing.1.minus(has).unwrap_or(Amount::ZERO);
        Self {
            asset: asset.to_string(),
            outgoing_payments: outgoing.0,
            outgoing: naming.amount(outgoing.1, asset),
            incoming_payments: incoming.0,
            incoming: naming.amount(incoming.1, asset),
            available: naming.amount(available, asset),
            short: naming.amount(short, asset),
        }
    }
}

/// What waits between an institution's accounts and those of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PositionList {
    /// The institution's BIC.
    pub institution: String,
    /// By asset; an asset in which nothing waits is left out.
    pub positions: Vec<QueuePositionView>,
    /// The final block after which this is so.
    pub height: u64,
}
