//! The rig: replicas under virtual time, a network that each view cuts, and the checkers that look
//! on.
//!
//! Invariants: one event at a time, in the order of time and then of scheduling; every message
//! takes as long; blocks are empty, and right, for what is in them is not the question. A copy of a
//! rig goes on as the original would. Absent: which cuts there are (see [`super::explore()`]).

use consensus::{Config, Identity, Input, Memory, Message, Output, Replica, Start, Verdict};
use ledger::block::{Block, Cut};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::chain::Executed;
use ledger::crypto::Suite;
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, Timestamp, ValidatorIndex, View};
use node::core::message::{FinalBlock, PeerMessage};
use node::core::record::LogRecord;
use node::core::step::Committed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

use super::groups::Groups;
use super::scenario::Scenario;
use crate::sim::checkers::{Context, Observation, OfReplicas, Standing};
use crate::sim::epochs::Epochs;
use crate::sim::plan::Role;
use crate::sim::setup::Setup;

/// How long a message takes, in milliseconds.
const DELAY: u64 = 10;

/// How long a view's cut holds after the first replica has entered the view, in milliseconds: all
/// time-outs of the view are over by then.
const CUT_HOLDS: u64 = 2_500;

/// How long after the last cut every honest replica has a new final block, in milliseconds.
const PATIENCE: u64 = 10_000;

/// A bug of all replicas, to see that twins find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A quorum is one vote less: the missing vote is taken as cast.
    QuorumOneShort,
    /// A replica that has nullified a view still votes to finalize it.
    VotesAfterNullify,
}

/// What a scenario came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The checker that found something, and what.
    pub finding: Option<(&'static str, String)>,
    /// The highest final height of a replica.
    pub height: u64,
    /// How often a replica held evidence.
    pub evidence: u64,
    /// Events.
    pub steps: u64,
    /// What each checker looked at.
    pub checked: Vec<(&'static str, u64)>,
}

/// Runs a scenario.
#[must_use]
pub fn run(scenario: &Scenario, planted: Option<Planted>) -> Outcome {
    let views = scenario.cuts.len();
    let mut rig = Rig::new(scenario.validators, &scenario.twins, views, planted);
    scenario.cuts.iter().for_each(|groups| rig.cut(groups.clone()));
    while rig.advance() == Pause::NeedsCut {}
    rig.outcome()
}

#[derive(Clone, Debug)]
enum What {
    Says(Rc<PeerMessage>),
    WantsBlock(Hash),
    Gives(Rc<Block>),
    WantsChain(Height),
    Chain(Rc<Vec<FinalBlock>>),
}

#[derive(Clone, Debug)]
enum Event {
    /// It was sent in this view.
    Arrives { from: usize, to: usize, view: View, what: What },
    /// The replica wanted to be woken.
    Wakes { at: usize, request: u64 },
}

#[derive(Clone, Debug)]
struct Node {
    replica: Replica,
    finals: Vec<FinalBlock>,
    /// The request to be woken that holds.
    wake: u64,
    /// For planted bugs: the votes heard, and the views nullified.
    heard: BTreeMap<VoteSubject, BTreeSet<ValidatorIndex>>,
    nullified: BTreeSet<View>,
}

/// Why a rig stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// A message was sent in a view of which it is not known how it is cut.
    NeedsCut,
    /// The scenario is over.
    Over,
}

/// Replicas, network, checkers.
#[derive(Clone)]
pub(super) struct Rig {
    setup: Arc<Setup>,
    seats: Rc<Vec<usize>>,
    standings: Rc<Vec<Standing>>,
    epochs: Rc<Epochs>,
    planted: Option<Planted>,
    /// How many views are cut.
    views: usize,
    cuts: Vec<Groups>,
    /// When the first replica entered each view that is cut.
    entered: BTreeMap<View, u64>,
    now: u64,
    scheduled: u64,
    events: BTreeMap<(u64, u64), Event>,
    nodes: Vec<Node>,
    blocks: BTreeMap<Hash, Arc<Executed>>,
    judges: OfReplicas,
    outcome: Outcome,
}

