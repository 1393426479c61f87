//! Which payments wait, and which are asked back, in the order of their deadlines.
//!
//! Invariants: it lists exactly the state map's [`crate::waiting::Waiting`] records, or its
//! [`crate::corrections::Recall`] records, so it is no part of the root, and a restored state
//! rebuilds it; cloning costs the same whatever the size.
//! Absent: the records themselves.

use std::ops::Bound;

use rpds::RedBlackTreeSetSync;

use crate::ids::{Timestamp, Uetr};

/// Payments that wait, by deadline and then by UETR.
#[derive(Clone, Debug)]
pub(super) struct Deadlines(RedBlackTreeSetSync<(Timestamp, Uetr)>);

impl Deadlines {
    pub(super) fn new() -> Self {
        Self(RedBlackTreeSetSync::new_sync())
    }

    pub(super) fn insert(&mut self, deadline: Timestamp, payment: Uetr) {
        self.0.insert_mut((deadline, payment));
    }

    pub(super) fn remove(&mut self, deadline: Timestamp, payment: Uetr) {
        self.0.remove_mut(&(deadline, payment));
    }

    /// Those after `place`, the earliest deadline first.
    pub(super) fn after(
        &self,
        place: Option<(Timestamp, Uetr)>,
    ) -> impl Iterator<Item = (Timestamp, Uetr)> {
        let first = place.map_or(Bound::Unbounded, Bound::Excluded);
        self.0.range((first, Bound::Unbounded)).copied()
    }

    /// All of them, the earliest deadline first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Timestamp, Uetr)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_clone_stays_as_it_was() {
        let payment = |byte| Uetr::from_entropy([byte; 16]);
        let mut deadlines = Deadlines::new();
        for (deadline, byte) in [(7, 1), (5, 3), (5, 2), (9, 4)] {
            deadlines.insert(Timestamp(deadline), payment(byte));
        }
        let before = deadlines.clone();
        deadlines.remove(Timestamp(5), payment(2));
        deadlines.remove(Timestamp(6), payment(1));
        let all = |of: &Deadlines| of.iter().map(|(at, _)| at.0).collect::<Vec<_>>();
        assert_eq!(all(&deadlines), [5, 7, 9]);
        assert_eq!(all(&before), [5, 5, 7, 9]);
        assert_eq!(before.iter().next(), Some((Timestamp(5), payment(2))));
        let later = |place| before.after(place).map(|(at, _)| at.0).collect::<Vec<_>>();
        assert_eq!(later(None), [5, 5, 7, 9]);
        assert_eq!(later(Some((Timestamp(5), payment(2)))), [5, 7, 9]);
        assert_eq!(later(Some((Timestamp(6), payment(9)))), [7, 9]);
        assert_eq!(later(Some((Timestamp(9), payment(4)))), [] as [u64; 0]);
    }
}
