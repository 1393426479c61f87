//! The adversary that says nothing: it hears all, decides all, keeps all, and no one hears of it.
//!
//! A quorum does without it (q = n - f), and its turns as a leader are passed over at once (R13).

use node::core::Core;
use node::core::step::Output;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Audience, Mischief, Voice, audience, wrap};
use ledger::ids::Timestamp;

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "silent", start };

struct Silent;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Silent, place, core, first)
}

impl Mischief for Silent {
    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if audience(&output) == Audience::Nobody {
            return vec![output];
        }
        voice.did("kept silent");
        Vec::new()
    }
}
