//! A simulated network: loss, delay, reordering, duplication, links that are cut.
//!
//! Invariants: the seed alone decides what happens to a message; a message is never changed, and
//! its sender is never wrong. Absent: streams, bandwidth.

use super::random::Random;

/// How the network treats messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Messages lost, of a thousand.
    pub loss: u64,
    /// Messages delivered twice, of a thousand.
    pub duplication: u64,
    /// The shortest delay, in milliseconds.
    pub least_delay: u64,
    /// The longest delay; a spread reorders.
    pub most_delay: u64,
}

impl Weather {
    /// What follows when all faults have healed.
    pub const FAIR: Self = Self { loss: 0, duplication: 0, least_delay: 1, most_delay: 20 };
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The link is cut.
    Cut,
    /// It is lost.
    Lost,
    /// It arrives after so many milliseconds.
    Arrives(u64),
    /// It arrives twice.
    Doubled(u64, u64),
}

/// The links between hosts.
#[derive(Clone, Debug)]
pub struct Network {
    /// How messages are treated now.
    pub weather: Weather,
    cut: Vec<Vec<bool>>,
}

impl Network {
    /// A network of `count` hosts.
    pub fn new(count: usize, weather: Weather) -> Self {
        Self { weather, cut: vec![vec![false; count]; count] }
    }

    /// Mends all links.
    pub fn mend(&mut self) {
        for links in &mut self.cut {
            links.fill(false);
        }
    }

    /// Cuts the links between hosts of different groups, and no others; `groups` names each host's
    /// group.
    pub fn partition(&mut self, groups: &[usize]) {
        for (links, group) in self.cut.iter_mut().zip(groups) {
            for (link, other) in links.iter_mut().zip(groups) {
                *link = group != other;
            }
        }
    }

    /// Each host reaches only itself and the one before and after it.
    pub fn ring(&mut self) {
        let count = self.cut.len();
        for (from, links) in self.cut.iter_mut().enumerate() {
            for (to, link) in links.iter_mut().enumerate() {
                let apart = (to + count - from) % count;
                *link = apart > 1 && apart < count - 1;
            }
        }
    }

    /// Cuts the link in one direction.
    pub fn cut(&mut self, from: usize, to: usize) {
        if let Some(link) = self.cut.get_mut(from).and_then(|links| links.get_mut(to)) {
            *link = true;
        }
    }

    /// True if the first reaches the second.
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        self.cut.get(from).and_then(|links| links.get(to)).is_some_and(|is_cut| !is_cut)
    }

    /// What becomes of a message.
    pub fn carry(&self, random: &mut Random, from: usize, to: usize) -> Fate {
        if !self.reaches(from, to) {
            return Fate::Cut;
        }
        let weather = self.weather;
        if weather.loss > 0 && random.chance(weather.loss) {
            return Fate::Lost;
        }
        let first = random.between(weather.least_delay, weather.most_delay);
        if weather.duplication > 0 && random.chance(weather.duplication) {
            return Fate::Doubled(first, random.between(weather.least_delay, weather.most_delay));
        }
        Fate::Arrives(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(network: &Network, from: usize) -> Vec<usize> {
        (0..5).filter(|to| network.reaches(from, *to)).collect()
    }

    #[test]
    fn each_kind_of_partition_cuts_what_it_should() {
        let mut network = Network::new(5, Weather::FAIR);
        network.partition(&[0, 0, 1, 1, 0]);
        assert_eq!((reached(&network, 0), reached(&network, 3)), (vec![0, 1, 4], vec![2, 3]));
        network.ring();
        assert_eq!((reached(&network, 0), reached(&network, 3)), (vec![0, 1, 4], vec![2, 3, 4]));
        network.mend();
        network.cut(1, 2);
        assert!(!network.reaches(1, 2) && network.reaches(2, 1));
        assert_eq!(network.carry(&mut Random::new(1), 1, 2), Fate::Cut);
    }
}
