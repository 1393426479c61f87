//! The tables of the index: their keys and values.
//!
//! Invariants: keys that are read in order are big-endian; keys by block are small and ascending,
//! so a block's writes stay together. Absent: access (see `read`, `write`).

use ledger::ids::{AccountId, Height};
use redb::TableDefinition;

type Bytes = &'static [u8];

/// A few rows: see [`CHECKPOINT`] and [`EARLIEST`].
pub(super) const META: TableDefinition<'_, &str, Bytes> = TableDefinition::new("meta");
/// The state at the checkpoint: flat key to value.
pub(super) const STATE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("state");
/// Height to block.
pub(super) const BLOCKS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("blocks");
/// Height to the block's own finalization certificate.
pub(super) const CERTIFICATES: TableDefinition<'_, u64, Bytes> =
    TableDefinition::new("certificates");
/// Height to all receipts of the block.
pub(super) const RECEIPTS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("receipts");
/// UETR to height and place among the block's receipts.
pub(super) const PAYMENTS: TableDefinition<'_, [u8; 16], (u64, u32)> =
    TableDefinition::new("payments");
/// Height and part to some lines of history, in the order in which the block booked them.
pub(super) const ENTRIES: TableDefinition<'_, (u64, u32), Bytes> = TableDefinition::new("entries");
/// Account, height descending, line within the block to the line's number in [`ENTRIES`].
pub(super) const HISTORY: TableDefinition<'_, [u8; 28], u32> = TableDefinition::new("history");
/// Position in the mountain range to the node's hash.
pub(super) const RANGE: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("range");
/// Epoch, lane and sequence to the batch's segment and offset in the log.
pub(super) const BATCHES: TableDefinition<'_, (u64, u16, u64), (u64, u64)> =
    TableDefinition::new("batches");

/// Epoch to the change that ended it: kept for ever, for every later proof begins with them.
pub(super) const EPOCHS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("epochs");
/// Height to where in the log a restart from that block begins: what later blocks need lies there
/// or behind.
pub(super) const LOG_FROM: TableDefinition<'_, u64, (u64, u64)> = TableDefinition::new("log_from");

/// The row of [`META`] that says where the index stands.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// The row of [`META`] that says from which height on everything is kept; none: from the first.
pub(super) const EARLIEST: &str = "earliest";

/// How many lines a row of [`ENTRIES`] has; the last of a block may have fewer.
pub(super) const PART: u32 = 64;

/// The height of a line of history, from its key.
pub(super) fn history_height(key: &[u8; 28]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key[16..24]);
    !u64::from_be_bytes(bytes)
}

/// The number of a line of history within its account and block, from its key.
pub(super) fn history_line(key: &[u8; 28]) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&key[24..]);
    u32::from_be_bytes(bytes)
}

/// The key of a line of history: newest first in the table's order.
pub(super) fn history_key(account: &AccountId, height: Height, line: u32) -> [u8; 28] {
    let mut key = [0; 28];
    key[..16].copy_from_slice(account.bytes());
    key[16..24].copy_from_slice(&(!height.0).to_be_bytes());
    key[24..].copy_from_slice(&line.to_be_bytes());
    key
}
