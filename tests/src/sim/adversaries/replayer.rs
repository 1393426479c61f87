//! The adversary that says again, to anyone and at any time, whatever it has heard from anyone.
//!
//! A message means the same whoever brings it and whenever: votes, certificates, blocks and batches
//! are signed and bound to chain, epoch and view (R2), and what says nothing new is dropped. What
//! is not signed, like a status, speaks for its sender alone.

use ledger::ids::Timestamp;
use node::core::Core;
use node::core::message::PeerMessage;
use node::core::step::{Input, Output};
use std::collections::VecDeque;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "replayer", start };

#[derive(Default)]
struct Replayer {
    heard: VecDeque<PeerMessage>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Replayer::default(), place, core, first)
}

impl Replayer {
    /// How many messages it remembers.
    const MEMORY: usize = 256;
}

impl Mischief for Replayer {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Input::Peer { message, .. } = input else { return Vec::new() };
        if self.heard.len() < Self::MEMORY {
            self.heard.push_back(message.clone());
        } else {
            // Any may go, so some stay for long.
            let place = voice.random.position(Self::MEMORY);
            self.heard[place] = message.clone();
        }
        if !voice.random.chance(150) {
            return Vec::new();
        }
        let again = self.heard[voice.random.position(self.heard.len())].clone();
        voice.did("said again what another had said");
        vec![send(voice.some_peer(), again)]
    }
}
