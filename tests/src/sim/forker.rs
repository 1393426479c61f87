//! The adversary that forks: as a leader it extends any block that it has heard of, certified or
//! not, over views that are not nullified, and votes for what others propose.
//!
//! Its blocks are valid in themselves, so that only the rules on parents and gaps stand between
//! them and a vote. Invariant: it holds only its own key. Absent: contradictory votes (see
//! `equivocator`).

use consensus::{Message, Proposal};
use ledger::block::Block;
use ledger::certificate::{Vote, VoteSubject};
use ledger::hash::Domain;
use ledger::ids::{Timestamp, View};
use std::collections::VecDeque;

use super::process::{Effect, Event, Kind, Place, Process, Started};
use super::random::Random;
use super::validator::{self, Validator, Wire};

/// How the adversary is started and read.
pub const KIND: Kind = Kind { start, consensus: validator::KIND.consensus };

/// A validator that builds on the wrong parents.
#[derive(Debug)]
pub struct Forker {
    place: Place,
    inner: Validator,
    random: Random,
    /// The last blocks that anyone proposed.
    heard: VecDeque<Block>,
}

fn start(place: &Place, durable: &[Vec<u8>], now: Timestamp) -> Started {
    let (inner, effects) = Validator::start(place, durable, now);
    let seed = place.setup.domains.hash(Domain::Message, &place.key.public().0);
    let [a, b, c, d, e, f, g, h, ..] = seed.0;
    let random = Random::new(u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ now.0);
    let heard = VecDeque::from([place.setup.genesis.clone()]);
    let mut forker = Forker { place: place.clone(), inner, random, heard };
    let effects = forker.twist(effects);
    (Box::new(forker), effects)
}

impl Forker {
    /// How many blocks it remembers.
    const MEMORY: usize = 6;

    fn hear(&mut self, bytes: &[u8]) {
        if let Some(Wire::Consensus(Message::Proposal(proposal))) = Wire::decode(bytes) {
            self.heard.push_back(proposal.block);
            if self.heard.len() > Self::MEMORY {
                self.heard.pop_front();
            }
        }
    }

    fn twist(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        effects.into_iter().map(|effect| self.twist_one(effect)).collect()
    }

    fn twist_one(&mut self, effect: Effect) -> Effect {
        let Effect::Broadcast(bytes) = effect else { return effect };
        let Some(Wire::Consensus(Message::Proposal(proposal))) = Wire::decode(&bytes) else {
            return Effect::Broadcast(bytes);
        };
        let fork = self.fork(*proposal);
        Effect::Broadcast(Wire::Consensus(Message::Proposal(Box::new(fork))).encode())
    }

    /// The proposal, on another parent; with the justification that belongs to the right one.
    fn fork(&mut self, proposal: Proposal) -> Proposal {
        let view = proposal.block.header.view;
        let parent = self.heard[self.random.position(self.heard.len())].clone();
        if parent.header.view >= view {
            return proposal;
        }
        let Proposal { mut block, vote, justification } = proposal;
        let domains = &self.place.setup.domains;
        block.cut = parent.cut.clone();
        block.header.height = parent.header.height.next();
        block.header.parent = parent.hash(domains);
        block.header.time = block.header.time.max(parent.header.time.plus(1));
        block.header.lanes_root = block.cut.root(domains);
        block.header.state_root = validator::state_root(domains, &parent, &block.cut);
        let subject = VoteSubject { block: block.hash(domains), ..vote.subject };
        let vote = Vote::sign(domains, &self.place.key, self.place.index, subject);
        // The second and later forks of a view build on each other as well.
        if view > View(1) && self.random.chance(500) {
            self.heard.push_back(block.clone());
        }
        Proposal { block, vote, justification }
    }

    /// Votes for whatever others propose.
    fn support(&mut self, bytes: &[u8]) -> Option<Effect> {
        let wire = Wire::decode(bytes)?;
        let Wire::Consensus(Message::Proposal(proposal)) = wire else { return None };
        let Place { setup, index, key } = &self.place;
        let vote = Vote::sign(&setup.domains, key, *index, proposal.vote.subject);
        Some(Effect::Broadcast(Wire::Consensus(Message::Vote(vote)).encode()))
    }
}

impl Process for Forker {
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Event::Message { bytes, .. } = &event {
            self.hear(bytes);
            effects.extend(self.support(bytes));
        }
        let inner = self.inner.step(now, event);
        effects.extend(self.twist(inner));
        effects
    }
}
