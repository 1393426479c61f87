//! The command line of `feiqian bank`.

use clap::{Args, Subcommand, ValueEnum};
use ledger::operation::FreezeDirection;
use std::path::PathBuf;

/// What institutions' operators do.
#[derive(Debug, Subcommand)]
pub(crate) enum Bank {
    /// Make an asset known: a currency of ISO 4217, or points.
    RegisterAsset(RegisterAsset),
    /// Open a customer's account.
    OpenAccount(OpenAccount),
    /// Replace what an account's policy says of approvals and of the servicer; its owners sign too.
    SetPolicy(SetPolicy),
    /// Create money in an account.
    Issue {
        /// How much, with its asset: "1000000.00 CNY".
        amount: String,
        /// The account that receives it.
        #[arg(long, value_name = "ACCOUNT")]
        to: String,
        #[command(flatten)]
        operators: Operators,
    },
    /// Publish the next fee schedule.
    SetFees {
        /// The schedule (docs/reference/wallet.md).
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The institution's BIC.
        #[arg(long, value_name = "BIC")]
        institution: String,
        #[command(flatten)]
        operators: Operators,
    },
    /// Publish the next limits.
    SetLimits {
        /// The limits (docs/reference/wallet.md).
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The institution's BIC.
        #[arg(long, value_name = "BIC")]
        institution: String,
        #[command(flatten)]
        operators: Operators,
    },
    /// Stop an account.
    Freeze {
        /// The account.
        account: String,
        /// What is stopped.
        #[arg(long, value_enum, default_value_t = Direction::Both, value_name = "DIRECTION")]
        direction: Direction,
        #[command(flatten)]
        operators: Operators,
    },
    /// Lift every freeze of an account.
    Unfreeze {
        /// The account.
        account: String,
        #[command(flatten)]
        operators: Operators,
    },
    /// Close an empty account for ever.
    Close {
        /// The account.
        account: String,
        #[command(flatten)]
        operators: Operators,
    },
}

/// A new asset.
#[derive(Debug, Args)]
pub(crate) struct RegisterAsset {
    /// The code: a currency's of ISO 4217, or a new one for points.
    pub(crate) code: String,
    /// The BIC of the one institution that issues and redeems it.
    #[arg(long, value_name = "BIC")]
    pub(crate) issuer: String,
    /// Decimals of points, 0 to 9; a currency has the standard's.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(crate) points_decimals: Option<u8>,
    #[command(flatten)]
    pub(crate) operators: Operators,
}

/// A new account.
#[derive(Debug, Args)]
pub(crate) struct OpenAccount {
    /// The servicer's BIC.
    #[arg(long, value_name = "BIC")]
    pub(crate) institution: String,
    /// The servicer's own reference of the account (an IBAN, a local number); a random number if
    /// left out.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
    /// An owner's key: a name of one's own, a key file, or 64 hexadecimal digits of a public key;
    /// repeat it for several. Without any, the signing operators own it.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// How many owners must sign.
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    pub(crate) threshold: u8,
    /// Let the servicer order payments too, as ISO 20022 messages ask it to.
    #[arg(long)]
    pub(crate) mandate: bool,
    /// Who approves large payments: a key as for --key; repeat it for several.
    #[arg(long, value_name = "KEY", requires = "step_up")]
    pub(crate) approver: Vec<String>,
    /// How many approvers must approve payments above an amount: "10000.00 CNY=2"; repeat it for
    /// several assets.
    #[arg(long, value_name = "AMOUNT=COUNT", requires = "approver")]
    pub(crate) step_up: Vec<String>,
    /// The know-your-customer tier, 0 (unverified) to 9.
    #[arg(long, default_value_t = 0, value_name = "TIER")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(crate) tier: u8,
    #[command(flatten)]
    pub(crate) operators: Operators,
}

/// What an account's policy is to say.
#[derive(Debug, Args)]
pub(crate) struct SetPolicy {
    /// The account.
    pub(crate) account: String,
    /// Who approves large payments: a key as for --key; repeat it for several.
    #[arg(long, value_name = "KEY", requires = "step_up")]
    pub(crate) approver: Vec<String>,
    /// How many approvers must approve payments above an amount: "10000.00 CNY=2"; repeat it for
    /// several assets.
    #[arg(long, value_name = "AMOUNT=COUNT", requires = "approver")]
    #[arg(required_unless_present_any = ["no_step_up", "mandate", "no_mandate"])]
    pub(crate) step_up: Vec<String>,
    /// Let no payment need approvals.
    #[arg(long, conflicts_with = "step_up")]
    pub(crate) no_step_up: bool,
    /// Let the servicer order payments too, as ISO 20022 messages ask it to.
    #[arg(long)]
    pub(crate) mandate: bool,
    /// Let the servicer order payments no longer.
    #[arg(long, conflicts_with = "mandate")]
    pub(crate) no_mandate: bool,
    #[command(flatten)]
    pub(crate) signers: PolicySigners,
}

/// Who signs a change of an account's policy: its owners and its servicer.
#[derive(Clone, Debug, Args)]
pub(crate) struct PolicySigners {
    /// A key of its owners, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    #[command(flatten)]
    pub(crate) operators: Operators,
    /// Write a transaction file for others to sign (see `tx sign`), and send nothing.
    #[arg(long, short = 'o', value_name = "FILE", requires = "signer")]
    pub(crate) out: Option<PathBuf>,
    /// Who will sign the file: a key's name, file, or 64 hexadecimal digits; repeat it.
    #[arg(long, value_name = "KEY", requires = "out")]
    pub(crate) signer: Vec<String>,
}

/// Which way an account is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    /// Nothing goes out.
    Out,
    /// Nothing comes in.
    In,
    /// Neither.
    Both,
}

impl Direction {
    /// The ledger's word.
    pub(crate) const fn freeze(self) -> FreezeDirection {
        match self {
            Self::Out => FreezeDirection::Outgoing,
            Self::In => FreezeDirection::Incoming,
            Self::Both => FreezeDirection::Both,
        }
    }
}

/// Who signs for an institution.
#[derive(Clone, Debug, Args)]
pub(crate) struct Operators {
    /// An operator's keystore or key file; repeat it for several. A devnet's are known.
    #[arg(long = "operator-key", value_name = "FILE")]
    pub(crate) keys: Vec<String>,
}
