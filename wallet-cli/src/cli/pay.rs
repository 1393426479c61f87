//! The command line of `feiqian pay`.

use clap::{Args, ValueEnum};
use ledger::operation::ChargeBearer;
use std::path::PathBuf;

/// A payment.
#[derive(Debug, Args)]
pub(crate) struct Pay {
    /// Whom: @name, address, or BIC/reference.
    #[arg(required_unless_present_any = ["resume", "file"])]
    pub(crate) payee: Option<String>,
    /// How much, with its asset: "25.00 CNY".
    #[arg(required_unless_present_any = ["resume", "file"])]
    pub(crate) amount: Option<String>,
    /// Pay every row of a CSV file with the columns payee and amount, and if you like from,
    /// max_fee, charge and note. A second run pays nothing twice.
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["payee", "to_asset", "note", "id", "queue"])]
    pub(crate) file: Option<PathBuf>,
    /// Pay rows that the ledger has rejected once more, under new ids.
    #[arg(long, requires = "file", conflicts_with_all = ["payee", "resume"])]
    pub(crate) retry_rejected: bool,
    /// The payment's id (UETR, a UUID of version 4), chosen by you: whatever happens, the same
    /// command never pays twice.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The payer's account; the profile's usual one if left out.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<String>,
    /// Let the payee receive this asset, at a dealer's firm rate.
    #[arg(long, value_name = "CODE", conflicts_with = "queue")]
    pub(crate) to_asset: Option<String>,
    /// The most charges to agree to: "1.50 CNY"; what they are right now if left out.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max_fee: Option<String>,
    /// Who bears the charges.
    #[arg(long, value_enum, ignore_case = true, value_name = "CODE")]
    #[arg(default_value_t = Charge::Shar)]
    pub(crate) charge: Charge,
    /// A text that stays off the ledger; only its salted commitment goes on it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// A key to sign with, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Say what the payment would come to now and whose signatures it needs. Nothing is signed or
    /// sent.
    #[arg(long, conflicts_with_all = ["resume", "file"])]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) queue: super::queue::QueueTerms,
    /// Go on with a payment whose outcome is not known, by its id.
    #[arg(long, value_name = "ID")]
    #[arg(conflicts_with_all = ["payee", "from", "to_asset", "note", "id", "file", "queue"])]
    pub(crate) resume: Option<String>,
}

/// What a dealer is asked for.
#[derive(Debug, Args)]
pub(crate) struct Quote {
    /// What is sold: "1000.00 CNY".
    pub(crate) amount: String,
    /// The asset to be received.
    #[arg(long, value_name = "CODE")]
    pub(crate) to_asset: String,
    /// Say which limits such a payment to this payee would meet: @name, address, or BIC/reference.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) payee: Option<String>,
    /// The payer's account; the profile's usual one if left out.
    #[arg(long, value_name = "ACCOUNT", requires = "payee")]
    pub(crate) from: Option<String>,
}

/// Who bears the charges, by the codes of ISO 20022.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Charge {
    /// The payer, on top of the amount.
    #[value(name = "DEBT")]
    Debt,
    /// The payer those of its own institution, on top of the amount.
    #[value(name = "SHAR")]
    Shar,
    /// The payee; they are taken from the amount.
    #[value(name = "CRED")]
    Cred,
}

impl Charge {
    /// The ledger's word.
    pub(crate) const fn bearer(self) -> ChargeBearer {
        match self {
            Self::Debt => ChargeBearer::Debtor,
            Self::Shar => ChargeBearer::Shared,
            Self::Cred => ChargeBearer::Creditor,
        }
    }
}
