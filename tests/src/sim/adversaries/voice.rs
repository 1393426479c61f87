//! What all adversaries are made of: an honest core inside, a key of their own, and a voice.
//!
//! A [`Mischief`] says what goes wrong between the core and the world: it hears what the core will
//! hear, and it changes what the core says. Invariants: a [`Voice`] signs with its own bank's key
//! only; whatever mischief does it counts, so that a test can tell that it was done. Absent: what
//! one adversary does (one file each).

use consensus::Message;
use ledger::certificate::{Certificate, Vote, VoteSubject};
use ledger::crypto::SecretKey;
use ledger::hash::{Domains, Hash};
use ledger::ids::{Timestamp, ValidatorIndex, View};
use ledger::validators::ValidatorSet;
use node::core::Core;
use node::core::message::PeerMessage;
use node::core::step::{Channel, Input, Output};
use std::sync::Arc;

use super::super::actor::{Actor, Place, Started};
use super::super::random::Random;
use super::super::setup::{Peer, peer_at};

/// What an adversary does to an honest core.
pub(super) trait Mischief {
    /// What the core's clock says when the right one says `now`.
    fn clock(&self, now: Timestamp) -> Timestamp {
        now
    }

    /// Something is about to reach the core: what the adversary says before.
    fn hear(&mut self, _voice: &mut Voice, _now: Timestamp, _input: &Input) -> Vec<Output> {
        Vec::new()
    }

    /// The core wants something done: what is done instead.
    fn say(&mut self, _voice: &mut Voice, output: Output) -> Vec<Output> {
        vec![output]
    }
}

/// What an adversary speaks with.
pub(super) struct Voice {
    /// Where it stands, and its key.
    pub(super) place: Place,
    /// What it draws.
    pub(super) random: Random,
    /// The validators of the present epoch.
    pub(super) validators: Arc<ValidatorSet>,
}

struct Adversary<M> {
    core: Core,
    voice: Voice,
    mischief: M,
}

/// Puts an adversary in the place of the core.
pub(super) fn wrap<M: Mischief + 'static>(
    mut mischief: M,
    place: Place,
    core: Core,
    first: Vec<Output>,
) -> Started {
    let validators = Arc::clone(core.final_tip().child_validators());
    let random = Random::new(place.seed);
    let mut voice = Voice { place, random, validators };
    let first = first.into_iter().flat_map(|output| mischief.say(&mut voice, output)).collect();
    (Box::new(Adversary { core, voice, mischief }), first)
}

impl<M: Mischief> Actor for Adversary<M> {
    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = self.mischief.hear(&mut self.voice, now, &input);
        for output in self.core.step(self.mischief.clock(now), input) {
            outputs.extend(self.mischief.say(&mut self.voice, output));
        }
        let present = self.core.final_tip().child_validators();
        if !Arc::ptr_eq(present, &self.voice.validators) {
            self.voice.validators = Arc::clone(present);
        }
        outputs
    }
}

impl Voice {
    /// Notes one bad deed.
    pub(super) fn did(&self, what: &'static str) {
        self.place.deeds.note(what);
    }

    /// The chain's hash keys.
    pub(super) fn domains(&self) -> &Domains {
        &self.place.setup.domains
    }

    /// How many validators there are.
    pub(super) fn count(&self) -> usize {
        self.validators.count()
    }

    /// The adversary's own index; one that nobody has if it is no validator now.
    pub(super) fn index(&self) -> ValidatorIndex {
        let own = self.validators.of(peer_at(self.place.seat));
        own.map_or(ValidatorIndex(u16::MAX), |(index, _)| index)
    }

    /// The adversary's own voting key; its first one if it is no validator now.
    pub(super) fn key(&self) -> &SecretKey {
        let bank = &self.place.setup.banks[self.place.seat];
        let mut keys = bank.voting_keys();
        let present = self.validators.of(bank.number).map(|(_, validator)| validator.key);
        keys.find(|key| Some(key.public()) == present).unwrap_or(&bank.voting)
    }

    /// The others.
    pub(super) fn peers(&self) -> Vec<Peer> {
        let all = 0..self.place.setup.banks.len();
        all.filter(|seat| *seat != self.place.seat).map(peer_at).collect()
    }

    /// One of the others.
    pub(super) fn some_peer(&mut self) -> Peer {
        let peers = self.peers();
        peers[self.random.position(peers.len())]
    }

