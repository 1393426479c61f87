//! What steps at a host: the node's core, or an adversary in its place.
//!
//! Invariants: an actor knows nothing but its place and its inputs; all it does are outputs, and
//! the host performs them as the node's driver would. Absent: disk, network and clock (the host's
//! and the world's).

use ledger::crypto::SecretKey;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::kept::Kept;
use node::core::step::{Input, Output};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::report::Counts;
use super::setup::Setup;

/// Takes inputs and gives outputs, as [`Core::step`] does.
pub trait Actor {
    /// One step at the moment `now` of the host's own clock.
    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output>;

    /// How much it holds in memory, if it is a core.
    fn kept(&self) -> Option<Kept> {
        None
    }
}

impl Actor for Core {
    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        Self::step(self, now, input)
    }

    fn kept(&self) -> Option<Kept> {
        Some(Self::kept(self))
    }
}

/// What an adversary did, counted by name; shared by all starts of a host.
#[derive(Clone, Debug, Default)]
pub struct Deeds(Rc<RefCell<Counts>>);

impl Deeds {
    /// Counts one deed.
    pub fn note(&self, what: &'static str) {
        *self.0.borrow_mut().entry(what).or_default() += 1;
    }

    /// All deeds so far.
    pub fn counts(&self) -> Counts {
        self.0.borrow().clone()
    }
}

/// The place of an actor in the simulation.
#[derive(Clone, Debug)]
pub struct Place {
    /// What the whole simulation shares.
    pub setup: Arc<Setup>,
    /// The bank whose node this is.
    pub seat: usize,
    /// The host's number: a cloned node has the same seat and another host.
    pub host: usize,
    /// For what the actor draws: differs by seed, host and start.
    pub seed: u64,
    /// What the actor did that no honest node does.
    pub deeds: Deeds,
}

impl Place {
    /// The bank's voting key.
    pub fn key(&self) -> &SecretKey {
        &self.setup.banks[self.seat].voting
    }
}

/// An actor that has started, and what it wants done first.
pub type Started = (Box<dyn Actor>, Vec<Output>);

/// How an actor takes the place of an honest core: it is given the core as it starts, with its
/// first outputs.
pub type Start = fn(Place, Core, Vec<Output>, Timestamp) -> Started;

/// The honest core itself.
pub fn honest(_: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    (Box::new(core), first)
}
