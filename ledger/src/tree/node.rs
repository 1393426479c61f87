//! Nodes of the tree and the one way to change them: a sorted batch, applied from the top.
//!
//! Invariants: a subtree of at most [`CAPACITY`] leaves is one bucket, a larger one is an inner
//! node, so the memory's shape too is a function of the entries; a link's hash is that of its
//! subtree; a shared node is never written, it is copied. Recursion ends at depth 256 at the
//! latest, where two different paths have parted.

use std::sync::Arc;

use super::bucket::{CAPACITY, Entry, entries, split, subtree_hash};
use super::goes_right;
use crate::hash::{Domain, Domains, Hash};

/// A subtree and its hash. The hash lies with the parent: rehashing a node then reads no sibling.
#[derive(Clone, Default)]
pub(super) struct Link {
    pub(super) hash: Hash,
    pub(super) node: Node,
}

/// What a link leads to.
#[derive(Clone)]
pub(super) enum Node {
    /// At most [`CAPACITY`] entries, packed. An empty subtree is the empty bucket.
    Bucket(Arc<[u8]>),
    /// The left and the right child.
    Inner(Arc<[Link; 2]>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Bucket(Arc::default())
    }
}

impl Link {
    /// The bucket where `path` ends.
    pub(super) fn bucket_of(&self, path: &Hash) -> &[u8] {
        let mut link = self;
        let mut depth: usize = 0;
        loop {
            match &link.node {
                Node::Bucket(bytes) => return bytes,
                Node::Inner(children) => {
                    let [left, right] = &**children;
                    link = if goes_right(path, depth) { right } else { left };
                    depth = depth.saturating_add(1);
                }
            }
        }
    }
}

/// One change, with its place.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    path: Hash,
    key: &'a [u8],
    value: Option<&'a [u8]>,
}

impl<'a> Change<'a> {
    /// The changes ascending by path, the last one of each key.
    pub(super) fn sorted<I>(domains: &Domains, changes: I) -> Vec<Self>
    where
        I: IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    {
        let place = |(key, value)| Self { path: domains.hash(Domain::StatePath, key), key, value };
        let mut changes: Vec<Self> = changes.into_iter().map(place).collect();
        changes.sort_by_key(|change| change.path);
        changes.dedup_by(|later, earlier| {
            let same = later.path == earlier.path;
            if same {
                *earlier = *later;
            }
            same
        });
        changes
    }
}

/// A batch in progress: what it needs on its way down, and how many entries came and went.
pub(super) struct Batch<'d> {
    domains: &'d Domains,
    scratch: Vec<u8>,
    pub(super) added: u64,
    pub(super) removed: u64,
}

impl<'d> Batch<'d> {
    pub(super) const fn new(domains: &'d Domains) -> Self {
        Self { domains, scratch: Vec::new(), added: 0, removed: 0 }
    }

    /// Applies `changes`, all of which lie below `link` at `depth`.
    pub(super) fn apply(&mut self, link: &mut Link, depth: usize, changes: &[Change<'_>]) {
        if changes.is_empty() {
            return;
        }
        match &mut link.node {
            Node::Inner(children) => {
                let removed = self.removed;
                let middle = changes.partition_point(|change| !goes_right(&change.path, depth));
                let (to_left, to_right) = changes.split_at(middle);
                let below = depth.saturating_add(1);
                let [left, right] = Arc::make_mut(children);
                self.apply(left, below, to_left);
                self.apply(right, below, to_right);
                let small = if self.removed == removed { None } else { joined(left, right) };
                let hash = self.domains.hash_pair(Domain::StateNode, &left.hash, &right.hash);
                match small {
                    Some(entries) => *link = self.build(depth, &entries),
                    None => link.hash = hash,
                }
            }
            Node::Bucket(bytes) => {
                let entries = self.merge(bytes, changes);
                if entries.len() > CAPACITY {
                    *link = self.build(depth, &entries);
                    return;
                }
                link.hash = subtree_hash(self.domains, depth, &entries);
                self.pack(&entries);
                match Arc::get_mut(bytes) {
                    Some(place) if place.len() == self.scratch.len() => {
                        place.copy_from_slice(&self.scratch);
                    }
                    Some(_) | None => *bytes = Arc::from(self.scratch.as_slice()),
                }
            }
        }
    }

    /// The entries of a bucket after `changes`.
    fn merge<'e>(&mut self, bytes: &'e [u8], changes: &[Change<'e>]) -> Vec<Entry<'e>> {
        let mut merged = Vec::with_capacity(changes.len().saturating_add(CAPACITY));
        let mut old = entries(bytes).peekable();
        for change in changes {
            while let Some(before) = old.next_if(|entry| entry.path < change.path) {
                merged.push(before);
            }
            let replaced = old.next_if(|entry| entry.path == change.path).is_some();
            match change.value {
                Some(value) => {
                    merged.push(Entry::new(self.domains, change.path, change.key, value));
                    self.added = self.added.saturating_add(u64::from(!replaced));
                }
                None => self.removed = self.removed.saturating_add(u64::from(replaced)),
            }
        }
        merged.extend(old);
        merged
    }

    /// A new subtree at `depth` of `entries`, ascending by path.
    fn build(&mut self, depth: usize, entries: &[Entry<'_>]) -> Link {
        if entries.len() <= CAPACITY {
            self.pack(entries);
            let hash = subtree_hash(self.domains, depth, entries);
            return Link { hash, node: Node::Bucket(Arc::from(self.scratch.as_slice())) };
        }
        let (left, right) = split(depth, entries);
        let below = depth.saturating_add(1);
        let children = [self.build(below, left), self.build(below, right)];
        let hash = self.domains.hash_pair(Domain::StateNode, &children[0].hash, &children[1].hash);
        Link { hash, node: Node::Inner(Arc::new(children)) }
    }

    fn pack(&mut self, entries: &[Entry<'_>]) {
        self.scratch.clear();
        for entry in entries {
            entry.write(&mut self.scratch);
        }
    }
}

/// The entries of two siblings, if they fit one bucket.
fn joined<'a>(left: &'a Link, right: &'a Link) -> Option<Vec<Entry<'a>>> {
    match (&left.node, &right.node) {
        (Node::Bucket(left), Node::Bucket(right)) => {
            let both: Vec<_> = entries(left).chain(entries(right)).collect();
            (both.len() <= CAPACITY).then_some(both)
        }
        (Node::Inner(_), _) | (_, Node::Inner(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_three_quarters_of_a_cache_line() {
        assert_eq!(size_of::<Node>(), 16);
        assert_eq!(size_of::<Link>(), 48);
    }
}
