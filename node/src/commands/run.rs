//! `feiqian-node run`: the node of a home.
//!
//! Invariants: the home is checked and held before anything listens. Absent: the node itself
//! (see `crate::run`).

use clap::Args;
use std::path::PathBuf;

use super::Failure;
use crate::home::Home;

/// Runs the node of a home until SIGTERM or Ctrl-C.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The home that `feiqian-node init` or `devnet` wrote.
    #[arg(long)]
    home: PathBuf,
    /// Stop when the process that started this one ends; `devnet` starts its nodes so.
    #[arg(long, hide = true)]
    stop_with_parent: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.stop_with_parent {
        stop_with_parent()?;
    }
    let home = Home::open(&arguments.home)?;
    crate::run::run(home).map_err(|error| Failure::new(error.to_string()))
}

/// Asks the operating system for SIGTERM when the parent ends, however it ends.
fn stop_with_parent() -> Result<(), Failure> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| {
        Failure::new(format!("the operating system refuses to watch the parent: {error}"))
    })?;
    // A parent that ended before the request is not reported: another has adopted this process
    // then.
    if getppid() == parent { Ok(()) } else { Err(Failure::interrupted()) }
}
