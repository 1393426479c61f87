//! The simulated world: virtual time, processes, their disks, the network, and the faults of the
//! plan.
//!
//! Invariants: one event at a time, in the order of time and then of scheduling; what a process
//! wants done after a record is done once its disk has the record; a crash loses everything else.
//! Absent: threads, real time, any randomness but the seed's.

use consensus::Message;
use ledger::certificate::VoteSubject;
use ledger::ids::{Timestamp, ValidatorIndex};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::audit::Audit;
use super::checkers::{self, Checker, Context, Observation};
use super::disk::Disk;
use super::network::{Network, Weather};
use super::plan::{Fault, Plan};
use super::planted::Planted;
use super::process::{Effect, Event, Kind, Place, Process, Setup};
use super::random::Random;
use super::report::Violation;

/// Something that will happen.
#[derive(Clone, Debug)]
enum Happening {
    Deliver { from: usize, to: usize, bytes: Rc<Vec<u8>> },
    Wake { node: usize, life: u64, request: u64 },
    Synced { node: usize, life: u64 },
    Work,
    Fault(Fault),
    Restart { node: usize, life: u64 },
    Heal,
}

struct Node {
    place: Place,
    kind: Kind,
    process: Option<Box<dyn Process>>,
    disk: Disk,
    /// Effects, each with the number of records that must be durable first.
    pending: VecDeque<(usize, Effect)>,
    /// Counts restarts: what was scheduled for an earlier life is dropped.
    life: u64,
    /// Counts requests to be woken: only the last one holds.
    request: u64,
    /// How far the clock is ahead.
    skew: u64,
    final_height: u64,
}

/// A simulated world.
pub struct World {
    setup: Rc<Setup>,
    plan: Plan,
    random: Random,
    nodes: Vec<Node>,
    honest: Vec<bool>,
    network: Network,
    queue: BTreeMap<(u64, u64), Happening>,
    scheduled: u64,
    now: u64,
    audit: Audit,
    checkers: Vec<Box<dyn Checker>>,
    violations: Vec<Violation>,
}

impl World {
    /// The virtual clock's start: 2023-11-14T22:13:20Z.
    pub const EPOCH: u64 = 1_700_000_000_000;

    /// How long a healed world has to make new blocks final, in milliseconds.
    pub const PATIENCE: u64 = 10_000;

    /// How long a healed world runs on at least: late messages may still do harm.
    const AFTERMATH: u64 = 1_000;

    /// The most violations that one run keeps.
    const MOST_VIOLATIONS: usize = 8;

    /// A world by `plan`; `places` and `kinds` in the order of the validators.
    pub fn new(setup: &Rc<Setup>, plan: Plan, random: Random, places: Vec<(Place, Kind)>) -> Self {
        let skips_sync = setup.planted == Some(Planted::SkipsSync);
        let adversary = plan.adversary.map(|(node, _)| node);
        let honest = (0..places.len()).map(|node| adversary != Some(node)).collect();
        let nodes = places.into_iter().zip(&plan.skews).map(|((place, kind), skew)| Node {
            place,
            kind,
            process: None,
            disk: Disk::new(skips_sync),
            pending: VecDeque::new(),
            life: 0,
            request: 0,
            skew: *skew,
            final_height: 0,
        });
        Self {
            nodes: nodes.collect(),
            honest,
            network: Network::new(plan.validators, plan.weather),
            queue: BTreeMap::new(),
            scheduled: 0,
            now: 0,
            audit: Audit::new(setup.domains.clone(), setup.traces),
            checkers: checkers::all(),
            violations: Vec::new(),
            setup: Rc::clone(setup),
            plan,
            random,
        }
    }

