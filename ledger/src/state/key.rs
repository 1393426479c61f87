//! The keys of the state: which records there are, and where each lies.
//!
//! Invariants: a key has one encoding, and its first byte says what its value is; tags are fixed
//! for ever. In a flat list of entries (a checkpoint) a record of the map keeps its key, and a
//! marker's key is [`MARKER_TAG`], its bucket (8 bytes, big-endian) and its key within the bucket,
//! so that a bucket is one range. Absent: values (see `account`, `fees`, `genesis`).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec;
use crate::corrections::SettlementId;
use crate::hash::Hash;
use crate::ids::{AccountId, AssetCode, Bic, Epoch, Height, InstitutionNumber, ProposalNumber};
use crate::ids::{Timestamp, Uetr};
use crate::transaction::TransactionId;

/// The first byte of a marker's key in a flat list; no [`StateKey`] begins with it.
pub const MARKER_TAG: u8 = 0x80;

/// The place of a record in the state map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum StateKey {
    /// The network's [`crate::genesis::Parameters`].
    Parameters = 1,
    /// The [`crate::validators::ValidatorSet`] of an epoch.
    ValidatorSet(Epoch) = 2,
    /// An [`crate::account::Institution`].
    Institution(InstitutionNumber) = 3,
    /// The [`InstitutionNumber`] of a BIC.
    InstitutionByBic(Bic) = 4,
    /// An [`crate::account::Asset`].
    Asset(AssetCode) = 5,
    /// The [`crate::account::Supply`] of an asset.
    Supply(AssetCode) = 6,
    /// An [`crate::account::Account`].
    Account(AccountId) = 7,
    /// The [`crate::account::Holding`] of an account in an asset.
    Holding(AccountId, AssetCode) = 8,
    /// The [`crate::fees::FeeSchedule`] of an institution.
    FeeSchedule(InstitutionNumber) = 9,
    /// The [`BucketSummary`] of a bucket of markers; absent while the bucket is empty or once it is
    /// dropped.
    MarkerBucket(u64) = 10,
    /// The [`crate::account::NodeRecord`] of an institution that runs a node.
    Node(InstitutionNumber) = 11,
    /// The [`crate::governance::Removal`] of an institution that was removed.
    Removal(InstitutionNumber) = 12,
    /// A [`crate::governance::Proposal`].
    Proposal(ProposalNumber) = 13,
    /// How many proposals there ever were, a `u64`; absent before the first.
    ProposalCount = 14,
    /// The [`crate::governance::Upgrade`] that was last scheduled; absent before the first.
    Upgrade = 15,
    /// The [`crate::waiting::Waiting`] of a payment that waits; absent once it ended.
    Waiting(Uetr) = 16,
    /// The [`crate::corrections::Returns`] of a payment of which something was returned.
    Returns(SettlementId) = 18,
    /// The [`crate::corrections::Recall`] of a payment that is asked back; absent once it ended.
    Recall(Uetr) = 19,
    /// The [`crate::limits::Limits`] of an institution.
    Limits(InstitutionNumber) = 21,
    /// The [`crate::limits::DayCounter`] of an account in an asset, once a payment was counted.
    DayCounter(AccountId, AssetCode) = 22,
    /// The [`crate::limits::Position`] of an institution in an asset, once a payment was counted.
    Position(InstitutionNumber, AssetCode) = 23,
    /// The [`crate::limits::KnownPayees`] of an account, once a payment made a payee known.
    Payees(AccountId) = 28,
    /// How many payments of an account in an asset were free of charges that its institution
    /// waives, a `u8`; absent before the first.
    Waived(AccountId, AssetCode) = 29,
}

impl StateKey {
    /// The key's bytes in the state map.
    pub fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// The place of a marker within its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum MarkerKey {
    /// A payment, by its UETR.
    Payment(Uetr) = 1,
    /// A transaction with an operation that has no UETR, or none of its own.
    Transaction(TransactionId) = 2,
    /// A dealer's quote, by its id.
    Quote(Hash) = 3,
}

impl MarkerKey {
    /// The key's bytes in its bucket's tree.
    pub fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// What is remembered of something that happens at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Marker {
    /// The transaction that owns the key.
    pub transaction: TransactionId,
    /// The block that executed it.
    pub height: Height,
}

/// What the state map says of a bucket of markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BucketSummary {
    /// The root of the bucket's tree.
    pub root: Hash,
    /// How many markers are in it.
    pub count: u64,
}

/// The bucket of the markers that a block of `time` leaves, if a bucket spans `bucket_ms`.
pub fn bucket_of(time: Timestamp, bucket_ms: u64) -> u64 {
    time.0.checked_div(bucket_ms).unwrap_or(0)
}

/// The first 9 bytes of the keys of all markers of `bucket` in a flat list.
pub fn marker_prefix(bucket: u64) -> [u8; 9] {
    let mut prefix = [MARKER_TAG; 9];
    prefix[1..].copy_from_slice(&bucket.to_be_bytes());
    prefix
}

/// A key of a flat list, read: whose record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlatKey {
    /// A record of the state map.
    Record(StateKey),
    /// A marker.
    Marker {
        /// Its bucket.
        bucket: u64,
        /// Its key there.
        key: MarkerKey,
    },
}

impl FlatKey {
    /// Reads a key of a flat list; `None` if it is none in its one form.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.first() != Some(&MARKER_TAG) {
            return borsh::from_slice(bytes).ok().map(Self::Record);
        }
        let bucket = u64::from_be_bytes(*bytes.get(1..9)?.first_chunk()?);
        let key = borsh::from_slice(bytes.get(9..)?).ok()?;
        Some(Self::Marker { bucket, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_flat_list_round_trip_and_never_meet() {
        let record = StateKey::MarkerBucket(7);
        assert_eq!(FlatKey::decode(&record.bytes()), Some(FlatKey::Record(record)));
        let key = MarkerKey::Quote(Hash([4; 32]));
        let flat = [marker_prefix(7).as_slice(), &key.bytes()].concat();
        assert_eq!(FlatKey::decode(&flat), Some(FlatKey::Marker { bucket: 7, key }));
        for bad in [&[][..], &[0], &[17, 0], &[MARKER_TAG], &flat[..flat.len() - 1]] {
            assert_eq!(FlatKey::decode(bad), None, "{bad:?}");
        }
        assert_eq!(FlatKey::decode(&[flat.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn buckets_are_whole_spans() {
        assert_eq!(bucket_of(Timestamp(999), 1_000), 0);
        assert_eq!(bucket_of(Timestamp(1_000), 1_000), 1);
        assert!(marker_prefix(255) < marker_prefix(256));
    }
}
