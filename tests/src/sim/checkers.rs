//! The checkers: one property each, told of everything that honest validators do.
//!
//! Invariants: a checker knows nothing but what it observes and the setup; it never asks a process.
//! Absent: the properties of the ledger (the toy ledger has none).

mod agreement;
mod ancestry;
mod certificates;
mod double_votes;
mod durability;
mod evidence;
mod exclusive_views;
mod liveness;

use consensus::{Evidence, Message};
use ledger::block::Block;
use ledger::certificate::{Certificate, Vote};

use super::process::Setup;

/// Something that an honest validator did, or that happened to the world.
#[derive(Clone, Copy, Debug)]
pub enum Observation<'a> {
    /// A validator sent a consensus message.
    Sent(usize, &'a Message),
    /// A block is final at a validator.
    Final(usize, &'a Block, Option<&'a Certificate>),
    /// A validator has started, and this is its last final block.
    Restored(usize, &'a Block),
    /// A validator holds evidence.
    Evidence(usize, &'a Evidence),
    /// All faults have healed.
    Healed,
    /// The simulation is over.
    Ended,
}

/// What every checker knows.
#[derive(Debug)]
pub struct Context<'a> {
    /// The simulated chain.
    pub setup: &'a Setup,
    /// For each validator, whether it is honest.
    pub honest: &'a [bool],
}

/// A property.
pub trait Checker {
    /// The property's name.
    fn name(&self) -> &'static str;

    /// Takes an observation; says what is wrong, if it shows something wrong.
    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String>;

    /// True if there is nothing that the checker still waits for.
    fn is_content(&self) -> bool {
        true
    }
}

/// All checkers, new.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::<agreement::Agreement>::default(),
        Box::<ancestry::Ancestry>::default(),
        Box::<certificates::Certificates>::default(),
        Box::<double_votes::DoubleVotes>::default(),
        Box::<durability::Durability>::default(),
        Box::<evidence::EvidenceIsTrue>::default(),
        Box::<exclusive_views::ExclusiveViews>::default(),
        Box::<liveness::Liveness>::default(),
    ]
}

/// The certificates in a message.
fn certificates(message: &Message) -> Vec<&Certificate> {
    match message {
        Message::Proposal(proposal) => proposal.justification.iter().collect(),
        Message::Certificate(certificate) => vec![certificate],
        Message::Vote(_) | Message::Status(_) => Vec::new(),
    }
}

/// The sender's own vote in a message.
fn vote(message: &Message) -> Option<&Vote> {
    match message {
        Message::Proposal(proposal) => Some(&proposal.vote),
        Message::Vote(vote) => Some(vote),
        Message::Certificate(_) | Message::Status(_) => None,
    }
}
