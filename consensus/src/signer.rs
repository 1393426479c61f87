//! The signer: the only place where this replica's votes are made (R10).
//!
//! Invariants: of one view it signs at most one notarization, at most one finalization, and never
//! both a nullification and a finalization, nor a notarization after a nullification; whatever the
//! rest of the replica asks for. What it signed comes back after a crash, because a vote leaves the
//! signer only together with its record, the record first. A proposal carries the leader's vote to
//! notarize as its signature, so it is signed here, too. In views that may hold votes of which
//! there is no record, it signs nothing. Absent: the reasons to vote (see the module `voting`), and
//! lane batches, which no vote rests on before a quorum holds them by their hash (the node's).

use ledger::block::Block;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Epoch, View};
use std::collections::BTreeMap;

use crate::config::Identity;
use crate::record::Record;
use crate::step::Output;
use crate::verified::Verified;

/// Why the signer refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The view is final, or the epoch has ended.
    #[error("view {view} is final, or comes after the last one of the epoch")]
    Closed {
        /// The view.
        view: View,
    },
    /// This validator may have voted in the view before it lost its records.
    #[error("view {view} may hold a forgotten vote of this validator, so it only observes it")]
    Forgotten {
        /// The view.
        view: View,
    },
    /// An earlier vote of this replica forbids it.
    #[error("an earlier vote in view {view} contradicts it")]
    Contradiction {
        /// The view.
        view: View,
    },
    /// The subject names no block where one belongs, or the other way round, or another epoch.
    #[error("the subject is malformed or of another epoch")]
    Malformed,
}

/// Signs this replica's votes, and remembers them.
#[derive(Clone, Debug)]
pub struct Signer {
    domains: Domains,
    epoch: Epoch,
    identity: Identity,
    /// No vote up to this view: it is final, or the epoch has ended.
    closed: View,
    /// No vote up to this view: there may be one that is on no record (R19).
    forgotten: View,
    /// What was signed in each view above.
    votes: BTreeMap<View, BTreeMap<VoteKind, Verified<Vote>>>,
}

impl Signer {
    /// A signer that signs nothing up to `closed`, because it is final, and up to `forgotten`,
    /// because votes of ours may be on no record; above both it has signed nothing.
    pub const fn new(
        domains: Domains,
        epoch: Epoch,
        identity: Identity,
        closed: View,
        forgotten: View,
    ) -> Self {
        Self { domains, epoch, identity, closed, forgotten, votes: BTreeMap::new() }
    }

    /// Who signs.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Takes a vote from the durable record back. The signature is made anew, and is the same: it
    /// is deterministic. A vote of another validator or epoch is ignored.
    pub fn recall(&mut self, vote: &Vote) -> Option<Verified<Vote>> {
        let ours = vote.validator == self.identity.index && self.fits(&vote.subject);
        if !ours || vote.subject.view <= self.closed {
            return None;
        }
        let vote = self.make(vote.subject);
        self.votes.entry(vote.subject.view).or_default().insert(vote.subject.kind, vote.clone());
        Some(vote)
    }

    /// Closes all views up to `view`, once it is final.
    pub fn close(&mut self, view: View) {
        self.closed = self.closed.max(view);
        self.votes = self.votes.split_off(&self.closed.next());
    }

    /// From now on views up to `view`, and no higher ones, may hold forgotten votes. The caller
    /// knows that nothing forgotten is above (R19).
    pub const fn forget_up_to(&mut self, view: View) {
        self.forgotten = view;
    }

    /// The view up to which there may be forgotten votes; 0 if there are none.
    pub const fn forgotten(&self) -> View {
        self.forgotten
    }

    /// A view above which there is no vote of this validator, on record or forgotten.
    pub fn highest(&self) -> View {
        let voted = self.votes.last_key_value().map(|(view, _)| *view);
        self.forgotten.max(voted.unwrap_or_default())
    }

    /// True if this view may get votes of this validator at all.
    pub fn is_open(&self, view: View) -> bool {
        view > self.closed.max(self.forgotten)
    }

    /// Signs, unless an earlier vote forbids it. The same vote again is given again. The vote comes
    /// out only with its record before it in `outputs`, and before that the block that it names, if
    /// that is given (R10).
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is put out, and the replica goes on without the vote.
    pub fn sign(
        &mut self,
        view: View,
        kind: VoteKind,
        block: Hash,
        named: Option<Block>,
        outputs: &mut Vec<Output>,
    ) -> Result<Verified<Vote>, Refusal> {
        let subject = VoteSubject { epoch: self.epoch, view, kind, block };
        if !self.fits(&subject) {
            return Err(Refusal::Malformed);
        }
        if view <= self.closed {
            return Err(Refusal::Closed { view });
        }
        if view <= self.forgotten {
            return Err(Refusal::Forgotten { view });
        }
        if !self.allows(&subject) {
            return Err(Refusal::Contradiction { view });
        }
        let vote = self.make(subject);
        self.votes.entry(view).or_default().insert(kind, vote.clone());
        outputs.extend(named.map(|block| Output::Persist(Record::Block(block))));
        outputs.push(Output::Persist(Record::Vote(*vote)));
        Ok(vote)
    }

    /// The vote of this kind in this view, if it was signed.
    pub fn vote(&self, view: View, kind: VoteKind) -> Option<&Verified<Vote>> {
        self.votes.get(&view)?.get(&kind)
    }

    fn fits(&self, subject: &VoteSubject) -> bool {
        subject.is_well_formed() && subject.epoch == self.epoch
    }

    fn make(&self, subject: VoteSubject) -> Verified<Vote> {
        Verified::sign(&self.domains, &self.identity.key, self.identity.index, subject)
    }

    // R10
    fn allows(&self, subject: &VoteSubject) -> bool {
        let view = subject.view;
        let is_free_for = |kind| {
            self.vote(view, kind).is_none_or(|vote: &Verified<Vote>| vote.subject == *subject)
        };
        let is_absent = |kind| self.vote(view, kind).is_none();
        match subject.kind {
            VoteKind::Notarize => {
                let finalized = self.vote(view, VoteKind::Finalize);
                is_free_for(VoteKind::Notarize)
                    && is_absent(VoteKind::Nullify)
                    && finalized.is_none_or(|vote| vote.subject.block == subject.block)
            }
            VoteKind::Nullify => is_absent(VoteKind::Finalize),
            VoteKind::Finalize => is_free_for(VoteKind::Finalize) && is_absent(VoteKind::Nullify),
        }
    }
}
