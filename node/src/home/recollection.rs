//! What a home says of the votes of its key: whether the log holds all of them.
//!
//! A validator that votes twice in one place is faulty, so a node whose log was lost, or is older
//! than its last votes, must not vote before it knows that it cannot contradict itself. Files in
//! the home tell, beside the log itself:
//!
//! | segments in `log/` | `founding` | `observe.json` | the node |
//! |---|---|---|---|
//! | no | there | no | votes: the key has never; `founding` goes once the log is there |
//! | yes | any | no | votes: the log is its memory |
//! | no | no | no | has lost its log: writes `observe.json` before it begins another |
//! | any | any | there | observes; see below |
//!
//! While `observe.json` is there, the replica starts without memory (R19): it casts no vote until
//! the other validators have moved past everything that it may have signed; then the file goes. A
//! restored backup is not even that far: another node may run with the same key. Until the operator
//! says by `feiqian-node arm` that there is none, the node runs without its voting keys.
//!
//! - **Invariant:** `founding` is removed, durably, before the first vote; `observe.json` is
//!   written, durably, before anything of a log is written in its presence, and removed, durably,
//!   only when the replica's bound on forgotten votes is durable in the log. A crash between two
//!   steps leaves a home that observes longer, never one that votes earlier.
//!
//! Absent: the bound itself (`consensus`), keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Home, HomeError, files, read_text, write_text};
use crate::log::{Disk, Medium};

const FOUNDING_FILE: &str = "founding";
const OBSERVE_FILE: &str = "observe.json";
const FOUNDING_TEXT: &str = "This home's voting key has never voted. The first start removes this \
                             file; do not copy it.\n";

/// The most bytes of `observe.json`.
const MAXIMUM_BYTES: usize = 4096;

/// Why a log may not hold every vote of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The home was restored from a backup, which may be older than the last votes.
    Restored,
    /// The log's folder was empty or missing.
    LogLost,
    /// The home was made for a network that has begun: the key may have voted elsewhere.
    Joined,
}

/// The contents of `observe.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observance {
    /// What happened.
    pub reason: Loss,
    /// True if no other node runs with the same key: the operator's word for a restored home.
    pub armed: bool,
}

/// What the node remembers of its own votes when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recollection {
    /// The log holds every vote.
    Whole,
    /// There was never a vote, and there is no log yet. The home.
    Founding(PathBuf),
    /// Votes may be missing.
    Observing {
        /// The home.
        home: PathBuf,
        /// Why, and whether it is armed.
        observance: Observance,
    },
}

impl Recollection {
    /// True if votes may be missing: the replica starts without memory.
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Observing { .. })
    }

    /// False if the node must run without its voting keys.
    pub const fn is_armed(&self) -> bool {
        match self {
            Self::Whole | Self::Founding(_) => true,
            Self::Observing { observance, .. } => observance.armed,
        }
    }

    /// The log is there: from now on it is the memory. To be called before the first vote.
    ///
    /// # Errors
    /// [`HomeError::File`]; then the node must not vote.
    pub fn log_is_open(&self) -> Result<(), HomeError> {
        match self {
            Self::Founding(home) => remove(&home.join(FOUNDING_FILE)),
            Self::Whole | Self::Observing { .. } => Ok(()),
        }
    }

    /// The replica knows up to where it may have voted, and that is durable in the log.
    ///
    /// # Errors
    /// [`HomeError::File`]; the home then observes again at its next start.
    pub fn regained(&self) -> Result<(), HomeError> {
        match self {
            Self::Observing { home, .. } => remove(&home.join(OBSERVE_FILE)),
            Self::Whole | Self::Founding(_) => Ok(()),
        }
    }
}

impl Home {
    /// What this home's node remembers of its own votes. Where the log is gone, the home is marked
    /// as observing before this returns.
    ///
    /// # Errors
    /// [`HomeError`] if a file cannot be read or written.
    pub fn recollect(&self) -> Result<Recollection, HomeError> {
        let home = self.path.clone();
        if let Some(observance) = observance(&home)? {
            return Ok(Recollection::Observing { home, observance });
        }
        let is_founding = is_founding(&home);
        match (has_log(&self.log_folder())?, is_founding) {
            (false, true) => Ok(Recollection::Founding(home)),
            (true, false) => Ok(Recollection::Whole),
            (true, true) => {
                // A first start that did not come further than its log.
                remove(&home.join(FOUNDING_FILE))?;
                Ok(Recollection::Whole)
            }
            (false, false) => {
                let observance = Observance { reason: Loss::LogLost, armed: true };
                observe(&home, observance)?;
                Ok(Recollection::Observing { home, observance })
            }
        }
    }
}

