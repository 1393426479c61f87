//! The change of epochs: when the block that ends one is final, the next one begins here.
//!
//! Invariants: replica, lanes and executed blocks are of one epoch, that of the final tip's child;
//! own transactions that the last epoch did not order are in the new lane, or kept for forwarding,
//! before anything else happens, so a log that is read from the epoch's last block on has them.
//! Absent: who the validators are (the ledger's), how the last block becomes final (consensus).

use consensus::{Memory, Replica, Start, Timing};
use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::ids::{InstitutionNumber, Timestamp, ValidatorIndex, View};
use ledger::transaction::VerifiedTransaction;

use super::committee::Committee;
use super::lanes::Lanes;
use super::message::PeerMessage;
use super::step::{Channel, Output};
use super::submission::executed_by;
use super::{Core, CoreConfig, RETRY_MS, consensus_config};

/// What a node does in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It votes.
    Validator,
    /// It is a validator, and does not vote before the others have passed the votes that it lost.
    Regaining,
    /// It executes and serves, and forwards what clients give it.
    Observer,
}

impl Role {
    /// Its name, as the API shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validator => "validator",
            Self::Regaining => "regaining",
            Self::Observer => "observer",
        }
    }
}

impl Core {
    /// What this node does in the present epoch.
    pub fn role(&self) -> Role {
        match (self.committee.me(), self.replica.memory()) {
            (None, _) => Role::Observer,
            (Some(_), Memory::Lost { .. }) => Role::Regaining,
            (Some(_), Memory::Whole) => Role::Validator,
        }
    }

    /// The final tip has changed: everything that follows its state follows.
    pub(super) fn follow(
        &mut self,
        now: Timestamp,
        before: &Tip,
        certificate: Option<Certificate>,
    ) {
        let tip = self.executor.final_tip();
        let (old, new) = (before.state().directory(), tip.state().directory());
        if std::ptr::eq(old, new) {
            return;
        }
        if old.nodes() != new.nodes() {
            self.outputs.push(Output::Nodes(new.nodes().clone()));
        }
        if tip.child_epoch() != self.committee.epoch() {
            return self.begin_epoch(now, certificate);
        }
        if old.parameters() != new.parameters() {
            let timing = timing(&self.config, tip);
            self.consensus(now, consensus::Input::Timing(timing));
        }
    }

    /// Begins the epoch that the final tip's child is of: after the block that ends the one before,
    /// or, with a snapshot, anywhere within it.
    fn begin_epoch(&mut self, now: Timestamp, certificate: Option<Certificate>) {
        let unordered = self.unordered();
        self.executor.begin_epoch();
        let tip = self.executor.final_tip();
        self.committee = Committee::after(tip, &self.config.voting_keys);
        self.lanes = Lanes::new(self.committee.epoch(), &tip.child_cut());
        let (header, memory) = (tip.header().clone(), self.replica.memory());
        let is_first = header.ends_epoch();
        let finalized = Block { header, cut: tip.cut().clone() };
        let start =
            Start { finalized, certificate: certificate.clone(), records: Vec::new(), memory };
        let config = consensus_config(&self.config, &self.committee, tip);
        let (replica, first) = Replica::new(config, start, now);
        self.replica = replica;
        self.ended = certificate.filter(|_| is_first);
        self.catchup.begin(self.committee.epoch());
        self.requested.clear();
        self.seeking = None;
        self.to_build = None;
        self.wakes.consensus = None;
        self.admission.again(unordered);
        self.make_all_batches(now);
        for output in first {
            if let Some(answer) = self.perform(now, output) {
                self.consensus(now, answer);
            }
        }
    }

    /// The lane that this node may write: none as an observer, and none while it may have forgotten
    /// what it wrote there.
    pub(super) fn own_lane(&self) -> Option<ValidatorIndex> {
        self.committee.me().filter(|_| self.replica.memory() == Memory::Whole)
    }

