//! Reading from the index.
//!
//! Invariants: a read sees one committed version. Absent: waiting for a height (the view's),
//! proofs.

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::account::Entry;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::codec;
use ledger::hash::{Domains, Hash};
use ledger::ids::{AccountId, AssetCode, Epoch, Height, Uetr};
use ledger::light::EpochChange;
use ledger::receipt::Receipt;
use ledger::state::State;
use redb::{ReadableDatabase, ReadableTable};
use std::ops::RangeInclusive;

use super::entries::EntryReader;
use super::recent::Line;
use super::tables::{
    BATCHES, BLOCKS, CERTIFICATES, CHECKPOINT, EARLIEST, EPOCHS, HISTORY, LOG_FROM, META, PAYMENTS,
    RANGE, RECEIPTS, STATE, history_height, history_key, history_line,
};
use super::{BatchName, Checkpoint, IndexedBlock, Store, StoreError, guarded};
use crate::log::Position;

/// The most bytes of any value in the index.
const LIMIT: usize = 256 * 1024 * 1024;

/// Where a payment's receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block's height.
    pub height: Height,
    /// The place among its receipts.
    pub index: u32,
}

/// One line of an account's history.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HistoryLine {
    /// The asset of the holding.
    pub asset: AssetCode,
    /// The entry.
    pub entry: Entry,
    /// The other side, where there is one.
    pub counterparty: Option<AccountId>,
}

/// A place in an account's history, from which older lines follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCursor {
    /// The height of the last line that was read.
    pub height: Height,
    /// That line's number within the block.
    pub line: u32,
}

