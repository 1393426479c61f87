//! Bugs that are planted to show that the checkers find them. Nothing of the product knows of
//! these.
//!
//! A bug is one file here and one line in [`ALL`]. Invariant: each is a way of running the product
//! wrongly, at the edge that the simulator owns: what a core is started with, what reaches it, what
//! becomes of its outputs, what its verification jobs find, what its disk keeps. Absent: what finds
//! them (the checkers).

mod booked_wrongly;
mod counts_nullify;
mod counts_other_epochs;
mod early_final;
mod false_evidence;
mod forgets_records;
mod hurried;
mod keeps_certificates;
mod keeps_messages;
mod known_too_early;
mod leaders_clock;
mod lossy_start;
mod never_wakes;
mod nullifies_after_finalize;
mod pays_again;
mod phantom_vote;
mod rebuilt_proposals;
mod short_certificates;
mod skips_sync;
mod unchecked_certificates;
mod unchecked_chain;
mod unhelpful;
mod unlogged_batches;
mod unverified;
mod votes_after_nullify;
mod votes_unexecuted;
mod wiring;
mod wrong_tag;

use ledger::hash::Domains;
use ledger::ids::Timestamp;
use node::core::kept::Kept;
use node::core::step::{Input, Output};
use node::core::verification::{VerificationJob, VerificationResult};
use node::core::{CoreConfig, Recovered};

use super::actor::Place;

/// Where a planted bug can touch the wiring of an honest core. What is not overridden is right.
pub trait Bug {
    /// Changes what the core is started with.
    fn configure(&mut self, _config: &mut CoreConfig) {}

    /// Changes what a start finds on the disk.
    fn recover(&mut self, _recovered: &mut Recovered) {}

    /// Changes what reaches the core.
    fn input(&mut self, input: Input) -> Vec<Input> {
        vec![input]
    }

    /// Changes what becomes of an output.
    fn output(&mut self, output: Output) -> Vec<Output> {
        vec![output]
    }

    /// What the core is told that the clock says.
    fn clock(&self, now: Timestamp) -> Timestamp {
        now
    }

    /// Does a verification job.
    fn verify(&mut self, job: VerificationJob, domains: &Domains) -> VerificationResult {
        job.run(domains)
    }

    /// Changes what is counted of memory: what the bug holds beside the core.
    fn kept(&self, _kept: &mut Kept) {}

    /// True if this is done at once, whatever is to be durable before it.
    fn hurries(&self, _output: &Output) -> bool {
        false
    }

    /// True if what stands behind a record waits until the record is durable.
    fn awaits_sync(&self) -> bool {
        true
    }
}

/// A bug that all honest hosts of a simulation have.
#[derive(Clone, Copy)]
pub struct Planted {
    /// Its name.
    pub name: &'static str,
    /// True if it knows every epoch; else the network stays as it is, since what stands in for a
    /// check that a bug leaves out signs with the keys of the first epoch.
    pub spans_epochs: bool,
    /// The checkers that are expected to find it; any of them.
    pub finders: &'static [&'static str],
    /// Makes the bug of one host, at each start anew.
    pub make: fn(&Place) -> Box<dyn Bug>,
}

impl std::fmt::Debug for Planted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// All of them, by name.
pub const ALL: &[Planted] = &[
    booked_wrongly::TOO_FEW,
    booked_wrongly::TWICE,
    counts_nullify::PLANTED,
    counts_other_epochs::PLANTED,
    early_final::PLANTED,
    false_evidence::ACCUSATION,
    false_evidence::EVIDENCE,
    forgets_records::PLANTED,
    hurried::COMMITS,
    hurried::REPLIES,
    hurried::VOTES,
    keeps_certificates::PLANTED,
    keeps_messages::PLANTED,
    known_too_early::PLANTED,
    leaders_clock::PLANTED,
    lossy_start::BATCHES,
    lossy_start::FINAL_BLOCK,
    never_wakes::PLANTED,
    nullifies_after_finalize::PLANTED,
    pays_again::PLANTED,
    phantom_vote::PLANTED,
    rebuilt_proposals::PLANTED,
    short_certificates::PLANTED,
    skips_sync::PLANTED,
    unchecked_certificates::PLANTED,
    unchecked_chain::PLANTED,
    unhelpful::DEAF,
    unhelpful::MISER,
    unlogged_batches::PLANTED,
    unverified::BATCHES,
    unverified::TRANSACTIONS,
    votes_after_nullify::PLANTED,
    votes_unexecuted::PLANTED,
    wrong_tag::PLANTED,
];

/// The bug of this name.
pub fn named(name: &str) -> Option<Planted> {
    ALL.iter().copied().find(|planted| planted.name == name)
}

/// The wiring as it should be.
#[derive(Debug)]
pub struct Sound;

impl Bug for Sound {}
