//! The adversaries that lead with a block that is wrong in one field of its header: a root, the
//! time, or the next validators.
//!
//! The block is executed before the vote, and its roots must be what came out (R6); its time must
//! be later than the parent's and at most a bound ahead of the voter's clock (R5, R6); the next
//! validators are what the state after it says. So nobody votes for it, and the view is nullified
//! (R7).

use consensus::{Message, Proposal};
use ledger::block::Header;
use ledger::certificate::VoteSubject;
use ledger::hash::Hash;
use ledger::ids::{Timestamp, View};
use node::core::Core;
use node::core::step::Output;
use std::collections::BTreeMap;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, tell, told_to_all, wrap};

/// The proposer with wrong roots.
pub(super) const ROOTS: Adversary = Adversary {
    name: "proposer with wrong roots",
    start: |place, core, first, _| roots(place, core, first),
};

/// The proposer with a wrong time.
pub(super) const TIME: Adversary = Adversary {
    name: "proposer with a wrong time",
    start: |place, core, first, _| time(place, core, first),
};

/// The proposer with wrong next validators.
pub(super) const VALIDATORS: Adversary = Adversary {
    name: "proposer with wrong next validators",
    start: |place, core, first, _| validators(place, core, first),
};

/// What is made wrong.
type Spoil = fn(&mut Header, &mut Voice);

struct BadProposer {
    spoil: Spoil,
    /// What it proposed of late: it says the same again.
    proposed: BTreeMap<View, Proposal>,
}

fn start(spoil: Spoil, place: Place, core: Core, first: Vec<Output>) -> Started {
    wrap(BadProposer { spoil, proposed: BTreeMap::new() }, place, core, first)
}

fn roots(place: Place, core: Core, first: Vec<Output>) -> Started {
    start(
        |header, voice| {
            let wrong = voice.nonsense();
            match voice.random.between(0, 3) {
                0 => header.state_root = wrong,
                1 => header.receipts_root = wrong,
                2 => header.history_root = wrong,
                _ => header.lanes_root = wrong,
            }
        },
        place,
        core,
        first,
    )
}

fn time(place: Place, core: Core, first: Vec<Output>) -> Started {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    start(
        |header, voice| {
            header.time = match voice.random.between(0, 3) {
                0 => header.time.minus(DAY),
                1 => header.time.plus(DAY),
                2 => Timestamp(u64::MAX),
                _ => Timestamp(0),
            }
        },
        place,
        core,
        first,
    )
}

fn validators(place: Place, core: Core, first: Vec<Output>) -> Started {
    start(
        |header, voice| match voice.random.between(0, 2) {
            0 => header.validators_hash = voice.nonsense(),
            1 => header.next_validators_hash = Hash::ZERO,
            _ => header.next_validators_hash = voice.nonsense(),
        },
        place,
        core,
        first,
    )
}

impl BadProposer {
    /// How many proposals it remembers.
    const MEMORY: usize = 8;

    fn spoil(&mut self, voice: &mut Voice, mut proposal: Proposal) -> Proposal {
        let view = proposal.vote.subject.view;
        if let Some(said) = self.proposed.get(&view) {
            return said.clone();
        }
        (self.spoil)(&mut proposal.block.header, voice);
        let block = proposal.block.hash(voice.domains());
        proposal.vote = voice.sign(VoteSubject { block, ..proposal.vote.subject });
        voice.did("proposed a wrong block");
        self.proposed.insert(view, proposal.clone());
        if self.proposed.len() > Self::MEMORY {
            self.proposed.pop_first();
        }
        proposal
    }
}

impl Mischief for BadProposer {
    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        match told_to_all(output) {
            Ok(Message::Proposal(proposal)) => {
                let spoiled = self.spoil(voice, *proposal);
                vec![tell(Message::Proposal(Box::new(spoiled)))]
            }
            Ok(message) => vec![tell(message)],
            Err(other) => vec![other],
        }
    }
}
