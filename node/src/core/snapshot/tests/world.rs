//! A chain with a state of several chunks, and peers that serve it well or badly.
#![allow(unreachable_pub, reason = "the tests' own module is private")]

use ledger::account::{Institution, KeySet, Policy, Roles};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::chain::{Executed, Tip};
use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::hash::Hash;
use ledger::ids::{
    AccountId, AssetCode, Bic, Height, InstitutionNumber, Network, Timestamp, Uetr, ValidatorIndex,
};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, ChargeBearer, Operation, Pay, PaymentTerms};
use ledger::state::Part;
use ledger::transaction::{SignedTransaction, Transaction, VerifiedTransaction};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::*;

pub const BANK: InstitutionNumber = InstitutionNumber(1);
pub const START: Timestamp = Timestamp(1_795_000_000_000);
const SUITE: Suite = Suite::Ed25519Blake3;

fn key(role: u8, number: u8) -> SecretKey {
    SecretKey::from_seed(SUITE, [role.wrapping_mul(16) + number; 32])
}

fn genesis() -> GenesisDocument {
    let member = |(number, bic): (u8, &str)| {
        let institution = Institution {
            bic: Bic::parse(bic).unwrap(),
            name: bic.to_owned(),
            operators: KeySet::single(key(1, number).public()),
            compliance: key(2, number).public(),
            roles: Roles { validator: true, issuer: true, dealer: true },
        };
        let validator = MemberValidator {
            voting_key: key(3, number).public(),
            node_key: key(4, number).public(),
            address: format!("127.0.0.1:{}", number + 1),
        };
        Member { institution, validator: Some(validator) }
    };
    let bics = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];
    GenesisDocument {
        suite: SUITE,
        network: Network::Devnet,
        name: "test".to_owned(),
        time: START,
        parameters: Parameters::USUAL,
        members: (0..).zip(bics).map(member).collect(),
    }
}

fn account(number: u64) -> AccountId {
    let mut customer = [0; 12];
    customer[4..].copy_from_slice(&number.to_be_bytes());
    AccountId::new(BANK, customer)
}

/// A chain's certified blocks, each with the history before it.
pub struct Chain {
    pub genesis: Tip,
    pub blocks: Vec<(Tip, Certificate, ledger::history::History)>,
    /// The same blocks with all that they changed.
    pub executed: Vec<Arc<Executed>>,
    next: u64,
}

impl Chain {
    /// A chain of `length` blocks; the first opens 4,000 accounts and issues money to each.
    pub fn new(length: u64) -> Self {
        let genesis = Tip::genesis(&genesis()).unwrap().tip;
        let mut chain = Self { genesis, blocks: Vec::new(), executed: Vec::new(), next: 0 };
        let first = chain.opening();
        chain.grow(&[first]);
        while chain.tip().height() < Height(length) {
            chain.grow(&[]);
        }
        chain
    }

    pub fn tip(&self) -> &Tip {
        self.blocks.last().map_or(&self.genesis, |(tip, _, _)| tip)
    }

    fn opening(&mut self) -> VerifiedTransaction {
        let code = AssetCode::parse("CNY").unwrap();
        let (kind, decimals) = (AssetKind::Currency, Decimals(2));
        let mut operations = vec![Operation::RegisterAsset { code, kind, decimals, issuer: BANK }];
        for number in 0..4_000_u64 {
            let policy = Policy::single(key(5, 0).public());
            operations.push(Operation::OpenAccount { account: account(number), policy, tier: 1 });
            operations.push(self.issue(number));
        }
        self.transaction(operations)
    }

    fn issue(&mut self, number: u64) -> Operation {
        self.next += 1;
        let hash = blake3::hash(&self.next.to_be_bytes());
        let uetr = Uetr::from_entropy(*hash.as_bytes().first_chunk().unwrap());
        let amount = Money::new(Amount(1_000), AssetCode::parse("CNY").unwrap());
        Operation::Issue { uetr, to: account(number), amount }
    }

