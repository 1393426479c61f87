//! A receipt in words: what a person and a script read of an operation's outcome.
//!
//! Invariants: built from a ledger receipt alone, so a wallet renders what it has verified in the
//! same words as the node. Absent: whether it is proven (the wallet says that).

use ledger::corrections::Reason;
use ledger::fees::{FeeItem, FeeKind};
use ledger::ids::{AccountId, Height, Timestamp, Uetr};
use ledger::money::Money;
use ledger::receipt::{Exchange, Held, Outcome, Receipt, Refused, Reversal, Settlement};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::approval::{self, ApprovalsView, ReviewView};
use crate::limits::RuleView;
use crate::text::{self, Naming};

/// One line of charges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeeLine {
    /// `payment`, `interbank` or `cross-border`.
    pub kind: String,
    /// `1.50 CNY`.
    pub amount: String,
}

/// The exchange within a payment across currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExchangeView {
    /// The dealer's address.
    pub dealer: String,
    /// Units of what the dealer gave for one unit of what it took: `1.085`.
    pub rate: String,
    /// What it took: `1000.00 CNY`.
    pub sold: String,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// The payment's UETR; absent for operations that move no money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub id: Option<String>,
    /// The transaction's id, hexadecimal; of a queued payment that a block settled by itself, the
    /// name of what that block settled.
    pub transaction: String,
    /// The operation's place in it, from 0.
    pub operation: u16,
    /// `settled`, `done`, `rejected`, `held`, `released`, `awaiting-approval`, `awaiting-review`,
    /// `refused`, `queued`, `returned`, `recall-requested` or `recall-refused`.
    pub status: String,
    /// ISO 20022 status: `ACSC`, `RJCT` (rejected or refused), `PDNG` (held, or awaiting review),
    /// `CANC` (released), `PATC` (awaiting approval), `ACSP` (queued), `PDCR` (recall requested) or
    /// `RJCR` (recall
    /// refused).
    pub iso_status: String,
    /// ISO 20022 reason, if rejected (`AM04`), refused (`DS02`), returned (`AC04`), or of a recall
    /// (`DUPL`) or its refusal (`NOAS`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso_reason: Option<String>,
    /// The rejection's stable code, if rejected: `insufficient-funds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// One sentence for a person, if rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The number of the proposal, if a change of the network was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
    /// The height of the block; absent in a simulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// The block's time; absent in a simulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub time: Option<String>,
    /// The debited account's address, or that whose funds are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The credited account's address, or that for which funds are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What the payer gave, charges included: `1001.50 CNY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debited: Option<String>,
    /// What the payee got: `1085.00 HKD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited: Option<String>,
    /// The most that can be captured, what is paid once it is approved, or what a recall asks for:
    /// `100.00 CNY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What was set aside in all, of funds that are held, or were and are released: `101.50 CNY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The last block time at which held funds can be captured, the payment approved, reviewed or
    /// settled, or a recall answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub deadline: Option<String>,
    /// The hash lock (SHA-256, hexadecimal) whose secret a capture must show, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// How early it is tried among its account's, if it waits for funds: `urgent`, `high` or
    /// `normal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The approvals that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalsView>,
    /// The review that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewView>,
    /// The institutions, by number, whose review it still needs, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<u32>,
    /// Why an approver or a reviewer refused it: `declined`, `fraud` or `regulatory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The institution that reviewed and refused it, by number; absent if an approver did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<u32>,
    /// Whose institution refused it: `payer` or `payee`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer_side: Option<String>,
    /// The charges in all; of held funds, the most that they can come to: `1.50 CNY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<String>,
    /// The charges, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<FeeLine>,
    /// The exchange, for a payment across currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeView>,
    /// The second exchange, for a payment over a third asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward: Option<ExchangeView>,
    /// The payment (UETR) of which this is a return, a recall or its refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub payment: Option<String>,
    /// What was returned of that payment in all, this return included: `40.00 CNY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<String>,
    /// The institutions' rules that the payment met: those that alert, if it settled or is held;
    /// the one that refused, if it was rejected for a limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleView>,
    /// The proof file, base64; present where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl ReceiptView {
    /// Renders `receipt`, which stands in the block `place` (none in a simulation).
    pub fn new(receipt: &Receipt, place: Option<(Height, Timestamp)>, naming: &Naming) -> Self {
        let rejection = receipt.outcome.rejection();
        let mut view = Self {
            id: receipt.uetr.map(|uetr| uetr.to_string()),
            transaction: receipt.transaction.to_hex(),
            operation: receipt.operation,
            status: status_word(&receipt.outcome).to_owned(),
            iso_status: receipt.outcome.iso_status().to_owned(),
            iso_reason: receipt.outcome.iso_reason().map(str::to_owned),
            code: rejection.map(|rejection| rejection.code().to_owned()),
            explanation: rejection.map(|rejection| rejection.explanation().to_owned()),
            proposal: proposal(&receipt.outcome),
            block: place.map(|(height, _)| height.0),
            time: place.map(|(_, time)| text::time(time)),
            from: None,
            to: None,
            debited: None,
            credited: None,
            amount: None,
            held: None,
            deadline: None,
            lock: None,
            priority: None,
            approvals: None,
            review: None,
            reviewers: Vec::new(),
            reason: None,
            reviewer: None,
            reviewer_side: None,
            fee: None,
            fees: Vec::new(),
            exchange: None,
            onward: None,
            payment: None,
            returned: None,
            rules: receipt.rules.0.iter().map(RuleView::new).collect(),
            proof: None,
        };
        match &receipt.outcome {
            Outcome::Settled(settlement) => view.settle(settlement, naming),
            Outcome::Held(held)
            | Outcome::AwaitingApproval(held)
            | Outcome::AwaitingReview(held)
            | Outcome::Queued(held) => view.wait(held, naming),
            Outcome::Released(released) => {
                view.from = Some(naming.address(released.from));
                view.to = Some(naming.address(released.to));
                // What was queued held nothing.
                let is_held = !released.released.amount.is_zero();
                view.held = is_held.then(|| naming.money(released.released));
            }
            Outcome::Returned(reversal) => view.reverse(reversal, naming),
            Outcome::RecallRequested(recall) => {
                let parties = (recall.from, recall.to);
                view.ask(recall.payment, parties, (recall.amount, recall.reason), naming);
                view.deadline = Some(text::time(recall.deadline));
            }
            Outcome::RecallRefused(recall) => {
                let parties = (recall.from, recall.to);
                view.ask(recall.payment, parties, (recall.amount, recall.reason), naming);
            }
            Outcome::Refused(refused) => view.refuse(refused, naming),
            Outcome::Done | Outcome::Rejected(_) | Outcome::Proposed(_) => {}
        }
        view
    }

    /// Adds what waits, and for what.
    fn wait(&mut self, held: &Held, naming: &Naming) {
        let place = held.awaits.place();
        self.from = Some(naming.address(held.from));
        self.to = Some(naming.address(held.to));
        self.amount = Some(naming.money(held.amount));
        self.priority = place.map(|place| place.priority.word().to_owned());
        self.held = place.is_none().then(|| naming.money(held.held));
        self.fee = Some(naming.amount(held.most_charges, held.held.asset));
        self.deadline = Some(text::time(held.deadline));
        self.lock = held.awaits.lock().map(|lock| lock.0.to_hex());
        self.approvals = held.awaits.approvals().map(ApprovalsView::new);
        self.review = held.awaits.review().map(|review| ReviewView::new(review, held.from));
        self.reviewers = approval::numbers(&held.awaits.reviewers());
    }

    /// Adds who refused it, and why.
    fn refuse(&mut self, refused: &Refused, naming: &Naming) {
        self.from = Some(naming.address(refused.from));
        self.to = Some(naming.address(refused.to));
        self.held = Some(naming.money(refused.released));
        self.reason = Some(refused.reason.word().to_owned());
        self.reviewer = refused.reviewer.map(|number| number.0);
        let side = |number| approval::side(number, refused.from).to_owned();
        self.reviewer_side = refused.reviewer.map(side);
    }

    /// Adds what is or was asked back.
    fn ask(
        &mut self,
        payment: Uetr,
        (from, to): (AccountId, AccountId),
        (amount, reason): (Money, Reason),
        naming: &Naming,
    ) {
        self.iso_reason = Some(reason.to_string());
        self.from = Some(naming.address(from));
        self.to = Some(naming.address(to));
        self.amount = Some(naming.money(amount));
        self.payment = Some(payment.to_string());
    }

    /// Adds the money that went back.
    fn reverse(&mut self, reversal: &Reversal, naming: &Naming) {
        self.iso_reason = Some(reversal.reason.to_string());
        self.from = Some(naming.address(reversal.from));
        self.to = Some(naming.address(reversal.to));
        self.debited = Some(naming.money(reversal.amount));
        self.credited = Some(naming.money(reversal.amount));
        self.payment = Some(reversal.payment.to_string());
        self.returned = Some(naming.amount(reversal.total, reversal.amount.asset));
    }

    /// The rate of a payment across assets: `1.085`, or `0.139 x 1.29` over a third one.
    pub fn rate(&self) -> Option<String> {
        let first = self.exchange.as_ref()?.rate.clone();
        Some(match &self.onward {
            Some(onward) => format!("{first} x {}", onward.rate),
            None => first,
        })
    }

    /// Adds the money that moved.
    fn settle(&mut self, settlement: &Settlement, naming: &Naming) {
        let charged = settlement.debited.asset;
        self.from = settlement.from.map(|account| naming.address(account));
        self.to = settlement.to.map(|account| naming.address(account));
        self.debited = Some(naming.money(settlement.debited));
        self.credited = Some(naming.money(settlement.credited));
        self.fee = Some(naming.amount(settlement.fee(), charged));
        let line = |item: &FeeItem| FeeLine {
            kind: fee_word(item.kind).to_owned(),
            amount: naming.amount(item.amount, charged),
        };
        self.fees = settlement.fees.iter().map(line).collect();
        let exchanged = |exchange: &Exchange| ExchangeView {
            dealer: naming.address(exchange.dealer),
            rate: exchange.rate.to_string(),
            sold: naming.money(exchange.sold),
        };
        self.exchange = settlement.exchange.as_ref().map(exchanged);
        self.onward = settlement.onward.as_deref().map(exchanged);
    }
}

const fn proposal(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Proposed(number) => Some(number.0),
        Outcome::Settled(_)
        | Outcome::Done
        | Outcome::Rejected(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => None,
    }
}

const fn status_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Settled(_) => "settled",
        Outcome::Done | Outcome::Proposed(_) => "done",
        Outcome::Rejected(_) => "rejected",
        Outcome::Held(_) => "held",
        Outcome::Released(_) => "released",
        Outcome::Returned(_) => "returned",
        Outcome::RecallRequested(_) => "recall-requested",
        Outcome::RecallRefused(_) => "recall-refused",
        Outcome::AwaitingApproval(_) => "awaiting-approval",
        Outcome::AwaitingReview(_) => "awaiting-review",
        Outcome::Queued(_) => "queued",
        Outcome::Refused(_) => "refused",
    }
}

const fn fee_word(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Payment => "payment",
        FeeKind::Interbank => "interbank",
        FeeKind::CrossBorder => "cross-border",
    }
}