impl Rig {
    /// Replicas that have just started, before the first message arrives.
    pub(super) fn new(
        validators: usize,
        twins: &[usize],
        views: usize,
        planted: Option<Planted>,
    ) -> Self {
        let setup = Setup::of(validators, Suite::KeyedHash);
        let seats = Scenario::seats(validators, twins);
        let standing = |seat: &usize| {
            let role = if twins.contains(seat) { Role::Twin } else { Role::Honest };
            Standing { seat: *seat, role }
        };
        let standings = Rc::new(seats.iter().map(standing).collect());
        let started: Vec<_> = seats.iter().map(|seat| replica(&setup, *seat)).collect();
        let (nodes, firsts): (Vec<_>, Vec<_>) = started.into_iter().unzip();
        let mut rig = Self {
            seats: Rc::new(seats),
            epochs: Rc::new(Epochs::new(&setup)),
            standings,
            planted,
            views,
            cuts: Vec::new(),
            entered: BTreeMap::new(),
            now: 0,
            scheduled: 0,
            events: BTreeMap::new(),
            nodes,
            blocks: BTreeMap::new(),
            judges: OfReplicas::new(planted.is_none()),
            outcome: Outcome::default(),
            setup,
        };
        for (node, outputs) in firsts.into_iter().enumerate() {
            rig.perform(node, outputs);
        }
        rig
    }

    /// The next view is cut like this.
    pub(super) fn cut(&mut self, groups: Groups) {
        self.cuts.push(groups);
    }

    /// How many events there were.
    pub(super) const fn steps(&self) -> u64 {
        self.outcome.steps
    }

    /// The cuts so far.
    pub(super) fn cuts(&self) -> &[Groups] {
        &self.cuts
    }

    /// What the scenario came to.
    pub(super) fn outcome(mut self) -> Outcome {
        let heights = self.nodes.iter().map(|node| node.replica.finalized().header.height.0);
        self.outcome.height = heights.max().unwrap_or(0);
        self.outcome.checked = self.judges.checked();
        self.outcome
    }

    /// Goes on until the scenario is over, or needs to know how the next view is cut.
    pub(super) fn advance(&mut self) -> Pause {
        while !self.is_over() {
            let Some((key, event)) = self.events.first_key_value() else { break };
            let key = *key;
            if let Event::Arrives { view, .. } = event
                && self.is_cut(*view)
                && self.cut_of(*view).is_none()
            {
                return Pause::NeedsCut;
            }
            let Some(event) = self.events.remove(&key) else { break };
            (self.now, _) = key;
            self.outcome.steps += 1;
            self.happen(event);
        }
        Pause::Over
    }

    /// A digest of all that decides what follows.
    pub(super) fn digest(&self) -> u128 {
        let mut digest = Digest([0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15]);
        let parts = (&self.nodes, &self.events, &self.judges, &self.entered, self.now);
        // A digest takes any text.
        let _ = write!(digest, "{parts:?}");
        let [first, second] = digest.0;
        (u128::from(first) << 64) | u128::from(second)
    }

    fn is_cut(&self, view: View) -> bool {
        usize::try_from(view.0).is_ok_and(|view| (1..=self.views).contains(&view))
    }

    fn cut_of(&self, view: View) -> Option<&Groups> {
        self.cuts.get(usize::try_from(view.0).ok()?.checked_sub(1)?)
    }

