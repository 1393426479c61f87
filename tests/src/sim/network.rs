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

/// The links between processes.
#[derive(Clone, Debug)]
pub struct Network {
    /// How messages are treated now.
    pub weather: Weather,
    cut: Vec<Vec<bool>>,
}

impl Network {
    /// A network of `count` processes.
    pub fn new(count: usize, weather: Weather) -> Self {
        Self { weather, cut: vec![vec![false; count]; count] }
    }

    /// Mends all links.
    pub fn mend(&mut self) {
        for links in &mut self.cut {
            links.fill(false);
        }
    }

    /// Cuts the links between processes of different groups; `groups` names each process's group.
    pub fn partition(&mut self, groups: &[usize]) {
        for (links, group) in self.cut.iter_mut().zip(groups) {
            for (link, other) in links.iter_mut().zip(groups) {
                *link = group != other;
            }
        }
    }

    /// Cuts the link in one direction.
    pub fn cut(&mut self, from: usize, to: usize) {
        if let Some(link) = self.cut.get_mut(from).and_then(|links| links.get_mut(to)) {
            *link = true;
        }
    }

    /// The delays after which a message arrives: none if it is lost, two if it is doubled.
    pub fn carry(&self, random: &mut Random, from: usize, to: usize) -> Vec<u64> {
        let is_cut = self.cut.get(from).and_then(|links| links.get(to)).copied().unwrap_or(true);
        if is_cut || random.chance(self.weather.loss) {
            return Vec::new();
        }
        let copies = if random.chance(self.weather.duplication) { 2 } else { 1 };
        let weather = self.weather;
        (0..copies).map(|_| random.between(weather.least_delay, weather.most_delay)).collect()
    }
}
