//! The hashes that a batch makes stale, computed depth by depth from below, many at a time.
//!
//! Invariants: a node's children are hashed before it; every stale hash is computed once. Absent:
//! the nodes themselves; [`Plan::settle`] alone writes to them.

use std::slice;
use std::sync::Arc;

use super::bucket::{Entry, split};
use super::node::{Link, Node};
use crate::hash::{Domain, Domains, Hash};

/// Where the hash of a subtree comes from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// It is known already.
    Known(Hash),
    /// It is made by this job of the subtree's depth.
    Job(usize),
}

/// The jobs of one depth: one for each node with two or more leaves whose hash is stale.
#[derive(Default)]
struct Level {
    /// The children's hashes, as far as they are known.
    pairs: Vec<[u8; 64]>,
    /// Where the hash goes: which job of the depth above, and whether to its right. A subtree that
    /// was joined with its sibling afterwards has no parent, and its hash is of no use.
    parents: Vec<Option<(usize, bool)>>,
}

/// An inner node in memory whose children's hashes are stale.
#[derive(Clone, Copy, Default)]
struct Step {
    job: usize,
    left: bool,
    right: bool,
}

/// The stale hashes below one link.
#[derive(Default)]
pub(super) struct Plan {
    levels: Vec<Level>,
    /// Room for the hashes of one depth; at last, of the highest.
    hashes: Vec<Hash>,
    /// The inner nodes on the way, a node before its children, the left before the right.
    steps: Vec<Step>,
}

impl Plan {
    /// Announces an inner node, before its children. Gives the place to [`Self::close`] it at.
    pub(super) fn open(&mut self) -> usize {
        self.steps.push(Step::default());
        self.steps.len().saturating_sub(1)
    }

    /// Takes back an inner node that turned out not to be one, and all below it.
    pub(super) fn abandon(&mut self, place: usize) {
        self.steps.truncate(place);
    }

    /// Plans the hash of the inner node announced at `place`. A child is given with its source, and
    /// with whether it is itself an inner node that was announced.
    pub(super) fn close(
        &mut self,
        place: usize,
        depth: usize,
        left: (Source, bool),
        right: (Source, bool),
    ) -> Source {
        let job = self.job(depth, left.0, right.0);
        if let Some(step) = self.steps.get_mut(place) {
            *step = Step { job, left: left.1, right: right.1 };
        }
        Source::Job(job)
    }

    /// Plans the hash of the subtree at `depth` that holds exactly `entries`.
    pub(super) fn entries(&mut self, depth: usize, entries: &[Entry<'_>]) -> Source {
        match entries {
            [] => Source::Known(Hash::ZERO),
            [alone] => Source::Known(alone.leaf),
            _ => {
                let (left, right) = split(depth, entries);
                let below = depth.saturating_add(1);
                let left = self.entries(below, left);
                let right = self.entries(below, right);
                Source::Job(self.job(depth, left, right))
            }
        }
    }

    fn job(&mut self, depth: usize, left: Source, right: Source) -> usize {
        let below = depth.saturating_add(1);
        if self.levels.len() <= below {
            self.levels.resize_with(below.saturating_add(1), Level::default);
        }
        let job = self.levels[depth].pairs.len();
        let mut pair = [0; 64];
        let (left_half, right_half) = pair.split_at_mut(32);
        for (source, half, is_right) in [(left, left_half, false), (right, right_half, true)] {
            match source {
                Source::Known(hash) => half.copy_from_slice(&hash.0),
                Source::Job(child) => self.levels[below].parents[child] = Some((job, is_right)),
            }
        }
        self.levels[depth].pairs.push(pair);
        self.levels[depth].parents.push(None);
        job
    }

    /// Computes every planned hash and writes it into the nodes below `link` at `depth`, whose own
    /// hash is `source`. Leaves the plan empty.
    pub(super) fn settle(
        &mut self,
        domains: &Domains,
        link: &mut Link,
        depth: usize,
        source: Source,
    ) {
        for below in (depth..self.levels.len()).rev() {
            let (above, level) = self.levels.split_at_mut(below);
            domains.hash_pairs(Domain::StateNode, &level[0].pairs, &mut self.hashes);
            let Some(above) = above.last_mut() else { break };
            for (hash, parent) in self.hashes.iter().zip(&level[0].parents) {
                if let Some((job, is_right)) = parent {
                    let (left, right) = above.pairs[*job].split_at_mut(32);
                    (if *is_right { right } else { left }).copy_from_slice(&hash.0);
                }
            }
        }
        link.hash = match source {
            Source::Known(hash) => hash,
            Source::Job(job) => self.hashes[job],
        };
        self.write(&mut self.steps.iter(), link, depth);
        self.steps.clear();
        for level in &mut self.levels {
            level.pairs.clear();
            level.parents.clear();
        }
    }

    fn write(&self, steps: &mut slice::Iter<'_, Step>, link: &mut Link, depth: usize) {
        let Node::Inner(children) = &mut link.node else { return };
        let Some(step) = steps.next() else { return };
        let [left, right] = Arc::make_mut(children);
        let (left_hash, right_hash) = self.levels[depth].pairs[step.job].split_at(32);
        left.hash.0.copy_from_slice(left_hash);
        right.hash.0.copy_from_slice(right_hash);
        let below = depth.saturating_add(1);
        if step.left {
            self.write(steps, left, below);
        }
        if step.right {
            self.write(steps, right, below);
        }
    }
}
