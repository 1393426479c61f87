//! Some cores wired together in memory: messages arrive at once and in order, time stands still
//! until nothing is under way.
//!
//! A node that is down loses what is sent to it; it starts again from the genesis block and its
//! log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use consensus::{Memory, Timing};
use ledger::account::{Institution, KeySet, NodeRecord, Policy, Roles};
use ledger::chain::Tip;
use ledger::codec;
use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::governance::Change;
use ledger::hash::{Domains, Hash};
use ledger::ids::{
    AccountId, AssetCode, Bic, Height, InstitutionNumber, Network, ProposalNumber, Timestamp, Uetr,
};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, ChargeBearer, Operation, Pay, PaymentTerms};
use ledger::transaction::{SignedTransaction, Transaction};

use crate::core::admission::AdmissionLimits;
use crate::core::message::{ChainPart, FinalBlock, PeerMessage};
use crate::core::record::{LogRecord, ReadRecord};
use crate::core::step::{Committed, Input, Output, Reply, RequestId};
use crate::core::{Core, CoreConfig, Recovered, SnapshotSettings};

const SUITE: Suite = Suite::Ed25519Blake3;
const START: u64 = 1_000_000;

/// A key that is the same at every run.
pub(super) fn key(role: u8, institution: u32) -> SecretKey {
    let mut seed = [role; 32];
    seed[..4].copy_from_slice(&institution.to_le_bytes());
    SecretKey::from_seed(SUITE, seed)
}

/// What a key is for.
pub(super) const OPERATOR: u8 = 1;
const COMPLIANCE: u8 = 2;
pub(super) const VOTING: u8 = 3;
const NODE: u8 = 4;
const OWNER: u8 = 5;
pub(super) const NEXT_VOTING: u8 = 6;

/// The node of an institution, as its record says.
pub(super) fn record(institution: u32) -> NodeRecord {
    NodeRecord {
        node_key: key(NODE, institution).public(),
        address: format!("127.0.0.1:{institution}"),
    }
}

fn bic(institution: u32) -> Bic {
    let letter = char::from_u32(u32::from('A') + institution).unwrap();
    Bic::parse(&format!("BAN{letter}CNBJ")).unwrap()
}

/// An institution, with a validator or without.
pub(super) fn institution(number: u32, validator: bool) -> Institution {
    Institution {
        bic: bic(number),
        name: format!("bank {number}"),
        operators: KeySet::single(key(OPERATOR, number).public()),
        compliance: key(COMPLIANCE, number).public(),
        roles: Roles { validator, issuer: true, dealer: false },
    }
}

/// What the host of one core holds.
pub(super) struct Node {
    core: Option<Core>,
    /// The voting keys that the node holds.
    pub(super) keys: Vec<SecretKey>,
    log: Vec<(u8, Vec<u8>)>,
    wake: Option<Timestamp>,
    peers: BTreeSet<InstitutionNumber>,
    /// The replies to the clients of this node.
    pub(super) replies: BTreeMap<RequestId, Vec<Reply>>,
    /// The final blocks, in order.
    pub(super) committed: Vec<Arc<Committed>>,
    /// Why the node stopped.
    pub(super) halted: Option<String>,
}

/// The nodes and what is under way between them.
pub(super) struct World {
    pub(super) genesis: GenesisDocument,
    pub(super) domains: Domains,
    pub(super) nodes: BTreeMap<InstitutionNumber, Node>,
    pub(super) now: Timestamp,
    /// The node to which proposals come after everything else that is under way.
    pub(super) late: Option<u32>,
    /// Below which height every node has pruned its batches, if any.
    pub(super) pruned: Option<Height>,
    /// The nodes that have asked for snapshots.
    pub(super) snapshot_seekers: BTreeSet<InstitutionNumber>,
    wire: VecDeque<(InstitutionNumber, InstitutionNumber, Vec<u8>)>,
    requests: u64,
    proposals: u64,
    /// Of a hundred messages, so many are lost.
    pub(super) loss: u64,
    chance: u64,
}

