//! What the index's state lacks of the blocks that the index holds.
//!
//! Invariants: written, it takes the state from the checkpoint's block to the last that was added,
//! each changed key once and in the order of the keys. Absent: when that is (the indexer's).

use std::sync::Arc;

use ledger::state::{Changes, marker_prefix};
use redb::{ReadableTable, WriteTransaction};

use super::tables::{CHECKPOINT, META, STATE};
use super::write::IndexItem;
use super::{Checkpoint, StoreError};

/// How many changed entries may wait: some hundred bytes each.
const ENTRIES: usize = 400_000;

/// What the last blocks changed in the state, and where it then stands.
#[derive(Debug, Default)]
pub struct Backlog {
    changes: Vec<Arc<Changes>>,
    entries: usize,
    checkpoint: Option<Checkpoint>,
}

impl Backlog {
    /// True if nothing waits.
    pub const fn is_empty(&self) -> bool {
        self.checkpoint.is_none()
    }

    /// True if so much waits that it should be written.
    pub const fn is_full(&self) -> bool {
        self.entries >= ENTRIES
    }

    /// Forgets everything: the state has come from elsewhere.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn add(&mut self, item: &IndexItem) {
        let executed = &item.committed.executed;
        self.entries = self.entries.saturating_add(executed.changes.entries().count());
        self.changes.push(Arc::clone(&executed.changes));
        let before = self.checkpoint.take().and_then(|checkpoint| checkpoint.certificate);
        self.checkpoint = Some(Checkpoint {
            block: executed.block.clone(),
            history: executed.tip.history_before().clone(),
            certificate: item.committed.certificate.clone().or(before),
            replay_from: item.replay_from,
        });
    }

    /// Writes all that waits.
    pub(super) fn write(&mut self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        let Self { changes, checkpoint, .. } = std::mem::take(self);
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        write_state(transaction, &changes)?;
        write_checkpoint(transaction, checkpoint)
    }
}

/// Writes the last value of each changed key, in the order of the keys: neighbours share a page.
fn write_state(transaction: &WriteTransaction, changes: &[Arc<Changes>]) -> Result<(), StoreError> {
    let mut entries: Vec<_> = changes.iter().flat_map(|changes| changes.entries()).collect();
    // Equal keys stay in the order of their blocks.
    entries.sort_by_key(|(key, _)| *key);
    let mut state = transaction.open_table(STATE)?;
    for same in entries.chunk_by(|(one, _), (other, _)| one == other) {
        match same.last() {
            Some((key, Some(value))) => {
                state.insert(*key, *value)?;
            }
            Some((key, None)) => {
                state.remove(*key)?;
            }
            None => {}
        }
    }
    // A bucket that was dropped is never written again.
    for bucket in changes.iter().flat_map(|changes| changes.dropped_buckets()) {
        let first = marker_prefix(*bucket);
        let end = marker_prefix(bucket.saturating_add(1));
        state.retain_in::<&[u8], _>(first.as_slice()..end.as_slice(), |_, _| false)?;
    }
    Ok(())
}

fn write_checkpoint(
    transaction: &WriteTransaction,
    mut checkpoint: Checkpoint,
) -> Result<(), StoreError> {
    let mut meta = transaction.open_table(META)?;
    if checkpoint.certificate.is_none() {
        let row = meta.get(CHECKPOINT)?;
        let before = row.and_then(|row| Checkpoint::from_row(row.value()));
        let before = before.ok_or(StoreError::Malformed { what: "checkpoint" })?;
        checkpoint.certificate = before.certificate;
    }
    meta.insert(CHECKPOINT, checkpoint.to_row().as_slice())?;
    Ok(())
}
