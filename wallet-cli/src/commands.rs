//! The commands, one file each.
//!
//! Invariants: a command prints its one result through the session's output, or ends in one fault.
//! Absent: everything that two commands share.

mod accounts;
mod assets;
mod balance;
mod bank;
mod explain;
mod govern;
mod history;
mod iso;
mod keys;
mod pay;
mod proof;
mod status;
mod table;

use crate::cli::Command;
use crate::fault::Fault;
use crate::session::Session;

/// Runs a command.
///
/// # Errors
/// The fault that ends it, with its exit code.
pub(crate) fn run(session: &Session, command: Command) -> Result<(), Fault> {
    match command {
        Command::Keys(command) => keys::run(session, command),
        Command::Pay(command) => pay::run(session, &command),
        Command::Balance { account } => balance::run(session, account.as_deref()),
        Command::History(command) => history::run(session, &command),
        Command::Accounts => accounts::run(session),
        Command::Assets => assets::run(session),
        Command::Status => status::run(session),
        Command::Proof(command) => proof::run(session, command),
        Command::Iso(command) => iso::run(session, command),
        Command::Bank(command) => bank::run(session, command),
        Command::Govern(command) => govern::run(session, command),
        Command::Help { topic } => explain::run(session, &topic),
    }
}
