//! Looking many keys up at once.
//!
//! Invariants: the same answers as one by one. The keys of a group go down the tree depth by depth
//! together, so that the processor waits for many places in memory at once and not for one after
//! the other. Absent: changes (see `node`).

use super::bucket::entries;
use super::node::{Link, Node};
use super::{Tree, goes_right};
use crate::hash::{Domain, Domains, Hash};

/// How many keys go down together: what they touch stays in the processor's cache.
const GROUP: usize = 128;
const CACHE_LINE: usize = 64;

impl Tree {
    /// Looks up each of `keys`, which are all `width` bytes long and stand one after the other, and
    /// hands its value, if it has one, to `found`, in the order of the keys.
    pub fn get_each<'t>(
        &'t self,
        domains: &Domains,
        width: usize,
        keys: &[u8],
        mut found: impl FnMut(Option<&'t [u8]>),
    ) {
        let mut paths = Vec::with_capacity(GROUP);
        for group in keys.chunks(width.saturating_mul(GROUP).max(1)) {
            let keys = group.chunks(width.max(1));
            paths.clear();
            paths.extend(keys.map(|key| domains.hash(Domain::StatePath, key)));
            for (path, bucket) in paths.iter().zip(self.buckets_of(&paths)) {
                let entry = entries(bucket).find(|entry| entry.path == *path);
                found(entry.map(|entry| entry.value));
            }
        }
    }

    /// The buckets where `paths` end.
    fn buckets_of(&self, paths: &[Hash]) -> Vec<&[u8]> {
        let mut places: Vec<&Link> = vec![&self.top; paths.len()];
        let mut depth: usize = 0;
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            for (place, path) in places.iter_mut().zip(paths) {
                if let Node::Inner(children) = &place.node {
                    let [left, right] = &**children;
                    *place = if goes_right(path, depth) { right } else { left };
                    goes_on = true;
                }
            }
            depth = depth.saturating_add(1);
        }
        let buckets = places.into_iter().map(|link| match &link.node {
            Node::Bucket(bytes) => &**bytes,
            Node::Inner(_) => &[],
        });
        let buckets: Vec<&[u8]> = buckets.collect();
        let lines = buckets.iter().flat_map(|bytes| bytes.iter().step_by(CACHE_LINE));
        std::hint::black_box(lines.fold(0, |seen, byte| seen ^ *byte));
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Suite;
    use crate::hash::ChainId;

    #[test]
    fn many_at_once_are_the_same_as_one_by_one() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
        for count in [0_u32, 1, 7, 9, 1_000] {
            let keys: Vec<[u8; 4]> = (0..count).map(u32::to_be_bytes).collect();
            let mut tree = Tree::new();
            tree.update(&domains, keys.iter().map(|key| (&key[..], Some(&key[1..]))));
            let asked: Vec<u8> = (0..2 * count + 1).rev().flat_map(u32::to_be_bytes).collect();
            let mut answers = Vec::new();
            tree.get_each(&domains, 4, &asked, |value| answers.push(value));
            let one_by_one = asked.chunks(4).map(|key| tree.get(&domains, key));
            assert_eq!(answers, one_by_one.collect::<Vec<_>>(), "{count}");
        }
    }
}
