//! Lines of history by their places: a block's lie together, in the order in which they were
//! booked.
//!
//! Invariant: neighbours share a read. Absent: which lines are an account's (`read`).

use redb::{ReadOnlyTable, ReadableDatabase};

use super::read::decode;
use super::tables::{ENTRIES, PART};
use super::{HistoryLine, Store, StoreError};

/// Reads lines, and keeps the part that it read last.
pub(super) struct EntryReader {
    table: ReadOnlyTable<(u64, u32), &'static [u8]>,
    place: Option<(u64, u32)>,
    lines: Vec<HistoryLine>,
}

impl EntryReader {
    /// A reader of what the database holds now.
    pub(super) fn new(store: &Store) -> Result<Self, StoreError> {
        let table = store.database().begin_read()?.open_table(ENTRIES)?;
        Ok(Self { table, place: None, lines: Vec::new() })
    }

    /// The line of this number in the block at `height`; `None` if the block was pruned.
    pub(super) fn line(
        &mut self,
        height: u64,
        number: u32,
    ) -> Result<Option<HistoryLine>, StoreError> {
        let place = (height, number / PART);
        if self.place != Some(place) {
            let row = self.table.get(place)?;
            let lines = row.map(|row| decode(row.value(), "part of the entries")).transpose()?;
            (self.place, self.lines) = (Some(place), lines.unwrap_or_default());
        }
        let index = usize::try_from(number % PART).unwrap_or(usize::MAX);
        Ok(self.lines.get(index).cloned())
    }
}
