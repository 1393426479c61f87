//! The votes of one view (R2, R8, R9, R16).
//!
//! Invariants: at most one vote of each kind of each validator is kept, the first; every one is
//! verified. Absent: what a quorum leads to (see the module `entering`).

use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::ids::ValidatorIndex;
use ledger::validators::ValidatorSet;
use std::collections::BTreeMap;

use crate::evidence::Evidence;
use crate::verified::Verified;

/// The votes of one view by kind and validator.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    votes: BTreeMap<(VoteKind, ValidatorIndex), Verified<Vote>>,
}

impl Tally {
    /// True if a vote would add something: it is the first of its kind, or it contradicts another.
    /// Asked before the signature is checked, so that repeated votes cost nothing.
    pub fn is_news(&self, vote: &Vote) -> bool {
        !self.votes.contains_key(&(vote.subject.kind, vote.validator))
            || self.contradiction(vote).is_some()
    }

    /// The evidence that `vote` makes together with a vote held, if its signature is valid, too.
    pub fn contradiction(&self, vote: &Vote) -> Option<Evidence> {
        [VoteKind::Notarize, VoteKind::Nullify, VoteKind::Finalize]
            .into_iter()
            .filter_map(|kind| self.votes.get(&(kind, vote.validator)))
            .find_map(|held| Evidence::of(**held, *vote))
    }

    /// True if the validator is known to have voted so.
    pub fn has(&self, kind: VoteKind, validator: ValidatorIndex) -> bool {
        self.votes.contains_key(&(kind, validator))
    }

    /// Keeps the vote if it is the first of its kind.
    pub fn insert(&mut self, vote: Verified<Vote>) {
        self.votes.entry((vote.subject.kind, vote.validator)).or_insert(vote);
    }

    /// The certificate of `subject`, once a quorum has voted for it.
    pub fn certificate(
        &self,
        subject: &VoteSubject,
        validators: &ValidatorSet,
    ) -> Option<Verified<Certificate>> {
        let agreeing = || self.votes.values().filter(|vote| vote.subject == *subject);
        (agreeing().count() >= validators.quorum())
            .then(|| Verified::assemble(*subject, validators, agreeing()))
    }
}
