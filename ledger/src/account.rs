//! Accounts, institutions, assets and holdings: the records that the state map keeps.
//!
//! Invariants: a key set has 1 to 16 keys in ascending order and a threshold that they can reach;
//! an account's servicer never changes. Absent: names and addresses of customers; no personal data
//! is on the ledger.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec;
use crate::crypto::PublicKey;
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{AccountId, AssetCode, Bic, Height, InstitutionNumber, Uetr};
use crate::limits::OwnLimits;
use crate::money::{Amount, Decimals};
use crate::operation::{AssetKind, FreezeDirection};
use crate::step_up::StepUp;
use crate::text;

/// Keys of which `threshold` must sign (m of n).
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct KeySet {
    /// How many of the keys must sign: 1 to the number of keys.
    pub threshold: u8,
    /// 1 to 16 keys, ascending, none twice.
    pub keys: Vec<PublicKey>,
}

impl KeySet {
    /// The most keys.
    pub const MAXIMUM: usize = 16;

    /// One key that signs alone.
    pub fn single(key: PublicKey) -> Self {
        Self { threshold: 1, keys: vec![key] }
    }

    /// Any `threshold` of `keys`, which may come in any order.
    pub fn of(threshold: u8, mut keys: Vec<PublicKey>) -> Self {
        keys.sort_unstable();
        Self { threshold, keys }
    }

    /// Says what is wrong with the set, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if self.keys.is_empty() || self.keys.len() > Self::MAXIMUM {
            return Some("a policy has 1 to 16 keys");
        }
        if !self.keys.is_sorted_by(|left, right| left < right) {
            return Some("a policy's keys must ascend, none twice");
        }
        if self.threshold == 0 || usize::from(self.threshold) > self.keys.len() {
            return Some("a policy's threshold must be 1 to the number of its keys");
        }
        None
    }

    /// True if enough of the keys are among `signers`, which ascend.
    pub fn is_satisfied_by(&self, signers: &[PublicKey]) -> bool {
        let signed = self.keys.iter().filter(|key| signers.binary_search(key).is_ok()).count();
        signed >= usize::from(self.threshold)
    }
}

impl BorshDeserialize for KeySet {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            threshold: u8::deserialize_reader(reader)?,
            keys: codec::bounded_vec(reader, Self::MAXIMUM)?,
        })
    }
}

/// An account's rules.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Policy {
    /// The owners' keys and threshold.
    pub owners: KeySet,
    /// True: the servicer's operators may order payments from the account too (the customer's
    /// mandate to its bank; what an ISO 20022 channel needs).
    pub mandate: bool,
    /// Which payments need approvals by other keys than their maker's; none if left out.
    pub step_up: Option<StepUp>,
    /// What the owners limit themselves, if anything.
    pub limits: Option<OwnLimits>,
}

impl Policy {
    /// One owner key, no mandate, no approvals.
    pub fn single(key: PublicKey) -> Self {
        Self { owners: KeySet::single(key), mandate: false, step_up: None, limits: None }
    }

    /// Says what is wrong with the policy, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        let step_up = || self.step_up.as_ref().and_then(|rules| rules.defect(&self.owners));
        let limits = || self.limits.as_ref().and_then(OwnLimits::defect);
        self.owners.defect().or_else(step_up).or_else(limits)
    }
}

/// Whether an account takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum AccountStatus {
    /// It pays and is paid.
    Active = 1,
    /// Nothing goes out.
    FrozenOutgoing = 2,
    /// Nothing comes in.
    FrozenIncoming = 3,
    /// Nothing goes out or comes in.
    Frozen = 4,
    /// Closed for ever.
    Closed = 5,
}

impl AccountStatus {
    /// The status under a freeze of an open account.
    pub const fn frozen(direction: FreezeDirection) -> Self {
        match direction {
            FreezeDirection::Outgoing => Self::FrozenOutgoing,
            FreezeDirection::Incoming => Self::FrozenIncoming,
            FreezeDirection::Both => Self::Frozen,
        }
    }

    /// The status after one more freeze, which never loosens an earlier one; a closed account stays
    /// closed.
    #[must_use]
    pub const fn with_freeze(self, direction: FreezeDirection) -> Self {
        match (self, direction) {
            (Self::Closed, _) => Self::Closed,
            (Self::Frozen, _)
            | (Self::FrozenOutgoing, FreezeDirection::Incoming)
            | (Self::FrozenIncoming, FreezeDirection::Outgoing) => Self::Frozen,
            (Self::Active | Self::FrozenOutgoing | Self::FrozenIncoming, _) => {
                Self::frozen(direction)
            }
        }
    }

    /// True if money may leave the account.
    pub const fn pays(self) -> bool {
        matches!(self, Self::Active | Self::FrozenIncoming)
    }

    /// True if money may reach the account.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Active | Self::FrozenOutgoing)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Whether it takes part.
    pub status: AccountStatus,
    /// The know-your-customer tier, 0 to 9.
    pub tier: u8,
    /// Keys and rules.
    pub policy: Policy,
    /// How many assets the account holds more than nothing of; it can be closed at 0.
    pub open_holdings: u32,
}

