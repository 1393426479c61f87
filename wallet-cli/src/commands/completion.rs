//! `feiqian completion SHELL`: the script that completes commands and flags.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::CommandLine;
use crate::session::Session;

pub(super) fn run(session: &Session, shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "feiqian", &mut script);
    session.output.bytes(&script);
}
