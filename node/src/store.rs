//! The index: everything that is derived from the log and wanted again quickly, in one redb
//! database.
//!
//! It holds the state of some final block (the checkpoint), and for all final blocks up to it:
//! blocks, certificates, receipts, and where payments, entries and batches are.
//!
//! Invariants: one write transaction takes the index from one final block to a later one; a durable
//! one takes the checkpoint along, so after a crash it is the index of exactly one height; it may
//! lag behind the log, and what lies between is replayed from there. It can be deleted and is
//! rebuilt from the log. Absent: anything that only the index knows.

mod backlog;
mod compare;
mod entries;
mod prune;
mod read;
mod recent;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;
mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::codec;
use ledger::history::History;
use ledger::ids::{Epoch, Height, ValidatorIndex};

pub use backlog::Backlog;
pub use compare::Difference;
pub use prune::Pruner;
pub use read::{HistoryCursor, HistoryLine, Place};
pub use write::IndexItem;

use crate::log::Position;
use recent::Recent;

/// Why the index could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error(
        "the index failed: {0}. Check the disk. Where the file is damaged, stop the node and \
         remove HOME/index.redb: the next start makes it again from the log"
    )]
    Database(#[from] redb::Error),
    /// A value cannot be read.
    #[error(
        "the index holds a malformed {what}. Stop the node and remove HOME/index.redb: the next \
         start makes it again from the log"
    )]
    Malformed {
        /// Which kind of value.
        what: &'static str,
    },
    /// What is asked for was pruned, or lies before a snapshot.
    #[error("this node keeps blocks from {earliest} on: ask an archive node")]
    Pruned {
        /// The first block that is kept.
        earliest: Height,
    },
    /// The state does not have the root that its block says.
    #[error(
        "the index's state does not fit its block. Stop the node and remove HOME/index.redb: the \
         next start makes it again from the log"
    )]
    StateRoot,
    /// The database gave up on what it found in the file.
    #[error(
        "the index's file is damaged. Stop the node and remove HOME/index.redb: the next start \
         makes it again from the log"
    )]
    Unreadable,
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
    /// The row that the index keeps: the encoding behind its hash. A restart that began at a
    /// changed position of the log would miss votes, so a changed row must not pass for one.
    fn to_row(&self) -> Vec<u8> {
        let encoded = codec::encode(self);
        let mut row = blake3::hash(&encoded).as_bytes().to_vec();
        row.extend_from_slice(&encoded);
        row
    }

    /// Reads the row; `None` if it is not one that was written.
    fn from_row(row: &[u8]) -> Option<Self> {
        let (hash, encoded) = row.split_first_chunk::<{ blake3::OUT_LEN }>()?;
        let is_whole = blake3::hash(encoded).as_bytes() == hash;
        is_whole.then(|| borsh::from_slice(encoded).ok()).flatten()
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

/// A batch's name: lanes do not fork once final, and begin anew with each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchName {
    /// The epoch.
    pub epoch: Epoch,
    /// The lane.
    pub lane: ValidatorIndex,
    /// The place in it.
    pub sequence: u64,
}

/// Reads a file that something else may have damaged: the database trusts its pages, and panics
/// where they make no sense.
fn guarded<T>(read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(StoreError::Unreadable))
}

/// The index.
pub struct Store {
    /// There until the index is closed.
    open: Option<redb::Database>,
    recent: RwLock<Recent>,
}

/// The last thing that the database writes rests on pages that something else may have damaged,
/// too: then the next start says so, and this one ends as it would have.
impl Drop for Store {
    fn drop(&mut self) {
        let database = self.open.take();
        if catch_unwind(AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::error!("the index could not be closed: it is damaged");
        }
    }
}

impl Store {
    /// Opens the index at `path`, or makes an empty one. `cache_bytes` bounds its memory.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the file cannot be opened.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        guarded(|| Self::over(redb::Builder::new().set_cache_size(cache_bytes).create(path)?))
    }

    /// Opens the index at `path` only after every page in it was compared with its checksum, which
    /// reads the whole file.
    ///
    /// # Errors
    /// [`StoreError`] if the file is damaged or cannot be opened.
    pub fn open_checked(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let mut builder = redb::Builder::new();
        builder.set_cache_size(cache_bytes).set_check_integrity_on_open(true);
        guarded(|| Self::over(builder.open(path)?))
    }

    fn over(database: redb::Database) -> Result<Self, StoreError> {
        let store = Self { open: Some(database), recent: RwLock::default() };
        store.create_tables()?;
        Ok(store)
    }

    fn database(&self) -> &redb::Database {
        self.open.as_ref().expect("the index is open until it is dropped")
    }

    /// The rows that are not in the database yet. One who looks there for more must begin while he
    /// holds this: rows leave here only behind a commit.
    fn recent(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent_to_write(&self) -> RwLockWriteGuard<'_, Recent> {
        self.recent.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The height at which the index stands, if it holds anything.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn height(&self) -> Result<Option<Height>, StoreError> {
        Ok(self.checkpoint()?.map(|checkpoint| checkpoint.block.header.height))
    }
}
