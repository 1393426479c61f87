//! Buckets: the few leaves at the bottom of the tree, packed into one run of bytes.
//!
//! Invariants: entries ascend by path; a bucket holds at most [`CAPACITY`]; its hash is that of the
//! binary trie of its entries, as if each had a node of its own. Absent: a checked decoder; buckets
//! never leave the process.
//!
//! One entry: path (32) || leaf hash (32) || length of key || length of value || key || value, a
//! length being LEB128.

use super::goes_right;
use crate::hash::{Domain, Domains, Hash};

/// The most entries in a bucket. Larger saves memory and costs hashes per change: see
/// docs/decisions/0002-state-map.md.
pub(super) const CAPACITY: usize = 8;

/// One leaf of the map.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) path: Hash,
    pub(super) leaf: Hash,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> Entry<'a> {
    pub(super) fn new(domains: &Domains, path: Hash, key: &'a [u8], value: &'a [u8]) -> Self {
        Self { path, leaf: leaf_hash(domains, &path, &value_hash(domains, value)), key, value }
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.path.0);
        bytes.extend_from_slice(&self.leaf.0);
        put_length(bytes, self.key.len());
        put_length(bytes, self.value.len());
        bytes.extend_from_slice(self.key);
        bytes.extend_from_slice(self.value);
    }
}

pub(super) fn value_hash(domains: &Domains, value: &[u8]) -> Hash {
    domains.hash(Domain::StateValue, value)
}

pub(super) fn leaf_hash(domains: &Domains, path: &Hash, value: &Hash) -> Hash {
    domains.hash_pair(Domain::StateLeaf, path, value)
}

/// The hash of the subtree at `depth` that holds exactly `entries`, which agree in their first
/// `depth` bits.
pub(super) fn subtree_hash(domains: &Domains, depth: usize, entries: &[Entry<'_>]) -> Hash {
    match entries {
        [] => Hash::ZERO,
        [alone] => alone.leaf,
        _ => {
            let (left, right) = split(depth, entries);
            let below = depth.saturating_add(1);
            let left = subtree_hash(domains, below, left);
            let right = subtree_hash(domains, below, right);
            domains.hash_pair(Domain::StateNode, &left, &right)
        }
    }
}

/// Divides the entries of the subtree at `depth` between its left and its right child.
pub(super) fn split<'s, 'e>(
    depth: usize,
    entries: &'s [Entry<'e>],
) -> (&'s [Entry<'e>], &'s [Entry<'e>]) {
    entries.split_at(entries.partition_point(|entry| !goes_right(&entry.path, depth)))
}

/// Reads the entries of a bucket.
pub(super) const fn entries(bytes: &[u8]) -> Entries<'_> {
    Entries { rest: bytes }
}

/// The entries of a bucket, ascending by path.
#[derive(Clone, Default)]
pub(super) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Option<Entry<'a>> {
        let path = Hash(*self.rest.split_off(..32)?.first_chunk()?);
        let leaf = Hash(*self.rest.split_off(..32)?.first_chunk()?);
        let key = take_length(&mut self.rest)?;
        let value = take_length(&mut self.rest)?;
        let key = self.rest.split_off(..key)?;
        let value = self.rest.split_off(..value)?;
        Some(Entry { path, leaf, key, value })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.read();
        assert!(entry.is_some(), "a bucket holds whole entries");
        entry
    }
}

fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        let [low, ..] = length.to_le_bytes();
        bytes.push(low | 0x80);
        length >>= 7;
    }
    let [low, ..] = length.to_le_bytes();
    bytes.push(low);
}

fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let mut length = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = *bytes.split_off_first()?;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip() {
        for length in [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 31, usize::MAX] {
            let mut bytes = Vec::new();
            put_length(&mut bytes, length);
            let mut rest = bytes.as_slice();
            assert_eq!(take_length(&mut rest), Some(length));
            assert!(rest.is_empty());
            assert_eq!(take_length(&mut &bytes[..bytes.len() - 1]), None);
        }
    }
}
