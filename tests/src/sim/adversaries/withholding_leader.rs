//! The adversary that leads and shows its block to a few, from nobody to all but one, and gives it
//! to no one who asks.
//!
//! Those that do not see it nullify when the view's time ends (R7); if enough saw it to certify it,
//! the others fetch it from those that voted for it (R15).

use consensus::Message;
use ledger::ids::{Timestamp, View};
use node::core::Core;
use node::core::message::PeerMessage;
use node::core::step::Output;

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Mischief, Voice, only_to, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "withholding leader", start };

#[derive(Default)]
struct Withholder {
    /// The last view that it led, and who sees its block.
    chosen: (View, Vec<Peer>),
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Withholder::default(), place, core, first)
}

impl Withholder {
    fn choose(&mut self, voice: &mut Voice, view: View) {
        if self.chosen.0 != view {
            let mut peers = voice.peers();
            let left_out = 1 + voice.random.position(peers.len());
            for _ in 0..left_out {
                peers.swap_remove(voice.random.position(peers.len()));
            }
            self.chosen = (view, peers);
        }
    }
}

impl Mischief for Withholder {
    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if let Output::Broadcast {
            message: PeerMessage::Consensus(Message::Proposal(proposal)),
            ..
        } = &output
        {
            self.choose(voice, proposal.vote.subject.view);
            voice.did("withheld a block");
            return only_to(output, &self.chosen.1);
        }
        let is_asked = matches!(&output, Output::Send { message: PeerMessage::Block(_), .. });
        if is_asked {
            voice.did("refused a block");
            return Vec::new();
        }
        vec![output]
    }
}
