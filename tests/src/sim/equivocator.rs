//! The adversary that says everything: as a leader two blocks, as a voter whatever contradicts
//! itself.
//!
//! It runs an honest validator inside, so that it knows what is going on, and tells each peer a
//! story of its own. Invariant: it holds only its own key. Absent: any gain from guessing others'
//! signatures.

use consensus::{Message, Proposal};
use ledger::block::Block;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::hash::{Domain, Hash};
use ledger::ids::{Timestamp, ValidatorIndex};

use super::process::{Effect, Event, Kind, Place, Process, Started};
use super::random::Random;
use super::validator::{self, Validator, Wire};

/// How the adversary is started and read.
pub const KIND: Kind = Kind { start, consensus: validator::KIND.consensus };

/// A validator with one key and many stories.
#[derive(Debug)]
pub struct Equivocator {
    place: Place,
    inner: Validator,
    random: Random,
}

fn start(place: &Place, durable: &[Vec<u8>], now: Timestamp) -> Started {
    let (inner, effects) = Validator::start(place, durable, now);
    let seed = place.setup.domains.hash(Domain::Message, &place.key.public().0);
    let [a, b, c, d, e, f, g, h, ..] = seed.0;
    let random = Random::new(u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ now.0);
    let mut equivocator = Equivocator { place: place.clone(), inner, random };
    let effects = equivocator.twist(effects);
    (Box::new(equivocator), effects)
}

impl Equivocator {
    fn twist(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut twisted = Vec::new();
        for effect in effects {
            match effect {
                Effect::Broadcast(bytes) => match Wire::decode(&bytes) {
                    Some(Wire::Consensus(Message::Proposal(proposal))) => {
                        self.propose_twice(&proposal, &mut twisted);
                    }
                    Some(Wire::Consensus(Message::Vote(vote))) => {
                        self.vote_for_all(&vote.subject, &mut twisted);
                    }
                    Some(_) | None => twisted.push(Effect::Broadcast(bytes)),
                },
                Effect::Persist(_)
                | Effect::Send(..)
                | Effect::WakeAt(_)
                | Effect::Final(..)
                | Effect::Restored(_)
                | Effect::Evidence(_) => twisted.push(effect),
            }
        }
        twisted
    }

    fn peers(&self) -> Vec<ValidatorIndex> {
        let all = self.place.setup.validators.iter().map(|(index, _)| index);
        all.filter(|index| *index != self.place.index).collect()
    }

    fn sign(&self, subject: VoteSubject) -> Vote {
        Vote::sign(&self.place.setup.domains, &self.place.key, self.place.index, subject)
    }

    /// Half of the peers get one block, half another that is as valid; some get both.
    fn propose_twice(&mut self, proposal: &Proposal, effects: &mut Vec<Effect>) {
        let mut other = proposal.clone();
        other.block.header.time = other.block.header.time.plus(1);
        let subject = VoteSubject { block: self.hash(&other.block), ..proposal.vote.subject };
        other.vote = self.sign(subject);
        for peer in self.peers() {
            let story = self.random.between(0, 4);
            if story <= 2 {
                effects.push(say(peer, Message::Proposal(Box::new(proposal.clone()))));
            }
            if story >= 2 {
                effects.push(say(peer, Message::Proposal(Box::new(other.clone()))));
            }
            self.speak(peer, &subject, effects);
        }
    }

    fn vote_for_all(&mut self, subject: &VoteSubject, effects: &mut Vec<Effect>) {
        for peer in self.peers() {
            effects.push(say(peer, Message::Vote(self.sign(*subject))));
            self.speak(peer, subject, effects);
        }
    }

    /// Tells `peer` some of all that can be said in a view.
    fn speak(&mut self, peer: ValidatorIndex, subject: &VoteSubject, effects: &mut Vec<Effect>) {
        let named = |kind| VoteSubject { kind, ..*subject };
        let nothing = VoteSubject { kind: VoteKind::Nullify, block: Hash::ZERO, ..*subject };
        let mut stories = vec![nothing];
        if subject.kind != VoteKind::Nullify {
            stories.extend([named(VoteKind::Notarize), named(VoteKind::Finalize)]);
        }
        for story in stories {
            if self.random.chance(500) {
                effects.push(say(peer, Message::Vote(self.sign(story))));
            }
        }
    }

    fn hash(&self, block: &Block) -> Hash {
        block.hash(&self.place.setup.domains)
    }

    /// Supports every block that anyone proposes, whatever it has said before.
    fn support(&mut self, bytes: &[u8]) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(Wire::Consensus(Message::Proposal(proposal))) = Wire::decode(bytes) {
            self.vote_for_all(&proposal.vote.subject, &mut effects);
        }
        effects
    }
}

fn say(to: ValidatorIndex, message: Message) -> Effect {
    Effect::Send(to, Wire::Consensus(message).encode())
}

impl Process for Equivocator {
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        let mut effects = match &event {
            Event::Message { bytes, .. } => self.support(bytes),
            Event::Wake | Event::Work => Vec::new(),
        };
        let inner = self.inner.step(now, event);
        effects.extend(self.twist(inner));
        effects
    }
}
