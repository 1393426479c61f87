//! The state map: an authenticated map from key bytes to value bytes, whose versions share
//! structure.
//!
//! What is hashed (the map's *shape* is a function of its entries only, never of the order of
//! changes):
//!
//! ```text
//! path  = H(StatePath, key)                            256 bits, the most significant first
//! leaf  = H(StateLeaf, path || H(StateValue, value))   at the highest place where it is alone
//! node  = H(StateNode, left || right)                  wherever two or more leaves are below
//! empty = 32 zero bytes
//! root  = H(StateRoot, leaf count as u64 LE || top hash)
//! ```
//!
//! Invariants: a clone costs the same whatever the size, and later changes of either side never
//! show in the other; a batch of changes hashes each touched node once; a proof opens the root in
//! one way only. How leaves are grouped in memory (`bucket`) never shows in a hash.
//!
//! Absent: the meaning of keys and values (`state`), disk, threads, and proofs of many keys at
//! once.

mod bucket;
mod chunk;
mod lookup;
mod node;
mod plan;
mod proof;
mod siblings;
#[cfg(test)]
mod tests;

pub use chunk::{Chunk, ChunkEntry, ChunkError, MAX_CHUNK_DEPTH, Prefix};
pub use proof::{MapProof, MapProofError};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::hash::{Domain, Domains, Hash};
use crate::merkle;
use bucket::{Entries, entries};
use node::{Batch, Change, Link, Node};

/// The greatest depth of a leaf: the bits of a path.
pub const MAX_DEPTH: usize = 256;

/// What a root is made of: it says how large a map is without the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Outline {
    /// The number of entries.
    pub count: u64,
    /// The hash of the topmost node.
    pub top: Hash,
}

impl Outline {
    /// The root of the map.
    pub fn root(&self, domains: &Domains) -> Hash {
        root_of(domains, self.count, &self.top)
    }
}

/// A persistent authenticated map. `clone` is O(1) and shares everything until one side changes.
#[derive(Clone, Default)]
pub struct Tree {
    top: Link,
    len: u64,
}

impl Tree {
    /// The map without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of entries.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// True if there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The commitment to all entries and to their number. One hash: the nodes' hashes are kept.
    pub fn root(&self, domains: &Domains) -> Hash {
        self.outline().root(domains)
    }

    /// What the root is made of.
    pub const fn outline(&self) -> Outline {
        Outline { count: self.len, top: self.top.hash }
    }

    /// The value of `key`.
    pub fn get(&self, domains: &Domains, key: &[u8]) -> Option<&[u8]> {
        let path = domains.hash(Domain::StatePath, key);
        entries(self.top.bucket_of(&path)).find(|e| e.path == path).map(|entry| entry.value)
    }

    /// Applies a batch: `Some` sets a value, `None` removes the key. The order does not matter,
    /// except that the last of several changes of one key stands. Removing a key that is not there
    /// changes nothing.
    pub fn update<'a, I>(&mut self, domains: &Domains, changes: I)
    where
        I: IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    {
        let changes = Change::sorted(domains, changes);
        let mut batch = Batch::default();
        batch.apply(domains, &mut self.top, 0, &changes);
        let len = self.len.checked_add(batch.added).and_then(|len| len.checked_sub(batch.removed));
        assert!(len.is_some(), "a map counts its entries");
        self.len = len.unwrap_or_default();
    }

    /// All entries (key, value) in the order of their paths: the same on every machine, scattered
    /// for a reader.
    pub fn iter(&self) -> Iter<'_> {
        Iter::below(&self.top)
    }

    /// Proves that `key` has the value it has, or that it has none.
    pub fn prove(&self, domains: &Domains, key: &[u8]) -> MapProof {
        MapProof::of(self, domains, key)
    }

    /// All entries whose paths begin with `prefix`, with the proof that none is left out: a part of
    /// a snapshot.
    pub fn chunk(&self, domains: &Domains, prefix: &Prefix) -> Chunk {
        Chunk::of(self, domains, prefix)
    }
}

impl<'a> IntoIterator for &'a Tree {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tree({} entries, top {:?})", self.len, self.top.hash)
    }
}

/// The entries of a [`Tree`] in the order of their paths.
pub struct Iter<'a> {
    links: Vec<&'a Link>,
    bucket: Entries<'a>,
}

impl<'a> Iter<'a> {
    fn below(link: &'a Link) -> Self {
        Self { links: vec![link], bucket: Entries::default() }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.bucket.next() {
                return Some((entry.key, entry.value));
            }
            match &self.links.pop()?.node {
                Node::Bucket(bytes) => self.bucket = entries(bytes),
                Node::Inner(children) => self.links.extend(children.iter().rev()),
            }
        }
    }
}

fn root_of(domains: &Domains, len: u64, top: &Hash) -> Hash {
    merkle::root_of(domains, Domain::StateRoot, len, top)
}

const BIT_MASKS: [u8; 8] = [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01];

/// True if `path` goes to the right child at `depth`, which must be below [`MAX_DEPTH`].
const fn goes_right(path: &Hash, depth: usize) -> bool {
    path.0[depth / 8] & BIT_MASKS[depth % 8] != 0
}
