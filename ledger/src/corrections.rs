//! Corrections of settled payments: the proof that a payment settled, and what was returned of it.
//!
//! A settled payment leaves nothing in the state but its marker, and that for a while only. Who
//! corrects it therefore brings the [`Evidence`]: its receipt, and the way from there to the
//! certificate of a block. The state keeps the validators of every epoch, so it can judge evidence
//! of any age; and it keeps what was returned, so that no payment is returned twice.
//!
//! Invariants: evidence that [`Evidence::check`] accepts, whose certificate's signatures are valid
//! and whose validators the state knows, is of a receipt that a quorum certified. Absent: who may
//! return what (see `execute`).

mod recall;

pub use recall::{Recall, RecallAnswer, RecallRequest};

use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt;
use std::io::Read;

use crate::block::Header;
use crate::certificate::Certificate;
use crate::codec;
use crate::crypto::SignatureCheck;
use crate::hash::{Domains, Hash};
use crate::ids::{AccountId, Epoch, Height, Uetr};
use crate::light::ensure_finalization;
use crate::merkle::MerkleProof;
use crate::money::{Amount, Money};
use crate::proof::{Ancestor, ProofError};
use crate::receipt::{Outcome, Receipt};
use crate::validators::ValidatorSet;

/// Why money goes back: a code of the ISO 20022 external return reasons, of which the ledger checks
/// the form and not the meaning; the set grows each quarter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Reason([u8; 4]);

/// A text that is no reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no reason code. Write 4 capital letters or digits, such as AC04 or CUST")]
pub struct ReasonError {
    /// The text, its first 40 characters.
    pub text: String,
}

impl Reason {
    /// FOCR, following a cancellation request: why an accepted recall goes back.
    pub const AFTER_RECALL: Self = Self(*b"FOCR");

    /// Reads a code of 4 capital letters or digits.
    ///
    /// # Errors
    /// [`ReasonError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        let code = <[u8; 4]>::try_from(text.as_bytes()).ok().filter(Self::is_well_formed);
        code.map(Self).ok_or_else(|| ReasonError { text: text.chars().take(40).collect() })
    }

    fn is_well_formed(code: &[u8; 4]) -> bool {
        code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    }
}

impl BorshDeserialize for Reason {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let code = <[u8; 4]>::deserialize_reader(reader)?;
        if Self::is_well_formed(&code) {
            Ok(Self(code))
        } else {
            Err(codec::invalid("a reason is 4 capital letters or digits"))
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The proof of one receipt that an operation carries. The certified header stays the same however
/// long the chain grows, so evidence never goes stale.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Evidence {
    /// The receipt of the payment.
    pub receipt: Receipt,
    /// The receipt's place among its block's.
    pub path: MerkleProof,
    /// The header of its block if that block has no certificate of its own.
    pub ancestor: Option<Ancestor>,
    /// The certified header: of its block, or of a later one.
    pub header: Header,
    /// The finalization of `header`.
    pub certificate: Certificate,
    /// The validators that signed it. Their hash is in `header`; that they were the epoch's, the
    /// state knows.
    pub validators: ValidatorSet,
}

impl Evidence {
    /// The most pieces of evidence that one transaction carries: each brings up to 128 signatures.
    pub const MAXIMUM: usize = 16;

    /// The epoch whose validators certified it.
    pub const fn epoch(&self) -> Epoch {
        self.header.epoch
    }

    /// Checks everything but the signatures, which it gives, and that the validators are those of
    /// the epoch, which the state knows.
    ///
    /// # Errors
    /// [`ProofError`] names the first link that does not hold.
    pub fn check(&self, domains: &Domains) -> Result<Vec<SignatureCheck>, ProofError> {
        let Self { receipt, path, ancestor, header, certificate, validators } = self;
        ensure_finalization(domains, header.epoch, validators, header, certificate)?;
        let of = ancestor.as_ref().map_or(Ok(header), |ancestor| ancestor.header(domains, header));
        path.verify(domains, &receipt.hash(domains), &of?.receipts_root)
            .map_err(|_| ProofError::Claim { root: "receipts root" })?;
        let refused = crate::light::Refusal::Certificate;
        Ok(certificate.checks(domains, validators).map_err(refused)?)
    }

    /// The payment that it proves, if it settled between two accounts: not one that failed or
    /// waits, no issue, no return.
    pub fn settled(&self) -> Option<Settled> {
        let Outcome::Settled(settlement) = &self.receipt.outcome else { return None };
        Some(Settled {
            payment: self.receipt.uetr?,
            payer: settlement.from?,
            payee: settlement.to?,
            credited: settlement.credited,
        })
    }
}

/// A payment that settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Settled {
    /// Its UETR.
    pub payment: Uetr,
    /// Who paid.
    pub payer: AccountId,
    /// Who was paid, and may return it.
    pub payee: AccountId,
    /// What the payee got: the most that can be returned, in its asset.
    pub credited: Money,
}

/// One return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Returned {
    /// The return's own UETR.
    pub uetr: Uetr,
    /// What went back, in minor units of the asset that the payee got.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
    /// The block that did it.
    pub height: Height,
}

/// What was returned of a payment: the state keeps it for ever, under the hash of the payment's
/// receipt, because the payment's proof is good for ever.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Returns {
    /// What was paid.
    pub settled: Settled,
    /// The returns, in their order: 1 to [`Returns::MAXIMUM`].
    pub returned: Vec<Returned>,
}

impl Returns {
    /// The most returns of one payment: a record of the state has a bound.
    pub const MAXIMUM: usize = 16;

    /// No returns yet.
    pub const fn none(settled: Settled) -> Self {
        Self { settled, returned: Vec::new() }
    }

    /// What was returned in all.
    pub fn total(&self) -> Amount {
        let sum = |sum: Amount, returned: &Returned| sum.plus(returned.amount).unwrap_or(sum);
        self.returned.iter().fold(Amount::ZERO, sum)
    }

    /// What can still be returned.
    pub fn left(&self) -> Money {
        let Money { amount, asset } = self.settled.credited;
        Money::new(amount.minus(self.total()).unwrap_or(Amount::ZERO), asset)
    }
}

impl BorshDeserialize for Returns {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let settled = Settled::deserialize_reader(reader)?;
        let returned = codec::bounded_vec(reader, Self::MAXIMUM)?;
        Ok(Self { settled, returned })
    }
}

/// Sends back what a payment brought, whole or a part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Return {
    /// The return's own identity.
    pub uetr: Uetr,
    /// The proof of the payment.
    pub evidence: Evidence,
    /// What goes back, in the asset that the payee got.
    pub amount: Money,
    /// Why.
    pub reason: Reason,
}

/// The identity of a settlement for ever: the hash of its receipt, which names transaction and
/// operation. A UETR could come again once its marker is forgotten.
pub type SettlementId = Hash;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_four_capital_letters_or_digits() {
        for good in ["AC04", "CUST", "1234"] {
            assert_eq!(Reason::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "AC0", "AC045", "ac04", "AC 4", "ÄC4"] {
            assert!(Reason::parse(bad).is_err(), "{bad}");
        }
        assert!(borsh::from_slice::<Reason>(b"AC04").is_ok());
        assert!(borsh::from_slice::<Reason>(b"ac04").is_err());
    }
}
