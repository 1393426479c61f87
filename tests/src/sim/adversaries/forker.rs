//! The adversary that forks: as a leader it extends any block that it has heard of, certified or
//! not, over views that are not nullified, and votes for what others propose.
//!
//! Its blocks are as valid in themselves as it can make them without executing them: those of an
//! empty cut are right to the last root. Nobody votes for a block whose parent is not certified, or
//! that passes over a view which is not nullified (R6). Absent: contradictory votes (see
//! `equivocator`).

use consensus::{Message, Proposal};
use ledger::block::Block;
use ledger::certificate::VoteSubject;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::step::{Input, Output};
use std::collections::VecDeque;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, tell, told_to_all, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "forker", start };

/// A validator that builds on the wrong parents.
#[derive(Default)]
struct Forker {
    /// The last blocks that anyone proposed.
    heard: VecDeque<Block>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Forker::default(), place, core, first)
}

impl Forker {
    /// How many blocks it remembers.
    const MEMORY: usize = 6;

    fn remember(&mut self, block: Block) {
        self.heard.push_back(block);
        if self.heard.len() > Self::MEMORY {
            self.heard.pop_front();
        }
    }

    /// The proposal, on another parent; with the justification that belongs to the right one.
    fn fork(&mut self, voice: &mut Voice, proposal: Proposal) -> Proposal {
        if self.heard.is_empty() {
            return proposal;
        }
        let parent = self.heard[voice.random.position(self.heard.len())].clone();
        if parent.header.view >= proposal.block.header.view {
            return proposal;
        }
        voice.did("extended any block");
        let Proposal { mut block, vote, justification } = proposal;
        let domains = voice.domains();
        block.cut = parent.cut.clone();
        let header = &mut block.header;
        header.height = parent.header.height.next();
        header.parent = parent.hash(domains);
        header.time = header.time.max(parent.header.time.plus(1));
        header.lanes_root = block.cut.root(domains);
        header.state_root = parent.header.state_root;
        header.receipts_root = voice.place.setup.first.header().receipts_root;
        let subject = VoteSubject { block: block.hash(domains), ..vote.subject };
        let vote = voice.sign(subject);
        if voice.random.chance(500) {
            self.remember(block.clone());
        }
        Proposal { block, vote, justification }
    }
}

impl Mischief for Forker {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Some(Message::Proposal(proposal)) = heard(input) else { return Vec::new() };
        self.remember(proposal.block.clone());
        vec![tell(Message::Vote(voice.sign(proposal.vote.subject)))]
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        match told_to_all(output) {
            Ok(Message::Proposal(proposal)) => {
                let fork = self.fork(voice, *proposal);
                vec![tell(Message::Proposal(Box::new(fork)))]
            }
            Ok(message) => vec![tell(message)],
            Err(other) => vec![other],
        }
    }
}
