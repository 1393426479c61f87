//! Payments that wait: what is held for them, what they wait for, and until when.
//!
//! A wait lives so: it is open, and then it ends once: paid (captured, whole or a part, or
//! approved and reviewed, or from a queue), released, refused, or expired when its deadline passed.
//! Invariants:
//! while a record of it is in the state the wait is open, or expired and not swept yet; what is
//! held of a holding is the sum of its records. Absent: who may do what (see `execute`).

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

use crate::account::{HoldingKey, KeySet};
use crate::codec;
use crate::crypto::PublicKey;
use crate::genesis::Parameters;
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{Height, InstitutionNumber, Timestamp};
use crate::money::{Amount, Money};
use crate::operation::Pay;
use crate::transaction::TransactionId;

/// The SHA-256 hash of a [`Secret`]: what other ledgers lock with too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HashLock(pub Hash);

impl HashLock {
    /// The lock that `secret` opens.
    pub fn of(secret: &Secret) -> Self {
        Self(Hash(Sha256::digest(secret.0.0).into()))
    }
}

/// 32 bytes that open a [`HashLock`]. Who captures with it makes it public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Secret(pub Hash);

/// The hash of an order that waits, and of the transaction that ordered it: who names it says what
/// exactly it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderHash(pub Hash);

impl OrderHash {
    /// The hash of `order`, which `transaction` ordered.
    pub fn of(domains: &Domains, transaction: &TransactionId, order: &Pay) -> Self {
        Self(domains.hash_of(Domain::Order, &(transaction, order)))
    }
}

/// The approvals that a payment waits for, and those that it has.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Approvals {
    /// What approvers must name.
    pub order: OrderHash,
    /// How many approvers must approve, by the account's rules when it was ordered.
    pub needed: u8,
    /// The keys that ordered it, ascending; none of them counts as an approver.
    pub makers: Vec<PublicKey>,
    /// Who approved so far, ascending.
    pub given: Vec<PublicKey>,
    /// The institutions that review it afterwards, in this order.
    pub reviewers: Reviewers,
}

/// The institutions that review a payment, one after the other: at most 2, none twice. One byte if
/// there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewers(pub Vec<InstitutionNumber>);

impl Reviewers {
    /// The most: the payer's and the payee's institution.
    pub const MAXIMUM: usize = 2;
}

impl BorshSerialize for Reviewers {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        codec::write_short(writer, &self.0)
    }
}

impl BorshDeserialize for Reviewers {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        codec::short_vec(reader, Self::MAXIMUM).map(Self)
    }
}

/// The review that a payment waits for, and what of it is there.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Review {
    /// What reviewers must name.
    pub order: OrderHash,
    /// Whose review it is.
    pub reviewer: InstitutionNumber,
    /// The institutions that review it afterwards, in this order.
    pub later: Reviewers,
    /// The keys that ordered it, and those that approved it for its account, ascending; none of
    /// them counts in a review.
    pub spent: Vec<PublicKey>,
    /// The reviewer's keys that approved so far, ascending.
    pub given: Vec<PublicKey>,
}

impl BorshDeserialize for Review {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            order: OrderHash::deserialize_reader(reader)?,
            reviewer: InstitutionNumber::deserialize_reader(reader)?,
            later: Reviewers::deserialize_reader(reader)?,
            spent: codec::bounded_vec(reader, KeySet::MAXIMUM.saturating_mul(2))?,
            given: codec::bounded_vec(reader, KeySet::MAXIMUM)?,
        })
    }
}

impl BorshDeserialize for Approvals {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            order: OrderHash::deserialize_reader(reader)?,
            needed: u8::deserialize_reader(reader)?,
            makers: codec::bounded_vec(reader, KeySet::MAXIMUM)?,
            given: codec::bounded_vec(reader, KeySet::MAXIMUM)?,
            reviewers: Reviewers::deserialize_reader(reader)?,
        })
    }
}