impl Store {
    /// Where the index stands.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or the row is malformed.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        guarded(|| {
            let table = self.database().begin_read()?.open_table(META)?;
            let row = table.get(CHECKPOINT)?;
            let malformed = StoreError::Malformed { what: "checkpoint" };
            row.map(|row| Checkpoint::from_row(row.value()).ok_or(malformed)).transpose()
        })
    }

    /// The height from which on every block is here with all that belongs to it. It grows by
    /// pruning, and where a snapshot took the place of blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or the row is malformed.
    pub fn earliest(&self) -> Result<Height, StoreError> {
        let table = self.database().begin_read()?.open_table(META)?;
        let row = table.get(EARLIEST)?;
        row.map_or(Ok(Height(0)), |row| decode(row.value(), "earliest height"))
    }

    /// Checks that the block at `height` is kept, or is yet to come.
    ///
    /// # Errors
    /// [`StoreError::Pruned`] if it is not, or another one if the database fails.
    pub fn check_kept(&self, height: Height) -> Result<(), StoreError> {
        let earliest = self.earliest()?;
        if height < earliest { Err(StoreError::Pruned { earliest }) } else { Ok(()) }
    }

    /// The change of validators that ended `epoch`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or the row is malformed.
    pub fn epoch_change(&self, epoch: Epoch) -> Result<Option<EpochChange>, StoreError> {
        let table = self.database().begin_read()?.open_table(EPOCHS)?;
        let row = table.get(epoch.0)?;
        row.map(|row| decode(row.value(), "change of epoch")).transpose()
    }

    /// All changes of validators, from the first epoch on.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or a row is malformed.
    pub fn epoch_changes(&self) -> Result<Vec<EpochChange>, StoreError> {
        let table = self.database().begin_read()?.open_table(EPOCHS)?;
        let mut changes = Vec::new();
        for row in table.iter()? {
            changes.push(decode(row?.1.value(), "change of epoch")?);
        }
        Ok(changes)
    }

    /// Where the log may begin: everything before serves neither a restart nor a kept block.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn log_needed_from(&self) -> Result<Position, StoreError> {
        let Some(checkpoint) = self.checkpoint()? else { return Ok(Position::START) };
        let Some(before) = self.earliest()?.0.checked_sub(1) else { return Ok(Position::START) };
        let table = self.database().begin_read()?.open_table(LOG_FROM)?;
        let place = table.get(before)?.map(|row| row.value());
        let place = place.map(|(segment, offset)| Position { segment, offset });
        Ok(place.map_or(Position::START, |place| place.min(checkpoint.replay_from)))
    }

    /// The tip at which the index stands, its state read in whole and compared with the block's
    /// root.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails or the state is not the block's.
    pub fn tip(&self, domains: &Domains, checkpoint: &Checkpoint) -> Result<Tip, StoreError> {
        let state = guarded(|| self.state(domains))?;
        Tip::restore(checkpoint.block.clone(), state, checkpoint.history.clone())
            .map_err(|_| StoreError::StateRoot)
    }

    fn state(&self, domains: &Domains) -> Result<State, StoreError> {
        let table = self.database().begin_read()?.open_table(STATE)?;
        let mut failure = None;
        let entries = table.iter()?.map_while(|row| match row {
            Ok((key, value)) => Some((key.value().to_vec(), value.value().to_vec())),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let restored = State::restore(domains, entries);
        if let Some(error) = failure {
            return Err(error.into());
        }
        restored.map_err(|_| StoreError::Malformed { what: "state entry" })
    }

    /// The block at `height`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn block(&self, height: Height) -> Result<Option<IndexedBlock>, StoreError> {
        let table = self.database().begin_read()?.open_table(BLOCKS)?;
        let row = table.get(height.0)?;
        row.map(|row| decode(row.value(), "block")).transpose()
    }

    /// The block's own finalization.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn certificate(&self, height: Height) -> Result<Option<Certificate>, StoreError> {
        let table = self.database().begin_read()?.open_table(CERTIFICATES)?;
        let row = table.get(height.0)?;
        row.map(|row| decode(row.value(), "certificate")).transpose()
    }

    /// The first finalization at or after `height`, and the height of its block.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn certificate_from(
        &self,
        height: Height,
    ) -> Result<Option<(Height, Certificate)>, StoreError> {
        let table = self.database().begin_read()?.open_table(CERTIFICATES)?;
        let first = table.range(height.0..)?.next().transpose()?;
        let Some((at, row)) = first else { return Ok(None) };
        Ok(Some((Height(at.value()), decode(row.value(), "certificate")?)))
    }

    /// All receipts of the block at `height`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn receipts(&self, height: Height) -> Result<Vec<Receipt>, StoreError> {
        let table = self.database().begin_read()?.open_table(RECEIPTS)?;
        let row = table.get(height.0)?;
        row.map_or(Ok(Vec::new()), |row| decode(row.value(), "list of receipts"))
    }

    /// Where the receipt of the payment `uetr` is.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn payment(&self, uetr: Uetr) -> Result<Option<Place>, StoreError> {
        let recent = self.recent();
        let place = match recent.payment(uetr.bytes()) {
            Some(place) => Some(place),
            None => {
                let table = self.database().begin_read()?.open_table(PAYMENTS)?;
                table.get(uetr.bytes())?.map(|row| row.value())
            }
        };
        Ok(place.map(|(height, index)| Place { height: Height(height), index }))
    }

    /// The payments whose UETR begins with `prefix` (its first bytes), at most two.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn payments_beginning(
        &self,
        first: [u8; 16],
        last: [u8; 16],
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let recent = self.recent();
        let table = self.database().begin_read()?.open_table(PAYMENTS)?;
        recent.payments(&table, first..=last, 2)
    }

    /// An account's lines of history after `cursor`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn history(
        &self,
        account: AccountId,
        cursor: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<Vec<(HistoryCursor, HistoryLine)>, StoreError> {
        let first = match cursor {
            None => history_key(&account, Height(u64::MAX), 0),
            Some(cursor) => history_key(&account, cursor.height, cursor.line.saturating_add(1)),
        };
        let last = history_key(&account, Height(0), u32::MAX);
        let places = self.lines(first..=last, limit)?;
        let mut reader = EntryReader::new(self)?;
        let mut lines = Vec::with_capacity(places.len());
        for (key, number) in places {
            let (height, line) = (history_height(&key), history_line(&key));
            // A line whose block was pruned is there only until it is swept up.
            if let Some(found) = reader.line(height, number)? {
                lines.push((HistoryCursor { height: Height(height), line }, found));
            }
        }
        Ok(lines)
    }

    /// An account's lines of the block at `height`, in the order in which they were booked.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn booked_at(
        &self,
        account: AccountId,
        height: Height,
    ) -> Result<Vec<HistoryLine>, StoreError> {
        let (first, last) =
            (history_key(&account, height, 0), history_key(&account, height, u32::MAX));
        // Newest comes first.
        let places = self.lines(first..=last, usize::MAX)?.into_iter().rev();
        let mut reader = EntryReader::new(self)?;
        places.filter_map(|(_, number)| reader.line(height.0, number).transpose()).collect()
    }

    fn lines(
        &self,
        range: RangeInclusive<[u8; 28]>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let recent = self.recent();
        let table = self.database().begin_read()?.open_table(HISTORY)?;
        recent.lines(&table, range, limit)
    }

    /// A node of the mountain range over the blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn range_node(&self, position: u64) -> Result<Option<Hash>, StoreError> {
        let table = self.database().begin_read()?.open_table(RANGE)?;
        Ok(table.get(position)?.map(|row| Hash(row.value())))
    }

    /// Where a final batch is in the log.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn batch(&self, name: BatchName) -> Result<Option<Position>, StoreError> {
        let table = self.database().begin_read()?.open_table(BATCHES)?;
        let row = table.get((name.epoch.0, name.lane.0, name.sequence))?;
        Ok(row.map(|row| row.value()).map(|(segment, offset)| Position { segment, offset }))
    }
}

pub(super) fn decode<T: BorshDeserialize>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, StoreError> {
    codec::decode(bytes, LIMIT).map_err(|_| StoreError::Malformed { what })
}
