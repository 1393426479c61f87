//! Health: no whole node stops by itself or refuses to start, whatever happens around it.

use super::{Checker, Context, Observation};

/// How many starts went well.
#[derive(Debug, Default)]
pub(super) struct Health {
    checked: u64,
}

impl Checker for Health {
    fn name(&self) -> &'static str {
        "health"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Restored(host, _) if context.is_whole(*host) => {
                self.checked += 1;
                None
            }
            Observation::Stopped(host, why) if context.is_whole(*host) => {
                Some(format!("host {host} stops: {why}"))
            }
            Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Stopped(..)
            | Observation::Sent(..)
            | Observation::Final(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Healed
            | Observation::Late
            | Observation::Ended => None,
        }
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
