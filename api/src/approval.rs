//! Payments that wait for approvals: `GET /v1/accounts/{account}/approvals`, and what is shown of
//! one in a payment.
//!
//! Invariants: the order's exact bytes come with its words, so that an approver's wallet reads and
//! hashes the order itself and trusts no node with it. Absent: holds, which wait for their payee.

use ledger::codec;
use ledger::crypto::PublicKey;
use ledger::ids::Height;
use ledger::waiting::{Approvals, Waiting};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{self, Naming};

/// The approvals that a payment waits for, and those that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalsView {
    /// How many approvers must approve.
    pub needed: u8,
    /// The keys that approved so far, hexadecimal.
    pub given: Vec<String>,
    /// The keys that ordered it, hexadecimal; they approve nothing.
    pub makers: Vec<String>,
    /// The hash of the order, hexadecimal: what an approval and a refusal name.
    pub order_hash: String,
}

impl ApprovalsView {
    /// Renders approvals.
    pub fn new(approvals: &Approvals) -> Self {
        let keys = |keys: &[PublicKey]| keys.iter().map(PublicKey::to_hex).collect();
        Self {
            needed: approvals.needed,
            given: keys(&approvals.given),
            makers: keys(&approvals.makers),
            order_hash: approvals.order.0.to_hex(),
        }
    }
}

/// A payment that waits for approvals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The payment's UETR.
    #[schema(format = "uuid")]
    pub id: String,
    /// The payer's address.
    pub from: String,
    /// The payee's address.
    pub to: String,
    /// What is paid once it is approved: `2000.00 CNY`.
    pub amount: String,
    /// What is set aside for it: `2001.50 CNY`.
    pub held: String,
    /// The most charges that it can come to: `1.50 CNY`.
    pub fee: String,
    /// The last block time at which it can be approved.
    #[schema(format = "date-time")]
    pub deadline: String,
    /// The height of the block that took the order.
    pub block: u64,
    /// The approvals.
    pub approvals: ApprovalsView,
    /// The id of the transaction that ordered it, hexadecimal.
    pub transaction: String,
    /// The order's canonical bytes, base64: with the transaction's id, what `order_hash` is of.
    pub order: String,
}

impl WaitingView {
    /// Renders a payment that waits for approvals; `None` if it waits for something else.
    pub fn new(waiting: &Waiting, naming: &Naming) -> Option<Self> {
        let approvals = waiting.awaits.approvals()?;
        let Height(block) = waiting.height;
        let order = &waiting.order;
        Some(Self {
            id: order.uetr.to_string(),
            from: naming.address(order.from),
            to: naming.address(order.to),
            amount: naming.money(order.amount),
            held: naming.money(waiting.held),
            fee: naming.amount(waiting.most_charges, waiting.held.asset),
            deadline: text::time(waiting.deadline),
            block,
            approvals: ApprovalsView::new(approvals),
            transaction: waiting.transaction.to_hex(),
            order: text::base64(&codec::encode(order)),
        })
    }
}

/// The payments of an account that wait for approvals, the earliest deadline first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingList {
    /// The payments; at most 100.
    pub waiting: Vec<WaitingView>,
    /// The final block after which this is so.
    pub height: u64,
}

impl WaitingList {
    /// The most payments of one list.
    pub const MAXIMUM: usize = 100;
}
