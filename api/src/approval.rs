//! Payments that wait for approvals or a review: `GET /v1/accounts/{account}/approvals`,
//! `GET /v1/institutions/{bic}/reviews`, and what is shown of one in a payment.
//!
//! Invariants: the order's exact bytes come with its words, so that an approver's wallet reads and
//! hashes the order itself and trusts no node with it. Absent: holds, which wait for their payee.

use ledger::codec;
use ledger::crypto::PublicKey;
use ledger::ids::{AccountId, Height, InstitutionNumber};
use ledger::waiting::{Approvals, Review, Waiting};
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

/// The review that a payment waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewView {
    /// The institution that reviews it, by its number.
    pub institution: u32,
    /// Whose institution that is: `payer` (also if it is both's) or `payee`.
    pub side: String,
    /// The institution's keys that approved so far, hexadecimal.
    pub given: Vec<String>,
    /// The keys that made or approved it before, hexadecimal; they review nothing.
    pub spent: Vec<String>,
    /// The hash of the order, hexadecimal: what an approval and a refusal name.
    pub order_hash: String,
}

impl ReviewView {
    /// The side of the payer's institution.
    pub const PAYER: &'static str = "payer";

    /// The side of the payee's institution.
    pub const PAYEE: &'static str = "payee";

    /// Renders the review of a payment from the account `from`.
    pub fn new(review: &Review, from: AccountId) -> Self {
        let keys = |keys: &[PublicKey]| keys.iter().map(PublicKey::to_hex).collect();
        Self {
            institution: review.reviewer.0,
            side: side(review.reviewer, from).to_owned(),
            given: keys(&review.given),
            spent: keys(&review.spent),
            order_hash: review.order.0.to_hex(),
        }
    }
}

/// Whose institution reviews a payment from the account `from`.
pub(crate) fn side(reviewer: InstitutionNumber, from: AccountId) -> &'static str {
    if reviewer == from.servicer() { ReviewView::PAYER } else { ReviewView::PAYEE }
}

/// The institutions whose review is still needed, by number, in their order.
pub(crate) fn numbers(reviewers: &[InstitutionNumber]) -> Vec<u32> {
    reviewers.iter().map(|number| number.0).collect()
}

/// A payment that waits for approvals or a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The payment's UETR.
    #[schema(format = "uuid")]
    pub id: String,
    /// The payer's address.
    pub from: String,
    /// The payee's address.
    pub to: String,
    /// What is paid once it is approved and reviewed: `2000.00 CNY`.
    pub amount: String,
    /// What is set aside for it: `2001.50 CNY`.
    pub held: String,
    /// The most charges that it can come to: `1.50 CNY`.
    pub fee: String,
    /// The last block time at which it can be approved or reviewed.
    #[schema(format = "date-time")]
    pub deadline: String,
    /// The height of the block that took the order.
    pub block: u64,
    /// The approvals, while it waits for some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalsView>,
    /// The review, while it waits for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewView>,
    /// The institutions, by number, whose review it still needs, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<u32>,
    /// The id of the transaction that ordered it, hexadecimal.
    pub transaction: String,
    /// The order's canonical bytes, base64: with the transaction's id, what `order_hash` is of.
    pub order: String,
}

impl WaitingView {
    /// Renders a payment that waits for approvals or a review; `None` if it waits for something
    /// else.
    pub fn new(waiting: &Waiting, naming: &Naming) -> Option<Self> {
        let (approvals, review) = (waiting.awaits.approvals(), waiting.awaits.review());
        if approvals.is_none() && review.is_none() {
            return None;
        }
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
            approvals: approvals.map(ApprovalsView::new),
            review: review.map(|review| ReviewView::new(review, order.from)),
            reviewers: numbers(&waiting.awaits.reviewers()),
            transaction: waiting.transaction.to_hex(),
            order: text::base64(&codec::encode(order)),
        })
    }
}

/// A page of the payments that wait for an account's approvers, or for an institution's review, the
/// earliest deadline first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingList {
    /// The payments.
    pub waiting: Vec<WaitingView>,
    /// Where the next page goes on. One request looks at a bounded number of all payments that
    /// wait, so a page with few payments, or none, need not be the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The final block after which this is so.
    pub height: u64,
}
