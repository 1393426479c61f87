//! Proof files, `feiqian.proof/v1`: one self-contained file that convinces a light client offline.
//!
//! A file says what is claimed, and leads from the claim to the chain id that the verifier trusts:
//! claim -> root in a header -> [history up to a later header] -> finalization certificate ->
//! epochs -> validators of the genesis document -> chain id.
//!
//! Invariants: every byte is either hashed into what the certificate signs, or its change causes
//! refusal; a file has one encoding; verification has no I/O, allocates no more than the file's
//! size allows and never panics. Absent: making the paths (state, receipts and history do), trust
//! (`light`).

mod claim;
mod error;
mod statement;
#[cfg(test)]
mod tests;

pub use claim::{Absence, Claim, Proven};
pub use error::ProofError;
pub use statement::{
    Position, ProvenPosition, ProvenStatement, STATEMENT_MAGIC, Statement, StatementError,
};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Header;
use crate::codec;
use crate::corrections::Evidence;
use crate::genesis::GenesisDocument;
use crate::hash::{ChainId, Domains};
use crate::history::HistoryProof;
use crate::ids::Timestamp;
use crate::light::{Progress, TrustedState};

/// The first bytes of every proof file.
pub const MAGIC: &[u8; 16] = b"feiqian.proof/v1";

/// How many bytes of hash end a file.
const CHECKSUM: usize = 16;

/// A file: how it begins, what it says, and the hash of both.
fn sealed(magic: &[u8], body: &[u8]) -> Vec<u8> {
    let mut file = [magic, body].concat();
    let checksum = checksum(&file);
    file.extend(checksum);
    file
}

/// Reads a file that was [`sealed`] under `magic`, of a value of at most `limit` bytes.
fn read<T: BorshDeserialize>(magic: &[u8], file: &[u8], limit: usize) -> Result<T, String> {
    let damaged = || "its checksum does not fit".to_owned();
    let (content, sum) = file.split_last_chunk::<CHECKSUM>().ok_or_else(damaged)?;
    let body = content.strip_prefix(magic).ok_or_else(damaged)?;
    if checksum(content) != *sum {
        return Err(damaged());
    }
    codec::decode(body, limit).map_err(|error| error.to_string())
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM] {
    let hash = blake3::derive_key("feiqian/proof-file/v1", content);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&hash[..CHECKSUM]);
    sum
}

/// The way from the claim's header to a later one that is certified.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Ancestor {
    /// The header of the block that the claim is about.
    pub header: Header,
    /// That block's place in the history of the certified header.
    pub path: HistoryProof,
}

impl Ancestor {
    /// The header of the claim's block, if it is in the history of the header `certified`.
    ///
    /// # Errors
    /// [`ProofError::History`] if not.
    pub(crate) fn header(
        &self,
        domains: &Domains,
        certified: &Header,
    ) -> Result<&Header, ProofError> {
        let (header, root) = (&self.header, &certified.history_root);
        let is_of_size = self.path.size() == certified.height.0;
        let verdict = self.path.verify(domains, header.height.0, &header.hash(domains), root);
        if is_of_size && verdict.is_ok() { Ok(header) } else { Err(ProofError::History) }
    }
}

/// A proof.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proof {
    /// What is claimed, with its path to a root of a header.
    pub claim: Claim,
    /// The header of the claim's block if that block has no certificate of its own.
    pub ancestor: Option<Ancestor>,
    /// The certified header and the epochs before it.
    pub progress: Progress,
    /// The genesis document, whose hash is the chain id.
    pub genesis: GenesisDocument,
}

/// A verified proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is proven.
    pub proven: Proven,
    /// The header of the block that it is proven of.
    pub header: Header,
    /// How many validators signed the certificate.
    pub signers: usize,
    /// How many there are.
    pub validators: usize,
    /// How many had to sign.
    pub quorum: usize,
}

impl Verdict {
    /// The time of the block that it is proven of.
    pub const fn time(&self) -> Timestamp {
        self.header.time
    }
}

impl Proof {
    /// The most bytes of a proof file.
    pub const MAXIMUM_BYTES: usize = 8 * 1024 * 1024;

    /// The file: [`MAGIC`], the proof, and the first 16 bytes of the hash of both. The hash tells a
    /// damaged file from a refused one, and covers what a claim of absence leaves open.
    pub fn encode(&self) -> Vec<u8> {
        sealed(MAGIC, &codec::encode(self))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ProofError::NotAProof`] or [`ProofError::Malformed`].
    pub fn decode(file: &[u8]) -> Result<Self, ProofError> {
        file.strip_prefix(MAGIC.as_slice()).ok_or(ProofError::NotAProof)?;
        read(MAGIC, file, Self::MAXIMUM_BYTES).map_err(|reason| ProofError::Malformed { reason })
    }

    /// What an operation that corrects the proven payment carries of the proof.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`ProofError::NotAPayment`] if something else is proven.
    pub fn evidence(&self, trusted: ChainId) -> Result<Evidence, ProofError> {
        self.verify(trusted)?;
        let Claim::Payment { receipt, path } = &self.claim else {
            return Err(ProofError::NotAPayment);
        };
        let trust = TrustedState::genesis(trusted, &self.genesis)?;
        let domains = Domains::new(self.genesis.suite, trusted);
        let (_, validators) = trust.certify(&domains, &self.progress)?;
        Ok(Evidence {
            receipt: receipt.clone(),
            path: path.clone(),
            ancestor: self.ancestor.clone(),
            header: self.progress.header.clone(),
            certificate: self.progress.certificate.clone(),
            validators,
        })
    }

    /// Verifies the proof for a verifier that trusts the chain `trusted`.
    ///
    /// # Errors
    /// [`ProofError`] says which link does not hold; then nothing of it is proven.
    pub fn verify(&self, trusted: ChainId) -> Result<Verdict, ProofError> {
        let trust = TrustedState::genesis(trusted, &self.genesis)?;
        let domains = Domains::new(self.genesis.suite, trusted);
        let (_, validators) = trust.certify(&domains, &self.progress)?;
        let certified = &self.progress.header;
        let header = match &self.ancestor {
            None => certified,
            Some(ancestor) => ancestor.header(&domains, certified)?,
        };
        let proven = self.claim.verify(&domains, header)?;
        Ok(Verdict {
            proven,
            header: header.clone(),
            signers: self.progress.certificate.signers().count(),
            validators: validators.count(),
            quorum: validators.quorum(),
        })
    }
}
