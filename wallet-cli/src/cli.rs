//! The command line: every command and flag.
//!
//! Invariants: no secret is ever an argument; what a command needs can always be given without a
//! prompt. Absent: what the commands do (see `commands`).

mod approve;
mod bank;
mod corrections;
mod govern;
mod hold;
mod keys;
mod pay;
mod profiles;
mod queue;
mod request;
mod tx;

pub(crate) use approve::{Approvals, Approve, Refuse};
pub(crate) use bank::{Bank, OpenAccount, Operators, PolicySigners, RegisterAsset, SetPolicy};
pub(crate) use corrections::{Accept, AskBack, ListRecalls, Recall, RefuseRecall, Return};
pub(crate) use govern::{Govern, Governing};
pub(crate) use hold::{Capture, CreateHold, Hold, PayeeKeys};
pub(crate) use keys::{Keys, Rotate};
pub(crate) use pay::{Charge, Pay, Quote};
pub(crate) use profiles::{Accounts, AddProfile, Config, LimitAccount};
pub(crate) use queue::{ListQueue, OfQueue, Queue, QueueTerms, Rank};
pub(crate) use request::{CreateRequest, Form, PayRequest, Request};
pub(crate) use tx::{Build, Tx};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ledger::ids::Timestamp;
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
    /// A file with your operator's token, for the first node [env: FEIQIAN_TOKEN_FILE].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
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
    /// Hold funds for a payee, and capture or release what is held.
    #[command(subcommand)]
    Hold(Hold),
    /// List payments that wait for funds, cancel one, or give it another priority.
    #[command(subcommand)]
    Queue(Queue),
    /// Return a payment that you received, whole or a part.
    Return(Return),
    /// Ask for a payment back, answer who asks, and list what is asked.
    #[command(subcommand)]
    Recall(Recall),
    /// List the payments that wait for an account's approvers, or for an institution's review.
    Approvals(Approvals),
    /// Approve a payment that waits for it; the last approval pays it.
    Approve(Approve),
    /// Refuse a payment that waits for approvals or a review, for ever.
    Refuse(Refuse),
    /// Pay with keys on another machine: build, inspect, sign, merge, send.
    #[command(subcommand)]
    Tx(Tx),
    /// Ask to be paid with a QR code, and pay what a code says.
    #[command(subcommand)]
    Request(Request),
    /// Show what accounts hold.
    Balance {
        /// @name, address, or BIC/reference; all accounts of the profile if left out.
        account: Option<String>,
    },
    /// Show an account's entries, newest first.
    History(History),
    /// Write all entries of an account with the balances, checked against the ledger's proofs.
    Statement(Statement),
    /// Show what became of a payment.
    #[command(subcommand)]
    Payment(Payment),
    /// Ask what a dealer gives now. Nothing is ordered.
    Quote(Quote),
    /// Show what an account may pay and what of it is used today, or an institution's limits.
    Limits(Limits),
    /// List the accounts that have a name here; add and remove names; limit an account.
    Accounts {
        #[command(subcommand)]
        command: Option<Accounts>,
    },
    /// List the assets of the ledger.
    Assets,
    /// List the institutions of the ledger.
    Institutions,
    /// Show the network's state, and payments of this wallet whose outcome is not known.
    Status,
    /// Check this wallet and the way to its network, and say what to do.
    Doctor,
    /// Follow the chain as a light client.
    #[command(subcommand)]
    Light(Light),
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
    /// Show and choose profiles, and where the wallet keeps its files.
    Config {
        #[command(subcommand)]
        command: Option<Config>,
    },
    /// Print the script that completes commands in a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
    /// Explain a command, or a code such as insufficient-funds or AM04.
    Help {
        /// The command or the code.
        topic: Vec<String>,
    },
}

/// Whose limits.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// @name, address, or BIC/reference; the profile's usual payer if left out.
    pub(crate) account: Option<String>,
    /// The limits of this institution, by its BIC, in the place of an account's.
    #[arg(long, value_name = "BIC", conflicts_with = "account")]
    pub(crate) institution: Option<String>,
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

