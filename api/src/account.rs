//! Accounts: `GET /v1/accounts/{account}` and its history.
//!
//! Invariants: what is shown is the state after one named final block. Absent: names of customers.

use ledger::account::{Account, AccountStatus, Entry, EntryKind, Holding, Policy};
use ledger::crypto::PublicKey;
use ledger::ids::{AccountId, AssetCode, Bic, Height, Timestamp};
use ledger::limits::OwnLimits;
use ledger::money::Money;
use ledger::step_up::{StepUp, StepUpRule};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::limits;
use crate::text::{self, Naming};

/// An account's position in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldingView {
    /// The asset's code.
    pub asset: String,
    /// The balance: `100.50 CNY`.
    pub posted: String,
    /// The part that waits for something.
    pub held: String,
    /// What can be spent.
    pub available: String,
    /// How many entries there ever were.
    pub entries: u64,
    /// The entry chain's last hash, hexadecimal.
    pub chain: String,
}

impl HoldingView {
    /// Renders a holding of `asset`.
    pub fn new(asset: AssetCode, holding: &Holding, naming: &Naming) -> Self {
        let text = |amount| naming.money(Money::new(amount, asset));
        Self {
            asset: asset.to_string(),
            posted: text(holding.posted),
            held: text(holding.held),
            available: text(holding.available()),
            entries: holding.entries,
            chain: holding.chain.to_hex(),
        }
    }
}

/// Keys and rules of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyView {
    /// How many owner keys must sign.
    pub threshold: u8,
    /// The owner keys, hexadecimal.
    pub keys: Vec<String>,
    /// Whether the servicer may order payments too.
    pub mandate: bool,
    /// Which payments need approvals by other keys than their maker's; absent if none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUpView>,
    /// The limits that the owners set themselves, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<OwnLimitsView>,
}

/// Which payments of an account need approvals, and whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepUpView {
    /// The approvers' keys, hexadecimal.
    pub approvers: Vec<String>,
    /// One rule for each asset.
    pub rules: Vec<StepUpRuleView>,
}

/// Above which amount payments need how many approvals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepUpRuleView {
    /// The largest amount that needs none: `1000.00 CNY`.
    pub above: String,
    /// How many approvers must approve what is above.
    pub approvals: u8,
}

impl StepUpView {
    /// Renders the rules.
    pub fn new(step_up: &StepUp, naming: &Naming) -> Self {
        let rule = |rule: &StepUpRule| StepUpRuleView {
            above: naming.amount(rule.above, rule.asset),
            approvals: rule.approvals,
        };
        Self {
            approvers: step_up.approvers.iter().map(PublicKey::to_hex).collect(),
            rules: step_up.rules.iter().map(rule).collect(),
        }
    }
}

/// The limits that an account's owners set themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnLimitsView {
    /// The most that is paid in one day, by asset: `1000.00 CNY`.
    pub daily: Vec<String>,
    /// The addresses of the only accounts that it pays, if it does not pay every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payees: Option<Vec<String>>,
}

impl OwnLimitsView {
    fn new(own: &OwnLimits, naming: &Naming) -> Self {
        let daily = own.daily.iter().map(|limit| naming.amount(limit.most, limit.asset));
        Self { daily: daily.collect(), payees: limits::payees(own, naming) }
    }
}

impl PolicyView {
    /// Renders a policy.
    pub fn new(policy: &Policy, naming: &Naming) -> Self {
        Self {
            threshold: policy.owners.threshold,
            keys: policy.owners.keys.iter().map(PublicKey::to_hex).collect(),
            mandate: policy.mandate,
            limits: policy.limits.as_ref().map(|own| OwnLimitsView::new(own, naming)),
            step_up: policy.step_up.as_ref().map(|rules| StepUpView::new(rules, naming)),
        }
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// Its address.
    pub account: String,
    /// Its servicer's BIC.
    pub institution: String,
    /// `active`, `frozen-outgoing`, `frozen-incoming`, `frozen` or `closed`.
    pub status: String,
    /// The know-your-customer tier.
    pub tier: u8,
    /// Keys and rules.
    pub policy: PolicyView,
    /// The holdings, by asset.
    pub holdings: Vec<HoldingView>,
    /// The final block after which this is the state.
    pub height: u64,
}

impl AccountView {
    /// Renders an account and its holdings.
    pub fn new(
        id: AccountId,
        account: &Account,
        servicer: &Bic,
        holdings: &[(AssetCode, Holding)],
        height: Height,
        naming: &Naming,
    ) -> Self {
        Self {
            account: naming.address(id),
            institution: servicer.to_string(),
            status: status_word(account.status).to_owned(),
            tier: account.tier,
            policy: PolicyView::new(&account.policy, naming),
            holdings: holdings
                .iter()
                .map(|(asset, holding)| HoldingView::new(*asset, holding, naming))
                .collect(),
            height: height.0,
        }
    }
}

const fn status_word(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::FrozenOutgoing => "frozen-outgoing",
        AccountStatus::FrozenIncoming => "frozen-incoming",
        AccountStatus::Frozen => "frozen",
        AccountStatus::Closed => "closed",
    }
}

/// One line of an account's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryView {
    /// The movement's UETR.
    #[schema(format = "uuid")]
    pub id: String,
    /// `issue`, `redeem`, `payment`, `fee` or `exchange`.
    pub kind: String,
    /// `in` or `out`.
    pub direction: String,
    /// By how much the holding changed: `25.00 CNY`.
    pub amount: String,
    /// The other side's address, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<String>,
    /// The block's height.
    pub block: u64,
    /// The block's time.
    #[schema(format = "date-time")]
    pub time: String,
}

impl EntryView {
    /// Renders a line of the holding of `asset`, booked by a block of `time`.
    pub fn new(
        asset: AssetCode,
        entry: &Entry,
        counterparty: Option<AccountId>,
        time: Timestamp,
        naming: &Naming,
    ) -> Self {
        Self {
            id: entry.uetr.to_string(),
            kind: kind_word(entry.kind).to_owned(),
            direction: direction_word(entry).to_owned(),
            amount: naming.amount(entry.amount, asset),
            counterparty: counterparty.map(|account| naming.address(account)),
            block: entry.height.0,
            time: text::time(time),
        }
    }
}

/// Why an entry was booked: `issue`, `redeem`, `payment`, `fee`, `exchange` or `return`.
pub const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Issue => "issue",
        EntryKind::Redeem => "redeem",
        EntryKind::Payment => "payment",
        EntryKind::Fee => "fee",
        EntryKind::Exchange => "exchange",
        EntryKind::Return => "return",
    }
}

/// Whether the holding grew: `in` or `out`.
pub const fn direction_word(entry: &Entry) -> &'static str {
    if entry.credit { "in" } else { "out" }
}

/// A page of history, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// The entries, newest first.
    pub entries: Vec<EntryView>,
    /// What to pass as `cursor` for the next, older page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The query of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where to go on, from the page before.
    pub cursor: Option<String>,
    /// How many at most; the operation says what is usual.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u16>,
}
