//! The light client: what a verifier trusts, and how that trust moves forward.
//!
//! A verifier starts from one value, the chain id, and needs no node's word for anything else: the
//! genesis document hashes to the chain id, it names the first validators, and each epoch's last
//! block, certified by that epoch's validators, commits to the next ones.
//!
//! Invariants: trust never goes back, and never rests on a header without a finalization
//! certificate of its epoch's validators; a certificate of a later view than its header's is
//! believed of an epoch's last block only; two certified headers at one height stop the client for
//! good. Absent: clock, network, storage.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Header;
use crate::certificate::{Certificate, CertificateError, VoteKind};
use crate::codec;
use crate::genesis::GenesisDocument;
use crate::hash::{ChainId, Domains};
use crate::ids::{Epoch, Height, Timestamp};
use crate::validators::ValidatorSet;

/// How long validators of the past are believed: two weeks, in milliseconds. After that, keys that
/// were retired may have leaked, and a fresh anchor is needed.
pub const TRUSTING_PERIOD_MS: u64 = 14 * 24 * 60 * 60 * 1000;

/// The last block of an epoch, certified, and the validators that it hands over to.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EpochChange {
    /// The last header of the epoch.
    pub header: Header,
    /// Its finalization by the epoch's validators.
    pub certificate: Certificate,
    /// The next epoch's validators; their hash is in the header.
    pub next: ValidatorSet,
}

/// What convinces a light client of a later header.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Progress {
    /// The changes of epoch since what the client trusts, ascending; none within one epoch.
    pub epochs: Vec<EpochChange>,
    /// A header of the last of these epochs.
    pub header: Header,
    /// Its finalization.
    pub certificate: Certificate,
}

impl Progress {
    /// The most changes of epoch in one step.
    pub const MAXIMUM_EPOCHS: usize = 1024;
}

impl BorshDeserialize for Progress {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            epochs: codec::bounded_vec(reader, Self::MAXIMUM_EPOCHS)?,
            header: Header::deserialize_reader(reader)?,
            certificate: Certificate::deserialize_reader(reader)?,
        })
    }
}

/// What a light client trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedState {
    /// The chain's beginning: the validators of epoch 0.
    Genesis {
        /// The chain.
        chain_id: ChainId,
        /// The validators that the genesis document names.
        validators: ValidatorSet,
    },
    /// A header that a quorum finalized.
    Following {
        /// The epoch of `latest`.
        epoch: Epoch,
        /// That epoch's validators.
        validators: ValidatorSet,
        /// The latest header.
        latest: Box<Header>,
    },
    /// Two certified headers at one height were seen: the validators' majority is not honest, and
    /// nothing is believed any more.
    Stopped,
}

/// What an advance came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// The client now trusts this later header.
    To(Height),
    /// The header is not newer than what is trusted, and agrees with it as far as can be told.
    NotNewer,
}

/// Why something is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The genesis document is of another chain.
    #[error("it belongs to chain {found}; you trust chain {trusted}")]
    OtherChain {
        /// Whose it is.
        found: ChainId,
        /// What is trusted.
        trusted: ChainId,
    },
    /// The genesis document itself is not sound.
    #[error("its genesis document is not sound")]
    Genesis,
    /// The chain of epochs has a gap or a wrong link.
    #[error("its chain of epochs does not follow from what you trust")]
    EpochChain,
    /// The certificate is not of the header, or not a finalization.
    #[error("its certificate is not the finalization of its header")]
    NotCertified,
    /// The certificate is invalid.
    #[error("its certificate is invalid: {0}")]
    Certificate(#[from] CertificateError),
    /// The header does not belong to the epoch.
    #[error("its header names other validators than its epoch has")]
    Header,
    /// What is trusted is too old.
    #[error(
        "what you trust is older than two weeks. Take a fresh anchor: height and hash of a block"
    )]
    TrustExpired,
    /// Two certified headers at one height.
    #[error("two certified headers stand at height {height}. Trust no node; tell the operators")]
    Conflict {
        /// Where.
        height: Height,
    },
}

