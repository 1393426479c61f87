//! The block log: append-only segments on disk, the truth from which everything else is rebuilt.
//!
//! A directory holds numbered segments; a segment is a header and records; a record is a kind, a
//! payload and a checksum. [`Log::append`] collects records in memory, [`Log::sync`] makes all of
//! them durable with one write and one `fdatasync`. After each sync the log writes a *seal*: an
//! empty record that says "everything before me is durable".
//!
//! - **Invariant:** what `sync` acknowledged is either given back unchanged or refused by name,
//!   never left out. Recovery cuts off a damaged end only where no seal follows the damage, that
//!   is, bytes that were never acknowledged.
//! - **Invariant:** a checksum covers the record's place, kind, length and payload under the
//!   segment's random key. A CRC would do against accidents, but payloads are written by others: a
//!   record copied inside a payload must not pass for a seal. The key is in the segment, so this
//!   protects from those who write payloads, not from those who write files. BLAKE3 is at hand and
//!   costs 0.2 ms per megabyte, less than the write.
//! - **Invariant:** one process holds the directory. After a failed write or sync the log refuses
//!   every later call: what reached the disk is unknown until the next start has looked.
//!
//! Absent: what the records mean, any index, compression, and any retry.

mod disk;
mod error;
mod files;
mod medium;
pub mod memory;
mod reader;
mod record;
mod recovery;
mod segment;
#[cfg(test)]
mod tests;
mod walk;

use std::path::Path;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};

pub use disk::Disk;
pub use error::{Damage, LogError};
pub use files::file_name as segment_file_name;
pub use medium::{Held, Medium, SegmentFile};
pub use reader::{LogReader, Record, Records};
pub use record::MAX_PAYLOAD;
pub use walk::Walk;

use files::Files;
use reader::Shared;
use record::SEAL;
use segment::{HEADER, Segment};

/// The place of a record. Later records have greater positions.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct Position {
    /// The segment's number; the first is 1.
    pub segment: u64,
    /// Where the record begins in the segment's file, in bytes.
    pub offset: u64,
}

/// A larger buffer for collected records is given back after a sync, in bytes.
const KEPT_BUFFER: usize = 4 * 1024 * 1024;

impl Position {
    /// Before every record, whatever was pruned.
    pub const START: Self = Self { segment: 0, offset: 0 };
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "segment {} offset {}", self.segment, self.offset)
    }
}

/// Secret randomness of one opening of a log.
#[derive(Clone)]
pub struct Entropy(pub [u8; 32]);

impl Entropy {
    /// The key of a segment that is created.
    fn key(&self, segment: u64) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, &segment.to_le_bytes()).as_bytes()
    }
}

/// How a log is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// A segment that has reached this size in bytes is followed by a new one.
    pub segment_bytes: u64,
    /// Recovery checks every record from here to the end; earlier ones are checked when they are
    /// read. A position that `append` returned, or [`Position::START`].
    pub check_from: Position,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes: 256 * 1024 * 1024, check_from: Position::START }
    }
}

/// What recovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many records were checked.
    pub checked: u64,
    /// Where the next record will go; all before it is durable.
    pub end: Position,
    /// The end that was cut off because its write had not finished, if any.
    pub cut: Option<Cut>,
}

/// An unfinished, never acknowledged end that recovery cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Where the first record that was not whole began.
    pub position: Position,
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// What [`Log::verify`] walked over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Segments.
    pub segments: u64,
    /// Records, seals not counted.
    pub records: u64,
}

/// The writing end; there is one per directory.
pub struct Log {
    shared: Arc<Shared>,
    segment: Arc<Segment>,
    segment_bytes: u64,
    /// The length of the current segment's file.
    written: u64,
    /// Up to where the current segment is durable: where its last seal begins.
    sealed: u64,
    pending: Vec<u8>,
    poison: Option<String>,
    entropy: Entropy,
    /// Held, not used: closing it gives the directory free.
    _held: Held,
}

impl Log {
    /// Opens or creates the log of a directory, checks it and cuts off an unfinished end. When it
    /// returns, all records are durable. Errors: another process holds the directory; damage, named
    /// by segment and offset; the disk.
    pub fn open(directory: &Path, options: LogOptions) -> Result<(Self, Recovered), LogError> {
        let mut entropy = [0; 32];
        getrandom::fill(&mut entropy).map_err(|error| LogError::Io {
            action: "draw random keys for",
            path: directory.to_owned(),
            source: error.into(),
        })?;
        Self::open_on(Arc::new(Disk::create(directory)?), Entropy(entropy), options)
    }

