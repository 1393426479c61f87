//! The command line of `feiqian queue`, and what orders add that may wait for funds.

use clap::{Args, Subcommand, ValueEnum};
use ledger::waiting::Priority;

use crate::commands::hold::until::Until;

/// How a payment waits for funds: what `feiqian pay` and `feiqian tx build` add.
#[derive(Debug, Args)]
pub(crate) struct QueueTerms {
    /// Let the payment wait for funds if there are too few, or others of the account come first.
    /// It settles by itself once it can.
    #[arg(long)]
    pub(crate) queue: bool,
    /// How early it is tried among the account's payments that wait.
    #[arg(long, requires = "queue", value_enum, default_value_t = Rank::Normal)]
    #[arg(value_name = "PRIORITY")]
    pub(crate) priority: Rank,
    /// Until when it waits: so long from now (30m, 24h, 7d), or a time like
    /// 2026-11-21T20:15:00Z; 7 days at most.
    #[arg(long, requires = "queue", value_name = "WHEN", value_parser = Until::parse)]
    #[arg(default_value = "24h")]
    pub(crate) until: Until,
}

/// Commands about payments that wait for funds.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// List what waits of an account, in the order in which it is tried; or an institution's sums.
    List(ListQueue),
    /// Take a payment that waits for funds out of the queue: it is not paid.
    Cancel(OfQueue),
    /// Give a payment that waits for funds another priority, in which it is the last.
    Move {
        #[command(flatten)]
        of: OfQueue,
        /// Its new priority.
        #[arg(long, value_enum, value_name = "PRIORITY")]
        priority: Rank,
    },
}

/// Whose queue is listed.
#[derive(Debug, Args)]
pub(crate) struct ListQueue {
    /// @name, address, or BIC/reference; the profile's usual account if left out.
    pub(crate) account: Option<String>,
    /// Show what waits between this institution's accounts and those of others: its BIC.
    #[arg(long, value_name = "BIC", conflicts_with = "account")]
    pub(crate) institution: Option<String>,
}

/// A payment that waits for funds, and who orders.
#[derive(Debug, Args)]
pub(crate) struct OfQueue {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// A key of the payer's to sign with, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY", conflicts_with = "operator_key")]
    pub(crate) key: Vec<String>,
    /// An operator's key of the payer's bank, which may order under the account's mandate, by name
    /// or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) operator_key: Vec<String>,
}

/// How early a payment is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rank {
    /// Before all others of the account.
    Urgent,
    /// Before normal ones.
    High,
    /// After all others.
    Normal,
}

impl Rank {
    /// The ledger's word.
    pub(crate) const fn priority(self) -> Priority {
        match self {
            Self::Urgent => Priority::Urgent,
            Self::High => Priority::High,
            Self::Normal => Priority::Normal,
        }
    }
}
