//! The adversary whose clock is far ahead, by seconds, minutes or days: its blocks are right in
//! everything but their time.
//!
//! A voter waits until a block's time is at most a bound ahead of its own clock (R6), so the view
//! is nullified before (R7).

use consensus::Message;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::step::Output;

use super::super::actor::{Place, Started};
use super::super::random::Random;
use super::Adversary;
use super::voice::{Mischief, Voice, tell, told_to_all, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "proposer with a fast clock", start };

struct FastClock {
    /// How far its clock is ahead, in milliseconds.
    ahead: u64,
}

/// What its clock may be ahead, in milliseconds.
const AHEAD: [u64; 4] = [3_000, 60_000, 3_600_000, 48 * 3_600_000];

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    let ahead = AHEAD[Random::new(place.seed).position(AHEAD.len())];
    wrap(FastClock { ahead }, place, core, first)
}

impl Mischief for FastClock {
    fn clock(&self, now: Timestamp) -> Timestamp {
        now.plus(self.ahead)
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if let Output::WakeAt(at) = output {
            return vec![Output::WakeAt(at.minus(self.ahead))];
        }
        match told_to_all(output) {
            Ok(message) => {
                if matches!(message, Message::Proposal(_)) {
                    voice.did("proposed a block of the future");
                }
                vec![tell(message)]
            }
            Err(other) => vec![other],
        }
    }
}
