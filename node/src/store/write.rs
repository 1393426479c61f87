//! Writing to the index: one transaction for some final blocks.
//!
//! Invariants: blocks come in height order without a gap; the state and the checkpoint are written
//! with a durable write alone, and are always of the same block: a crash takes everything back to
//! the last durable write anyway, and until then most holdings change many times. Absent: the
//! decision when a write must be durable (the indexer's).

use ledger::account::{Entry, HoldingKey};
use ledger::block::Block;
use ledger::chain::{Executed, Tip};
use ledger::codec;
use ledger::execute::Booked;
use ledger::history::History;
use ledger::ids::{AccountId, Uetr};
use ledger::receipt::{Outcome, Receipt};
use redb::{Durability, WriteTransaction};
use std::collections::HashMap;
use std::sync::Arc;

use super::recent::Recent;
use super::tables::{
    BATCHES, BLOCKS, CERTIFICATES, CHECKPOINT, ENTRIES, EPOCHS, HISTORY, LOG_FROM, META, PART,
    PAYMENTS, RANGE, RECEIPTS, STATE, history_key,
};
use super::{Backlog, BatchName, Checkpoint, HistoryLine, IndexedBlock, Store, StoreError};
use crate::core::step::Committed;
use crate::log::Position;

/// A final block for the index.
#[derive(Debug)]
pub struct IndexItem {
    /// The block and what it changed.
    pub committed: Arc<Committed>,
    /// Where its batches are in the log.
    pub batches: Vec<(BatchName, Position)>,
    /// Where in the log a restart from this block would begin to read.
    pub replay_from: Position,
}

impl Store {
    pub(super) fn create_tables(&self) -> Result<(), StoreError> {
        let transaction = self.database().begin_write()?;
        transaction.open_table(META)?;
        transaction.open_table(STATE)?;
        transaction.open_table(BLOCKS)?;
        transaction.open_table(CERTIFICATES)?;
        transaction.open_table(RECEIPTS)?;
        transaction.open_table(PAYMENTS)?;
        transaction.open_table(ENTRIES)?;
        transaction.open_table(HISTORY)?;
        transaction.open_table(RANGE)?;
        transaction.open_table(BATCHES)?;
        transaction.open_table(EPOCHS)?;
        transaction.open_table(LOG_FROM)?;
        transaction.commit()?;
        Ok(())
    }

    /// Adds `items` to the index, which hold the blocks after those that it has. What they change
    /// in the state waits in `backlog` until a write is `durable`: that is where a restart begins,
    /// and what a crash takes the index back to. Rows in no order of time wait until there are many
    /// of them, or until that write.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; then nothing was written.
    pub fn write(
        &self,
        items: &[IndexItem],
        backlog: &mut Backlog,
        durable: bool,
    ) -> Result<(), StoreError> {
        let mut transaction = self.database().begin_write()?;
        transaction.set_durability(if durable {
            Durability::Immediate
        } else {
            Durability::None
        })?;
        transaction.set_quick_repair(durable);
        for item in items {
            write_block(&transaction, item)?;
            write_entries(&transaction, &item.committed.executed)?;
            backlog.add(item);
        }
        write_receipts(&transaction, items)?;
        if durable {
            backlog.write(&transaction)?;
        }
        self.commit(transaction, rows(items), durable)
    }

    /// Commits, with all rows that were gathered if there are enough or they shall be `written`;
    /// the `new` ones are gathered otherwise.
    pub(super) fn commit(
        &self,
        transaction: WriteTransaction,
        new: Recent,
        written: bool,
    ) -> Result<(), StoreError> {
        let is_written = written || self.recent().is_full_with(&new);
        if is_written {
            self.recent().write(&transaction)?;
            new.write(&transaction)?;
        }
        transaction.commit()?;
        let mut recent = self.recent_to_write();
        if is_written {
            *recent = Recent::default();
        } else {
            recent.add(new);
        }
        Ok(())
    }

