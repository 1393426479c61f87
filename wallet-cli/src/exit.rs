//! Exit codes: the contract with scripts.
//!
//! Invariants: the numbers never change; each says whether money can have moved. Absent: texts.

use ledger::rejection::Rejection;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and final where that applies.
    Done = 0,
    /// A defect of the wallet or its files.
    Internal = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// Rejected: certainly not paid. A proof that is refused counts here too.
    Rejected = 3,
    /// Not permitted, or approvals are missing.
    NotPermitted = 4,
    /// Nothing was sent.
    NotSent = 5,
    /// The outcome is unknown; the same command is safe to repeat.
    Unknown = 6,
    /// Expired: it did not happen and no longer can.
    Expired = 7,
    /// Interrupted; the same command is safe to repeat.
    Interrupted = 130,
}

impl Exit {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::NotPermitted => 4,
            Self::NotSent => 5,
            Self::Unknown => 6,
            Self::Expired => 7,
            Self::Interrupted => 130,
        }
    }

    /// The exit for a rejection by the ledger.
    pub(crate) const fn of_rejection(rejection: Rejection) -> Self {
        match rejection {
            Rejection::SignersMissing | Rejection::NotPermitted => Self::NotPermitted,
            Rejection::Expired | Rejection::QuoteExpired | Rejection::ProposalExpired => {
                Self::Expired
            }
            Rejection::NotYetValid
            | Rejection::DuplicateUetr
            | Rejection::UnknownInstitution
            | Rejection::UnknownAccount
            | Rejection::UnknownPayee
            | Rejection::AccountExists
            | Rejection::AccountClosed
            | Rejection::AccountNotEmpty
            | Rejection::AccountFrozen
            | Rejection::UnknownProposal
            | Rejection::ProposalClosed
            | Rejection::AlreadyVoted
            | Rejection::NotApproved
            | Rejection::EpochEnding
            | Rejection::InstitutionRemoved
            | Rejection::InstitutionExists
            | Rejection::NotValidator
            | Rejection::ValidatorExists
            | Rejection::SupplyOutstanding
            | Rejection::KeyInUse
            | Rejection::ValidatorCount
            | Rejection::ParametersRefused
            | Rejection::UpgradeRefused
            | Rejection::SameAccount
            | Rejection::UnknownAsset
            | Rejection::AssetConflict
            | Rejection::ZeroAmount
            | Rejection::AmountTooLarge
            | Rejection::QuoteForged
            | Rejection::QuoteUsed
            | Rejection::QuoteMismatch
            | Rejection::FeeScheduleConflict
            | Rejection::FeeAboveAgreed
            | Rejection::InsufficientFunds
            | Rejection::DealerInsufficientFunds
            | Rejection::LinkedRejected
            | Rejection::InternalDefect => Self::Rejected,
        }
    }

    /// The HTTP status that says the same, for problem documents.
    pub(crate) const fn http_status(self) -> u16 {
        match self {
            Self::Done => 200,
            Self::Internal => 500,
            Self::Usage => 400,
            Self::Rejected | Self::Expired => 422,
            Self::NotPermitted => 403,
            Self::NotSent => 503,
            Self::Unknown | Self::Interrupted => 504,
        }
    }

    /// One short sentence.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Internal => "The wallet cannot go on",
            Self::Usage => "The command cannot be understood",
            Self::Rejected => "Rejected",
            Self::NotPermitted => "Not permitted, or approval is needed",
            Self::NotSent => "Nothing was sent",
            Self::Unknown => "The outcome is unknown",
            Self::Expired => "Expired",
            Self::Interrupted => "Interrupted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_contract() {
        for (exit, code) in [
            (Exit::Done, 0),
            (Exit::Internal, 1),
            (Exit::Usage, 2),
            (Exit::Rejected, 3),
            (Exit::NotPermitted, 4),
            (Exit::NotSent, 5),
            (Exit::Unknown, 6),
            (Exit::Expired, 7),
            (Exit::Interrupted, 130),
        ] {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }

    #[test]
    fn every_rejection_says_that_nothing_was_paid() {
        for rejection in Rejection::ALL {
            let exit = Exit::of_rejection(rejection);
            let certain = [Exit::Rejected, Exit::NotPermitted, Exit::Expired];
            assert!(certain.contains(&exit), "{rejection:?}");
        }
    }
}
