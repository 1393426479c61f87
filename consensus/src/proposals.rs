//! A proposal is checked (R5).
//!
//! Invariants: a proposal that fails here for good is never voted for by any honest replica.
//! Absent: what only execution can tell (lanes, receipts and state roots).

use ledger::block::{Block, Header};
use ledger::certificate::VoteKind;
use ledger::ids::{Timestamp, View};

use crate::message::Proposal;
use crate::replica::Replica;
use crate::verified::Verified;
use crate::views::Certified;

/// What the rules say of a proposal before its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Execute it and vote.
    Stands,
    /// Something is missing or too early.
    Waits,
    /// It can never be valid.
    Never,
}

impl Replica {
    /// The leader's proposal arrives: keeps the first of a view.
    pub(crate) fn on_proposal(&mut self, now: Timestamp, proposal: Proposal) {
        let Proposal { block, vote, justification } = proposal;
        let subject = vote.subject;
        let view = subject.view;
        // R5: the leader's signature is on this very block.
        let names_it = subject.epoch == self.epoch
            && subject.kind == VoteKind::Notarize
            && subject.block == block.hash(&self.domains)
            && vote.validator == self.leaders.leader(view);
        let is_first =
            |replica: &Self| replica.views.get(view).is_none_or(|state| state.candidate.is_none());
        if !names_it || !self.views.is_open(view, self.turn.view) {
            return;
        }
        if !is_first(self) && !self.views.wants(&vote) {
            return;
        }
        let vote = Verified::vote(vote, &self.domains, self.epoch, &self.validators);
        let Some(vote) = vote else { return };
        self.leaders.hear(vote.validator, view, self.turn.view);
        for certificate in justification {
            self.learn(now, certificate);
        }
        self.count(now, vote);
        // A certificate among them may have made the view final; then the block is of no use here.
        if self.views.is_open(view, self.turn.view) && is_first(self) && self.chain.is_whole(&block)
        {
            self.take_candidate(now, view, block);
        }
    }

    /// Holds the leader's first block of `view`, if the view can be the block's.
    fn take_candidate(&mut self, now: Timestamp, view: View, block: Block) {
        // R5, R18: a block whose view is none of its own would outlive what R17 keeps.
        if may_stand_in(&block.header, view) {
            let hash = self.chain.insert(block);
            self.views.entry(view).candidate = Some(hash);
            if view == self.turn.view {
                self.make_busy(now);
            }
        } else {
            self.views.entry(view).rejected = true;
        }
    }

    /// What R5 and R6 say of a candidate of the current view.
    pub(crate) fn standing(&self, now: Timestamp, block: &Block) -> Standing {
        let header = &block.header;
        let is_passed = header.height <= self.chain.finalized().header.height;
        if !self.is_ours(header) || !may_stand_in(header, self.turn.view) || is_passed {
            return Standing::Never;
        }
        let Some(parent) = self.chain.get(&header.parent).map(|parent| &parent.header) else {
            return Standing::Waits;
        };
        // A final view is never nullified, so nothing can pass over it.
        let base = if header.view == self.turn.view { parent } else { header };
        if base.view < self.views.finalized().view || !follows(parent, header) {
            return Standing::Never;
        }
        if self.base(block).is_none() {
            return Standing::Waits;
        }
        // R6: the clocks of validators differ; what is early now is right in a moment.
        let early = header.time > now.plus(self.pace.timing().clock_bound_ms);
        if early { Standing::Waits } else { Standing::Stands }
    }

    /// Where the block that a candidate of the current view rests on was certified: its parent, or
    /// the candidate itself if it is proposed again (R18). `None` if it is not known to be
    /// certified, or a view after it not to be nullified.
    pub(crate) fn base(&self, candidate: &Block) -> Option<Certified> {
        let view = self.turn.view;
        let base = if candidate.header.view == view {
            candidate.header.parent
        } else {
            candidate.hash(&self.domains)
        };
        self.views.parents(view).find(|certified| certified.block == base)
    }

    /// True if the header names this chain, epoch, validator set and the view's leader.
    fn is_ours(&self, header: &Header) -> bool {
        header.suite == self.domains.suite()
            && header.chain_id == self.domains.chain_id()
            && header.epoch == self.epoch
            && header.proposer == self.leaders.leader(header.view)
            && header.validators_hash == self.validators_hash
    }

    /// True if a block of our own building keeps the rules that others will check.
    pub(crate) fn may_propose(&self, now: Timestamp, block: &Block) -> bool {
        self.chain.is_whole(block) && self.standing(now, block) == Standing::Stands
    }
}

/// True if a block with this header can be proposed in `view`: it is of this view, or it ends its
/// epoch and is proposed again.
fn may_stand_in(header: &Header, view: View) -> bool {
    // R5, R18
    header.view == view || (header.view < view && header.ends_epoch())
}

/// True if a block with header `child` can follow one with header `parent`.
fn follows(parent: &Header, child: &Header) -> bool {
    child.height == parent.height.next()
        && child.view > parent.view
        && child.time > parent.time
        && child.validators_hash == parent.next_validators_hash
}
