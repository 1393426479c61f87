//! The replica: one validator's state, and the step that changes it.
//!
//! Invariants: the same inputs at the same times give the same outputs; after every step each rule
//! that can act has acted. Absent: the rules themselves, one file per concern beside this one.

use ledger::block::Block;
use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Epoch, Timestamp, ValidatorIndex, View};
use ledger::validators::ValidatorSet;
use std::collections::BTreeSet;

use crate::chain::{Chain, Execution};
use crate::leaders::Leaders;
use crate::memory::Inquiry;
use crate::message::Message;
use crate::pace::Pace;
use crate::signer::Signer;
use crate::step::{Input, Output, Verdict};
use crate::views::Views;

/// What happens in the current view.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) view: View,
    pub(crate) entered: Timestamp,
    /// Since when there is something to do: work waits, or a proposal is here.
    pub(crate) busy_since: Option<Timestamp>,
    /// The parent of the block that the node was asked to build.
    pub(crate) building: Option<Hash>,
    /// True once the signer has refused a vote: nothing more is tried in this view.
    pub(crate) refused: bool,
}

impl Turn {
    pub(crate) const fn new(view: View, entered: Timestamp) -> Self {
        Self { view, entered, busy_since: None, building: None, refused: false }
    }
}

/// When votes were sent the last time, and how often in this view.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resend {
    pub(crate) last: Option<Timestamp>,
    pub(crate) count: u32,
    /// How often since the start of the replica.
    pub(crate) repeats: u64,
}

/// One validator (or observer) of one epoch. Made by [`Replica::new`], driven by [`Replica::step`].
#[derive(Clone, Debug)]
pub struct Replica {
    pub(crate) domains: Domains,
    pub(crate) validators: ValidatorSet,
    pub(crate) validators_hash: Hash,
    pub(crate) epoch: Epoch,
    pub(crate) signer: Option<Signer>,
    /// The question after what was forgotten; none if nothing is (R19).
    pub(crate) inquiry: Option<Inquiry>,
    pub(crate) leaders: Leaders,
    pub(crate) pace: Pace,
    pub(crate) views: Views,
    pub(crate) chain: Chain,
    pub(crate) turn: Turn,
    /// When the last view was notarized, or the replica started.
    pub(crate) idle_since: Timestamp,
    /// True until the first certificate after the start: what the others do is not known.
    pub(crate) is_fresh: bool,
    pub(crate) resend: Resend,
    /// When each validator was last answered.
    pub(crate) answered: Vec<Option<Timestamp>>,
    /// Blocks that the node was asked to fetch.
    pub(crate) fetching: BTreeSet<Hash>,
    /// The view of the finalization that the node was asked to catch up with.
    pub(crate) catching_up: Option<View>,
    /// Validators that evidence was given of.
    pub(crate) named: BTreeSet<ValidatorIndex>,
    pub(crate) wake: Option<Timestamp>,
    /// The moment of the last step.
    pub(crate) latest: Timestamp,
    pub(crate) outputs: Vec<Output>,
}

impl Resend {
    /// A new vote was sent: the pauses begin anew.
    pub(crate) const fn begin(&mut self, now: Timestamp) {
        self.last = Some(now);
        self.count = 0;
    }
}

impl Replica {
    /// Takes one input at the moment `now` and says what to do. `now` is the node's clock, which
    /// may be set forward or back between two steps.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        self.follow_clock(now);
        match input {
            Input::Message { from, message } => self.on_message(now, from, message),
            Input::Wake => self.wake = None,
            Input::WorkWaits => self.make_busy(now),
            Input::Built { block } => self.on_built(now, block),
            Input::Verdict { block, verdict } => self.on_verdict(&block, verdict),
            Input::Fetched { block } => self.on_fetched(block),
            Input::CaughtUp { block, certificate } => self.on_caught_up(now, block, certificate),
            Input::Lost(validator) => self.leaders.lose(validator), // R13
            Input::Timing(timing) => self.pace.set_timing(timing),
        }
        self.settle(now)
    }

    /// Lets every rule act until none can, then gives the outputs.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Output> {
        // R18
        while !self.has_ended()
            && (self.consider(now) || self.nullify_if_due(now) || self.build_if_due(now))
        {}
        self.regain();
        if !self.has_ended() {
            self.seek(false);
            self.resend_if_due(now);
            self.set_wake(now);
        }
        std::mem::take(&mut self.outputs)
    }

    fn on_message(&mut self, now: Timestamp, from: ValidatorIndex, message: Message) {
        let is_a_peer = self.validators.get(from).is_some() && Some(from) != self.index();
        if !is_a_peer || message.epoch() != self.epoch {
            return;
        }
        if self.has_ended() {
            return self.tell_the_end(now, from);
        }
        match message {
            Message::Proposal(proposal) => self.on_proposal(now, *proposal),
            Message::Vote(vote) => self.on_vote(now, from, vote),
            Message::Certificate(certificate) => self.learn(now, certificate),
            Message::Status(status) => {
                self.leaders.hear(from, status.view, self.turn.view);
                self.answer(now, from, &status);
            }
            Message::Report(report) => self.on_report(from, &report),
        }
    }

    fn on_verdict(&mut self, block: &Hash, verdict: Verdict) {
        let execution = match verdict {
            Verdict::Valid => Execution::Valid,
            Verdict::Invalid => Execution::Invalid,
        };
        self.chain.note(block, execution);
    }

    /// From now on the view has something to do: the short time-out applies (R12).
    pub(crate) fn make_busy(&mut self, now: Timestamp) {
        self.turn.busy_since.get_or_insert(now);
    }

    /// True if no block of `view` can become final or a parent, as far as is known: the view was
    /// nullified or is closed, and no block of it was certified.
    pub fn is_abandoned(&self, view: View) -> bool {
        self.views.knows(VoteKind::Nullify, view) && self.views.certified(view).is_none()
    }

    /// The epoch of this replica.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// This replica's index; `None` for an observer.
    pub fn index(&self) -> Option<ValidatorIndex> {
        self.signer.as_ref().map(|signer| signer.identity().index)
    }

    /// The current view.
    pub const fn view(&self) -> View {
        self.turn.view
    }

    /// The leader of a view.
    pub fn leader(&self, view: View) -> ValidatorIndex {
        self.leaders.leader(view)
    }

    /// The last final block that is held with all before it.
    pub const fn finalized(&self) -> &Block {
        self.chain.finalized()
    }

    /// The highest finalization that is known, also of a block that is not held yet; `None` as long
    /// as only the genesis block is final.
    pub fn finalization(&self) -> Option<&Certificate> {
        self.views.finalization().map(|certificate| &**certificate)
    }

    /// The block that the next one will most likely extend: the highest certified one that is held
    /// with all its ancestors, else the last final one. Work that it does not order waits.
    pub fn tip(&self) -> &Block {
        let parents = self.views.parents(self.turn.view).map(|certified| certified.block);
        let held = parents.filter(|hash| self.is_linked(hash)).find_map(|hash| self.block(&hash));
        held.unwrap_or_else(|| self.finalized())
    }

    /// A block that is held but perhaps not final, to be given to a peer that fetches it.
    pub fn block(&self, hash: &Hash) -> Option<&Block> {
        self.chain.get(hash)
    }

    /// The current view time-out in milliseconds; for metrics.
    pub fn timeout_ms(&self) -> u64 {
        self.pace.timeout()
    }

    /// Views and blocks kept above the final ones; for metrics, and for tests of the bounds.
    pub fn kept(&self) -> (usize, usize) {
        (self.views.count(), self.chain.count())
    }
}
