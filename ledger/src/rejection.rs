//! Rejections: every reason for which an operation does not happen, in order of precedence.
//!
//! Invariants: the first reason that applies, in the order of [`Rejection::ALL`], is the one that
//! is given; each has its ISO 20022 external status reason, a stable code, and a tag that is fixed
//! for ever. Absent: malformed envelopes and bad signatures; those never enter the ledger (see
//! `transaction`).

use borsh::{BorshDeserialize, BorshSerialize};
use std::cmp::Ordering;

/// Why an operation was rejected. The operation certainly did not happen. Reasons are declared and
/// compared in the order of their precedence, which their tags have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
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
    /// No funds are held for this payment: they never were, or the hold has ended. Before the
    /// signers, because nobody is known of whom a signature could be asked.
    NotHeld = 43,
    /// The payment is not queued: it never was, or it has left the queue. Before the signers, as
    /// for a hold.
    NotQueued = 70,
    /// The validators that certified the carried proof are not those of its epoch.
    ProofForged = 53,
    /// The carried proof is not of a payment that settled between two accounts: it failed, waits,
    /// or is an issue, a redemption or a return.
    NotSettled = 54,
    /// The payment has no open recall: it never had, or the recall has ended. Before the signers,
    /// because nobody is known of whom a signature could be asked.
    NoRecall = 58,
    /// The payment waits for something else: a hold for no approval, what waits for approvals or a
    /// review for no capture.
    WaitsOtherwise = 47,
    /// The signers do not satisfy what the operation asks for.
    SignersMissing = 4,
    /// Only makers of the payment signed, or who approved it before its review: they may not
    /// approve or refuse it themselves.
    OwnPayment = 48,
    /// The approvers or reviewers who signed have approved the payment before.
    AlreadyApproved = 49,
    /// It is not the order that waits: other content, or of another transaction.
    OrderMismatch = 50,
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
    /// The institution has not the role or does not govern, or the account collects its
    /// institution's charges and cannot be closed.
    NotPermitted = 12,
    /// There is no proposal of this number.
    UnknownProposal = 28,
    /// The proposal was enacted or refused before.
    ProposalClosed = 29,
    /// The proposal has expired, or would expire later than proposals may.
    ProposalExpired = 30,
    /// The institution voted on the proposal before.
    AlreadyVoted = 31,
    /// No quorum of the governing members approved the proposal so far.
    NotApproved = 32,
    /// This block ends the epoch already, by another change of the validators.
    EpochEnding = 33,
    /// An institution was removed: it takes nothing new on, and nothing is paid to its accounts.
    InstitutionRemoved = 34,
    /// A member has this BIC already.
    InstitutionExists = 35,
    /// The institution runs no validator.
    NotValidator = 36,
    /// The institution runs a validator.
    ValidatorExists = 37,
    /// Money that the institution issued is in circulation.
    SupplyOutstanding = 38,
    /// A key has another place already: each place has a key of its own.
    KeyInUse = 39,
    /// The network would have no validator, or more than 128.
    ValidatorCount = 40,
    /// A parameter is out of bounds, or one that stays would change.
    ParametersRefused = 41,
    /// The upgrade is not above the present height and version.
    UpgradeRefused = 42,
    /// The payment has an open recall already.
    RecallOpen = 57,
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
    /// The account's owners do not let it pay this payee.
    PayeeNotAllowed = 68,
    /// The amount is above what the payer's institution lets one payment be.
    PaymentLimit = 63,
    /// The payer's or the payee's institution does not let a payment of this amount go without a
    /// commitment to private data.
    MissingInformation = 81,
    /// The amount is above what the payer's institution lets its account pay to a new payee.
    NewPayeeLimit = 80,
    /// With this payment, the account would pay more in a day than its owners let it.
    OwnDailyLimit = 67,
    /// With this payment, the account would pay more, or more often, in a day than its institution
    /// lets it.
    DailyLimit = 64,
    /// With this payment, more would go from an institution to others in a day than it lets go.
    PositionLimit = 65,
    /// The payee's institution does not let its account be paid this.
    IncomingRefused = 75,
    /// The account's policy asks for more approvals, and what cannot wait for them (a payment
    /// across assets, a hold, a part of an atomic transaction) has not all of them at once.
    ApprovalsMissing = 51,
    /// An institution's rule asks for its review, and what cannot wait for it (a payment across
    /// assets, a hold, a part of an atomic transaction) has not its signatures at once.
    ReviewMissing = 76,
    /// The key that signed the quote is not one that may sign alone for the dealer's account.
    QuoteForged = 18,
    /// The quote expired, or expires later than quotes may.
    QuoteExpired = 19,
    /// The quote was used before.
    QuoteUsed = 20,
    /// The quote is for other assets, amounts or less than the payee must receive.
    QuoteMismatch = 21,
    /// The hold's or the recall's deadline is not ahead, or later than it may be.
    DeadlineRefused = 44,
    /// The secret is missing, does not open the hold's lock, or there is no lock.
    SecretWrong = 45,
    /// More than the hold's amount was to be captured, or another asset.
    CaptureMismatch = 46,
    /// More was to go back than the payee got and has not returned, or another asset.
    ReturnMismatch = 55,
    /// The payment was returned in as many parts as a payment can be.
    TooManyReturns = 56,
    /// The fee schedule's version is not the next one, or its collector is not the institution's.
    FeeScheduleConflict = 22,
    /// The limits' version is not the next one.
    LimitsConflict = 66,
    /// The charges are above what the payer agreed to, or leave nothing of the amount that they are
    /// taken from.
    FeeAboveAgreed = 23,
    /// The payment would have to wait for funds, and a part of an atomic transaction cannot.
    CannotQueue = 72,
    /// As many payments of the account, of its institution or of all wait for funds as may.
    QueueFull = 71,
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
    pub const ALL: [Self; 70] = [
        Self::DuplicateUetr,
        Self::NotYetValid,
        Self::Expired,
        Self::NotHeld,
        Self::NotQueued,
        Self::ProofForged,
        Self::NotSettled,
        Self::NoRecall,
        Self::WaitsOtherwise,
        Self::SignersMissing,
        Self::OwnPayment,
        Self::AlreadyApproved,
        Self::OrderMismatch,
        Self::UnknownInstitution,
        Self::UnknownAccount,
        Self::UnknownPayee,
        Self::AccountExists,
        Self::AccountClosed,
        Self::AccountNotEmpty,
        Self::AccountFrozen,
        Self::NotPermitted,
        Self::UnknownProposal,
        Self::ProposalClosed,
        Self::ProposalExpired,
        Self::AlreadyVoted,
        Self::NotApproved,
        Self::EpochEnding,
        Self::InstitutionRemoved,
        Self::InstitutionExists,
        Self::NotValidator,
        Self::ValidatorExists,
        Self::SupplyOutstanding,
        Self::KeyInUse,
        Self::ValidatorCount,
        Self::ParametersRefused,
        Self::UpgradeRefused,
        Self::RecallOpen,
        Self::SameAccount,
        Self::UnknownAsset,
        Self::AssetConflict,
        Self::ZeroAmount,
        Self::AmountTooLarge,
        Self::PayeeNotAllowed,
        Self::PaymentLimit,
        Self::MissingInformation,
        Self::NewPayeeLimit,
        Self::OwnDailyLimit,
        Self::DailyLimit,
        Self::PositionLimit,
        Self::IncomingRefused,
        Self::ApprovalsMissing,
        Self::ReviewMissing,
        Self::QuoteForged,
        Self::QuoteExpired,
        Self::QuoteUsed,
        Self::QuoteMismatch,
        Self::DeadlineRefused,
        Self::SecretWrong,
        Self::CaptureMismatch,
        Self::ReturnMismatch,
        Self::TooManyReturns,
        Self::FeeScheduleConflict,
        Self::LimitsConflict,
        Self::FeeAboveAgreed,
        Self::CannotQueue,
        Self::QueueFull,
        Self::InsufficientFunds,
        Self::DealerInsufficientFunds,
        Self::LinkedRejected,
        Self::InternalDefect,
    ];

    /// The rejection's place in [`Rejection::ALL`].
    fn precedence(self) -> usize {
        Self::ALL.iter().position(|known| *known == self).unwrap_or(Self::ALL.len())
    }

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
            Self::UnknownProposal => "unknown-proposal",
            Self::ProposalClosed => "proposal-closed",
            Self::ProposalExpired => "proposal-expired",
            Self::AlreadyVoted => "already-voted",
            Self::NotApproved => "not-approved",
            Self::EpochEnding => "epoch-ending",
            Self::InstitutionRemoved => "institution-removed",
            Self::InstitutionExists => "institution-exists",
            Self::NotValidator => "not-validator",
            Self::ValidatorExists => "validator-exists",
            Self::SupplyOutstanding => "supply-outstanding",
            Self::KeyInUse => "key-in-use",
            Self::ValidatorCount => "validator-count",
            Self::ParametersRefused => "parameters-refused",
            Self::UpgradeRefused => "upgrade-refused",
            Self::SameAccount => "same-account",
            Self::UnknownAsset => "unknown-asset",
            Self::AssetConflict => "asset-conflict",
            Self::ZeroAmount => "zero-amount",
            Self::AmountTooLarge => "amount-too-large",
            Self::PayeeNotAllowed => "payee-not-allowed",
            Self::MissingInformation => "missing-information",
            Self::PaymentLimit | Self::NewPayeeLimit | Self::DailyLimit => self.words_of_limit().0,
            Self::OwnDailyLimit => "own-daily-limit",
            Self::PositionLimit => "position-limit",
            Self::IncomingRefused => "incoming-refused",
            Self::QuoteForged => "quote-forged",
            Self::QuoteExpired => "quote-expired",
            Self::QuoteUsed => "quote-used",
            Self::QuoteMismatch => "quote-mismatch",
            Self::NotHeld => "not-held",
            Self::NotQueued | Self::CannotQueue | Self::QueueFull => self.words_of_queue().0,
            Self::WaitsOtherwise => "waits-otherwise",
            Self::OwnPayment => "own-payment",
            Self::AlreadyApproved => "already-approved",
            Self::OrderMismatch => "order-mismatch",
            Self::ApprovalsMissing => "approvals-needed",
            Self::ReviewMissing => "review-needed",
            Self::DeadlineRefused => "deadline-refused",
            Self::SecretWrong => "secret-wrong",
            Self::CaptureMismatch => "capture-mismatch",
            Self::ProofForged => "proof-forged",
            Self::NotSettled => "not-settled",
            Self::NoRecall => "no-recall",
            Self::RecallOpen => "recall-open",
            Self::ReturnMismatch => "return-mismatch",
            Self::TooManyReturns => "too-many-returns",
            Self::FeeScheduleConflict => "fee-schedule-conflict",
            Self::LimitsConflict => "limits-conflict",
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
            Self::NotYetValid | Self::Expired | Self::QuoteExpired | Self::ProposalExpired => {
                "TM01"
            }
            Self::DeadlineRefused => "DT01",
            Self::InstitutionRemoved => "AG10",
            Self::SignersMissing
            | Self::QuoteForged
            | Self::OwnPayment
            | Self::ApprovalsMissing
            | Self::ReviewMissing => "DS0H",
            Self::DuplicateUetr
            | Self::QuoteUsed
            | Self::AlreadyVoted
            | Self::AlreadyApproved
            | Self::RecallOpen => "AM05",
            Self::UnknownInstitution => "RC01",
            Self::UnknownAccount => "AC01",
            Self::UnknownPayee => "AC03",
            Self::AccountClosed => "AC04",
            Self::AccountFrozen => "AC06",
            Self::NotPermitted | Self::SameAccount => "AG01",
            Self::UnknownAsset | Self::AssetConflict => "AM03",
            Self::ZeroAmount => "AM01",
            Self::AmountTooLarge | Self::PaymentLimit => "AM02",
            Self::DailyLimit => "AM14",
            Self::OwnDailyLimit => "AM21",
            Self::PositionLimit => "AM23",
            Self::PayeeNotAllowed => "SL11",
            Self::NewPayeeLimit => "SL01",
            Self::MissingInformation => "RR02",
            Self::IncomingRefused => "RR04",
            Self::QuoteMismatch | Self::CaptureMismatch | Self::ReturnMismatch => "AM09",
            Self::FeeAboveAgreed => "AM14",
            Self::InsufficientFunds => "AM04",
            Self::DealerInsufficientFunds | Self::LinkedRejected => "ED05",
            Self::AccountExists
            | Self::AccountNotEmpty
            | Self::FeeScheduleConflict
            | Self::LimitsConflict
            | Self::UnknownProposal
            | Self::ProposalClosed
            | Self::NotApproved
            | Self::EpochEnding
            | Self::InstitutionExists
            | Self::NotValidator
            | Self::ValidatorExists
            | Self::SupplyOutstanding
            | Self::KeyInUse
            | Self::ValidatorCount
            | Self::ParametersRefused
            | Self::UpgradeRefused
            | Self::NotHeld
            | Self::NotQueued
            | Self::CannotQueue
            | Self::QueueFull
            | Self::WaitsOtherwise
            | Self::OrderMismatch
            | Self::SecretWrong
            | Self::ProofForged
            | Self::NotSettled
            | Self::NoRecall
            | Self::TooManyReturns
            | Self::InternalDefect => "NARR",
        }
    }

    /// What can succeed in a *new* transaction with the same content once something else has
    /// changed. All others are permanent, and the tests list them, so that
    /// each new rejection is one or the other by choice.
    const TRANSIENT: [Self; 27] = [
        Self::NotYetValid,
        Self::Expired,
        Self::AccountFrozen,
        Self::AccountNotEmpty,
        Self::QuoteExpired,
        Self::NewPayeeLimit,
        Self::OwnDailyLimit,
        Self::DailyLimit,
        Self::PositionLimit,
        Self::FeeAboveAgreed,
        Self::InsufficientFunds,
        Self::DealerInsufficientFunds,
        Self::ProposalExpired,
        Self::NotApproved,
        Self::EpochEnding,
        Self::ValidatorExists,
        Self::SupplyOutstanding,
        Self::ValidatorCount,
        Self::NotHeld,
        Self::NotQueued,
        Self::CannotQueue,
        Self::QueueFull,
        Self::DeadlineRefused,
        Self::NoRecall,
        Self::RecallOpen,
        Self::LinkedRejected,
        Self::InternalDefect,
    ];

    /// True if a *new* transaction with the same content can succeed once something else has
    /// changed; this one stays rejected for ever.
    pub fn is_transient(self) -> bool {
        Self::TRANSIENT.contains(&self)
    }

    /// True if the receipt names the institution's rule that refused, or those that ask for a
    /// review.
    pub const fn names_rule(self) -> bool {
        matches!(
            self,
            Self::PaymentLimit
                | Self::MissingInformation
                | Self::NewPayeeLimit
                | Self::DailyLimit
                | Self::PositionLimit
                | Self::IncomingRefused
                | Self::ReviewMissing
        )
    }

    /// Code and sentence of what an institution's limits refuse of one account.
    const fn words_of_limit(self) -> (&'static str, &'static str) {
        if matches!(self, Self::PaymentLimit) {
            ("payment-limit", "It is more than the bank lets one payment be. Pay less.")
        } else if matches!(self, Self::NewPayeeLimit) {
            ("new-payee-limit", "It is too much for a new payee. Pay less now, the rest later.")
        } else {
            ("daily-limit", "The bank's daily limit is met. Pay tomorrow, or less.")
        }
    }

    /// Code and sentence of what only queues reject.
    const fn words_of_queue(self) -> (&'static str, &'static str) {
        if matches!(self, Self::QueueFull) {
            ("queue-full", "Too many payments wait for funds. Cancel one, or add funds.")
        } else if matches!(self, Self::CannotQueue) {
            ("cannot-queue", "A part of an atomic transaction cannot wait. Add funds first.")
        } else {
            ("not-queued", "The payment waits for no funds. Look up what became of it.")
        }
    }

    /// One sentence for a person: what is wrong and what to do.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotYetValid => "The transaction is not valid yet. Check the clock that made it.",
            Self::Expired => "The transaction's validity has ended. Sign a new one.",
            Self::SignersMissing => "The signatures do not satisfy the policy. Add the others.",
            Self::DuplicateUetr => "This UETR belongs to another transaction. Look that one up.",
            Self::UnknownInstitution => "There is no such institution here. Check its BIC.",
            Self::UnknownAccount => "There is no such account. Check the payer's address.",
            Self::UnknownPayee => "There is no such payee account. Check the address.",
            Self::AccountExists => "An account with this number exists already. Use another one.",
            Self::AccountClosed => "The account is closed. Use another one.",
            Self::AccountNotEmpty => "The account still holds something. Empty it first.",
            Self::AccountFrozen => "The account is frozen. Ask its institution.",
            Self::NotPermitted => "The institution may not do this. Check its roles.",
            Self::UnknownProposal => "There is no proposal of this number. List the proposals.",
            Self::ProposalClosed => "The proposal was enacted or refused already. Make a new one.",
            Self::ProposalExpired => "It has expired, or may not live so long. Propose it anew.",
            Self::AlreadyVoted => "The institution has voted on this proposal. A vote stands.",
            Self::NotApproved => "Too few members approved the proposal. Enact it once more did.",
            Self::EpochEnding => "Another change of validators came first. Enact it again.",
            Self::InstitutionRemoved => "The institution left. Use an account at another one.",
            Self::InstitutionExists => "A member has this BIC already. Check the BIC.",
            Self::NotValidator => "The institution runs no validator. Check its BIC.",
            Self::ValidatorExists => "The institution runs a validator. Remove or rotate that one.",
            Self::SupplyOutstanding => "Money of this institution circulates. Redeem it first.",
            Self::KeyInUse => "The key is in use already. Make a new one for this place.",
            Self::ValidatorCount => "A network has 1 to 128 validators. Change another one first.",
            Self::ParametersRefused => "It is out of bounds, or can never change. Choose another.",
            Self::UpgradeRefused => "It needs a later height and version. Choose such ones.",
            Self::SameAccount => "Payer and payee are the same account. Name another payee.",
            Self::UnknownAsset => "The asset is not registered on this ledger. Check its code.",
            Self::AssetConflict => "It is registered, or differs from ISO 4217. Check its code.",
            Self::ZeroAmount => "The amount is zero. Write a larger one.",
            Self::AmountTooLarge => "The amount is above what one payment may move. Pay in parts.",
            Self::PayeeNotAllowed => "The policy does not allow this payee. Change it first.",
            Self::MissingInformation => "It has no data on its parties. Pay it with their names.",
            Self::PaymentLimit | Self::NewPayeeLimit | Self::DailyLimit => self.words_of_limit().1,
            Self::OwnDailyLimit => "The account's own daily limit is met. Pay tomorrow, or less.",
            Self::PositionLimit => "The bank's limit to other banks is met. Pay tomorrow.",
            Self::IncomingRefused => "The payee's bank refuses such payments. Ask the payee.",
            Self::QuoteForged => "The quote is not signed by the dealer. Ask for a new one.",
            Self::QuoteExpired => "The quote has expired. Ask for a new one.",
            Self::QuoteUsed => "The quote was used before. Ask for a new one.",
            Self::QuoteMismatch => "The quote does not fit the payment. Ask for a new one.",
            Self::NotHeld => "No funds are held for this payment. Look up what became of it.",
            Self::NotQueued | Self::CannotQueue | Self::QueueFull => self.words_of_queue().1,
            Self::WaitsOtherwise => "The payment waits for something else. Look up who acts next.",
            Self::OwnPayment => "A maker cannot approve its own payment. Let another key approve.",
            Self::AlreadyApproved => "This key has approved already. Let another approver approve.",
            Self::OrderMismatch => "Another order waits under this UETR. Look at it again.",
            Self::ApprovalsMissing | Self::ReviewMissing => "It cannot wait. Have all sign it now.",
            Self::DeadlineRefused => "The deadline is past or too late. Choose another one.",
            Self::SecretWrong => "The secret does not fit the hold's lock. Check it.",
            Self::CaptureMismatch => "It is more than is held, or of another asset. Capture less.",
            Self::ProofForged => "The proof's validators are not its epoch's. Get it again.",
            Self::NotSettled => "It proves no payment that settled. Look up what became of it.",
            Self::ReturnMismatch => "More than is left to return, or another asset. Return less.",
            Self::TooManyReturns => "It was returned in 16 parts. Pay the rest back by a payment.",
            Self::NoRecall => "No open recall asks for this payment. Look up what became of it.",
            Self::RecallOpen => "The payment is asked back already. Wait for the answer.",
            Self::FeeScheduleConflict => "It is not the schedule's next version. Number it anew.",
            Self::LimitsConflict => "They are not the limits' next version. Number them anew.",
            Self::FeeAboveAgreed => "The charges are above the agreed maximum. Agree to more.",
            Self::InsufficientFunds => "The available balance is too small. Top up the account.",
            Self::DealerInsufficientFunds => "The dealer cannot deliver now. Ask another dealer.",
            Self::LinkedRejected => "Another part of the transaction was rejected. Mend it.",
            Self::InternalDefect => "The ledger could not process this. Report it to the operator.",
        }
    }
}

