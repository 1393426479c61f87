//! The program `feiqian-genesis`: arguments in, the library's verbs, text out.
//!
//! Invariants: exit code 0 is success, 1 a refusal, 2 a usage error. Absent: the verbs themselves.

mod output;

use clap::{Args, Parser, Subcommand, ValueEnum};
use genesis::{Fault, Join, NewDraft};
use ledger::account::Roles;
use ledger::genesis::Parameters;
use ledger::genesis::json::parse_network;
use ledger::ids::{Bic, Network, Timestamp};
use std::path::PathBuf;
use std::process::ExitCode;

/// Collects the members' keys, seals and checks the genesis document of a network.
#[derive(Debug, Parser)]
#[command(name = "feiqian-genesis", version)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts a draft without members.
    New(NewArguments),
    /// Makes a member's keys and the public file that it hands over.
    Join(JoinArguments),
    /// Takes members' public files into a draft.
    Add {
        /// The draft.
        draft: PathBuf,
        /// The members' files.
        #[arg(required = true)]
        members: Vec<PathBuf>,
    },
    /// Checks a draft, fixes its time and prints the chain id.
    Seal {
        /// The draft.
        draft: PathBuf,
        /// The sealed document, a new file.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Checks a sealed document and every member's proofs in it.
    Verify {
        /// The sealed document.
        file: PathBuf,
        /// The chain id that all members agreed on.
        #[arg(long)]
        chain_id: Option<String>,
    },
    /// Shows a sealed document, after checking it.
    Show {
        /// The sealed document.
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
struct NewArguments {
    /// The network's name.
    name: String,
    /// production, test or devnet.
    #[arg(long, value_parser = parse_network)]
    network: Network,
    /// The longest time without a block, in milliseconds.
    #[arg(long, default_value_t = Parameters::USUAL.heartbeat_ms)]
    heartbeat_ms: u32,
    /// How far clocks may differ, in milliseconds.
    #[arg(long, default_value_t = Parameters::USUAL.clock_bound_ms)]
    clock_bound_ms: u32,
    /// The draft, a new file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args, Debug)]
struct JoinArguments {
    /// production, test or devnet; keys of one are refused by the others.
    #[arg(long, value_parser = parse_network)]
    network: Network,
    /// The institution's BIC.
    #[arg(long, value_parser = parse_bic)]
    bic: Bic,
    /// The institution's name.
    #[arg(long)]
    name: String,
    /// What the institution does, comma-separated.
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    roles: Vec<Role>,
    /// Where peers reach its node, of a validator.
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
    /// How many operator keys to make.
    #[arg(long, default_value_t = 1)]
    operators: u8,
    /// How many operators must sign.
    #[arg(long, default_value_t = 1)]
    threshold: u8,
    /// The folder of the keys; keys that are there already are used again.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// The public file, a new file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Runs a node that votes.
    Validator,
    /// Registers and issues assets.
    Issuer,
    /// Offers exchange quotes.
    Dealer,
}

fn parse_bic(text: &str) -> Result<Bic, String> {
    Bic::parse(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    match run(CommandLine::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            output::failure(&fault);
            ExitCode::from(fault.exit_code())
        }
    }
}

fn run(verb: Verb) -> Result<(), Fault> {
    match verb {
        Verb::New(arguments) => new(arguments),
        Verb::Join(arguments) => join(arguments),
        Verb::Add { draft, members } => {
            let collected = genesis::add(&draft, &members)?;
            let bics: Vec<_> =
                collected.members().iter().map(|member| member.bic().to_string()).collect();
            output::result(format_args!("members: {}", bics.join(" ")));
            Ok(())
        }
        Verb::Seal { draft, output } => {
            genesis::seal(&draft, now(), &output)?;
            let report = genesis::verify(&output, None)?;
            warn(&report);
            output::result(&report.chain_id);
            Ok(())
        }
        Verb::Verify { file, chain_id } => {
            let report = genesis::verify(&file, chain_id.as_deref())?;
            warn(&report);
            let chain = report.chain_id;
            output::result(format_args!("Valid: all proofs hold, and the content makes {chain}"));
            Ok(())
        }
        Verb::Show { file } => {
            output::result(genesis::show(&file)?);
            Ok(())
        }
    }
}

fn new(arguments: NewArguments) -> Result<(), Fault> {
    let parameters = Parameters {
        heartbeat_ms: arguments.heartbeat_ms,
        clock_bound_ms: arguments.clock_bound_ms,
        ..Parameters::USUAL
    };
    let start = NewDraft { name: arguments.name, network: arguments.network, parameters };
    genesis::new(start, &arguments.output)?;
    output::result(format_args!("The draft is at {}.", arguments.output.display()));
    Ok(())
}

fn join(arguments: JoinArguments) -> Result<(), Fault> {
    let has = |role| arguments.roles.contains(&role);
    let roles = Roles {
        validator: has(Role::Validator),
        issuer: has(Role::Issuer),
        dealer: has(Role::Dealer),
    };
    let keys = arguments.keys;
    let join = Join {
        network: arguments.network,
        bic: arguments.bic,
        name: arguments.name,
        roles,
        address: arguments.address,
        operators: arguments.operators,
        threshold: arguments.threshold,
        keys: keys.clone(),
    };
    genesis::join(&join, &arguments.output)?;
    output::result(format_args!(
        "Hand over {}. Keep {} to yourself, and back it up.",
        arguments.output.display(),
        keys.display()
    ));
    Ok(())
}

fn warn(report: &genesis::Report) {
    if let Some(warning) = report.warning() {
        output::warning(warning);
    }
}

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