    /// The same on any medium. `entropy` is secret and new at every opening: from it come the keys
    /// of the segments that this log begins.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_on(
        medium: Arc<dyn Medium>,
        entropy: Entropy,
        options: LogOptions,
    ) -> Result<(Self, Recovered), LogError> {
        let files = Files::new(medium);
        let held = files.hold()?;
        let found = recovery::recover(&files, options.check_from, &entropy)?;
        let end = Position { segment: found.segment.number, offset: found.length };
        let mut log = Self {
            shared: Arc::new(Shared::new(files, found.first, end, &found.segment)),
            segment: found.segment,
            segment_bytes: options.segment_bytes,
            written: found.length,
            sealed: HEADER,
            pending: Vec::new(),
            poison: None,
            entropy,
            _held: held,
        };
        log.rewrite(found.sealed)?;
        if log.written > HEADER {
            log.seal()?;
        }
        let end = log.shared.end();
        Ok((log, Recovered { checked: found.records, end, cut: found.cut }))
    }

    /// Collects a record; it is durable after the next [`Log::sync`]. Kind 0 is the log's own. The
    /// payload may be empty.
    pub fn append(&mut self, kind: u8, payload: &[u8]) -> Result<Position, LogError> {
        self.check_alive()?;
        if kind == SEAL {
            return Err(LogError::ReservedKind);
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(LogError::TooLarge { length: payload.len() });
        }
        if self.pending.is_empty() && self.written >= self.segment_bytes {
            let rotated = self.rotate();
            self.guard(rotated)?;
        }
        let position = self.next_position();
        record::encode(&mut self.pending, &self.segment.key, position, kind, payload);
        Ok(position)
    }

    /// Makes all collected records durable: one write, one `fdatasync`. An error ends the use of
    /// this log.
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.check_alive()?;
        if self.pending.is_empty() {
            return Ok(());
        }
        let synced = self.write_pending();
        self.guard(synced)
    }

    /// True if records wait for a sync.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The position of the next record.
    pub fn next_position(&self) -> Position {
        let pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        Position { segment: self.segment.number, offset: self.written.saturating_add(pending) }
    }

    /// Up to where the log is durable: whatever happens, a later opening finds all before it, and
    /// may be asked to check from here.
    pub fn durable_position(&self) -> Position {
        Position { segment: self.segment.number, offset: self.sealed }
    }

    /// A reader of all durable records, for any thread.
    pub fn reader(&self) -> LogReader {
        LogReader::new(self.shared.clone())
    }

    /// Deletes the segments below this one, the current one excepted, and returns how many. Readers
    /// get [`LogError::Pruned`] for what is gone.
    pub fn prune_before(&mut self, segment: u64) -> Result<u64, LogError> {
        self.check_alive()?;
        let pruned = self.shared.prune_before(segment.min(self.segment.number));
        self.guard(pruned)
    }

    /// Checks every durable record and names the first damaged one.
    pub fn verify(&self) -> Result<Verified, LogError> {
        self.check_alive()?;
        recovery::verify(&self.shared)
    }

    /// Makes durable what recovery accepted. The last seal and what follows it are written again:
    /// after a failed sync the system may hold pages that it takes for written though the disk
    /// never got them.
    fn rewrite(&self, sealed: u64) -> Result<(), LogError> {
        let length = usize::try_from(self.written - sealed).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let data = &self.segment.data;
        if length > 0 && data.read(sealed, &mut bytes)? {
            data.write(sealed, &bytes)?;
        }
        data.sync()
    }

    fn write_pending(&mut self) -> Result<(), LogError> {
        let mut bytes = std::mem::take(&mut self.pending);
        self.write(&bytes)?;
        self.segment.data.sync()?;
        bytes.clear();
        bytes.shrink_to(KEPT_BUFFER);
        self.pending = bytes;
        self.seal()
    }

    /// Says that all before is durable, and lets readers see it. The seal itself need not be
    /// durable.
    fn seal(&mut self) -> Result<(), LogError> {
        let mut seal = Vec::with_capacity(record::OVERHEAD);
        record::encode(&mut seal, &self.segment.key, self.next_position(), SEAL, &[]);
        self.sealed = self.written;
        self.write(&seal)?;
        self.shared.set_end(self.next_position());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        self.segment.data.write(self.written, bytes)?;
        self.written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Begins a new segment. The old one is made durable with its last seal: only the last segment
    /// may end unfinished.
    fn rotate(&mut self) -> Result<(), LogError> {
        self.segment.data.sync()?;
        let number = self.segment.number + 1;
        let key = self.entropy.key(number);
        let segment = Segment::create(&self.shared.files, number, self.written, key)?;
        self.segment = Arc::new(segment);
        self.written = HEADER;
        self.sealed = HEADER;
        self.shared.add(&self.segment, self.next_position());
        Ok(())
    }

    fn check_alive(&self) -> Result<(), LogError> {
        match &self.poison {
            Some(cause) => Err(LogError::Poisoned { cause: cause.clone() }),
            None => Ok(()),
        }
    }

    fn guard<T>(&mut self, outcome: Result<T, LogError>) -> Result<T, LogError> {
        if let Err(error) = &outcome {
            self.poison = Some(error.to_string());
        }
        outcome
    }
}
