//! Proof that a validator broke the protocol (R16).
//!
//! Invariants: evidence is two signed votes of one validator that the signer of an honest one never
//! makes both, so it can never name an honest validator. Absent: what is done to the culprit.

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::hash::Domains;
use ledger::ids::ValidatorIndex;
use ledger::validators::ValidatorSet;

/// Two contradictory votes of one validator in one view.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Evidence {
    first: Vote,
    second: Vote,
}

/// Why evidence was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Two votes that an honest validator may both cast, or of two validators, or out of order.
    #[error("the two votes do not contradict each other, or are not in their one order")]
    NoContradiction,
    /// A signature is not the named validator's.
    #[error("a vote's signature is invalid")]
    Signature,
}

impl Evidence {
    /// The evidence that two votes are, if they contradict each other. The votes' signatures are
    /// not checked here.
    pub fn of(one: Vote, other: Vote) -> Option<Self> {
        // R16: one order for one contradiction.
        let (first, second) =
            if one.subject <= other.subject { (one, other) } else { (other, one) };
        let contradictory = first.validator == second.validator
            && Self::contradict(&first.subject, &second.subject);
        contradictory.then_some(Self { first, second })
    }

    /// True for two subjects, in order, of which an honest validator signs at most one.
    fn contradict(first: &VoteSubject, second: &VoteSubject) -> bool {
        let same_view = first.epoch == second.epoch && first.view == second.view;
        same_view
            && match (first.kind, second.kind) {
                (VoteKind::Notarize, VoteKind::Notarize)
                | (VoteKind::Finalize, VoteKind::Finalize) => first.block != second.block,
                (VoteKind::Nullify, VoteKind::Finalize) => true,
                (VoteKind::Notarize, VoteKind::Nullify | VoteKind::Finalize)
                | (VoteKind::Nullify, VoteKind::Notarize | VoteKind::Nullify)
                | (VoteKind::Finalize, VoteKind::Notarize | VoteKind::Nullify) => false,
            }
    }

    /// The validator that is proven faulty, once [`Evidence::verify`] has passed.
    pub const fn culprit(&self) -> ValidatorIndex {
        self.first.validator
    }

    /// The two votes.
    pub const fn votes(&self) -> (&Vote, &Vote) {
        (&self.first, &self.second)
    }

    /// Checks the evidence against the validators of its epoch.
    ///
    /// # Errors
    /// [`EvidenceError`] if it proves nothing.
    pub fn verify(
        &self,
        domains: &Domains,
        validators: &ValidatorSet,
    ) -> Result<(), EvidenceError> {
        if Self::of(self.first, self.second).as_ref() != Some(self) {
            return Err(EvidenceError::NoContradiction);
        }
        let signed =
            self.first.verify(domains, validators) && self.second.verify(domains, validators);
        if signed { Ok(()) } else { Err(EvidenceError::Signature) }
    }
}
