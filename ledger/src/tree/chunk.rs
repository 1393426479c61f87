//! Chunks: a snapshot of the map in parts, each of which verifies alone against the root.
//!
//! Invariants: a chunk that verifies holds every entry below its prefix and no other; the chunks of
//! all prefixes of one depth hold the whole map. Absent: transport, and the size of a chunk: who
//! asks chooses a depth that fits.

use borsh::{BorshDeserialize, BorshSerialize};

use super::bucket::{Entry, entries, leaf_hash, subtree_hash, value_hash};
use super::node::Node;
use super::siblings::Siblings;
use super::{Iter, Tree, goes_right, root_of};
use crate::hash::{Domain, Domains, Hash};

/// The greatest depth of a [`Prefix`]: sixteen million chunks.
pub const MAX_CHUNK_DEPTH: u8 = 24;

/// The first bits of a path: which part of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    bits: Hash,
    depth: usize,
}

impl Prefix {
    /// The prefix `index` of the `2^depth` prefixes of `depth` bits (0..=[`MAX_CHUNK_DEPTH`]);
    /// `None` if there is no such.
    pub fn new(depth: u8, index: u32) -> Option<Self> {
        let count = 1_u32.checked_shl(u32::from(depth))?;
        if depth > MAX_CHUNK_DEPTH || index >= count {
            return None;
        }
        let shift = u32::BITS.saturating_sub(u32::from(depth));
        let mut bits = Hash::ZERO;
        bits.0[..4].copy_from_slice(&index.checked_shl(shift).unwrap_or(0).to_be_bytes());
        Some(Self { bits, depth: usize::from(depth) })
    }

    /// The least depth at which a chunk of a map of `count` entries holds about `size` of them.
    pub fn depth_for(count: u64, size: u64) -> u8 {
        let chunks = count.checked_div(size).unwrap_or(count);
        let bits = u64::BITS.saturating_sub(chunks.leading_zeros());
        u8::try_from(bits).unwrap_or(MAX_CHUNK_DEPTH).min(MAX_CHUNK_DEPTH)
    }

    fn agrees(&self, path: &Hash, depth: usize) -> bool {
        (0..depth).all(|bit| goes_right(&self.bits, bit) == goes_right(path, bit))
    }
}

/// One entry of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChunkEntry {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// The entries below a [`Prefix`], with the proof that they are all.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Chunk {
    count: u64,
    siblings: Siblings,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum Content {
    /// In the order of their paths.
    Entries(Vec<ChunkEntry>),
    /// A leaf of a wider prefix shows that this one is empty.
    Other { path: Hash, value: Hash },
}

/// Why a [`Chunk`] is not a part of the map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The siblings go deeper than the prefix, so the chunk may leave entries out.
    #[error("the chunk is {depth} deep, its prefix {expected}: ask another node")]
    TooNarrow {
        /// How deep the siblings go.
        depth: usize,
        /// How deep they may go.
        expected: usize,
    },
    /// An entry lies outside the prefix, or the entries do not ascend.
    #[error("the path {path} is not in its place in the chunk: ask another node")]
    Misplaced {
        /// The path of the entry.
        path: Hash,
    },
    /// The chunk leads to another root.
    #[error("the chunk leads to the root {computed}, not {expected}: ask for the right height")]
    WrongRoot {
        /// Where the chunk leads.
        computed: Hash,
        /// The root it was checked against.
        expected: Hash,
    },
}

impl Chunk {
    pub(super) fn of(tree: &Tree, domains: &Domains, prefix: &Prefix) -> Self {
        let mut siblings = Siblings::default();
        let link = siblings.descend(&tree.top, &prefix.bits, prefix.depth);
        let content = match &link.node {
            Node::Inner(_) => Content::Entries(Iter::below(link).map(owned).collect()),
            Node::Bucket(bytes) => {
                let bucket: Vec<Entry<'_>> = entries(bytes).collect();
                match siblings.narrow(domains, &bucket, &prefix.bits, prefix.depth) {
                    [other] if !prefix.agrees(&other.path, prefix.depth) => {
                        Content::Other { path: other.path, value: value_hash(domains, other.value) }
                    }
                    below => {
                        Content::Entries(below.iter().map(|e| owned((e.key, e.value))).collect())
                    }
                }
            }
        };
        Self { count: tree.len, siblings, content }
    }

    /// The number of entries in the whole map, bound by the root.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Checks the chunk and gives its entries: all those below `prefix` in the map of `root`.
    ///
    /// # Errors
    /// [`ChunkError`], if anything is missing, added, changed or of another root.
    pub fn verify(
        &self,
        domains: &Domains,
        prefix: &Prefix,
        root: &Hash,
    ) -> Result<&[ChunkEntry], ChunkError> {
        let depth = self.siblings.depth();
        if depth > prefix.depth {
            return Err(ChunkError::TooNarrow { depth, expected: prefix.depth });
        }
        let (hash, entries) = match &self.content {
            Content::Entries(list) => {
                (entries_hash(domains, prefix, depth, list)?, list.as_slice())
            }
            Content::Other { path, value } => {
                if !prefix.agrees(path, depth) || prefix.agrees(path, prefix.depth) {
                    return Err(ChunkError::Misplaced { path: *path });
                }
                (leaf_hash(domains, path, value), [].as_slice())
            }
        };
        let top = self.siblings.top(domains, &prefix.bits, hash);
        let computed = root_of(domains, self.count, &top);
        if computed != *root {
            return Err(ChunkError::WrongRoot { computed, expected: *root });
        }
        Ok(entries)
    }
}

fn entries_hash(
    domains: &Domains,
    prefix: &Prefix,
    depth: usize,
    list: &[ChunkEntry],
) -> Result<Hash, ChunkError> {
    let mut placed: Vec<Entry<'_>> = Vec::with_capacity(list.len());
    for entry in list {
        let path = domains.hash(Domain::StatePath, &entry.key);
        let ascends = placed.last().is_none_or(|last| last.path < path);
        if !ascends || !prefix.agrees(&path, prefix.depth) {
            return Err(ChunkError::Misplaced { path });
        }
        placed.push(Entry::new(domains, path, &entry.key, &entry.value));
    }
    Ok(subtree_hash(domains, depth, &placed))
}

fn owned((key, value): (&[u8], &[u8])) -> ChunkEntry {
    ChunkEntry { key: key.to_vec(), value: value.to_vec() }
}
