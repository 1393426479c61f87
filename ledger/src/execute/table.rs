//! A table of records in work: a cache over the parent state, with an undo log.
//!
//! Invariants: a record is read from the parent at most once; rolling back restores every record
//! written since the last commit. Absent: what the records mean.

use std::collections::BTreeMap;

/// Records of one type, by key.
pub(super) struct Table<K, V> {
    slots: BTreeMap<K, Slot<V>>,
    undo: Vec<(K, Option<Slot<V>>)>,
}

#[derive(Clone)]
struct Slot<V> {
    value: Option<V>,
    is_changed: bool,
}

impl<K: Copy + Ord, V: Clone> Table<K, V> {
    pub(super) const fn new() -> Self {
        Self { slots: BTreeMap::new(), undo: Vec::new() }
    }

    /// A table that has read `records` of the parent, which ascend by key.
    pub(super) fn with(records: impl Iterator<Item = (K, Option<V>)>) -> Self {
        let slots = records.map(|(key, value)| (key, Slot { value, is_changed: false }));
        Self { slots: slots.collect(), undo: Vec::new() }
    }

    /// The record of `key`, which `load` gives if it is not here yet.
    pub(super) fn get(&mut self, key: K, load: impl FnOnce() -> Option<V>) -> Option<V> {
        let new = || Slot { value: load(), is_changed: false };
        self.slots.entry(key).or_insert_with(new).value.clone()
    }

    /// Writes a record.
    pub(super) fn put(&mut self, key: K, value: V) {
        let before = self.slots.insert(key, Slot { value: Some(value), is_changed: true });
        self.undo.push((key, before));
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, key: K) {
        let before = self.slots.insert(key, Slot { value: None, is_changed: true });
        self.undo.push((key, before));
    }

    /// Keeps what was written so far.
    pub(super) fn commit(&mut self) {
        self.undo.clear();
    }

    /// Takes back what was written since the last commit.
    pub(super) fn roll_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(slot) => self.slots.insert(key, slot),
                None => self.slots.remove(&key),
            };
        }
    }

    /// True if the record of `key` was written.
    pub(super) fn is_changed(&self, key: &K) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.is_changed)
    }

    /// The records that were written and are there, in the order of their keys.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        self.written().filter_map(|(key, value)| Some((key, value?)))
    }

    /// The keys that were written, in their order, with the records that are there.
    pub(super) fn written(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        let written = self.slots.iter().filter(|(_, slot)| slot.is_changed);
        written.map(|(key, slot)| (key, slot.value.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_back_restores_what_was_there() {
        let mut table = Table::with([(1, Some("parent's")), (5, None)].into_iter());
        assert_eq!(table.get(5, || panic!("it was read before")), None);
        table.put(2, "kept");
        table.commit();
        table.put(1, "new");
        table.put(1, "newer");
        table.put(2, "changed");
        table.put(3, "added");
        table.roll_back();
        assert_eq!(table.get(1, || panic!("it was read before")), Some("parent's"));
        assert_eq!(table.get(3, || None), None);
        assert_eq!(table.changed().collect::<Vec<_>>(), [(&2, &"kept")]);
    }

    #[test]
    fn what_is_removed_is_written_and_not_there() {
        let mut table = Table::with([(1, Some("parent's"))].into_iter());
        table.remove(1);
        assert_eq!(table.get(1, || panic!("it was read before")), None);
        table.roll_back();
        assert_eq!(table.get(1, || panic!("it was read before")), Some("parent's"));
        table.remove(1);
        table.commit();
        table.roll_back();
        assert_eq!(table.changed().count(), 0);
        assert_eq!(table.written().collect::<Vec<_>>(), [(&1, None)]);
    }
}
