//! The index of an audited home, compared with what its log gives.
//!
//! Where the log reaches back to the genesis block, a second index is made from it, in a file
//! beside the first that is removed again, and the two are compared row by row. Where blocks were
//! pruned, each kept block, certificate and list of receipts is compared by itself. In both cases
//! the state's root and every page's checksum are checked.
//!
//! Invariant: nothing of the audited index is believed, but that a height below its earliest is
//! not kept. Absent: the chain.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::hash::{Domains, Hash};
use ledger::ids::Height;
use ledger::merkle;

use crate::core::message::FinalBlock;
use crate::log::Position;
use crate::store::{Backlog, Checkpoint, Difference, IndexItem, Store, StoreError};

/// The memory of each index's cache, in bytes.
const CACHE: usize = 256 * 1024 * 1024;

/// How many blocks the second index takes in one transaction.
const GROUP: usize = 64;

/// How many differing rows are named.
const MOST: usize = 32;

/// Compares every page of the index with its checksum, if there is an index.
pub(super) fn check_pages(file: &Path) -> Result<(), StoreError> {
    if file.exists() { Store::open_checked(file, CACHE).map(drop) } else { Ok(()) }
}

/// The index of the home.
pub(super) struct Index {
    store: Store,
    pub(super) checkpoint: Checkpoint,
    pub(super) earliest: Height,
    anew: Option<Anew>,
    reached: bool,
    pub(super) found: Vec<Difference>,
}

/// The second index.
struct Anew {
    store: Store,
    file: PathBuf,
    waiting: Vec<IndexItem>,
    backlog: Backlog,
}

impl Index {
    /// Opens the index; `None` if there is none yet.
    pub(super) fn open(file: &Path, genesis: &Tip) -> Result<Option<Self>, StoreError> {
        if !file.exists() {
            return Ok(None);
        }
        let store = Store::open(file, CACHE)?;
        let Some(checkpoint) = store.checkpoint()? else { return Ok(None) };
        let earliest = store.earliest()?;
        let anew = (earliest == Height(0)).then(|| Anew::found(file, genesis)).transpose()?;
        let reached = checkpoint.block.header.height == genesis.height();
        let found = Vec::new();
        Ok(Some(Self { store, checkpoint, earliest, anew, reached, found }))
    }

    /// The block at which the index stands.
    pub(super) fn block(&self) -> &Block {
        &self.checkpoint.block
    }

    /// The state of the checkpoint, if it has the root that its block says.
    pub(super) fn tip(&self, domains: &Domains) -> Result<Tip, StoreError> {
        self.store.tip(domains, &self.checkpoint)
    }

    /// The certified ends of the epochs, ascending, as far as they are known.
    pub(super) fn epochs(&self) -> Result<Vec<ledger::light::EpochChange>, StoreError> {
        let mut changes = Vec::new();
        let mut epoch = ledger::ids::Epoch(0);
        while let Some(change) = self.store.epoch_change(epoch)? {
            changes.push(change);
            epoch = epoch.next();
        }
        Ok(changes)
    }

    /// A block of the log that is right, with what its execution gave.
    pub(super) fn compare(
        &mut self,
        last: &FinalBlock,
        executed: Option<IndexItem>,
    ) -> Result<(), StoreError> {
        let (height, stands_at) = (last.block.header.height, self.block().header.height);
        if height > stands_at {
            if let Some(item) = &executed {
                self.compare_places(height, &item.batches);
            }
            return Ok(());
        }
        if height == stands_at {
            self.reached = true;
            if &last.block != self.block() {
                self.note(height, "the checkpoint is of another block");
            }
        }
        match (&mut self.anew, executed) {
            (Some(anew), Some(item)) => anew.take(item)?,
            (_, item) if height >= self.earliest => self.compare_rows(last, item.as_ref())?,
            _ => {}
        }
        Ok(())
    }

    /// A restart reads the log from the checkpoint's place on.
    fn compare_places<N>(&mut self, height: Height, batches: &[(N, Position)]) {
        let from = self.checkpoint.replay_from;
        if batches.iter().any(|(_, position)| *position < from) {
            self.note(height, "the checkpoint's place in the log is behind what a restart needs");
        }
    }

    fn compare_rows(
        &mut self,
        last: &FinalBlock,
        executed: Option<&IndexItem>,
    ) -> Result<(), StoreError> {
        let header = &last.block.header;
        let height = header.height;
        let Some(row) = self.store.block(height)? else {
            self.note(height, "block is missing");
            return Ok(());
        };
        let certificate: Option<Certificate> = self.store.certificate(height)?;
        if row.block != last.block {
            self.note(height, "block is not what the log gives");
        }
        if certificate != last.certificate {
            self.note(height, "certificate is not what the log gives");
        }
        let receipts = self.store.receipts(height)?;
        let domains = executed.map(|item| item.committed.executed.tip.domains().clone());
        let domains = domains.unwrap_or_else(|| Domains::new(header.suite, header.chain_id));
        let leaves: Vec<Hash> = receipts.iter().map(|receipt| receipt.hash(&domains)).collect();
        if merkle::root(&domains, &leaves) != header.receipts_root {
            self.note(height, "list of receipts is not what the block commits to");
        }
        Ok(())
    }

    fn note(&mut self, height: Height, what: &str) {
        self.found.push(Difference { height, what: what.to_owned() });
    }

    /// Compares what is left to compare. `last` is the log's last block.
    pub(super) fn finish(mut self, domains: &Domains, last: Height) -> Vec<Difference> {
        let height = self.block().header.height;
        if !self.reached {
            self.note(last, &format!("the index stands at block {height}, behind the log's end"));
        }
        let (compared, stated) = (self.compare_all(), self.tip(domains).map(drop));
        for error in [compared, stated].into_iter().filter_map(Result::err) {
            self.note(height, &error.to_string());
        }
        self.found
    }

    fn compare_all(&mut self) -> Result<(), StoreError> {
        let Some(mut anew) = self.anew.take().filter(|_| self.reached) else { return Ok(()) };
        anew.flush(true)?;
        self.found.extend(self.store.differences(&anew.store, MOST)?);
        Ok(())
    }
}

impl Anew {
    fn found(beside: &Path, genesis: &Tip) -> Result<Self, StoreError> {
        let file = beside.with_extension("audit");
        remove(&file)?;
        let store = Store::open(&file, CACHE)?;
        store.found(genesis, Position::START)?;
        Ok(Self { store, file, waiting: Vec::new(), backlog: Backlog::default() })
    }

    fn take(&mut self, item: IndexItem) -> Result<(), StoreError> {
        self.waiting.push(item);
        let durable = self.backlog.is_full();
        if self.waiting.len() < GROUP && !durable { Ok(()) } else { self.flush(durable) }
    }

    fn flush(&mut self, durable: bool) -> Result<(), StoreError> {
        let items = std::mem::take(&mut self.waiting);
        self.store.write(&items, &mut self.backlog, durable)
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next audit.
        let _left = remove(&self.file);
    }
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(redb::Error::from(redb::StorageError::Io(error)).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
