//! The index: everything that is derived from the log and wanted again quickly, in one redb
//! database.
//!
//! It holds the state of some final block (the checkpoint), and for all final blocks up to it:
//! blocks, certificates, receipts, and where payments, transactions, entries and batches are.
//!
//! Invariants: one write transaction takes the index from one final block to a later one, state
//! included, so it is always the index of exactly one height; it may lag behind the log, and what
//! lies between is replayed from there. It can be deleted and is rebuilt from the log. Absent:
//! anything that only the index knows.

mod read;
mod tables;
mod write;

use std::path::Path;

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::hash::Domains;
use ledger::history::History;
use ledger::ids::{Height, ValidatorIndex};

pub use read::{HistoryCursor, HistoryLine, Place, TransactionPlace};
pub use write::IndexItem;

use crate::log::Position;

/// Why the index could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the index failed: {0}. Check the disk; the index can be deleted and is then rebuilt")]
    Database(#[from] redb::Error),
    /// A value cannot be read.
    #[error("the index holds a malformed {what}. Delete the index file; it is then rebuilt")]
    Malformed {
        /// Which kind of value.
        what: &'static str,
    },
    /// The state does not have the root that its block says.
    #[error("the index's state does not fit its block. Delete the index file; it is then rebuilt")]
    StateRoot,
}

macro_rules! database_errors {
    ($($kind:ty),*) => {
        $(impl From<$kind> for StoreError {
            fn from(error: $kind) -> Self {
                Self::Database(error.into())
            }
        })*
    };
}

database_errors!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

/// The final block at which the index stands, and what a restart needs beside the state.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub struct Checkpoint {
    /// The block.
    pub block: Block,
    /// The mountain range over all blocks before it.
    pub history: History,
    /// The last finalization certificate at or before the block, if there is one.
    pub certificate: Option<Certificate>,
    /// Where in the log to start reading for everything that is not in the index.
    pub replay_from: Position,
}

impl Checkpoint {
    /// The mountain range over the blocks up to and with this one.
    pub fn history_after(&self, domains: &Domains) -> History {
        let mut history = self.history.clone();
        history.append(domains, &self.block.hash(domains));
        history
    }
}

/// A final block in the index.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub struct IndexedBlock {
    /// The block.
    pub block: Block,
    /// How many receipts it has.
    pub receipts: u32,
}

/// A batch's name: lanes do not fork once final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchName {
    /// The lane.
    pub lane: ValidatorIndex,
    /// The place in it.
    pub sequence: u64,
}

/// The index.
pub struct Store {
    database: redb::Database,
}

impl Store {
    /// Opens the index at `path`, or makes an empty one. `cache_bytes` bounds its memory.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the file cannot be opened.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let database = redb::Builder::new().set_cache_size(cache_bytes).create(path)?;
        let store = Self { database };
        store.create_tables()?;
        Ok(store)
    }

    /// The height at which the index stands, if it holds anything.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn height(&self) -> Result<Option<Height>, StoreError> {
        Ok(self.checkpoint()?.map(|checkpoint| checkpoint.block.header.height))
    }
}
