//! `feiqian-node rotate-key`: the next voting key of a node, and later its taking the place of the
//! present one.
//!
//! A node holds both keys over the rotation: the ledger says from which block on the next one
//! votes, and the node follows without a pause. Invariants: no key is overwritten or deleted; the
//! next key never leaves the home. Absent: the change of the ledger (governance: the printed
//! document is proposed, approved and enacted there).

use std::path::PathBuf;

use clap::Args;
use ledger::genesis::keyfile::KeyKind;
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use ledger::ids::InstitutionNumber;

use super::{Failure, entropy};
use crate::home::{self, Home, NEXT_VOTING_KEY, VOTING_KEY};
use crate::output;

/// Makes the next voting key, and prints the change that names it.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The node's home.
    #[arg(long)]
    home: PathBuf,
    /// The change is enacted: the next key takes the place of the present one, which is kept under
    /// another name. The node must be stopped.
    #[arg(long)]
    finish: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.finish { finish(arguments) } else { begin(arguments) }
}

fn begin(arguments: &Arguments) -> Result<(), Failure> {
    let config = home::read_config(&arguments.home)?;
    let file = arguments.home.join(&config.node.keys).join(NEXT_VOTING_KEY);
    let key = if file.exists() {
        home::read_key(&file, KeyKind::Voting)?
    } else {
        let key = entropy::key()?;
        home::write_key(&file, KeyKind::Voting, &key)?;
        key
    };
    let institution = InstitutionNumber(0);
    let change = Change::RotateValidatorKey { institution, voting_key: key.public() };
    let document = ChangeFile::of(&change, |_| Some(config.bic()))
        .ok_or_else(|| Failure::new("the change cannot be written".to_owned()))?;
    let text =
        serde_json::to_string_pretty(&document).map_err(|error| Failure::new(error.to_string()))?;
    output::note(format_args!(
        "the next key is in {}. Restart the node, so that it holds both keys; then propose this \
         change (docs/operating/governance.md). Once it is enacted, stop the node and run this \
         command with --finish",
        file.display()
    ));
    output::result(text);
    Ok(())
}

fn finish(arguments: &Arguments) -> Result<(), Failure> {
    let home = Home::open(&arguments.home)?;
    let keys = home.path.join(&home.config.node.keys);
    let (present, next) = (keys.join(VOTING_KEY), keys.join(NEXT_VOTING_KEY));
    if !next.exists() {
        let message = format!("{} does not exist: no rotation has begun", next.display());
        return Err(Failure::new(message).hint("Begin it: feiqian-node rotate-key --home HOME"));
    }
    let retired = home::read_key(&present, KeyKind::Voting)?.public().to_hex();
    let name: String = retired.chars().take(8).collect();
    let kept = keys.join(format!("voting-retired-{name}.key"));
    let failed = |file: &PathBuf, error| Failure::new(format!("{}: {error}", file.display()));
    if kept.exists() {
        return Err(Failure::new(format!("{} is there already", kept.display())));
    }
    // Between the two steps the home holds the next key alone, and that votes.
    std::fs::rename(&present, &kept).map_err(|error| failed(&present, error))?;
    std::fs::rename(&next, &present).map_err(|error| failed(&next, error))?;
    output::result(format_args!(
        "{} votes with its next key. The one before is kept in {}",
        home.config.bic(),
        kept.display()
    ));
    home.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::home;

    #[test]
    fn a_rotation_keeps_both_keys_and_then_the_next() {
        let folder = home();
        let path = folder.path().to_owned();
        let arguments = |finish| Arguments { home: path.clone(), finish };
        let voting = || {
            let home = Home::open(&path).unwrap();
            home.voting_keys.iter().map(|key| key.public()).collect::<Vec<_>>()
        };
        assert!(run(&arguments(true)).unwrap_err().message.contains("no rotation has begun"));
        let before = voting();
        run(&arguments(false)).unwrap();
        let both = voting();
        assert_eq!((both.len(), both[0]), (2, before[0]));
        // Again, it is the same key: the operator may have lost the document.
        run(&arguments(false)).unwrap();
        assert_eq!(voting(), both);
        run(&arguments(true)).unwrap();
        assert_eq!(voting(), both[1..]);
        // And another rotation may follow.
        run(&arguments(false)).unwrap();
        run(&arguments(true)).unwrap();
        assert_ne!(voting(), both[1..]);
    }
}
