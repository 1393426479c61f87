//! The parts of a state that a snapshot is fetched in: chunks of the map, then of each bucket.
//!
//! Invariants: the map's outline is bound by the state root, and the map's records bind every
//! bucket ([`super::Restoration::announced`]); so whoever trusts a state root can check each chunk
//! alone and knows when he has all. How many chunks a part has depends on its number of entries
//! only, so all nodes cut a state the same way. Absent: transport, order, storage.

use borsh::{BorshDeserialize, BorshSerialize};

use super::State;
use crate::tree::{Chunk, Outline, Prefix, Tree};

/// How many entries a chunk holds, about.
const CHUNK_ENTRIES: u64 = 1024;

/// A tree of the state.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Part {
    /// The map of records.
    Map = 1,
    /// The bucket of markers with this number.
    Markers(u64) = 2,
}

impl Part {
    /// The depth of the chunks of a part with `count` entries.
    pub fn depth(count: u64) -> u8 {
        if count <= CHUNK_ENTRIES { 0 } else { Prefix::depth_for(count, CHUNK_ENTRIES) }
    }

    /// How many chunks a part with `count` entries has.
    pub fn chunks(count: u64) -> u32 {
        1_u32.checked_shl(u32::from(Self::depth(count))).unwrap_or(u32::MAX)
    }

    /// The place of chunk `index` in a part with `count` entries; `None` if it has not so many.
    pub fn prefix(count: u64, index: u32) -> Option<Prefix> {
        Prefix::new(Self::depth(count), index)
    }
}

impl State {
    /// What the root of the map of records is made of: [`State::root`] is its root.
    pub const fn outline(&self) -> Outline {
        self.map.outline()
    }

    /// Chunk `index` of `part`; `None` if there is no such.
    pub fn chunk(&self, part: Part, index: u32) -> Option<Chunk> {
        let tree = self.part(part)?;
        Some(tree.chunk(&self.domains, &Part::prefix(tree.len(), index)?))
    }

    fn part(&self, part: Part) -> Option<&Tree> {
        match part {
            Part::Map => Some(&self.map),
            Part::Markers(bucket) => self.bucket(bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_holds_about_a_thousand_entries() {
        for (count, depth) in [(0, 0), (1, 0), (1_024, 0), (1_025, 1), (2_048, 2), (1 << 20, 11)] {
            assert_eq!(Part::depth(count), depth, "{count}");
            assert_eq!(Part::chunks(count), 1 << depth);
            assert!(Part::prefix(count, (1 << depth) - 1).is_some());
            assert!(Part::prefix(count, 1 << depth).is_none());
        }
        assert_eq!(Part::depth(u64::MAX), 24);
    }
}