/// A statement.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Statement {
    #[command(subcommand)]
    pub(crate) command: Option<StatementCommand>,
    /// @name, address, or BIC/reference; the profile's usual payer if left out.
    pub(crate) account: Option<String>,
    /// What is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: StatementFormat,
    /// The first day (UTC), like 2026-11-01.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(crate) since: Option<String>,
    /// The last day (UTC).
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(crate) until: Option<String>,
    /// Begin where this proven statement ends; for --format proof.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "until"])]
    pub(crate) after: Option<PathBuf>,
    /// The file to write; standard output if left out.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What else is done with statements.
#[derive(Debug, Subcommand)]
pub(crate) enum StatementCommand {
    /// Verify a statement's file offline, and list its entries.
    Verify {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        anchor: Anchor,
    },
}

/// How a statement is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatementFormat {
    /// A table for people.
    #[default]
    Text,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// The ISO 20022 message camt.053.001.08, for a bank's or a company's accounting.
    Camt053,
    /// A journal of hledger, with each balance asserted.
    Hledger,
    /// A file that anybody can verify offline: no entry is missing.
    Proof,
}

/// Reads a day.
fn day(text: &str) -> Result<String, String> {
    let is_day = api::text::parse_time(&format!("{text}T00:00:00Z")).is_some();
    if is_day && text.len() == 10 { Ok(text.to_owned()) } else { Err("like 2026-11-01".to_owned()) }
}

/// Reads a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    api::text::parse_time(text).ok_or_else(|| "like 2026-11-21T20:15:00Z".to_owned())
}

/// Commands of the light client.
#[derive(Debug, Subcommand)]
pub(crate) enum Light {
    /// Follow and verify headers from all nodes of the profile; stop on a conflict.
    Follow {
        /// End after so many new headers; otherwise at an interrupt.
        #[arg(long, value_name = "COUNT")]
        blocks: Option<u64>,
    },
}

