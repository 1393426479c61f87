//! Votes and certificates whose signatures were checked (R2).
//!
//! Invariants: a [`Verified`] value is made only here, by a check or from parts that were checked,
//! so a function that takes one need not ask. Absent: what the values mean for a view.

use ledger::certificate::{Certificate, Vote, VoteSubject};
use ledger::crypto::SecretKey;
use ledger::hash::Domains;
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::validators::ValidatorSet;
use std::ops::Deref;

/// A value whose signatures are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The value, to be sent or stored.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Verified<Vote> {
    /// Checks a vote that came from outside: that it is of `epoch`, whose validators are given,
    /// too.
    pub fn vote(
        vote: Vote,
        domains: &Domains,
        epoch: Epoch,
        validators: &ValidatorSet,
    ) -> Option<Self> {
        // R2: keys may serve in many epochs, so a valid signature does not tell the epoch.
        (vote.subject.epoch == epoch && vote.verify(domains, validators)).then_some(Self(vote))
    }

    /// Signs a vote of our own.
    pub fn sign(
        domains: &Domains,
        key: &SecretKey,
        validator: ValidatorIndex,
        subject: VoteSubject,
    ) -> Self {
        Self(Vote::sign(domains, key, validator, subject))
    }
}

impl Verified<Certificate> {
    /// Checks a certificate that came from outside, as one batch: that it is of `epoch`, whose
    /// validators are given, too.
    pub fn certificate(
        certificate: Certificate,
        domains: &Domains,
        epoch: Epoch,
        validators: &ValidatorSet,
    ) -> Option<Self> {
        // R2
        let is_valid =
            certificate.subject.epoch == epoch && certificate.verify(domains, validators).is_ok();
        is_valid.then_some(Self(certificate))
    }

    /// Puts a quorum of checked votes on `subject` together. The caller has counted them.
    pub fn assemble<'a>(
        subject: VoteSubject,
        validators: &ValidatorSet,
        votes: impl Iterator<Item = &'a Verified<Vote>>,
    ) -> Self {
        let signatures = votes.map(|vote| (vote.validator, vote.signature));
        Self(Certificate::assemble(subject, validators.count(), signatures))
    }
}
