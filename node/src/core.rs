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
pub mod executor;
pub mod lanes;
pub mod message;
mod peers;
pub mod record;
mod recovery;
pub mod step;
mod submission;
pub mod verification;

use consensus::{Config, Identity, Replica, Timing};
use ledger::block::Block;
use ledger::chain::Tip;
use ledger::crypto::SecretKey;
use ledger::hash::{Domains, Hash};
use ledger::ids::{Timestamp, ValidatorIndex};
use ledger::validators::ValidatorSet;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use recovery::{Recovered, RecoveryError};

use admission::{Admission, AdmissionLimits};
use catchup::CatchUp;
use executor::{Attempt, Executor};
use lanes::Lanes;
use message::{BatchRequest, FinalBlock, PeerMessage};
use record::LogRecord;
use step::{Channel, Committed, Input, Output, Reply};
use verification::JobId;

/// How long this node waits before it asks again, or sends its waiting batches again.
const RETRY_MS: u64 = 500;

/// What a core is made of.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// The chain's hash keys.
    pub domains: Domains,
    /// The epoch's validators.
    pub validators: ValidatorSet,
    /// This node's place among them.
    pub me: ValidatorIndex,
    /// This node's voting key.
    pub key: SecretKey,
    /// The times of consensus.
    pub timing: Timing,
    /// The bounds of admission.
    pub limits: AdmissionLimits,
}

