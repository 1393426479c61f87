//! Blocks become final, and blocks that are missing are sought (R9, R15).
//!
//! Invariants: blocks become final in height order, each once; nothing is fetched that no
//! certificate speaks for. Absent: how blocks are obtained (the node's).

use ledger::block::Block;
use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex, View};
use std::collections::BTreeSet;

use crate::chain::Ancestry;
use crate::replica::Replica;
use crate::step::Output;
use crate::views::{Certified, Views};

impl Replica {
    /// The most blocks that are fetched one by one before the node is asked to catch up.
    pub const FETCH_DEPTH: u64 = 8;

    /// True if the block is held with all its ancestors.
    pub(crate) fn is_linked(&self, block: &Hash) -> bool {
        matches!(self.chain.ancestry(block), Ancestry::Linked(_))
    }

    /// A finalization is new: closes its view, drops what is behind it.
    pub(crate) fn on_finalization(&mut self) {
        let Certified { view, block } = self.views.finalized();
        if let Some(signer) = &mut self.signer {
            signer.close(view);
        }
        self.link();
        // R17: while the way to it is not held, only a window of blocks behind it is kept. It may
        // be older than its certificate (R18).
        let last = self.chain.get(&block).map_or(view, |block| block.header.view);
        self.chain.drop_up_to(View(last.0.saturating_sub(Views::WINDOW)));
    }

    /// True once the block that ends the epoch is final: then nothing is left to do but to tell
    /// those that do not know (R18).
    pub fn has_ended(&self) -> bool {
        let last = &self.finalized().header;
        last.epoch == self.epoch && last.ends_epoch()
    }

    /// Makes the block of the highest finalization final, with its ancestors first, if all are
    /// held.
    fn link(&mut self) {
        let target = self.views.finalized();
        let Ancestry::Linked(path) = self.chain.ancestry(&target.block) else { return };
        for hash in path {
            // R9
            let own = (hash == target.block).then(|| self.finalization().cloned()).flatten();
            if let Some(block) = self.chain.finalize(&hash) {
                self.outputs.push(Output::Final { block, certificate: own });
            }
        }
        if self.has_ended()
            && let Some(signer) = &mut self.signer
        {
            // R18
            signer.close(View(u64::MAX));
        }
    }

    /// Asks the node for what is missing: blocks one by one, or all up to the last final one. What
    /// was asked for already is asked for again only if `again`.
    pub(crate) fn seek(&mut self, again: bool) {
        // R15
        let target = self.views.finalized();
        let mut wanted = BTreeSet::new();
        let mut behind = None;
        match self.chain.ancestry(&target.block) {
            Ancestry::Missing(_, Some(height)) if self.is_far(height.0) => behind = Some(target),
            Ancestry::Missing(block, _) => {
                wanted.insert((block, target.view));
            }
            Ancestry::Linked(_) => {
                let candidates = self.views.pending().take(1).chain(self.candidate_base());
                wanted.extend(candidates.filter_map(|certified| self.missing(certified)));
            }
            Ancestry::Apart => {}
        }
        self.ask_to_catch_up(behind, again);
        let asked = std::mem::take(&mut self.fetching);
        for (block, view) in wanted {
            self.fetching.insert(block);
            if again || !asked.contains(&block) {
                let turn = if again { self.resend.repeats } else { 0 };
                let from = self.holders(view, turn);
                self.outputs.push(Output::Fetch { block, from });
            }
        }
    }

    fn is_far(&self, height: u64) -> bool {
        let own = self.chain.finalized().header.height.0;
        height.saturating_sub(own) > Self::FETCH_DEPTH
    }

    fn ask_to_catch_up(&mut self, behind: Option<Certified>, again: bool) {
        let asked = self.catching_up.take();
        let Some(target) = behind else { return };
        self.catching_up = asked.or(Some(target.view));
        if let Some(certificate) = self.finalization().cloned()
            && (again || asked.is_none())
        {
            self.catching_up = Some(target.view);
            self.outputs.push(Output::CatchUp { certificate });
        }
    }

    /// What the current candidate rests on, if it is certified.
    fn candidate_base(&self) -> Option<Certified> {
        let hash = self.views.get(self.turn.view)?.candidate?;
        self.base(self.chain.get(&hash)?)
    }

    /// The highest missing block on the way from a certified block down to the last final one.
    fn missing(&self, certified: Certified) -> Option<(Hash, View)> {
        match self.chain.ancestry(&certified.block) {
            Ancestry::Missing(block, _) => Some((block, certified.view)),
            Ancestry::Linked(_) | Ancestry::Apart => None,
        }
    }

    /// The other validators, those first that certified the block of `view`: they hold it. Each
    /// repetition begins with another one.
    fn holders(&self, view: View, turn: u64) -> Vec<ValidatorIndex> {
        let me = self.index();
        let certification = self.views.certification(view);
        let signers: Vec<_> =
            certification.into_iter().flat_map(|certificate| certificate.signers()).collect();
        let others =
            self.validators.iter().map(|(index, _)| index).filter(|index| !signers.contains(index));
        let mut holders: Vec<_> =
            signers.iter().copied().chain(others).filter(|index| Some(*index) != me).collect();
        let turn = usize::try_from(turn).unwrap_or(0);
        let first = turn.checked_rem(holders.len()).unwrap_or(0);
        holders.rotate_left(first);
        holders
    }

    /// A block that was fetched: held if it was asked for.
    pub(crate) fn on_fetched(&mut self, block: Block) {
        let hash = block.hash(&self.domains);
        if !self.fetching.remove(&hash) || !self.chain.is_whole(&block) {
            return;
        }
        self.chain.insert(block);
        self.link();
    }

    /// The node has caught up to a final block.
    pub(crate) fn on_caught_up(&mut self, now: Timestamp, block: Block, certificate: Certificate) {
        let subject = certificate.subject;
        let fits = subject.kind == VoteKind::Finalize
            && subject.block == block.hash(&self.domains)
            && block.header.height > self.chain.finalized().header.height;
        let Some(certificate) = self.verified(certificate).filter(|_| fits) else { return };
        self.chain.restart(block);
        self.catching_up = None;
        if self.views.knows(VoteKind::Finalize, subject.view) {
            self.link();
        } else {
            self.adopt(now, certificate);
        }
    }
}
