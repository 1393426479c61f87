//! Votes are counted and cast (R6, R7, R8).
//!
//! Invariants: what this replica votes is counted like any other vote; every vote of its own comes
//! from the signer with its record. Absent: what certificates lead to (see [`crate::entering`]).

use ledger::block::Block;
use ledger::certificate::{Vote, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex, View};

use crate::chain::{Ancestry, Execution};
use crate::message::Message;
use crate::proposals::Standing;
use crate::replica::Replica;
use crate::signer::Signer;
use crate::step::Output;
use crate::verified::Verified;

impl Replica {
    /// A vote from outside: checks it if it may matter.
    pub(crate) fn on_vote(&mut self, now: Timestamp, from: ValidatorIndex, vote: Vote) {
        let subject = vote.subject;
        if from == vote.validator {
            self.leaders.hear(from, subject.view, self.turn.view);
        }
        if subject.kind == VoteKind::Nullify && subject.view < self.turn.view {
            self.help(now, from, subject.view);
        }
        if !self.views.is_open(subject.view, self.turn.view) || !self.views.wants(&vote) {
            return;
        }
        if let Some(vote) = Verified::vote(vote, &self.domains, self.epoch, &self.validators) {
            self.count(now, vote);
        }
    }

    /// Counts a vote: it may be evidence, and it may complete a certificate.
    pub(crate) fn count(&mut self, now: Timestamp, vote: Verified<Vote>) {
        let subject = vote.subject;
        let contradiction =
            self.views.get(subject.view).and_then(|state| state.tally.contradiction(&vote));
        if let Some(evidence) = contradiction {
            // R7, R16
            if vote.validator == self.leaders.leader(subject.view) {
                self.views.entry(subject.view).rejected = true;
            }
            if self.named.insert(evidence.culprit()) {
                self.outputs.push(Output::Evidence(evidence));
            }
            return;
        }
        if self.views.knows(subject.kind, subject.view) {
            return;
        }
        let state = self.views.entry(subject.view);
        state.tally.insert(vote);
        // R8, R9
        if let Some(certificate) = state.tally.certificate(&subject, &self.validators) {
            self.adopt(now, certificate);
        }
    }

    /// Votes to notarize the candidate of the current view, as soon as everything that R6 asks is
    /// there. True if something was done.
    pub(crate) fn consider(&mut self, now: Timestamp) -> bool {
        let Some(block) = self.candidate() else { return false };
        let view = self.turn.view;
        match self.standing(now, &block) {
            Standing::Waits => false,
            Standing::Never => {
                // R7
                self.views.entry(view).rejected = true;
                true
            }
            Standing::Stands => {
                let hash = block.hash(&self.domains);
                match self.execute_up_to(&hash) {
                    Execution::Unasked | Execution::Asked => false,
                    Execution::Valid => self.notarize(now, block),
                    Execution::Invalid => {
                        // R7
                        self.views.entry(view).rejected = true;
                        true
                    }
                }
            }
        }
    }

    /// The candidate of the current view, if this replica may still vote for it.
    fn candidate(&self) -> Option<Block> {
        let signer = self.signer.as_ref()?;
        let view = self.turn.view;
        let is_done = !signer.is_open(view)
            || signer.vote(view, VoteKind::Notarize).is_some()
            || signer.vote(view, VoteKind::Nullify).is_some();
        let state = self.views.get(view)?;
        if self.turn.refused || is_done || state.rejected {
            return None;
        }
        self.chain.get(&state.candidate?).cloned()
    }

    fn notarize(&mut self, now: Timestamp, block: Block) -> bool {
        // R6
        let (view, hash) = (self.turn.view, block.hash(&self.domains));
        let vote = self.promise(view, VoteKind::Notarize, hash, Some(block));
        self.turn.refused = vote.is_none();
        self.cast(now, vote);
        true
    }