    /// The replica remembers all its votes again: so this node writes its lane again, too.
    pub(super) fn regained(&mut self) {
        self.outputs.push(Output::Regained);
        let forwarded = self.forwards.take();
        self.admission.again(forwarded);
    }

    /// Own transactions that no block has ordered: those of the own lane, and forwarded ones.
    fn unordered(&mut self) -> Vec<VerifiedTransaction> {
        let lane = self.committee.me().map(|me| self.lanes.unordered(me)).unwrap_or_default();
        let mut transactions: Vec<_> =
            lane.iter().flat_map(|batch| batch.transactions.iter().cloned()).collect();
        transactions.extend(self.forwards.take());
        let tip = self.executor.final_tip();
        transactions.retain(|one| executed_by(tip, one.body(), one.id()).is_none());
        transactions
    }

    /// A replica's message of an epoch that is not this one's.
    pub(super) fn of_another_epoch(
        &mut self,
        now: Timestamp,
        from: InstitutionNumber,
        message: &consensus::Message,
    ) {
        let epoch = message.epoch();
        if epoch > self.committee.epoch() {
            return self.catchup.claim(now, from, (epoch, view_of(message)));
        }
        // Behind: it gets the finalization that ended its epoch, or, if that is not at hand, one
        // that makes it ask for the chain.
        if self.told.get(&from).is_some_and(|until| *until > now) {
            return;
        }
        let ended = self.ended.clone().filter(|ended| ended.subject.epoch == epoch);
        if let Some(certificate) = ended.or_else(|| self.last_finalization()) {
            self.told.insert(from, now.plus(RETRY_MS));
            self.tell(from, certificate);
        }
    }

    /// The highest finalization that this node can show.
    fn last_finalization(&self) -> Option<Certificate> {
        self.replica.finalization().cloned().or_else(|| self.ended.clone())
    }

    /// Tells a peer that has connected how far the chain is: one that is behind asks for it.
    pub(super) fn greet(&mut self, peer: InstitutionNumber) {
        if let Some(certificate) = self.last_finalization() {
            self.tell(peer, certificate);
        }
    }

    fn tell(&mut self, to: InstitutionNumber, certificate: Certificate) {
        let message = PeerMessage::Consensus(consensus::Message::Certificate(certificate));
        self.outputs.push(Output::Send { to, channel: Channel::Votes, message });
    }

    /// What to say if the block after `tip` needs other rules than this program has: it must not
    /// vote there.
    pub(super) fn outdated(tip: &Tip) -> Option<String> {
        let needed = tip.child_protocol();
        (needed > ledger::PROTOCOL).then(|| {
            format!(
                "from block {} on the chain runs by version {needed} of its rules, and this \
                 program knows version {}. Install a program of version {needed} and start it on \
                 this home",
                tip.height().next(),
                ledger::PROTOCOL
            )
        })
    }

    /// Stops the node before it does anything for a block by rules that it does not know.
    pub(super) fn halt(&mut self, text: String) {
        self.outputs.push(Output::Halt(text));
        self.finals.clear();
    }
}

/// The view that a message speaks of, or its sender is in.
const fn view_of(message: &consensus::Message) -> View {
    match message {
        consensus::Message::Proposal(proposal) => proposal.vote.subject.view,
        consensus::Message::Vote(vote) => vote.subject.view,
        consensus::Message::Certificate(certificate) => certificate.subject.view,
        consensus::Message::Status(status) => status.view,
        consensus::Message::Report(report) => report.view,
    }
}

/// The times of consensus that the state asks for.
pub(super) fn timing(config: &CoreConfig, tip: &Tip) -> Timing {
    let parameters = tip.state().parameters();
    Timing {
        heartbeat_ms: u64::from(parameters.heartbeat_ms),
        clock_bound_ms: u64::from(parameters.clock_bound_ms),
        ..config.timing
    }
}

/// The nodes that may take part, for the host.
pub(super) fn nodes(tip: &Tip) -> Output {
    Output::Nodes(tip.state().directory().nodes().clone())
}
