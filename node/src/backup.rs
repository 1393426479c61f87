//! Backups of a home: a folder with a copy of everything that cannot be made again, and a manifest
//! with the checksum of each file.
//!
//! The log of a running node may be copied: segments only grow, so what was whole when it was read
//! stays so, and the copy ends behind the last whole record. The index is not copied: it is made
//! again from the log. Nor are the marks that say what the home remembers of its votes: a restored
//! home observes (see [`crate::home::recollection`]), because its log may be older than the last
//! votes of its key.
//!
//! Invariants: the manifest is written last, so a folder that has one is a whole backup; a restored
//! home has its mark before it has a log, and its configuration last. Absent: where backups are
//! kept and for how long; encryption (a backup holds the keys).

mod copy;
mod restore;
mod take;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::home::HomeError;
use crate::log::{LogError, Position};

pub use restore::restore;
pub use take::take;

/// The manifest's file name.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The format's number; another one is refused.
const FORMAT: u32 = 1;

/// The most bytes of a manifest.
const MAXIMUM_BYTES: usize = 16 * 1024 * 1024;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// The chain, as it is written.
    pub chain_id: String,
    /// The institution whose node it is.
    pub bic: String,
    /// When it was taken, in milliseconds since 1970.
    pub taken_ms: u64,
    /// Where the copied log ends.
    pub end: LogEnd,
    /// Every file, in the order of their paths.
    pub files: Vec<FileEntry>,
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEnd {
    /// The last segment.
    pub segment: u64,
    /// Its bytes.
    pub offset: u64,
}

impl From<Position> for LogEnd {
    fn from(position: Position) -> Self {
        Self { segment: position.segment, offset: position.offset }
    }
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where it lies, from the home's folder or the backup's.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its BLAKE3 hash, hexadecimal.
    pub blake3: String,
}

/// Why a backup could not be taken or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The home cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The log is damaged, or was pruned while it was copied.
    #[error("the log cannot be copied: {0}. If it was pruned meanwhile, take the backup again")]
    Log(#[from] LogError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The folder is not empty.
    #[error("{} is not empty. Name a folder that does not exist yet", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds no whole backup.
    #[error("{} is no whole backup: it has no {MANIFEST_FILE}. Take another", path.display())]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest is not one.
    #[error("{}: {reason}. Take another backup", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file is not the one that was copied.
    #[error("{} is not what the manifest says: {what}. Use another backup", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}

/// True for a path that stays below the folder it starts from.
fn is_below(path: &Path) -> bool {
    let mut parts = path.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}
