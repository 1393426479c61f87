//! Votes and certificates: a quorum of validators' signatures on one vote.
//!
//! Invariants: a certificate has exactly a quorum or more of valid signatures, one per set bit, no
//! bit beyond the validator set; it has one encoding for one set of signers, and one wrong bit or
//! signature refuses it whole. Absent: how votes are made and counted (see the package
//! `consensus`).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Header;
use crate::codec;
use crate::crypto::{SecretKey, Signature, SignatureCheck};
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{Epoch, ValidatorIndex, View};
use crate::validators::ValidatorSet;

/// What a vote says of its view (Simplex, ePrint 2023/463).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum VoteKind {
    /// "I hold and executed this block, and it is right." A quorum is a notarization.
    Notarize = 1,
    /// "This view may pass without a block." A quorum is a nullification.
    Nullify = 2,
    /// "This block was notarized and I did not nullify its view." A quorum is a finalization.
    Finalize = 3,
}

/// The subject of a vote: what a validator signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct VoteSubject {
    /// The epoch of the view.
    pub epoch: Epoch,
    /// The view.
    pub view: View,
    /// What is said.
    pub kind: VoteKind,
    /// The block that is voted for; zero for a nullification.
    pub block: Hash,
}

impl VoteSubject {
    /// The digest that is signed: suite and chain are in its domain.
    pub fn digest(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Vote, self)
    }

    /// True if the block is named exactly when the kind asks for one.
    pub fn is_well_formed(&self) -> bool {
        match self.kind {
            VoteKind::Nullify => self.block == Hash::ZERO,
            VoteKind::Notarize | VoteKind::Finalize => self.block != Hash::ZERO,
        }
    }

    /// True if the subject is of the block of `header`, whose hash is `hash`: its own epoch, block
    /// and view. The last block of an epoch may be proposed again in later views until it is final,
    /// so there, and only there, the subject's view may be above the header's.
    pub fn is_of(&self, header: &Header, hash: Hash) -> bool {
        let in_view = self.view == header.view || (header.ends_epoch() && self.view > header.view);
        self.epoch == header.epoch && self.block == hash && self.is_well_formed() && in_view
    }
}

/// One validator's signed vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// What is voted.
    pub subject: VoteSubject,
    /// Who votes.
    pub validator: ValidatorIndex,
    /// The validator's signature over the subject's digest.
    pub signature: Signature,
}

impl Vote {
    /// Signs `subject` as `validator`.
    pub fn sign(
        domains: &Domains,
        key: &SecretKey,
        validator: ValidatorIndex,
        subject: VoteSubject,
    ) -> Self {
        Self { subject, validator, signature: key.sign(&subject.digest(domains)) }
    }

    /// True if the subject is well formed and the signature is the named validator's.
    pub fn verify(&self, domains: &Domains, validators: &ValidatorSet) -> bool {
        self.subject.is_well_formed()
            && validators.get(self.validator).is_some_and(|validator| {
                domains.suite().verify(&SignatureCheck {
                    key: validator.key,
                    digest: self.subject.digest(domains),
                    signature: self.signature,
                })
            })
    }
}

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The subject names a block where none belongs, or none where one belongs.
    #[error("the certificate's subject is malformed")]
    Subject,
    /// The bitmap has another length than the validator set needs, or bits beyond it.
    #[error("the certificate's bitmap does not fit the validator set")]
    Bitmap,
    /// As many signatures as set bits are needed.
    #[error("the certificate has {signatures} signatures for {signers} signers")]
    Count {
        /// Bits set.
        signers: usize,
        /// Signatures present.
        signatures: usize,
    },
    /// Too few signers.
    #[error("the certificate has {signers} signers; {quorum} are needed")]
    Quorum {
        /// Bits set.
        signers: usize,
        /// The votes that decide.
        quorum: usize,
    },
    /// At least one signature is invalid.
    #[error("a signature of the certificate is invalid")]
    Signature,
}

/// A quorum's signatures on one vote.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Certificate {
    /// What the quorum voted.
    pub subject: VoteSubject,
    /// Who signed: bit i (least significant first) of byte i / 8 is validator i. As many bytes as
    /// the validator set needs, no bit beyond it.
    signers: Vec<u8>,
    /// The signers' signatures, in the order of their indexes.
    signatures: Vec<Signature>,
}

impl Certificate {
    /// Puts together `votes` on `subject`: a validator's signature each, in any order, each
    /// validator at most once. The votes must be verified by the caller.
    pub fn assemble(
        subject: VoteSubject,
        validators: usize,
        votes: impl IntoIterator<Item = (ValidatorIndex, Signature)>,
    ) -> Self {
        let mut votes: Vec<_> = votes.into_iter().collect();
        votes.sort_by_key(|(validator, _)| *validator);
        votes.dedup_by_key(|(validator, _)| *validator);
        let mut signers = vec![0; validators.div_ceil(8)];
        for (validator, _) in &votes {
            if let Some(byte) = signers.get_mut(validator.position() / 8) {
                *byte |= 1 << (validator.position() % 8);
            }
        }
        let signatures = votes.into_iter().map(|(_, signature)| signature).collect();
        Self { subject, signers, signatures }
    }

    /// The validators that signed, ascending.
    pub fn signers(&self) -> impl Iterator<Item = ValidatorIndex> {
        self.signers.iter().copied().zip((0_u16..).step_by(8)).flat_map(|(byte, first)| {
            (0..8_u16)
                .filter(move |bit| byte >> bit & 1 == 1)
                .map(move |bit| ValidatorIndex(first.saturating_add(bit)))
        })
    }

