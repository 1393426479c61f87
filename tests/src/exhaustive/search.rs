//! The search through all states, breadth first, and what must hold in each.
//!
//! Invariants: a state is visited once; the way to a violation is a shortest one. Absent: any
//! sampling; what is not visited is beyond the limit, and the result says so.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{BuildHasherDefault, Hasher};

use consensus::Evidence;
use ledger::certificate::{Vote, VoteKind};
use ledger::crypto::Signature;
use ledger::ids::{ValidatorIndex, View};

use super::menu::{BlockNumber, Menu, Set, VALIDATORS, bit, members};
use super::node::{Event, Key, Node};
use super::{Planted, Restart, Scope};
use crate::sim::random::Random;

/// What was seen on the way: a model that can do nothing proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// A block is final at some honest validator.
    pub finalized: bool,
    /// A block is final at all honest validators.
    pub finalized_by_all: bool,
    /// A view is nullified.
    pub nullified: bool,
    /// A view is both notarized and nullified.
    pub notarized_and_nullified: bool,
    /// A block is final in the last view.
    pub finalized_last: bool,
    /// The block that ends the epoch is final in a later view than its own.
    pub ended_later: bool,
    /// A validator that was started again has voted since.
    pub voted_after_restart: bool,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub property: &'static str,
    /// Who did what, event by event, and what it came to.
    pub way: Vec<String>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// States of the whole that were visited.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
    /// The most events from the beginning to a state.
    pub depth: usize,
    /// Different states of single replicas.
    pub replicas: usize,
    /// True if every state within the scope was visited.
    pub complete: bool,
    /// What was seen.
    pub reached: Reached,
    /// What does not hold, if anything.
    pub violation: Option<Violation>,
}

/// One state of one node, and where each event leads from it.
struct Entry {
    node: Node,
    own: Vec<Event>,
    report: Option<View>,
    next: HashMap<Event, u32>,
    /// Certificates and proposals that change nothing here.
    idle: (Set, Set),
    double: Option<String>,
}

/// A number for each node: the state of the whole.
type State = [u32; 4];

const FAULTY: u32 = u32::MAX;

type Mixing = BuildHasherDefault<Mixer>;

/// A hash of small numbers; what is hashed is not hostile.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(16) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

struct Search {
    menu: Menu,
    /// The places of honest validators that lead nothing.
    bystanders: Vec<usize>,
    entries: Vec<Entry>,
    keys: HashMap<Key, u32>,
    /// What a set of certificates comes to.
    judged: HashMap<Set, (Vec<BlockNumber>, Option<&'static str>)>,
    offers: HashMap<(View, Set), Set>,
    visited: HashMap<State, u32, Mixing>,
    states: Vec<(State, u32)>,
    transitions: usize,
    reached: Reached,
}

/// Visits every state of `scope`, or as many as its limit allows.
#[must_use]
pub fn explore(scope: Scope) -> Exploration {
    let mut search = Search::new(scope);
    let mut depth = vec![0_usize];
    let mut violation = search.judge(0);
    let mut next = 0;
    while violation.is_none() && next < search.states.len() && search.states.len() < scope.limit {
        for state in search.successors(next) {
            search.transitions += 1;
            if search.add(state, next) {
                depth.push(depth[next] + 1);
                violation = violation.or_else(|| search.judge(search.states.len() - 1));
            }
        }
        next += 1;
    }
    Exploration {
        states: search.states.len(),
        transitions: search.transitions,
        depth: depth.into_iter().max().unwrap_or(0),
        replicas: search.entries.len(),
        complete: violation.is_none() && next == search.states.len(),
        reached: search.reached,
        violation,
    }
}

/// Goes `walks` ways through the states of `scope` at random, each of at most `length` events that
/// change something: for scopes too large to be visited whole.
#[must_use]
pub fn walk(scope: Scope, seed: u64, walks: usize, length: usize) -> Exploration {
    let mut search = Search::new(scope);
    let mut random = Random::new(seed);
    let (mut violation, mut depth) = (search.judge(0), 0);
    for _ in 0..walks {
        let (mut at, mut steps) = (0, 0);
        for _ in 0..length * 4 {
            let state = search.states[at].0;
            let events = search.events(state);
            if steps == length || events.is_empty() || violation.is_some() {
                break;
            }
            let (place, event) = events[random.position(events.len())];
            let mut after = state;
            after[place] = search.follow(state[place], event);
            if after != state {
                search.transitions += 1;
                steps += 1;
                search.add(after, at);
                at = search.number(after);
                violation = search.judge(at);
            }
        }
        depth = depth.max(steps);
    }
    Exploration {
        states: search.states.len(),
        transitions: search.transitions,
        depth,
        replicas: search.entries.len(),
        complete: false,
        reached: search.reached,
        violation,
    }
}

impl Search {
    fn new(scope: Scope) -> Self {
        let menu = Menu::new(scope);
        let is_bystander = |index: &u16| !menu.is_faulty(*index) && menu.place(*index).is_none();
        let bystanders = (0..VALIDATORS).filter(is_bystander).map(usize::from).collect();
        let mut search = Self {
            menu,
            bystanders,
            entries: Vec::new(),
            keys: HashMap::new(),
            judged: HashMap::new(),
            offers: HashMap::new(),
            visited: HashMap::default(),
            states: Vec::new(),
            transitions: 0,
            reached: Reached::default(),
        };
        let mut first = [FAULTY; 4];
        for (index, place) in (0..VALIDATORS).zip(&mut first) {
            if !search.menu.is_faulty(index) {
                let node = Node::new(&mut search.menu, index);
                *place = search.intern(node);
            }
        }
        search.add(first, 0);
        search
    }

