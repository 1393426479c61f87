//! `feiqian-node backup`, `restore` and `arm`: a copy of a home, a home from a copy, and the word
//! that lets that home vote.
//!
//! Invariants: a restored home observes until it is armed, and an armed one until its replica knows
//! that no vote can contradict an earlier one. Absent: the copying (see `crate::backup`).

use clap::Args;
use std::path::PathBuf;

use super::Failure;
use crate::backup::{self, BackupError, Manifest};
use crate::home::recollection::{Observance, observance, observe};
use crate::home::{Home, HomeError};
use crate::output;

/// Copies a home, of a stopped or a running node, into a new folder.
#[derive(Args, Debug)]
pub(super) struct BackupArguments {
    /// The home.
    #[arg(long)]
    home: PathBuf,
    /// The folder to make. It will hold the keys: keep it as the home is kept.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Makes a home from a backup. It observes until it is armed.
#[derive(Args, Debug)]
pub(super) struct RestoreArguments {
    /// The folder that `feiqian-node backup` made.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The home to make.
    #[arg(long)]
    home: PathBuf,
}

/// Says that no other node runs with the keys of a restored home, so that it may vote again.
#[derive(Args, Debug)]
pub(super) struct ArmArguments {
    /// The home.
    #[arg(long)]
    home: PathBuf,
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.to_string())
    }
}

pub(super) fn backup(arguments: &BackupArguments) -> Result<(), Failure> {
    let manifest = backup::take(&arguments.home, &arguments.to)?;
    output::result(format_args!(
        "Backed up {} in {} ({} files, {} bytes). It holds the node's keys.",
        arguments.home.display(),
        arguments.to.display(),
        manifest.files.len(),
        bytes(&manifest),
    ));
    Ok(())
}

pub(super) fn restore(arguments: &RestoreArguments) -> Result<(), Failure> {
    let manifest = backup::restore(&arguments.from, &arguments.home)?;
    let home = arguments.home.display();
    output::result(format_args!(
        "Restored the home of {} on chain {} at {home} ({} bytes).\n\
         It observes: the key may have voted since the backup was taken. When you are sure that no \
         other node\nruns with these keys: feiqian-node arm --home {home}",
        manifest.bic,
        manifest.chain_id,
        bytes(&manifest),
    ));
    Ok(())
}

pub(super) fn arm(arguments: &ArmArguments) -> Result<(), Failure> {
    let home = match Home::open(&arguments.home) {
        Ok(home) => home,
        Err(error @ HomeError::Held { .. }) => {
            return Err(Failure::from(error).hint("Stop the node, arm the home, start it again."));
        }
        Err(error) => return Err(error.into()),
    };
    let path = home.path.display();
    match observance(&home.path)? {
        None => output::result(format_args!("{path} is not observing: there is nothing to arm.")),
        Some(Observance { armed: true, .. }) => output::result(format_args!(
            "{path} is armed already. It votes as soon as the others have moved past every vote \
             that its key may have cast."
        )),
        Some(Observance { reason, armed: false }) => {
            observe(&home.path, Observance { reason, armed: true })?;
            output::result(format_args!(
                "Armed {path}. After its start it votes as soon as the others have moved past \
                 every vote that its key may have cast."
            ));
        }
    }
    Ok(())
}

fn bytes(manifest: &Manifest) -> u64 {
    manifest.files.iter().map(|entry| entry.bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::recollection::Loss;
    use crate::home::tests::home;

    #[test]
    fn a_restored_home_is_armed_once_and_only_while_it_does_not_run() {
        let (original, work) = (home(), tempfile::tempdir().unwrap());
        let (to, restored) = (work.path().join("backup"), work.path().join("home"));
        backup(&BackupArguments { home: original.path().to_owned(), to: to.clone() }).unwrap();
        restore(&RestoreArguments { from: to, home: restored.clone() }).unwrap();
        let held = Home::open(&restored).unwrap();
        let refused = arm(&ArmArguments { home: restored.clone() }).unwrap_err();
        assert!(refused.message.contains("Stop it first") && !refused.hint.is_empty());
        held.close().unwrap();
        for _ in 0..2 {
            arm(&ArmArguments { home: restored.clone() }).unwrap();
            let armed = Observance { reason: Loss::Restored, armed: true };
            assert_eq!(observance(&restored).unwrap(), Some(armed));
        }
        arm(&ArmArguments { home: original.path().to_owned() }).unwrap();
        assert_eq!(observance(original.path()).unwrap(), None);
    }
}
