//! What a log's segments lie on: real files, or memory with seeded faults.
//!
//! Invariants: one operation, one attempt; an error says nothing of what reached the disk. A
//! `sync` that returned makes what was written before it survive a power loss, `sync_names` the
//! same for creations and removals. Absent: formats, decisions, clocks and randomness.

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::path::Path;

/// Something that keeps numbered segments; [`super::Disk`] and [`super::memory::Memory`] are such.
pub trait Medium: Debug + Send + Sync {
    /// The directory that messages name.
    fn directory(&self) -> &Path;

    /// Takes the medium for as long as the result lives; `None` if another user holds it.
    ///
    /// # Errors
    /// What the medium says.
    fn hold(&self) -> io::Result<Option<Held>>;

    /// The numbers of all segments, ascending.
    ///
    /// # Errors
    /// What the medium says.
    fn segments(&self) -> io::Result<Vec<u64>>;

    /// Makes an empty segment of a number that is free.
    ///
    /// # Errors
    /// What the medium says.
    fn create(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a segment for reading and writing.
    ///
    /// # Errors
    /// `NotFound`, or what the medium says.
    fn open(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>>;

    /// Removes a segment.
    ///
    /// # Errors
    /// What the medium says.
    fn remove(&self, segment: u64) -> io::Result<()>;

    /// Makes creations and removals durable.
    ///
    /// # Errors
    /// What the medium says; then the state of the names is unknown.
    fn sync_names(&self) -> io::Result<()>;
}

/// The bytes of one segment.
pub trait SegmentFile: Debug + Send + Sync {
    /// How many bytes it has.
    ///
    /// # Errors
    /// What the medium says.
    fn length(&self) -> io::Result<u64>;

    /// Fills the buffer from an offset.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before, or what the medium says.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// What the medium says; then a part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes all bytes and the length durable.
    ///
    /// # Errors
    /// What the medium says; then what was written since the last sync may be durable or not.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file to a length.
    ///
    /// # Errors
    /// What the medium says.
    fn cut(&self, length: u64) -> io::Result<()>;
}

/// A medium that is held; dropping it gives it free.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "it is held, not used")] Box<dyn Any + Send + Sync>);

impl Held {
    /// Holds whatever must live while the medium is in use.
    pub fn new(token: impl Any + Send + Sync) -> Self {
        Self(Box::new(token))
    }
}
