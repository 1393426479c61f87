//! The first simulated process: a consensus replica with a toy ledger.
//!
//! The toy ledger's lanes are counters: a client's work raises the counter of the validator it came
//! to, and a block orders counters. A validator executes a block once it knows all its counters,
//! and the state root is a hash chain of cuts. Invariants: what a verdict or a final block relies
//! on is persisted first. Absent: money; the node's core takes this place once it exists.

use borsh::{BorshDeserialize, BorshSerialize};
use consensus::{Config, Identity, Input, Message, Output, Record, Replica, Start, Verdict};
use ledger::block::{Block, Cut, LaneTip};
use ledger::certificate::{Certificate, VoteKind};
use ledger::codec;
use ledger::hash::{Domain, Domains, Hash};
use ledger::ids::{Height, Timestamp, ValidatorIndex, View};
use ledger::validators::ValidatorSet;
use std::collections::VecDeque;

use super::planted::Planted;
use super::process::{Effect, Event, Kind, Place, Process, Started};

/// What toy validators say to each other.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub enum Wire {
    /// Consensus.
    Consensus(Message),
    /// The counters that the sender knows, by lane.
    Work(Vec<u64>),
    /// Send me this block.
    WantBlock(Hash),
    /// The block that was wanted.
    Block(Block),
    /// Send me final blocks above this height.
    WantRange(Height),
    /// Final blocks in order, and the finalization of the last.
    Range(Vec<Block>, Certificate),
}

impl Wire {
    const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

    /// The bytes that go over the network.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads what came over the network.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES).ok()
    }
}

/// What a toy validator keeps on its disk.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
enum Kept {
    Consensus(Record),
    Final(Block, Option<Certificate>),
    Counters(Vec<u64>),
}

/// How toy validators are started and read.
pub const KIND: Kind = Kind {
    start: |place, durable, now| {
        let (validator, effects) = Validator::start(place, durable, now);
        let started: Started = (Box::new(validator), effects);
        started
    },
    consensus: |bytes| match Wire::decode(bytes)? {
        Wire::Consensus(message) => Some(message),
        Wire::Work(_)
        | Wire::WantBlock(_)
        | Wire::Block(_)
        | Wire::WantRange(_)
        | Wire::Range(..) => None,
    },
};

/// A replica with a toy ledger.
#[derive(Debug)]
pub struct Validator {
    place: Place,
    validators: ValidatorSet,
    replica: Replica,
    /// All final blocks from the genesis block on.
    log: Vec<(Block, Option<Certificate>)>,
    /// For each lane the highest counter that is known.
    known: Vec<u64>,
    /// The counters as they were persisted last.
    kept: Vec<u64>,
    /// Blocks whose counters are not all known yet.
    waiting: Vec<Block>,
    told: Option<View>,
    effects: Vec<Effect>,
}

impl Validator {
    const RANGE: usize = 64;

    /// Starts with what the disk has kept.
    pub fn start(place: &Place, durable: &[Vec<u8>], now: Timestamp) -> (Self, Vec<Effect>) {
        let setup = &place.setup;
        let validators = believed(place);
        let mut log = vec![(setup.genesis.clone(), None)];
        let (mut records, mut known) = (Vec::new(), vec![0; setup.validators.count()]);
        for bytes in durable {
            let kept = codec::decode(bytes, Wire::MAXIMUM_BYTES);
            match kept.expect("the simulated disk does not corrupt records") {
                Kept::Consensus(record) => records.push(record),
                Kept::Final(block, certificate) => log.push((block, certificate)),
                Kept::Counters(counters) => known = counters,
            }
        }
        if setup.planted == Some(Planted::ForgetsRecords) {
            records.clear();
        }
        let (finalized, certificate) = log.last().cloned().expect("a log has a genesis block");
        let identity = Identity { index: place.index, key: place.key.clone() };
        let config = Config {
            domains: setup.domains.clone(),
            validators: validators.clone(),
            epoch: finalized.header.epoch,
            identity: validators.get(place.index).map(|_| identity),
            timing: setup.timing,
        };
        let observe_until = View(0);
        let start = Start { finalized: finalized.clone(), certificate, records, observe_until };
        let (replica, outputs) = Replica::new(config, start, now);
        for (lane, counter) in known.iter_mut().enumerate() {
            *counter = (*counter).max(finalized.cut.0.get(lane).map_or(0, |tip| tip.sequence));
        }
        let mut validator = Self {
            place: place.clone(),
            validators,
            replica,
            log,
            kept: known.clone(),
            known,
            waiting: Vec::new(),
            told: None,
            effects: vec![Effect::Restored(Box::new(finalized))],
        };
        validator.perform(now, outputs);
        let effects = validator.finish(now);
        (validator, effects)
    }

    fn domains(&self) -> &Domains {
        &self.place.setup.domains
    }

    fn feed(&mut self, now: Timestamp, input: Input) {
        let outputs = self.replica.step(now, input);
        self.perform(now, outputs);
    }

