//! `cargo xtask tidy`: prints what the house rules find, without compiling the packages' tests.

use super::{Failure, output, project, verb::Run};
use crate::tidy;

/// Checks the house rules on every file
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        check()
    }
}

/// Prints each finding and fails if there is one.
pub(super) fn check() -> Result<(), Failure> {
    let findings = tidy::check(&project::root())?;
    findings.iter().for_each(output::progress);
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::Found {
            summary: format!("{count} findings; mend them, then run `cargo xtask tidy` again"),
        }),
    }
}