/// Why an approver or a reviewer refuses a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Refusal {
    /// It is not to be paid: ISO reason DS02, an authorized user has cancelled the order.
    Declined = 1,
    /// It is taken for fraud: ISO reason FR01.
    Fraud = 2,
    /// A regulation forbids it: ISO reason RR04.
    Regulatory = 3,
}

impl Refusal {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::Declined, Self::Fraud, Self::Regulatory];

    /// The ISO 20022 external status reason code.
    pub const fn iso(self) -> &'static str {
        match self {
            Self::Declined => "DS02",
            Self::Fraud => "FR01",
            Self::Regulatory => "RR04",
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Fraud => "fraud",
            Self::Regulatory => "regulatory",
        }
    }
}

/// How early a queued payment is tried among its account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Priority {
    /// Before all others.
    Urgent = 1,
    /// Before normal ones.
    High = 2,
    /// After all others.
    Normal = 3,
}

impl Priority {
    /// All priorities, the first one first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::High, Self::Normal];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
        }
    }
}

/// The place of a payment in its account's queue. Places ascend as the queue is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct QueuePlace {
    /// The payments of a priority come before all those of the next one.
    pub priority: Priority,
    /// Its number among those of its priority: what comes later has a larger one.
    pub number: u64,
}

/// What a payment waits for.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Awaits {
    /// That the payee's side captures or releases it.
    Capture = 1,
    /// That the payee's side captures it with the secret of this lock, or releases it.
    Secret(HashLock) = 2,
    /// That approvers of the payer's account approve it.
    Approval(Approvals) = 3,
    /// That an institution reviews it.
    Review(Review) = 5,
    /// That the payer's account has the funds, in this place of its queue. Nothing is held.
    Funds(QueuePlace) = 8,
}

impl Awaits {
    /// True if a capture may show `secret`: the lock's where there is a lock, else none.
    pub fn is_met_by(&self, secret: Option<&Secret>) -> bool {
        match (self, secret) {
            (Self::Capture, None) => true,
            (Self::Secret(lock), Some(secret)) => HashLock::of(secret) == *lock,
            (Self::Capture, Some(_))
            | (Self::Secret(_), None)
            | (Self::Approval(_) | Self::Review(_) | Self::Funds(_), _) => false,
        }
    }

    /// True if it is a hold, which its payee's side captures or releases.
    pub const fn is_hold(&self) -> bool {
        match self {
            Self::Capture | Self::Secret(_) => true,
            Self::Approval(_) | Self::Review(_) | Self::Funds(_) => false,
        }
    }

    /// Its place in the payer's queue, if it waits for funds.
    pub const fn place(&self) -> Option<QueuePlace> {
        match self {
            Self::Funds(place) => Some(*place),
            Self::Capture | Self::Secret(_) | Self::Approval(_) | Self::Review(_) => None,
        }
    }

    /// The lock, if there is one.
    pub const fn lock(&self) -> Option<HashLock> {
        match self {
            Self::Capture | Self::Approval(_) | Self::Review(_) | Self::Funds(_) => None,
            Self::Secret(lock) => Some(*lock),
        }
    }

    /// The review, if it waits for one.
    pub const fn review(&self) -> Option<&Review> {
        match self {
            Self::Review(review) => Some(review),
            Self::Capture | Self::Secret(_) | Self::Approval(_) | Self::Funds(_) => None,
        }
    }

    /// The institutions whose review is still needed, in their order.
    pub fn reviewers(&self) -> Vec<InstitutionNumber> {
        match self {
            Self::Capture | Self::Secret(_) | Self::Funds(_) => Vec::new(),
            Self::Approval(approvals) => approvals.reviewers.0.clone(),
            Self::Review(review) => {
                std::iter::once(review.reviewer).chain(review.later.0.iter().copied()).collect()
            }
        }
    }

    /// What approvers or reviewers must name.
    pub const fn order(&self) -> Option<OrderHash> {
        match self {
            Self::Capture | Self::Secret(_) | Self::Funds(_) => None,
            Self::Approval(approvals) => Some(approvals.order),
            Self::Review(review) => Some(review.order),
        }
    }

