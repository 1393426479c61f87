//! Four validators of a test chain, and a replica of one of them under the test's hands.

use ledger::block::{Block, Cut, Header};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::crypto::{SecretKey, Suite};
use ledger::hash::{ChainId, Domains, Hash};
use ledger::ids::{Bic, Epoch, Height, InstitutionNumber, Timestamp, ValidatorIndex, View};
use ledger::validators::{Validator, ValidatorSet};

use crate::{
    Config, Identity, Input, Memory, Message, Output, Proposal, Record, Replica, Start, Timing,
    Verdict,
};

/// When every test starts.
pub(super) const T0: Timestamp = Timestamp(1_000_000);

const SUITE: Suite = Suite::Ed25519Blake3;

pub(super) struct Committee {
    pub(super) domains: Domains,
    pub(super) validators: ValidatorSet,
    pub(super) epoch: Epoch,
    /// The block that the epoch starts from.
    pub(super) genesis: Block,
    /// Which of all members is validator 0.
    first: u16,
}

fn members(first: u16) -> ValidatorSet {
    let members = (first..first + 4).map(|member| Validator {
        institution: InstitutionNumber(u32::from(member) + 1),
        bic: Bic::parse("PSBCCNBJ").unwrap(),
        key: key(member).public(),
    });
    ValidatorSet::new(members.collect()).unwrap()
}

fn key(member: u16) -> SecretKey {
    SecretKey::from_seed(SUITE, [u8::try_from(member).unwrap() + 1; 32])
}

impl Committee {
    pub(super) fn new() -> Self {
        let validators = members(0);
        let domains = Domains::new(SUITE, ChainId(Hash([3; 32])));
        let cut = Cut::empty(4);
        let header = Header {
            suite: SUITE,
            chain_id: domains.chain_id(),
            epoch: Epoch(0),
            height: Height(0),
            view: View(0),
            parent: Hash::ZERO,
            time: T0.minus(10_000),
            lanes_root: cut.root(&domains),
            receipts_root: Hash::ZERO,
            state_root: Hash::ZERO,
            history_root: Hash::ZERO,
            validators_hash: validators.hash(&domains),
            next_validators_hash: validators.hash(&domains),
            proposer: ValidatorIndex(0),
        };
        Self { domains, validators, epoch: Epoch(0), genesis: Block { header, cut }, first: 0 }
    }

    /// The epoch after `last`, which was made by [`Committee::ending`]: the second member leads.
    pub(super) fn after(&self, last: &Block) -> Self {
        let first = self.first + 1;
        Self {
            domains: self.domains.clone(),
            validators: members(first),
            epoch: self.epoch.next(),
            genesis: last.clone(),
            first,
        }
    }

    /// A block of `view` that ends the epoch: one member goes, another comes.
    pub(super) fn ending(&self, view: u64, parent: &Block) -> Block {
        let mut block = self.block(view, parent);
        block.header.next_validators_hash = members(self.first + 1).hash(&self.domains);
        block
    }

    /// The block of the leader of `view` on `parent`.
    pub(super) fn block(&self, view: u64, parent: &Block) -> Block {
        let mut block = parent.clone();
        block.header.epoch = self.epoch;
        block.header.view = View(view);
        block.header.height = parent.header.height.next();
        block.header.parent = parent.hash(&self.domains);
        block.header.time = parent.header.time.plus(1);
        block.header.proposer = ValidatorIndex(u16::try_from(view % 4).unwrap());
        block.header.validators_hash = self.validators.hash(&self.domains);
        block.header.next_validators_hash = block.header.validators_hash;
        block
    }

    pub(super) fn hash(&self, block: &Block) -> Hash {
        block.hash(&self.domains)
    }

    pub(super) fn vote(&self, index: u16, kind: VoteKind, view: u64, block: Hash) -> Vote {
        let subject = VoteSubject { epoch: self.epoch, view: View(view), kind, block };
        Vote::sign(&self.domains, &self.key(index), ValidatorIndex(index), subject)
    }

    pub(super) fn certificate(&self, kind: VoteKind, view: u64, block: Hash) -> Certificate {
        let votes: Vec<_> = (1..4).map(|index| self.vote(index, kind, view, block)).collect();
        let signatures = votes.iter().map(|vote| (vote.validator, vote.signature));
        Certificate::assemble(votes[0].subject, 4, signatures)
    }

    pub(super) fn notarization(&self, block: &Block) -> Certificate {
        self.certificate(VoteKind::Notarize, block.header.view.0, self.hash(block))
    }

    pub(super) fn finalization(&self, block: &Block) -> Certificate {
        self.certificate(VoteKind::Finalize, block.header.view.0, self.hash(block))
    }

    pub(super) fn nullification(&self, view: u64) -> Certificate {
        self.certificate(VoteKind::Nullify, view, Hash::ZERO)
    }

    pub(super) fn proposal(&self, block: &Block, justification: Vec<Certificate>) -> Message {
        self.proposal_in(block.header.view.0, block, justification)
    }

