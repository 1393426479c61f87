//! Rejections: every reason for which an operation does not happen, in order of precedence.
//!
//! Invariants: the first reason that applies, in the order of this enum, is the one that is given;
//! each has its ISO 20022 external status reason and a stable code. Absent: malformed envelopes and
//! bad signatures; those never enter the ledger (see `transaction`).

use borsh::{BorshDeserialize, BorshSerialize};

/// Why an operation was rejected. The operation certainly did not happen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Rejection {
    /// Another transaction already used this UETR. Before all others, so that no receipt of a
    /// second transaction says anything else under a UETR that is not its own: "expired" would read
    /// as if the first payment had failed.
    DuplicateUetr = 1,
    /// The block's time is before the transaction's window.
    NotYetValid = 2,
    /// The block's time is after the transaction's window.
    Expired = 3,
    /// The signers do not satisfy what the operation asks for.
    SignersMissing = 4,
    /// An institution, by number, is not on the ledger.
    UnknownInstitution = 5,
    /// The payer's or the named account does not exist.
    UnknownAccount = 6,
    /// The payee's account does not exist.
    UnknownPayee = 7,
    /// An account with this id exists already.
    AccountExists = 8,
    /// An account is closed.
    AccountClosed = 9,
    /// The account still holds something.
    AccountNotEmpty = 10,
    /// A freeze forbids it.
    AccountFrozen = 11,
    /// The institution has not the role, or the account collects its institution's charges and
    /// cannot be closed.
    NotPermitted = 12,
    /// Payer and payee are the same account.
    SameAccount = 13,
    /// The asset is not registered.
    UnknownAsset = 14,
    /// The asset is registered already, or its decimals or code are not the standard's.
    AssetConflict = 15,
    /// The amount is zero, or an exchange comes to zero.
    ZeroAmount = 16,
    /// The amount is above what one operation may move.
    AmountTooLarge = 17,
    /// The key that signed the quote is not one that may sign alone for the dealer's account.
    QuoteForged = 18,
    /// The quote expired, or expires later than quotes may.
    QuoteExpired = 19,
    /// The quote was used before.
    QuoteUsed = 20,
    /// The quote is for other assets, amounts or less than the payee must receive.
    QuoteMismatch = 21,
    /// The fee schedule's version is not the next one, or its collector is not the institution's.
    FeeScheduleConflict = 22,
    /// The charges are above what the payer agreed to, or leave nothing of the amount that they are
    /// taken from.
    FeeAboveAgreed = 23,
    /// The account's available balance is too small.
    InsufficientFunds = 24,
    /// The dealer's available balance is too small.
    DealerInsufficientFunds = 25,
    /// Another operation of the same atomic transaction was rejected.
    LinkedRejected = 26,
    /// The operation ran into a defect of the ledger itself; nothing of it happened.
    InternalDefect = 27,
}

impl Rejection {
    /// All rejections, in order of precedence.
    pub const ALL: [Self; 27] = [
        Self::DuplicateUetr,
        Self::NotYetValid,
        Self::Expired,
        Self::SignersMissing,
        Self::UnknownInstitution,
        Self::UnknownAccount,
        Self::UnknownPayee,
        Self::AccountExists,
        Self::AccountClosed,
        Self::AccountNotEmpty,
        Self::AccountFrozen,
        Self::NotPermitted,
        Self::SameAccount,
        Self::UnknownAsset,
        Self::AssetConflict,
        Self::ZeroAmount,
        Self::AmountTooLarge,
        Self::QuoteForged,
        Self::QuoteExpired,
        Self::QuoteUsed,
        Self::QuoteMismatch,
        Self::FeeScheduleConflict,
        Self::FeeAboveAgreed,
        Self::InsufficientFunds,
        Self::DealerInsufficientFunds,
        Self::LinkedRejected,
        Self::InternalDefect,
    ];

