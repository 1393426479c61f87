//! What is known of each view above the last final one: votes, certificates, the leader's block.
//!
//! Invariants: nothing is kept of views that are final or more than [`Views::WINDOW`] ahead; votes
//! and candidates of views further behind than that are dropped, their certificates stay until a
//! later view is final, because a proposal over the gap must show them (R4). Absent: blocks (see
//! [`crate::chain`]).

use ledger::certificate::{Certificate, Vote, VoteKind};
use ledger::hash::Hash;
use ledger::ids::View;
use std::collections::BTreeMap;

use crate::tally::Tally;
use crate::verified::Verified;

/// What is known of one view.
#[derive(Clone, Debug, Default)]
pub struct ViewState {
    /// The votes.
    pub tally: Tally,
    /// The first block that the leader proposed.
    pub candidate: Option<Hash>,
    /// True if the leader proposed two blocks, or what can never be valid.
    pub rejected: bool,
    /// The notarization, if known.
    pub notarization: Option<Verified<Certificate>>,
    /// The nullification, if known.
    pub nullification: Option<Verified<Certificate>>,
}

impl ViewState {
    const fn certificate(&self, kind: VoteKind) -> Option<&Verified<Certificate>> {
        match kind {
            VoteKind::Notarize => self.notarization.as_ref(),
            VoteKind::Nullify => self.nullification.as_ref(),
            VoteKind::Finalize => None,
        }
    }
}

/// The place that a block has in the chain of views: where it was certified. That is the view of
/// the block, or a later one of a block that ends the epoch (R18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The view of the certificate.
    pub view: View,
    /// The block's hash.
    pub block: Hash,
}

/// All views that are not final.
#[derive(Clone, Debug)]
pub struct Views {
    views: BTreeMap<View, ViewState>,
    finalized: Certified,
    finalization: Option<Verified<Certificate>>,
    /// Votes and candidates of views below this one are dropped.
    compacted: View,
}

impl Views {
    /// How many views ahead of the current one, and behind it, votes and proposals are kept (R17).
    pub const WINDOW: u64 = 64;

    /// The views after the final block `finalized`.
    pub const fn new(finalized: Certified, finalization: Option<Verified<Certificate>>) -> Self {
        Self { views: BTreeMap::new(), finalized, finalization, compacted: View(0) }
    }

    /// The highest block that is known to be final, held or not.
    pub const fn finalized(&self) -> Certified {
        self.finalized
    }

    /// Its finalization; `None` for a genesis block.
    pub const fn finalization(&self) -> Option<&Verified<Certificate>> {
        self.finalization.as_ref()
    }

    /// True if votes and proposals of `view` are kept while `current` is the current view (R17).
    pub const fn is_open(&self, view: View, current: View) -> bool {
        view.0 > self.finalized.view.0
            && view.0 <= current.0.saturating_add(Self::WINDOW)
            && view.0 >= current.0.saturating_sub(Self::WINDOW)
    }

    /// What is known of `view`.
    pub fn get(&self, view: View) -> Option<&ViewState> {
        self.views.get(&view)
    }

    /// What is known of `view`, to be changed. The caller has asked [`Views::is_open`].
    pub fn entry(&mut self, view: View) -> &mut ViewState {
        self.views.entry(view).or_default()
    }

    /// True if a certificate of this kind and view would say nothing new.
    pub fn knows(&self, kind: VoteKind, view: View) -> bool {
        view <= self.finalized.view
            || self.views.get(&view).is_some_and(|state| state.certificate(kind).is_some())
    }

    /// True if a vote is worth checking: it may lead to a new certificate, or to evidence.
    pub fn wants(&self, vote: &Vote) -> bool {
        let Some(state) = self.views.get(&vote.subject.view) else { return true };
        state.tally.contradiction(vote).is_some()
            || (!self.knows(vote.subject.kind, vote.subject.view) && state.tally.is_news(vote))
    }

    /// Keeps a certificate; a finalization closes all views up to its own.
    pub fn insert(&mut self, certificate: Verified<Certificate>) {
        let view = certificate.subject.view;
        match certificate.subject.kind {
            VoteKind::Notarize => self.entry(view).notarization = Some(certificate),
            VoteKind::Nullify => self.entry(view).nullification = Some(certificate),
            VoteKind::Finalize => {
                self.finalized = Certified { view, block: certificate.subject.block };
                self.finalization = Some(certificate);
                self.views = self.views.split_off(&view.next());
            }
        }
    }

