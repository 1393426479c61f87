//! Writing to the index: one transaction for some final blocks.
//!
//! Invariants: blocks come in height order without a gap. Absent: the decision when a write must be
//! durable (the indexer's).

use ledger::account::{Entry, HoldingKey};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::codec;
use ledger::execute::Booked;
use ledger::history::History;
use ledger::ids::{AccountId, Uetr};
use ledger::receipt::{Outcome, Receipt};
use ledger::state::{Changes, marker_prefix};
use redb::{Durability, ReadableTable, WriteTransaction};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::tables::{
    BATCHES, BLOCKS, CERTIFICATES, CHECKPOINT, EPOCHS, HISTORY, LOG_FROM, META, PAYMENTS, RANGE,
    RECEIPTS, STATE, TRANSACTIONS, history_key,
};
use super::{BatchName, Checkpoint, HistoryLine, IndexedBlock, Store, StoreError};
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
        transaction.open_table(TRANSACTIONS)?;
        transaction.open_table(HISTORY)?;
        transaction.open_table(RANGE)?;
        transaction.open_table(BATCHES)?;
        transaction.open_table(EPOCHS)?;
        transaction.open_table(LOG_FROM)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes the index from the block before `items` to the last of them. Without `durable` a crash
    /// may take it back, to some earlier block as a whole.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; then nothing was written.
    pub fn write(&self, items: &[IndexItem], durable: bool) -> Result<(), StoreError> {
        let mut transaction = self.database().begin_write()?;
        transaction.set_durability(if durable {
            Durability::Immediate
        } else {
            Durability::None
        })?;
        transaction.set_quick_repair(durable);
        for item in items {
            write_block(&transaction, item)?;
        }
        write_receipts(&transaction, items)?;
        write_history(&transaction, items)?;
        write_state(&transaction, items)?;
        if let Some(last) = items.last() {
            let newest = items.iter().rev().find_map(|item| item.committed.certificate.clone());
            let parent = items.len().checked_sub(2).and_then(|place| items.get(place));
            write_checkpoint(&transaction, parent, last, newest)?;
        }
        transaction.commit()?;
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
    let mut places = Places::default();
    for item in items {
        let executed = &item.committed.executed;
        if executed.booked.is_empty() {
            continue;
        }
        let of_block: Vec<&Receipt> =
            executed.booked.iter().map(|booked| &booked.receipt).collect();
        let height = executed.block.header.height.0;
        receipts.insert(height, codec::encode(&of_block).as_slice())?;
        places.add(height, &of_block);
    }
    places.write(transaction)
}

/// Where payments and transactions are, in the order of their keys: neighbours share a page. Of a
/// payment the last receipt stands: that of its capture or release, once there is one, or of its
/// settlement by a block.
#[derive(Default)]
struct Places {
    payments: BTreeMap<[u8; 16], (u64, u32)>,
    transactions: BTreeMap<[u8; 32], (u64, u32, u32)>,
}

impl Places {
    fn add(&mut self, height: u64, receipts: &[&Receipt]) {
        let mut first = 0_u32;
        for same in receipts.chunk_by(|a, b| a.transaction == b.transaction) {
            let mut index = first;
            for receipt in same {
                if let Some(uetr) = receipt.uetr.filter(|_| !receipt.is_duplicate_refusal()) {
                    self.payments.insert(*uetr.bytes(), (height, index));
                }
                index = index.saturating_add(1);
            }
            if let Some(receipt) = same.first() {
                let count = index.saturating_sub(first);
                self.transactions.insert(receipt.transaction.0, (height, first, count));
            }
            first = index;
        }
    }

    fn write(&self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        let mut payments = transaction.open_table(PAYMENTS)?;
        for (uetr, place) in &self.payments {
            payments.insert(uetr, place)?;
        }
        let mut transactions = transaction.open_table(TRANSACTIONS)?;
        for (id, place) in &self.transactions {
            transactions.insert(id, place)?;
        }
        Ok(())
    }
}

fn write_history(transaction: &WriteTransaction, items: &[IndexItem]) -> Result<(), StoreError> {
    let mut all = BTreeMap::new();
    for item in items {
        let executed = &item.committed.executed;
        let sides = counterparties(&executed.booked);
        let height = executed.block.header.height;
        let mut lines = BTreeMap::new();
        // The last entry of a block is its newest: numbered from the end, newest comes first.
        let entries = executed.booked.iter().flat_map(|booked| &booked.entries);
        for (holding, entry) in entries.rev() {
            let (account, asset) = *holding;
            let line: &mut u32 = lines.entry(account).or_insert(0);
            let counterparty = counterparty(&sides, holding, entry);
            let value = HistoryLine { asset, entry: *entry, counterparty };
            all.insert(history_key(&account, height, *line), codec::encode(&value));
            *line = line.saturating_add(1);
        }
    }
    let mut history = transaction.open_table(HISTORY)?;
    for (key, value) in &all {
        history.insert(key, value.as_slice())?;
    }
    Ok(())
}

type Sides = BTreeMap<Uetr, (Option<AccountId>, Option<AccountId>)>;

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

/// Writes the last value of each changed key, in the order of the keys.
fn write_state(transaction: &WriteTransaction, items: &[IndexItem]) -> Result<(), StoreError> {
    let changes = || items.iter().map(|item| &item.committed.executed.changes);
    let last: BTreeMap<&[u8], Option<&[u8]>> = changes().flat_map(Changes::entries).collect();
    let mut state = transaction.open_table(STATE)?;
    for (key, value) in last {
        match value {
            Some(value) => state.insert(key, value)?,
            None => state.remove(key)?,
        };
    }
    // A bucket that was dropped is never written again.
    for bucket in changes().flat_map(Changes::dropped_buckets) {
        let first = marker_prefix(*bucket);
        let end = marker_prefix(bucket.saturating_add(1));
        state.retain_in::<&[u8], _>(first.as_slice()..end.as_slice(), |_, _| false)?;
    }
    Ok(())
}

fn write_checkpoint(
    transaction: &WriteTransaction,
    parent: Option<&IndexItem>,
    last: &IndexItem,
    certificate: Option<Certificate>,
) -> Result<(), StoreError> {
    let mut meta = transaction.open_table(META)?;
    let before: Checkpoint = {
        let row = meta.get(CHECKPOINT)?;
        row.and_then(|row| Checkpoint::from_row(row.value()))
            .ok_or(StoreError::Malformed { what: "checkpoint" })?
    };
    let tip = &last.committed.executed.tip;
    let history = match parent {
        Some(parent) => parent.committed.executed.tip.history().clone(),
        None => before.history_after(tip.domains()),
    };
    let checkpoint = Checkpoint {
        block: last.committed.executed.block.clone(),
        history,
        certificate: certificate.or(before.certificate),
        replay_from: last.replay_from,
    };
    meta.insert(CHECKPOINT, checkpoint.to_row().as_slice())?;
    Ok(())
}

pub(super) fn block_of(tip: &Tip) -> Block {
    Block { header: tip.header().clone(), cut: tip.cut().clone() }
}