/// Marks a new home: its key has never voted.
pub(super) fn found(home: &Path) -> Result<(), HomeError> {
    write_text(&home.join(FOUNDING_FILE), FOUNDING_TEXT)
}

/// Marks a home as observing.
///
/// # Errors
/// [`HomeError::File`] if it cannot be written.
pub fn observe(home: &Path, observance: Observance) -> Result<(), HomeError> {
    let path = home.join(OBSERVE_FILE);
    let text = serde_json::to_string_pretty(&observance);
    let text =
        text.map_err(|error| HomeError::File { path: path.clone(), source: error.into() })?;
    write_text(&path, &format!("{text}\n"))
}

/// What the home's `observe.json` says, if it is there.
///
/// # Errors
/// [`HomeError`] if it cannot be read, or is malformed: then nobody knows what it said.
pub fn observance(home: &Path) -> Result<Option<Observance>, HomeError> {
    let path = home.join(OBSERVE_FILE);
    match read_text(&path, MAXIMUM_BYTES) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| HomeError::Format { path, reason: error.to_string() }),
        Err(HomeError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// True if the home's key has never voted, by the mark that `init --founding` leaves.
pub fn is_founding(home: &Path) -> bool {
    home.join(FOUNDING_FILE).exists()
}

/// True if the log's folder holds a segment.
///
/// # Errors
/// [`HomeError::File`] if the folder cannot be read.
pub fn has_log(folder: &Path) -> Result<bool, HomeError> {
    match Disk::existing(folder).segments() {
        Ok(segments) => Ok(!segments.is_empty()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(HomeError::File { path: folder.to_owned(), source }),
    }
}

fn remove(path: &Path) -> Result<(), HomeError> {
    match fs::remove_file(path) {
        Ok(()) => files::sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(HomeError::File { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::home;
    use crate::log::{Log, LogOptions};

    const RESTORED: Observance = Observance { reason: Loss::Restored, armed: false };

    fn begin_log(home: &Home) {
        Log::open(&home.log_folder(), LogOptions::default()).unwrap();
    }

    #[test]
    fn what_a_home_remembers_by_its_files() {
        for (log, founding, observing) in [false, true].into_iter().flat_map(|log| {
            [(log, false, false), (log, true, false), (log, false, true), (log, true, true)]
        }) {
            let folder = home();
            let home = Home::open(folder.path()).unwrap();
            if log {
                begin_log(&home);
            }
            if founding {
                found(&home.path).unwrap();
            }
            if observing {
                observe(&home.path, RESTORED).unwrap();
            }
            let lost = Observance { reason: Loss::LogLost, armed: true };
            let path = home.path.clone();
            let expected = match (log, founding, observing) {
                (.., true) => Recollection::Observing { home: path, observance: RESTORED },
                (true, ..) => Recollection::Whole,
                (false, true, _) => Recollection::Founding(path),
                (false, false, _) => Recollection::Observing { home: path, observance: lost },
            };
            assert_eq!(home.recollect().unwrap(), expected);
            assert_eq!(home.recollect().unwrap(), expected, "again");
        }
    }

    #[test]
    fn a_first_start_uses_up_the_founding_whatever_becomes_of_the_log() {
        let folder = home();
        let home = Home::open(folder.path()).unwrap();
        found(&home.path).unwrap();
        let first = home.recollect().unwrap();
        assert!(!first.is_lost() && first.is_armed());
        begin_log(&home);
        first.log_is_open().unwrap();
        assert_eq!(home.recollect().unwrap(), Recollection::Whole);
        fs::remove_dir_all(home.log_folder()).unwrap();
        let wiped = home.recollect().unwrap();
        assert!(wiped.is_lost() && wiped.is_armed());
        begin_log(&home);
        assert!(home.recollect().unwrap().is_lost(), "a log that was begun anew changes nothing");
        wiped.regained().unwrap();
        assert_eq!(home.recollect().unwrap(), Recollection::Whole);
    }

    #[test]
    fn a_restored_home_is_armed_by_its_operator_alone() {
        let folder = home();
        let home = Home::open(folder.path()).unwrap();
        observe(&home.path, RESTORED).unwrap();
        assert!(!home.recollect().unwrap().is_armed());
        observe(&home.path, Observance { armed: true, ..RESTORED }).unwrap();
        let armed = home.recollect().unwrap();
        assert!(armed.is_armed() && armed.is_lost());
    }

    #[test]
    fn a_malformed_mark_is_refused() {
        let folder = home();
        let home = Home::open(folder.path()).unwrap();
        for text in ["", "{}", "{\"reason\":\"restored\",\"armed\":false,\"more\":1}"] {
            fs::write(home.path.join(OBSERVE_FILE), text).unwrap();
            assert!(matches!(home.recollect(), Err(HomeError::Format { .. })), "{text}");
        }
    }
}
