//! What a proof claims, and how each claim leads to a root in a header.
//!
//! Invariants: what [`Claim::verify`] gives was hashed into the header's root. Absent: the header's
//! own certificate.

use borsh::{BorshDeserialize, BorshSerialize};

use super::ProofError;
use crate::account::{Account, Holding};
use crate::block::Header;
use crate::codec;
use crate::genesis::Parameters;
use crate::hash::Domains;
use crate::ids::{AccountId, AssetCode, Timestamp, Uetr};
use crate::merkle::MerkleProof;
use crate::receipt::Receipt;
use crate::state::{MarkerKey, MarkerProof, StateKey, bucket_of};
use crate::tree::MapProof;

/// A claim and its path.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Claim {
    /// A payment ended so: settled, or rejected.
    Payment {
        /// Its receipt.
        receipt: Receipt,
        /// The receipt's place among the block's.
        path: MerkleProof,
    } = 1,
    /// A payment did not happen, and can no longer.
    NoPayment(Absence) = 2,
    /// An account's position in an asset after the block.
    Holding {
        /// The account.
        account: AccountId,
        /// The asset.
        asset: AssetCode,
        /// The holding; none if the account never had any.
        holding: Option<Holding>,
        /// Its place in the state.
        path: MapProof,
    } = 3,
    /// An account's policy and status after the block.
    Account {
        /// The account.
        account: AccountId,
        /// The record; none if there is no such account.
        record: Option<Account>,
        /// Its place in the state.
        path: MapProof,
    } = 4,
}

/// The claim that a payment which could happen within a span did not.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Absence {
    /// The payment.
    pub uetr: Uetr,
    /// The first time at which its transaction was valid.
    pub valid_from: Timestamp,
    /// The last time.
    pub valid_until: Timestamp,
    /// The network's parameters: how long a bucket is, and how long it is kept.
    pub parameters: Parameters,
    /// The parameters' place in the state.
    pub parameters_path: MapProof,
    /// For each bucket that covers the span, ascending, that it has no marker of the payment.
    pub buckets: Vec<MarkerProof>,
}

/// What a verified claim says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The payment's receipt.
    Payment(Box<Receipt>),
    /// The payment did not happen within the span, and the span is over.
    NoPayment {
        /// The payment.
        uetr: Uetr,
        /// The span's begin.
        valid_from: Timestamp,
        /// The span's end.
        valid_until: Timestamp,
    },
    /// The holding, or that there is none.
    Holding {
        /// The account.
        account: AccountId,
        /// The asset.
        asset: AssetCode,
        /// The holding.
        holding: Option<Holding>,
    },
    /// The account, or that there is none.
    Account {
        /// The account.
        account: AccountId,
        /// The record.
        record: Option<Box<Account>>,
    },
}

impl Claim {
    pub(super) fn verify(&self, domains: &Domains, header: &Header) -> Result<Proven, ProofError> {
        match self {
            Self::Payment { receipt, path } => {
                let refused = |_| ProofError::Claim { root: "receipts root" };
                path.verify(domains, &receipt.hash(domains), &header.receipts_root)
                    .map_err(refused)?;
                if receipt.uetr.is_none() {
                    return Err(ProofError::NotAPayment);
                }
                if receipt.is_duplicate_refusal() {
                    return Err(ProofError::Duplicate);
                }
                Ok(Proven::Payment(Box::new(receipt.clone())))
            }
            Self::NoPayment(absence) => absence.verify(domains, header),
            Self::Holding { account, asset, holding, path } => {
                let key = StateKey::Holding(*account, *asset);
                under_state(domains, header, &key, holding.as_ref(), path)?;
                Ok(Proven::Holding { account: *account, asset: *asset, holding: *holding })
            }
            Self::Account { account, record, path } => {
                under_state(domains, header, &StateKey::Account(*account), record.as_ref(), path)?;
                Ok(Proven::Account { account: *account, record: record.clone().map(Box::new) })
            }
        }
    }
}

fn under_state<T: BorshSerialize>(
    domains: &Domains,
    header: &Header,
    key: &StateKey,
    value: Option<&T>,
    path: &MapProof,
) -> Result<(), ProofError> {
    let value = value.map(codec::encode);
    path.verify(domains, &key.bytes(), value.as_deref(), &header.state_root)
        .map_err(|_| ProofError::Claim { root: "state root" })
}

impl Absence {
    /// The buckets that cover the span, for whoever makes or checks the claim.
    pub fn buckets_of(
        valid_from: Timestamp,
        valid_until: Timestamp,
        parameters: &Parameters,
    ) -> std::ops::RangeInclusive<u64> {
        let bucket = |time| bucket_of(time, parameters.marker_bucket_ms);
        bucket(valid_from)..=bucket(valid_until)
    }

    fn verify(&self, domains: &Domains, header: &Header) -> Result<Proven, ProofError> {
        let parameters = &self.parameters;
        let path = &self.parameters_path;
        under_state(domains, header, &StateKey::Parameters, Some(parameters), path)?;
        if header.time <= self.valid_until || self.valid_until < self.valid_from {
            return Err(ProofError::TooEarly);
        }
        let now = bucket_of(header.time, parameters.marker_bucket_ms);
        let oldest = now.saturating_sub(u64::from(parameters.marker_buckets_kept));
        let buckets = Self::buckets_of(self.valid_from, self.valid_until, parameters);
        if *buckets.start() < oldest {
            return Err(ProofError::TooLate);
        }
        let key = MarkerKey::Payment(self.uetr);
        let mut proofs = self.buckets.iter();
        for bucket in buckets {
            let marker = proofs
                .next()
                .and_then(|proof| proof.verify(domains, bucket, &key, &header.state_root).ok())
                .ok_or(ProofError::Claim { root: "state root" })?;
            if marker.is_some() {
                return Err(ProofError::Claim { root: "state root as absent" });
            }
        }
        if proofs.next().is_some() {
            return Err(ProofError::Claim { root: "state root" });
        }
        Ok(Proven::NoPayment {
            uetr: self.uetr,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        })
    }
}
