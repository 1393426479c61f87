//! What can be said in a bounded world: blocks, votes, certificates and proposals, each a number.
//!
//! Invariants: one thing has one number; a set of votes or proposals is a set of bits. Absent: who
//! has said what (see [`super::node`]).

use std::collections::HashMap;

use consensus::{Config, Identity, Message, Proposal, Timing};
use ledger::block::{Block, Cut, Header};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::crypto::{SecretKey, Suite};
use ledger::hash::{ChainId, Domains, Hash};
use ledger::ids::{Bic, Epoch, Height, InstitutionNumber, Timestamp, ValidatorIndex, View};
use ledger::validators::{Validator, ValidatorSet};

use super::Scope;

/// The time at which everything but time-outs happens.
pub(super) const NOW: Timestamp = Timestamp(1_000_000);

/// How many validators there are.
pub(super) const VALIDATORS: u16 = 4;

/// A set of subjects or of proposals, by their numbers.
pub(super) type Set = u128;

/// The number of a block; the genesis block is 0.
pub(super) type BlockNumber = usize;

/// All that was ever spoken of.
pub(super) struct Menu {
    pub(super) scope: Scope,
    pub(super) domains: Domains,
    pub(super) validators: ValidatorSet,
    pub(super) blocks: Vec<Block>,
    numbers: HashMap<Hash, BlockNumber>,
    pub(super) subjects: Vec<VoteSubject>,
    certificates: Vec<Certificate>,
    pub(super) proposals: Vec<(View, BlockNumber)>,
}

/// The bit of a number.
pub(super) const fn bit(number: usize) -> Set {
    1 << number
}

/// The numbers of a set.
pub(super) fn members(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let number = usize::try_from(set.trailing_zeros()).ok()?;
        (set != 0).then(|| set &= set - 1)?;
        Some(number)
    })
}

fn key(index: u16) -> SecretKey {
    SecretKey::from_seed(Suite::KeyedHash, [u8::try_from(index + 1).unwrap_or(0); 32])
}

impl Menu {
    /// The world of `scope` before anything is said.
    pub(super) fn new(scope: Scope) -> Self {
        let bic = Bic::parse("PSBCCNBJ").expect("it is a BIC");
        let members = (0..VALIDATORS).map(|index| Validator {
            institution: InstitutionNumber(u32::from(index) + 1),
            bic,
            key: key(index).public(),
        });
        let validators = ValidatorSet::new(members.collect()).expect("four keys");
        let domains = Domains::new(Suite::KeyedHash, ChainId(Hash([9; 32])));
        let cut = Cut::empty(validators.count());
        let hash = validators.hash(&domains);
        let header = Header {
            suite: Suite::KeyedHash,
            chain_id: domains.chain_id(),
            epoch: Epoch(0),
            height: Height(0),
            view: View(0),
            parent: Hash::ZERO,
            time: NOW.minus(1_000),
            lanes_root: cut.root(&domains),
            receipts_root: Hash::ZERO,
            state_root: Hash::ZERO,
            history_root: Hash::ZERO,
            validators_hash: hash,
            next_validators_hash: hash,
            proposer: ValidatorIndex(0),
        };
        let genesis = Block { header, cut };
        let numbers = HashMap::from([(genesis.hash(&domains), 0)]);
        let blocks = vec![genesis];
        let (subjects, certificates, proposals) = (Vec::new(), Vec::new(), Vec::new());
        Self { scope, domains, validators, blocks, numbers, subjects, certificates, proposals }
    }

    /// True if the validator is one of the faulty ones.
    pub(super) fn is_faulty(&self, index: u16) -> bool {
        self.scope.faulty.contains(&index)
    }

    /// Who leads a view.
    pub(super) fn leader(view: View) -> u16 {
        u16::try_from(view.0 % u64::from(VALIDATORS)).unwrap_or(0)
    }

    /// The validator's own place, if it leads a view or may start again; else it stands for any
    /// other bystander.
    pub(super) fn place(&self, index: u16) -> Option<u16> {
        let leads = (1..=self.scope.views).any(|view| Self::leader(View(view)) == index);
        let restarts = self.scope.restart.is_some_and(|(place, _)| place == index);
        (leads || restarts).then_some(index)
    }

    /// What makes validator `index`.
    pub(super) fn config(&self, index: u16) -> Config {
        Config {
            domains: self.domains.clone(),
            validators: self.validators.clone(),
            epoch: Epoch(0),
            identity: Some(Identity { index: ValidatorIndex(index), key: key(index) }),
            timing: Timing::default(),
        }
    }

