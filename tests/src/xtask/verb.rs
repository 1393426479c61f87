//! What a verb is: a name, its arguments as clap knows them, and the function that runs it.

use clap::{ArgMatches, Args, Command};

use super::Failure;

/// The arguments of a verb; the doc comment of the type is the verb's help.
pub(super) trait Run: Args {
    /// Does what the verb says.
    ///
    /// # Errors
    /// What failed, with the command to run again.
    fn run(self) -> Result<(), Failure>;
}

/// One entry of the table of verbs.
pub(super) struct Verb {
    /// The word after `cargo xtask`.
    pub(super) name: &'static str,
    describe: fn(Command) -> Command,
    start: fn(&ArgMatches) -> Result<(), Failure>,
}

impl Verb {
    /// The verb whose arguments are `A`.
    pub(super) const fn of<A: Run>(name: &'static str) -> Self {
        Self { name, describe: A::augment_args, start: start::<A> }
    }

    /// The verb as a clap subcommand.
    pub(super) fn command(&self) -> Command {
        (self.describe)(Command::new(self.name))
    }

    /// Runs the verb with the arguments that clap parsed.
    pub(super) fn run(&self, arguments: &ArgMatches) -> Result<(), Failure> {
        (self.start)(arguments)
    }
}

fn start<A: Run>(arguments: &ArgMatches) -> Result<(), Failure> {
    match A::from_arg_matches(arguments) {
        Ok(arguments) => arguments.run(),
        Err(error) => error.exit(),
    }
}