    /// True once every honest replica has a final block of a view that was not cut, or something
    /// was found.
    fn is_over(&mut self) -> bool {
        if self.outcome.finding.is_some() {
            return true;
        }
        let beyond = |node: &Node| {
            usize::try_from(node.replica.finalized().header.view.0).unwrap_or(0) > self.views
        };
        let mut honest = self.nodes.iter().zip(self.standings.iter()).filter(|(_, s)| s.is_whole());
        if honest.all(|(node, _)| beyond(node)) {
            return true;
        }
        let healed = self.entered.values().max().copied().unwrap_or(0) + CUT_HOLDS;
        if self.now > healed + PATIENCE {
            let heights = self.nodes.iter().map(|node| node.replica.finalized().header.view.0);
            let text = format!("final views after healing: {:?}", heights.collect::<Vec<_>>());
            self.outcome.finding = Some(("liveness", text));
        }
        self.outcome.finding.is_some()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Wakes { at, request } => {
                if self.nodes[at].wake == request {
                    self.step(at, Input::Wake);
                }
            }
            Event::Arrives { from, to, view, what } => {
                if self.reaches(from, to, view) {
                    self.arrive(from, to, what);
                }
            }
        }
    }

    fn reaches(&self, from: usize, to: usize, view: View) -> bool {
        let is_old = |since: &u64| since + CUT_HOLDS <= self.now;
        !self.is_cut(view)
            || self.entered.get(&view).is_some_and(is_old)
            || self.cut_of(view).is_some_and(|groups| groups.reach(from, to))
    }

    fn arrive(&mut self, from: usize, to: usize, what: What) {
        match what {
            What::Says(message) => {
                let PeerMessage::Consensus(message) = message.as_ref() else { return };
                let sender = index(self.seats[from]);
                self.step(to, Input::Message { from: sender, message: message.clone() });
                if let Message::Vote(vote) = message {
                    self.count_one_short(to, vote);
                }
            }
            What::WantsBlock(hash) => {
                let node = &self.nodes[to];
                let domains = &self.setup.domains;
                let finals = || node.finals.iter().rev().map(|known| &known.block);
                let known = node.replica.block(&hash);
                let known = known.or_else(|| finals().find(|block| block.hash(domains) == hash));
                if let Some(block) = known.cloned() {
                    self.send(to, from, &What::Gives(Rc::new(block)));
                }
            }
            What::Gives(block) => {
                self.step(to, Input::Fetched { block: block.as_ref().clone() });
            }
            What::WantsChain(height) => {
                let above = self.nodes[to].finals.iter();
                let above = above.filter(|known| known.block.header.height >= height);
                let chain: Vec<_> = above.cloned().collect();
                self.send(to, from, &What::Chain(Rc::new(chain)));
            }
            What::Chain(chain) => self.catch_up(to, &chain),
        }
    }

    /// Takes final blocks over, up to the last that has its own certificate.
    fn catch_up(&mut self, to: usize, chain: &[FinalBlock]) {
        let certified = chain.iter().rposition(|known| known.certificate.is_some());
        for known in chain.iter().take(certified.map_or(0, |last| last + 1)) {
            self.finalize(to, known.block.clone(), known.certificate.clone());
        }
        if let Some(last) = certified.and_then(|last| chain.get(last))
            && let Some(certificate) = last.certificate.clone()
        {
            let block = last.block.clone();
            self.step(to, Input::CaughtUp { block, certificate });
        }
    }

    /// One step of a replica, and all that follows at once.
    fn step(&mut self, node: usize, input: Input) {
        let clock = Timestamp(Setup::EPOCH + self.now);
        let outputs = self.nodes[node].replica.step(clock, input);
        self.perform(node, outputs);
    }

    fn perform(&mut self, node: usize, outputs: Vec<Output>) {
        let view = self.nodes[node].replica.view();
        if self.is_cut(view) {
            self.entered.entry(view).or_insert(self.now);
        }
        let mut answers = Vec::new();
        for output in outputs {
            answers.extend(self.effect(node, output));
        }
        for answer in answers {
            self.step(node, answer);
        }
    }

    fn effect(&mut self, node: usize, output: Output) -> Option<Input> {
        match output {
            Output::Persist(record) => {
                let record = LogRecord::Consensus(Box::new(record));
                self.observe(&Observation::Recorded(node, &record));
            }
            Output::Broadcast(message) => self.say(node, None, message),
            Output::Send { to, message } => self.say(node, Some(to), message),
            Output::WakeAt(at) => {
                self.nodes[node].wake += 1;
                let request = self.nodes[node].wake;
                let at = at.0.saturating_sub(Setup::EPOCH).max(self.now);
                self.schedule(at, Event::Wakes { at: node, request });
            }
            Output::Build { view, parent } => return self.build(node, view, &parent),
            Output::Execute(block) => {
                let block = block.hash(&self.setup.domains);
                return Some(Input::Verdict { block, verdict: Verdict::Valid });
            }
            Output::Final { block, certificate } => self.finalize(node, block, certificate),
            Output::Fetch { block, from } => {
                let first = from.first().copied();
                self.send_to(node, first, &What::WantsBlock(block));
            }
            Output::CatchUp { .. } => {
                let height = self.nodes[node].replica.finalized().header.height.next();
                self.send_to(node, None, &What::WantsChain(height));
            }
            Output::Evidence(evidence) => {
                self.outcome.evidence += 1;
                self.observe(&Observation::Evidence(node, &evidence));
            }
            Output::Entered { .. } => return Some(Input::WorkWaits),
            Output::Regained => {}
        }
        None
    }

    /// An empty block; twins build different ones.
    fn build(&mut self, node: usize, view: View, parent: &Hash) -> Option<Input> {
        let clock = Setup::EPOCH + self.now + u64::try_from(node).unwrap_or(0);
        let parent = match self.blocks.get(parent) {
            Some(executed) => &executed.tip,
            None => &self.setup.first,
        };
        let cut = Cut::empty(self.setup.banks.len());
        let proposer = index(self.seats[node]);
        let executed = parent.build(view, proposer, Timestamp(clock), cut, std::iter::empty());
        let block = executed.block.clone();
        self.blocks.insert(executed.tip.hash(), Arc::new(executed));
        Some(Input::Built { block })
    }

    fn finalize(&mut self, node: usize, block: Block, certificate: Option<Certificate>) {
        let finals = &mut self.nodes[node].finals;
        let height = finals.last().map_or(Height(0), |last| last.block.header.height);
        if block.header.height <= height {
            return;
        }
        let hash = block.hash(&self.setup.domains);
        finals.push(FinalBlock { block, certificate: certificate.clone() });
        if let Some(executed) = self.blocks.get(&hash) {
            let committed = Committed::new(Arc::clone(executed), certificate, Vec::new());
            self.observe(&Observation::Final(node, &committed));
        }
    }

    fn say(&mut self, node: usize, to: Option<ValidatorIndex>, message: Message) {
        let wrong = self.late_vote(node, &message);
        let message = PeerMessage::Consensus(message);
        self.observe(&Observation::Sent(node, &message));
        self.send_to(node, to, &What::Says(Rc::new(message)));
        if let Some(vote) = wrong {
            self.say(node, None, Message::Vote(vote));
        }
    }

    /// Sends to the replicas of one seat, or to those of all others.
    fn send_to(&mut self, node: usize, to: Option<ValidatorIndex>, what: &What) {
        let own = self.seats[node];
        for other in 0..self.nodes.len() {
            let seat = self.seats[other];
            if seat != own && to.is_none_or(|to| to == index(seat)) {
                self.send(node, other, what);
            }
        }
    }

    fn send(&mut self, from: usize, to: usize, what: &What) {
        let view = self.nodes[from].replica.view();
        let event = Event::Arrives { from, to, view, what: what.clone() };
        self.schedule(self.now + DELAY, event);
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    fn observe(&mut self, observation: &Observation) {
        if self.outcome.finding.is_none() {
            let (setup, hosts, epochs) = (&self.setup, &self.standings, &self.epochs);
            let context = Context { setup, hosts, epochs, now: self.now };
            self.outcome.finding = self.judges.observe(&context, observation);
        }
    }

    /// The planted quorum: the one vote that is missing is taken as cast.
    fn count_one_short(&mut self, node: usize, vote: &Vote) {
        if self.planted != Some(Planted::QuorumOneShort) {
            return;
        }
        let own = index(self.seats[node]);
        let heard = self.nodes[node].heard.entry(vote.subject).or_default();
        heard.insert(vote.validator);
        // The replica's own vote is the other one.
        if heard.len() + 2 != self.setup.validators.quorum() {
            return;
        }
        let everyone = self.setup.validators.iter().map(|(index, _)| index);
        let absent = everyone.filter(|index| *index != own && !heard.contains(index)).last();
        if let Some(absent) = absent {
            let key = &self.setup.banks[absent.position()].voting;
            let vote = Vote::sign(&self.setup.domains, key, absent, vote.subject);
            self.step(node, Input::Message { from: absent, message: Message::Vote(vote) });
        }
    }

    /// The planted vote: to finalize what was notarized, although it was nullified.
    fn late_vote(&mut self, node: usize, message: &Message) -> Option<Vote> {
        if self.planted != Some(Planted::VotesAfterNullify) {
            return None;
        }
        if let Message::Vote(vote) = message
            && vote.subject.kind == VoteKind::Nullify
        {
            self.nodes[node].nullified.insert(vote.subject.view);
        }
        let Message::Certificate(known) = message else { return None };
        let subject = VoteSubject { kind: VoteKind::Finalize, ..known.subject };
        let is_late = known.subject.kind == VoteKind::Notarize
            && self.nodes[node].nullified.contains(&subject.view);
        let seat = self.seats[node];
        let key = &self.setup.banks[seat].voting;
        is_late.then(|| Vote::sign(&self.setup.domains, key, index(seat), subject))
    }
}

fn index(seat: usize) -> ValidatorIndex {
    ValidatorIndex(u16::try_from(seat).unwrap_or(u16::MAX))
}

fn replica(setup: &Setup, seat: usize) -> (Node, Vec<Output>) {
    let config = Config {
        domains: setup.domains.clone(),
        validators: setup.validators.clone(),
        epoch: Epoch(0),
        identity: Some(Identity { index: index(seat), key: setup.banks[seat].voting.clone() }),
        timing: setup.timing,
    };
    let (header, cut) = (setup.first.header().clone(), setup.first.cut().clone());
    let start = Start {
        finalized: Block { header, cut },
        certificate: None,
        records: Vec::new(),
        memory: Memory::Whole,
    };
    let (replica, first) = Replica::new(config, start, Timestamp(Setup::EPOCH));
    let (heard, nullified) = (BTreeMap::new(), BTreeSet::new());
    (Node { replica, finals: Vec::new(), wake: 0, heard, nullified }, first)
}

/// Takes text and keeps 128 bits of it: against chance, not against malice.
struct Digest([u64; 2]);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let [first, second] = &mut self.0;
        for byte in text.bytes() {
            *first = (*first ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            *second = (second.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        Ok(())
    }
}
