//! Receipts: the outcome of one operation, for ever.
//!
//! Invariants: every operation of a transaction that executes has exactly one receipt, rejected
//! ones too; a receipt is enough to tell payer, payee and auditor what happened. Absent: the block
//! and its time (the header says them), private data.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::fees::FeeItem;
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{AccountId, ProposalNumber, Uetr};
use crate::money::{Amount, Money, Rate};
use crate::rejection::Rejection;
use crate::transaction::TransactionId;

/// How an operation ended.
#[expect(clippy::large_enum_variant, reason = "nearly every receipt is a settlement")]
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
}

impl Outcome {
    /// The ISO 20022 external payment transaction status.
    pub const fn iso_status(&self) -> &'static str {
        match self {
            Self::Settled(_) | Self::Done | Self::Proposed(_) => "ACSC",
            Self::Rejected(_) => "RJCT",
        }
    }

    /// The rejection, if it is one.
    pub const fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Settled(_) | Self::Done | Self::Proposed(_) => None,
            Self::Rejected(rejection) => Some(*rejection),
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
    /// The commitment to the private data; zero for none.
    pub remittance: Hash,
}

impl Settlement {
    /// The charges in all, in minor units of the debited asset.
    pub fn fee(&self) -> Amount {
        crate::fees::total(&self.fees).unwrap_or(Amount::ZERO)
    }
}

/// The exchange within a payment across assets.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Exchange {
    /// The dealer's account.
    pub dealer: AccountId,
    /// The quote that was used up.
    pub quote: Hash,
    /// Units of the credited asset for one unit of the debited.
    pub rate: Rate,
    /// What was exchanged: the debited amount without charges.
    pub sold: Amount,
}

/// The outcome of one operation.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Receipt {
    /// The transaction.
    pub transaction: TransactionId,
    /// The operation's place in it, from 0.
    pub operation: u16,
    /// The operation's UETR, if it moves money.
    pub uetr: Option<Uetr>,
    /// How it ended.
    pub outcome: Outcome,
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
