//! Quotes: a dealer's signed, expiring, one-use firm offer to exchange two assets.
//!
//! Invariants: a quote is bound to its chain by the domain of its signature, and is used at most
//! once. Absent: the making of prices; a dealer does that off the ledger.

use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt;

use crate::crypto::{PublicKey, SecretKey, Signature, SignatureCheck};
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{AccountId, AssetCode, Timestamp};
use crate::money::{Amount, Decimals, Money, Rate};

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

/// The way of a payment from the asset that is sold to the one that is received: one offer, or two
/// over a third asset. Both are used up together, or neither.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Route {
    /// The offer for what the payer sells.
    pub first: SignedQuote,
    /// The offer for what the first one gives, if the payee receives another asset than that.
    pub onward: Option<SignedQuote>,
}

impl Route {
    /// The way by one offer.
    pub const fn direct(quote: SignedQuote) -> Self {
        Self { first: quote, onward: None }
    }

    /// The way over a third asset.
    pub const fn over(first: SignedQuote, onward: SignedQuote) -> Self {
        Self { first, onward: Some(onward) }
    }

    /// The offers, in their order.
    pub fn quotes(&self) -> impl Iterator<Item = &SignedQuote> {
        std::iter::once(&self.first).chain(&self.onward)
    }

    /// The asset that the payer sells.
    pub const fn sell(&self) -> AssetCode {
        self.first.quote.sell
    }

    /// The asset that the payee receives.
    pub fn buy(&self) -> AssetCode {
        self.onward.as_ref().map_or(self.first.quote.buy, |onward| onward.quote.buy)
    }

    /// What each offer gives for `sold`, rounded down each time, so that the dealers lose nothing;
    /// the last is the payee's. None if that is too large, or `decimals` does not know an asset.
    pub fn converted(
        &self,
        sold: Amount,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Option<Vec<Money>> {
        let mut given = Vec::with_capacity(2);
        let mut amount = sold;
        for SignedQuote { quote, .. } in self.quotes() {
            amount = quote.rate.convert(amount, decimals(quote.sell)?, decimals(quote.buy)?)?;
            given.push(Money::new(amount, quote.buy));
        }
        Some(given)
    }

    /// The last block time at which all quotes of the way can be used.
    pub fn expires(&self) -> Timestamp {
        let first = self.first.quote.expires;
        self.quotes().map(|signed| signed.quote.expires).fold(first, Timestamp::min)
    }

    /// Says what is wrong with the way whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        if let Some(onward) = &self.onward {
            if onward.quote.sell != self.first.quote.buy {
                return Some("the second quote of a way sells what the first one buys");
            }
            if onward.quote.buy == self.first.quote.sell {
                return Some("a way does not lead back to the asset that it began with");
            }
        }
        self.quotes().find_map(|signed| signed.quote.defect())
    }
}

/// The rates on the way: `1 CNY = 0.1401 USD, 1 USD = 7.7712 HKD`.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, SignedQuote { quote, .. }) in self.quotes().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(formatter, "{comma}1 {} = {} {}", quote.sell, quote.rate, quote.buy)?;
        }
        Ok(())
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