    /// Signs a vote and writes its record, before it the block it speaks of; `None` if the signer
    /// refuses.
    pub(crate) fn promise(
        &mut self,
        view: View,
        kind: VoteKind,
        hash: Hash,
        block: Option<Block>,
    ) -> Option<Verified<Vote>> {
        // R10
        self.signer.as_mut()?.sign(view, kind, hash, block, &mut self.outputs).ok()
    }

    /// Sends a vote of this replica, and counts it.
    fn cast(&mut self, now: Timestamp, vote: Option<Verified<Vote>>) {
        if let Some(vote) = vote {
            self.broadcast(Message::Vote(*vote));
            self.resend.begin(now);
            self.count(now, vote);
        }
    }

    /// Has the block and its ancestors executed, and says what is known of the block.
    pub(crate) fn execute_up_to(&mut self, hash: &Hash) -> Execution {
        let Ancestry::Linked(path) = self.chain.ancestry(hash) else {
            return Execution::Unasked;
        };
        for hash in &path {
            if self.chain.execution(hash) == Execution::Unasked {
                self.chain.note(hash, Execution::Asked);
                self.outputs.extend(self.chain.get(hash).cloned().map(Output::Execute));
            }
        }
        self.chain.execution(hash)
    }

    /// Votes to nullify the current view if R7 asks for it. True if something was done.
    pub(crate) fn nullify_if_due(&mut self, now: Timestamp) -> bool {
        let view = self.turn.view;
        let Some(signer) = &self.signer else { return false };
        let is_done = self.turn.refused
            || !signer.is_open(view)
            || signer.vote(view, VoteKind::Nullify).is_some();
        if is_done || !(now >= self.deadline() || self.is_hopeless()) {
            return false;
        }
        // R7
        let vote = self.promise(view, VoteKind::Nullify, Hash::ZERO, None);
        self.turn.refused = vote.is_none();
        self.cast(now, vote);
        true
    }

    /// True if the view is to be given up before its time: its leader is proven faulty, proposed
    /// what can never be valid, was silent, or will not propose.
    fn is_hopeless(&self) -> bool {
        let view = self.turn.view;
        let state = self.views.get(view);
        let rejected = state.is_some_and(|state| state.rejected);
        let proposed = state.is_some_and(|state| state.candidate.is_some());
        let leader = self.leaders.leader(view);
        let will_not = if self.index() == Some(leader) {
            self.catching_up.is_some()
        } else {
            let tally = state.map(|state| &state.tally);
            let gave_up = tally.is_some_and(|tally| tally.has(VoteKind::Nullify, leader));
            // R13
            gave_up || self.leaders.is_silent(view)
        };
        rejected || (!proposed && will_not)
    }

    /// When the current view ends (R12).
    pub(crate) fn deadline(&self) -> Timestamp {
        let timeout = self.pace.timeout();
        match self.turn.busy_since {
            Some(since) => since.plus(timeout),
            None => self.build_time().plus(timeout),
        }
    }

    /// When a leader without work proposes an empty block (R4). Counted from the last notarization,
    /// not from the view's beginning, so that views that failed do not add up to a long silence.
    pub(crate) fn build_time(&self) -> Timestamp {
        let pause = if self.views.pending().next().is_some() {
            self.pace.timeout()
        } else {
            self.pace.timing().heartbeat_ms
        };
        self.idle_since.plus(pause).max(self.turn.entered)
    }

    /// Votes to finalize the block that was notarized in `view`, unless it was nullified by this
    /// replica; also when the replica has moved on already.
    pub(crate) fn vote_to_finalize(&mut self, now: Timestamp, view: View, block: Hash) {
        // R8
        let signed = |signer: &Signer| signer.vote(view, VoteKind::Finalize).is_some();
        if !self.signer.as_ref().is_some_and(signed) {
            let vote = self.promise(view, VoteKind::Finalize, block, None);
            self.cast(now, vote);
        }
    }
}
