//! The rows of late blocks whose keys are in no order of time: where payments are, and accounts'
//! lines of history.
//!
//! Such a row costs a page of the database when it is written alone. Some tens of thousands are
//! gathered here and written at once, in the order of their keys, when many share a page. Readers
//! look here and in the database.
//!
//! Invariants: what is here is of blocks that the index holds; a row leaves only after a commit
//! that wrote it; memory is bounded. Absent: rows by height, which share pages as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use redb::{ReadOnlyTable, WriteTransaction};

use super::StoreError;
use super::tables::{HISTORY, PAYMENTS};

/// How many rows are gathered.
const ROWS: usize = 32_768;

/// Where a line of history is: its key, and its number in the block.
pub(super) type Line = ([u8; 28], u32);

/// The gathered rows.
#[derive(Debug, Default)]
pub(super) struct Recent {
    payments: BTreeMap<[u8; 16], (u64, u32)>,
    history: BTreeMap<[u8; 28], u32>,
}

impl Recent {
    /// A payment's last receipt is at this height and place.
    pub(super) fn place(&mut self, uetr: [u8; 16], place: (u64, u32)) {
        self.payments.insert(uetr, place);
    }

    /// An account's line of history has this number in its block.
    pub(super) fn line(&mut self, key: [u8; 28], number: u32) {
        self.history.insert(key, number);
    }

    /// True if there are enough with these to be written.
    pub(super) fn is_full_with(&self, new: &Self) -> bool {
        self.count().saturating_add(new.count()) >= ROWS
    }

    fn count(&self) -> usize {
        self.payments.len().saturating_add(self.history.len())
    }

    /// Adds the rows of later blocks.
    pub(super) fn add(&mut self, new: Self) {
        self.payments.extend(new.payments);
        self.history.extend(new.history);
    }

    /// Writes all rows; they may be forgotten after the commit.
    pub(super) fn write(&self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        let mut payments = transaction.open_table(PAYMENTS)?;
        for (uetr, place) in &self.payments {
            payments.insert(uetr, place)?;
        }
        let mut history = transaction.open_table(HISTORY)?;
        for (key, number) in &self.history {
            history.insert(key, number)?;
        }
        Ok(())
    }

    /// Where a payment's receipt is, if it is of a late block.
    pub(super) fn payment(&self, uetr: &[u8; 16]) -> Option<(u64, u32)> {
        self.payments.get(uetr).copied()
    }

    /// The first payments of a range, here and in `table`, at most `limit`.
    pub(super) fn payments(
        &self,
        table: &ReadOnlyTable<[u8; 16], (u64, u32)>,
        range: RangeInclusive<[u8; 16]>,
        limit: usize,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let here = self.payments.range(range.clone()).map(|(uetr, _)| *uetr);
        let mut found: BTreeSet<_> = here.take(limit).collect();
        for row in table.range(range)?.take(limit) {
            found.insert(row?.0.value());
        }
        Ok(found.into_iter().take(limit).collect())
    }

    /// The first lines of a range, here and in `table`, at most `limit`.
    pub(super) fn lines(
        &self,
        table: &ReadOnlyTable<[u8; 28], u32>,
        range: RangeInclusive<[u8; 28]>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let here = self.history.range(range.clone()).map(|(key, number)| (*key, *number));
        let mut found: BTreeMap<_, _> = here.take(limit).collect();
        for row in table.range(range)?.take(limit) {
            let (key, value) = row?;
            found.insert(key.value(), value.value());
        }
        Ok(found.into_iter().take(limit).collect())
    }
}
