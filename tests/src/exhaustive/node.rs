//! One honest validator of the exhaustive check: a real replica, and what it has said so far.
//!
//! Invariants: two nodes with the same [`Key`] do the same from then on, but for the moments at
//! which they repeat what they said. Absent: the others (see [`super::search`]).

use std::collections::{BTreeSet, VecDeque};

use consensus::{Input, Memory, Message, Output, Record, Replica, Report, Start, Status, Verdict};
use ledger::block::Block;
use ledger::certificate::{Certificate, VoteKind};
use ledger::ids::{Epoch, Timestamp, ValidatorIndex, View};

use super::digest;
use super::menu::{BlockNumber, Menu, NOW, Set, bit, members};
use super::{Planted, Restart};

/// When every time-out has passed.
const LATER: Timestamp = NOW.plus(3_600_000);

/// The number of the question of a wiped node.
const INQUIRY: u64 = 1;

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    /// The proposal with this number arrives.
    Proposal(usize),
    /// The certificate of the subject with this number arrives.
    Certificate(usize),
    /// The time of the view has ended.
    Timeout,
    /// Work arrives at the leader.
    Work,
    /// The node starts again.
    Restart,
    /// A report arrives at the node that lost its memory.
    Report(u16, View),
    /// The planted signer nullifies this view.
    Nullify(View),
}

/// A node.
#[derive(Clone)]
pub(super) struct Node {
    index: u16,
    pub(super) replica: Replica,
    /// Every vote that it ever sent, over all its lives.
    pub(super) votes: Set,
    /// Its proposals.
    pub(super) proposals: Set,
    /// The last block that it called final, and where.
    pub(super) last: BlockNumber,
    certificate: Option<Certificate>,
    /// The view whose proposal it was given.
    pub(super) heard: Option<View>,
    records: Vec<Record>,
    pub(super) restarts: u8,
    /// True if it has voted since it was started again.
    pub(super) voted_again: bool,
    /// What it did that is wrong in itself.
    pub(super) fault: Option<String>,
}

/// What tells nodes apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    place: Option<u16>,
    replica: String,
    heard: Option<View>,
    voted_again: bool,
    votes: Set,
    proposals: Set,
    last: BlockNumber,
    restarts: u8,
    records: BTreeSet<Vec<u8>>,
}

impl Node {
    /// Validator `index` at the start of the chain.
    pub(super) fn new(menu: &mut Menu, index: u16) -> Self {
        let start = Start {
            finalized: menu.blocks[0].clone(),
            certificate: None,
            records: Vec::new(),
            memory: Memory::Whole,
        };
        let (replica, outputs) = Replica::new(menu.config(index), start, NOW);
        let mut node = Self {
            index,
            replica,
            votes: 0,
            proposals: 0,
            last: 0,
            certificate: None,
            heard: None,
            records: Vec::new(),
            restarts: 0,
            voted_again: false,
            fault: None,
        };
        node.perform(menu, NOW, outputs);
        node
    }

    /// The node after an event.
    pub(super) fn after(&self, menu: &mut Menu, event: Event) -> Self {
        let mut node = self.clone();
        let from = |index| ValidatorIndex(index);
        let other = if self.index == 0 { 1 } else { 0 };
        let (now, input) = match event {
            Event::Proposal(number) => {
                node.heard = Some(menu.proposals[number].0);
                let leader = Menu::leader(menu.proposals[number].0);
                (NOW, Input::Message { from: from(leader), message: menu.message(number) })
            }
            Event::Certificate(number) => {
                let message = Message::Certificate(menu.certificate(number));
                (NOW, Input::Message { from: from(other), message })
            }
            Event::Timeout => (LATER, Input::Wake),
            Event::Work => (NOW, Input::WorkWaits),
            Event::Report(index, view) => {
                let report = Report { epoch: Epoch(0), inquiry: INQUIRY, view };
                (NOW, Input::Message { from: from(index), message: Message::Report(report) })
            }
            Event::Restart => {
                node.restart(menu);
                return node;
            }
            Event::Nullify(view) => {
                node.votes |= bit(menu.subject_of(view, VoteKind::Nullify, 0));
                return node;
            }
        };
        let outputs = node.replica.step(now, input);
        let before = node.votes;
        node.perform(menu, now, outputs);
        node.voted_again |= node.restarts > 0 && node.votes != before;
        node
    }

    fn restart(&mut self, menu: &mut Menu) {
        let how = menu.scope.restart.map(|(_, how)| how);
        let (finalized, certificate, records) = match how {
            Some(Restart::Crashed) | None => {
                (menu.blocks[self.last].clone(), self.certificate.clone(), self.records.clone())
            }
            Some(Restart::Wiped | Restart::Forgetful) => (menu.blocks[0].clone(), None, Vec::new()),
        };
        let memory = match how {
            Some(Restart::Wiped) => Memory::Lost { inquiry: INQUIRY },
            Some(Restart::Crashed | Restart::Forgetful) | None => Memory::Whole,
        };
        self.last = menu.number(&finalized.hash(&menu.domains)).unwrap_or(0);
        self.certificate.clone_from(&certificate);
        self.records.clone_from(&records);
        self.restarts += 1;
        self.heard = None;
        let start = Start { finalized, certificate, records, memory };
        let (replica, outputs) = Replica::new(menu.config(self.index), start, NOW);
        self.replica = replica;
        self.perform(menu, NOW, outputs);
    }

