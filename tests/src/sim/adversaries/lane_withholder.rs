//! The adversary that gives its batches to the next leader alone, and to no one who asks.
//!
//! Nobody votes for a cut whose batches it does not hold durably (R6), so they ask the leader, who
//! has them; if the leader does not answer either, the view is nullified (R7).

use consensus::Message;
use ledger::ids::{Timestamp, ValidatorIndex, View};
use node::core::Core;
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, only_to, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "lane withholder", start };

#[derive(Default)]
struct LaneWithholder {
    /// The highest view that anyone has proposed in.
    view: View,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(LaneWithholder::default(), place, core, first)
}

impl Mischief for LaneWithholder {
    fn hear(&mut self, _: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        if let Some(Message::Proposal(proposal)) = heard(input) {
            self.view = self.view.max(proposal.vote.subject.view);
        }
        Vec::new()
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if matches!(output, Output::BroadcastBatch(_)) {
            voice.did("withheld a batch");
            let next = self.view.next();
            let leader = voice.leader(next).or_else(|| voice.leader(next.next()));
            return only_to(output, leader.as_slice());
        }
        if answers_about(&output) == Some(voice.index()) {
            voice.did("refused a batch");
            return Vec::new();
        }
        vec![output]
    }
}

/// The lane of the batches that a peer is given.
fn answers_about(output: &Output) -> Option<ValidatorIndex> {
    if let Output::SendBatch { batch, .. } = output {
        return Some(batch.header.lane);
    }
    if let Output::ServeBatches { request, .. } = output {
        return Some(request.lane);
    }
    None
}