    /// The number of a block, by its hash.
    pub(super) fn number(&self, hash: &Hash) -> Option<BlockNumber> {
        self.numbers.get(hash).copied()
    }

    /// The block that the leader of `view` makes on `parent`; a faulty one makes two.
    pub(super) fn build(&mut self, view: View, parent: BlockNumber, second: bool) -> BlockNumber {
        let mut block = self.blocks[parent].clone();
        block.header.parent = block.hash(&self.domains);
        block.header.view = view;
        block.header.height = block.header.height.next();
        block.header.time = block.header.time.plus(1 + u64::from(second));
        block.header.proposer = ValidatorIndex(Self::leader(view));
        if self.scope.ends_epoch && block.header.height == Height(1) && !second {
            block.header.next_validators_hash = Hash([7; 32]);
        }
        let hash = block.hash(&self.domains);
        let next = self.blocks.len();
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.blocks.push(block);
        }
        number
    }

    /// The number of the block's parent.
    pub(super) fn parent(&self, block: BlockNumber) -> Option<BlockNumber> {
        self.number(&self.blocks[block].header.parent)
    }

    /// True if one of the blocks is the other or descends from it.
    pub(super) fn agree(&self, one: BlockNumber, other: BlockNumber) -> bool {
        let height = |block: BlockNumber| self.blocks[block].header.height;
        let (mut upper, lower) =
            if height(one) < height(other) { (other, one) } else { (one, other) };
        while height(upper) > height(lower) {
            let Some(parent) = self.parent(upper) else { return false };
            upper = parent;
        }
        upper == lower
    }

    /// The number of a subject.
    pub(super) fn subject(&mut self, subject: VoteSubject) -> usize {
        if let Some(number) = self.subjects.iter().position(|known| *known == subject) {
            return number;
        }
        let votes = (0..VALIDATORS).map(|index| self.vote(index, subject));
        let votes =
            votes.take(self.validators.quorum()).map(|vote| (vote.validator, vote.signature));
        let certificate = Certificate::assemble(subject, self.validators.count(), votes);
        self.subjects.push(subject);
        self.certificates.push(certificate);
        assert!(self.subjects.len() <= 128, "a set has 128 bits");
        self.subjects.len() - 1
    }

    /// The number of a vote to do `kind` in `view`.
    pub(super) fn subject_of(&mut self, view: View, kind: VoteKind, block: BlockNumber) -> usize {
        let block = match kind {
            VoteKind::Nullify => Hash::ZERO,
            VoteKind::Notarize | VoteKind::Finalize => self.blocks[block].hash(&self.domains),
        };
        self.subject(VoteSubject { epoch: Epoch(0), view, kind, block })
    }

    /// The certificate of a subject. Who signed it does not matter to anyone, so it is always the
    /// same; the search asks whether there can be one.
    pub(super) fn certificate(&self, subject: usize) -> Certificate {
        self.certificates[subject].clone()
    }

    fn vote(&self, index: u16, subject: VoteSubject) -> Vote {
        Vote::sign(&self.domains, &key(index), ValidatorIndex(index), subject)
    }

    /// The number of the proposal of `block` in `view`.
    pub(super) fn proposal(&mut self, view: View, block: BlockNumber) -> usize {
        let known = self.proposals.iter().position(|proposal| *proposal == (view, block));
        known.unwrap_or_else(|| {
            self.proposals.push((view, block));
            assert!(self.proposals.len() <= 128, "a set has 128 bits");
            self.proposals.len() - 1
        })
    }

    /// The proposal as it is sent; what justifies it is delivered by itself.
    pub(super) fn message(&mut self, proposal: usize) -> Message {
        let (view, block) = self.proposals[proposal];
        let subject = self.subject_of(view, VoteKind::Notarize, block);
        let vote = self.vote(Self::leader(view), self.subjects[subject]);
        let block = self.blocks[block].clone();
        Message::Proposal(Box::new(Proposal { block, vote, justification: Vec::new() }))
    }

    /// What a faulty leader of `view` may propose, if the blocks `certified` are.
    pub(super) fn offers(&mut self, view: View, certified: &[BlockNumber]) -> Set {
        let mut offers = 0;
        for base in [0].into_iter().chain(certified.iter().copied()) {
            let header = &self.blocks[base].header;
            if header.view >= view {
                continue;
            }
            let ends = header.ends_epoch();
            let blocks = if ends {
                vec![base]
            } else {
                vec![self.build(view, base, false), self.build(view, base, true)]
            };
            for block in blocks {
                offers |= bit(self.proposal(view, block));
            }
        }
        offers
    }
}
