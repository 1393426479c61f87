//! The verbs of `cargo xtask`: one file per verb, and this table of them.
//!
//! A new verb is its file, a `mod` line and an entry in [`VERBS`].
//! Invariant: only [`output`] prints, and every failure says which command to run again.

mod bench;
mod book;
pub mod build;
mod chaos;
pub mod command;
mod demo;
mod deny;
mod devnet;
mod docker;
mod exhaustive;
mod fuzz;
mod install;
mod kills;
mod operating;
pub mod output;
mod planted;
pub mod project;
mod sim;
mod test;
mod tidy;
mod transcript;
mod twins;
mod verb;

use std::process::ExitCode;

use clap::Command;
pub use command::Failure;
use verb::Verb;

/// Every verb, in the order in which `--help` lists them.
const VERBS: &[Verb] = &[
    Verb::of::<test::Arguments>("test"),
    Verb::of::<tidy::Arguments>("tidy"),
    Verb::of::<build::Arguments>("build"),
    Verb::of::<demo::Arguments>("demo"),
    Verb::of::<devnet::Arguments>("devnet"),
    Verb::of::<transcript::Arguments>("transcript"),
    Verb::of::<book::Arguments>("book"),
    Verb::of::<docker::Arguments>("docker"),
    Verb::of::<bench::Arguments>("bench"),
    Verb::of::<chaos::Arguments>("chaos"),
    Verb::of::<kills::Arguments>("kills"),
    Verb::of::<sim::Arguments>("sim"),
    Verb::of::<planted::Arguments>("planted"),
    Verb::of::<twins::Arguments>("twins"),
    Verb::of::<exhaustive::Arguments>("exhaustive"),
    Verb::of::<fuzz::Arguments>("fuzz"),
];

/// The command line as clap sees it; tidy reads it to check the README's commands.
#[must_use]
pub fn command_line() -> Command {
    let program = Command::new("cargo xtask")
        .about("Checks, builds, measures and shows Feiqian")
        .subcommand_required(true)
        .arg_required_else_help(true);
    VERBS.iter().fold(program, |program, verb| program.subcommand(verb.command()))
}

/// Runs the verb that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command_line().get_matches();
    let Some((name, arguments)) = matches.subcommand() else {
        return ExitCode::from(2);
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return ExitCode::from(2);
    };
    match verb.run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::command_line;

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
    }

    #[test]
    fn each_verb_says_what_it_does() {
        for verb in command_line().get_subcommands() {
            assert!(verb.get_about().is_some(), "{} has no sentence", verb.get_name());
        }
    }
}