    /// The state with bystanders in one order: they stand for each other.
    fn in_order(&self, mut state: State) -> State {
        let mut nodes: Vec<u32> = self.bystanders.iter().map(|place| state[*place]).collect();
        nodes.sort();
        for (place, node) in self.bystanders.iter().zip(nodes) {
            state[*place] = node;
        }
        state
    }

    fn add(&mut self, state: State, from: usize) -> bool {
        let state = self.in_order(state);
        let number = u32::try_from(self.states.len()).expect("fewer than four milliards of states");
        let is_new = *self.visited.entry(state).or_insert(number) == number;
        if is_new {
            self.states.push((state, u32::try_from(from).unwrap_or(0)));
        }
        is_new
    }

    fn number(&self, state: State) -> usize {
        let number = self.visited.get(&self.in_order(state)).copied().unwrap_or_default();
        usize::try_from(number).unwrap_or_default()
    }

    fn intern(&mut self, node: Node) -> u32 {
        let key = node.key(&self.menu);
        if let Some(number) = self.keys.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.entries.len()).expect("fewer than four milliards of nodes");
        let own = node.own_events(&self.menu);
        let asks = matches!(self.menu.scope.restart, Some((_, Restart::Wiped)));
        let report = if asks { node.report() } else { None };
        let double = self.double_vote(&node);
        let (next, idle) = (HashMap::new(), (0, 0));
        self.entries.push(Entry { node, own, report, next, idle, double });
        self.keys.insert(key, number);
        number
    }

    /// Two votes of the node that prove it faulty.
    fn double_vote(&self, node: &Node) -> Option<String> {
        let vote = |number: usize| Vote {
            subject: self.menu.subjects[number],
            validator: ValidatorIndex(0),
            signature: Signature([0; 64]),
        };
        let votes: Vec<Vote> = members(node.votes).map(vote).collect();
        let pairs = votes.iter().flat_map(|one| votes.iter().map(move |other| (one, other)));
        let mut contradictory = pairs.filter(|(one, other)| Evidence::of(**one, **other).is_some());
        contradictory
            .next()
            .map(|(one, other)| format!("{:?} and {:?}", one.subject, other.subject))
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        usize::try_from(number).ok().and_then(|number| self.entries.get(number))
    }

    fn nodes(&self, state: State) -> impl Iterator<Item = &Entry> {
        state.into_iter().filter_map(|number| self.entry(number))
    }

    /// Where `event` leads from the node state `number`.
    fn follow(&mut self, number: u32, event: Event) -> u32 {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(next) = self.entries[at].next.get(&event) {
            return *next;
        }
        let node = self.entries[at].node.after(&mut self.menu, event);
        let next = self.intern(node);
        let entry = &mut self.entries[at];
        entry.next.insert(event, next);
        if next == number {
            match event {
                Event::Certificate(subject) => entry.idle.0 |= bit(subject),
                Event::Proposal(proposal) => entry.idle.1 |= bit(proposal),
                Event::Timeout
                | Event::Work
                | Event::Restart
                | Event::Report(..)
                | Event::Nullify(_) => {}
            }
        }
        next
    }

