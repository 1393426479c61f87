//! Writes camt.053, the bank to customer statement, version 001.08.
//!
//! Invariants: what is written is valid by the schema whatever the values are (texts are cut to the
//! schema's lengths, characters that XML forbids are replaced); the same statement gives the same
//! bytes; a statement whose entries do not lead from its opening to its closing balance is not
//! written. Absent: where entries come from, and whether they are proven; ids and times come in as
//! values.

mod write;

use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Amount, Decimals};

use crate::time::DateTime;

pub use write::write;

/// The message definition that is written.
pub const DEFINITION: &str = "camt.053.001.08";

/// A message: the statements of one account, one for each of its currencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementMessage {
    /// `GrpHdr/MsgId`, 1 to 35 characters.
    pub message_id: String,
    /// `GrpHdr/CreDtTm`, and `CreDtTm` of each statement.
    pub created: DateTime,
    /// The account.
    pub account: StatementAccount,
    /// At least one.
    pub statements: Vec<Statement>,
}

/// Whose statement it is (`Acct`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementAccount {
    /// `Id/Othr/Id`: the account's address without its network's prefix, as pacs.008 is read.
    pub identification: String,
    /// `Svcr`: the servicer.
    pub servicer: Bic,
}

/// The statement of one currency (`Stmt`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Id`, 1 to 35 characters.
    pub id: String,
    /// `FrToDt/FrDtTm`: where it begins.
    pub from: DateTime,
    /// `FrToDt/ToDtTm`: where it ends.
    pub to: DateTime,
    /// The currency; its code has three capital letters.
    pub asset: AssetCode,
    /// The currency's decimals, at most 5.
    pub decimals: Decimals,
    /// `Bal` OPBD: before the first entry, in minor units.
    pub opening: Amount,
    /// `Ntry`, oldest first.
    pub entries: Vec<StatementEntry>,
    /// `AddtlStmtInf`: what vouches for the statement; cut to 500 characters, left out if empty.
    pub information: String,
}

/// Why a holding changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryReason {
    /// Money was issued to the account.
    Issue,
    /// Money of the account was redeemed.
    Redemption,
    /// A payment.
    Payment,
    /// Charges.
    Fee,
    /// An exchange of two currencies.
    Exchange,
}

/// One line (`Ntry`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEntry {
    /// `NtryDtls/TxDtls/Refs/UETR`.
    pub uetr: Uetr,
    /// Why.
    pub reason: EntryReason,
    /// True for money that comes in (CRDT), false for money that goes out (DBIT).
    pub is_credit: bool,
    /// By how much the holding changed, in minor units.
    pub amount: Amount,
    /// `AcctSvcrRef`: the block that booked it.
    pub block: u64,
    /// `BookgDt` and `ValDt`: the block's time.
    pub booked: DateTime,
    /// The other side's account (without its network's prefix), where there is one.
    pub counterparty: Option<String>,
    /// `AddtlNtryInf`: words of the account's owner; cut to 500 characters.
    pub note: Option<String>,
}

/// Why a statement cannot be written as this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    /// There is nothing to state.
    #[error("there is no statement of any currency")]
    Empty,
    /// Points, or an asset with more than 5 decimals.
    #[error("{0} is no currency that ISO 20022 can state: it takes three letters, 5 decimals")]
    NotACurrency(AssetCode),
    /// An amount or a balance has more than 18 digits.
    #[error("an amount of {0} has more than the 18 digits that ISO 20022 allows")]
    TooLarge(AssetCode),
    /// The balance would be below zero, or beyond what can be counted.
    #[error("the entries of {0} do not follow from the opening balance")]
    Unbalanced(AssetCode),
}

impl Statement {
    /// `Bal` CLBD: what the entries make of the opening balance, in minor units.
    ///
    /// # Errors
    /// [`StatementFault::Unbalanced`] if that is no balance.
    pub fn closing(&self) -> Result<Amount, StatementFault> {
        self.entries
            .iter()
            .try_fold(self.opening, |balance, entry| {
                if entry.is_credit {
                    balance.plus(entry.amount)
                } else {
                    balance.minus(entry.amount)
                }
            })
            .ok_or(StatementFault::Unbalanced(self.asset))
    }
}