    /// Each of the others with this chance in a thousand.
    pub(super) fn some_peers(&mut self, per_mille: u64) -> Vec<Peer> {
        let peers = self.peers();
        peers.into_iter().filter(|_| self.random.chance(per_mille)).collect()
    }

    /// The leader of a view, if it is another.
    pub(super) fn leader(&self, view: View) -> Option<Peer> {
        let count = u64::try_from(self.count()).unwrap_or(1);
        let index = ValidatorIndex(u16::try_from(view.0 % count).unwrap_or(0));
        let leader = self.validators.get(index)?.institution;
        (leader != peer_at(self.place.seat)).then_some(leader)
    }

    /// The adversary's own vote, whatever it says.
    pub(super) fn sign(&self, subject: VoteSubject) -> Vote {
        Vote::sign(self.domains(), self.key(), self.index(), subject)
    }

    /// A certificate that has the adversary's signature in every place.
    pub(super) fn sole(&self, subject: VoteSubject) -> Certificate {
        let own = self.sign(subject).signature;
        let signers = self.validators.iter().map(|(index, _)| (index, own));
        Certificate::assemble(subject, self.count(), signers)
    }

    /// A hash that nothing has.
    pub(super) fn nonsense(&mut self) -> Hash {
        let mut bytes = [0xee; 32];
        bytes[..8].copy_from_slice(&self.random.next().to_be_bytes());
        Hash(bytes)
    }
}

/// Tells one peer something.
pub(super) const fn send(to: Peer, message: PeerMessage) -> Output {
    Output::Send { to, channel: Channel::Sync, message }
}

/// Tells one peer something of consensus.
pub(super) const fn say(to: Peer, message: Message) -> Output {
    Output::Send { to, channel: Channel::Votes, message: PeerMessage::Consensus(message) }
}

/// Tells all others something of consensus.
pub(super) const fn tell(message: Message) -> Output {
    Output::Broadcast { channel: Channel::Votes, message: PeerMessage::Consensus(message) }
}

/// What a core would tell all others of consensus; any other output is given back.
#[expect(clippy::result_large_err, reason = "the other output is no error")]
pub(super) fn told_to_all(output: Output) -> Result<Message, Output> {
    if let Output::Broadcast { message: PeerMessage::Consensus(message), .. } = output {
        Ok(message)
    } else {
        Err(output)
    }
}

/// What a peer says of consensus.
pub(super) const fn heard(input: &Input) -> Option<&Message> {
    match input {
        Input::Peer { message: PeerMessage::Consensus(message), .. } => Some(message),
        Input::Peer { .. }
        | Input::Submit { .. }
        | Input::Verified(..)
        | Input::Connected(_)
        | Input::Disconnected(_)
        | Input::Wake => None,
    }
}

/// Who would hear an output, if it is one that others hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// All others.
    All,
    /// One.
    One(Peer),
    /// Nobody: it is the node's own business.
    Nobody,
}

/// Who would hear an output.
pub(super) const fn audience(output: &Output) -> Audience {
    match output {
        Output::Broadcast { .. } | Output::BroadcastBatch(_) => Audience::All,
        Output::Send { to, .. }
        | Output::SendBatch { to, .. }
        | Output::ServeBatches { to, .. }
        | Output::ServeSnapshot { to, .. }
        | Output::ServeChain { to, .. } => Audience::One(*to),
        Output::Persist(_)
        | Output::Verify(..)
        | Output::WakeAt(_)
        | Output::Reply(..)
        | Output::Commit(_)
        | Output::Misbehaviour { .. }
        | Output::Halt(_)
        | Output::Regained
        | Output::Keep(_)
        | Output::Install(_)
        | Output::Nodes(_)
        | Output::Note(_)
        | Output::Evidence(_) => Audience::Nobody,
    }
}

/// What was for all, for some.
pub(super) fn only_to(output: Output, chosen: &[Peer]) -> Vec<Output> {
    let each = chosen.iter().copied();
    if let Output::BroadcastBatch(batch) = output {
        return each.map(|to| Output::SendBatch { to, batch: batch.clone() }).collect();
    }
    if let Output::Broadcast { channel, message } = output {
        return each.map(|to| Output::Send { to, channel, message: message.clone() }).collect();
    }
    vec![output]
}
