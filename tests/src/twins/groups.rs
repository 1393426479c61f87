//! How the network is cut in one view: each replica belongs to a group.
//!
//! Invariants: groups are numbered in the order of their first members, so that one grouping has
//! one form. Absent: when a grouping holds (the rig's).

use std::collections::BTreeSet;

use crate::sim::random::Random;

/// The group of each replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Groups(Vec<u8>);

impl Groups {
    /// The grouping with these groups, by whatever numbers.
    #[must_use]
    pub fn new(groups: &[u8]) -> Self {
        let mut seen: Vec<u8> = Vec::new();
        let number = |group: &u8| {
            let known = seen.iter().position(|other| other == group);
            let place = known.unwrap_or_else(|| {
                seen.push(*group);
                seen.len() - 1
            });
            u8::try_from(place).unwrap_or(u8::MAX)
        };
        Self(groups.iter().map(number).collect())
    }

    /// All groupings of `count` replicas.
    #[must_use]
    pub fn all(count: usize) -> Vec<Self> {
        let mut all = vec![Vec::new()];
        for _ in 0..count {
            all = all.iter().flat_map(|begun| extend(begun)).collect();
        }
        all.into_iter().map(Self).collect()
    }

    /// One grouping for each way in which replicas reach each other. Those of one seat never do:
    /// `seats` names each replica's.
    #[must_use]
    pub fn distinct(seats: &[usize]) -> Vec<Self> {
        let mut known = BTreeSet::new();
        let all = Self::all(seats.len());
        all.into_iter().filter(|groups| known.insert(groups.links(seats))).collect()
    }

    /// A drawn grouping: mostly into two or three groups of which one is large.
    #[must_use]
    pub fn draw(random: &mut Random, count: usize) -> Self {
        let groups = 1 + random.position(3);
        let favour = random.between(0, 700);
        let group = |random: &mut Random| {
            let group = if random.chance(favour) { 0 } else { random.position(groups) };
            u8::try_from(group).unwrap_or(0)
        };
        let drawn: Vec<_> = (0..count).map(|_| group(random)).collect();
        Self::new(&drawn)
    }

    /// The grouping with two replicas in each other's place.
    #[must_use]
    pub fn swapped(&self, one: usize, other: usize) -> Self {
        let mut groups = self.0.clone();
        groups.swap(one, other);
        Self::new(&groups)
    }

    /// True if what the first sends reaches the second.
    #[must_use]
    pub fn reach(&self, from: usize, to: usize) -> bool {
        self.0.get(from).is_some_and(|group| self.0.get(to) == Some(group))
    }

    /// Which replicas of different seats reach each other.
    #[must_use]
    pub fn links(&self, seats: &[usize]) -> BTreeSet<(usize, usize)> {
        let count = self.0.len();
        let pairs = (0..count).flat_map(|one| (0..one).map(move |other| (other, one)));
        pairs.filter(|(a, b)| seats[*a] != seats[*b] && self.reach(*a, *b)).collect()
    }

    /// How many replicas there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }
}

fn extend(begun: &[u8]) -> Vec<Vec<u8>> {
    let next = begun.iter().max().map_or(0, |last| last + 1);
    let with = |group| begun.iter().copied().chain([group]).collect();
    (0..=next).map(with).collect()
}

impl std::fmt::Display for Groups {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|group| write!(formatter, "{group}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_groupings_are_made_once() {
        // The Bell numbers.
        for (count, expected) in [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52)] {
            let all: BTreeSet<_> = Groups::all(count).into_iter().collect();
            assert_eq!(all.len(), expected);
            assert!(all.iter().all(|groups| Groups::new(&groups.0) == *groups));
        }
    }

    #[test]
    fn groupings_by_which_the_same_replicas_reach_each_other_are_one() {
        // Twins alone together, or each alone: so many groupings of the three others.
        assert_eq!(Groups::distinct(&[0, 1, 2, 3, 1]).len(), 52 - 5);
        assert_eq!(Groups::distinct(&[0, 1, 2, 3, 4]).len(), 52);
    }

    #[test]
    fn replicas_reach_their_own_group() {
        let groups = Groups::new(&[7, 3, 7, 1, 3]);
        assert_eq!(groups.to_string(), "01021");
        assert!(groups.reach(0, 2) && groups.reach(4, 1) && !groups.reach(0, 1));
        assert_eq!(groups.swapped(1, 3).to_string(), "01022");
        assert_eq!(groups.links(&[0, 1, 2, 3, 1]), BTreeSet::from([(0, 2)]));
    }
}
