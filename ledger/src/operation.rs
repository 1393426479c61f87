//! Operations: everything that a transaction can order.
//!
//! Invariants: every operation that orders a movement of money carries its own UETR, chosen before
//! signing, and one that goes on with a payment names that payment's; tags are fixed for ever and
//! new operations take new ones. Absent: what operations do (see `execute`).

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

use crate::account::Policy;
use crate::corrections::{Evidence, RecallAnswer, RecallRequest, Return};
use crate::fees::FeeSchedule;
use crate::governance::Change;
use crate::hash::Hash;
use crate::ids::{AccountId, AssetCode, InstitutionNumber, ProposalNumber, Timestamp, Uetr};
use crate::limits::Limits;
use crate::money::{Amount, Decimals, Money};
use crate::quote::{Route, SignedQuote};
use crate::waiting::{HashLock, OrderHash, Priority, Refusal, Secret};

/// What kind of value an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum AssetKind {
    /// A currency of ISO 4217, with the standard's decimals.
    Currency = 1,
    /// Points of one institution, under a code that is no currency's.
    Points = 2,
}

/// In which direction an account is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum FreezeDirection {
    /// Nothing goes out.
    Outgoing = 1,
    /// Nothing comes in.
    Incoming = 2,
    /// Neither.
    Both = 3,
}

/// Who bears the charges (ISO 20022 `ChrgBr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum ChargeBearer {
    /// DEBT: the payer, on top of the amount.
    Debtor = 1,
    /// SHAR: the payer bears the charges of its own institution, on top of the amount.
    Shared = 2,
    /// CRED: the payee; the charges are taken from the amount.
    Creditor = 3,
}

/// What every payment carries beside its amounts.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PaymentTerms {
    /// Who bears the charges.
    pub charge_bearer: ChargeBearer,
    /// The most charges that the payer agreed to, in minor units of the debited asset.
    pub maximum_fee: Amount,
    /// The purpose code (ISO 20022 external purpose, 4 characters, zero for none).
    pub purpose: [u8; 4],
    /// The salted commitment to names and remittance text that stay off the ledger; zero for none.
    pub remittance: Hash,
}

/// A payment within one asset.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Pay {
    /// The payment's identity.
    pub uetr: Uetr,
    /// The payer's account.
    pub from: AccountId,
    /// The payee's account.
    pub to: AccountId,
    /// What is paid.
    pub amount: Money,
    /// Charges, purpose, remittance.
    pub terms: PaymentTerms,
}

/// A payment across two assets, payment versus payment: both legs or none.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PayAcross {
    /// The payment's identity.
    pub uetr: Uetr,
    /// The payer's account.
    pub from: AccountId,
    /// The payee's account.
    pub to: AccountId,
    /// What the payer sells, in the asset that the first quote's dealer buys.
    pub sell: Money,
    /// The least that the payee must receive, in the asset that the last dealer sells.
    pub minimum_received: Money,
    /// The dealers' firm offers, used up by this payment.
    pub route: Route,
    /// Charges (in the sold asset), purpose, remittance.
    pub terms: PaymentTerms,
}

/// A payment whose funds are held first and captured later.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hold {
    /// The payment; its amount is the most that can be captured.
    pub pay: Pay,
    /// The last block time at which it can be captured; at most
    /// [`crate::waiting::Waiting::MAXIMUM_AHEAD`] from now.
    pub deadline: Timestamp,
    /// The lock whose secret a capture must show, if it is conditional.
    pub lock: Option<HashLock>,
}

/// A payment that waits in its payer's queue until there are funds for it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Queue {
    /// The payment.
    pub pay: Pay,
    /// How early it is tried among the account's.
    pub priority: Priority,
    /// The last block time at which it can settle; at most
    /// [`crate::waiting::Waiting::MAXIMUM_AHEAD`] from now.
    pub deadline: Timestamp,
}

