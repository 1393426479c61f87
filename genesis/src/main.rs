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
    /// Approves a sealed document with a member's operators' keys, after checking it.
    Sign {
        /// The sealed document.
        file: PathBuf,
        /// The chain id that all members agreed on.
        #[arg(long)]
        chain_id: Option<String>,
        /// The folder of keys that `join` wrote.
        #[arg(long, value_name = "DIR")]
        keys: PathBuf,
        /// The signature, a new file.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Checks a sealed document, every member's proofs in it, and members' signatures of it.
    Verify(VerifyArguments),
    /// Shows a sealed document, after checking it.
    Show {
        /// The sealed document.
        file: PathBuf,
        /// Print the chain id and nothing else.
        #[arg(long)]
        id: bool,
    },
    /// Writes the change that admits a bank to a running network, from its public file.
    Admit {
        /// The member's public file.
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

#[derive(Args, Debug)]
struct VerifyArguments {
    /// The sealed document.
    file: PathBuf,
    /// The chain id that all members agreed on.
    #[arg(long)]
    chain_id: Option<String>,
    /// A member's signature, as `sign` wrote it; repeat it for several.
    #[arg(long, value_name = "FILE")]
    signature: Vec<PathBuf>,
    /// Refuse unless every member has signed.
    #[arg(long)]
    all_signed: bool,
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
        Verb::Sign { file, chain_id, keys, output } => {
            let approval = genesis::sign(&file, chain_id.as_deref(), &keys, &output)?;
            let (bic, output) = (approval.bic(), output.display());
            output::result(format_args!("{bic} approves. Hand over {output}."));
            Ok(())
        }
        Verb::Verify(arguments) => verify(&arguments),
        Verb::Show { file, id: false } => {
            output::result(genesis::show(&file)?);
            Ok(())
        }
        Verb::Show { file, id: true } => {
            output::result(genesis::verify(&file, None)?.chain_id);
            Ok(())
        }
        Verb::Admit { file } => {
            let change = serde_json::to_string_pretty(&genesis::admit(&file)?);
            output::result(
                change.map_err(|error| Fault::Format { path: file, reason: error.to_string() })?,
            );
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

fn verify(arguments: &VerifyArguments) -> Result<(), Fault> {
    let report = genesis::verify(&arguments.file, arguments.chain_id.as_deref())?;
    warn(&report);
    let (signed, missing) = genesis::approvals(&report, &arguments.signature)?;
    let list = |bics: &[Bic]| bics.iter().map(Bic::to_string).collect::<Vec<_>>().join(" ");
    if arguments.all_signed && !missing.is_empty() {
        return Err(Fault::Unsigned { missing: list(&missing) });
    }
    let chain = &report.chain_id;
    output::result(format_args!("Valid: all proofs hold, and the content makes {chain}"));
    if !arguments.signature.is_empty() {
        let all = signed.len().saturating_add(missing.len());
        output::result(format_args!("Signed by {} of {all}: {}", signed.len(), list(&signed)));
    }
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