    /// Performs outputs to the end; what the node is asked is answered at once.
    fn perform(&mut self, menu: &mut Menu, now: Timestamp, outputs: Vec<Output>) {
        let mut waiting = VecDeque::from(outputs);
        while let Some(output) = waiting.pop_front() {
            if let Some(input) = self.perform_one(menu, output) {
                waiting.extend(self.replica.step(now, input));
            }
        }
    }

    fn perform_one(&mut self, menu: &mut Menu, output: Output) -> Option<Input> {
        match output {
            Output::Persist(record) => self.records.push(record),
            Output::Broadcast(message) => self.say(menu, &message),
            Output::Build { view, parent } if view.0 <= menu.scope.views => {
                let parent = menu.number(&parent)?;
                let number = menu.build(view, parent, false);
                return Some(Input::Built { block: menu.blocks[number].clone() });
            }
            Output::Execute(block) => {
                let block = block.hash(&menu.domains);
                return Some(Input::Verdict { block, verdict: Verdict::Valid });
            }
            Output::Final { block, certificate } => self.finalize(menu, &block, certificate),
            Output::Fetch { block, .. } => {
                let block = menu.blocks[menu.number(&block)?].clone();
                return Some(Input::Fetched { block });
            }
            Output::Evidence(evidence) => {
                let culprit = evidence.culprit();
                if !menu.is_faulty(culprit.0) {
                    self.fault = Some(format!("evidence names the honest validator {culprit:?}"));
                }
            }
            Output::CatchUp { .. } => self.fault = Some("it is too far behind".to_owned()),
            Output::Build { .. }
            | Output::Send { .. }
            | Output::WakeAt(_)
            | Output::Regained
            | Output::Entered { .. } => {}
        }
        None
    }

    fn say(&mut self, menu: &mut Menu, message: &Message) {
        match message {
            Message::Vote(vote) => self.votes |= bit(menu.subject(vote.subject)),
            Message::Proposal(proposal) => {
                self.votes |= bit(menu.subject(proposal.vote.subject));
                let hash = proposal.block.hash(&menu.domains);
                if let Some(block) = menu.number(&hash) {
                    self.proposals |= bit(menu.proposal(proposal.vote.subject.view, block));
                }
            }
            Message::Certificate(_) | Message::Status(_) | Message::Report(_) => {}
        }
    }

    fn finalize(&mut self, menu: &Menu, block: &Block, certificate: Option<Certificate>) {
        let Some(number) = menu.number(&block.hash(&menu.domains)) else {
            self.fault = Some("an unknown block is final".to_owned());
            return;
        };
        if menu.parent(number) != Some(self.last) {
            self.fault = Some(format!("block {number} is final after block {}", self.last));
        }
        self.last = number;
        self.certificate = certificate;
    }

    /// The view that the node would report, if it was asked.
    pub(super) fn report(&self) -> Option<View> {
        let view = View(1);
        let finalized = View(0);
        let inquiry = Some(INQUIRY);
        let status = Status { epoch: Epoch(0), view, finalized, missing: view, inquiry };
        let from = ValidatorIndex(if self.index == 0 { 1 } else { 0 });
        let input = Input::Message { from, message: Message::Status(status) };
        let outputs = self.replica.clone().step(LATER, input);
        outputs.into_iter().find_map(|output| match output {
            Output::Send { message: Message::Report(report), .. } => Some(report.view),
            Output::Send { .. }
            | Output::Persist(_)
            | Output::Broadcast(_)
            | Output::WakeAt(_)
            | Output::Build { .. }
            | Output::Execute(_)
            | Output::Final { .. }
            | Output::Fetch { .. }
            | Output::CatchUp { .. }
            | Output::Evidence(_)
            | Output::Regained
            | Output::Entered { .. } => None,
        })
    }

    /// What may happen to this node without the others.
    pub(super) fn own_events(&self, menu: &Menu) -> Vec<Event> {
        let mut events = Vec::new();
        let view = self.replica.view();
        if view.0 <= menu.scope.views && !self.replica.has_ended() {
            events.push(Event::Timeout);
            if Menu::leader(view) == self.index {
                events.push(Event::Work);
            }
        }
        let may_restart = menu.scope.restart.is_some_and(|(index, _)| index == self.index);
        if may_restart && self.restarts == 0 {
            events.push(Event::Restart);
        }
        if menu.scope.planted == Some(Planted::NullifiesAfterFinalizing) {
            let finalized = members(self.votes).map(|number| menu.subjects[number]);
            let finalized = finalized.filter(|subject| subject.kind == VoteKind::Finalize);
            events.extend(finalized.map(|subject| Event::Nullify(subject.view)));
        }
        events
    }

    /// The node's key.
    pub(super) fn key(&self, menu: &Menu) -> Key {
        let records = match menu.scope.restart {
            Some((index, Restart::Crashed)) if index == self.index && self.restarts == 0 => {
                self.records.iter().map(Record::encode).collect()
            }
            Some(_) | None => BTreeSet::new(),
        };
        Key {
            place: menu.place(self.index),
            replica: digest::of(&self.replica, self.index, menu.scope.views),
            votes: self.votes,
            proposals: self.proposals,
            last: self.last,
            heard: self.heard.filter(|view| *view == self.replica.view()),
            restarts: self.restarts,
            voted_again: self.voted_again,
            records,
        }
    }
}
