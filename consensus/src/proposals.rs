//! A proposal is checked (R5).
//!
//! Invariants: a proposal that fails here for good is never voted for by any honest replica.
//! Absent: what only execution can tell (lanes, receipts and state roots).

use ledger::block::{Block, Header};
use ledger::certificate::VoteKind;
use ledger::ids::Timestamp;

use crate::message::Proposal;
use crate::replica::Replica;
use crate::verified::Verified;

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
        let view = block.header.view;
        let subject = vote.subject;
        // R5: the leader's signature is on this very block.
        let names_it = subject.epoch == self.epoch
            && subject.view == view
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
        let Some(vote) = Verified::vote(vote, &self.domains, &self.validators) else { return };
        self.leaders.hear(vote.validator, view, self.turn.view);
        for certificate in justification {
            self.learn(now, certificate);
        }
        self.count(now, vote);
        // A certificate among them may have made the view final; then the block is of no use here.
        if self.views.is_open(view, self.turn.view) && is_first(self) && self.chain.is_whole(&block)
        {
            let hash = self.chain.insert(block);
            self.views.entry(view).candidate = Some(hash);
            if view == self.turn.view {
                self.make_busy(now);
            }
        }
    }

    /// What R5 and R6 say of a candidate of the current view.
    pub(crate) fn standing(&self, now: Timestamp, block: &Block) -> Standing {
        let header = &block.header;
        let is_passed = header.height <= self.chain.finalized().header.height;
        if !self.is_ours(header) || header.view != self.turn.view || is_passed {
            return Standing::Never;
        }
        let Some(parent) = self.chain.get(&header.parent).map(|parent| &parent.header) else {
            return Standing::Waits;
        };
        // A final view is never nullified, so nothing can pass over it.
        if parent.view < self.views.finalized().view || !follows(parent, header) {
            return Standing::Never;
        }
        let certified = self.views.certified(parent.view);
        let is_certified = certified.is_some_and(|certified| certified.block == header.parent);
        if !is_certified || self.views.gap(parent.view, header.view).is_some() {
            return Standing::Waits;
        }
        // R6: the clocks of validators differ; what is early now is right in a moment.
        let early = header.time > now.plus(self.pace.timing().clock_bound_ms);
        if early { Standing::Waits } else { Standing::Stands }
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

/// True if a block with header `child` can follow one with header `parent`.
fn follows(parent: &Header, child: &Header) -> bool {
    child.height == parent.height.next()
        && child.view > parent.view
        && child.time > parent.time
        && child.validators_hash == parent.next_validators_hash
}
