//! What becomes of a host's outputs: messages to the network, answers to clients, final blocks to
//! the index and the readers.

use ledger::block::Batch;
use ledger::codec;
use ledger::hash::Domain;
use ledger::ids::Timestamp;
use node::core::lanes::HeldBatch;
use node::core::message::PeerMessage;
use node::core::step::{Committed, Input, Output, Reply, RequestId};
use node::core::verification::JobId;
use std::rc::Rc;

use super::super::audit::mark_of;
use super::super::checkers::Observation;
use super::super::clients::Submission;
use super::super::host::Work;
use super::super::network::Fate;
use super::super::setup::{Peer, Setup, seat_of};
use super::{Happening, World};

impl World {
    /// Takes a step's outputs over.
    pub(super) fn take(&mut self, host: usize, outputs: Vec<Output>) {
        let asked = self.hosts[host].take(outputs);
        if let Some(at) = asked.wake {
            let machine = &mut self.hosts[host];
            machine.wake += 1;
            let (life, request) = (machine.life, machine.wake);
            let at = machine.moment(at).max(self.now);
            self.events.add(at, Happening::Wake { host, life, request });
        }
        for job in asked.jobs {
            self.verify(host, job);
        }
        self.perform(host, asked.hurried);
        self.work(host);
    }

    fn verify(&mut self, host: usize, job: JobId) {
        let (least, most) = self.plan.verification;
        let at = self.now + self.random.between(least, most);
        let life = self.hosts[host].life;
        self.events.add(at, Happening::Verified { host, life, job });
    }

    /// Lets the performer do what it can.
    pub(super) fn work(&mut self, host: usize) {
        loop {
            let work = match self.hosts[host].work() {
                Ok(work) => work,
                Err(error) => return self.fail(host, &error.to_string()),
            };
            for record in std::mem::take(&mut self.hosts[host].recorded) {
                self.observe(&Observation::Recorded(host, &record));
            }
            match work {
                Work::Nothing => return,
                Work::Sync => {
                    let (least, most) = self.plan.sync;
                    let at = self.now + self.random.between(least, most);
                    let life = self.hosts[host].life;
                    self.events.add(at, Happening::Synced { host, life });
                    return;
                }
                Work::Effects(effects) => self.perform(host, effects),
            }
        }
    }

    /// Performs effects in order; a node that stops performs no more.
    pub(super) fn perform(&mut self, host: usize, effects: Vec<Output>) {
        for effect in effects {
            if self.hosts[host].is_up() {
                self.effect(host, effect);
            }
        }
    }

    fn effect(&mut self, host: usize, effect: Output) {
        match effect {
            Output::Send { to, message, .. } => self.send(host, Some(to), message),
            Output::Broadcast { message, .. } => self.send(host, None, message),
            Output::BroadcastBatch(batch) => self.send(host, None, wire(&batch)),
            Output::SendBatch { to, batch } => self.send(host, Some(to), wire(&batch)),
            Output::ServeBatches { to, request } => {
                for answer in self.hosts[host].storage.lane(&request) {
                    self.send(host, Some(to), answer);
                }
            }
            Output::ServeChain { to, from } => {
                let answer = self.hosts[host].storage.chain(from);
                self.send(host, Some(to), answer);
            }
            Output::ServeSnapshot { to, snapshot, request } => {
                let storage = &self.hosts[host].storage;
                let answer = snapshot.answer(&request, |epoch| storage.epoch_change(epoch));
                self.send(host, Some(to), PeerMessage::SnapshotAnswer(answer));
            }
            Output::Keep(keep) => self.hosts[host].storage.keep(keep),
            Output::Install(installed) => {
                if let Err(error) = self.hosts[host].storage.install(&installed) {
                    return self.fail(host, &error.to_string());
                }
                self.count("snapshot installed");
                self.hosts[host].shown = installed.tip.height().0;
                self.observe(&Observation::Restored(host, &installed.tip));
            }
            Output::Reply(request, reply) => self.reply(host, request, &reply),
            Output::Commit(committed) => self.commit(host, &committed),
            Output::Misbehaviour { peer, what } => {
                self.named.insert(seat_of(peer));
                self.observe(&Observation::Accused(host, seat_of(peer), what));
            }
            Output::Evidence(evidence) => {
                let epoch = evidence.votes().0.subject.epoch;
                self.named.extend(self.epochs.seat(epoch, evidence.culprit()));
                self.observe(&Observation::Evidence(host, &evidence));
            }
            Output::Halt(text) => {
                self.audit.explain(self.now, host, || format!("halts: {text}"));
                self.observe(&Observation::Stopped(host, &text));
                self.hosts[host].end();
            }
            Output::Regained => {
                self.count("memory regained");
                self.hosts[host].storage.regained();
            }
            // All nodes know each other from the beginning.
            Output::Nodes(_) => {}
            Output::Note(text) => self.audit.explain(self.now, host, || text),
            Output::Persist(_) | Output::Verify(..) | Output::WakeAt(_) => {}
        }
    }