impl World {
    /// `validators` institutions with a validator, then `others` without, none of them started.
    pub(super) fn new(validators: u32, others: u32) -> Self {
        let members = (1..=validators + others).map(|number| Member {
            institution: institution(number, number <= validators),
            validator: (number <= validators).then(|| MemberValidator {
                voting_key: key(VOTING, number).public(),
                node_key: record(number).node_key,
                address: record(number).address,
            }),
        });
        let genesis = GenesisDocument {
            suite: SUITE,
            network: Network::Devnet,
            name: "test".to_owned(),
            time: Timestamp(START - 1),
            parameters: Parameters { heartbeat_ms: 1_000, ..Parameters::USUAL },
            members: members.collect(),
        };
        genesis.check().unwrap();
        let domains = genesis.domains();
        Self {
            genesis,
            domains,
            nodes: BTreeMap::new(),
            now: Timestamp(START),
            late: None,
            pruned: None,
            snapshot_seekers: BTreeSet::new(),
            wire: VecDeque::new(),
            requests: 0,
            proposals: 0,
            loss: 0,
            chance: 1,
        }
    }

    /// The same with all validators' nodes started, and money at the payer's account.
    pub(super) fn running(validators: u32, others: u32) -> Self {
        let mut world = Self::new(validators, others);
        for number in 1..=validators {
            world.start(number);
        }
        let opening = world.opening();
        world.settle(1, &opening);
        world.level();
        world
    }

    /// Starts the node of an institution, anew or again.
    pub(super) fn start(&mut self, number: u32) {
        let institution = InstitutionNumber(number);
        let node = self.nodes.entry(institution).or_insert_with(|| Node {
            core: None,
            keys: vec![key(VOTING, number)],
            log: Vec::new(),
            wake: None,
            peers: BTreeSet::new(),
            replies: BTreeMap::new(),
            committed: Vec::new(),
            halted: None,
        });
        let config = CoreConfig {
            domains: self.domains.clone(),
            institution: bic(number),
            voting_keys: node.keys.clone(),
            timing: Timing::default(),
            limits: AdmissionLimits::default(),
            snapshots: SnapshotSettings { every: 0, beyond: 0 },
        };
        node.committed.clear();
        let records = node.log.iter().map(|(tag, payload)| ReadRecord::decode(*tag, payload));
        let recovered = Recovered {
            tip: Tip::genesis(&self.genesis).unwrap().tip,
            certificate: None,
            records: records.collect::<Result<_, _>>().unwrap(),
            memory: Memory::Whole,
        };
        match Core::start(config, recovered, self.now) {
            Ok((core, outputs)) => {
                node.core = Some(core);
                self.perform(institution, outputs);
                self.connect(institution);
            }
            Err(error) => node.halted = Some(error.to_string()),
        }
    }

    /// The node ends: what was not written is lost.
    pub(super) fn stop(&mut self, number: u32) {
        self.node_mut(number).core = None;
        self.node_mut(number).wake = None;
    }

    pub(super) fn node(&self, number: u32) -> &Node {
        &self.nodes[&InstitutionNumber(number)]
    }

    pub(super) fn node_mut(&mut self, number: u32) -> &mut Node {
        self.nodes.get_mut(&InstitutionNumber(number)).unwrap()
    }

    pub(super) fn core(&self, number: u32) -> &Core {
        self.node(number).core.as_ref().unwrap()
    }

    fn connect(&mut self, institution: InstitutionNumber) {
        let others: Vec<_> = self.nodes.keys().copied().filter(|n| *n != institution).collect();
        for other in others {
            if self.may_talk(institution, other) {
                self.give(institution, Input::Connected(other));
                self.give(other, Input::Connected(institution));
            }
        }
    }

    /// Both have each other on their lists, and are up.
    fn may_talk(&self, one: InstitutionNumber, other: InstitutionNumber) -> bool {
        let lists = |a: InstitutionNumber, b| {
            self.nodes.get(&a).is_some_and(|node| node.core.is_some() && node.peers.contains(&b))
        };
        lists(one, other) && lists(other, one)
    }