    /// The subjects that a quorum may have voted for: enough honest votes besides the faulty ones.
    fn certified(&self, state: State) -> Set {
        let mut at_least = [Set::MAX, 0, 0, 0];
        for entry in self.nodes(state) {
            for count in (1..at_least.len()).rev() {
                at_least[count] |= at_least[count - 1] & entry.node.votes;
            }
        }
        let shortage = usize::from(self.menu.scope.planted == Some(Planted::QuorumOneShort));
        let faulty = self.menu.scope.faulty.len();
        let needed = self.menu.validators.quorum().saturating_sub(faulty + shortage);
        at_least.get(needed).copied().unwrap_or(0)
    }

    /// The proposals of `view` that may reach anyone.
    fn proposed(&mut self, state: State, certified: Set, view: View) -> Set {
        if !self.menu.is_faulty(Menu::leader(view)) {
            let made: Set = self.nodes(state).fold(0, |made, entry| made | entry.node.proposals);
            return members(made)
                .filter(|number| self.menu.proposals[*number].0 == view)
                .fold(0, |set, number| set | bit(number));
        }
        let notarized: Vec<usize> = members(certified)
            .filter(|number| self.menu.subjects[*number].kind == VoteKind::Notarize)
            .collect();
        let key = (view, notarized.iter().fold(0, |set, number| set | bit(*number)));
        if let Some(offers) = self.offers.get(&key) {
            return *offers;
        }
        let blocks = notarized
            .iter()
            .filter_map(|number| self.menu.number(&self.menu.subjects[*number].block));
        let blocks: Vec<BlockNumber> = blocks.collect();
        let offers = self.menu.offers(view, &blocks);
        self.offers.insert(key, offers);
        offers
    }

    /// Every state that one event leads to.
    fn successors(&mut self, number: usize) -> Vec<State> {
        let state = self.states[number].0;
        self.steps(state).into_iter().map(|(_, _, next)| next).collect()
    }

    /// Every event, of which node, and what it leads to.
    fn steps(&mut self, state: State) -> Vec<(usize, Event, State)> {
        let mut steps = Vec::new();
        for (place, event) in self.events(state) {
            let next = self.follow(state[place], event);
            if next != state[place] {
                let mut after = state;
                after[place] = next;
                steps.push((place, event, after));
            }
        }
        steps
    }

    /// What may happen in a state, and to which node.
    fn events(&mut self, state: State) -> Vec<(usize, Event)> {
        let certified = self.certified(state);
        let mut all = Vec::new();
        for place in 0..state.len() {
            let Some(entry) = self.entry(state[place]) else { continue };
            let view = entry.node.replica.view();
            let (idle, mut events) = (entry.idle, entry.own.clone());
            let is_over = view.0 > self.menu.scope.views || entry.node.replica.has_ended();
            let asks = entry.node.replica.memory() != consensus::Memory::Whole;
            events.extend(members(certified & !idle.0).map(Event::Certificate));
            // A second proposal would prove the leader faulty, which ends the view like its time.
            if !is_over && entry.node.heard != Some(view) {
                let proposed = self.proposed(state, certified, view);
                events.extend(members(proposed & !idle.1).map(Event::Proposal));
            }
            if asks {
                events.extend(self.reports(state, place));
            }
            all.extend(events.into_iter().map(|event| (place, event)));
        }
        all
    }

    /// What the others may report to a node; faulty ones the lowest, or the highest.
    fn reports(&self, state: State, to: usize) -> Vec<Event> {
        let mut reports = Vec::new();
        for (index, (place, number)) in (0..VALIDATORS).zip(state.into_iter().enumerate()) {
            match self.entry(number) {
                Some(_) if place == to => {}
                Some(entry) => {
                    reports.extend(entry.report.map(|view| Event::Report(index, view)));
                }
                None => {
                    let lies = [View(0), View(u64::MAX)];
                    reports.extend(lies.map(|view| Event::Report(index, view)));
                }
            }
        }
        reports
    }