    /// Writes the state of the genesis block into an empty index.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn found(&self, tip: &Tip, replay_from: Position) -> Result<(), StoreError> {
        let transaction = self.database().begin_write()?;
        {
            let mut state = transaction.open_table(STATE)?;
            insert_state(&mut state, tip)?;
            let block = IndexedBlock { block: block_of(tip), receipts: 0 };
            transaction.open_table(BLOCKS)?.insert(0, codec::encode(&block).as_slice())?;
            let mut range = transaction.open_table(RANGE)?;
            for (position, node) in History::new().append(tip.domains(), &tip.hash()) {
                range.insert(position, node.0)?;
            }
            let checkpoint = Checkpoint {
                block: block_of(tip),
                history: History::new(),
                certificate: None,
                replay_from,
            };
            let mut meta = transaction.open_table(META)?;
            meta.insert(CHECKPOINT, checkpoint.to_row().as_slice())?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Writes every entry of the state, in the order of the keys: neighbours share a page.
pub(super) fn insert_state(
    table: &mut redb::Table<'_, &[u8], &[u8]>,
    tip: &Tip,
) -> Result<(), StoreError> {
    let mut entries: Vec<(Vec<u8>, &[u8])> = tip.state().entries().collect();
    entries.sort_unstable();
    for (key, value) in &entries {
        table.insert(key.as_slice(), *value)?;
    }
    Ok(())
}

fn write_block(transaction: &WriteTransaction, item: &IndexItem) -> Result<(), StoreError> {
    let executed = &item.committed.executed;
    let height = executed.block.header.height.0;
    let receipts = u32::try_from(executed.booked.len())
        .map_err(|_| StoreError::Malformed { what: "number of receipts" })?;
    let block = IndexedBlock { block: executed.block.clone(), receipts };
    transaction.open_table(BLOCKS)?.insert(height, codec::encode(&block).as_slice())?;
    if let Some(certificate) = &item.committed.certificate {
        let mut certificates = transaction.open_table(CERTIFICATES)?;
        certificates.insert(height, codec::encode(certificate).as_slice())?;
    }
    if let Some(change) = item.committed.epoch_change() {
        let mut epochs = transaction.open_table(EPOCHS)?;
        epochs.insert(change.header.epoch.0, codec::encode(&change).as_slice())?;
    }
    let from = (item.replay_from.segment, item.replay_from.offset);
    transaction.open_table(LOG_FROM)?.insert(height, from)?;
    let mut range = transaction.open_table(RANGE)?;
    for (position, hash) in &executed.history_nodes {
        range.insert(position, hash.0)?;
    }
    let mut batches = transaction.open_table(BATCHES)?;
    for (name, position) in &item.batches {
        let key = (name.epoch.0, name.lane.0, name.sequence);
        batches.insert(key, (position.segment, position.offset))?;
    }
    Ok(())
}

fn write_receipts(transaction: &WriteTransaction, items: &[IndexItem]) -> Result<(), StoreError> {
    let mut receipts = transaction.open_table(RECEIPTS)?;
    for executed in items.iter().map(|item| &item.committed.executed) {
        if !executed.booked.is_empty() {
            let of_block: Vec<&Receipt> =
                executed.booked.iter().map(|booked| &booked.receipt).collect();
            let height = executed.block.header.height.0;
            receipts.insert(height, codec::encode(&of_block).as_slice())?;
        }
    }
    Ok(())
}

/// The rows of these blocks whose keys are in no order of time.
fn rows(items: &[IndexItem]) -> Recent {
    let mut rows = Recent::default();
    for executed in items.iter().map(|item| &item.committed.executed) {
        add_places(&mut rows, executed);
        add_lines(&mut rows, executed);
    }
    rows
}

/// Adds where payments are. Of a payment the last receipt stands: that of its capture or release,
/// once there is one, or of its settlement by a block.
fn add_places(rows: &mut Recent, executed: &Executed) {
    let height = executed.block.header.height.0;
    for (index, booked) in (0_u32..).zip(&executed.booked) {
        let receipt = &booked.receipt;
        if let Some(uetr) = receipt.uetr.filter(|_| !receipt.is_duplicate_refusal()) {
            rows.place(*uetr.bytes(), (height, index));
        }
    }
}

/// Writes the block's lines of history, in the order in which they were booked.
fn write_entries(transaction: &WriteTransaction, executed: &Executed) -> Result<(), StoreError> {
    let sides = counterparties(&executed.booked);
    let height = executed.block.header.height.0;
    let entries = executed.booked.iter().flat_map(|booked| &booked.entries);
    let lines: Vec<HistoryLine> = entries
        .map(|(holding, entry)| {
            let counterparty = counterparty(&sides, holding, entry);
            HistoryLine { asset: holding.1, entry: *entry, counterparty }
        })
        .collect();
    let mut table = transaction.open_table(ENTRIES)?;
    let size = usize::try_from(PART).unwrap_or(usize::MAX);
    for (part, lines) in (0_u32..).zip(lines.chunks(size)) {
        table.insert((height, part), codec::encode(&lines).as_slice())?;
    }
    Ok(())
}

/// Adds where each account's lines are. The last line of a block is its newest: numbered from the
/// end, newest comes first.
fn add_lines(rows: &mut Recent, executed: &Executed) {
    let height = executed.block.header.height;
    let mut lines = HashMap::new();
    let entries = executed.booked.iter().flat_map(|booked| &booked.entries);
    let numbered: Vec<_> = (0_u32..).zip(entries).collect();
    for (number, ((account, _), _)) in numbered.into_iter().rev() {
        let line: &mut u32 = lines.entry(*account).or_insert(0);
        rows.line(history_key(account, height, *line), number);
        *line = line.saturating_add(1);
    }
}

type Sides = HashMap<Uetr, (Option<AccountId>, Option<AccountId>)>;

fn counterparties(booked: &[Booked]) -> Sides {
    let receipts = booked.iter().map(|booked| &booked.receipt);
    let sides = receipts.filter_map(|receipt| match &receipt.outcome {
        Outcome::Settled(settlement) => Some((receipt.uetr?, (settlement.from, settlement.to))),
        Outcome::Returned(reversal) => {
            Some((receipt.uetr?, (Some(reversal.from), Some(reversal.to))))
        }
        Outcome::Done
        | Outcome::Proposed(_)
        | Outcome::Rejected(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => None,
    });
    sides.collect()
}

fn counterparty(sides: &Sides, holding: &HoldingKey, entry: &Entry) -> Option<AccountId> {
    let (from, to) = sides.get(&entry.uetr)?;
    let other = if entry.credit { from } else { to };
    other.filter(|account| *account != holding.0)
}

pub(super) fn block_of(tip: &Tip) -> Block {
    Block { header: tip.header().clone(), cut: tip.cut().clone() }
}