    /// The approvals, if it waits for some.
    pub const fn approvals(&self) -> Option<&Approvals> {
        match self {
            Self::Approval(approvals) => Some(approvals),
            Self::Capture | Self::Secret(_) | Self::Review(_) | Self::Funds(_) => None,
        }
    }
}

/// The record of a payment that waits.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Waiting {
    /// The payment as it was ordered.
    pub order: Pay,
    /// The transaction that ordered it.
    pub transaction: TransactionId,
    /// The block that executed it.
    pub height: Height,
    /// What is held of the payer's holding: all that can leave it; nothing for what is queued.
    pub held: Money,
    /// The most charges that it can come to, in minor units of the held asset.
    pub most_charges: Amount,
    /// What it waits for.
    pub awaits: Awaits,
    /// The last block time at which it can be captured, approved, released or refused; after it, it
    /// has expired.
    pub deadline: Timestamp,
}

impl Waiting {
    /// The longest time from a hold's block to its deadline: 7 days, in milliseconds.
    pub const MAXIMUM_AHEAD: u64 = 7 * 24 * 60 * 60 * 1000;

    /// How long a payment waits for approvals: 24 hours, in milliseconds, or as long as it may.
    pub const APPROVAL_AHEAD: u64 = 24 * 60 * 60 * 1000;

    /// How long a payment waits that an institution reviews, approvals before included: 72 hours,
    /// in milliseconds, or as long as it may.
    pub const REVIEW_AHEAD: u64 = 3 * 24 * 60 * 60 * 1000;

    /// The deadline of a payment that begins to wait for approvals, and perhaps for a review after
    /// them, in a block of `time`: one for all that it waits for.
    pub fn approval_deadline(
        time: Timestamp,
        parameters: &Parameters,
        is_reviewed: bool,
    ) -> Timestamp {
        let ahead = if is_reviewed { Self::REVIEW_AHEAD } else { Self::APPROVAL_AHEAD };
        Self::latest_deadline(time, parameters).min(time.plus(ahead))
    }

    /// The latest deadline of a payment that waits since a block of `time`: as long as its UETR's
    /// marker is remembered, even if governance shortens the retention as far as it may.
    pub fn latest_deadline(time: Timestamp, parameters: &Parameters) -> Timestamp {
        let least = u64::from(Parameters::LEAST_BUCKETS_KEPT);
        let remembered = parameters.marker_bucket_ms.saturating_mul(least);
        time.plus(Self::MAXIMUM_AHEAD.min(remembered))
    }

    /// Whose queue it is in, and its place there, if it waits for funds.
    pub const fn queued(&self) -> Option<(HoldingKey, QueuePlace)> {
        match self.awaits.place() {
            Some(place) => Some(((self.order.from, self.order.amount.asset), place)),
            None => None,
        }
    }

    /// True once the deadline has passed, in a block of `time`.
    pub fn is_expired_at(&self, time: Timestamp) -> bool {
        self.deadline < time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_the_sha_256_of_its_secret() {
        let secret = Secret(Hash::ZERO);
        let known = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        let lock = HashLock(Hash::from_hex(known).unwrap());
        assert_eq!(HashLock::of(&secret), lock);
        let other = Secret(Hash([1; 32]));
        for (awaits, shown, met) in [
            (Awaits::Capture, None, true),
            (Awaits::Capture, Some(&secret), false),
            (Awaits::Secret(lock), None, false),
            (Awaits::Secret(lock), Some(&other), false),
            (Awaits::Secret(lock), Some(&secret), true),
        ] {
            assert_eq!(awaits.is_met_by(shown), met, "{awaits:?} {shown:?}");
        }
    }

    #[test]
    fn no_hold_outlives_the_marker_of_its_uetr() {
        let day = 24 * 60 * 60 * 1000;
        let latest = |marker_bucket_ms| {
            let parameters = Parameters { marker_bucket_ms, ..Parameters::USUAL };
            Waiting::latest_deadline(Timestamp(5), &parameters).0
        };
        assert_eq!(latest(10 * day), 5 + 7 * day);
        assert_eq!(latest(day), 5 + 2 * day);
    }
}
