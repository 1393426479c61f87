//! Transactions and payments: `POST /v1/transactions`, `.../simulate`, `GET /v1/payments/{uetr}`.
//!
//! Invariants: the same bytes get the same answer. Absent: the encoding of the transaction itself,
//! which is the ledger's.

use ledger::crypto::PublicKey;
use ledger::execute::{Approval, Asked};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::account::HoldingView;
use crate::approval::WaitingView;
use crate::recall::RecallView;
use crate::receipt::ReceiptView;
use crate::text::Naming;

/// The JSON body of `POST /v1/transactions`; `application/octet-stream` carries the bytes
/// themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionRequest {
    /// The canonical bytes of a signed transaction, base64.
    pub transaction: String,
}

/// How long a submission waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// Until the receipts are final (the node's time limit apart).
    Final,
    /// Until the transaction is taken in.
    #[default]
    Accepted,
}

/// The query of `POST /v1/transactions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SubmitQuery {
    /// How long to wait.
    #[param(inline)]
    pub wait: Wait,
    /// True: each payment's receipt in the answer carries its proof file, if the transaction has at
    /// most 64 receipts; else proofs are fetched one by one.
    pub proof: bool,
}

impl SubmitQuery {
    /// The most receipts whose proofs come with one answer; the text of `proof` says it too.
    pub const MAXIMUM_PROOFS: usize = 64;
}

/// The answer to a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionAnswer {
    /// The transaction's id, hexadecimal.
    pub transaction: String,
    /// `final` with receipts, or `accepted` without.
    pub status: String,
    /// One receipt per operation, in order.
    pub receipts: Vec<ReceiptView>,
}

/// The answer to a simulation: what the transaction would do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SimulationAnswer {
    /// The height of the final block after which it was simulated.
    pub height: u64,
    /// The receipts it would get now, one for each operation.
    pub receipts: Vec<ReceiptView>,
    /// The further receipts of those of its payments that would not wait for funds after all: a
    /// block that holds this transaction alone would settle them at its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<ReceiptView>,
    /// The holdings as they would be afterwards.
    pub balances: Vec<SimulatedBalance>,
    /// What owners of accounts must approve, one for each operation that they order; and what
    /// their policies ask of approvers.
    #[serde(default)]
    pub approvals: Vec<ApprovalView>,
}

/// What the owners or the approvers of an account must approve: so many of their keys must sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalView {
    /// The place of the operation in its transaction, from 0.
    pub operation: u64,
    /// The account's address.
    pub account: String,
    /// Who of it is asked: `owners`, or `approvers`, for whom a payment can also wait.
    #[serde(default = "owners")]
    pub asked: String,
    /// How many of their keys must sign.
    pub threshold: u8,
    /// Those keys that the transaction names as signers, hexadecimal; a maker's is no approver's.
    pub signers: Vec<String>,
    /// How many more must sign; 0 if enough do, or the servicer signs and may order it: under a
    /// mandate, or because the account only receives.
    pub missing: u64,
    /// The other keys, hexadecimal: any `missing` of them must be named as signers and sign.
    pub others: Vec<String>,
}

fn owners() -> String {
    asked_word(Asked::Owners).to_owned()
}

const fn asked_word(asked: Asked) -> &'static str {
    match asked {
        Asked::Owners => "owners",
        Asked::Approvers => ApprovalView::APPROVERS,
    }
}

impl ApprovalView {
    /// The word for approvers, of who is asked.
    pub const APPROVERS: &'static str = "approvers";

    /// Renders an approval.
    pub fn new(approval: &Approval, naming: &Naming) -> Self {
        let keys = |keys: &[PublicKey]| keys.iter().map(PublicKey::to_hex).collect();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            operation: number(approval.operation),
            account: naming.address(approval.account),
            asked: asked_word(approval.asked).to_owned(),
            threshold: approval.threshold,
            signers: keys(&approval.signers),
            missing: number(approval.missing),
            others: keys(&approval.others),
        }
    }
}

/// A holding as it would be after a simulated transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedBalance {
    /// The account's address.
    pub account: String,
    /// The holding.
    #[serde(flatten)]
    pub holding: HoldingView,
}

/// One step in a payment's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEvent {
    /// `received`, `awaiting-approval`, `awaiting-review`, `approved` (by some, and not enough
    /// yet), `held`, `settled`, `released`, `refused`, `expired`, `rejected` or `returned`.
    pub event: String,
    /// When, if it is known: a block's time, or this node's clock for `received`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub time: Option<String>,
    /// The block, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
}

/// A payment: `GET /v1/payments/{uetr}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentView {
    /// The UETR.
    #[schema(format = "uuid")]
    pub id: String,
    /// `received`, `awaiting-approval`, `awaiting-review`, `held`, `queued`, `settled`, `released`,
    /// `refused` (by an approver or a reviewer), `expired` (it waited until its deadline),
    /// `rejected`, `recall-requested` (the payee's side must answer), `partly-returned`, or
    /// `returned`: it was returned whole, or is itself a return.
    pub status: String,
    /// ISO 20022 status: `RCVD`, `PATC` (awaiting approval), `PDNG` (held, or awaiting review),
    /// `ACSC`, `CANC` (released) or `RJCT` (refused, expired or rejected).
    pub iso_status: String,
    /// ISO 20022 reason, if rejected, refused, expired or a return: `AM04`, `DS02`, `TM01`,
    /// `AC04`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso_reason: Option<String>,
    /// One sentence in plain words.
    pub summary: String,
    /// Who must act next: `validators` while it is not final, `payee` while its funds are held or
    /// it is asked back, `approvers` while it awaits approval, `payer-institution` or
    /// `payee-institution` while it awaits that one's review, `payer` while it waits for the
    /// payer's funds; null when nobody must.
    pub next_actor: Option<String>,
    /// The last block time at which the next actor can act, while it waits or is asked back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub deadline: Option<String>,
    /// The order with its approvals or its review, while it awaits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEvent>,
    /// What was returned of it, oldest first: at most 16 returns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnView>,
    /// What asks for it back, if something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<RecallView>,
    /// The receipt, once it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptView>,
}

/// A return of a payment, whole or a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnView {
    /// The return's own UETR: what became of it, and its proof, are found under it.
    #[schema(format = "uuid")]
    pub id: String,
    /// What went back: `40.00 CNY`.
    pub amount: String,
    /// ISO 20022 status: `ACSC`.
    pub iso_status: String,
    /// ISO 20022 return reason: `AC04`.
    pub iso_reason: String,
    /// The block.
    pub block: u64,
    /// The block's time; absent if this node keeps that block no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub time: Option<String>,
}
