//! The adversaries: what stands in the place of an honest core.
//!
//! An adversary is one file here and one line in [`ALL`]. It is given the honest core as that
//! starts, so that it knows what is going on, and changes what goes in and what comes out.
//! Invariants: it holds only its own bank's keys, and never makes the signature of another. Absent:
//! what it achieves (nothing, the checkers hope).

mod bad_proposer;
mod batch_forger;
mod certificate_forger;
mod equivocating_voter;
mod equivocator;
mod fast_clock;
mod forker;
mod future_flooder;
mod lane_equivocator;
mod lane_withholder;
mod liar_in_catchup;
mod replayer;
mod selective;
mod silent;
mod snapshot_forger;
mod stale_flooder;
mod voice;
mod withholding_leader;

use super::actor::Start;

/// An adversary by its name.
#[derive(Clone, Copy)]
pub struct Adversary {
    /// Its name.
    pub name: &'static str,
    /// How it takes the place of a core.
    pub start: Start,
}

impl std::fmt::Debug for Adversary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// All of them.
pub const ALL: &[Adversary] = &[
    equivocator::ADVERSARY,
    forker::ADVERSARY,
    equivocating_voter::ADVERSARY,
    withholding_leader::ADVERSARY,
    lane_equivocator::ADVERSARY,
    lane_withholder::ADVERSARY,
    batch_forger::ADVERSARY,
    stale_flooder::ADVERSARY,
    future_flooder::ADVERSARY,
    certificate_forger::ADVERSARY,
    bad_proposer::ROOTS,
    bad_proposer::TIME,
    fast_clock::ADVERSARY,
    bad_proposer::VALIDATORS,
    liar_in_catchup::ADVERSARY,
    snapshot_forger::ADVERSARY,
    silent::ADVERSARY,
    selective::ADVERSARY,
    replayer::ADVERSARY,
];

/// The place of the adversary with this name in [`ALL`].
pub fn named(name: &str) -> Option<usize> {
    ALL.iter().position(|adversary| adversary.name == name)
}