    fn give(&mut self, to: InstitutionNumber, input: Input) {
        let Some(core) = self.nodes.get_mut(&to).and_then(|node| node.core.as_mut()) else {
            return;
        };
        let outputs = core.step(self.now, input);
        self.perform(to, outputs);
    }

    fn perform(&mut self, me: InstitutionNumber, outputs: Vec<Output>) {
        let mut jobs = Vec::new();
        for output in outputs {
            let node = self.nodes.get_mut(&me).unwrap();
            match output {
                Output::Persist(record) => node.log.push((record.kind().tag(), record.encode())),
                Output::Send { to, message, .. } => {
                    if matches!(message, PeerMessage::SnapshotRequest(_)) {
                        self.snapshot_seekers.insert(me);
                    }
                    self.send(me, to, &message);
                }
                Output::ServeBatches { to, .. } if self.pruned.is_some() => {
                    let earliest = self.pruned.unwrap_or_default();
                    self.send(me, to, &PeerMessage::Pruned(earliest));
                }
                Output::Broadcast { message, .. } => self.broadcast(me, &message),
                Output::BroadcastBatch(batch) => {
                    let record = LogRecord::Batch(batch);
                    self.broadcast(me, &as_message(record.encode()));
                }
                Output::SendBatch { to, batch } => {
                    let record = LogRecord::Batch(batch);
                    self.send(me, to, &as_message(record.encode()));
                }
                Output::ServeBatches { to, request } => {
                    for batch in node.batches() {
                        let header = &batch.header;
                        let is_wanted = (header.epoch, header.lane)
                            == (request.epoch, request.lane)
                            && header.sequence > request.after
                            && header.sequence <= request.tip.sequence;
                        if is_wanted {
                            self.send(me, to, &PeerMessage::Batch(batch));
                        }
                    }
                }
                Output::ServeChain { to, from } => {
                    let blocks = node.committed.iter().filter(|block| block.height() >= from);
                    let part = blocks.take(ChainPart::MAXIMUM).map(|block| FinalBlock {
                        block: block.executed.block.clone(),
                        certificate: block.certificate.clone(),
                    });
                    let part = PeerMessage::Chain(ChainPart(part.collect()));
                    self.send(me, to, &part);
                }
                Output::Verify(job, work) => jobs.push((job, work)),
                Output::WakeAt(at) => node.wake = Some(at),
                Output::Nodes(nodes) => {
                    node.peers = nodes.into_keys().filter(|peer| *peer != me).collect();
                }
                Output::Reply(request, reply) => {
                    node.replies.entry(request).or_default().push(reply);
                }
                Output::Commit(committed) => node.committed.push(committed),
                Output::Misbehaviour { peer, what } => panic!("{} {what}", peer.0),
                Output::Evidence(evidence) => panic!("{evidence:?}"),
                Output::Halt(text) => {
                    node.halted = Some(text);
                    node.core = None;
                    node.wake = None;
                    return;
                }
                Output::Regained | Output::Keep(_) | Output::Note(_) => {}
                Output::ServeSnapshot { .. } | Output::Install(_) => panic!("no snapshots here"),
            }
        }
        for (job, work) in jobs {
            let result = work.run(&self.domains);
            self.give(me, Input::Verified(job, result));
        }
    }

    fn send(&mut self, from: InstitutionNumber, to: InstitutionNumber, message: &PeerMessage) {
        self.wire.push_back((from, to, codec::encode(message)));
    }

    fn broadcast(&mut self, from: InstitutionNumber, message: &PeerMessage) {
        let peers = self.nodes[&from].peers.clone();
        for to in peers {
            self.send(from, to, message);
        }
    }

    fn next_message(&mut self) -> Option<(InstitutionNumber, InstitutionNumber, Vec<u8>)> {
        let late = self.late.map(InstitutionNumber);
        let is_late = |(_, to, bytes): &(InstitutionNumber, InstitutionNumber, Vec<u8>)| {
            let proposal = PeerMessage::decode(bytes).unwrap();
            let proposal =
                matches!(proposal, PeerMessage::Consensus(consensus::Message::Proposal(_)));
            Some(*to) == late && proposal
        };
        let first = self.wire.iter().position(|message| !is_late(message)).unwrap_or(0);
        self.wire.remove(first)
    }