/// Commands about payments.
#[derive(Debug, Subcommand)]
pub(crate) enum Payment {
    /// Show what is known of a payment, here and on the ledger.
    Show {
        /// The payment's id (UETR); the first characters of one of this wallet's payments suffice.
        id: String,
    },
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
    /// Prove that a payment did not happen and no longer can: ordering it anew is then safe.
    Absent {
        /// The payment's id (UETR); the first characters of one of this wallet's payments suffice.
        id: String,
        /// Since when its transaction was valid (2026-11-21T20:15:00Z); known for own payments.
        #[arg(long, value_name = "TIME", requires = "valid_until", value_parser = moment)]
        valid_from: Option<Timestamp>,
        /// Until when its transaction was valid.
        #[arg(long, value_name = "TIME", requires = "valid_from", value_parser = moment)]
        valid_until: Option<Timestamp>,
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
    /// Send an ISO 20022 message (a transfer, a return, a recall, its answer, or a question), or
    /// all messages of a folder, to a node that acts for its institution, and get the answer.
    Submit {
        /// The message, XML; or a folder of messages, where each answer is written beside its
        /// message.
        #[arg(value_name = "FILE|FOLDER")]
        path: PathBuf,
        /// Where to write the answer (pacs.002 or camt.029); standard output if left out.
        #[arg(long, short = 'o', value_name = "FILE")]
        answer: Option<PathBuf>,
    },
    /// Check offline that a message ordered a payment.
    Check {
        /// The message, exactly as it was sent.
        message: PathBuf,
        /// The answer that the node gave (pacs.002).
        #[arg(long, value_name = "FILE")]
        answer: PathBuf,
        /// The payment's proof.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        #[command(flatten)]
        anchor: Anchor,
    },
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
            ("pay --file p.csv --from @wei --retry-rejected", true),
            ("pay @lee 25 --id 7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10", true),
            ("pay @lee 25 --dry-run", true),
            ("pay --file p.csv --dry-run", false),
            ("pay @lee 25 --retry-rejected", false),
            ("pay @lee 25 --file p.csv", false),
            ("pay @lee", false),
            ("pay @lee 25 --resume 7f0c", false),
            ("pay @lee 25 --charge NONE", false),
            ("pay @lee 25 --password hunter2", false),
            ("pay @lee 25 --timeout 0", false),
            ("hold create @lee 25 --until 24h --from @wei", true),
            ("hold create @lee 25 --until 2026-11-21T20:15:00Z --charge cred", true),
            ("hold create @lee 25", false),
            ("hold create @lee 25 --until soon", false),
            ("hold create @lee 25 --until 24h --lock 12", false),
            ("hold capture 7f0c2b9e 20 --secret-file f --key a", true),
            ("hold capture 7f0c2b9e --key a --operator-key b", false),
            ("hold release 7f0c2b9e --operator-key b", true),
            ("hold secret f", true),
            ("pay @lee 25 --queue --priority urgent --until 2h", true),
            ("pay @lee 25 --priority urgent", false),
            ("pay @lee 25 --queue --to-asset HKD", false),
            ("pay --file a.csv --queue", false),
            ("tx build @lee 25 --queue --priority high -o a.tx", true),
            ("tx build @lee 25 --priority high -o a.tx", false),
            ("approvals @wei --cursor 1-2", true),
            ("queue list @wei", true),
            ("queue list --institution PSBCCNBJ", true),
            ("queue list @wei --institution PSBCCNBJ", false),
            ("queue move 7f0c2b9e --priority high --key a", true),
            ("queue move 7f0c2b9e", false),
            ("queue cancel 7f0c2b9e --operator-key b", true),
            ("keys new", true),
            ("keys show", false),
            ("balance", true),
            ("history @wei --limit 500", true),
            ("history @wei --limit 501", false),
            ("proof get 7f0c -o lunch.proof", true),
            ("proof verify f --genesis g", true),
            ("proof verify f --genesis g --chain-id c", false),
            ("iso submit m.xml -o a.xml", true),
            ("iso submit m.xml --token-file f", true),
            ("iso submit m.xml --token fqop_x", false),
            ("iso submit messages", true),
            ("iso check m.xml --answer a.xml --proof p.proof --chain-id c", true),
            ("iso check m.xml --proof p.proof", false),
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
            ("statement @wei --format csv --since 2026-11-01 --until 2026-11-30 -o s.csv", true),
            ("statement --since yesterday", false),
            ("request create @lee --amount 25 --png a.png --svg a.svg", true),
            ("request create @lee --form emvco", false),
            ("request create @lee --form emvco --country CN --city Beijing --name A", true),
            ("request pay feiqian:fqd1 --from @wei", true),
            ("light follow --blocks 3", true),
            ("doctor", true),
            ("payment show 7f0c", true),
            ("quote 1 --to-asset HKD", true),
            ("quote 1 --to-asset HKD --payee @lee --from @wei", true),
            ("quote 1 --to-asset HKD --from @wei", false),
            ("accounts", true),
            ("accounts add lee fqd1", true),
            ("config", true),
            ("config add bank --node https://a --chain-id fq-1", true),
            ("completion bash", true),
            ("completion sh", false),
            ("tx build @lee 25 --from @wei --hours 23 -o f", true),
            ("tx build @lee 25", false),
            ("tx sign f --key main", true),
            ("tx merge a b -o c", true),
            ("tx merge -o c", false),
            ("keys rotate main --account @wei --to next", true),
            ("keys rotate main --account @wei", false),
            ("keys import main --words-file f --keystore g", false),
            ("help insufficient-funds", true),
            ("--output yaml status", false),
            ("", false),
        ] {
            let words = std::iter::once("feiqian").chain(line.split_whitespace());
            assert_eq!(CommandLine::try_parse_from(words).is_ok(), good, "{line}");
        }
    }
}