impl Ord for Rejection {
    fn cmp(&self, other: &Self) -> Ordering {
        self.precedence().cmp(&other.precedence())
    }
}

impl PartialOrd for Rejection {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What the same content comes to for ever.
    const PERMANENT: [Rejection; 43] = [
        Rejection::SignersMissing,
        Rejection::DuplicateUetr,
        Rejection::UnknownInstitution,
        Rejection::UnknownAccount,
        Rejection::UnknownPayee,
        Rejection::AccountExists,
        Rejection::AccountClosed,
        Rejection::NotPermitted,
        Rejection::UnknownProposal,
        Rejection::ProposalClosed,
        Rejection::AlreadyVoted,
        Rejection::InstitutionRemoved,
        Rejection::InstitutionExists,
        Rejection::NotValidator,
        Rejection::KeyInUse,
        Rejection::ParametersRefused,
        Rejection::UpgradeRefused,
        Rejection::SameAccount,
        Rejection::UnknownAsset,
        Rejection::AssetConflict,
        Rejection::ZeroAmount,
        Rejection::AmountTooLarge,
        Rejection::QuoteForged,
        Rejection::QuoteUsed,
        Rejection::QuoteMismatch,
        Rejection::SecretWrong,
        Rejection::CaptureMismatch,
        Rejection::ProofForged,
        Rejection::NotSettled,
        Rejection::ReturnMismatch,
        Rejection::TooManyReturns,
        Rejection::PayeeNotAllowed,
        Rejection::PaymentLimit,
        Rejection::MissingInformation,
        Rejection::LimitsConflict,
        Rejection::WaitsOtherwise,
        Rejection::OwnPayment,
        Rejection::AlreadyApproved,
        Rejection::OrderMismatch,
        Rejection::ApprovalsMissing,
        Rejection::ReviewMissing,
        Rejection::IncomingRefused,
        Rejection::FeeScheduleConflict,
    ];

