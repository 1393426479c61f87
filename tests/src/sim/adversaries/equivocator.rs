//! The adversary that says everything: as a leader two blocks, as a voter whatever contradicts
//! itself.
//!
//! Each peer hears another story. Two quorums share an honest validator, so of two blocks of a view
//! one at most is certified; a leader that votes for two is given up at once (R7), and its votes
//! are evidence (R16).

use consensus::{Message, Proposal};
use ledger::certificate::{VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, tell, told_to_all, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "equivocator", start };

/// A validator with one key and many stories.
struct Equivocator;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Equivocator, place, core, first)
}

/// Some of the peers get one block, some another that is as valid; some get both.
fn propose_twice(voice: &mut Voice, proposal: &Proposal) -> Vec<Output> {
    voice.did("proposed two blocks");
    let mut other = proposal.clone();
    other.block.header.time = other.block.header.time.plus(1);
    let block = other.block.hash(voice.domains());
    let subject = VoteSubject { block, ..proposal.vote.subject };
    other.vote = voice.sign(subject);
    let mut outputs = Vec::new();
    for peer in voice.peers() {
        let story = voice.random.between(0, 4);
        if story <= 2 {
            outputs.push(say(peer, Message::Proposal(Box::new(proposal.clone()))));
        }
        if story >= 2 {
            outputs.push(say(peer, Message::Proposal(Box::new(other.clone()))));
        }
        speak(voice, peer, &subject, &mut outputs);
    }
    outputs
}

fn vote_for_all(voice: &mut Voice, subject: &VoteSubject) -> Vec<Output> {
    voice.did("voted for everything");
    let mut outputs = Vec::new();
    for peer in voice.peers() {
        outputs.push(say(peer, Message::Vote(voice.sign(*subject))));
        speak(voice, peer, subject, &mut outputs);
    }
    outputs
}

/// Tells `peer` some of all that can be said in a view.
fn speak(voice: &mut Voice, peer: Peer, subject: &VoteSubject, outputs: &mut Vec<Output>) {
    let named = |kind| VoteSubject { kind, ..*subject };
    let nothing = VoteSubject { kind: VoteKind::Nullify, block: Hash::ZERO, ..*subject };
    let mut stories = vec![nothing];
    if subject.kind != VoteKind::Nullify {
        stories.extend([named(VoteKind::Notarize), named(VoteKind::Finalize)]);
    }
    for story in stories {
        if voice.random.chance(500) {
            outputs.push(say(peer, Message::Vote(voice.sign(story))));
        }
    }
}

impl Mischief for Equivocator {
    /// Supports every block that anyone proposes, whatever it has said before.
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        match heard(input) {
            Some(Message::Proposal(proposal)) => vote_for_all(voice, &proposal.vote.subject),
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
            Ok(Message::Proposal(proposal)) => propose_twice(voice, &proposal),
            Ok(Message::Vote(vote)) => vote_for_all(voice, &vote.subject),
            Ok(message) => vec![tell(message)],
            Err(other) => vec![other],
        }
    }
}
