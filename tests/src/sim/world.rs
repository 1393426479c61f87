//! The simulated world: virtual time, hosts, the network, the clients, and the faults of the plan.
//!
//! Invariants: one event at a time, in the order of time and then of scheduling; whatever a host
//! does, it does through its outputs. Absent: threads, real time, any randomness but the seed's.

mod events;
mod faults;
mod performing;

use ledger::chain::Tip;
use ledger::ids::Height;
use node::core::message::PeerMessage;
use node::core::step::{Input, Output, RequestId};
use node::core::verification::JobId;
use node::core::{Core, CoreConfig, Recovered};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::actor::{self, Place};
use super::adversaries;
use super::audit::Audit;
use super::checkers::{self, Checker, Context, Observation, Standing};
use super::clients::Clients;
use super::council::Council;
use super::epochs::Epochs;
use super::host::Host;
use super::network::Network;
use super::plan::{Fault, Plan, Role};
use super::planted::Sound;
use super::random::Random;
use super::report::{self, Counts, Report, Violation};
use super::setup::{Peer, Setup};
use super::storage::{Refusal, Storage};
use super::{Options, Planted};
use events::Events;

/// Something that will happen.
#[derive(Debug)]
enum Happening {
    /// A message arrives.
    Deliver { from: usize, to: usize, message: Rc<PeerMessage>, mark: u64 },
    /// A connection opened.
    Connect { host: usize, peer: usize },
    /// A host wanted to be woken.
    Wake { host: usize, life: u64, request: u64 },
    /// A verification job is done.
    Verified { host: usize, life: u64, job: JobId },
    /// A sync has ended.
    Synced { host: usize, life: u64 },
    /// Clients act, and this burst has so many orders left.
    Clients { left: u64 },
    /// A request arrives.
    Submit { order: usize, host: usize, request: RequestId },
    /// A client has waited for long.
    Impatience { order: usize },
    /// A reader asks a host for its height.
    Read { host: usize },
    /// A fault of the plan.
    Fault(Fault),
    /// A slow host is as fast as others again.
    Fast { host: usize },
    /// A disk's trouble is over.
    Repaired { host: usize },
    /// A process starts.
    Start { host: usize, life: u64 },
    /// All faults end.
    Heal,
    /// All faults have ended for long.
    Late,
}

/// A simulated world.
pub struct World {
    setup: Arc<Setup>,
    plan: Plan,
    planted: Option<Planted>,
    random: Random,
    hosts: Vec<Host>,
    standings: Vec<Standing>,
    clients: Clients,
    epochs: Epochs,
    network: Network,
    events: Events,
    now: u64,
    has_healed: bool,
    /// The highest height that was shown when all healed.
    healed_with: u64,
    /// When a new block was final after that.
    revived_at: Option<u64>,
    audit: Audit,
    checkers: Vec<Box<dyn Checker>>,
    violations: Vec<Violation>,
    faults: Counts,
    /// The seats that evidence or accusations have named.
    named: BTreeSet<usize>,
}

impl World {
    /// How long a healed world has to make a new block final, in milliseconds.
    pub const PATIENCE: u64 = 10_000;

    /// How long a healed world runs on at least: late messages may still do harm.
    const AFTERMATH: u64 = 1_000;

    /// How long clients go on with new orders after all has healed.
    const LAST_ORDERS: u64 = 500;

    /// How often a core may want to be woken at one moment.
    const MOST_WAKES: u32 = 100;

    /// The most violations that one run keeps.
    const MOST_VIOLATIONS: usize = 8;

    /// A world by `plan`.
    pub fn new(setup: &Arc<Setup>, plan: Plan, random: Random, options: Options) -> Self {
        let hosts = plan.machines.iter().enumerate().map(|(number, machine)| {
            let start = match machine.role {
                Role::Adversary(kind) => adversaries::ALL[kind].start,
                Role::Honest | Role::Wiped | Role::Damaged | Role::Twin => actor::honest,
            };
            let storage = Storage::new(&setup.first, plan.upkeep);
            let mut host = Host::new(machine.seat, start, Box::new(Sound), storage, machine.skew);
            host.exists = number < plan.validators;
            host
        });
        let hosts: Vec<_> = hosts.collect();
        let standings =
            plan.machines.iter().map(|machine| Standing { seat: machine.seat, role: machine.role });
        Self {
            standings: standings.collect(),
            clients: Clients::new(setup, hosts.len(), council(setup, &plan, &options)),
            epochs: Epochs::new(setup),
            network: Network::new(hosts.len(), plan.weather),
            events: Events::default(),
            now: 0,
            has_healed: false,
            healed_with: 0,
            revived_at: None,
            audit: Audit::new(options.traces),
            checkers: checkers::all(),
            violations: Vec::new(),
            faults: Counts::new(),
            named: BTreeSet::new(),
            setup: Arc::clone(setup),
            planted: options.planted,
            hosts,
            plan,
            random,
        }
    }

