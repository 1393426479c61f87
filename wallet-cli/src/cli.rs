//! The command line: every command and flag.
//!
//! Invariants: no secret is ever an argument; what a command needs can always be given without a
//! prompt. Absent: what the commands do (see `commands`).

use clap::{Args, Parser, Subcommand, ValueEnum};
use ledger::operation::{ChargeBearer, FreezeDirection};
use std::path::PathBuf;

use crate::output::Format;

/// The Feiqian wallet: keys, payments, proofs. It trusts proofs, not nodes.
#[derive(Debug, Parser)]
#[command(name = "feiqian", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// The network's profile: a file NAME.toml in the folder of profiles [env: FEIQIAN_PROFILE].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A node to ask in the place of the profile's; repeat it for several [env: FEIQIAN_API].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) api: Vec<String>,
    /// What standard output carries.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
    /// Do not ask for confirmation.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// A file whose first line is the passphrase of the keys [env: FEIQIAN_PASSWORD_FILE].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// How many seconds to wait for an outcome.
    #[arg(long, global = true, default_value_t = 30, value_name = "SECONDS")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, list and show keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Pay, in one currency or across two.
    Pay(Pay),
    /// Show what accounts hold.
    Balance {
        /// @name, address, or BIC/reference; all accounts of the profile if left out.
        account: Option<String>,
    },
    /// Show an account's entries, newest first.
    History(History),
    /// List the accounts that have a name here.
    Accounts,
    /// List the assets of the ledger.
    Assets,
    /// Show the network's state, and payments of this wallet whose outcome is not known.
    Status,
    /// Get and verify proofs of payments.
    #[command(subcommand)]
    Proof(Proof),
    /// Send ISO 20022 messages.
    #[command(subcommand)]
    Iso(Iso),
    /// What an institution's operators do: assets, accounts, money supply, fees.
    #[command(subcommand)]
    Bank(Bank),
    /// How the institutions change their network: proposals, votes, enactments.
    #[command(subcommand)]
    Govern(Govern),
    /// Explain a command, or a code such as insufficient-funds or AM04.
    Help {
        /// The command or the code.
        topic: Vec<String>,
    },
}

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key from fresh entropy and keep it encrypted.
    New {
        /// Its name: lower-case letters, digits, - and _.
        #[arg(default_value = "main")]
        name: String,
    },
    /// List the keys.
    List,
    /// Show a key's public half and where it is kept.
    Show {
        /// Its name.
        name: String,
    },
}

/// A payment.
#[derive(Debug, Args)]
pub(crate) struct Pay {
    /// Whom: @name, address, or BIC/reference.
    #[arg(required_unless_present = "resume")]
    pub(crate) payee: Option<String>,
    /// How much, with its asset: "25.00 CNY".
    #[arg(required_unless_present = "resume")]
    pub(crate) amount: Option<String>,
    /// The payer's account; the profile's usual one if left out.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<String>,
    /// Let the payee receive this asset, at a dealer's firm rate.
    #[arg(long, value_name = "CODE")]
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
    /// Go on with a payment whose outcome is not known, by its id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["payee", "from", "to_asset", "note"])]
    pub(crate) resume: Option<String>,
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

/// A page of history.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// @name, address, or BIC/reference; the profile's usual payer if left out.
    pub(crate) account: Option<String>,
    /// How many entries at most.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    /// Where to go on, as the page before has printed it.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// Commands about proofs.
#[derive(Debug, Subcommand)]
pub(crate) enum Proof {
    /// Get a payment's proof, verify it and keep it in a file.
    Get {
        /// The payment's id (UETR); the first characters of one of this wallet's payments suffice.
        id: String,
        /// The file to write; - for standard output.
        #[arg(long, short = 'o', value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Verify a proof offline, trusting no node.
    Verify {
        /// The proof file.
        file: PathBuf,
        #[command(flatten)]
        anchor: Anchor,
    },
}

/// What a proof is checked against, if not the profile's chain.
#[derive(Clone, Debug, Args)]
pub(crate) struct Anchor {
    /// The network's sealed genesis document.
    #[arg(long, value_name = "FILE", conflicts_with = "chain_id")]
    pub(crate) genesis: Option<PathBuf>,
    /// The network's chain id: fqd-3f2a...
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: Option<String>,
}

/// Commands about ISO 20022 messages.
#[derive(Debug, Subcommand)]
pub(crate) enum Iso {
    /// Send a message (pacs.008) to a node that acts for its institution, and get the answer.
    Submit {
        /// The message, XML.
        file: PathBuf,
        /// Where to write the answer (pacs.002); standard output if left out.
        #[arg(long, short = 'o', value_name = "FILE")]
        answer: Option<PathBuf>,
    },
}

/// What institutions' operators do.
#[derive(Debug, Subcommand)]
pub(crate) enum Bank {
    /// Make an asset known: a currency of ISO 4217, or points.
    RegisterAsset(RegisterAsset),
    /// Open a customer's account.
    OpenAccount(OpenAccount),
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
    /// The know-your-customer tier, 0 (unverified) to 9.
    #[arg(long, default_value_t = 0, value_name = "TIER")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(crate) tier: u8,
    #[command(flatten)]
    pub(crate) operators: Operators,
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn command_lines_by_row() {
        for (line, good) in [
            ("pay @lee 25 --from @wei", true),
            ("pay @lee 25 --charge cred --max-fee 1 --to-asset HKD --note x --yes", true),
            ("pay --resume 7f0c", true),
            ("pay @lee", false),
            ("pay @lee 25 --resume 7f0c", false),
            ("pay @lee 25 --charge NONE", false),
            ("pay @lee 25 --password hunter2", false),
            ("pay @lee 25 --timeout 0", false),
            ("keys new", true),
            ("keys show", false),
            ("balance", true),
            ("history @wei --limit 500", true),
            ("history @wei --limit 501", false),
            ("proof get 7f0c -o lunch.proof", true),
            ("proof verify f --genesis g", true),
            ("proof verify f --genesis g --chain-id c", false),
            ("iso submit m.xml -o a.xml", true),
            ("bank register-asset CNY --issuer PSBCCNBJ --operator-key a --operator-key b", true),
            ("bank register-asset CNY", false),
            ("bank open-account --institution PSBCCNBJ --reference 1 --mandate", true),
            ("bank open-account --institution PSBCCNBJ --tier 10", false),
            ("bank issue 1 --to @wei", true),
            ("bank freeze @wei --direction out", true),
            ("bank set-fees --file f --institution PSBCCNBJ", true),
            ("govern list --limit 100", true),
            ("govern propose change.json --institution PSBCCNBJ --days 60", true),
            ("govern propose change.json --institution PSBCCNBJ --days 61", false),
            ("govern propose change.json", false),
            ("govern vote 7 --approve --institution PSBCCNBJ --operator-key a", true),
            ("govern vote 7 --approve --refuse --institution PSBCCNBJ", false),
            ("govern vote 7 --institution PSBCCNBJ", false),
            ("govern enact 7 --institution PSBCCNBJ", true),
            ("govern rehearse change.json", true),
            ("help insufficient-funds", true),
            ("--output yaml status", false),
            ("", false),
        ] {
            let words = std::iter::once("feiqian").chain(line.split_whitespace());
            assert_eq!(CommandLine::try_parse_from(words).is_ok(), good, "{line}");
        }
    }
}
