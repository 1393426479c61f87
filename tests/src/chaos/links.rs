//! The state of every directed link between nodes, and what faults make of it.
//!
//! Invariant: a fault touches only the links that it names; `heal` brings all of them back. Absent:
//! how bytes are held back (`proxy`) or packets lost (`packets`).

use std::time::Duration;

use super::fault::Fault;

/// How many nodes there can be.
pub const MOST: usize = 16;

/// What a directed link does to what passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Nothing passes, and nobody is told.
    pub cut: bool,
    /// How much later bytes arrive.
    pub delay: Duration,
    /// How many of a thousand packets are lost.
    pub loss_per_mille: u16,
    /// How many bytes pass in a second; none for as many as there are.
    pub bytes_per_second: Option<u32>,
    /// Grows when every connection over the link has to break.
    pub breaks: u64,
}

/// All directed links; a node's link to itself is not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    links: [[Link; MOST]; MOST],
}

impl Links {
    /// The link from one node to another.
    #[must_use]
    pub fn get(&self, from: usize, to: usize) -> Link {
        self.links.get(from).and_then(|row| row.get(to)).copied().unwrap_or_default()
    }

    /// Adds a fault of the network; any other changes nothing.
    pub fn add(&mut self, fault: &Fault) {
        match *fault {
            Fault::Isolate(node) => self.each(|from, to, link| {
                link.cut |= from == node || to == node;
            }),
            Fault::Halves(other) => {
                let side = |node| node == 0 || node == other;
                self.each(|from, to, link| link.cut |= side(from) != side(to));
            }
            Fault::OneWay { node, outward } => self.each(|from, to, link| {
                link.cut |= if outward { from == node } else { to == node };
            }),
            Fault::Ring => self.each(|from, to, link| link.cut |= from.abs_diff(to) == 2),
            Fault::Delay { node, delay } => self.each(|from, to, link| {
                if touches(node, from, to) {
                    link.delay = delay;
                }
            }),
            Fault::Loss { node, per_mille } => self.each(|from, to, link| {
                if touches(node, from, to) {
                    link.loss_per_mille = per_mille;
                }
            }),
            Fault::Narrow { node, bytes_per_second } => self.each(|from, to, link| {
                if touches(Some(node), from, to) {
                    link.bytes_per_second = Some(bytes_per_second);
                }
            }),
            Fault::Reset(node) => self.each(|from, to, link| {
                link.breaks += u64::from(touches(Some(node), from, to));
            }),
            Fault::Kill(_)
            | Fault::Stop(_)
            | Fault::Pause(_)
            | Fault::KillAll
            | Fault::FullDisk
            | Fault::Clock { .. } => {}
        }
    }

    /// Makes every link good again; what broke stays broken, and is made anew.
    pub fn heal(&mut self) {
        self.each(|_, _, link| *link = Link { breaks: link.breaks, ..Link::default() });
    }

    fn each(&mut self, change: impl Fn(usize, usize, &mut Link)) {
        for (from, row) in self.links.iter_mut().enumerate() {
            for (to, link) in row.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                change(from, to, link);
            }
        }
    }
}

/// True if a link is one of the node's, or all are meant.
fn touches(node: Option<usize>, from: usize, to: usize) -> bool {
    node.is_none_or(|node| node == from || node == to)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Links};
    use crate::chaos::fault::NODES;

    #[test]
    fn what_is_cut_by_row() {
        for (fault, expected) in [
            (Fault::Isolate(1), vec![(0, 1), (1, 0), (1, 2), (1, 3), (2, 1), (3, 1)]),
            (Fault::OneWay { node: 2, outward: true }, vec![(2, 0), (2, 1), (2, 3)]),
            (Fault::OneWay { node: 2, outward: false }, vec![(0, 2), (1, 2), (3, 2)]),
            (Fault::Ring, vec![(0, 2), (1, 3), (2, 0), (3, 1)]),
            (
                Fault::Halves(3),
                vec![(0, 1), (0, 2), (1, 0), (1, 3), (2, 0), (2, 3), (3, 1), (3, 2)],
            ),
            (Fault::Reset(0), vec![]),
        ] {
            let mut links = Links::default();
            links.add(&fault);
            let pairs = (0..NODES).flat_map(|from| (0..NODES).map(move |to| (from, to)));
            let cut: Vec<_> = pairs.filter(|(from, to)| links.get(*from, *to).cut).collect();
            assert_eq!(cut, expected, "{fault}");
            links.heal();
            let healed = (0..NODES).all(|from| (0..NODES).all(|to| !links.get(from, to).cut));
            assert!(healed, "{fault}");
        }
    }

    #[test]
    fn what_broke_breaks_once() {
        let mut links = Links::default();
        links.add(&Fault::Reset(0));
        links.heal();
        assert_eq!((links.get(0, 3).breaks, links.get(1, 2).breaks), (1, 0));
    }
}
