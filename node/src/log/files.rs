//! Every operation of the log on its medium, named: what was tried, on which file.
//!
//! Invariant: an error carries its path and action. Absent: formats, decisions, any second try.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Held, LogError, Medium, SegmentFile};

const SUFFIX: &str = ".log";

/// A segment's file name.
pub fn file_name(segment: u64) -> String {
    format!("{segment:016}{SUFFIX}")
}

/// The number of a segment's file name; files of other names are not the log's.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_suffix(SUFFIX)?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// The segments of a medium.
#[derive(Clone, Debug)]
pub(super) struct Files {
    medium: Arc<dyn Medium>,
}

impl Files {
    pub(super) const fn new(medium: Arc<dyn Medium>) -> Self {
        Self { medium }
    }

    pub(super) fn directory(&self) -> &Path {
        self.medium.directory()
    }

    pub(super) fn path(&self, segment: u64) -> PathBuf {
        self.directory().join(file_name(segment))
    }

    /// Takes the medium for as long as the result lives.
    pub(super) fn hold(&self) -> Result<Held, LogError> {
        let held = named("lock", self.directory(), self.medium.hold())?;
        held.ok_or_else(|| LogError::Locked { directory: self.directory().to_owned() })
    }

    pub(super) fn segments(&self) -> Result<Vec<u64>, LogError> {
        named("list", self.directory(), self.medium.segments())
    }

    /// Creates a segment with its first bytes, durably, its name included.
    pub(super) fn create(&self, segment: u64, bytes: &[u8]) -> Result<SegmentData, LogError> {
        let path = self.path(segment);
        let file = named("create", &path, self.medium.create(segment))?;
        let data = SegmentData { file, path };
        data.write(0, bytes)?;
        data.sync()?;
        self.sync_names()?;
        Ok(data)
    }

    pub(super) fn open(&self, segment: u64) -> Result<SegmentData, LogError> {
        let path = self.path(segment);
        let file = named("open", &path, self.medium.open(segment))?;
        Ok(SegmentData { file, path })
    }

    pub(super) fn remove(&self, segment: u64) -> Result<(), LogError> {
        named("remove", &self.path(segment), self.medium.remove(segment))
    }

    /// Makes the creation and removal of files durable.
    pub(super) fn sync_names(&self) -> Result<(), LogError> {
        named("sync", self.directory(), self.medium.sync_names())
    }
}

/// One segment's bytes and where they lie.
#[derive(Debug)]
pub(super) struct SegmentData {
    file: Box<dyn SegmentFile>,
    pub(super) path: PathBuf,
}

impl SegmentData {
    /// The length in bytes.
    pub(super) fn length(&self) -> Result<u64, LogError> {
        named("examine", &self.path, self.file.length())
    }

    /// Reads exactly at an offset; false if the file ends before.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<bool, LogError> {
        named(
            "read",
            &self.path,
            match self.file.read_exact_at(buffer, offset) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            },
        )
    }

    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), LogError> {
        named("write", &self.path, self.file.write_all_at(bytes, offset))
    }

    pub(super) fn sync(&self) -> Result<(), LogError> {
        named("sync", &self.path, self.file.sync())
    }

    pub(super) fn cut(&self, length: u64) -> Result<(), LogError> {
        named("cut", &self.path, self.file.cut(length))
    }
}

fn named<T>(action: &'static str, path: &Path, done: io::Result<T>) -> Result<T, LogError> {
    done.map_err(|source| LogError::Io { action, path: path.to_owned(), source })
}
