//! The command lines of `feiqian approvals`, `feiqian approve` and `feiqian refuse`.

use clap::{Args, ValueEnum};
use ledger::waiting::Refusal;

/// Whose payments that wait.
#[derive(Debug, Args)]
pub(crate) struct Approvals {
    /// @name, address, or BIC/reference; the profile's usual payer if left out.
    pub(crate) account: Option<String>,
    /// What waits for the review of this institution, by its BIC.
    #[arg(long, value_name = "BIC", conflicts_with = "account")]
    pub(crate) institution: Option<String>,
    /// Where to go on, as the page before has printed it.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// A payment that waits, and who approves or refuses it.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// A key to sign with, an approver's or the reviewing bank's, by name or file; repeat it for
    /// several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}

/// A refusal.
#[derive(Debug, Args)]
pub(crate) struct Refuse {
    #[command(flatten)]
    pub(crate) approve: Approve,
    /// Why.
    #[arg(long, value_enum, default_value_t = Why::Declined, value_name = "REASON")]
    pub(crate) reason: Why,
}

/// Why a payment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Why {
    /// It is not to be paid (ISO 20022 DS02).
    Declined,
    /// It is taken for fraud (ISO 20022 FR01).
    Fraud,
    /// A regulation forbids it (ISO 20022 RR04).
    Regulatory,
}

impl Why {
    /// The ledger's reason.
    pub(crate) const fn reason(self) -> Refusal {
        match self {
            Self::Declined => Refusal::Declined,
            Self::Fraud => Refusal::Fraud,
            Self::Regulatory => Refusal::Regulatory,
        }
    }
}
