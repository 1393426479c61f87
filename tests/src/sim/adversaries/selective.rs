//! The adversary that talks to some and not to others, and changes its mind about who they are.
//!
//! What one honest node knows it passes on: certificates are relayed (R3, R9), statuses answered
//! (R14), blocks and batches fetched from others that hold them (R15).

use ledger::ids::Timestamp;
use node::core::Core;
use node::core::step::Output;

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Audience, Mischief, Voice, audience, only_to, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "selective sender", start };

#[derive(Default)]
struct Selective {
    friends: Vec<Peer>,
    /// So many outputs until it chooses anew.
    left: u64,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Selective::default(), place, core, first)
}

impl Mischief for Selective {
    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if self.left == 0 {
            self.friends = voice.some_peers(500);
            self.left = voice.random.between(1, 400);
        }
        self.left -= 1;
        match audience(&output) {
            Audience::Nobody => vec![output],
            Audience::All => {
                voice.did("told only some");
                only_to(output, &self.friends)
            }
            Audience::One(peer) if self.friends.contains(&peer) => vec![output],
            Audience::One(_) => {
                voice.did("left a peer without an answer");
                Vec::new()
            }
        }
    }
}
