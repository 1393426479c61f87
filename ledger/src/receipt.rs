//! Receipts: the outcome of one operation, or of a queued payment that a block settles, for ever.
//!
//! Invariants: every operation of a transaction that executes has exactly one receipt, rejected
//! ones too; a receipt is enough to tell payer, payee and auditor what happened; only an operation
//! that did something has a receipt under the UETR of a payment that another transaction ordered.
//! Absent: the block and its time (the header says them), private data, the passing of a deadline
//! (see `waiting`).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::corrections::Reason;
use crate::fees::FeeItem;
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{AccountId, Height, InstitutionNumber, ProposalNumber, Timestamp, Uetr};
use crate::limits::RulesMet;
use crate::money::{Amount, Money, Rate};
use crate::rejection::Rejection;
use crate::transaction::TransactionId;
use crate::waiting::{Awaits, Refusal};

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Outcome {
    /// Money moved: ISO status ACSC.
    Settled(Settlement) = 1,
    /// Something other than money changed: ISO status ACSC.
    Done = 2,
    /// Nothing happened: ISO status RJCT.
    Rejected(Rejection) = 3,
    /// A change of the network was proposed, under this number: ISO status ACSC.
    Proposed(ProposalNumber) = 4,
    /// Funds are held, and the payment waits: ISO status PDNG.
    Held(Held) = 5,
    /// A held payment was given up, and its funds are the payer's again: ISO status CANC.
    Released(Released) = 6,
    /// A settled payment was returned, whole or a part: ISO status ACSC.
    Returned(Reversal) = 10,
    /// A settled payment is asked back: ISO status PDCR.
    RecallRequested(RecallRequested) = 11,
    /// A payment that was asked back does not go back: ISO status RJCR.
    RecallRefused(RecallRefused) = 12,
    /// Funds are held, and the payment waits for approvals: ISO status PATC. Each approval but the
    /// last has such a receipt too.
    AwaitingApproval(Held) = 7,
    /// A payment that waited was refused, and its funds are the payer's again: ISO status RJCT.
    Refused(Refused) = 8,
    /// Funds are held, and the payment waits for an institution's review: ISO status PDNG. Each
    /// step before the last has such a receipt too.
    AwaitingReview(Held) = 13,
    /// The payment waits for funds in its payer's queue, and nothing is held: ISO status ACSP. Each
    /// change of its priority has such a receipt too.
    Queued(Held) = 14,
}

impl Outcome {
    /// The ISO 20022 external payment transaction status.
    pub const fn iso_status(&self) -> &'static str {
        match self {
            Self::Settled(_) | Self::Done | Self::Proposed(_) | Self::Returned(_) => "ACSC",
            Self::Rejected(_) | Self::Refused(_) => "RJCT",
            Self::Held(_) | Self::AwaitingReview(_) => "PDNG",
            Self::Released(_) => "CANC",
            Self::RecallRequested(_) => "PDCR",
            Self::RecallRefused(_) => "RJCR",
            Self::AwaitingApproval(_) => "PATC",
            Self::Queued(_) => "ACSP",
        }
    }

    /// The ISO 20022 external status reason, of what was rejected or refused.
    pub const fn iso_reason(&self) -> Option<&'static str> {
        match self {
            Self::Rejected(rejection) => Some(rejection.iso()),
            Self::Refused(refused) => Some(refused.reason.iso()),
            Self::Settled(_)
            | Self::Done
            | Self::Proposed(_)
            | Self::Held(_)
            | Self::Released(_)
            | Self::Returned(_)
            | Self::RecallRequested(_)
            | Self::RecallRefused(_)
            | Self::AwaitingApproval(_)
            | Self::AwaitingReview(_)
            | Self::Queued(_) => None,
        }
    }

    /// What is held, if the payment waits.
    pub const fn waits(&self) -> Option<&Held> {
        match self {
            Self::Held(held)
            | Self::AwaitingApproval(held)
            | Self::AwaitingReview(held)
            | Self::Queued(held) => Some(held),
            Self::Settled(_)
            | Self::Done
            | Self::Rejected(_)
            | Self::Proposed(_)
            | Self::Released(_)
            | Self::Returned(_)
            | Self::RecallRequested(_)
            | Self::RecallRefused(_)
            | Self::Refused(_) => None,
        }
    }

    /// The rejection, if it is one.
    pub const fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Settled(_)
            | Self::Done
            | Self::Proposed(_)
            | Self::Held(_)
            | Self::Released(_)
            | Self::Returned(_)
            | Self::RecallRequested(_)
            | Self::RecallRefused(_)
            | Self::AwaitingApproval(_)
            | Self::AwaitingReview(_)
            | Self::Queued(_)
            | Self::Refused(_) => None,
            Self::Rejected(rejection) => Some(*rejection),
        }
    }

    /// True if the outcome concerns `account`: its money moved, is held for it or from it, or was
    /// released, refused, returned or recalled.
    pub fn concerns(&self, account: AccountId) -> bool {
        match self {
            Self::Settled(settlement) => {
                settlement.from == Some(account) || settlement.to == Some(account)
            }
            Self::Held(held)
            | Self::AwaitingApproval(held)
            | Self::AwaitingReview(held)
            | Self::Queued(held) => held.from == account || held.to == account,
            Self::Refused(refused) => refused.from == account || refused.to == account,
            Self::Released(released) => released.from == account || released.to == account,
            Self::Returned(reversal) => reversal.from == account || reversal.to == account,
            Self::RecallRequested(recall) => recall.from == account || recall.to == account,
            Self::RecallRefused(recall) => recall.from == account || recall.to == account,
            Self::Done | Self::Proposed(_) | Self::Rejected(_) => false,
        }
    }
}