    fn commit(&mut self, host: usize, committed: &Committed) {
        let height = committed.height();
        if let Err(error) = self.hosts[host].storage.commit(committed) {
            return self.fail(host, &error.to_string());
        }
        if height.0 <= self.hosts[host].shown {
            self.observe(&Observation::Replayed(host, committed));
            return;
        }
        let mark = mark_of(&committed.executed.tip.hash());
        self.audit.note(self.now, host, "final", mark);
        self.audit.explain(self.now, host, || format!("has block {height} final"));
        self.hosts[host].shown = height.0;
        if self.has_healed && height.0 > self.healed_with && self.standings[host].is_product() {
            self.revived_at.get_or_insert(self.now);
        }
        self.observe(&Observation::Final(host, committed));
    }

    /// Sends to the hosts of one peer, or to all others, as the codec makes of it.
    fn send(&mut self, host: usize, to: Option<Peer>, message: PeerMessage) {
        self.observe(&Observation::Sent(host, &message));
        let bytes = codec::encode(&message);
        let mark = mark_of(&self.setup.domains.hash(Domain::Message, &bytes));
        let message = Rc::new(message);
        let seat = self.hosts[host].seat;
        for other in 0..self.hosts.len() {
            let is_receiver = to.map_or(self.hosts[other].seat != seat, |to| {
                self.hosts[other].seat == seat_of(to) && other != host
            });
            if is_receiver {
                self.carry(host, other, &message, mark);
            }
        }
    }

    fn carry(&mut self, from: usize, to: usize, message: &Rc<PeerMessage>, mark: u64) {
        if !self.hosts[to].is_up() {
            return;
        }
        let arrive = |world: &mut Self, delay: u64| {
            let message = Rc::clone(message);
            world.events.add(world.now + delay, Happening::Deliver { from, to, message, mark });
        };
        match self.network.carry(&mut self.random, from, to) {
            Fate::Cut => self.count("message cut off"),
            Fate::Lost => self.count("message lost"),
            Fate::Arrives(delay) => arrive(self, delay),
            Fate::Doubled(first, second) => {
                self.count("message doubled");
                arrive(self, first);
                arrive(self, second);
            }
        }
    }

    fn reply(&mut self, host: usize, request: RequestId, reply: &Reply) {
        if let Some(order) = self.clients.answered(host, request, reply) {
            self.audit.note(self.now, host, "reply", self.mark(order));
            let order = self.clients.orders()[order].clone();
            self.audit.explain(self.now, host, || format!("answers {:?}", order.sort));
            self.observe(&Observation::Replied(host, &order, reply));
        }
    }

    pub(super) fn submit(&mut self, order: usize, host: usize, request: RequestId) {
        if !self.hosts[host].is_up() {
            return;
        }
        self.audit.note(self.now, host, "submit", self.mark(order));
        let order = &self.clients.orders()[order];
        self.audit.explain(self.now, host, || format!("is given {:?}", order.sort));
        let (bytes, until_final) = (order.bytes.to_vec(), order.until_final);
        self.step(host, Input::Submit { request, bytes, until_final });
    }

    /// A client acts; then the burst goes on, or the next one comes after a rest.
    pub(super) fn clients_act(&mut self, left: u64) {
        let Some(traffic) = self.plan.traffic else { return };
        if self.now > self.plan.heal_at + Self::LAST_ORDERS {
            return;
        }
        let clock = Timestamp(Setup::EPOCH + self.now);
        let known = self.clients.orders().len();
        let submissions = self.clients.act(clock, &mut self.random);
        if let Some(order) = self.clients.orders().get(known).cloned() {
            self.observe(&Observation::Ordered(&order));
        }
        for submission in submissions {
            self.send_order(&submission);
        }
        let (pause, left) = match left.checked_sub(1) {
            Some(left) if left > 0 => (traffic.pause, left),
            Some(_) | None => (traffic.rest, traffic.burst),
        };
        let at = self.now + self.random.between(1, 2 * pause);
        self.events.add(at, Happening::Clients { left });
    }

    pub(super) fn send_order(&mut self, submission: &Submission) {
        let Submission { order, host, request } = *submission;
        let at = self.now + self.random.between(0, 5);
        self.events.add(at, Happening::Submit { order, host, request });
        let at = self.now + self.clients.patience(order) + self.random.between(0, 500);
        self.events.add(at, Happening::Impatience { order });
    }
}

/// The message that a held batch is sent as.
fn wire(batch: &HeldBatch) -> PeerMessage {
    PeerMessage::Batch(Batch {
        header: batch.header.clone(),
        signature: batch.signature,
        transactions: batch.transactions.iter().map(|one| one.signed().clone()).collect(),
    })
}
