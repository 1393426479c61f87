//! The leader builds a block and proposes it (R4).
//!
//! Invariants: at most one proposal of a view, held by the signer; it shows the certificates that
//! others need to accept its parent. Absent: what goes into a block (the node's).

use ledger::block::Block;
use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::Timestamp;

use crate::chain::Execution;
use crate::message::{Message, Proposal};
use crate::replica::Replica;
use crate::step::Output;

impl Replica {
    /// Asks the node for a block if this replica leads and it is time. True if something was done.
    pub(crate) fn build_if_due(&mut self, now: Timestamp) -> bool {
        // R4: after a start nobody knows how long the chain has been silent, so the leader does not
        // wait.
        let is_due = self.is_fresh || self.turn.busy_since.is_some() || now >= self.build_time();
        if !self.may_lead() {
            return false;
        }
        let Some(parent) = self.choose_parent() else { return false };
        if let Some(last) = self.last_of_the_epoch(&parent) {
            // R18
            let stands = self.may_propose(now, &last);
            if stands {
                self.propose(now, last);
            }
            return stands;
        }
        if !is_due {
            return false;
        }
        self.turn.building = Some(parent);
        self.make_busy(now);
        self.outputs.push(Output::Build { view: self.turn.view, parent });
        true
    }

    /// The block, if it ends this epoch, so that it gets no child here but is proposed again.
    fn last_of_the_epoch(&self, block: &Hash) -> Option<Block> {
        let ends = |block: &&Block| block.header.epoch == self.epoch && block.header.ends_epoch();
        self.chain.get(block).filter(ends).cloned()
    }

    /// True if this replica leads the current view and has neither asked for a block nor voted.
    pub(crate) fn may_lead(&self) -> bool {
        let view = self.turn.view;
        let Some(signer) = &self.signer else { return false };
        self.leaders.leader(view) == signer.identity().index
            && !self.turn.refused
            && self.turn.building.is_none()
            && signer.is_open(view)
            && signer.vote(view, VoteKind::Notarize).is_none()
            && signer.vote(view, VoteKind::Nullify).is_none()
    }

    /// The highest possible parent that is held and executed.
    fn choose_parent(&mut self) -> Option<Hash> {
        let parents: Vec<_> = self.views.parents(self.turn.view).collect();
        parents
            .into_iter()
            .map(|parent| parent.block)
            .find(|block| self.execute_up_to(block) == Execution::Valid)
    }

    /// The node has built the block: votes for it and proposes it.
    pub(crate) fn on_built(&mut self, now: Timestamp, block: Block) {
        let view = self.turn.view;
        let asked = self.turn.building == Some(block.header.parent) && block.header.view == view;
        if !asked || !self.may_propose(now, &block) {
            return;
        }
        let hash = self.chain.insert(block.clone());
        self.chain.note(&hash, Execution::Valid);
        self.propose(now, block);
    }

    /// Votes for a block that is held, executed and stands in the current view, and proposes it.
    fn propose(&mut self, now: Timestamp, block: Block) {
        let (view, hash) = (self.turn.view, block.hash(&self.domains));
        self.make_busy(now);
        let Some(vote) = self.promise(view, VoteKind::Notarize, hash, Some(block.clone())) else {
            self.turn.refused = true;
            return;
        };
        self.views.entry(view).candidate = Some(hash);
        let justification = self.justification(&block);
        let proposal = Proposal { block, vote: *vote, justification };
        self.broadcast(Message::Proposal(Box::new(proposal)));
        self.resend.begin(now);
        self.count(now, vote);
    }

    /// This replica's proposal of the current view, to be sent again.
    pub(crate) fn own_proposal(&self) -> Option<Proposal> {
        let view = self.turn.view;
        let signer = self.signer.as_ref()?;
        if self.leaders.leader(view) != signer.identity().index {
            return None;
        }
        let vote = **signer.vote(view, VoteKind::Notarize)?;
        let block = self.chain.get(&vote.subject.block)?.clone();
        let justification = self.justification(&block);
        Some(Proposal { block, vote, justification })
    }

    /// The certificate of what the proposal rests on and the nullifications after it, as far as
    /// they fit.
    fn justification(&self, proposed: &Block) -> Vec<Certificate> {
        // R4
        let Some(base) = self.base(proposed).map(|base| base.view) else { return Vec::new() };
        let certification = self.views.certification(base).into_iter();
        certification
            .chain(self.views.nullifications(base, self.turn.view))
            .take(Proposal::MAXIMUM_CERTIFICATES)
            .map(|certificate| (**certificate).clone())
            .collect()
    }
}