    /// Performs a replica's outputs; answers to it are given after all of them.
    fn perform(&mut self, now: Timestamp, outputs: Vec<Output>) {
        let mut answers = VecDeque::new();
        for output in outputs {
            answers.extend(self.perform_one(now, output));
        }
        for answer in answers {
            self.feed(now, answer);
        }
    }

    fn perform_one(&mut self, now: Timestamp, output: Output) -> Option<Input> {
        match output {
            Output::Persist(record) => {
                let is_notarization = matches!(&record, Record::Certificate(certificate)
                    if certificate.subject.kind == VoteKind::Notarize);
                let planted = self.place.setup.planted == Some(Planted::FinalAtNotarization);
                if let Record::Certificate(certificate) = &record
                    && planted
                    && is_notarization
                {
                    self.finalize_too_early(certificate);
                }
                self.keep(&Kept::Consensus(record));
            }
            Output::Broadcast(message) => self.broadcast(&Wire::Consensus(message)),
            Output::Send { to, message } => self.send(to, &Wire::Consensus(message)),
            Output::WakeAt(at) => self.effects.push(Effect::WakeAt(at)),
            Output::Build { view, parent } => {
                return self.build(now, view, &parent).map(|block| Input::Built { block });
            }
            Output::Execute(block) => self.waiting.push(block),
            Output::Final { block, certificate } => self.finalize(block, certificate),
            Output::Fetch { block, from } => {
                for peer in from.into_iter().take(1) {
                    self.send(peer, &Wire::WantBlock(block));
                }
            }
            Output::CatchUp { certificate } => {
                let height = self.last().header.height;
                let me = self.place.index;
                for peer in certificate.signers().filter(|peer| *peer != me) {
                    self.send(peer, &Wire::WantRange(height));
                }
            }
            Output::Evidence(evidence) => self.effects.push(Effect::Evidence(evidence)),
            Output::Entered { .. } => self.told = None,
        }
        None
    }

    fn last(&self) -> &Block {
        self.log.last().map_or(&self.place.setup.genesis, |(block, _)| block)
    }

    fn keep(&mut self, kept: &Kept) {
        self.effects.push(Effect::Persist(codec::encode(kept)));
    }

    fn send(&mut self, to: ValidatorIndex, wire: &Wire) {
        self.effects.push(Effect::Send(to, wire.encode()));
    }

    fn broadcast(&mut self, wire: &Wire) {
        self.effects.push(Effect::Broadcast(wire.encode()));
    }

    fn finalize(&mut self, block: Block, certificate: Option<Certificate>) {
        if block.header.height != self.last().header.height.next() {
            return;
        }
        self.keep(&Kept::Final(block.clone(), certificate.clone()));
        self.effects.push(Effect::Final(Box::new(block.clone()), certificate.clone()));
        self.log.push((block, certificate));
    }

    /// The planted bug: what is only notarized is called final.
    fn finalize_too_early(&mut self, certificate: &Certificate) {
        if let Some(block) = self.replica.block(&certificate.subject.block).cloned() {
            self.effects.push(Effect::Final(Box::new(block), Some(certificate.clone())));
        }
    }

    fn build(&self, now: Timestamp, view: View, parent: &Hash) -> Option<Block> {
        let parent_block = self.replica.block(parent)?;
        let tips = parent_block.cut.0.iter().zip(&self.known);
        let cut = Cut(tips
            .map(|(tip, known)| LaneTip { sequence: tip.sequence.max(*known), ..*tip })
            .collect());
        let mut header = parent_block.header.clone();
        header.view = view;
        header.height = parent_block.header.height.next();
        header.parent = *parent;
        header.time = now.max(parent_block.header.time.plus(1));
        header.proposer = self.place.index;
        header.lanes_root = cut.root(self.domains());
        header.state_root = state_root(self.domains(), parent_block, &cut);
        Some(Block { header, cut })
    }

    /// What executing the block finds; `None` as long as a counter is unknown.
    fn verdict(&self, block: &Block) -> Option<Verdict> {
        let parent = self.replica.block(&block.header.parent)?;
        let lanes = || block.cut.0.iter().zip(&parent.cut.0);
        let goes_back = lanes().any(|(tip, before)| tip.sequence < before.sequence);
        let fits = block.cut.0.len() == parent.cut.0.len()
            && block.header.state_root == state_root(self.domains(), parent, &block.cut);
        if goes_back || !fits {
            return Some(Verdict::Invalid);
        }
        let is_known =
            block.cut.0.iter().zip(&self.known).all(|(tip, known)| tip.sequence <= *known);
        is_known.then_some(Verdict::Valid)
    }

    fn on_wire(&mut self, now: Timestamp, from: ValidatorIndex, wire: Wire) {
        match wire {
            Wire::Consensus(message) => self.feed(now, Input::Message { from, message }),
            Wire::Work(counters) => self.raise(&counters),
            Wire::WantBlock(hash) => {
                let held = self.replica.block(&hash).or_else(|| self.logged(&hash)).cloned();
                if let Some(block) = held {
                    self.send(from, &Wire::Block(block));
                }
            }
            Wire::Block(block) => self.feed(now, Input::Fetched { block }),
            Wire::WantRange(height) => {
                if let Some(range) = self.range(height) {
                    self.send(from, &range);
                }
            }
            Wire::Range(blocks, certificate) => self.on_range(now, blocks, certificate),
        }
    }