    #[test]
    fn each_rejection_is_transient_or_permanent() {
        let all = Rejection::TRANSIENT.iter().chain(&PERMANENT);
        let sorted: BTreeSet<_> = all.collect();
        assert_eq!(sorted, Rejection::ALL.iter().collect());
        assert_eq!(Rejection::TRANSIENT.len() + PERMANENT.len(), Rejection::ALL.len());
    }

    #[test]
    fn codes_and_tags_are_unique_and_every_rejection_has_its_precedence() {
        let mut codes: Vec<_> = Rejection::ALL.iter().map(|rejection| rejection.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rejection::ALL.len());
        assert!(Rejection::ALL.is_sorted_by(|left, right| left < right));
        let read = |tag: u8| borsh::from_slice::<Rejection>(&[tag]).ok();
        let mut tagged: Vec<_> = (0..=u8::MAX).filter_map(read).collect();
        tagged.sort_unstable();
        assert_eq!(tagged, Rejection::ALL, "every rejection that can be read has a precedence");
        for rejection in Rejection::ALL {
            assert_eq!(rejection.iso().len(), 4);
            // What is the matter, and what to do; as short as ISO 20022's additional information.
            let explanation = rejection.explanation();
            assert!(explanation.ends_with('.') && explanation.contains(". "), "{explanation}");
            assert!(explanation.len() <= 105, "{explanation}");
        }
    }
}