/// An account's position in one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Holding {
    /// The balance, held amounts included.
    pub posted: Amount,
    /// The part of it that waits for something and cannot be spent.
    pub held: Amount,
    /// How many entries there ever were.
    pub entries: u64,
    /// The entry chain: the hash of (the chain before, the last entry); zero before the first.
    pub chain: Hash,
}

impl Holding {
    /// What can be spent.
    pub fn available(&self) -> Amount {
        self.posted.minus(self.held).unwrap_or(Amount::ZERO)
    }

    /// The holding after `entry`; `None` if it would be less than nothing, or more than any amount.
    pub fn after(mut self, domains: &Domains, entry: &Entry) -> Option<Self> {
        self.posted = if entry.credit {
            self.posted.plus(entry.amount)?
        } else {
            self.posted.minus(entry.amount)?
        };
        self.record(domains, entry);
        Some(self)
    }

    /// Chains `entry`: two proven holdings and the entries between them make a statement from which
    /// no line can be left out.
    pub fn record(&mut self, domains: &Domains, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        self.chain = domains.hash_of(Domain::Entry, &(self.chain, entry));
    }
}

/// Why an entry was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum EntryKind {
    /// Money created by the asset's issuer.
    Issue = 1,
    /// Money destroyed by the asset's issuer.
    Redeem = 2,
    /// A payment's principal.
    Payment = 3,
    /// A payment's charges.
    Fee = 4,
    /// A dealer's side of an exchange.
    Exchange = 5,
    /// A payment that was returned, or a part of it.
    Return = 6,
}

/// One line of a holding's statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Entry {
    /// The movement that booked it.
    pub uetr: Uetr,
    /// Why.
    pub kind: EntryKind,
    /// True if the holding grew.
    pub credit: bool,
    /// By how much it changed.
    pub amount: Amount,
    /// The block that booked it.
    pub height: Height,
}

/// An asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Asset {
    /// Currency or points.
    pub kind: AssetKind,
    /// Decimals of the minor unit.
    pub decimals: Decimals,
    /// Who issues and redeems it.
    pub issuer: InstitutionNumber,
}

/// How much of an asset was ever created and destroyed. The sum of all holdings is the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Supply {
    /// Minor units ever issued.
    pub issued: Amount,
    /// Minor units ever redeemed.
    pub redeemed: Amount,
}

/// What an institution may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Roles {
    /// Runs a validator.
    pub validator: bool,
    /// Registers and issues assets.
    pub issuer: bool,
    /// Offers exchange quotes.
    pub dealer: bool,
}

/// A bank or partner on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Institution {
    /// Its BIC.
    pub bic: Bic,
    /// Its name, at most 140 bytes of UTF-8 (ISO 20022 `Max140Text`).
    pub name: String,
    /// Its operators' keys and threshold.
    pub operators: KeySet,
    /// The key that may freeze and unfreeze its customers' accounts alone.
    pub compliance: PublicKey,
    /// What it may do.
    pub roles: Roles,
}

impl Institution {
    /// Says what is wrong with the record of an institution that is to be admitted, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if !text::is_name(&self.name, text::INSTITUTION_NAME) {
            return Some("an institution's name must be 1 to 140 bytes, none of them hidden");
        }
        if self.roles.validator {
            return Some("an institution is admitted without a validator; add it afterwards");
        }
        self.operators.defect()
    }
}

/// Where the node of an institution is, a validator or an observer.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NodeRecord {
    /// The node's key in the network between the nodes (an ed25519 libp2p identity).
    pub node_key: PublicKey,
    /// Where peers reach it: `host:port`, at most 255 bytes.
    pub address: String,
}

/// A place in the state: an account's holding of an asset.
pub type HoldingKey = (AccountId, AssetCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freezes_add_up() {
        use AccountStatus::{Active, Closed, Frozen, FrozenIncoming, FrozenOutgoing};
        use FreezeDirection::{Both, Incoming, Outgoing};
        for (before, direction, after) in [
            (Active, Outgoing, FrozenOutgoing),
            (Active, Incoming, FrozenIncoming),
            (Active, Both, Frozen),
            (FrozenOutgoing, Outgoing, FrozenOutgoing),
            (FrozenOutgoing, Incoming, Frozen),
            (FrozenIncoming, Incoming, FrozenIncoming),
            (FrozenIncoming, Outgoing, Frozen),
            (Frozen, Outgoing, Frozen),
            (Frozen, Incoming, Frozen),
            (Closed, Both, Closed),
        ] {
            assert_eq!(before.with_freeze(direction), after, "{before:?} {direction:?}");
        }
        let open = |status: AccountStatus| (status.pays(), status.is_paid());
        assert_eq!(open(Active), (true, true));
        assert_eq!(open(FrozenOutgoing), (false, true));
        assert_eq!(open(FrozenIncoming), (true, false));
        assert_eq!(open(Frozen), (false, false));
        assert_eq!(open(Closed), (false, false));
    }
}