    fn raise(&mut self, counters: &[u64]) {
        for (known, counter) in self.known.iter_mut().zip(counters) {
            *known = (*counter).max(*known);
        }
    }

    fn logged(&self, hash: &Hash) -> Option<&Block> {
        let mut newest_first = self.log.iter().rev().map(|(block, _)| block);
        newest_first.find(|block| block.hash(self.domains()) == *hash)
    }

    /// Up to [`Self::RANGE`] final blocks above `height`, the last with a finalization of its own.
    fn range(&self, height: Height) -> Option<Wire> {
        let first = usize::try_from(height.0).ok()?.saturating_add(1);
        let above = self.log.get(first..)?;
        let span = above.get(..above.len().min(Self::RANGE))?;
        let last = span.iter().rposition(|(_, certificate)| certificate.is_some())?;
        let certificate = span.get(last)?.1.clone()?;
        let blocks = span.iter().take(last + 1).map(|(block, _)| block.clone()).collect();
        Some(Wire::Range(blocks, certificate))
    }

    /// Final blocks of a peer: believed if they hang together up to a valid finalization.
    fn on_range(&mut self, now: Timestamp, blocks: Vec<Block>, certificate: Certificate) {
        let Some(last) = blocks.last().cloned() else { return };
        let mut parent = self.last().hash(self.domains());
        for block in &blocks {
            if block.header.parent != parent {
                return;
            }
            parent = block.hash(self.domains());
        }
        let is_final = certificate.subject.kind == VoteKind::Finalize
            && certificate.subject.block == parent
            && certificate.verify(self.domains(), &self.validators).is_ok();
        if !is_final {
            return;
        }
        for block in blocks {
            let own = (block == last).then(|| certificate.clone());
            self.finalize(block, own);
        }
        self.feed(now, Input::CaughtUp { block: last, certificate });
    }

    /// Gives due verdicts, tells of waiting work, and hands the effects over.
    fn finish(&mut self, now: Timestamp) -> Vec<Effect> {
        loop {
            let ready = self.waiting.iter().position(|block| self.verdict(block).is_some());
            if let Some(position) = ready {
                let block = self.waiting.remove(position);
                self.give_verdict(now, &block);
            } else if self.work_waits() {
                self.told = Some(self.replica.view());
                self.feed(now, Input::WorkWaits);
            } else {
                break;
            }
        }
        let floor = self.last().header.height;
        self.waiting.retain(|block| block.header.height > floor);
        std::mem::take(&mut self.effects)
    }

    fn give_verdict(&mut self, now: Timestamp, block: &Block) {
        let hash = block.hash(self.domains());
        if let Some(verdict) = self.verdict(block) {
            if self.kept != self.known {
                self.kept.clone_from(&self.known);
                self.keep(&Kept::Counters(self.known.clone()));
            }
            self.feed(now, Input::Verdict { block: hash, verdict });
        }
    }

    fn work_waits(&self) -> bool {
        let tip = &self.replica.tip().cut;
        let waits = tip.0.iter().zip(&self.known).any(|(tip, known)| tip.sequence < *known);
        waits && self.told != Some(self.replica.view())
    }
}

impl Process for Validator {
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        match event {
            Event::Message { from, bytes } => {
                if let Some(wire) = Wire::decode(&bytes) {
                    self.on_wire(now, from, wire);
                }
            }
            Event::Wake => {
                // Work that is not final may be unknown to others: lost, or lost again by a
                // restart.
                let ordered = self.last().cut.0.iter();
                if ordered.zip(&self.known).any(|(tip, known)| tip.sequence < *known) {
                    self.broadcast(&Wire::Work(self.known.clone()));
                }
                self.feed(now, Input::Wake);
            }
            Event::Work => {
                if let Some(own) = self.known.get_mut(self.place.index.position()) {
                    *own += 1;
                }
                self.broadcast(&Wire::Work(self.known.clone()));
            }
        }
        self.finish(now)
    }
}

/// The toy ledger's state after a block with this cut.
pub fn state_root(domains: &Domains, parent: &Block, cut: &Cut) -> Hash {
    domains.hash_of(Domain::StateRoot, &(parent.header.state_root, cut))
}

/// The validators that the process believes in.
fn believed(place: &Place) -> ValidatorSet {
    let all = &place.setup.validators;
    if place.setup.planted != Some(Planted::QuorumOneShort) || all.count() == 1 {
        return all.clone();
    }
    let mut validators: Vec<_> = all.iter().map(|(_, validator)| validator.clone()).collect();
    validators.pop();
    ValidatorSet::new(validators).expect("a part of a validator set is one")
}