    /// The stable code of the API and the wallet, in kebab case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::SignersMissing => "signers-missing",
            Self::DuplicateUetr => "duplicate-uetr",
            Self::UnknownInstitution => "unknown-institution",
            Self::UnknownAccount => "unknown-account",
            Self::UnknownPayee => "unknown-payee",
            Self::AccountExists => "account-exists",
            Self::AccountClosed => "account-closed",
            Self::AccountNotEmpty => "account-not-empty",
            Self::AccountFrozen => "account-frozen",
            Self::NotPermitted => "not-permitted",
            Self::SameAccount => "same-account",
            Self::UnknownAsset => "unknown-asset",
            Self::AssetConflict => "asset-conflict",
            Self::ZeroAmount => "zero-amount",
            Self::AmountTooLarge => "amount-too-large",
            Self::QuoteForged => "quote-forged",
            Self::QuoteExpired => "quote-expired",
            Self::QuoteUsed => "quote-used",
            Self::QuoteMismatch => "quote-mismatch",
            Self::FeeScheduleConflict => "fee-schedule-conflict",
            Self::FeeAboveAgreed => "fee-above-agreed",
            Self::InsufficientFunds => "insufficient-funds",
            Self::DealerInsufficientFunds => "dealer-insufficient-funds",
            Self::LinkedRejected => "linked-rejected",
            Self::InternalDefect => "internal-defect",
        }
    }

    /// The ISO 20022 external status reason code (`StsRsnInf/Rsn/Cd`).
    pub const fn iso(self) -> &'static str {
        match self {
            Self::NotYetValid | Self::Expired | Self::QuoteExpired => "TM01",
            Self::SignersMissing | Self::QuoteForged => "DS0H",
            Self::DuplicateUetr | Self::QuoteUsed => "AM05",
            Self::UnknownInstitution => "RC01",
            Self::UnknownAccount => "AC01",
            Self::UnknownPayee => "AC03",
            Self::AccountClosed => "AC04",
            Self::AccountFrozen => "AC06",
            Self::NotPermitted | Self::SameAccount => "AG01",
            Self::UnknownAsset | Self::AssetConflict => "AM03",
            Self::ZeroAmount => "AM01",
            Self::AmountTooLarge => "AM02",
            Self::QuoteMismatch => "AM09",
            Self::FeeAboveAgreed => "AM14",
            Self::InsufficientFunds => "AM04",
            Self::DealerInsufficientFunds | Self::LinkedRejected => "ED05",
            Self::AccountExists
            | Self::AccountNotEmpty
            | Self::FeeScheduleConflict
            | Self::InternalDefect => "NARR",
        }
    }

    /// True if a *new* transaction with the same content can succeed once something else has
    /// changed; this one stays rejected for ever.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::NotYetValid
            | Self::Expired
            | Self::AccountFrozen
            | Self::AccountNotEmpty
            | Self::QuoteExpired
            | Self::FeeAboveAgreed
            | Self::InsufficientFunds
            | Self::DealerInsufficientFunds
            | Self::LinkedRejected
            | Self::InternalDefect => true,
            Self::SignersMissing
            | Self::DuplicateUetr
            | Self::UnknownInstitution
            | Self::UnknownAccount
            | Self::UnknownPayee
            | Self::AccountExists
            | Self::AccountClosed
            | Self::NotPermitted
            | Self::SameAccount
            | Self::UnknownAsset
            | Self::AssetConflict
            | Self::ZeroAmount
            | Self::AmountTooLarge
            | Self::QuoteForged
            | Self::QuoteUsed
            | Self::QuoteMismatch
            | Self::FeeScheduleConflict => false,
        }
    }

    /// One sentence for a person: what is wrong and what to do.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotYetValid => "The transaction is not valid yet. Check the clock that made it.",
            Self::Expired => "The transaction's validity has ended. Sign a new one.",
            Self::SignersMissing => {
                "The signatures do not satisfy the policy. Add the missing ones."
            }
            Self::DuplicateUetr => "This UETR belongs to another transaction. Look that one up.",
            Self::UnknownInstitution => "There is no such institution on this ledger.",
            Self::UnknownAccount => "There is no such account. Check the payer's address.",
            Self::UnknownPayee => "There is no such payee account. Check the address.",
            Self::AccountExists => "An account with this number exists already. Use another one.",
            Self::AccountClosed => "The account is closed.",
            Self::AccountNotEmpty => "The account still holds something. Empty it first.",
            Self::AccountFrozen => "The account is frozen. Ask its institution.",
            Self::NotPermitted => "The institution may not do this. Check its roles.",
            Self::SameAccount => "Payer and payee are the same account.",
            Self::UnknownAsset => "The asset is not registered on this ledger.",
            Self::AssetConflict => "The asset is registered already, or differs from ISO 4217.",
            Self::ZeroAmount => "The amount is zero.",
            Self::AmountTooLarge => "The amount is above what one payment may move.",
            Self::QuoteForged => "The quote is not signed by the dealer. Ask for a new one.",
            Self::QuoteExpired => "The quote has expired. Ask for a new one.",
            Self::QuoteUsed => "The quote was used before. Ask for a new one.",
            Self::QuoteMismatch => "The quote does not fit the payment. Ask for a new one.",
            Self::FeeScheduleConflict => "The fee schedule is not the next version.",
            Self::FeeAboveAgreed => "The charges are above the agreed maximum. Agree to more.",
            Self::InsufficientFunds => "The available balance is too small. Top up the account.",
            Self::DealerInsufficientFunds => "The dealer cannot deliver now. Ask another dealer.",
            Self::LinkedRejected => "Another part of the same atomic transaction was rejected.",
            Self::InternalDefect => "The ledger could not process this. Report it to the operator.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_precedence_is_the_declaration() {
        let mut codes: Vec<_> = Rejection::ALL.iter().map(|rejection| rejection.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rejection::ALL.len());
        assert!(Rejection::ALL.is_sorted());
        for rejection in Rejection::ALL {
            assert_eq!(rejection.iso().len(), 4);
            assert!(rejection.explanation().ends_with('.'));
        }
    }
}
