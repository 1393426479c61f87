//! The checkers: one property each, told of everything that leaves the nodes.
//!
//! A checker is one file here and one line in [`all`]. Invariants: a checker knows nothing but what
//! it observes and the setup; it never asks a core. Absent: what to do about a violation.

mod acknowledgements;
mod agreement;
mod ancestry;
mod authority;
mod block_time;
mod certificates;
mod conservation;
mod double_votes;
mod evidence;
mod exactly_once;
mod exclusive_views;
mod health;
mod light_client;
mod limits;
mod liveness;
mod membership;
mod memory;
mod monotone_reads;
mod replicas;
mod results;

pub use replicas::OfReplicas;

use consensus::{Evidence, Message};
use ledger::certificate::{Certificate, Vote};
use ledger::chain::Tip;
use ledger::ids::Height;
use node::core::kept::Kept;
use node::core::message::PeerMessage;
use node::core::record::LogRecord;
use node::core::snapshot::SnapshotAnswer;
use node::core::step::{Committed, Reply};

use super::clients::Order;
use super::epochs::Epochs;
use super::plan::Role;
use super::setup::Setup;

/// Something that left a node, or that happened to the world. Hosts are numbered.
#[derive(Clone, Copy, Debug)]
pub enum Observation<'a> {
    /// A host sent a message, an adversary too.
    Sent(usize, &'a PeerMessage),
    /// A host has handed a record to its disk.
    Recorded(usize, &'a LogRecord),
    /// A block is final at a host: durable, shown and executed.
    Final(usize, &'a Committed),
    /// A host has executed a final block of its log again, at its start.
    Replayed(usize, &'a Committed),
    /// A host has started, and this is its last final block.
    Restored(usize, &'a Tip),
    /// A reader asked a host for its last final height.
    Read(usize, Height),
    /// How much a core holds in memory.
    Kept(usize, &'a Kept),
    /// A client sends an order for the first time.
    Ordered(&'a Order),
    /// A host answered a client's order.
    Replied(usize, &'a Order, &'a Reply),
    /// A host holds evidence.
    Evidence(usize, &'a Evidence),
    /// A host says that the node at this seat broke the rules.
    Accused(usize, usize, &'static str),
    /// A host's node has stopped by itself, or refuses to start.
    Stopped(usize, &'a str),
    /// All faults have healed.
    Healed,
    /// All faults have healed so long ago that a new block must be final.
    Late,
    /// The simulation is over.
    Ended,
}

/// What a host may be expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The bank whose node it is.
    pub seat: usize,
    /// What it is.
    pub role: Role,
}

impl Standing {
    /// True if it runs the product: what it takes for final must be so.
    pub const fn is_product(&self) -> bool {
        !matches!(self.role, Role::Adversary(_))
    }

    /// True if it has also kept all that it made durable, and is the only one with its keys: it
    /// must keep its word.
    pub const fn is_whole(&self) -> bool {
        matches!(self.role, Role::Honest)
    }

    /// True if it must never vote twice: a node that was wiped knows that it forgot.
    pub const fn votes_once(&self) -> bool {
        matches!(self.role, Role::Honest | Role::Wiped)
    }

    /// True if it must come along once all has healed.
    pub const fn comes_along(&self) -> bool {
        matches!(self.role, Role::Honest | Role::Wiped | Role::Damaged)
    }
}

/// What every checker knows.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The simulated chain.
    pub setup: &'a Setup,
    /// The hosts, by number.
    pub hosts: &'a [Standing],
    /// The epochs that have begun.
    pub epochs: &'a Epochs,
    /// Simulated milliseconds since the start.
    pub now: u64,
}

impl Context<'_> {
    fn is(&self, host: usize, what: fn(&Standing) -> bool) -> bool {
        self.hosts.get(host).is_some_and(what)
    }

    /// True if the host runs the product.
    pub fn is_product(&self, host: usize) -> bool {
        self.is(host, Standing::is_product)
    }

    /// True if the host runs the product and has lost nothing durable.
    pub fn is_whole(&self, host: usize) -> bool {
        self.is(host, Standing::is_whole)
    }

    /// True if the host must never vote twice.
    pub fn votes_once(&self, host: usize) -> bool {
        self.is(host, Standing::votes_once)
    }

    /// True if no host of the seat may ever vote twice.
    pub fn seat_votes_once(&self, seat: usize) -> bool {
        self.hosts.iter().filter(|host| host.seat == seat).all(Standing::votes_once)
    }

    /// The seat of a host.
    pub fn seat(&self, host: usize) -> usize {
        self.hosts.get(host).map_or(usize::MAX, |standing| standing.seat)
    }

    /// The hosts that must come along once all has healed.
    pub fn coming_along(&self) -> impl Iterator<Item = usize> {
        let all = self.hosts.iter().enumerate();
        all.filter(|(_, host)| host.comes_along()).map(|(number, _)| number)
    }
}

/// A property.
pub trait Checker {
    /// The property's name.
    fn name(&self) -> &'static str;

    /// Takes an observation; says what is wrong, if it shows something wrong.
    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String>;

    /// How many things it has compared with its property.
    fn checked(&self) -> u64;

    /// True if there is nothing that the checker still waits for.
    fn is_content(&self) -> bool {
        true
    }
}

/// All checkers, new.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::<acknowledgements::Acknowledgements>::default(),
        Box::<agreement::Agreement>::default(),
        Box::<ancestry::Ancestry>::default(),
        Box::<authority::Authority>::default(),
        Box::<block_time::BlockTime>::default(),
        Box::<certificates::Certificates>::default(),
        Box::<conservation::Conservation>::default(),
        Box::<double_votes::DoubleVotes>::default(),
        Box::<evidence::EvidenceIsTrue>::default(),
        Box::<exactly_once::ExactlyOnce>::default(),
        Box::<exclusive_views::ExclusiveViews>::default(),
        Box::<health::Health>::default(),
        Box::<light_client::LightClient>::default(),
        Box::<limits::LimitsHold>::default(),
        Box::<liveness::Liveness>::default(),
        Box::<membership::Membership>::default(),
        Box::<memory::Memory>::default(),
        Box::<monotone_reads::MonotoneReads>::default(),
        Box::<results::Results>::default(),
    ]
}

/// The certificates in a message.
fn certificates(message: &PeerMessage) -> Vec<&Certificate> {
    match message {
        PeerMessage::Consensus(Message::Proposal(proposal)) => {
            proposal.justification.iter().collect()
        }
        PeerMessage::Consensus(Message::Certificate(certificate)) => vec![certificate],
        PeerMessage::Chain(part) => {
            part.0.iter().filter_map(|block| block.certificate.as_ref()).collect()
        }
        PeerMessage::SnapshotAnswer(SnapshotAnswer::Manifest(manifest)) => {
            let changes = manifest.progress.epochs.iter().map(|change| &change.certificate);
            changes.chain([&manifest.progress.certificate]).collect()
        }
        PeerMessage::Consensus(Message::Vote(_) | Message::Status(_) | Message::Report(_))
        | PeerMessage::Batch(_)
        | PeerMessage::BatchRequest(_)
        | PeerMessage::BlockRequest(_)
        | PeerMessage::Block(_)
        | PeerMessage::ChainRequest(_)
        | PeerMessage::Pruned(_)
        | PeerMessage::Forward(_)
        | PeerMessage::SnapshotRequest(_)
        | PeerMessage::SnapshotAnswer(
            SnapshotAnswer::Offers(_) | SnapshotAnswer::Chunk { .. } | SnapshotAnswer::Gone(_),
        ) => Vec::new(),
    }
}

/// The sender's own vote in a message.
fn vote(message: &PeerMessage) -> Option<&Vote> {
    match message {
        PeerMessage::Consensus(Message::Proposal(proposal)) => Some(&proposal.vote),
        PeerMessage::Consensus(Message::Vote(vote)) => Some(vote),
        PeerMessage::Consensus(
            Message::Certificate(_) | Message::Status(_) | Message::Report(_),
        )
        | PeerMessage::Batch(_)
        | PeerMessage::BatchRequest(_)
        | PeerMessage::BlockRequest(_)
        | PeerMessage::Block(_)
        | PeerMessage::ChainRequest(_)
        | PeerMessage::Chain(_)
        | PeerMessage::Pruned(_)
        | PeerMessage::Forward(_)
        | PeerMessage::SnapshotRequest(_)
        | PeerMessage::SnapshotAnswer(_) => None,
    }
}

#[cfg(test)]
mod tests;
