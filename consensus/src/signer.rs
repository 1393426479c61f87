//! The signer: the only place where this replica's votes are made (R10).
//!
//! Invariants: of one view it signs at most one notarization, at most one finalization, and never
//! both a nullification and a finalization, nor a notarization after a nullification; whatever the
//! rest of the replica asks for. What it signed comes back after a crash, because a vote leaves the
//! signer only together with its record, the record first. Absent: the reasons to vote (see
//! the module `voting`).

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
    /// The view is final, or this replica may have voted in it before it lost its record.
    #[error("view {view} is closed: it is final, or this replica only observes it")]
    Closed {
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

/// A vote that was signed but not released: it can only leave behind its record.
#[derive(Debug)]
#[must_use]
pub struct Signed(Verified<Vote>);

impl Signed {
    /// Writes the record, then gives the vote away (R10).
    pub fn release(self, outputs: &mut Vec<Output>) -> Verified<Vote> {
        outputs.push(Output::Persist(Record::Vote(*self.0)));
        self.0
    }
}

/// Signs this replica's votes, and remembers them.
#[derive(Clone, Debug)]
pub struct Signer {
    domains: Domains,
    epoch: Epoch,
    identity: Identity,
    /// No vote up to this view: final, or not to be trusted.
    closed: View,
    /// What was signed in each view above.
    votes: BTreeMap<View, BTreeMap<VoteKind, Verified<Vote>>>,
}

impl Signer {
    /// A signer that has signed nothing above `closed`.
    pub const fn new(domains: Domains, epoch: Epoch, identity: Identity, closed: View) -> Self {
        Self { domains, epoch, identity, closed, votes: BTreeMap::new() }
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

    /// Signs, unless an earlier vote forbids it. The same vote again is given again.
    ///
    /// # Errors
    /// [`Refusal`]; the replica then goes on without the vote.
    pub fn sign(&mut self, view: View, kind: VoteKind, block: Hash) -> Result<Signed, Refusal> {
        let subject = VoteSubject { epoch: self.epoch, view, kind, block };
        if !self.fits(&subject) {
            return Err(Refusal::Malformed);
        }
        if view <= self.closed {
            return Err(Refusal::Closed { view });
        }
        if !self.allows(&subject) {
            return Err(Refusal::Contradiction { view });
        }
        let vote = self.make(subject);
        self.votes.entry(view).or_default().insert(kind, vote.clone());
        Ok(Signed(vote))
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