    /// Lets chance begin anew.
    pub(super) fn seed(&mut self, seed: u64) {
        self.chance = seed.wrapping_mul(2).wrapping_add(1);
    }

    /// A number below `bound`, the same at every run of a seed.
    pub(super) fn draw(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.chance >> 33) % bound
    }

    /// Delivers what is under way; then lets time pass to the next wake-up. Before `until` only.
    fn advance(&mut self, until: Timestamp) -> bool {
        if let Some((from, to, bytes)) = self.next_message() {
            // What a node said before it ended arrives.
            let lists =
                |a, b| self.nodes.get(&a).is_some_and(|node: &Node| node.peers.contains(&b));
            let is_known = lists(from, to) && lists(to, from);
            if is_known && self.draw(100) >= self.loss {
                let message = PeerMessage::decode(&bytes).unwrap();
                self.give(to, Input::Peer { from, message });
            }
            return true;
        }
        let wakes = self.nodes.iter().filter_map(|(n, node)| node.wake.map(|at| (at, *n)));
        let Some((at, first)) = wakes.min().filter(|(at, _)| *at <= until) else { return false };
        self.now = self.now.max(at);
        self.nodes.get_mut(&first).unwrap().wake = None;
        self.give(first, Input::Wake);
        true
    }

    /// Runs until `done`, at most for two simulated minutes.
    pub(super) fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let until = self.now.plus(120_000);
        while !done(self) {
            assert!(self.advance(until), "nothing left to do, and not: {what}");
            assert!(self.now < until, "not within two minutes: {what}");
        }
    }

    /// Runs for some simulated time.
    pub(super) fn run_for(&mut self, milliseconds: u64) {
        let until = self.now.plus(milliseconds);
        while self.advance(until) {}
        self.now = until;
    }

    /// Gives a transaction to a node, whose client waits for its end.
    pub(super) fn submit(&mut self, to: u32, signed: &SignedTransaction) -> RequestId {
        let request = RequestId(self.requests);
        self.requests += 1;
        let bytes = codec::encode(signed);
        self.give(InstitutionNumber(to), Input::Submit { request, bytes, until_final: true });
        request
    }

    /// The same, and runs until it is final there.
    pub(super) fn settle(&mut self, to: u32, signed: &SignedTransaction) {
        let request = self.submit(to, signed);
        self.run_until("the transaction is final", |world| world.is_final(to, request));
    }

    /// True if the client of that request at `node` has the final receipt, and only that.
    pub(super) fn is_final(&self, node: u32, request: RequestId) -> bool {
        let replies = self.node(node).replies.get(&request);
        replies.is_some_and(|replies| matches!(replies[..], [Reply::Final(..)]))
    }

    pub(super) fn height(&self, node: u32) -> u64 {
        self.core(node).final_tip().height().0
    }

    pub(super) fn epoch(&self, node: u32) -> u64 {
        self.core(node).final_tip().child_epoch().0
    }

    /// Runs until all that are up are at the highest height of any, in the same epoch.
    pub(super) fn level(&mut self) {
        self.run_until("all are level", |world| {
            let up = world.nodes.values().filter_map(|node| node.core.as_ref());
            let tips: BTreeSet<_> = up.map(|core| core.final_tip().hash()).collect();
            tips.len() == 1
        });
    }

    /// A transaction of `operations`, signed by these operators.
    pub(super) fn order(&self, operators: &[u32], operations: Vec<Operation>) -> SignedTransaction {
        self.sign(operators.iter().map(|number| key(OPERATOR, *number)).collect(), operations)
    }

    fn sign(&self, mut keys: Vec<SecretKey>, operations: Vec<Operation>) -> SignedTransaction {
        keys.sort_by_key(SecretKey::public);
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.domains.chain_id(),
            valid_from: self.now.minus(1_000),
            valid_until: self.now.plus(600_000),
            operations,
            atomic: false,
            signers: keys.iter().map(SecretKey::public).collect(),
        };
        let id = transaction.id(&self.domains);
        let signatures = keys.iter().map(|key| key.sign(&id)).collect();
        SignedTransaction { transaction, signatures }
    }

    /// A change, proposed, approved and enacted by these validators in one transaction.
    pub(super) fn change(&mut self, by: &[u32], change: Change) -> SignedTransaction {
        self.proposals += 1;
        let proposal = ProposalNumber(self.proposals);
        let number = |one: &u32| InstitutionNumber(*one);
        let first = number(&by[0]);
        let expires = self.now.plus(600_000);
        let mut operations =
            vec![Operation::Propose { institution: first, change: Box::new(change), expires }];
        operations.extend(by[1..].iter().map(number).map(|institution| Operation::Vote {
            institution,
            proposal,
            approve: true,
        }));
        operations.push(Operation::Enact { institution: first, proposal });
        self.order(by, operations)
    }

    fn opening(&self) -> SignedTransaction {
        let account = |reference: &str, owner| Operation::OpenAccount {
            account: self.account(reference),
            policy: Policy::single(key(OWNER, owner).public()),
            tier: 1,
        };
        let operations = vec![
            Operation::RegisterAsset {
                code: cny(),
                kind: AssetKind::Currency,
                decimals: Decimals(2),
                issuer: InstitutionNumber(1),
            },
            account("payer", 1),
            account("payee", 2),
            Operation::Issue {
                uetr: Uetr::from_entropy([255; 16]),
                to: self.account("payer"),
                amount: Money::new(Amount(1_000_000), cny()),
            },
        ];
        self.order(&[1], operations)
    }

    fn account(&self, reference: &str) -> AccountId {
        AccountId::from_reference(&self.domains, InstitutionNumber(1), reference)
    }

    /// A payment of one fen under the UETR `number`.
    pub(super) fn payment(&self, number: u64) -> SignedTransaction {
        let mut entropy = [1; 16];
        entropy[..8].copy_from_slice(&number.to_le_bytes());
        let terms = PaymentTerms {
            charge_bearer: ChargeBearer::Shared,
            maximum_fee: Amount::ZERO,
            purpose: [0; 4],
            remittance: Hash::ZERO,
        };
        let pay = Operation::Pay(Pay {
            uetr: Uetr::from_entropy(entropy),
            from: self.account("payer"),
            to: self.account("payee"),
            amount: Money::new(Amount(1), cny()),
            terms,
        });
        self.sign(vec![key(OWNER, 1)], vec![pay])
    }

    /// What the payee holds, in fen, as `node` knows it.
    pub(super) fn paid(&self, node: u32) -> u128 {
        let state = self.core(node).final_tip().state();
        state.holding(self.account("payee"), cny()).map_or(0, |holding| holding.posted.0)
    }
}

impl Node {
    fn batches(&self) -> Vec<ledger::block::Batch> {
        let records = self.log.iter().map(|(tag, payload)| ReadRecord::decode(*tag, payload));
        let batches = records.filter_map(|record| match record.unwrap() {
            ReadRecord::Batch(batch) => Some(batch),
            ReadRecord::Consensus(_)
            | ReadRecord::Final(_)
            | ReadRecord::Snapshot(_)
            | ReadRecord::Forward(_) => None,
        });
        batches.collect()
    }

    /// Forgets the last `count` records: they were not written before the power went.
    pub(super) fn lose_records(&mut self, count: usize) {
        self.log.truncate(self.log.len() - count);
    }
}

fn as_message(payload: Vec<u8>) -> PeerMessage {
    let Ok(ReadRecord::Batch(batch)) = ReadRecord::decode(1, &payload) else { panic!("a batch") };
    PeerMessage::Batch(batch)
}

fn cny() -> AssetCode {
    AssetCode::parse("CNY").unwrap()
}
