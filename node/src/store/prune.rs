//! Pruning: what is older than the operator keeps is taken out of the index, a little at a time.
//!
//! Two ways, both bounded. Rows by height (blocks, certificates, receipts, entries, batches) leave
//! as soon as their block is too old. Rows by other keys (payments, places of entries) leave when a
//! sweep comes by their place; the sweep's pace is such that it has been everywhere by the time a
//! quarter of the kept blocks are new. So the index holds at most some five quarters of what is
//! kept, and each step costs a bounded time.
//!
//! Invariants: what proofs of kept blocks need stays: the changes of epoch, the peaks of the
//! history. What exactly-once needs is in the state, which is never pruned. Absent: the log's
//! segments (the performer deletes them), the decision how much is kept (the configuration's).

use ledger::codec;
use ledger::history::History;
use ledger::ids::Height;
use redb::{Durability, Key, ReadableTable, ReadableTableMetadata, Table, Value, WriteTransaction};

use super::tables::{
    BATCHES, BLOCKS, CERTIFICATES, EARLIEST, ENTRIES, HISTORY, LOG_FROM, META, PAYMENTS, RANGE,
    RECEIPTS, history_height,
};
use super::{IndexedBlock, Store, StoreError};

/// The most blocks that one step prunes.
const STEP: u64 = 256;

/// How many rows a sweep looks at for each pruned block at least.
const LEAST_ROWS: u64 = 64;

/// In how many parts of the kept span a sweep has been everywhere.
const SWEEPS_PER_SPAN: u64 = 4;

/// Prunes the index. The places of the sweeps are lost with the process and begin anew.
#[derive(Debug)]
pub struct Pruner {
    keep: u64,
    payments: [u8; 16],
    history: [u8; 28],
}

impl Pruner {
    /// A pruner that keeps the last `keep` blocks; 0 keeps all.
    pub const fn new(keep: u64) -> Self {
        Self { keep, payments: [0; 16], history: [0; 28] }
    }

    /// True if nothing is ever pruned.
    pub const fn is_archive(&self) -> bool {
        self.keep == 0
    }

    /// Prunes what is too old now that the block at `height` is indexed, at most some hundred
    /// blocks. Gives the earliest height that is kept whole, if it has changed.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; then nothing was pruned.
    pub fn step(&mut self, store: &Store, height: Height) -> Result<Option<Height>, StoreError> {
        if self.keep == 0 {
            return Ok(None);
        }
        let earliest = store.earliest()?.0;
        let wanted = height.0.saturating_add(1).saturating_sub(self.keep);
        // Some blocks at a time: each step costs a commit.
        if wanted.saturating_sub(earliest) < (self.keep / 16).clamp(1, STEP / 4) {
            return Ok(None);
        }
        let mut transaction = store.database().begin_write()?;
        transaction.set_durability(Durability::None)?;
        let oldest = transaction.open_table(BLOCKS)?.first()?.map(|(height, _)| height.value());
        let oldest = oldest.unwrap_or(earliest);
        // Below the earliest lie those that a snapshot's gap has cut off.
        let limit = wanted.min(oldest.saturating_add(STEP));
        let earliest = limit.max(earliest);
        prune_heights(&transaction, limit, earliest)?;
        self.sweep(&transaction, earliest, limit.saturating_sub(oldest))?;
        {
            let mut meta = transaction.open_table(META)?;
            meta.insert(EARLIEST, codec::encode(&Height(earliest)).as_slice())?;
        }
        transaction.commit()?;
        Ok(Some(Height(earliest)))
    }

    fn sweep(
        &mut self,
        transaction: &WriteTransaction,
        earliest: u64,
        pruned: u64,
    ) -> Result<(), StoreError> {
        let rows = |rows: u64| {
            let whole = rows.saturating_mul(SWEEPS_PER_SPAN).saturating_mul(pruned);
            let share = whole.checked_div(self.keep).unwrap_or(whole);
            let rows = share.saturating_add(LEAST_ROWS.saturating_mul(pruned));
            usize::try_from(rows).unwrap_or(usize::MAX)
        };
        let mut payments = transaction.open_table(PAYMENTS)?;
        let budget = rows(payments.len()?);
        let is_old = |_: &[u8; 16], (height, _): (u64, u32)| height < earliest;
        self.payments = sweep(&mut payments, self.payments, budget, is_old)?;
        let mut history = transaction.open_table(HISTORY)?;
        let budget = rows(history.len()?);
        let is_old = |key: &[u8; 28], _: u32| history_height(key) < earliest;
        self.history = sweep(&mut history, self.history, budget, is_old)?;
        Ok(())
    }
}

/// Removes the old ones of the next `budget` rows from `from` on. Gives where to go on: behind
/// them, or at the table's beginning.
fn sweep<const N: usize, V: Value + 'static>(
    table: &mut Table<'_, [u8; N], V>,
    from: [u8; N],
    budget: usize,
    is_old: impl Fn(&[u8; N], V::SelfType<'_>) -> bool,
) -> Result<[u8; N], StoreError>
where
    [u8; N]: Key + for<'a> Value<SelfType<'a> = [u8; N]>,
    for<'a> [u8; N]: std::borrow::Borrow<<[u8; N] as Value>::SelfType<'a>>,
{
    let mut old = Vec::new();
    let mut next = [0; N];
    let mut left = budget;
    for row in table.range::<[u8; N]>(from..)? {
        let (key, value) = row?;
        let key = key.value();
        let Some(rest) = left.checked_sub(1) else {
            next = key;
            break;
        };
        left = rest;
        if is_old(&key, value.value()) {
            old.push(key);
        }
    }
    for key in old {
        table.remove(key)?;
    }
    Ok(next)
}

/// Removes the rows of all blocks below `limit`; `earliest` is the first that is kept whole.
fn prune_heights(
    transaction: &WriteTransaction,
    limit: u64,
    earliest: u64,
) -> Result<(), StoreError> {
    let mut blocks = transaction.open_table(BLOCKS)?;
    let last = blocks.get(limit.saturating_sub(1))?.and_then(|row| read_block(row.value()));
    if let Some(last) = last {
        let mut batches = transaction.open_table(BATCHES)?;
        let epoch = last.block.header.epoch.0;
        batches.retain_in(..(epoch, 0, 0), |_, _| false)?;
        for (lane, tip) in (0_u16..).zip(&last.block.cut.0) {
            batches.retain_in((epoch, lane, 0)..=(epoch, lane, tip.sequence), |_, _| false)?;
        }
    }
    blocks.retain_in(..limit, |_, _| false)?;
    transaction.open_table(CERTIFICATES)?.retain_in(..limit, |_, _| false)?;
    transaction.open_table(RECEIPTS)?.retain_in(..limit, |_, _| false)?;
    transaction.open_table(ENTRIES)?.retain_in(..(limit, 0), |_, _| false)?;
    // The last pruned block says where the kept ones begin in the log.
    transaction.open_table(LOG_FROM)?.retain_in(..limit.saturating_sub(1), |_, _| false)?;
    let peaks = History::node_positions(earliest);
    let mut range = transaction.open_table(RANGE)?;
    range.retain_in(..History::first_position(limit), |position, _| peaks.contains(&position))?;
    Ok(())
}

fn read_block(bytes: &[u8]) -> Option<IndexedBlock> {
    borsh::from_slice(bytes).ok()
}