    /// Runs to the end: until every checker is content after healing, or its patience is over.
    pub fn run(&mut self) {
        for node in 0..self.nodes.len() {
            self.start(node);
        }
        for (at, fault) in std::mem::take(&mut self.plan.faults) {
            self.schedule(at, Happening::Fault(fault));
        }
        self.schedule(self.plan.heal_at, Happening::Heal);
        self.schedule_work();
        let end = self.plan.heal_at + Self::PATIENCE;
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            let is_done = at > self.plan.heal_at + Self::AFTERMATH
                && self.checkers.iter().all(|c| c.is_content());
            if at > end || is_done || !self.violations.is_empty() {
                break;
            }
            self.now = at;
            self.happen(happening);
        }
        if self.violations.is_empty() {
            self.observe(&Observation::Ended);
        }
    }

    /// The audit of what happened.
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What the checkers found.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The virtual time, in milliseconds from the start.
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// The highest final height of an honest validator.
    pub fn final_height(&self) -> u64 {
        let honest = self.nodes.iter().zip(&self.honest).filter(|(_, honest)| **honest);
        honest.map(|(node, _)| node.final_height).max().unwrap_or(0)
    }

    fn schedule(&mut self, at: u64, happening: Happening) {
        self.scheduled += 1;
        self.queue.insert((at, self.scheduled), happening);
    }

    fn schedule_work(&mut self) {
        if let Some(mean) = self.plan.work_every {
            let pause = self.random.between(1, 2 * mean);
            self.schedule(self.now + pause, Happening::Work);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deliver { from, to, bytes } => {
                self.audit.note(self.now, to, "deliver", &bytes);
                let read = self.nodes[from].kind.consensus;
                self.audit.explain(self.now, to, || describe(from, read(&bytes).as_ref()));
                let index = self.nodes[from].place.index;
                let bytes = bytes.to_vec();
                self.step(to, Event::Message { from: index, bytes });
            }
            Happening::Wake { node, life, request } => {
                let holds = self.nodes[node].life == life && self.nodes[node].request == request;
                if holds && self.setup.planted != Some(Planted::NeverWakes) {
                    self.audit.note(self.now, node, "wake", &[]);
                    self.audit.explain(self.now, node, || "wakes".to_owned());
                    self.step(node, Event::Wake);
                }
            }
            Happening::Synced { node, life } => {
                if self.nodes[node].life == life {
                    self.nodes[node].disk.end_sync();
                    self.flush(node);
                }
            }
            Happening::Work => {
                let node = self.random.position(self.nodes.len());
                self.audit.note(self.now, node, "work", &[]);
                self.audit.explain(self.now, node, || "gets work".to_owned());
                self.step(node, Event::Work);
                self.schedule_work();
            }
            Happening::Fault(fault) => self.suffer(fault),
            Happening::Restart { node, life } => {
                if self.nodes[node].life == life {
                    self.start(node);
                }
            }
            Happening::Heal => self.heal(),
        }
    }

    fn suffer(&mut self, fault: Fault) {
        if self.now >= self.plan.heal_at {
            return;
        }
        self.audit.note(self.now, 0, "fault", format!("{fault:?}").as_bytes());
        self.audit.explain(self.now, 0, || format!("suffers {fault:?}"));
        match fault {
            Fault::Crash(node, down) => {
                self.crash(node);
                let life = self.nodes[node].life;
                self.schedule(self.now + down, Happening::Restart { node, life });
            }
            Fault::Partition(groups) => self.network.partition(&groups),
            Fault::OneWay(from, to) => self.network.cut(from, to),
            Fault::Mend => self.network.mend(),
        }
    }

    fn crash(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if node.process.take().is_some() {
            node.disk.crash(&mut self.random);
        }
        node.pending.clear();
        node.life += 1;
    }

    /// Everything works from now on, and every process runs.
    fn heal(&mut self) {
        self.audit.note(self.now, 0, "heal", &[]);
        self.audit.explain(self.now, 0, || "heals, as all others".to_owned());
        self.network.mend();
        self.network.weather = Weather::FAIR;
        for node in 0..self.nodes.len() {
            if self.nodes[node].process.is_none() {
                self.start(node);
            }
        }
        self.observe(&Observation::Healed);
    }

    fn start(&mut self, index: usize) {
        let clock = self.clock(index);
        let node = &mut self.nodes[index];
        node.life += 1;
        let (process, effects) = (node.kind.start)(&node.place, node.disk.durable(), clock);
        node.process = Some(process);
        self.audit.note(self.now, index, "start", &[]);
        self.audit.explain(self.now, index, || "starts".to_owned());
        self.take(index, effects);
    }

    fn step(&mut self, index: usize, event: Event) {
        let clock = self.clock(index);
        if let Some(process) = &mut self.nodes[index].process {
            let effects = process.step(clock, event);
            self.take(index, effects);
        }
    }

    fn clock(&self, node: usize) -> Timestamp {
        Timestamp(Self::EPOCH + self.now + self.nodes[node].skew)
    }

    /// Takes effects over: records go to the disk at once, the rest waits for the records before
    /// it.
    fn take(&mut self, index: usize, effects: Vec<Effect>) {
        let node = &mut self.nodes[index];
        for effect in effects {
            if let Effect::Persist(record) = effect {
                node.disk.append(record);
            } else {
                node.pending.push_back((node.disk.appended(), effect));
            }
        }
        self.flush(index);
    }

    /// Performs what need not wait any longer, and keeps the disk busy.
    fn flush(&mut self, index: usize) {
        loop {
            let node = &mut self.nodes[index];
            let Some((count, effect)) = node.pending.pop_front() else { break };
            if !node.disk.is_durable(count) {
                node.pending.push_front((count, effect));
                break;
            }
            self.perform(index, effect);
        }
        if self.nodes[index].disk.begin_sync() {
            let life = self.nodes[index].life;
            let (least, most) = self.plan.sync;
            let at = self.now + self.random.between(least, most);
            self.schedule(at, Happening::Synced { node: index, life });
        }
    }

    fn perform(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Persist(_) => {}
            Effect::Send(to, bytes) => self.send(index, &[to], bytes),
            Effect::Broadcast(bytes) => {
                let own = self.nodes[index].place.index;
                let all = self.nodes.iter().map(|node| node.place.index);
                let others: Vec<_> = all.filter(|other| *other != own).collect();
                self.send(index, &others, bytes);
            }
            Effect::WakeAt(at) => {
                let node = &mut self.nodes[index];
                node.request += 1;
                let (life, request) = (node.life, node.request);
                let at = at.0.saturating_sub(Self::EPOCH + node.skew).max(self.now);
                self.schedule(at, Happening::Wake { node: index, life, request });
            }
            Effect::Final(block, certificate) => {
                self.audit.note(self.now, index, "final", &block.hash(&self.setup.domains).0);
                let height = block.header.height;
                self.audit.explain(self.now, index, || format!("has block {height} final"));
                self.nodes[index].final_height = height.0;
                self.observe_honest(
                    index,
                    &Observation::Final(index, &block, certificate.as_ref()),
                );
            }
            Effect::Restored(block) => {
                self.observe_honest(index, &Observation::Restored(index, &block));
            }
            Effect::Evidence(evidence) => {
                self.observe_honest(index, &Observation::Evidence(index, &evidence));
            }
        }
    }

    fn send(&mut self, from: usize, receivers: &[ValidatorIndex], bytes: Vec<u8>) {
        if let Some(message) = (self.nodes[from].kind.consensus)(&bytes) {
            let is_certificate = matches!(message, Message::Certificate(_));
            if is_certificate && self.setup.planted == Some(Planted::KeepsCertificates) {
                return;
            }
            self.observe_honest(from, &Observation::Sent(from, &message));
        }
        let bytes = Rc::new(bytes);
        for to in receivers.iter().map(|to| to.position()) {
            for delay in self.network.carry(&mut self.random, from, to) {
                let bytes = Rc::clone(&bytes);
                self.schedule(self.now + delay, Happening::Deliver { from, to, bytes });
            }
        }
    }

    fn observe_honest(&mut self, node: usize, observation: &Observation) {
        if self.honest[node] {
            self.observe(observation);
        }
    }

    fn observe(&mut self, observation: &Observation) {
        let context = Context { setup: &self.setup, honest: &self.honest };
        for checker in &mut self.checkers {
            if let Some(text) = checker.observe(&context, observation) {
                let checker = checker.name();
                self.violations.push(Violation { checker, at: self.now, text });
            }
        }
        self.violations.truncate(Self::MOST_VIOLATIONS);
    }
}

/// A line for people on a message of validator `from`.
fn describe(from: usize, message: Option<&Message>) -> String {
    let said = match message {
        Some(Message::Proposal(proposal)) => {
            format!(
                "proposal {} on {:?}",
                short(&proposal.vote.subject),
                proposal.block.header.parent
            )
        }
        Some(Message::Vote(vote)) => short(&vote.subject),
        Some(Message::Certificate(certificate)) => {
            format!("certificate {}", short(&certificate.subject))
        }
        Some(Message::Status(status)) => format!("{status:?}"),
        None => "a message that is not of consensus".to_owned(),
    };
    format!("<- {from}  {said}")
}

fn short(subject: &VoteSubject) -> String {
    format!("{:?} {} {:?}", subject.kind, subject.view, subject.block)
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "World at {} ms by {:?}", self.now, self.plan)
    }
}