    /// The signers with their signatures, ascending.
    pub fn votes(&self) -> impl Iterator<Item = Vote> {
        self.signers().zip(&self.signatures).map(|(validator, signature)| Vote {
            subject: self.subject,
            validator,
            signature: *signature,
        })
    }

    /// Checks the whole certificate against the epoch's validators: as one batch.
    ///
    /// # Errors
    /// [`CertificateError`]: the first thing that is wrong; then nothing of it counts.
    pub fn verify(
        &self,
        domains: &Domains,
        validators: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        let checks = self.checks(domains, validators)?;
        if domains.suite().verify_all(&checks) { Ok(()) } else { Err(CertificateError::Signature) }
    }

    /// Checks everything of the certificate but its signatures, and gives those.
    ///
    /// # Errors
    /// [`CertificateError`], but for [`CertificateError::Signature`].
    pub fn checks(
        &self,
        domains: &Domains,
        validators: &ValidatorSet,
    ) -> Result<Vec<SignatureCheck>, CertificateError> {
        if !self.subject.is_well_formed() {
            return Err(CertificateError::Subject);
        }
        let fits = self.signers.len() == validators.count().div_ceil(8)
            && self.signers().all(|signer| validators.get(signer).is_some());
        if !fits {
            return Err(CertificateError::Bitmap);
        }
        let signers = self.signers().count();
        if signers != self.signatures.len() {
            let signatures = self.signatures.len();
            return Err(CertificateError::Count { signers, signatures });
        }
        if signers < validators.quorum() {
            return Err(CertificateError::Quorum { signers, quorum: validators.quorum() });
        }
        let digest = self.subject.digest(domains);
        let checks = self
            .signers()
            .filter_map(|signer| validators.get(signer))
            .zip(&self.signatures)
            .map(|(validator, signature)| SignatureCheck {
                key: validator.key,
                digest,
                signature: *signature,
            })
            .collect();
        Ok(checks)
    }
}

impl BorshDeserialize for Certificate {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            subject: VoteSubject::deserialize_reader(reader)?,
            signers: codec::bounded_vec(reader, ValidatorSet::MAXIMUM / 8)?,
            signatures: codec::bounded_vec(reader, ValidatorSet::MAXIMUM)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Suite;
    use crate::hash::ChainId;
    use crate::ids::{Bic, InstitutionNumber};
    use crate::validators::Validator;

    const SUITE: Suite = Suite::Ed25519Blake3;

    fn key(index: u8) -> SecretKey {
        SecretKey::from_seed(SUITE, [index; 32])
    }

    fn committee() -> (Domains, ValidatorSet) {
        let validators = (0..4)
            .map(|index| Validator {
                institution: InstitutionNumber(u32::from(index)),
                bic: Bic::parse("PSBCCNBJ").unwrap(),
                key: key(index).public(),
            })
            .collect();
        let domains = Domains::new(SUITE, ChainId(Hash([3; 32])));
        (domains, ValidatorSet::new(validators).unwrap())
    }

    fn subject() -> VoteSubject {
        VoteSubject {
            epoch: Epoch(0),
            view: View(9),
            kind: VoteKind::Finalize,
            block: Hash([8; 32]),
        }
    }

    fn certificate(domains: &Domains, signers: &[u8]) -> Certificate {
        let votes = signers.iter().map(|index| {
            let validator = ValidatorIndex(u16::from(*index));
            let vote = Vote::sign(domains, &key(*index), validator, subject());
            (validator, vote.signature)
        });
        Certificate::assemble(subject(), 4, votes)
    }

    #[test]
    fn a_quorum_is_accepted_in_any_order() {
        let (domains, validators) = committee();
        assert_eq!(certificate(&domains, &[3, 0, 1]).verify(&domains, &validators), Ok(()));
        assert_eq!(certificate(&domains, &[0, 1, 2, 3]).verify(&domains, &validators), Ok(()));
        let signers: Vec<_> = certificate(&domains, &[3, 0, 1]).signers().collect();
        assert_eq!(signers, [ValidatorIndex(0), ValidatorIndex(1), ValidatorIndex(3)]);
        assert!(certificate(&domains, &[2]).votes().all(|v| v.verify(&domains, &validators)));
    }

    #[test]
    fn each_defect_is_refused_by_name() {
        let (domains, validators) = committee();
        let good = certificate(&domains, &[0, 1, 2]);
        let few = certificate(&domains, &[0, 1]);
        let quorum = CertificateError::Quorum { signers: 2, quorum: 3 };
        assert_eq!(few.verify(&domains, &validators), Err(quorum));
        let mut foreign = good.clone();
        foreign.signers[0] |= 1 << 4;
        assert_eq!(foreign.verify(&domains, &validators), Err(CertificateError::Bitmap));
        let mut padded = good.clone();
        padded.signers.push(0);
        assert_eq!(padded.verify(&domains, &validators), Err(CertificateError::Bitmap));
        let mut extra = good.clone();
        extra.signatures.push(extra.signatures[0]);
        let count = CertificateError::Count { signers: 3, signatures: 4 };
        assert_eq!(extra.verify(&domains, &validators), Err(count));
        let mut repeated = good.clone();
        repeated.signatures[1] = repeated.signatures[0];
        assert_eq!(repeated.verify(&domains, &validators), Err(CertificateError::Signature));
        let mut other = good.clone();
        other.subject.view = View(10);
        assert_eq!(other.verify(&domains, &validators), Err(CertificateError::Signature));
        let mut nothing = good;
        nothing.subject.block = Hash::ZERO;
        assert_eq!(nothing.verify(&domains, &validators), Err(CertificateError::Subject));
    }
}
