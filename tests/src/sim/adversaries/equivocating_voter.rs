//! The adversary that is honest as a leader, and as a voter tells half of its peers one thing and
//! half another: that it notarizes and finalizes, and that it nullifies.
//!
//! Two quorums share an honest voter, so no two certificates contradict each other; of its votes to
//! nullify and to finalize evidence is made (R16).

use consensus::Message;
use ledger::certificate::{VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, told_to_all, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "equivocating voter", start };

struct EquivocatingVoter;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(EquivocatingVoter, place, core, first)
}

/// Half of the peers hear that the block is right and final, the others that the view is void.
fn split(voice: &mut Voice, named: &VoteSubject) -> Vec<Output> {
    voice.did("voted both ways");
    let vote = |kind, block| VoteSubject { kind, block, ..*named };
    let mut outputs = Vec::new();
    for (place, peer) in voice.peers().into_iter().enumerate() {
        let is_for = (place + usize::from(voice.random.chance(200))) % 2 == 0;
        let subjects = if is_for {
            vec![vote(VoteKind::Notarize, named.block), vote(VoteKind::Finalize, named.block)]
        } else {
            vec![vote(VoteKind::Nullify, Hash::ZERO)]
        };
        let votes = subjects.into_iter().map(|subject| Message::Vote(voice.sign(subject)));
        outputs.extend(votes.map(|vote| say(peer, vote)));
    }
    outputs
}

impl Mischief for EquivocatingVoter {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        match heard(input) {
            Some(Message::Proposal(proposal)) => split(voice, &proposal.vote.subject),
            Some(
                Message::Vote(_)
                | Message::Certificate(_)
                | Message::Status(_)
                | Message::Report(_),
            )
            | None => Vec::new(),
        }
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        match told_to_all(output) {
            Ok(Message::Vote(vote)) if vote.subject.kind == VoteKind::Notarize => {
                split(voice, &vote.subject)
            }
            Ok(message) => vec![super::voice::tell(message)],
            Err(other) => vec![other],
        }
    }
}
