//! `feiqian-node audit verify|show`: the audit log of the API, checked and read.
//!
//! Both work while the node runs. Invariants: exit code 0 means that every record is there and is
//! what was written, 1 that something is wrong (and named), 3 that the check could not be made.
//! Absent: the ledger's check (`verify-ledger`), repair.

mod show;
mod verify;

use clap::Subcommand;

use super::Failure;

/// What is done about the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Checks the chain of the audit log from its first record to its last, and its head.
    Verify(verify::Arguments),
    /// Prints records of the audit log.
    Show(show::Arguments),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}
