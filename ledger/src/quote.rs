//! Quotes: a dealer's signed, expiring, one-use firm offer to exchange two assets.
//!
//! Invariants: a quote is bound to its chain by the domain of its signature, and is used at most
//! once. Absent: the making of prices; a dealer does that off the ledger.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::crypto::{PublicKey, SecretKey, Signature, SignatureCheck};
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{AccountId, AssetCode, Timestamp};
use crate::money::{Amount, Rate};

/// A firm offer: the dealer buys the payer's asset and sells the payee's.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Quote {
    /// The dealer's account, which takes the sold asset in and pays the bought asset out.
    pub dealer: AccountId,
    /// The asset that the payer sells.
    pub sell: AssetCode,
    /// The asset that the payee receives.
    pub buy: AssetCode,
    /// Units of `buy` for one unit of `sell`.
    pub rate: Rate,
    /// The least of `sell` that the offer holds for.
    pub minimum: Amount,
    /// The most of `sell` that the offer holds for.
    pub maximum: Amount,
    /// The last block time at which it can be used.
    pub expires: Timestamp,
    /// The dealer's own number, so that no two of its quotes are the same.
    pub nonce: u64,
}

impl Quote {
    /// The longest that a quote may be ahead of its use: 24 hours, in milliseconds. The mark of a
    /// used quote is kept longer than that.
    pub const MAXIMUM_AHEAD: u64 = 24 * 60 * 60 * 1000;

    /// The quote's id: what the dealer signs, and what is marked as used.
    pub fn id(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Quote, self)
    }

    /// Says what is wrong with the quote whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if !self.rate.is_well_formed() {
            return Some("a quote's rate must be in canonical form and above zero");
        }
        if self.sell == self.buy {
            return Some("a quote exchanges two different assets");
        }
        None
    }
}

/// A quote and the dealer's signature. The key must belong to the dealer account's policy.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedQuote {
    /// The offer.
    pub quote: Quote,
    /// The key that signed; an owner of the dealer's account, alone enough by its threshold.
    pub key: PublicKey,
    /// The signature over the quote's id.
    pub signature: Signature,
}

impl SignedQuote {
    /// Signs `quote`.
    pub fn sign(domains: &Domains, key: &SecretKey, quote: Quote) -> Self {
        let signature = key.sign(&quote.id(domains));
        Self { quote, key: key.public(), signature }
    }

    /// The dealer's signature as a check, to be verified with others.
    pub fn signature_check(&self, domains: &Domains) -> SignatureCheck {
        SignatureCheck { key: self.key, digest: self.quote.id(domains), signature: self.signature }
    }
}
