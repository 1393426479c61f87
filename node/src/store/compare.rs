//! Comparing two indexes row by row: one that a node has written, and one made anew from its log.
//!
//! Invariant: every row of every table but the checkpoint and the places of restarts is compared;
//! rows of blocks that were pruned may be missing. Absent: opening, and making the other index.

use std::cmp::Ordering;
use std::sync::Arc;

use ledger::history::History;
use ledger::ids::Height;
use redb::{Key, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, Value};

use super::tables::{
    BATCHES, BLOCKS, CERTIFICATES, ENTRIES, EPOCHS, HISTORY, PAYMENTS, RANGE, RECEIPTS, STATE,
    history_height,
};
use super::{Store, StoreError};

/// A row that is not what the log gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The height that the row speaks of, or at which the index stands.
    pub height: Height,
    /// Which table, and what is wrong.
    pub what: String,
}

/// Says which height a row speaks of, from its key and value.
type HeightOf = fn(&[u8], &[u8]) -> Option<u64>;

/// The two sides of a comparison.
struct Sides {
    ours: ReadTransaction,
    sound: ReadTransaction,
    height: Height,
    /// At most so many differences are collected.
    most: usize,
    found: Vec<Difference>,
}

impl Store {
    /// The rows in which this index differs from a `sound` one that stands at the same block:
    /// at most `most`, table by table.
    ///
    /// # Errors
    /// [`StoreError`] if a database fails.
    pub fn differences(&self, sound: &Self, most: usize) -> Result<Vec<Difference>, StoreError> {
        let height = sound.height()?.unwrap_or_default();
        let (ours, sound) = (self.database().begin_read()?, sound.database().begin_read()?);
        let mut sides = Sides { ours, sound, height, most, found: Vec::new() };
        sides.compare("block", BLOCKS, by_key)?;
        sides.compare("certificate", CERTIFICATES, by_key)?;
        sides.compare("list of receipts", RECEIPTS, by_key)?;
        sides.compare("place of a payment", PAYMENTS, by_value)?;
        sides.compare("part of the entries", ENTRIES, by_key)?;
        sides.compare("line of history", HISTORY, by_history_key)?;
        sides.compare("node of the history", RANGE, by_range_position)?;
        sides.compare("place of a batch", BATCHES, |_, _| None)?;
        sides.compare("change of epoch", EPOCHS, |_, _| None)?;
        sides.compare("entry of the state", STATE, |_, _| None)?;
        Ok(sides.found)
    }
}

/// The row that a walk stands at.
type Row = Option<(Arc<[u8]>, Arc<[u8]>)>;

impl Sides {
    fn compare<K: Key + 'static, V: Value + 'static>(
        &mut self,
        what: &str,
        table: TableDefinition<'_, K, V>,
        height_of: HeightOf,
    ) -> Result<(), StoreError> {
        let (ours, sound) = (self.ours.open_table(table)?, self.sound.open_table(table)?);
        let (mut ours, mut sound) = (ours.iter()?, sound.iter()?);
        let next = |rows: &mut redb::Range<'_, K, V>| -> Result<Row, StoreError> {
            let Some(row) = rows.next().transpose()? else { return Ok(None) };
            let (key, value) = (row.0.value(), row.1.value());
            let key = Arc::from(K::as_bytes(&key).as_ref());
            Ok(Some((key, Arc::from(V::as_bytes(&value).as_ref()))))
        };
        let (mut one, mut other) = (next(&mut ours)?, next(&mut sound)?);
        while self.found.len() < self.most {
            let order = match (&one, &other) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((one, _)), Some((other, _))) => K::compare(one, other),
            };
            match order {
                Ordering::Less => {
                    self.note(format!("{what} that the log does not give"), &one, height_of);
                    one = next(&mut ours)?;
                }
                Ordering::Greater => {
                    self.note(format!("{what} is missing"), &other, height_of);
                    other = next(&mut sound)?;
                }
                Ordering::Equal => {
                    if one != other {
                        self.note(format!("{what} is not what the log gives"), &other, height_of);
                    }
                    (one, other) = (next(&mut ours)?, next(&mut sound)?);
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, what: String, row: &Row, height_of: HeightOf) {
        let height = row.as_ref().and_then(|(key, value)| height_of(key, value));
        let height = height.map_or(self.height, Height).min(self.height);
        self.found.push(Difference { height, what });
    }
}

fn by_key(key: &[u8], _: &[u8]) -> Option<u64> {
    key.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

fn by_value(_: &[u8], value: &[u8]) -> Option<u64> {
    value.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

fn by_history_key(key: &[u8], _: &[u8]) -> Option<u64> {
    key.first_chunk().map(history_height)
}

/// The block that added the node: the last whose first node is not behind it.
fn by_range_position(key: &[u8], _: &[u8]) -> Option<u64> {
    let position = u64::from_le_bytes(*key.first_chunk()?);
    let (mut low, mut high) = (0_u64, position.saturating_add(1));
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if History::first_position(middle) <= position {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}
