//! Four replicas that talk to each other: every message arrives at once, unless the test loses it.

use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::hash::Hash;
use ledger::ids::{Height, Timestamp, ValidatorIndex};
use std::collections::{BTreeMap, VecDeque};

use super::committee::{Committee, T0};
use crate::{Input, Message, Output, Record, Replica, Start, Verdict};

/// A message under way: sender, receiver, text.
pub(super) type Parcel = (u16, u16, Message);

pub(super) struct Network<'a> {
    committee: &'a Committee,
    pub(super) now: Timestamp,
    replicas: BTreeMap<u16, Replica>,
    waiting: VecDeque<Parcel>,
    /// The block of this height ends the epoch.
    last: Option<Height>,
    /// What each replica made final, with its certificate.
    pub(super) finals: BTreeMap<u16, Vec<(Block, Option<Certificate>)>>,
    /// What each replica persisted.
    pub(super) records: BTreeMap<u16, Vec<Record>>,
    /// Everything that was broadcast.
    pub(super) said: Vec<(u16, Message)>,
    blocks: BTreeMap<Hash, Block>,
}

impl<'a> Network<'a> {
    /// The validators of `committee`, started; the block of height `last` ends the epoch.
    pub(super) fn new(committee: &'a Committee, last: Option<u64>) -> Self {
        let mut network = Self {
            committee,
            now: T0,
            replicas: BTreeMap::new(),
            waiting: VecDeque::new(),
            last: last.map(Height),
            finals: BTreeMap::new(),
            records: BTreeMap::new(),
            said: Vec::new(),
            blocks: BTreeMap::new(),
        };
        for index in 0..4 {
            network.start(index, committee.start(Vec::new()));
        }
        network
    }

    /// Starts a validator, in the place of the one that ran before.
    pub(super) fn start(&mut self, index: u16, start: Start) {
        let config = self.committee.config(Some(index));
        let (replica, outputs) = Replica::new(config, start, self.now);
        self.replicas.insert(index, replica);
        self.perform(index, outputs);
    }

    /// The validator stops; what it was sent is lost.
    pub(super) fn stop(&mut self, index: u16) {
        self.replicas.remove(&index);
    }

    pub(super) fn replica(&self, index: u16) -> &Replica {
        &self.replicas[&index]
    }

    /// Gives one validator an input.
    pub(super) fn step(&mut self, index: u16, input: Input) {
        if let Some(replica) = self.replicas.get_mut(&index) {
            let outputs = replica.step(self.now, input);
            self.perform(index, outputs);
        }
    }

    /// Delivers until nothing is under way; loses what `is_lost` says.
    pub(super) fn deliver(&mut self, is_lost: impl Fn(&Parcel) -> bool) {
        while let Some(parcel) = self.waiting.pop_front() {
            if !is_lost(&parcel) {
                let (from, to, message) = parcel;
                let from = ValidatorIndex(from);
                self.step(to, Input::Message { from, message });
            }
        }
    }

    /// Lets time pass, in small steps, delivering all but what `is_lost` says.
    pub(super) fn pass(&mut self, milliseconds: u64, is_lost: impl Fn(&Parcel) -> bool) {
        for _ in 0..milliseconds / 50 {
            self.now = self.now.plus(50);
            for index in 0..4 {
                self.step(index, Input::WorkWaits);
                self.step(index, Input::Wake);
            }
            self.deliver(&is_lost);
        }
    }

    /// Performs a replica's outputs; answers to it are given after all of them.
    fn perform(&mut self, index: u16, outputs: Vec<Output>) {
        let mut answers = Vec::new();
        for output in outputs {
            match output {
                Output::Persist(record) => self.records.entry(index).or_default().push(record),
                Output::Broadcast(message) => {
                    self.said.push((index, message.clone()));
                    let others = (0..4).filter(|to| *to != index);
                    self.waiting.extend(others.map(|to| (index, to, message.clone())));
                }
                Output::Send { to, message } => self.waiting.push_back((index, to.0, message)),
                Output::Build { view, parent } => {
                    let parent = self.replicas[&index].block(&parent).unwrap().clone();
                    let mut block = self.committee.block(view.0, &parent);
                    if Some(block.header.height) == self.last {
                        block = self.committee.ending(view.0, &parent);
                    }
                    self.blocks.insert(self.committee.hash(&block), block.clone());
                    answers.push(Input::Built { block });
                }
                Output::Execute(block) => {
                    let block = self.committee.hash(&block);
                    answers.push(Input::Verdict { block, verdict: Verdict::Valid });
                }
                Output::Final { block, certificate } => {
                    self.finals.entry(index).or_default().push((block, certificate));
                }
                Output::Fetch { block, .. } => {
                    let block = self.blocks[&block].clone();
                    answers.push(Input::Fetched { block });
                }
                Output::CatchUp { certificate } => {
                    let block = self.blocks[&certificate.subject.block].clone();
                    answers.push(Input::CaughtUp { block, certificate });
                }
                Output::WakeAt(_)
                | Output::Evidence(_)
                | Output::Regained
                | Output::Entered { .. } => {}
            }
        }
        for answer in answers {
            self.step(index, answer);
        }
    }
}