/// One operation. The comments say whose keys must sign.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Operation {
    /// Makes an asset known. The issuer's operators sign.
    RegisterAsset {
        /// The new code.
        code: AssetCode,
        /// Currency or points.
        kind: AssetKind,
        /// Decimals of the minor unit, fixed for ever.
        decimals: Decimals,
        /// The one institution that issues and redeems it.
        issuer: InstitutionNumber,
    } = 1,
    /// Creates money in an account. The asset issuer's operators sign.
    Issue {
        /// The identity of this movement.
        uetr: Uetr,
        /// The account that receives it.
        to: AccountId,
        /// How much.
        amount: Money,
    } = 2,
    /// Destroys money of an account. The account's owners and the asset issuer's operators sign.
    Redeem {
        /// The identity of this movement.
        uetr: Uetr,
        /// The account that gives it up.
        from: AccountId,
        /// How much.
        amount: Money,
    } = 3,
    /// Opens an account. Its servicer's operators sign.
    OpenAccount {
        /// The account; its first four bytes name the servicer.
        account: AccountId,
        /// Keys and rules.
        policy: Policy,
        /// The know-your-customer tier, 0 (unverified) to 9.
        tier: u8,
    } = 4,
    /// Replaces an account's policy. The owners (old policy) and the servicer's operators sign.
    SetPolicy {
        /// The account.
        account: AccountId,
        /// The new policy.
        policy: Policy,
    } = 5,
    /// Replaces the owner keys and threshold, and leaves the other rules. The owners sign.
    RotateKeys {
        /// The account.
        account: AccountId,
        /// The new keys.
        keys: crate::account::KeySet,
    } = 6,
    /// Stops an account. The servicer's operators or its compliance key sign.
    Freeze {
        /// The account.
        account: AccountId,
        /// What is stopped.
        direction: FreezeDirection,
    } = 7,
    /// Lifts every freeze. The servicer's operators or its compliance key sign.
    Unfreeze {
        /// The account.
        account: AccountId,
    } = 8,
    /// Closes an account whose holdings are all empty, for ever. The servicer's operators sign.
    CloseAccount {
        /// The account.
        account: AccountId,
    } = 9,
    /// Pays. The payer's owners sign, or its servicer's operators where the policy's mandate says
    /// so. If the policy asks for more approvals than there are, the payment waits for them.
    Pay(Pay) = 10,
    /// Pays across currencies. As for `Pay`; the dealer's signature is in the quote.
    PayAcross(Box<PayAcross>) = 11,
    /// Publishes an institution's next fee schedule. Its operators sign.
    SetFeeSchedule {
        /// The institution.
        institution: InstitutionNumber,
        /// The schedule; its version must be the present one's plus one.
        schedule: FeeSchedule,
    } = 12,
    /// Sets an account's know-your-customer tier. The servicer's operators sign.
    SetTier {
        /// The account.
        account: AccountId,
        /// The new tier, 0 to 9.
        tier: u8,
    } = 13,
    /// Proposes a change of the network, and approves it. The operators of a governing member (an
    /// institution with a validator in the present epoch) sign.
    Propose {
        /// Who proposes.
        institution: InstitutionNumber,
        /// What.
        change: Box<Change>,
        /// The last block time at which it can be voted on or enacted; at most
        /// [`crate::governance::Proposal::MAXIMUM_AHEAD`] from now.
        expires: Timestamp,
    } = 14,
    /// Votes on a proposal, once. The operators of a governing member sign.
    Vote {
        /// Who votes.
        institution: InstitutionNumber,
        /// On what.
        proposal: ProposalNumber,
        /// For or against.
        approve: bool,
    } = 15,
    /// Brings about what a quorum approved. The operators of a governing member sign.
    Enact {
        /// Who enacts.
        institution: InstitutionNumber,
        /// What.
        proposal: ProposalNumber,
    } = 16,
    /// Holds funds of the payer for a payment. As for `Pay`.
    Hold(Box<Hold>) = 17,
    /// Pays a held payment, whole or a part, and releases the rest. The payee's owners or its
    /// servicer's operators sign.
    Capture {
        /// The held payment.
        payment: Uetr,
        /// What is paid, at most the hold's amount.
        amount: Money,
        /// The secret of the hold's lock, if it has one.
        secret: Option<Secret>,
    } = 18,
    /// Gives a held payment up: its funds are the payer's again. The payee's owners or its
    /// servicer's operators sign; of one that waits for approvals or funds, who may order it.
    Release {
        /// The held payment.
        payment: Uetr,
    } = 19,
    /// Returns a settled payment, whole or a part. The payee's owners or its servicer's operators
    /// sign; the validators' signatures are in the evidence.
    Return(Box<Return>) = 22,
    /// Asks for a settled payment back, whole or a part. The payer's owners or its servicer's
    /// operators sign; the validators' signatures are in the evidence.
    RequestRecall(Box<RecallRequest>) = 23,
    /// Answers an open recall. The payee's owners or its servicer's operators sign.
    AnswerRecall {
        /// The payment that is asked back.
        payment: Uetr,
        /// What goes back, or why nothing does.
        answer: RecallAnswer,
    } = 24,
    /// Approves a payment that waits for it; the last approval that it needs pays it. Approvers of
    /// the payer's account sign, other keys than the payment's makers.
    Approve {
        /// The payment.
        payment: Uetr,
        /// What exactly is approved.
        order: OrderHash,
    } = 20,
    /// Refuses a payment that waits for approvals, for ever: its funds are the payer's again. An
    /// approver signs, as for `Approve`.
    Refuse {
        /// The payment.
        payment: Uetr,
        /// What exactly is refused.
        order: OrderHash,
        /// Why.
        reason: Refusal,
    } = 21,
    /// Publishes an institution's next limits. Its operators sign.
    SetLimits {
        /// The institution.
        institution: InstitutionNumber,
        /// The rules; their version must be the present ones' plus one.
        limits: Limits,
    } = 25,
    /// Pays as soon as the payer's account has the funds: at once, or at the end of the first block
    /// in which they suffice, together with what its payees pay. As for `Pay`, without waiting for
    /// approvals.
    Queue(Box<Queue>) = 26,
    /// Gives a queued payment another priority, in which it is the last one. Who may order from the
    /// account signs.
    Prioritise {
        /// The payment.
        payment: Uetr,
        /// Its new priority.
        priority: Priority,
    } = 28,
}

