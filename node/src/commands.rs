//! The command line of `feiqian-node`: one file per command.
//!
//! Invariants: exit code 0 is success, 1 a failure, 2 a usage error, 3 a check that could not be
//! made, 130 an interruption; every failure says what to do. Absent: what a running node does (see
//! `run`).

mod audit;
mod backup;
mod check;
mod devnet;
mod entropy;
mod erase;
mod format;
mod init;
mod operator;
mod rehearse;
mod rotate_key;
mod run;
mod status;
mod verify_ledger;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

use crate::home::HomeError;
use crate::output;

/// Runs a node of the Feiqian settlement ledger.
#[derive(Debug, Parser)]
#[command(name = "feiqian-node", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a node's home from the keys and the document of a genesis ceremony.
    Init(init::Arguments),
    /// Runs the node of a home until SIGTERM or Ctrl-C.
    Run(run::Arguments),
    /// Checks a home before its start, or while it runs: each finding with its mend.
    Check(check::Arguments),
    /// Says how the node of a home is: running, ready, synced, voting.
    Status(status::Arguments),
    /// Copies a home, of a stopped or a running node, into a new folder.
    Backup(backup::BackupArguments),
    /// Makes a home from a backup. It observes until it is armed.
    Restore(backup::RestoreArguments),
    /// Says that no other node runs with the keys of a restored home, so that it may vote again.
    Arm(backup::ArmArguments),
    /// Checks every record, block, signature, certificate and index row of a stopped node's home.
    VerifyLedger(verify_ledger::Arguments),
    /// Says who may use the node's API, and as what.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Checks and shows the audit log: who called what on the node's API.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Erases a payment's private data from the running node of a home, and prints the receipt.
    Erase(erase::Arguments),
    /// Says what a change of the network would do now: "safe" or "would halt".
    Rehearse(rehearse::Arguments),
    /// Makes a validator's next voting key, or lets it take the present one's place.
    RotateKey(rotate_key::Arguments),
    /// Runs a network of several banks on this machine, for development and demonstration.
    Devnet(devnet::Arguments),
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: String,
    exit: u8,
}

impl Failure {
    /// A failure whose message says everything.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: String::new(), exit: 1 }
    }

    /// A mistake in the arguments.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: 2, ..Self::new(message) }
    }

    /// Ctrl-C or SIGTERM before the work was done.
    pub(crate) fn interrupted() -> Self {
        Self { exit: 130, ..Self::new("interrupted") }
    }

    /// The same with what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        Self::new(error.to_string())
    }
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Init(arguments) => init::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Arm(arguments) => backup::arm(&arguments),
        Command::VerifyLedger(arguments) => verify_ledger::run(&arguments),
        Command::Operator(command) => operator::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Erase(arguments) => erase::run(&arguments),
        Command::RotateKey(arguments) => rotate_key::run(&arguments),
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Devnet(arguments) => devnet::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure.message, &failure.hint);
            ExitCode::from(failure.exit)
        }
    }
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
