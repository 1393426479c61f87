//! Which faults come when: drawn from a seed, in seasons with a mix of their own.
//!
//! The first season deals every kind once, so that a short run has all of them; each later season
//! draws which kinds it deals and how long its rounds may last (swarm testing: a mix that leaves
//! kinds out reaches states that the mix of everything never does).
//! Invariant: the same seed draws the same rounds, whatever the machine is able to inflict. Absent:
//! moments; a round begins when the one before has healed.

use std::{collections::BTreeSet, time::Duration};

use super::fault::{Fault, Kind, NODES};
use crate::sim::random::Random;

/// Faults that are there together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The faults, at most one of a kind.
    pub faults: Vec<Fault>,
    /// How long they stay.
    pub lasts: Duration,
    /// True for the last round of a season: then everything is audited.
    pub ends_season: bool,
}

/// The faults of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    random: Random,
    /// The node with the small disk.
    pub small: usize,
    season: u64,
    deck: Vec<Kind>,
    enabled: Vec<Kind>,
    /// How many of a thousand rounds outlast the nodes' patience with a silent peer.
    long: u64,
    /// How many of a thousand rounds have a second fault.
    double: u64,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let small = random.position(NODES);
        let enabled = Kind::ALL.to_vec();
        Self { random, small, season: 0, deck: Vec::new(), enabled, long: 0, double: 150 }
    }

    /// The next round.
    pub fn next_round(&mut self) -> Round {
        if self.deck.is_empty() {
            self.begin_season();
        }
        let mut faults = Vec::new();
        if let Some(kind) = self.deck.pop() {
            faults.push(Fault::draw(kind, &mut self.random));
        }
        if self.random.chance(self.double) {
            let kind = self.enabled.get(self.random.position(self.enabled.len())).copied();
            let more = kind.map(|kind| Fault::draw(kind, &mut self.random));
            faults.extend(more.filter(|more| faults.iter().all(|one| one.kind() != more.kind())));
        }
        let long = self.random.chance(self.long);
        let lasts = if long { (7_000, 20_000) } else { (500, 2_500) };
        let lasts = Duration::from_millis(self.random.between(lasts.0, lasts.1));
        Round { faults, lasts, ends_season: self.deck.is_empty() }
    }

    /// The nodes that a round keeps out.
    #[must_use]
    pub fn kept_out(&self, round: &Round) -> BTreeSet<usize> {
        round.faults.iter().flat_map(|fault| fault.keeps_out(self.small)).collect()
    }

    fn begin_season(&mut self) {
        if self.season > 0 {
            let random = &mut self.random;
            self.enabled = Kind::ALL.into_iter().filter(|_| random.chance(600)).collect();
            if self.enabled.is_empty() {
                self.enabled = vec![Kind::Kill, Kind::Isolation];
            }
            self.long = [0, 100, 300].get(random.position(3)).copied().unwrap_or(0);
            self.double = random.between(0, 500);
        }
        let deals = if self.season == 0 { 1 } else { self.random.between(2, 4) };
        for _ in 0..deals {
            self.deck.extend(self.enabled.iter().copied());
        }
        for place in (1..self.deck.len()).rev() {
            self.deck.swap(place, self.random.position(place + 1));
        }
        self.season += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Plan;
    use crate::chaos::fault::{Fault, Kind};

    fn rounds(seed: u64, count: usize) -> Vec<super::Round> {
        let mut plan = Plan::new(seed);
        (0..count).map(|_| plan.next_round()).collect()
    }

    #[test]
    fn a_seed_draws_the_same_rounds() {
        assert_eq!(rounds(7, 200), rounds(7, 200));
        assert_ne!(rounds(7, 200), rounds(8, 200));
    }

    #[test]
    fn the_first_season_has_every_kind_and_then_ends() {
        for seed in 0..50 {
            let season = rounds(seed, Kind::ALL.len());
            let kinds: BTreeSet<_> = season.iter().map(|round| round.faults[0].kind()).collect();
            assert_eq!(kinds.len(), Kind::ALL.len(), "{seed}");
            let ends: Vec<_> = season.iter().map(|round| round.ends_season).collect();
            assert!(ends.iter().rev().skip(1).all(|ends| !ends) && ends[Kind::ALL.len() - 1]);
        }
    }

    #[test]
    fn later_seasons_leave_kinds_out() {
        let mut plan = Plan::new(3);
        let season = |plan: &mut Plan| {
            let mut kinds = BTreeSet::new();
            loop {
                let round = plan.next_round();
                kinds.extend(round.faults.iter().map(Fault::kind));
                if round.ends_season {
                    return kinds;
                }
            }
        };
        let mixes: BTreeSet<_> = (0..20).map(|_| season(&mut plan)).collect();
        assert!(mixes.len() > 10, "{mixes:?}");
    }

    #[test]
    fn who_is_kept_out_by_row() {
        let mut plan = Plan::new(1);
        plan.small = 2;
        for (faults, expected) in [
            (vec![Fault::Kill(1)], vec![1]),
            (vec![Fault::Kill(1), Fault::FullDisk], vec![1, 2]),
            (vec![Fault::Ring], vec![0, 1, 2, 3]),
            (vec![Fault::Loss { node: None, per_mille: 10 }], vec![]),
        ] {
            let lasts = std::time::Duration::ZERO;
            let round = super::Round { faults, lasts, ends_season: false };
            assert_eq!(plan.kept_out(&round), expected.into_iter().collect(), "{round:?}");
        }
    }
}