/// The core of one node.
pub struct Core {
    config: CoreConfig,
    replica: Replica,
    executor: Executor,
    lanes: Lanes,
    admission: Admission,
    catchup: CatchUp,
    /// Final blocks that are not executed yet, ascending, the first on top of the final tip.
    finals: VecDeque<FinalBlock>,
    /// What each verification job under way is for.
    jobs: BTreeMap<JobId, submission::Purpose>,
    next_job: u64,
    /// Lane data that was asked for, and when it may be asked for again.
    requested: BTreeMap<BatchRequest, Timestamp>,
    /// A certified block that the replica asked for and has not got.
    seeking: Option<Hash>,
    wakes: Wakes,
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
        match input {
            Input::Submit { request, bytes, until_final } => {
                self.submit(now, request, &bytes, until_final);
            }
            Input::Verified(job, result) => self.verified(now, job, result),
            Input::Peer { from, message } => self.peer(now, from, message),
            Input::Connected(peer) => self.connected(now, peer),
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
        !self.catchup.is_behind() && self.finals.is_empty() && self.seeking.is_none()
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
        self.make_batches();
        self.execute_finals(now);
        self.start_verification();
        if self.lanes.is_beyond(self.executor.highest_cut()) {
            self.consensus(now, consensus::Input::WorkWaits);
            self.execute_finals(now);
        }
        self.ask_for_chain(now);
        self.announce_wake(now);
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
                self.outputs.push(Output::Send { to, channel, message });
            }
            consensus::Output::WakeAt(at) => self.wakes.consensus = Some(at),
            consensus::Output::Build { view, parent } => {
                let me = self.config.me;
                let block = self.executor.build(&self.lanes, &parent, view, me, now)?;
                return Some(consensus::Input::Built { block });
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
            consensus::Output::Entered { .. } => {
                if self.lanes.is_beyond(self.executor.highest_cut()) {
                    return Some(consensus::Input::WorkWaits);
                }
            }
        }
        None
    }

    /// Executes a proposal, if all it needs is here; else asks for the data and answers later.
    fn execute(&mut self, now: Timestamp, block: &Block) -> Option<consensus::Input> {
        let hash = block.hash(&self.config.domains);
        let verdict = match self.executor.attempt(&self.lanes, hash, block) {
            Attempt::Valid => consensus::Verdict::Valid,
            Attempt::Invalid(_) | Attempt::Unlinked => consensus::Verdict::Invalid,
            Attempt::ParentMissing => return None,
            Attempt::DataMissing(requests) => {
                self.request_batches(now, &requests, block.header.proposer);
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
        if block.block.header.height == last.next() {
            self.finals.push_back(block);
        }
    }

    /// Executes and commits final blocks in order, as far as their data is here.
    fn execute_finals(&mut self, now: Timestamp) {
        let mut caught_up = None;
        while let Some(next) = self.finals.front() {
            let block = next.block.clone();
            let hash = block.hash(&self.config.domains);
            match self.executor.attempt(&self.lanes, hash, &block) {
                Attempt::Valid => {}
                Attempt::DataMissing(requests) => {
                    self.request_batches(now, &requests, block.header.proposer);
                    break;
                }
                Attempt::Invalid(_) | Attempt::Unlinked | Attempt::ParentMissing => {
                    let text = format!(
                        "a quorum finalized block {} ({hash}), and this node computes another \
                         result. It stops; compare the program's version and run verify-ledger",
                        block.header.height
                    );
                    self.outputs.push(Output::Halt(text));
                    self.finals.clear();
                    return;
                }
            }
            if let Some(FinalBlock { block, certificate }) = self.finals.pop_front() {
                self.commit(hash, certificate.clone());
                caught_up = certificate.map(|certificate| (block, certificate)).or(caught_up);
            }
        }
        if let Some((block, certificate)) = caught_up {
            self.consensus(now, consensus::Input::CaughtUp { block, certificate });
            self.retry_waiting(now);
        }
    }

    /// A block is final and executed: records it, shows it, and answers who waited for it.
    fn commit(&mut self, hash: Hash, certificate: Option<ledger::certificate::Certificate>) {
        let Some(held) = self.executor.finalize(&hash) else { return };
        self.seeking = None;
        let block = held.executed.block.clone();
        self.lanes.order(&block.cut);
        self.catchup.reached(block.header.view);
        let record = FinalBlock { block, certificate: certificate.clone() };
        self.outputs.push(Output::Persist(LogRecord::Final(Box::new(record))));
        let committed = Arc::new(Committed::new(held.executed, certificate, held.batches));
        self.outputs.push(Output::Commit(committed.clone()));
        for transaction in committed.batches.iter().flat_map(|batch| &batch.transactions) {
            let id = transaction.id();
            for request in self.admission.leave(id) {
                let reply = Reply::Final(id, committed.clone());
                self.outputs.push(Output::Reply(request, reply));
            }
        }
    }

    fn fetch(&mut self, block: Hash, from: &[ValidatorIndex]) {
        let me = self.config.me;
        if let Some(to) = from.iter().copied().find(|peer| *peer != me) {
            self.seeking = Some(block);
            let message = PeerMessage::BlockRequest(block);
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }

    /// Asks `first`, and after a while others, for lane data.
    fn request_batches(
        &mut self,
        now: Timestamp,
        requests: &[BatchRequest],
        first: ValidatorIndex,
    ) {
        for request in requests {
            if self.requested.get(request).is_some_and(|until| *until > now) {
                continue;
            }
            let again = self.requested.insert(*request, now.plus(RETRY_MS)).is_some();
            let to = if again || first == self.config.me { self.another_peer(now) } else { first };
            let message = PeerMessage::BatchRequest(*request);
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
        let at = now.plus(RETRY_MS);
        self.wakes.retry = Some(self.wakes.retry.map_or(at, |earlier| earlier.min(at)));
    }

    /// Some other validator; another one at another time.
    fn another_peer(&self, now: Timestamp) -> ValidatorIndex {
        let others: Vec<_> = self
            .config
            .validators
            .iter()
            .map(|(i, _)| i)
            .filter(|i| *i != self.config.me)
            .collect();
        let count = u64::try_from(others.len()).unwrap_or(1).max(1);
        let turn = (now.0 / RETRY_MS).checked_rem(count).unwrap_or(0);
        let place = usize::try_from(turn).unwrap_or(0);
        others.get(place).copied().unwrap_or(self.config.me)
    }

    fn ask_for_chain(&mut self, now: Timestamp) {
        if !self.finals.is_empty() {
            return;
        }
        if let Some(to) = self.catchup.next_peer(now, self.config.me) {
            let message = PeerMessage::ChainRequest(self.final_tip().header().height.next());
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }

    fn retry(&mut self, now: Timestamp) {
        self.requested.retain(|_, until| until.plus(60_000) > now);
        self.resend_own_batches();
        self.retry_waiting(now);
    }

    fn announce_wake(&mut self, now: Timestamp) {
        if self.wakes.retry.is_none() && self.lanes.waiting(self.config.me) > 0 {
            self.wakes.retry = Some(now.plus(RETRY_MS));
        }
        let all = [self.wakes.consensus, self.wakes.retry, self.catchup.deadline()];
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
        | consensus::Message::Status(_) => Channel::Votes,
    }
}

/// The replica's surroundings.
fn consensus_config(config: &CoreConfig, epoch: ledger::ids::Epoch) -> Config {
    Config {
        domains: config.domains.clone(),
        validators: config.validators.clone(),
        epoch,
        identity: Some(Identity { index: config.me, key: config.key.clone() }),
        timing: config.timing,
    }
}