    /// Drops votes and candidates that are out of the window behind `current` (R17); gives those
    /// candidates that are not known to be notarized.
    pub fn compact(&mut self, current: View) -> Vec<(View, Hash)> {
        let behind = View(current.0.saturating_sub(Self::WINDOW)).max(self.compacted);
        let mut dropped = Vec::new();
        for (view, state) in self.views.range_mut(self.compacted..behind) {
            state.tally = Tally::default();
            let candidate = state.candidate.take().filter(|_| state.notarization.is_none());
            dropped.extend(candidate.map(|block| (*view, block)));
        }
        self.compacted = behind;
        dropped
    }

    /// The certificate that makes the block of `view` a possible parent: notarization or
    /// finalization.
    pub fn certified(&self, view: View) -> Option<Certified> {
        if view == self.finalized.view {
            return Some(self.finalized);
        }
        let notarization = self.views.get(&view)?.notarization.as_ref()?;
        Some(Certified { view, block: notarization.subject.block })
    }

    /// True if the block is certified in any view from the last final one on.
    pub fn is_certified(&self, block: &Hash) -> bool {
        self.finalized.block == *block || self.pending().any(|certified| certified.block == *block)
    }

    /// The certificate behind [`Views::certified`]; `None` also for a genesis block.
    pub fn certification(&self, view: View) -> Option<&Verified<Certificate>> {
        if view == self.finalized.view {
            return self.finalization.as_ref();
        }
        self.views.get(&view)?.notarization.as_ref()
    }

    /// The highest views that are notarized but not final, the highest first.
    pub fn pending(&self) -> impl Iterator<Item = Certified> {
        self.views.keys().rev().filter_map(|view| self.certified(*view))
    }

    /// The lowest view between `parent` and `child`, both excluded, that is not known to be
    /// nullified.
    pub fn gap(&self, parent: View, child: View) -> Option<View> {
        let mut expected = parent.next();
        for (view, state) in self.views.range(expected..) {
            if expected >= child || *view > expected || state.nullification.is_none() {
                break;
            }
            expected = expected.next();
        }
        (expected < child).then_some(expected)
    }

    /// The nullifications between `parent` and `child`, both excluded, ascending.
    pub fn nullifications(
        &self,
        parent: View,
        child: View,
    ) -> impl Iterator<Item = &Verified<Certificate>> {
        let first = parent.next().min(child);
        self.views.range(first..child).filter_map(|(_, state)| state.nullification.as_ref())
    }

    /// What may be extended in `view`, or proposed again, the highest first: blocks that are
    /// certified while all views between are nullified (R4, R18).
    pub fn parents(&self, view: View) -> impl Iterator<Item = Certified> {
        let mut cursor = view.previous();
        std::iter::from_fn(move || {
            let at = cursor?;
            let nullified = self.knows(VoteKind::Nullify, at) && at > self.finalized.view;
            cursor = if nullified { at.previous() } else { None };
            Some(self.certified(at))
        })
        .flatten()
    }

    /// The lowest view above the final one and below `current` of which no certificate is known.
    pub fn lowest_unknown(&self, current: View) -> Option<View> {
        let mut expected = self.finalized.view.next();
        for (view, state) in self.views.range(expected..) {
            let known = state.notarization.is_some() || state.nullification.is_some();
            if expected >= current || *view > expected || !known {
                break;
            }
            expected = expected.next();
        }
        (expected < current).then_some(expected)
    }

    /// The certificates of `view` and of those above, ascending.
    pub fn certificates(&self, view: View) -> impl Iterator<Item = &Verified<Certificate>> {
        self.views
            .range(view..)
            .flat_map(|(_, state)| state.notarization.iter().chain(&state.nullification))
    }

    /// How many views are kept; for metrics and tests.
    pub fn count(&self) -> usize {
        self.views.len()
    }

    /// The highest view of which a certificate is known.
    pub fn highest_certified(&self) -> View {
        let is_certified =
            |state: &ViewState| state.notarization.is_some() || state.nullification.is_some();
        let highest = self.views.iter().rev().find(|(_, state)| is_certified(state));
        highest.map_or(self.finalized.view, |(view, _)| *view)
    }
}
