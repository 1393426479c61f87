//! The command line of `feiqian tx`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::Charge;

/// Commands about transactions that are signed elsewhere than they are made and sent.
#[derive(Debug, Subcommand)]
pub(crate) enum Tx {
    /// Make a payment, unsigned, where there is a network.
    Build(Build),
    /// Show what a transaction file would do, read from its bytes, offline.
    Inspect {
        /// The transaction file.
        file: PathBuf,
    },
    /// Sign a transaction file, offline.
    Sign {
        /// The transaction file.
        file: PathBuf,
        /// A key to sign with, by name or file; repeat it for several. Without any, all keys here
        /// that the transaction names.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// Where to write it with the signatures; the same file if left out.
        #[arg(long, short = 'o', value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Bring the signatures of several files of one transaction together, offline.
    Merge {
        /// The transaction files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Where to write the one file.
        #[arg(long, short = 'o', value_name = "FILE")]
        out: PathBuf,
    },
    /// Send a transaction that all its signers have signed. The same file never pays twice.
    Send {
        /// The transaction file.
        file: PathBuf,
    },
}

/// A payment to be signed elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Whom to pay: @name, address, or BIC/reference.
    pub(crate) payee: String,
    /// How much, with its asset: "25.00 CNY".
    pub(crate) amount: String,
    /// The payer's account; the profile's usual one if left out.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<String>,
    /// The most charges to agree to: "1.50 CNY"; what they are right now if left out.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max_fee: Option<String>,
    /// Who bears the charges.
    #[arg(long, value_enum, ignore_case = true, value_name = "CODE")]
    #[arg(default_value_t = Charge::Shar)]
    pub(crate) charge: Charge,
    /// A text that stays off the ledger; it travels in the file.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// The payment's id (UETR), chosen by you.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Who will sign: a key's name, file, or 64 hexadecimal digits of its public half; repeat it.
    /// Without any, all owners if all must sign, else those whose keys are here.
    #[arg(long, value_name = "KEY")]
    pub(crate) signer: Vec<String>,
    /// For how many hours it can be sent, at most 23.
    #[arg(long, default_value_t = 23, value_name = "HOURS")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=23))]
    pub(crate) hours: u64,
    #[command(flatten)]
    pub(crate) queue: super::queue::QueueTerms,
    /// The file to write.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) out: PathBuf,
}
