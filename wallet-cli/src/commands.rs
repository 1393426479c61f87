//! The commands, one file each.
//!
//! Invariants: a command prints its one result through the session's output, or ends in one fault.
//! Absent: everything that two commands share.

mod accounts;
mod approvals;
mod approve;
mod assets;
mod balance;
pub(crate) mod bank;
mod completion;
mod config;
mod corrections;
mod doctor;
mod explain;
mod govern;
mod history;
pub(crate) mod hold;
mod institutions;
mod iso;
mod keys;
mod light;
mod limits;
pub(crate) mod pay;
mod payment;
mod policy;
mod proof;
mod queue;
mod quote;
mod request;
mod statement;
mod status;
mod table;
mod tx;

use crate::cli::{Command, Light, Payment};
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
        Command::Hold(command) => hold::run(session, command),
        Command::Queue(command) => queue::run(session, &command),
        Command::Return(command) => corrections::send_back(session, &command),
        Command::Recall(command) => corrections::recall::run(session, command),
        Command::Approvals(command) => approvals::run(session, &command),
        Command::Approve(command) => approve::approve(session, &command),
        Command::Refuse(command) => approve::refuse(session, &command),
        Command::Tx(command) => tx::run(session, command),
        Command::Balance { account } => balance::run(session, account.as_deref()),
        Command::History(command) => history::run(session, &command),
        Command::Request(command) => request::run(session, command),
        Command::Statement(command) => statement::run(session, &command),
        Command::Payment(Payment::Show { id }) => payment::show(session, &id),
        Command::Quote(command) => quote::run(session, &command),
        Command::Limits(command) => limits::run(session, &command),
        Command::Accounts { command } => accounts::run(session, command.as_ref()),
        Command::Assets => assets::run(session),
        Command::Institutions => institutions::run(session),
        Command::Config { command } => config::run(session, command),
        Command::Completion { shell } => {
            completion::run(session, shell);
            Ok(())
        }
        Command::Status => status::run(session),
        Command::Doctor => doctor::run(session),
        Command::Light(Light::Follow { blocks }) => light::follow(session, blocks),
        Command::Proof(command) => proof::run(session, command),
        Command::Iso(command) => iso::run(session, command),
        Command::Bank(command) => bank::run(session, command),
        Command::Govern(command) => govern::run(session, command),
        Command::Help { topic } => explain::run(session, &topic),
    }
}