    /// The proposal by the leader of `view`, perhaps of a block of an earlier view.
    pub(super) fn proposal_in(
        &self,
        view: u64,
        block: &Block,
        justification: Vec<Certificate>,
    ) -> Message {
        let leader = u16::try_from(view % 4).unwrap();
        let vote = self.vote(leader, VoteKind::Notarize, view, self.hash(block));
        Message::Proposal(Box::new(Proposal { block: block.clone(), vote, justification }))
    }

    fn key(&self, index: u16) -> SecretKey {
        key(self.first + index)
    }

    pub(super) fn config(&self, index: Option<u16>) -> Config {
        let identity =
            index.map(|index| Identity { index: ValidatorIndex(index), key: self.key(index) });
        Config {
            domains: self.domains.clone(),
            validators: self.validators.clone(),
            epoch: self.epoch,
            identity,
            timing: Timing::default(),
        }
    }

    /// The start of the epoch with these records.
    pub(super) fn start(&self, records: Vec<Record>) -> Start {
        let finalized = self.genesis.clone();
        Start { finalized, certificate: None, records, memory: Memory::Whole }
    }

    /// Validator `index` at the start of the chain.
    pub(super) fn validator(&self, index: u16) -> Bench<'_> {
        self.restarted(index, Vec::new())
    }

    /// Validator `index` after a restart with these records.
    pub(super) fn restarted(&self, index: u16, records: Vec<Record>) -> Bench<'_> {
        self.started(index, self.start(records))
    }

    /// Validator `index` after this start.
    pub(super) fn started(&self, index: u16, start: Start) -> Bench<'_> {
        let (replica, first) = Replica::new(self.config(Some(index)), start, T0);
        Bench { committee: self, replica, now: T0, first }
    }
}

/// A replica, the time, and words for what happens to it.
pub(super) struct Bench<'a> {
    pub(super) committee: &'a Committee,
    pub(super) replica: Replica,
    pub(super) now: Timestamp,
    /// What the replica wanted when it started.
    pub(super) first: Vec<Output>,
}

impl Bench<'_> {
    pub(super) fn step(&mut self, input: Input) -> Vec<Output> {
        self.replica.step(self.now, input)
    }

    pub(super) fn hear(&mut self, from: u16, message: Message) -> Vec<Output> {
        self.step(Input::Message { from: ValidatorIndex(from), message })
    }

    /// Another validator relays a certificate.
    pub(super) fn learn(&mut self, certificate: Certificate) -> Vec<Output> {
        let relay = if self.replica.index() == Some(ValidatorIndex(3)) { 2 } else { 3 };
        self.hear(relay, Message::Certificate(certificate))
    }

    pub(super) fn propose(&mut self, block: &Block) -> Vec<Output> {
        let proposal = self.committee.proposal(block, Vec::new());
        self.hear(block.header.proposer.0, proposal)
    }

    pub(super) fn valid(&mut self, block: &Block) -> Vec<Output> {
        let block = self.committee.hash(block);
        self.step(Input::Verdict { block, verdict: Verdict::Valid })
    }

    /// Proposes the block, finds it valid and notarizes it.
    pub(super) fn notarize(&mut self, block: &Block) -> Vec<Output> {
        let mut outputs = self.propose(block);
        outputs.extend(self.valid(block));
        outputs.extend(self.learn(self.committee.notarization(block)));
        outputs
    }

    /// Lets time pass and wakes the replica.
    pub(super) fn wait(&mut self, milliseconds: u64) -> Vec<Output> {
        self.now = self.now.plus(milliseconds);
        self.step(Input::Wake)
    }

    pub(super) fn view(&self) -> u64 {
        self.replica.view().0
    }
}

/// The votes that were broadcast, in order, those on proposals too.
pub(super) fn votes(outputs: &[Output]) -> Vec<(VoteKind, u64)> {
    let votes = outputs.iter().filter_map(|output| match output {
        Output::Broadcast(Message::Vote(vote)) => Some(*vote),
        Output::Broadcast(Message::Proposal(proposal)) => Some(proposal.vote),
        _ => None,
    });
    votes.map(|vote| (vote.subject.kind, vote.subject.view.0)).collect()
}

/// The records that were persisted, in order.
pub(super) fn records(outputs: &[Output]) -> Vec<Record> {
    let records = outputs.iter().filter_map(|output| match output {
        Output::Persist(record) => Some(record.clone()),
        _ => None,
    });
    records.collect()
}

/// The heights that became final, and which had a certificate of their own.
pub(super) fn finals(outputs: &[Output]) -> Vec<(u64, bool)> {
    let finals = outputs.iter().filter_map(|output| match output {
        Output::Final { block, certificate } => {
            Some((block.header.height.0, certificate.is_some()))
        }
        _ => None,
    });
    finals.collect()
}

/// The view and parent of the block that was asked for.
pub(super) fn built(outputs: &[Output]) -> Option<(u64, Hash)> {
    outputs.iter().find_map(|output| match output {
        Output::Build { view, parent } => Some((view.0, *parent)),
        _ => None,
    })
}
