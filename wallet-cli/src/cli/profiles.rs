//! The command line of `feiqian accounts` and `feiqian config`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::bank::PolicySigners;

/// Commands about the address book.
#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// List the accounts that have a name here.
    List,
    /// Give an account a name.
    Add {
        /// The name: lower-case letters, digits, - and _.
        name: String,
        /// The account: an address, or BIC/reference.
        account: String,
    },
    /// Forget a name that was added here.
    Remove {
        /// The name.
        name: String,
    },
    /// Replace the limits that an account's owners set themselves; its servicer signs too.
    Limit(LimitAccount),
}

/// The limits that an account is to have.
#[derive(Debug, Args)]
pub(crate) struct LimitAccount {
    /// @name, address, or BIC/reference.
    pub(crate) account: String,
    /// The most that it pays in one day, with its asset: "1000.00 CNY"; repeat it for several.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) daily: Vec<String>,
    /// The only accounts that it may pay; repeat it for several.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) payee: Vec<String>,
    /// Let it pay every account, without a daily limit of its own.
    #[arg(long, conflicts_with_all = ["daily", "payee"])]
    #[arg(required_unless_present_any = ["daily", "payee"])]
    pub(crate) none: bool,
    #[command(flatten)]
    pub(crate) signers: PolicySigners,
}

/// Commands about profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show the profile in use and where the wallet keeps its files.
    Show,
    /// List the profiles.
    List,
    /// Make a profile of a network.
    Add(AddProfile),
    /// Let a profile be the usual one.
    Use {
        /// Its name.
        name: String,
    },
    /// Remove a profile's file. Keys, outbox and archive stay.
    Remove {
        /// Its name.
        name: String,
    },
}

/// A new profile.
#[derive(Debug, Args)]
pub(crate) struct AddProfile {
    /// Its name: lower-case letters, digits, - and _.
    pub(crate) name: String,
    /// A node's API; repeat it for several.
    #[arg(long, value_name = "URL")]
    pub(crate) node: Vec<String>,
    /// The chain id, from someone you trust: fq-3f2a...
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: Option<String>,
    /// The network's sealed genesis document, in the place of the chain id.
    #[arg(long, value_name = "FILE", conflicts_with = "chain_id")]
    pub(crate) genesis: Option<PathBuf>,
    /// The usual payer: @name or address.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<String>,
}