    /// Checks the newest state.
    fn judge(&mut self, number: usize) -> Option<Violation> {
        let state = self.states[number].0;
        let certified = self.certified(state);
        let (finals, broken) = match self.judged.get(&certified) {
            Some(known) => known.clone(),
            None => {
                let judged = self.judge_certificates(certified);
                self.judged.insert(certified, judged.clone());
                judged
            }
        };
        let lasts: Vec<BlockNumber> = self.nodes(state).map(|entry| entry.node.last).collect();
        let all: Vec<_> = finals.iter().chain(&lasts).collect();
        let forked = all.iter().any(|one| all.iter().any(|other| !self.menu.agree(**one, **other)));
        let fault = self.nodes(state).find_map(|entry| entry.node.fault.clone());
        let double = self.nodes(state).find_map(|entry| entry.double.clone());
        self.look(state, &lasts);
        let property = match (forked, broken, &double, &fault) {
            (_, _, Some(_), _) => "no double vote",
            (_, Some(broken), _, _) => broken,
            (true, _, _, _) => "agreement",
            (_, _, _, Some(_)) => "each replica for itself",
            (false, None, None, None) => return None,
        };
        let mut way = self.way(number);
        way.extend(double.or(fault));
        Some(Violation { property, way })
    }

    /// The blocks that a set of certificates makes final, and what is wrong with it.
    fn judge_certificates(&self, certified: Set) -> (Vec<BlockNumber>, Option<&'static str>) {
        let subjects: Vec<_> = members(certified).map(|n| self.menu.subjects[n]).collect();
        let of = |kind| subjects.iter().filter(move |subject| subject.kind == kind);
        let block = |hash| self.menu.number(&hash);
        let finals = of(VoteKind::Finalize).filter_map(|subject| block(subject.block)).collect();
        let twice = of(VoteKind::Notarize).any(|one| {
            of(VoteKind::Notarize).any(|other| one.view == other.view && one.block != other.block)
        });
        let passed = of(VoteKind::Finalize)
            .any(|one| of(VoteKind::Nullify).any(|other| one.view == other.view));
        let child =
            of(VoteKind::Notarize).filter_map(|subject| block(subject.block)).any(|block| {
                let parent = self.menu.parent(block);
                parent.is_some_and(|parent| self.menu.blocks[parent].header.ends_epoch())
            });
        let broken = if twice {
            Some("one notarization per view")
        } else if passed {
            Some("no view is finalized and nullified")
        } else if child {
            Some("no child of an epoch's last block")
        } else {
            None
        };
        (finals, broken)
    }

    /// Notes what this state shows of what the model can do.
    fn look(&mut self, state: State, lasts: &[BlockNumber]) {
        let certified = self.certified(state);
        let views = self.menu.scope.views;
        let mut reached = self.reached;
        reached.finalized |= lasts.iter().any(|last| *last != 0);
        reached.finalized_by_all |= lasts.iter().all(|last| *last != 0);
        let subjects: Vec<_> = members(certified).map(|n| self.menu.subjects[n]).collect();
        for subject in &subjects {
            let is_final = subject.kind == VoteKind::Finalize;
            let is_null = subject.kind == VoteKind::Nullify;
            let own = self.menu.number(&subject.block).map(|n| self.menu.blocks[n].header.view);
            reached.nullified |= is_null;
            reached.finalized_last |= is_final && subject.view.0 == views;
            reached.ended_later |= is_final && own.is_some_and(|own| own < subject.view);
            reached.notarized_and_nullified |= is_null
                && subjects
                    .iter()
                    .any(|other| other.view == subject.view && other.kind == VoteKind::Notarize);
        }
        if self.menu.scope.restart.is_some() {
            let again = self.nodes(state).any(|entry| entry.node.voted_again);
            reached.voted_after_restart |= again;
        }
        self.reached = reached;
    }

    /// How the state was reached.
    fn way(&mut self, number: usize) -> Vec<String> {
        let mut way = Vec::new();
        let mut at = number;
        while at != 0 {
            let (state, from) = self.states[at];
            let from = usize::try_from(from).unwrap_or(0);
            let steps = self.steps(self.states[from].0);
            let step = steps.into_iter().find(|(_, _, next)| self.in_order(*next) == state);
            way.extend(step.map(|(place, event, _)| self.describe(place, event)));
            at = from;
        }
        way.reverse();
        way
    }

    fn describe(&self, place: usize, event: Event) -> String {
        let mut text = format!("validator {place}: {event:?}");
        match event {
            Event::Proposal(number) => {
                let (view, block) = self.menu.proposals[number];
                let _ = write!(text, ", block {block} in view {view}");
            }
            Event::Certificate(number) => {
                let subject = self.menu.subjects[number];
                let block = self.menu.number(&subject.block);
                let _ = write!(text, ", {:?} in view {} of {block:?}", subject.kind, subject.view);
            }
            Event::Timeout
            | Event::Work
            | Event::Restart
            | Event::Report(..)
            | Event::Nullify(_) => {}
        }
        text
    }
}