impl Operation {
    /// The UETR that the operation claims for itself: that of a movement of money, or of a payment
    /// that is held.
    pub const fn uetr(&self) -> Option<Uetr> {
        match self {
            Self::Issue { uetr, .. } | Self::Redeem { uetr, .. } => Some(*uetr),
            Self::Pay(pay) => Some(pay.uetr),
            Self::PayAcross(pay) => Some(pay.uetr),
            Self::Hold(hold) => Some(hold.pay.uetr),
            Self::Queue(queue) => Some(queue.pay.uetr),
            Self::Return(back) => Some(back.uetr),
            Self::AnswerRecall { answer, .. } => match answer {
                RecallAnswer::Accept { uetr, .. } => Some(*uetr),
                RecallAnswer::Refuse { .. } => None,
            },
            Self::Capture { .. }
            | Self::Release { .. }
            | Self::Approve { .. }
            | Self::Refuse { .. }
            | Self::Prioritise { .. }
            | Self::RequestRecall(_) => None,
            Self::RegisterAsset { .. }
            | Self::OpenAccount { .. }
            | Self::SetPolicy { .. }
            | Self::RotateKeys { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::CloseAccount { .. }
            | Self::SetFeeSchedule { .. }
            | Self::SetLimits { .. }
            | Self::SetTier { .. }
            | Self::Propose { .. }
            | Self::Vote { .. }
            | Self::Enact { .. } => None,
        }
    }

    /// The payment that the operation goes on with, which another one ordered.
    pub const fn follows(&self) -> Option<Uetr> {
        match self {
            Self::Capture { payment, .. }
            | Self::Release { payment }
            | Self::Approve { payment, .. }
            | Self::Refuse { payment, .. }
            | Self::Prioritise { payment, .. } => Some(*payment),
            Self::Issue { .. }
            | Self::Redeem { .. }
            | Self::Pay(_)
            | Self::PayAcross(_)
            | Self::Hold(_)
            | Self::Queue(_)
            | Self::Return(_)
            | Self::RequestRecall(_)
            | Self::AnswerRecall { .. }
            | Self::RegisterAsset { .. }
            | Self::OpenAccount { .. }
            | Self::SetPolicy { .. }
            | Self::RotateKeys { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::CloseAccount { .. }
            | Self::SetFeeSchedule { .. }
            | Self::SetLimits { .. }
            | Self::SetTier { .. }
            | Self::Propose { .. }
            | Self::Vote { .. }
            | Self::Enact { .. } => None,
        }
    }

    /// The quotes that the operation carries.
    pub fn quotes(&self) -> impl Iterator<Item = &SignedQuote> {
        self.route().into_iter().flat_map(Route::quotes)
    }

    fn route(&self) -> Option<&Route> {
        match self {
            Self::PayAcross(pay) => Some(&pay.route),
            Self::RegisterAsset { .. }
            | Self::Issue { .. }
            | Self::Redeem { .. }
            | Self::OpenAccount { .. }
            | Self::SetPolicy { .. }
            | Self::RotateKeys { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::CloseAccount { .. }
            | Self::Pay(_)
            | Self::Hold(_)
            | Self::Queue(_)
            | Self::Return(_)
            | Self::RequestRecall(_)
            | Self::AnswerRecall { .. }
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::Approve { .. }
            | Self::Refuse { .. }
            | Self::Prioritise { .. }
            | Self::SetFeeSchedule { .. }
            | Self::SetLimits { .. }
            | Self::SetTier { .. }
            | Self::Propose { .. }
            | Self::Vote { .. }
            | Self::Enact { .. } => None,
        }
    }

    /// The proof of a settled payment that the operation carries.
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Return(back) => Some(&back.evidence),
            Self::RequestRecall(request) => Some(&request.evidence),
            Self::RegisterAsset { .. }
            | Self::Issue { .. }
            | Self::Redeem { .. }
            | Self::OpenAccount { .. }
            | Self::SetPolicy { .. }
            | Self::RotateKeys { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::CloseAccount { .. }
            | Self::Pay(_)
            | Self::PayAcross(_)
            | Self::Hold(_)
            | Self::Queue(_)
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::AnswerRecall { .. }
            | Self::Approve { .. }
            | Self::Refuse { .. }
            | Self::Prioritise { .. }
            | Self::SetFeeSchedule { .. }
            | Self::SetLimits { .. }
            | Self::SetTier { .. }
            | Self::Propose { .. }
            | Self::Vote { .. }
            | Self::Enact { .. } => None,
        }
    }

    /// Says what is malformed about the operation whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        match self {
            Self::RegisterAsset { decimals, .. } if *decimals > Decimals::MAXIMUM => {
                Some("an asset has at most 9 decimals")
            }
            Self::OpenAccount { tier, .. } | Self::SetTier { tier, .. } if *tier > 9 => {
                Some("a tier is 0 to 9")
            }
            Self::OpenAccount { policy, .. } | Self::SetPolicy { policy, .. } => policy.defect(),
            Self::RotateKeys { keys, .. } => keys.defect(),
            Self::PayAcross(pay) => pay.route.defect(),
            Self::SetFeeSchedule { schedule, .. } => schedule.defect(),
            Self::SetLimits { limits, .. } => limits.defect(),
            Self::Propose { change, .. } => change.defect(),
            Self::RegisterAsset { .. }
            | Self::Issue { .. }
            | Self::Redeem { .. }
            | Self::SetTier { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::CloseAccount { .. }
            | Self::Pay(_)
            | Self::Hold(_)
            | Self::Queue(_)
            | Self::Return(_)
            | Self::RequestRecall(_)
            | Self::AnswerRecall { .. }
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::Approve { .. }
            | Self::Refuse { .. }
            | Self::Prioritise { .. }
            | Self::Vote { .. }
            | Self::Enact { .. } => None,
        }
    }

    /// The accounts that the operation names.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        match self {
            Self::RegisterAsset { .. }
            | Self::SetFeeSchedule { .. }
            | Self::SetLimits { .. }
            | Self::Propose { .. }
            | Self::Vote { .. }
            | Self::Enact { .. }
            | Self::Capture { .. }
            | Self::Release { .. }
            | Self::AnswerRecall { .. }
            | Self::Approve { .. }
            | Self::Refuse { .. }
            | Self::Prioritise { .. } => BTreeSet::new(),
            Self::Issue { to: account, .. }
            | Self::Redeem { from: account, .. }
            | Self::OpenAccount { account, .. }
            | Self::SetPolicy { account, .. }
            | Self::RotateKeys { account, .. }
            | Self::Freeze { account, .. }
            | Self::Unfreeze { account }
            | Self::CloseAccount { account }
            | Self::SetTier { account, .. } => BTreeSet::from([*account]),
            Self::Pay(pay) => BTreeSet::from([pay.from, pay.to]),
            Self::Hold(hold) => BTreeSet::from([hold.pay.from, hold.pay.to]),
            Self::Queue(queue) => BTreeSet::from([queue.pay.from, queue.pay.to]),
            Self::PayAcross(pay) => {
                let dealers = pay.route.quotes().map(|signed| signed.quote.dealer);
                dealers.chain([pay.from, pay.to]).collect()
            }
            Self::Return(_) | Self::RequestRecall(_) => {
                let settled = self.evidence().and_then(Evidence::settled);
                settled.into_iter().flat_map(|of| [of.payee, of.payer]).collect()
            }
        }
    }
}
