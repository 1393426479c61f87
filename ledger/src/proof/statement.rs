//! Statement files, `feiqian.statement/v1`: all entries of an account between proven holdings.
//!
//! For each asset: the proof of the holding that the entries begin with (or nothing, from the
//! account's first entry on), the entries, and the proof of the holding that they lead to. A
//! holding commits to all its entries in their order ([`Holding::chain`]), so no other entries lead
//! from the one to the other. A month's statement begins with the proofs that the month before
//! ended with: together they are complete, and none needs a node.
//!
//! Invariants: a file has one encoding; what is verified was booked, whole and in this order, by
//! blocks that a quorum certified. Absent: assets that the file does not list; the entries' times,
//! which lie between those of the blocks that it begins and ends with.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Proof, ProofError, Proven, Verdict, read, sealed};
use crate::account::{Entry, Holding};
use crate::codec;
use crate::hash::{ChainId, Domains};
use crate::ids::{AccountId, AssetCode};
use crate::money::Amount;

/// The first bytes of every statement file.
pub const STATEMENT_MAGIC: &[u8; 20] = b"feiqian.statement/v1";

/// A statement of one account.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Statement {
    /// Its assets, by code, none twice; at least one.
    pub positions: Vec<Position>,
}

/// The entries of one asset.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Position {
    /// Proves the holding before the first entry; none if that is the account's first in the asset.
    pub opening: Option<Proof>,
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// Proves the holding after the last entry.
    pub closing: Proof,
}

/// A verified statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenStatement {
    /// The account.
    pub account: AccountId,
    /// Its assets, by code.
    pub positions: Vec<ProvenPosition>,
}

/// The verified entries of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenPosition {
    /// The asset.
    pub asset: AssetCode,
    /// The block after which the statement begins, verified; none if it begins with the account.
    pub opened: Option<Verdict>,
    /// The holding at its beginning.
    pub opening: Holding,
    /// Each entry, oldest first, with the balance after it in minor units.
    pub lines: Vec<(Entry, Amount)>,
    /// The holding at its end.
    pub closing: Holding,
    /// The block after which it ends, verified.
    pub closed: Verdict,
}

/// Why a statement is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The file does not begin as a statement does.
    #[error("this is not a statement file. It must begin with \"feiqian.statement/v1\"")]
    NotAStatement,
    /// The file is not one canonical statement.
    #[error("the statement file is damaged: {reason}. Get it again")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// One of its proofs does not hold.
    #[error("the statement is refused: {0}")]
    Proof(#[from] ProofError),
    /// One of its proofs is not of a holding.
    #[error("the statement is refused: one of its proofs is not of a holding")]
    NotAHolding,
    /// It has no assets, or they are not in the order of their codes.
    #[error("the statement is refused: its assets are missing or not in their order")]
    Order,
    /// Its proofs are of several accounts, or begin and end with another asset.
    #[error("the statement is refused: its proofs are of several accounts or assets")]
    Foreign,
    /// It ends before it begins.
    #[error("the statement is refused: it ends before it begins")]
    Backwards,
    /// The entries do not lead from the first holding to the last one.
    #[error("the statement is refused: an entry of {asset} is missing, changed or made up")]
    Incomplete {
        /// Which asset's.
        asset: AssetCode,
    },
}

impl Statement {
    /// The most bytes of a statement file.
    pub const MAXIMUM_BYTES: usize = 256 * 1024 * 1024;

    /// The file: [`STATEMENT_MAGIC`], the statement, and the first 16 bytes of the hash of both.
    pub fn encode(&self) -> Vec<u8> {
        sealed(STATEMENT_MAGIC, &codec::encode(self))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`StatementError::NotAStatement`] or [`StatementError::Malformed`].
    pub fn decode(file: &[u8]) -> Result<Self, StatementError> {
        file.strip_prefix(STATEMENT_MAGIC.as_slice()).ok_or(StatementError::NotAStatement)?;
        read(STATEMENT_MAGIC, file, Self::MAXIMUM_BYTES)
            .map_err(|reason| StatementError::Malformed { reason })
    }

    /// Verifies the statement for a verifier that trusts the chain `trusted`.
    ///
    /// # Errors
    /// [`StatementError`] says what does not hold; then nothing of it is proven.
    pub fn verify(&self, trusted: ChainId) -> Result<ProvenStatement, StatementError> {
        let verified = self.positions.iter().map(|position| position.verify(trusted));
        let verified: Vec<(AccountId, ProvenPosition)> = verified.collect::<Result<_, _>>()?;
        let (account, _) = verified.first().ok_or(StatementError::Order)?;
        let account = *account;
        if verified.iter().any(|(of, _)| *of != account) {
            return Err(StatementError::Foreign);
        }
        if !verified.is_sorted_by(|(_, left), (_, right)| left.asset < right.asset) {
            return Err(StatementError::Order);
        }
        let positions = verified.into_iter().map(|(_, position)| position).collect();
        Ok(ProvenStatement { account, positions })
    }
}

impl Position {
    fn verify(&self, trusted: ChainId) -> Result<(AccountId, ProvenPosition), StatementError> {
        let closed = self.closing.verify(trusted)?;
        let (account, asset, closing) = holding_of(&closed)?;
        let opened = self.opening.as_ref().map(|proof| proof.verify(trusted)).transpose()?;
        let opening = match &opened {
            None => Holding::default(),
            Some(verdict) => {
                let (of, what, holding) = holding_of(verdict)?;
                if (of, what) != (account, asset) {
                    return Err(StatementError::Foreign);
                }
                if verdict.header.height > closed.header.height {
                    return Err(StatementError::Backwards);
                }
                holding
            }
        };
        let domains = Domains::new(self.closing.genesis.suite, trusted);
        let mut reached = opening;
        let mut lines = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            reached = reached.after(&domains, entry).ok_or(StatementError::Incomplete { asset })?;
            lines.push((*entry, reached.posted));
        }
        let state = |holding: &Holding| (holding.posted, holding.entries, holding.chain);
        if state(&reached) != state(&closing) {
            return Err(StatementError::Incomplete { asset });
        }
        Ok((account, ProvenPosition { asset, opened, opening, lines, closing, closed }))
    }
}

/// Whose holding of what a proof is of.
fn holding_of(verdict: &Verdict) -> Result<(AccountId, AssetCode, Holding), StatementError> {
    match &verdict.proven {
        Proven::Holding { account, asset, holding } => {
            Ok((*account, *asset, holding.unwrap_or_default()))
        }
        Proven::Payment(_) | Proven::NoPayment { .. } | Proven::Account { .. } => {
            Err(StatementError::NotAHolding)
        }
    }
}