    /// Runs to the end: until every checker is content after healing, or its patience is over.
    pub fn run(&mut self) {
        for host in 0..self.hosts.len() {
            if self.hosts[host].exists {
                self.start(host);
            }
            self.schedule_read(host);
        }
        for (at, fault) in std::mem::take(&mut self.plan.faults) {
            self.events.add(at, Happening::Fault(fault));
        }
        self.events.add(self.plan.heal_at, Happening::Heal);
        if self.plan.traffic.is_some() {
            self.events.add(5, Happening::Clients { left: 1 });
        }
        self.events.add(self.plan.heal_at + Self::PATIENCE, Happening::Late);
        let end = self.plan.heal_at + self.plan.patience();
        while let Some((at, happening)) = self.events.next() {
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

    /// The highest height that a node of the product has shown.
    fn highest_shown(&self) -> u64 {
        let product = self.hosts.iter().zip(&self.standings).filter(|(_, s)| s.is_product());
        product.map(|(host, _)| host.shown).max().unwrap_or(0)
    }

    /// What happened.
    pub fn report(&self, seed: u64, plan: String) -> Report {
        Report {
            seed,
            audit: self.audit.hash(),
            violations: self.violations.clone(),
            final_height: self.highest_shown(),
            simulated_ms: self.now,
            revived_ms: self.revived_at.map(|at| at - self.plan.heal_at),
            events: self.audit.events(),
            faults: self.faults.clone(),
            deeds: self.deeds(),
            named: self.named.clone(),
            checked: self.checkers.iter().map(|c| (c.name(), c.checked())).collect(),
            plan,
            trace: self.audit.trace().to_vec(),
        }
    }

    fn deeds(&self) -> Counts {
        let mut deeds = Counts::new();
        for host in &self.hosts {
            report::add(&mut deeds, &host.deeds.counts());
        }
        deeds
    }

    fn happen(&mut self, happening: Happening) {
        if let Some(until) = self.held(&happening) {
            self.events.add(until, happening);
            return;
        }
        match happening {
            Happening::Deliver { from, to, message, mark } => {
                self.deliver(from, to, &message, mark)
            }
            Happening::Connect { host, peer } => {
                self.audit.note(self.now, host, "connect", self.mark(peer));
                self.step(host, Input::Connected(self.peer_of(peer)));
            }
            Happening::Wake { host, life, request } => {
                if self.is_alive(host, life) && self.hosts[host].wake == request {
                    self.audit.note(self.now, host, "wake", 0);
                    self.audit.explain(self.now, host, || "wakes".to_owned());
                    self.step(host, Input::Wake);
                    self.watch_spinning(host);
                }
            }
            Happening::Verified { host, life, job } => {
                if self.is_alive(host, life)
                    && let Some(work) = self.hosts[host].jobs.remove(&job)
                {
                    self.audit.note(self.now, host, "verified", job.0);
                    let result = self.hosts[host].bug.verify(work, &self.setup.domains);
                    self.step(host, Input::Verified(job, result));
                }
            }
            Happening::Synced { host, life } => {
                if self.is_alive(host, life) {
                    self.audit.note(self.now, host, "synced", 0);
                    match self.hosts[host].synced() {
                        Ok(effects) => {
                            self.perform(host, effects);
                            self.work(host);
                        }
                        Err(error) => self.fail(host, &error.to_string()),
                    }
                }
            }
            Happening::Clients { left } => self.clients_act(left),
            Happening::Submit { order, host, request } => self.submit(order, host, request),
            Happening::Impatience { order } => {
                if let Some(submission) = self.clients.lose_patience(order, &mut self.random) {
                    self.count("submission repeated");
                    self.send_order(&submission);
                }
            }
            Happening::Read { host } => self.read(host),
            Happening::Fault(fault) => self.suffer(fault),
            Happening::Fast { host } => self.hosts[host].slowness = 0,
            Happening::Repaired { host } => self.repair(host),
            Happening::Start { host, life } => {
                if self.hosts[host].life == life {
                    self.start(host);
                }
            }
            Happening::Heal => self.heal(),
            Happening::Late => self.observe(&Observation::Late),
        }
    }

    /// Until when the host that this would happen to does nothing, if it does nothing now.
    fn held(&self, happening: &Happening) -> Option<u64> {
        let host = match happening {
            Happening::Deliver { to: host, .. }
            | Happening::Connect { host, .. }
            | Happening::Wake { host, .. }
            | Happening::Verified { host, .. }
            | Happening::Synced { host, .. }
            | Happening::Submit { host, .. }
            | Happening::Read { host } => *host,
            Happening::Clients { .. }
            | Happening::Impatience { .. }
            | Happening::Fault(_)
            | Happening::Fast { .. }
            | Happening::Repaired { .. }
            | Happening::Start { .. }
            | Happening::Heal
            | Happening::Late => return None,
        };
        Some(self.hosts[host].held_until).filter(|until| *until > self.now)
    }

    fn is_alive(&self, host: usize, life: u64) -> bool {
        self.hosts[host].life == life && self.hosts[host].is_up()
    }

    fn peer_of(&self, host: usize) -> Peer {
        super::setup::peer_at(self.hosts[host].seat)
    }

    fn mark(&self, number: usize) -> u64 {
        u64::try_from(number).unwrap_or(u64::MAX)
    }

    fn deliver(&mut self, from: usize, to: usize, message: &PeerMessage, mark: u64) {
        if !self.hosts[to].is_up() {
            return;
        }
        self.audit.note(self.now, to, "deliver", mark);
        self.audit.explain(self.now, to, || format!("<- {from}  {}", events::describe(message)));
        let from = self.peer_of(from);
        self.step(to, Input::Peer { from, message: message.clone() });
    }

    /// A process starts with what its disk has.
    fn start(&mut self, host: usize) {
        if self.hosts[host].is_up() {
            return;
        }
        self.audit.note(self.now, host, "start", 0);
        self.audit.explain(self.now, host, || "starts".to_owned());
        self.hosts[host].life += 1;
        let recovered = self.hosts[host].storage.open(&self.setup.domains, &mut self.random);
        match recovered {
            Ok(recovered) => self.start_with(host, recovered),
            Err(Refusal::Unreadable(text)) => {
                self.audit.explain(self.now, host, || format!("does not start: {text}"));
                self.fail(host, &text);
            }
            Err(Refusal::Damaged(text)) => self.refuse(host, &text),
        }
    }

    /// The node refuses to start with what is on its disk. The operator's repair is to wipe the
    /// home; only a disk that was damaged may need it.
    fn refuse(&mut self, host: usize, text: &str) {
        self.audit.explain(self.now, host, || format!("refuses to start: {text}"));
        self.count("refused a damaged disk");
        self.observe(&Observation::Stopped(host, text));
        self.wipe(host);
        self.start_after(host, 100);
    }

    fn start_with(&mut self, host: usize, mut recovered: Recovered) {
        let seed = self.random.next();
        let clock = self.hosts[host].clock(self.now);
        let machine = &mut self.hosts[host];
        let deeds = machine.deeds.clone();
        let setup = Arc::clone(&self.setup);
        let place = Place { setup, seat: machine.seat, host, seed, deeds };
        if let (Some(planted), true) = (self.planted, self.standings[host].is_product()) {
            machine.bug = (planted.make)(&place);
        }
        let mut config: CoreConfig = self.setup.config(machine.seat);
        (config.snapshots.every, config.snapshots.beyond) = self.plan.snapshots;
        machine.bug.configure(&mut config);
        machine.bug.recover(&mut recovered);
        let (mut core, mut first) = match Core::start(config, recovered, clock) {
            Ok(started) => started,
            Err(error) => return self.refuse(host, &error.to_string()),
        };
        if let Some((manifest, chunks)) = machine.storage.fetched() {
            first.extend(core.resume_snapshot(clock, manifest, chunks));
        }
        let tip = restored(machine.storage.tip(), &first);
        let (actor, first) = (machine.start)(place, core, first, clock);
        machine.actor = Some(actor);
        machine.shown = tip.height().0;
        self.observe(&Observation::Restored(host, &tip));
        self.take(host, first);
        self.connect(host);
    }

    /// The connections of a host that has just started, or that is reached again.
    fn connect(&mut self, host: usize) {
        for peer in 0..self.hosts.len() {
            let is_linked = peer != host
                && self.hosts[peer].is_up()
                && self.network.reaches(host, peer)
                && self.network.reaches(peer, host);
            if is_linked {
                let at = self.now + self.random.between(1, 40);
                self.events.add(at, Happening::Connect { host, peer });
                self.events.add(at, Happening::Connect { host: peer, peer: host });
            }
        }
    }

    fn step(&mut self, host: usize, input: Input) {
        let outputs = self.hosts[host].step(self.now, input);
        self.take(host, outputs);
    }

    /// A core that wants to be woken again and again at one moment would take a whole processor.
    fn watch_spinning(&mut self, host: usize) {
        let (last, wakes) = self.hosts[host].spins;
        let wakes = if last == self.now { wakes + 1 } else { 1 };
        self.hosts[host].spins = (self.now, wakes);
        if wakes > Self::MOST_WAKES {
            let why = "it wakes again and again without end";
            self.observe(&Observation::Stopped(host, why));
        }
    }

    fn schedule_read(&mut self, host: usize) {
        let at = self.now + self.random.between(50, 4_000);
        self.events.add(at, Happening::Read { host });
    }

    fn read(&mut self, host: usize) {
        if self.hosts[host].is_up() && self.hosts[host].exists {
            let height = Height(self.hosts[host].shown);
            self.observe(&Observation::Read(host, height));
            let kept = self.hosts[host].actor.as_ref().and_then(|actor| actor.kept());
            if let Some(mut kept) = kept {
                self.hosts[host].bug.kept(&mut kept);
                self.observe(&Observation::Kept(host, &kept));
            }
        }
        self.schedule_read(host);
    }

    /// Takes note of what a node of the product shows of the chain.
    fn follow(&mut self, observation: &Observation) {
        match observation {
            Observation::Final(host, committed) | Observation::Replayed(host, committed)
                if self.standings[*host].is_product() =>
            {
                self.epochs.note(&committed.executed.tip, committed.certificate.as_ref());
                self.clients.note(committed);
            }
            Observation::Restored(host, tip) if self.standings[*host].is_product() => {
                self.epochs.note(tip, None);
            }
            Observation::Final(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Sent(..)
            | Observation::Recorded(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..)
            | Observation::Healed
            | Observation::Late
            | Observation::Ended => {}
        }
    }

    fn count(&mut self, fault: &'static str) {
        *self.faults.entry(fault).or_default() += 1;
    }

    fn observe(&mut self, observation: &Observation) {
        self.follow(observation);
        let (setup, hosts, epochs) = (&self.setup, &self.standings, &self.epochs);
        let context = Context { setup, hosts, epochs, now: self.now };
        for checker in &mut self.checkers {
            if let Some(text) = checker.observe(&context, observation) {
                let checker = checker.name();
                self.violations.push(Violation { checker, at: self.now, text });
            }
        }
        self.violations.truncate(Self::MOST_VIOLATIONS);
    }
}

/// What the plan wants changed. Most planted bugs know only the keys of the first epoch.
fn council(setup: &Arc<Setup>, plan: &Plan, options: &Options) -> Option<Council> {
    let is_due = plan.changes > 0 && options.planted.is_none_or(|planted| planted.spans_epochs);
    is_due.then(|| Council::new(setup, plan.changes, plan.faulty()))
}

/// The last final block that a start has found: what it makes final besides is new.
fn restored(checkpoint: &Tip, first: &[Output]) -> Tip {
    let replayed = first.iter().take_while(|output| !matches!(output, Output::Persist(_)));
    let tips = replayed.filter_map(|output| {
        if let Output::Commit(committed) = output { Some(&committed.executed.tip) } else { None }
    });
    tips.last().unwrap_or(checkpoint).clone()
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "World at {} ms by {:?}", self.now, self.plan)
    }
}
