//! `cargo xtask exhaustive`: visits every state of a small committee, within bounds that are given.

use super::{Failure, output, verb::Run};
use crate::exhaustive::{Restart, Scope, explore};

/// Visits every state that four validators can reach within a few views
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The last view in which anything happens
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=4))]
    views: u64,
    /// The faulty validator; validator 1 leads the first view, 2 the second
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=3))]
    faulty: u16,
    /// The first block ends the epoch, so that it is proposed again
    #[arg(long)]
    ends_epoch: bool,
    /// Validator 0 may start again once
    #[arg(long, value_enum)]
    restart: Option<How>,
    /// Give up beyond this many states
    #[arg(long, default_value_t = 30_000_000)]
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// With all its records
    Crashed,
    /// With nothing, and it says so
    Wiped,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        const EACH: [[u16; 1]; 4] = [[0], [1], [2], [3]];
        let faulty = EACH.get(usize::from(self.faulty)).map_or(&[][..], |one| one);
        let restart = self.restart.map(|how| match how {
            How::Crashed => (0, Restart::Crashed),
            How::Wiped => (0, Restart::Wiped),
        });
        let (ends_epoch, limit) = (self.ends_epoch, self.limit);
        let scope = Scope { ends_epoch, restart, limit, ..Scope::with_faulty(self.views, faulty) };
        let found = explore(scope);
        output::result(format_args!(
            "{} states, {} steps, {} states of one replica, up to {} events: {}",
            found.states,
            found.transitions,
            found.replicas,
            found.depth,
            if found.complete { "complete" } else { "not complete" }
        ));
        output::result(format_args!("seen: {:?}", found.reached));
        match found.violation {
            None => Ok(()),
            Some(violation) => {
                violation.way.iter().for_each(output::progress);
                Err(Failure::Found { summary: format!("{} does not hold", violation.property) })
            }
        }
    }
}