    fn transaction(&self, operations: Vec<Operation>) -> VerifiedTransaction {
        let operator = key(1, 0);
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.genesis.domains().chain_id(),
            valid_from: START,
            valid_until: START.plus(Transaction::USUAL_VALIDITY),
            operations,
            atomic: false,
            signers: vec![operator.public()],
        };
        let signatures = vec![operator.sign(&transaction.id(self.genesis.domains()))];
        let signed = SignedTransaction { transaction, signatures };
        VerifiedTransaction::recorded(self.genesis.domains(), signed)
    }

    /// The bytes of a payment from the first account, signed.
    pub fn payment(&self, now: Timestamp) -> Vec<u8> {
        let terms = PaymentTerms {
            charge_bearer: ChargeBearer::Shared,
            maximum_fee: Amount::ZERO,
            purpose: [0; 4],
            remittance: Hash::ZERO,
        };
        let amount = Money::new(Amount(1), AssetCode::parse("CNY").unwrap());
        let uetr = Uetr::from_entropy([9; 16]);
        let pay = Pay { uetr, from: account(0), to: account(1), amount, terms };
        let owner = key(5, 0);
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.genesis.domains().chain_id(),
            valid_from: now,
            valid_until: now.plus(60_000),
            operations: vec![Operation::Pay(pay)],
            atomic: false,
            signers: vec![owner.public()],
        };
        let signatures = vec![owner.sign(&transaction.id(self.genesis.domains()))];
        codec::encode(&SignedTransaction { transaction, signatures })
    }

    /// Adds blocks with a payment to two accounts each.
    pub fn pay(&mut self, blocks: u64) {
        for number in 0..blocks {
            let operations = vec![self.issue(number % 4_000), self.issue(number * 7 % 4_000)];
            let transaction = self.transaction(operations);
            self.grow(&[transaction]);
        }
    }

    fn grow(&mut self, transactions: &[VerifiedTransaction]) {
        let parent = self.tip();
        let view = parent.header().view.next();
        let cut = parent.cut().clone();
        let executed = parent.build(view, ValidatorIndex(0), START, cut, transactions);
        assert!(executed.booked.iter().all(|one| one.receipt.outcome.rejection().is_none()));
        let history = parent.history().clone();
        let certificate = certify(&executed.tip, 3);
        self.blocks.push((executed.tip.clone(), certificate, history));
        self.executed.push(Arc::new(executed));
    }

    /// A shelf as a node has it that followed the chain.
    pub fn shelf(&self, every: u64) -> Shelf {
        let mut shelf = Shelf::new(every);
        for (tip, certificate, history) in &self.blocks {
            shelf.note(START, tip, Some(certificate), history);
        }
        shelf
    }
}

/// A finalization of a tip's block by its first `count` validators.
pub fn certify(tip: &Tip, count: u8) -> Certificate {
    let header = tip.header();
    let (epoch, view, kind, block) = (header.epoch, header.view, VoteKind::Finalize, tip.hash());
    let subject = VoteSubject { epoch, view, kind, block };
    let votes = (0..count).map(|number| {
        let validator = ValidatorIndex(u16::from(number));
        let vote = Vote::sign(tip.domains(), &key(3, number), validator, subject);
        (validator, vote.signature)
    });
    Certificate::assemble(subject, 4, votes.collect::<Vec<_>>())
}

/// How a peer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Honest,
    /// Answers nothing.
    Silent,
    /// Answers everything after so many milliseconds.
    Slow(u64),
    /// Offers a snapshot far ahead, and a manifest that no quorum certified.
    Inflates,
    /// Says that the state has more entries than it has.
    ForgesManifest,
    /// Changes one byte of every chunk.
    ForgesChunks,
    /// Gives another chunk than was asked for, under the name of the one asked for.
    SwapsChunks,
    /// Serves so many chunks and then no more.
    Leaves(u32),
    /// Offers and then has nothing.
    Teases,
}

pub struct Peer {
    pub shelf: Shelf,
    pub manner: Manner,
    pub served: u32,
}

impl Peer {
    /// What the peer answers and after how long.
    fn answer(
        &mut self,
        now: Timestamp,
        request: &SnapshotRequest,
    ) -> Option<(u64, SnapshotAnswer)> {
        let honest = match self.shelf.find(now, request) {
            Ok(snapshot) => snapshot.answer(request, |_| None),
            Err(answer) => *answer,
        };
        if let SnapshotAnswer::Chunk { .. } = &honest {
            self.served += 1;
        }
        let answer = match (self.manner, honest) {
            (Manner::Silent, _) => return None,
            (Manner::Slow(delay), answer) => return Some((delay, answer)),
            (Manner::Inflates, SnapshotAnswer::Offers(mut offers)) => {
                offers.0.push(SnapshotId { height: Height(1 << 40), block: Hash([7; 32]) });
                SnapshotAnswer::Offers(offers)
            }
            (Manner::Inflates, SnapshotAnswer::Manifest(mut manifest)) => {
                manifest.progress.header.height = Height(1 << 40);
                SnapshotAnswer::Manifest(manifest)
            }
            (Manner::ForgesManifest, SnapshotAnswer::Manifest(mut manifest)) => {
                manifest.outline.count += 1;
                SnapshotAnswer::Manifest(manifest)
            }
            (Manner::ForgesChunks, SnapshotAnswer::Chunk { snapshot, place, chunk }) => {
                let mut bytes = borsh::to_vec(&chunk).unwrap();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                let chunk = borsh::from_slice(&bytes).unwrap_or(chunk);
                SnapshotAnswer::Chunk { snapshot, place, chunk }
            }
            (Manner::SwapsChunks, SnapshotAnswer::Chunk { snapshot, place, .. }) => {
                let other = ChunkPlace { part: Part::Map, index: u32::from(place.index == 0) };
                let request = SnapshotRequest::Chunk { snapshot, place: other };
                let answer = self.shelf.find(now, &request).unwrap().answer(&request, |_| None);
                let SnapshotAnswer::Chunk { chunk, .. } = answer else { panic!("{answer:?}") };
                SnapshotAnswer::Chunk { snapshot, place, chunk }
            }
            (Manner::Leaves(most), SnapshotAnswer::Chunk { snapshot, .. })
                if self.served > most =>
            {
                SnapshotAnswer::Gone(snapshot)
            }
            (Manner::Leaves(most), SnapshotAnswer::Offers(_)) if self.served > most => {
                SnapshotAnswer::Offers(Offers::default())
            }
            (Manner::Teases, SnapshotAnswer::Manifest(_) | SnapshotAnswer::Chunk { .. }) => {
                return None;
            }
            (_, answer) => answer,
        };
        Some((1, answer))
    }
}

