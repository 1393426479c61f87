//! What the simulator runs: a process, driven by events, which answers with effects.
//!
//! Invariants: a process knows nothing but its place, its durable records and its events; effects
//! are performed in order, and those after a [`Effect::Persist`] wait for the disk. Absent: any
//! particular process (see `validator`, and the adversaries).

use consensus::{Evidence, Message, Timing};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::crypto::SecretKey;
use ledger::hash::Domains;
use ledger::ids::{Timestamp, ValidatorIndex};
use ledger::validators::ValidatorSet;
use std::rc::Rc;

use super::planted::Planted;

/// What all processes of a simulation share.
#[derive(Debug)]
pub struct Setup {
    /// The hash keys of the simulated chain.
    pub domains: Domains,
    /// The validators as they really are; checkers use these.
    pub validators: ValidatorSet,
    /// The genesis block.
    pub genesis: Block,
    /// The times of the replicas.
    pub timing: Timing,
    /// The bug that honest processes have, if this simulation tests the rig.
    pub planted: Option<Planted>,
    /// True if the simulation keeps a line for each event.
    pub traces: bool,
}

/// The place of one process in a simulation.
#[derive(Clone, Debug)]
pub struct Place {
    /// What is shared.
    pub setup: Rc<Setup>,
    /// The validator that this process is.
    pub index: ValidatorIndex,
    /// Its key.
    pub key: SecretKey,
}

/// What happens to a process.
#[derive(Clone, Debug)]
pub enum Event {
    /// Bytes of another process; the network says truly whose.
    Message {
        /// The sender.
        from: ValidatorIndex,
        /// What was sent.
        bytes: Vec<u8>,
    },
    /// A moment that was asked for has come.
    Wake,
    /// A client brings work.
    Work,
}

/// What a process wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Keep this record over a crash, before anything later is done.
    Persist(Vec<u8>),
    /// Send to one process.
    Send(ValidatorIndex, Vec<u8>),
    /// Send to all others.
    Broadcast(Vec<u8>),
    /// Give [`Event::Wake`] at this moment of the process's clock; replaces the last such request.
    WakeAt(Timestamp),
    /// A block is final here.
    Final(Box<Block>, Option<Certificate>),
    /// After a start: this final block is the last that the process has.
    Restored(Box<Block>),
    /// The process holds evidence.
    Evidence(Evidence),
}

/// A running process.
pub trait Process {
    /// Takes one event at the moment `now` of the process's own clock.
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect>;
}

/// A process and what it wants done first.
pub type Started = (Box<dyn Process>, Vec<Effect>);

/// How a kind of process is started and read.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Starts a process at its place with what its disk has kept.
    pub start: fn(&Place, &[Vec<u8>], Timestamp) -> Started,
    /// The consensus message in sent bytes, for checkers.
    pub consensus: fn(&[u8]) -> Option<Message>,
}
