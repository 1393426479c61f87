//! The command line of `feiqian govern`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::Operators;

/// Commands of governance.
#[derive(Debug, Subcommand)]
pub(crate) enum Govern {
    /// List the proposals, newest first.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 20, value_name = "COUNT")]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
    },
    /// Show a proposal: what it changes, who voted, what is missing.
    Show {
        /// Its number.
        proposal: u64,
    },
    /// Ask a node what a change would do now: whether the validators that are live could go on.
    Rehearse {
        /// The change (docs/operating/governance.md).
        file: PathBuf,
    },
    /// Propose a change, and approve it.
    Propose {
        /// The change (docs/operating/governance.md).
        file: PathBuf,
        /// For how many days it can be voted on and enacted.
        #[arg(long, default_value_t = 7, value_name = "DAYS")]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=60))]
        days: u64,
        #[command(flatten)]
        actor: Governing,
    },
    /// Vote on a proposal, once and for all.
    #[command(group(clap::ArgGroup::new("vote").required(true).args(["approve", "refuse"])))]
    Vote {
        /// Its number.
        proposal: u64,
        /// Vote for it.
        #[arg(long)]
        approve: bool,
        /// Vote against it.
        #[arg(long)]
        refuse: bool,
        #[command(flatten)]
        actor: Governing,
    },
    /// Bring about what a quorum approved.
    Enact {
        /// Its number.
        proposal: u64,
        #[command(flatten)]
        actor: Governing,
    },
}

/// Who governs.
#[derive(Clone, Debug, Args)]
pub(crate) struct Governing {
    /// The institution's BIC; it runs a validator.
    #[arg(long, value_name = "BIC")]
    pub(crate) institution: String,
    #[command(flatten)]
    pub(crate) operators: Operators,
}
