//! What can go wrong with the log, and what to do then.

use std::io;
use std::path::PathBuf;

use super::Position;
use super::record::MAX_PAYLOAD;

/// How a record is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The segment's header is not one that this log wrote for this file.
    #[error("its header is not a log segment's")]
    Header,
    /// The file is shorter, or an older one longer, than what was written.
    #[error("its length is not what was written")]
    FileLength,
    /// The length is beyond every record's.
    #[error("a record announces an impossible length")]
    Length,
    /// The checksum does not match.
    #[error("a record's checksum does not match")]
    Checksum,
}

/// Why the log refuses.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process, or this one, already uses the directory.
    #[error("{} is in use by another process: stop that node first", directory.display())]
    Locked {
        /// The log's directory.
        directory: PathBuf,
    },
    /// Acknowledged bytes are damaged.
    #[error(
        "{} is damaged at byte {}: {damage}. Acknowledged records are affected, so the node must \
         not go on. Keep the file and check the disk. feiqian-node verify-ledger --home HOME says \
         which block it is; feiqian-node restore makes a home from a backup; without one, remove \
         HOME/log and HOME/index.redb: the node then joins anew, observing",
        path.display(), position.offset
    )]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// Where the first damaged record begins.
        position: Position,
        /// How it is damaged.
        damage: Damage,
    },
    /// A segment between others is gone.
    #[error(
        "segment {segment} is missing in {}. Restore the home (feiqian-node restore), or remove \
         HOME/log and HOME/index.redb: the node then joins anew, observing",
        directory.display()
    )]
    MissingSegment {
        /// The log's directory.
        directory: PathBuf,
        /// The missing number.
        segment: u64,
    },
    /// The log ends before a position that was durable once.
    #[error(
        "the log ends at {end}, before the checkpoint at {position}: its newest part is gone. \
         Restore the home (feiqian-node restore), or remove HOME/log and HOME/index.redb: the node \
         then joins anew, observing"
    )]
    BeyondEnd {
        /// The demanded position.
        position: Position,
        /// Where the log ends.
        end: Position,
    },
    /// The segment was pruned.
    #[error("{position} was pruned: ask a node that keeps the whole history")]
    Pruned {
        /// The demanded position.
        position: Position,
    },
    /// The position is not, or not yet, in the durable log.
    #[error("{position} is not in the durable log: read only positions that were synced")]
    NotDurable {
        /// The demanded position.
        position: Position,
    },
    /// Kind 0 is the log's own.
    #[error("record kind 0 is reserved: use 1 to 255")]
    ReservedKind,
    /// The payload is too large.
    #[error("a record holds at most {MAX_PAYLOAD} bytes, not {length}: cut it")]
    TooLarge {
        /// The payload's length in bytes.
        length: usize,
    },
    /// An earlier write or sync failed.
    #[error(
        "the log stopped after an earlier failure ({cause}): \
         restart the node when the disk is healthy"
    )]
    Poisoned {
        /// The first failure.
        cause: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}; check the disk and its permissions", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}
