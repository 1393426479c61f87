//! The exhaustive check: every run of four replicas within small bounds, on the real step function.
//!
//! Three or two honest validators are real [`consensus::Replica`]s; the others are faulty. The
//! search visits every state that can be reached by any order of these events, none of which ever
//! has to happen, so that loss, delay and reordering are in it:
//!
//! - a proposal of the current view reaches a replica, of an honest leader or one of the menu of a
//!   faulty one: any two blocks on any certified parent, and any certified last block of the epoch;
//! - a certificate reaches a replica, as soon as a quorum has voted; faulty validators vote for
//!   everything, also twice;
//! - the view's time ends at a replica; work reaches a leader;
//! - a replica crashes and starts again with its records; or is wiped and starts with lost memory,
//!   and another validator's report reaches it. How often is bounded.
//!
//! What makes it small enough, and why nothing is lost by it:
//!
//! - *Votes are delivered as certificates.* A vote that completes no quorum changes nothing that
//!   another vote rests on, but for proofs of faults, which only end a view as its time may, too.
//! - *A replica's step is computed once.* Replicas that differ only in clocks, measurements and
//!   repetitions are one state ([`node`]), and a state of the whole is one number for each replica:
//!   what was voted follows from these. So the search itself steps numbers.
//! - *Faulty validators are not states*: whatever they could send is always there.
//! - *Symmetry*: which validator is faulty matters only by the views that it leads, so validators
//!   that lead none within the bound stand for each other.
//!
//! Absent: counting of single votes, repetition, fetching by parts and time-outs that adapt; the
//! rules' own tests and the simulator have these.

mod digest;
mod menu;
mod node;
mod search;

pub use search::{Exploration, Reached, Violation, explore, walk};

/// What is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The last view in which anything happens: 1 to 4.
    pub views: u64,
    /// The faulty validators, of four.
    pub faulty: &'static [u16],
    /// True if each first block ends the epoch, but for every second one of a faulty leader.
    pub ends_epoch: bool,
    /// The validator that may crash and start again, and how it starts.
    pub restart: Option<(u16, Restart)>,
    /// What is wrong in the product, to see that the check finds it.
    pub planted: Option<Planted>,
    /// The most states: the search gives up beyond.
    pub limit: usize,
}

/// How a validator starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// With all its records.
    Crashed,
    /// With nothing, and it says so.
    Wiped,
    /// With nothing, as if there had been nothing: a planted bug.
    Forgetful,
}

/// A bug that the check must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The signer nullifies a view in which it has voted to finalize.
    NullifiesAfterFinalizing,
    /// A quorum is one vote less.
    QuorumOneShort,
}

impl Scope {
    /// `views` views with one faulty validator, and states to a limit that fits a small machine.
    #[must_use]
    pub const fn with_faulty(views: u64, faulty: &'static [u16]) -> Self {
        let (restart, planted) = (None, None);
        Self { views, faulty, ends_epoch: false, restart, planted, limit: 30_000_000 }
    }
}
