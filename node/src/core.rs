//! The node's core: admission, lanes, consensus, execution and catch-up as one step function.
//!
//! ```text
//! Core::step(now, Input) -> Vec<Output>
//! ```
//!
//! Invariants: it is pure: no clock, disk, network, threads or randomness, so a simulator runs it
//! as it is. Outputs are performed in order and wait for what was to be persisted before them; so
//! nothing that this node says can be lost by a crash. A block is executed before it is voted for.
//! Absent: tokio, sockets and files (the driver's), rules of money (`ledger`) and of agreement
//! (`consensus`).

pub mod admission;
pub mod catchup;
mod clock;
pub mod committee;
mod epochs;
pub mod executor;
mod forwarding;
mod inquiry;
pub mod kept;
pub mod lanes;
pub mod message;
mod peers;
pub mod record;
mod recovery;
pub mod snapshot;
mod snapshotting;
pub mod step;
mod submission;
#[cfg(test)]
mod tests;
pub mod verification;

use consensus::{Config, Replica, Timing};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::crypto::SecretKey;
use ledger::hash::{Domains, Hash};
use ledger::ids::{Bic, InstitutionNumber, Timestamp, ValidatorIndex, View};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use epochs::Role;
pub use recovery::{Recovered, RecoveryError};
pub use snapshotting::SnapshotSettings;
pub use submission::executed_by;

use admission::{Admission, AdmissionLimits};
use catchup::CatchUp;
use committee::Committee;
use executor::{Attempt, Executor};
use forwarding::Forwards;
use lanes::{CutProblem, Lanes};
use message::{BatchRequest, FinalBlock, PeerMessage};
use record::LogRecord;
use snapshotting::Snapshots;
use step::{Channel, Committed, Input, Output, Reply};
use verification::JobId;

/// How long this node waits before it asks again, or sends its waiting batches again.
const RETRY_MS: u64 = 500;

/// For how many final blocks, and by how many requests, lane data is asked for at a time: fewer
/// than the batches that are verified at a time, or answers would be dropped.
const AHEAD: usize = 32;

/// What a core is made of.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// The chain's hash keys.
    pub domains: Domains,
    /// The institution that runs this node; it need not be on the ledger yet.
    pub institution: Bic,
    /// This node's voting keys: the present one, and the one that it rotates to, if any. An epoch's
    /// validators say which one signs; a node none of whose keys they name observes.
    pub voting_keys: Vec<SecretKey>,
    /// The times of consensus; the heartbeat and the clock bound are the ledger's.
    pub timing: Timing,
    /// The bounds of admission.
    pub limits: AdmissionLimits,
    /// When snapshots are served and fetched.
    pub snapshots: SnapshotSettings,
}

/// The core of one node.
pub struct Core {
    config: CoreConfig,
    committee: Committee,
    replica: Replica,
    executor: Executor,
    lanes: Lanes,
    admission: Admission,
    forwards: Forwards,
    catchup: CatchUp,
    snapshots: Snapshots,
    /// Final blocks that are not executed yet, ascending, the first on top of the final tip.
    finals: VecDeque<FinalBlock>,
    /// What each verification job under way is for.
    jobs: BTreeMap<JobId, submission::Purpose>,
    next_job: u64,
    /// Lane data that was asked for, and when it may be asked for again.
    requested: BTreeMap<BatchRequest, Timestamp>,
    /// A certified block that the replica asked for and has not got.
    seeking: Option<Hash>,
    /// The view and the parent of a block that the replica asked for and has not got.
    to_build: Option<(View, Hash)>,
    /// The finalization that ended the epoch before, if this node saw it.
    ended: Option<Certificate>,
    /// Until when a peer that is behind in epochs is not answered again.
    told: BTreeMap<InstitutionNumber, Timestamp>,
    wakes: Wakes,
    /// When the last block became final here, or this node last asked whether there is one.
    quiet_since: Timestamp,
    /// The moment of the last step.
    latest: Timestamp,
    outputs: Vec<Output>,
}

/// The moments at which the core wants to be woken.
#[derive(Debug, Default)]
struct Wakes {
    consensus: Option<Timestamp>,
    retry: Option<Timestamp>,
    announced: Option<Timestamp>,
}