/// The money that an operation moved.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Settlement {
    /// The account that was debited; none for an issue.
    pub from: Option<AccountId>,
    /// The account that was credited; none for a redemption.
    pub to: Option<AccountId>,
    /// What the payer gave in all, charges included.
    pub debited: Money,
    /// What the payee got.
    pub credited: Money,
    /// The charges, in minor units of the debited asset.
    pub fees: Vec<FeeItem>,
    /// The rate and the dealer's account, for a payment across assets.
    pub exchange: Option<Exchange>,
    /// The second exchange, for a payment over a third asset.
    pub onward: Option<Box<Exchange>>,
    /// The commitment to the private data; zero for none.
    pub remittance: Hash,
}

impl Settlement {
    /// The charges in all, in minor units of the debited asset.
    pub fn fee(&self) -> Amount {
        crate::fees::total(&self.fees).unwrap_or(Amount::ZERO)
    }
}

/// A payment that waits, with what is held for it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Held {
    /// Whose funds are held.
    pub from: AccountId,
    /// For whom.
    pub to: AccountId,
    /// The most that can be captured, or what is paid once it is approved and reviewed.
    pub amount: Money,
    /// What is held in all: all that can leave the payer; nothing while it waits for funds.
    pub held: Money,
    /// The most charges that it can come to, in minor units of the held asset.
    pub most_charges: Amount,
    /// What the payment waits for.
    pub awaits: Awaits,
    /// The last block time at which it can be captured, approved, reviewed or settled; after it, it
    /// has expired, and what was held is the payer's again.
    pub deadline: Timestamp,
    /// The commitment to the private data; zero for none.
    pub remittance: Hash,
}

/// A held payment that was given up.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Released {
    /// Whose funds were held.
    pub from: AccountId,
    /// For whom. The payee's side gave a hold up, the payer's side what waited for approvals or a
    /// review.
    pub to: AccountId,
    /// What was held in all.
    pub released: Money,
}

/// Money that went back from who was paid to who paid.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Reversal {
    /// The payment of which it is a return.
    pub payment: Uetr,
    /// Who was paid, and gave it back.
    pub from: AccountId,
    /// Who paid, and got it back.
    pub to: AccountId,
    /// What went back.
    pub amount: Money,
    /// Why.
    pub reason: Reason,
    /// What was returned of the payment in all, this return included, in minor units.
    pub total: Amount,
    /// What the payee had got, in minor units: the whole if it equals the total.
    pub credited: Amount,
}

/// A payment that its payer's side asks back.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecallRequested {
    /// The payment.
    pub payment: Uetr,
    /// Who paid, and asks.
    pub from: AccountId,
    /// Who was paid, and acts next.
    pub to: AccountId,
    /// What is asked for.
    pub amount: Money,
    /// Why.
    pub reason: Reason,
    /// The last block time at which it can be answered; after it, it has lapsed.
    pub deadline: Timestamp,
}

/// A recall that was refused.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RecallRefused {
    /// The payment.
    pub payment: Uetr,
    /// Who paid, and asked.
    pub from: AccountId,
    /// Who was paid, and refused.
    pub to: AccountId,
    /// What was asked for.
    pub amount: Money,
    /// Why it does not go back.
    pub reason: Reason,
}

/// A payment that waited and was refused.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Refused {
    /// Whose funds were held.
    pub from: AccountId,
    /// For whom.
    pub to: AccountId,
    /// What was held in all.
    pub released: Money,
    /// Why.
    pub reason: Refusal,
    /// The institution that reviewed it; none if an approver of the account refused.
    pub reviewer: Option<InstitutionNumber>,
}

/// An exchange within a payment across assets.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Exchange {
    /// The dealer's account.
    pub dealer: AccountId,
    /// The quote that was used up.
    pub quote: Hash,
    /// Units of what the dealer gave for one unit of what it took.
    pub rate: Rate,
    /// What it took: the debited amount without charges, or what the exchange before gave.
    pub sold: Money,
}

/// Under what name the receipts stand of the queued payments that the block at `height` settles:
/// in the place of a transaction, which has its receipts in the block that executed it.
pub fn settlement_id(domains: &Domains, height: Height) -> TransactionId {
    domains.hash_of(Domain::Settlement, &height)
}

/// The outcome of one operation, or of a queued payment that a block settles.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Receipt {
    /// The transaction; of a queued payment that the block itself settled, the block's
    /// [`settlement_id`].
    pub transaction: TransactionId,
    /// The operation's place in it, from 0; of what a block settles, the number among that.
    pub operation: u16,
    /// The payment that the receipt speaks of: the operation's own UETR, or that of the waiting
    /// payment that it went on with; none for what moves no money, and for what was rejected of
    /// captures, releases, approvals and refusals, which says nothing of the payment. A recall and
    /// its refusal move no money; their outcome names the payment.
    pub uetr: Option<Uetr>,
    /// How it ended.
    pub outcome: Outcome,
    /// The institutions' rules that the payment met: all that ask for an alert or a review if it
    /// settled or waits, the one that refused if one did, those whose review it lacks if it cannot
    /// wait for them, else none.
    pub rules: RulesMet,
}

impl Receipt {
    /// The receipt's hash: a leaf of the block's receipts tree.
    pub fn hash(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Receipt, self)
    }

    /// True if this is the refusal of a UETR that another transaction owns: it says nothing about
    /// what became of the payment under that UETR.
    pub fn is_duplicate_refusal(&self) -> bool {
        self.outcome.rejection() == Some(Rejection::DuplicateUetr)
    }
}
