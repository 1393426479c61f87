//! Proofs that a key of the state map has a value, or none.
//!
//! Invariants: every byte of the encoding is hashed or fixed by what is proven, so any other
//! encoding is refused; a proof shows a neighbour's path and value hash, never its key or value;
//! decoding allocates at most 8 KB.

use borsh::{BorshDeserialize, BorshSerialize};

use super::bucket::{Entry, entries, leaf_hash, value_hash};
use super::node::Node;
use super::siblings::Siblings;
use super::{MAX_DEPTH, Tree, goes_right, root_of};
use crate::hash::{Domain, Domains, Hash};

/// A proof of one key's presence or absence under a [`Tree`]'s root.
///
/// Encoding: leaf count u64 LE || depth u16 LE || bitmap of the siblings that are not empty, from
/// the top, the most significant bit first, padded with zero bits || those siblings || what stands
/// at the end of the path: 0 the key's own leaf, 1 nothing, 2 another leaf (path, value hash).
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MapProof {
    count: u64,
    siblings: Siblings,
    end: End,
}

/// What stands where the key's path ends.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum End {
    Present,
    Vacant,
    Other { path: Hash, value: Hash },
}

/// Why a [`MapProof`] does not prove what is claimed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapProofError {
    /// A value is claimed, and the proof is of absence.
    #[error("the proof is of a key without a value: ask for one of the value, or claim absence")]
    ProvesAbsence,
    /// Absence is claimed, and the proof is of presence.
    #[error("the proof is of a key with a value: claim the value, or ask for a later proof")]
    ProvesPresence,
    /// The other leaf does not stand in the key's way.
    #[error("the leaf {other} says nothing about the key {path}: ask another node for a proof")]
    Unrelated {
        /// The path of the claimed key.
        path: Hash,
        /// The path of the leaf in the proof.
        other: Hash,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}, not {expected}: check the block it is for")]
    WrongRoot {
        /// Where the proof leads.
        computed: Hash,
        /// The root it was checked against.
        expected: Hash,
    },
}

impl MapProof {
    pub(super) fn of(tree: &Tree, domains: &Domains, key: &[u8]) -> Self {
        let path = domains.hash(Domain::StatePath, key);
        let mut siblings = Siblings::default();
        let bucket: Vec<Entry<'_>> = match &siblings.descend(&tree.top, &path, MAX_DEPTH).node {
            Node::Bucket(bytes) => entries(bytes).collect(),
            Node::Inner(_) => Vec::new(),
        };
        let end = match siblings.narrow(domains, &bucket, &path, MAX_DEPTH) {
            [] => End::Vacant,
            [entry, ..] if entry.path == path => End::Present,
            [entry, ..] => End::Other { path: entry.path, value: value_hash(domains, entry.value) },
        };
        Self { count: tree.len, siblings, end }
    }

    /// The number of entries in the map, bound by the root.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Checks that under `root`, `key` has exactly `value`, or has none if `value` is `None`.
    ///
    /// # Errors
    /// [`MapProofError`], if the proof is of something else or of another root.
    pub fn verify(
        &self,
        domains: &Domains,
        key: &[u8],
        value: Option<&[u8]>,
        root: &Hash,
    ) -> Result<(), MapProofError> {
        let path = domains.hash(Domain::StatePath, key);
        let hash = self.end_hash(domains, &path, value)?;
        let top = self.siblings.top(domains, &path, hash);
        let computed = root_of(domains, self.count, &top);
        if computed == *root {
            Ok(())
        } else {
            Err(MapProofError::WrongRoot { computed, expected: *root })
        }
    }

    fn end_hash(
        &self,
        domains: &Domains,
        path: &Hash,
        value: Option<&[u8]>,
    ) -> Result<Hash, MapProofError> {
        match (&self.end, value) {
            (End::Present, Some(value)) => {
                Ok(leaf_hash(domains, path, &value_hash(domains, value)))
            }
            (End::Present, None) => Err(MapProofError::ProvesPresence),
            (End::Vacant | End::Other { .. }, Some(_)) => Err(MapProofError::ProvesAbsence),
            (End::Vacant, None) => Ok(Hash::ZERO),
            (End::Other { path: other, value }, None) => {
                let same = |depth| goes_right(path, depth) == goes_right(other, depth);
                if other == path || !(0..self.siblings.depth()).all(same) {
                    return Err(MapProofError::Unrelated { path: *path, other: *other });
                }
                Ok(leaf_hash(domains, other, value))
            }
        }
    }
}