impl Core {
    /// One step. The outputs are to be performed in order.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        self.follow_clock(now);
        match input {
            Input::Submit { request, bytes, until_final } => {
                self.submit(now, request, &bytes, until_final);
            }
            Input::Verified(job, result) => self.verified(now, job, result),
            Input::Peer { from, message } => self.peer(now, from, message),
            Input::Connected(peer) => self.connected(now, peer),
            Input::Disconnected(peer) => self.disconnected(now, peer),
            Input::Wake => self.wake(now),
        }
        self.settle(now);
        std::mem::take(&mut self.outputs)
    }

    /// The state after the last final block.
    pub const fn final_tip(&self) -> &Tip {
        self.executor.final_tip()
    }

    /// The chain's hash keys.
    pub const fn domains(&self) -> &Domains {
        &self.config.domains
    }

    /// True if this node holds all that it knows to be final.
    pub fn is_synced(&self) -> bool {
        let fault_bound = self.committee.validators().fault_bound();
        !self.catchup.is_behind(fault_bound)
            && self.finals.is_empty()
            && self.seeking.is_none()
            && !self.snapshots.fetcher.is_fetching()
    }

    fn wake(&mut self, now: Timestamp) {
        self.wakes.announced = None;
        if self.wakes.consensus.is_some_and(|at| at <= now) {
            self.wakes.consensus = None;
            self.consensus(now, consensus::Input::Wake);
        }
        if self.wakes.retry.is_some_and(|at| at <= now) {
            self.wakes.retry = None;
            self.retry(now);
        }
    }

    /// Brings everything that can go on now to its end: batches, final blocks, requests, timers.
    fn settle(&mut self, now: Timestamp) {
        self.make_batches(now);
        self.execute_finals(now);
        if let Some(built) = self.build(now) {
            self.consensus(now, built);
            self.execute_finals(now);
        }
        self.start_verification();
        if self.work_waits() {
            self.consensus(now, consensus::Input::WorkWaits);
            self.execute_finals(now);
        }
        self.look_after_snapshot(now);
        self.ask_for_chain(now);
        self.inquire_if_quiet(now);
        self.announce_wake(now);
    }

    /// True if lanes have batches that no block has which may still become final. What was proposed
    /// in a view that was nullified waits again.
    fn work_waits(&self) -> bool {
        self.lanes.is_beyond(self.executor.highest_cut(|view| self.replica.is_abandoned(view)))
    }

    /// Gives the replica an input and performs what it answers, to the end.
    fn consensus(&mut self, now: Timestamp, input: consensus::Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for output in self.replica.step(now, input) {
                inputs.extend(self.perform(now, output));
            }
        }
    }

    /// Performs one output of the replica; the answer goes back to it.
    fn perform(&mut self, now: Timestamp, output: consensus::Output) -> Option<consensus::Input> {
        match output {
            consensus::Output::Persist(record) => {
                self.outputs.push(Output::Persist(LogRecord::Consensus(Box::new(record))));
            }
            consensus::Output::Broadcast(message) => {
                let channel = channel_of(&message);
                let message = PeerMessage::Consensus(message);
                self.outputs.push(Output::Broadcast { channel, message });
            }
            consensus::Output::Send { to, message } => {
                let channel = channel_of(&message);
                let message = PeerMessage::Consensus(message);
                self.send_to_validator(to, channel, message);
            }
            consensus::Output::WakeAt(at) => self.wakes.consensus = Some(at),
            consensus::Output::Build { view, parent } => {
                self.to_build = Some((view, parent));
                return self.build(now);
            }
            consensus::Output::Execute(block) => return self.execute(now, &block),
            consensus::Output::Final { block, certificate } => {
                self.enqueue_final(FinalBlock { block, certificate });
            }
            consensus::Output::Fetch { block, from } => self.fetch(block, &from),
            consensus::Output::CatchUp { certificate } => self.catchup.aim(certificate),
            consensus::Output::Evidence(evidence) => {
                self.outputs.push(Output::Evidence(Box::new(evidence)));
            }
            consensus::Output::Regained => self.regained(),
            consensus::Output::Entered { .. } => {
                self.to_build = None;
                if self.work_waits() {
                    return Some(consensus::Input::WorkWaits);
                }
            }
        }
        None
    }

    /// Builds the block that the replica asked for, once its parent is executed: one that has just
    /// become final is executed after the replica's step.
    fn build(&mut self, now: Timestamp) -> Option<consensus::Input> {
        let (view, parent) = self.to_build?;
        let tip = self.executor.tip(&parent)?;
        self.to_build = None;
        if let Some(text) = Self::outdated(tip) {
            self.halt(text);
            return None;
        }
        let me = self.committee.me()?;
        let block = self.executor.build(&self.lanes, &parent, view, me, now)?;
        Some(consensus::Input::Built { block })
    }

    /// Executes a proposal, if all it needs is here; else asks for the data and answers later.
    fn execute(&mut self, now: Timestamp, block: &Block) -> Option<consensus::Input> {
        if let Some(text) = self.executor.tip(&block.header.parent).and_then(Self::outdated) {
            self.halt(text);
            return None;
        }
        let hash = block.hash(&self.config.domains);
        let verdict = match self.executor.attempt(&self.lanes, hash, block) {
            Attempt::Valid => consensus::Verdict::Valid,
            Attempt::Invalid(_) | Attempt::Unlinked => consensus::Verdict::Invalid,
            Attempt::ParentMissing => return None,
            Attempt::DataMissing(requests) => {
                let first = self.committee.institution(block.header.proposer);
                self.request_batches(now, &requests, first);
                return None;
            }
        };
        Some(consensus::Input::Verdict { block: hash, verdict })
    }

    /// Tries the proposals again that waited for data or for a parent.
    fn retry_waiting(&mut self, now: Timestamp) {
        for (_, block) in self.executor.waiting() {
            if let Some(verdict) = self.execute(now, &block) {
                self.consensus(now, verdict);
            }
        }
    }

    fn enqueue_final(&mut self, block: FinalBlock) {
        let last = self.finals.back().map_or_else(
            || self.final_tip().header().height,
            |waiting| waiting.block.header.height,
        );
        let height = block.block.header.height;
        if height == last.next() {
            self.finals.push_back(block);
        } else if height > last
            && let Some(certificate) = block.certificate
        {
            // The blocks between are not here.
            self.catchup.aim(certificate);
        }
    }

    /// Executes and commits final blocks in order, as far as their data is here.
    fn execute_finals(&mut self, now: Timestamp) {
        let mut caught_up = None;
        if !self.finals.is_empty()
            && let Some(text) = Self::outdated(self.final_tip())
        {
            return self.halt(text);
        }
        while let Some(next) = self.finals.front() {
            let block = next.block.clone();
            let hash = block.hash(&self.config.domains);
            match self.executor.attempt(&self.lanes, hash, &block) {
                Attempt::Valid => {}
                Attempt::DataMissing(requests) => {
                    let first = self.committee.institution(block.header.proposer);
                    self.request_batches(now, &requests, first);
                    self.look_ahead(now);
                    break;
                }
                Attempt::Invalid(_) | Attempt::Unlinked | Attempt::ParentMissing => {
                    let text = format!(
                        "a quorum finalized block {} ({hash}), and this node computes another \
                         result. It stops; compare the program's version and run verify-ledger",
                        block.header.height
                    );
                    return self.halt(text);
                }
            }
            if let Some(FinalBlock { block, certificate }) = self.finals.pop_front() {
                self.commit(now, hash, certificate.clone());
                // The replica of an epoch that has ended here has nothing to catch up with.
                let own = certificate.map(|certificate| (block, certificate)).or(caught_up);
                caught_up = own.filter(|(block, _)| block.header.epoch == self.committee.epoch());
            }
        }
        if let Some((block, certificate)) = caught_up {
            self.consensus(now, consensus::Input::CaughtUp { block, certificate });
            self.retry_waiting(now);
        }
    }

    /// A block is final and executed: records it, shows it, and answers who waited for it.
    fn commit(&mut self, now: Timestamp, hash: Hash, certificate: Option<Certificate>) {
        let before = self.executor.final_tip().clone();
        let Some(held) = self.executor.finalize(&hash) else { return };
        self.seeking = None;
        self.quiet_since = now;
        let tip = &held.executed.tip;
        self.snapshots.shelf.note(now, tip, certificate.as_ref(), before.history());
        let block = held.executed.block.clone();
        self.lanes.order(&block.cut);
        self.catchup.reached(block.header.view);
        let record = FinalBlock { block, certificate: certificate.clone() };
        self.outputs.push(Output::Persist(LogRecord::Final(Box::new(record))));
        let committed = Arc::new(Committed::new(held.executed, certificate.clone(), held.batches));
        self.outputs.push(Output::Commit(committed.clone()));
        self.forwards.note_final(now);
        for transaction in committed.batches.iter().flat_map(|batch| &batch.transactions) {
            let id = transaction.id();
            self.forwards.remove(&id);
            for request in self.admission.leave(id) {
                let reply = Reply::Final(id, committed.clone());
                self.outputs.push(Output::Reply(request, reply));
            }
        }
        self.follow(now, &before, certificate);
        if let Some(text) = Self::outdated(self.final_tip()) {
            self.halt(text);
        }
    }

    /// Asks for a block. If it is asked for again, it may be final for so long that no peer has it
    /// at hand: then the final chain is asked for, which every peer serves.
    fn fetch(&mut self, block: Hash, from: &[ValidatorIndex]) {
        let reached = self.final_tip().header().view;
        if self.seeking == Some(block)
            && let Some(certificate) = self.replica.finalization()
            && certificate.subject.view > reached
        {
            self.catchup.aim(certificate.clone());
        }
        let me = self.committee.me();
        if let Some(to) = from.iter().copied().find(|peer| Some(*peer) != me) {
            self.seeking = Some(block);
            self.send_to_validator(to, Channel::Sync, PeerMessage::BlockRequest(block));
        }
    }

    /// Sends to a validator of the epoch.
    fn send_to_validator(&mut self, to: ValidatorIndex, channel: Channel, message: PeerMessage) {
        if let Some(to) = self.committee.institution(to) {
            self.outputs.push(Output::Send { to, channel, message });
        }
    }

    /// Asks `first`, unless that is this node, and after a while others, for lane data.
    fn request_batches(
        &mut self,
        now: Timestamp,
        requests: &[BatchRequest],
        first: Option<InstitutionNumber>,
    ) {
        let first = first.filter(|first| !self.is_me(*first));
        for request in requests {
            if self.requested.get(request).is_some_and(|until| *until > now) {
                continue;
            }
            let again = self.requested.insert(*request, now.plus(RETRY_MS)).is_some();
            let other = || self.another_peer(now);
            let Some(to) = first.filter(|_| !again).or_else(other) else { continue };
            let message = PeerMessage::BatchRequest(*request);
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
        let at = now.plus(RETRY_MS);
        self.wakes.retry = Some(self.wakes.retry.map_or(at, |earlier| earlier.min(at)));
    }

    /// Asks for the data of the final blocks behind the first one that waits, too: a round trip and
    /// a durable write for each of them alone would be too slow for a node that was away.
    fn look_ahead(&mut self, now: Timestamp) {
        let ahead: Vec<_> = self.finals.iter().take(AHEAD).map(|next| next.block.clone()).collect();
        for (before, next) in ahead.iter().zip(ahead.iter().skip(1)) {
            let Err(CutProblem::Missing(mut requests)) = self.lanes.between(&before.cut, &next.cut)
            else {
                continue;
            };
            requests.retain(|request| self.lanes.is_within_window(request));
            let under_way = self.requested.values().filter(|until| **until > now).count();
            if requests.is_empty() || under_way >= AHEAD {
                return;
            }
            let first = self.committee.institution(next.header.proposer);
            self.request_batches(now, &requests, first);
        }
    }

    /// True if the institution is the one that runs this node.
    fn is_me(&self, institution: InstitutionNumber) -> bool {
        self.committee.me().is_some_and(|me| self.committee.index_of(institution) == Some(me))
    }

    /// Some other validator; another one at another time.
    fn another_peer(&self, now: Timestamp) -> Option<InstitutionNumber> {
        let others: Vec<_> = self.committee.others().collect();
        let count = u64::try_from(others.len()).unwrap_or(1);
        let turn = (now.0 / RETRY_MS).checked_rem(count)?;
        others.get(usize::try_from(turn).unwrap_or(0)).copied()
    }

    /// While final blocks wait for their data, or a snapshot comes, no others are asked for.
    fn may_ask_for_chain(&self) -> bool {
        self.finals.is_empty() && !self.snapshots.fetcher.is_fetching()
    }

    fn ask_for_chain(&mut self, now: Timestamp) {
        if !self.may_ask_for_chain() {
            return;
        }
        if let Some(to) = self.catchup.next_peer(now, &self.committee) {
            let message = PeerMessage::ChainRequest(self.final_tip().header().height.next());
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }

    fn retry(&mut self, now: Timestamp) {
        self.requested.retain(|_, until| until.plus(60_000) > now);
        self.resend_own_batches();
        self.forward_again(now);
        self.retry_waiting(now);
    }

    fn announce_wake(&mut self, now: Timestamp) {
        if self.wakes.retry.is_none() && (self.own_batches_wait() || !self.forwards.is_empty()) {
            self.wakes.retry = Some(now.plus(RETRY_MS));
        }
        let snapshot = self.snapshots.fetcher.deadline();
        let chain = self.catchup.deadline().filter(|_| self.may_ask_for_chain());
        let inquiry = self.inquiry_time();
        let all = [self.wakes.consensus, self.wakes.retry, chain, snapshot, inquiry];
        let next = all.into_iter().flatten().min();
        if next != self.wakes.announced
            && let Some(at) = next
        {
            self.wakes.announced = Some(at);
            self.outputs.push(Output::WakeAt(at));
        }
    }
}

const fn channel_of(message: &consensus::Message) -> Channel {
    match message {
        consensus::Message::Proposal(_) => Channel::Proposals,
        consensus::Message::Vote(_)
        | consensus::Message::Certificate(_)
        | consensus::Message::Status(_)
        | consensus::Message::Report(_) => Channel::Votes,
    }
}

/// The replica's surroundings after `tip`.
fn consensus_config(config: &CoreConfig, committee: &Committee, tip: &Tip) -> Config {
    Config {
        domains: config.domains.clone(),
        validators: committee.validators().clone(),
        epoch: committee.epoch(),
        identity: committee.own().cloned(),
        timing: epochs::timing(config, tip),
    }
}