/// A fetcher and its peers, in virtual time.
pub struct Scene {
    pub fetcher: Fetcher,
    pub tip: Tip,
    pub peers: BTreeMap<InstitutionNumber, Peer>,
    pub now: Timestamp,
    pub blamed: Vec<InstitutionNumber>,
    pub kept: Vec<Keep>,
    pub finished: Option<Installed>,
    pub requests: usize,
    /// The most chunks under way at a time.
    pub most: usize,
    mail: BTreeMap<(u64, usize), (InstitutionNumber, SnapshotAnswer)>,
}

impl Scene {
    pub fn new(chain: &Chain, beyond: u64, peers: Vec<(Shelf, Manner)>) -> Self {
        let domains = chain.genesis.domains().clone();
        let peers = (2..).map(InstitutionNumber).zip(peers);
        let peers =
            peers.map(|(number, (shelf, manner))| (number, Peer { shelf, manner, served: 0 }));
        Self {
            fetcher: Fetcher::new(FetcherSettings { beyond }, domains),
            tip: chain.genesis.clone(),
            peers: peers.collect(),
            now: START,
            blamed: Vec::new(),
            kept: Vec::new(),
            finished: None,
            requests: 0,
            most: 0,
            mail: BTreeMap::new(),
        }
    }

    /// Calls the fetcher, and has done what it wants.
    pub fn call(&mut self, call: impl FnOnce(&mut Fetcher, Standing<'_>)) {
        let peers: Vec<InstitutionNumber> = self.peers.keys().copied().collect();
        call(&mut self.fetcher, Standing { now: self.now, tip: &self.tip, peers: &peers });
        for act in self.fetcher.take() {
            match act {
                Act::Ask(to, request) => self.carry(to, &request),
                Act::Keep(keep) => self.kept.push(keep),
                Act::Blame(peer, _) => self.blamed.push(peer),
                Act::Finished(installed) => self.finished = Some(*installed),
                Act::Tell(_) => {}
            }
        }
        let chunks = self.mail.values().filter(|(_, a)| matches!(a, SnapshotAnswer::Chunk { .. }));
        self.most = self.most.max(chunks.count());
    }

    fn carry(&mut self, to: InstitutionNumber, request: &SnapshotRequest) {
        self.requests += 1;
        let peer = self.peers.get_mut(&to).unwrap();
        if let Some((delay, answer)) = peer.answer(self.now, request) {
            self.mail.insert((self.now.0 + delay, self.requests), (to, answer));
        }
    }

    /// Lets time pass until the fetch has finished, or has come to nothing, or for so long.
    pub fn run(&mut self, milliseconds: u64) {
        self.run_until(milliseconds, |scene| scene.finished.is_some());
    }

    pub fn run_until(&mut self, milliseconds: u64, is_done: impl Fn(&Self) -> bool) {
        let end = self.now.plus(milliseconds);
        while !is_done(self) {
            let mail = self.mail.keys().next().map(|(at, _)| Timestamp(*at));
            let Some(next) = mail.into_iter().chain(self.fetcher.deadline()).min() else { return };
            if next > end {
                return;
            }
            self.now = self.now.max(next);
            if mail == Some(next)
                && let Some((_, (from, answer))) = self.mail.pop_first()
            {
                self.call(|fetcher, at| fetcher.answer(at, from, answer));
            } else {
                self.call(|fetcher, at| fetcher.tick(at));
            }
        }
    }

    /// Every answer that is under way is lost.
    pub fn lose_mail(&mut self) {
        self.mail.clear();
    }

    pub fn kept_chunks(&self) -> usize {
        self.kept.iter().filter(|keep| matches!(keep, Keep::Chunk(..))).count()
    }
}
