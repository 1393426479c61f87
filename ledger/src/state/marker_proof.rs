//! Proofs of markers: that a payment, transaction or quote is marked in a bucket, or is not.
//!
//! Invariants: a proof has two stages, the bucket's summary under the state root and the marker
//! under the bucket's root; a bucket that is absent from the map has no markers. Absent: the
//! judgement that a bucket was still kept at that height; who reads an absence compares the bucket
//! with the header's time and the proven [`crate::genesis::Parameters`].

use borsh::{BorshDeserialize, BorshSerialize};

use super::State;
use super::key::{BucketSummary, Marker, MarkerKey, StateKey};
use crate::codec;
use crate::hash::{Domains, Hash};
use crate::tree::{MapProof, MapProofError, Tree};

/// A proof of what one bucket says of one key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarkerProof {
    bucket_proof: MapProof,
    bucket: Option<InBucket>,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct InBucket {
    summary: BucketSummary,
    marker: Option<Marker>,
    proof: MapProof,
}

/// Why a [`MarkerProof`] was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerProofError {
    /// The bucket's summary is not under the state root.
    #[error("the marker bucket's summary is not proven: {0}")]
    Bucket(#[source] MapProofError),
    /// The marker, or its absence, is not under the bucket's root.
    #[error("the marker is not proven in its bucket: {0}")]
    Marker(#[source] MapProofError),
}

impl MarkerProof {
    pub(super) fn of(state: &State, bucket: u64, key: &MarkerKey) -> Self {
        let domains = state.domains();
        let bucket_proof = state.prove(&StateKey::MarkerBucket(bucket));
        let in_bucket = |tree: &Tree| InBucket {
            summary: summary(domains, tree),
            marker: tree.get(domains, &key.bytes()).and_then(|bytes| borsh::from_slice(bytes).ok()),
            proof: tree.prove(domains, &key.bytes()),
        };
        Self { bucket_proof, bucket: state.bucket(bucket).map(in_bucket) }
    }

    /// Checks the proof and gives what `bucket` says of `key` in the state of `root`.
    ///
    /// # Errors
    /// [`MarkerProofError`] if either stage does not lead to its root.
    pub fn verify(
        &self,
        domains: &Domains,
        bucket: u64,
        key: &MarkerKey,
        root: &Hash,
    ) -> Result<Option<Marker>, MarkerProofError> {
        let place = StateKey::MarkerBucket(bucket).bytes();
        let summary = self.bucket.as_ref().map(|inside| codec::encode(&inside.summary));
        self.bucket_proof
            .verify(domains, &place, summary.as_deref(), root)
            .map_err(MarkerProofError::Bucket)?;
        let Some(inside) = &self.bucket else { return Ok(None) };
        let marker = inside.marker.as_ref().map(codec::encode);
        inside
            .proof
            .verify(domains, &key.bytes(), marker.as_deref(), &inside.summary.root)
            .map_err(MarkerProofError::Marker)?;
        Ok(inside.marker)
    }
}

/// What the state map says of the bucket `tree`.
pub(super) fn summary(domains: &Domains, tree: &Tree) -> BucketSummary {
    BucketSummary { root: tree.root(domains), count: tree.len() }
}
