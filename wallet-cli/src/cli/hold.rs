//! The command line of `feiqian hold`.

use clap::{Args, Subcommand};
use ledger::hash::Hash;
use ledger::waiting::HashLock;
use std::path::PathBuf;

use super::pay::Charge;
use crate::commands::hold::until::Until;

/// Commands about payments whose funds are held first.
#[derive(Debug, Subcommand)]
pub(crate) enum Hold {
    /// Hold funds for a payee, who can capture them until a deadline.
    Create(CreateHold),
    /// Take what is held for you, whole or a part; the rest is the payer's again.
    Capture(Capture),
    /// Give up what is held for you: it is the payer's again.
    Release {
        /// The payment's id (UETR), or 8 or more of its first digits.
        id: String,
        #[command(flatten)]
        payee: PayeeKeys,
    },
    /// Make a secret in a new file, and print the hash lock that it opens.
    Secret {
        /// The file to write.
        file: PathBuf,
    },
}

/// A new hold.
#[derive(Debug, Args)]
pub(crate) struct CreateHold {
    /// For whom: @name, address, or BIC/reference.
    pub(crate) payee: String,
    /// The most that can be captured, with its asset: "100.00 CNY".
    pub(crate) amount: String,
    /// Until when it can be captured: so long from now (30m, 24h, 7d), or a time like
    /// 2026-11-21T20:15:00Z; 7 days at most.
    #[arg(long, value_name = "WHEN", value_parser = Until::parse)]
    pub(crate) until: Until,
    /// A hash lock (SHA-256, 64 hexadecimal digits): only who shows its secret captures.
    #[arg(long, value_name = "HASH", value_parser = lock)]
    pub(crate) lock: Option<HashLock>,
    /// The payment's id (UETR, a UUID of version 4), chosen by you: whatever happens, the same
    /// command never pays twice.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
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
    /// A text that stays off the ledger; only its salted commitment goes on it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// A key to sign with, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}

/// What is taken of a hold.
#[derive(Debug, Args)]
pub(crate) struct Capture {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// How much, with its asset: "60.00 CNY"; all of it if left out.
    pub(crate) amount: Option<String>,
    /// The file with the secret of the hold's hash lock, as `hold secret` writes it. The secret
    /// becomes public with this.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) payee: PayeeKeys,
}

/// Who signs for the payee: its owners, or its servicer's operators.
#[derive(Debug, Args)]
pub(crate) struct PayeeKeys {
    /// A key of the payee's owners, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY", conflicts_with = "operator_key")]
    pub(crate) key: Vec<String>,
    /// A key file of an operator of the payee's servicer, in the place of the owners' keys; repeat
    /// it for several.
    #[arg(long, value_name = "FILE")]
    pub(crate) operator_key: Vec<String>,
}

/// Reads a hash lock.
fn lock(text: &str) -> Result<HashLock, String> {
    Hash::from_hex(text).map(HashLock).ok_or_else(|| "64 hexadecimal digits".to_owned())
}
