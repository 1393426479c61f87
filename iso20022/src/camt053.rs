//! Writes camt.053, the bank to customer statement, version 001.08.
//!
//! Invariants: what is written is valid by the schema whatever the values are (texts are cut to the
//! schema's lengths, characters that XML forbids are replaced); the same statement gives the same
//! bytes; a statement whose entries do not lead from its opening to its closing balance is not
//! written. Absent: where entries come from, and whether they are proven; ids and times come in as
//! values.

mod write;

use ledger::ids::AssetCode;
use ledger::money::{Amount, Decimals};

use crate::report::{Currency, ReportFault, ReportedAccount, ReportedEntry};
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
    pub account: ReportedAccount,
    /// At least one.
    pub statements: Vec<Statement>,
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
    pub entries: Vec<ReportedEntry>,
    /// `AddtlStmtInf`: what vouches for the statement; cut to 500 characters, left out if empty.
    pub information: String,
}

impl Statement {
    pub(crate) const fn currency(&self) -> Currency {
        Currency { asset: self.asset, decimals: self.decimals }
    }

    /// `Bal` CLBD: what the entries make of the opening balance, in minor units.
    ///
    /// # Errors
    /// [`ReportFault::Unbalanced`] if that is no balance.
    pub fn closing(&self) -> Result<Amount, ReportFault> {
        self.entries
            .iter()
            .try_fold(self.opening, |balance, entry| {
                if entry.is_credit {
                    balance.plus(entry.amount)
                } else {
                    balance.minus(entry.amount)
                }
            })
            .ok_or(ReportFault::Unbalanced(self.asset))
    }
}