impl TrustedState {
    /// Trusts the chain `trusted`, whose genesis document is `document`.
    ///
    /// # Errors
    /// [`Refusal::OtherChain`] if the document is another chain's, [`Refusal::Genesis`] if it is
    /// not sound.
    pub fn genesis(trusted: ChainId, document: &GenesisDocument) -> Result<Self, Refusal> {
        let found = document.chain_id();
        if found != trusted {
            return Err(Refusal::OtherChain { found, trusted });
        }
        document.check().map_err(|_| Refusal::Genesis)?;
        let validators = document.validators().map_err(|_| Refusal::Genesis)?;
        Ok(Self::Genesis { chain_id: trusted, validators })
    }

    /// Moves trust to a later header. Trust older than [`TRUSTING_PERIOD_MS`] at `now` moves no
    /// more.
    ///
    /// # Errors
    /// [`Refusal`]; the state stays as it is, but for [`Refusal::Conflict`], which stops the
    /// client.
    pub fn advance(
        &mut self,
        domains: &Domains,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Advance, Refusal> {
        if let Self::Following { latest, .. } = self
            && now.since(latest.time) > TRUSTING_PERIOD_MS
        {
            return Err(Refusal::TrustExpired);
        }
        let (epoch, validators) = self.certify(domains, progress)?;
        if let Self::Following { latest, .. } = self {
            let ends = progress.epochs.iter().map(|change| &change.header);
            let mut certified = ends.chain([&progress.header]);
            if certified.any(|header| header.height == latest.height && header != &**latest) {
                let height = latest.height;
                *self = Self::Stopped;
                return Err(Refusal::Conflict { height });
            }
            if progress.header.height <= latest.height {
                return Ok(Advance::NotNewer);
            }
        }
        let latest = Box::new(progress.header.clone());
        let height = latest.height;
        *self = Self::Following { epoch, validators, latest };
        Ok(Advance::To(height))
    }

    /// Checks that a quorum of the right validators finalized the header; gives the header's epoch
    /// and its validators.
    ///
    /// # Errors
    /// [`Refusal`] names the broken link.
    pub fn certify(
        &self,
        domains: &Domains,
        progress: &Progress,
    ) -> Result<(Epoch, ValidatorSet), Refusal> {
        let (mut epoch, mut validators) = match self {
            Self::Genesis { validators, .. } => (Epoch(0), validators.clone()),
            Self::Following { epoch, validators, .. } => (*epoch, validators.clone()),
            Self::Stopped => return Err(Refusal::Conflict { height: progress.header.height }),
        };
        let mut last = None;
        for change in &progress.epochs {
            certified(domains, epoch, &validators, &change.header, &change.certificate)?;
            let hands_over = change.header.ends_epoch()
                && change.header.next_validators_hash == change.next.hash(domains);
            if !hands_over || last >= Some(change.header.height) {
                return Err(Refusal::EpochChain);
            }
            last = Some(change.header.height);
            epoch = epoch.next();
            validators = change.next.clone();
        }
        certified(domains, epoch, &validators, &progress.header, &progress.certificate)?;
        if last >= Some(progress.header.height) {
            return Err(Refusal::EpochChain);
        }
        Ok((epoch, validators))
    }
}

fn certified(
    domains: &Domains,
    epoch: Epoch,
    validators: &ValidatorSet,
    header: &Header,
    certificate: &Certificate,
) -> Result<(), Refusal> {
    ensure_finalization(domains, epoch, validators, header, certificate)?;
    Ok(certificate.verify(domains, validators)?)
}

/// Refuses a certificate that is not the finalization of `header`, a header of the epoch and its
/// validators. Its signatures are not looked at.
pub(crate) fn ensure_finalization(
    domains: &Domains,
    epoch: Epoch,
    validators: &ValidatorSet,
    header: &Header,
    certificate: &Certificate,
) -> Result<(), Refusal> {
    if header.chain_id != domains.chain_id() || header.suite != domains.suite() {
        let trusted = domains.chain_id();
        return Err(Refusal::OtherChain { found: header.chain_id, trusted });
    }
    if header.epoch != epoch || certificate.subject.epoch != epoch {
        return Err(Refusal::EpochChain);
    }
    if header.validators_hash != validators.hash(domains) {
        return Err(Refusal::Header);
    }
    let subject = &certificate.subject;
    let is_its_own =
        subject.kind == VoteKind::Finalize && subject.is_of(header, header.hash(domains));
    if is_its_own { Ok(()) } else { Err(Refusal::NotCertified) }
}
