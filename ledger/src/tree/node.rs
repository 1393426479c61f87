//! Nodes of the tree and the one way to change them: a sorted batch, applied from the top.
//!
//! Invariants: a subtree of at most [`CAPACITY`] leaves is one bucket, a larger one is an inner
//! node, so the memory's shape too is a function of the entries; a link's hash is that of its
//! subtree; a shared node is never written, it is copied. Recursion ends at depth 256 at the
//! latest, where two different paths have parted.

use std::sync::Arc;

use super::bucket::{CAPACITY, Entry, entries, split, value_hash};
use super::goes_right;
use super::plan::{Plan, Source};
use crate::hash::{Domain, Domains, Hash};

/// The most changes that are applied and hashed together.
const GROUP: usize = 256;
const CACHE_LINE: usize = 64;

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

impl Node {
    const fn is_inner(&self) -> bool {
        matches!(self, Self::Inner(_))
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

/// One change, with its place and the leaf it leaves there.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    path: Hash,
    leaf: Hash,
    key: &'a [u8],
    value: Option<&'a [u8]>,
}

impl<'a> Change<'a> {
    /// The changes ascending by path, the last one of each key.
    pub(super) fn sorted<I>(domains: &Domains, changes: I) -> Vec<Self>
    where
        I: IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    {
        let place = |(key, value)| {
            let path = domains.hash(Domain::StatePath, key);
            Self { path, leaf: Hash::ZERO, key, value }
        };
        let mut changes: Vec<Self> = changes.into_iter().map(place).collect();
        changes.sort_by_key(|change| change.path);
        changes.dedup_by(|later, earlier| {
            let same = later.path == earlier.path;
            if same {
                *earlier = *later;
            }
            same
        });
        let contents = changes.iter().map(|change| {
            let value = change.value.map_or(Hash::ZERO, |value| value_hash(domains, value));
            change.path.beside(&value)
        });
        let contents: Vec<[u8; 64]> = contents.collect();
        let mut leaves = Vec::new();
        domains.hash_pairs(Domain::StateLeaf, &contents, &mut leaves);
        changes.iter_mut().zip(leaves).for_each(|(change, leaf)| change.leaf = leaf);
        changes
    }
}

/// A batch in progress: what it needs on its way down, and how many entries came and went.
#[derive(Default)]
pub(super) struct Batch {
    plan: Plan,
    scratch: Vec<u8>,
    pub(super) added: u64,
    pub(super) removed: u64,
}

impl Batch {
    /// Applies `changes`, all of which lie below `link` at `depth`. Larger batches than a group are
    /// divided first, so that a group's nodes stay in the processor's cache until they are hashed.
    pub(super) fn apply(
        &mut self,
        domains: &Domains,
        link: &mut Link,
        depth: usize,
        changes: &[Change<'_>],
    ) {
        if changes.is_empty() {
            return;
        }
        let source = match &mut link.node {
            Node::Inner(children) if changes.len() > GROUP => {
                let removed = self.removed;
                let (to_left, to_right) = divide(depth, changes);
                let below = depth.saturating_add(1);
                let [left, right] = Arc::make_mut(children);
                self.apply(domains, left, below, to_left);
                self.apply(domains, right, below, to_right);
                if self.removed != removed
                    && let Some(entries) = joined(left, right)
                {
                    let (node, source) = self.build(depth, &entries);
                    link.node = node;
                    source
                } else {
                    Source::Known(domains.hash_pair(Domain::StateNode, &left.hash, &right.hash))
                }
            }
            Node::Inner(_) | Node::Bucket(_) => {
                fetch(link, depth, changes);
                self.change(link, depth, changes)
            }
        };
        self.plan.settle(domains, link, depth, source);
    }

    /// Applies `changes`, all of which lie below `link` at `depth`, and plans the hashes.
    fn change(&mut self, link: &mut Link, depth: usize, changes: &[Change<'_>]) -> Source {
        if changes.is_empty() {
            return Source::Known(link.hash);
        }
        match &mut link.node {
            Node::Inner(children) => {
                let place = self.plan.open();
                let removed = self.removed;
                let (to_left, to_right) = divide(depth, changes);
                let below = depth.saturating_add(1);
                let [left, right] = Arc::make_mut(children);
                let left_source = self.change(left, below, to_left);
                let right_source = self.change(right, below, to_right);
                if self.removed != removed
                    && let Some(entries) = joined(left, right)
                {
                    self.plan.abandon(place);
                    let (node, source) = self.build(depth, &entries);
                    link.node = node;
                    return source;
                }
                let left = (left_source, !to_left.is_empty() && left.node.is_inner());
                let right = (right_source, !to_right.is_empty() && right.node.is_inner());
                self.plan.close(place, depth, left, right)
            }
            Node::Bucket(bytes) => {
                let entries = self.merge(bytes, changes);
                if entries.len() > CAPACITY {
                    let (node, source) = self.build(depth, &entries);
                    link.node = node;
                    return source;
                }
                let source = self.plan.entries(depth, &entries);
                self.pack(&entries);
                match Arc::get_mut(bytes) {
                    Some(place) if place.len() == self.scratch.len() => {
                        place.copy_from_slice(&self.scratch);
                    }
                    Some(_) | None => *bytes = Arc::from(self.scratch.as_slice()),
                }
                source
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
                    let Change { path, leaf, key, .. } = *change;
                    merged.push(Entry { path, leaf, key, value });
                    self.added = self.added.saturating_add(u64::from(!replaced));
                }
                None => self.removed = self.removed.saturating_add(u64::from(replaced)),
            }
        }
        merged.extend(old);
        merged
    }

    /// A new subtree at `depth` of `entries`, ascending by path.
    fn build(&mut self, depth: usize, entries: &[Entry<'_>]) -> (Node, Source) {
        if entries.len() <= CAPACITY {
            self.pack(entries);
            let node = Node::Bucket(Arc::from(self.scratch.as_slice()));
            return (node, self.plan.entries(depth, entries));
        }
        let place = self.plan.open();
        let (left, right) = split(depth, entries);
        let below = depth.saturating_add(1);
        let (left, left_source) = self.build(below, left);
        let (right, right_source) = self.build(below, right);
        let sources = [(left_source, left.is_inner()), (right_source, right.is_inner())];
        let source = self.plan.close(place, depth, sources[0], sources[1]);
        let children = [left, right].map(|node| Link { hash: Hash::ZERO, node });
        (Node::Inner(Arc::new(children)), source)
    }

    fn pack(&mut self, entries: &[Entry<'_>]) {
        self.scratch.clear();
        for entry in entries {
            entry.write(&mut self.scratch);
        }
    }
}

/// Divides changes between the left and the right child of the node at `depth`.
fn divide<'s, 'c>(depth: usize, changes: &'s [Change<'c>]) -> (&'s [Change<'c>], &'s [Change<'c>]) {
    changes.split_at(changes.partition_point(|change| !goes_right(&change.path, depth)))
}

/// Reads all that `changes` will touch below `link`, depth by depth, so that the processor waits
/// for many places in memory at once and not for one after the other.
fn fetch(link: &Link, mut depth: usize, changes: &[Change<'_>]) {
    let mut seen = 0;
    let mut places: Vec<_> = changes.iter().map(|change| (link, &change.path)).collect();
    while !places.is_empty() {
        places.retain_mut(|(link, path)| match &link.node {
            Node::Inner(children) => {
                seen ^= Arc::strong_count(children);
                let [left, right] = &**children;
                *link = if goes_right(path, depth) { right } else { left };
                true
            }
            Node::Bucket(bytes) => {
                let lines = bytes.iter().step_by(CACHE_LINE);
                seen ^= lines.fold(0, |seen, byte| seen ^ usize::from(*byte));
                false
            }
        });
        depth = depth.saturating_add(1);
    }
    std::hint::black_box(seen);
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
