//! Every file operation of the log, and nothing else; the place where faults are injected.
//!
//! Invariant: each operation names its file and what it tried. Absent: formats, decisions, and any
//! second try.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fdatasync, flock, fsync};

use super::LogError;

const LOCK_FILE: &str = "LOCK";
const SUFFIX: &str = ".log";

/// A log's directory.
#[derive(Debug)]
pub(super) struct Disk {
    directory: PathBuf,
    #[cfg(test)]
    pub(super) faults: std::sync::Arc<Faults>,
}

impl Disk {
    /// Uses a directory, which is created if needed, its name in its parent durable.
    pub(super) fn open(directory: &Path) -> Result<Self, LogError> {
        named("create", directory, || fs::create_dir_all(directory))?;
        if let Some(parent) = directory.canonicalize().ok().as_deref().and_then(Path::parent) {
            named("sync", parent, || Ok(fsync(File::open(parent)?)?))?;
        }
        let disk = Self {
            directory: directory.to_owned(),
            #[cfg(test)]
            faults: std::sync::Arc::default(),
        };
        disk.sync_directory()?;
        Ok(disk)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn path(&self, segment: u64) -> PathBuf {
        self.directory.join(format!("{segment:016}{SUFFIX}"))
    }

    /// Takes the directory for as long as the returned file lives.
    pub(super) fn lock(&self) -> Result<File, LogError> {
        let path = self.directory.join(LOCK_FILE);
        let open = || OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = named("open", &path, open)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Err(LogError::Locked { directory: self.directory.clone() })
            }
            Err(error) => named("lock", &path, || Err(error.into())),
        }
    }

    /// The numbers of the segments, sorted. Files of other names are not the log's.
    pub(super) fn segments(&self) -> Result<Vec<u64>, LogError> {
        let number = |entry: &fs::DirEntry| -> Option<u64> {
            let number = entry.file_name().to_str()?.strip_suffix(SUFFIX)?.parse().ok()?;
            (self.path(number) == entry.path()).then_some(number)
        };
        named("list", &self.directory, || {
            let entries = fs::read_dir(&self.directory)?.collect::<io::Result<Vec<_>>>()?;
            let mut numbers: Vec<u64> = entries.iter().filter_map(number).collect();
            numbers.sort_unstable();
            Ok(numbers)
        })
    }

    /// Creates a segment with its first bytes, durably, its name included.
    pub(super) fn create(&self, segment: u64, bytes: &[u8]) -> Result<File, LogError> {
        let path = self.path(segment);
        let file = self.change("create", &path, || {
            OpenOptions::new().read(true).write(true).create_new(true).open(&path)
        })?;
        self.write(&file, &path, 0, bytes)?;
        self.sync(&file, &path)?;
        self.sync_directory()?;
        Ok(file)
    }

    pub(super) fn open_segment(&self, segment: u64) -> Result<File, LogError> {
        let path = self.path(segment);
        named("open", &path, || OpenOptions::new().read(true).write(true).open(&path))
    }

    pub(super) fn write(
        &self,
        file: &File,
        path: &Path,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), LogError> {
        self.change("write", path, || file.write_all_at(bytes, offset))
    }

    pub(super) fn sync(&self, file: &File, path: &Path) -> Result<(), LogError> {
        self.change("sync", path, || Ok(fdatasync(file)?))
    }

    pub(super) fn cut(&self, file: &File, path: &Path, length: u64) -> Result<(), LogError> {
        self.change("cut", path, || file.set_len(length))
    }

    pub(super) fn remove(&self, segment: u64) -> Result<(), LogError> {
        let path = self.path(segment);
        self.change("remove", &path, || fs::remove_file(&path))
    }

    /// Makes the creation and removal of files durable.
    pub(super) fn sync_directory(&self) -> Result<(), LogError> {
        self.change("sync", &self.directory, || Ok(fsync(File::open(&self.directory)?)?))
    }

    fn change<T>(
        &self,
        action: &'static str,
        path: &Path,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, LogError> {
        named(action, path, || {
            #[cfg(test)]
            self.faults.check()?;
            operation()
        })
    }
}

/// Reads exactly at an offset; false if the file ends before.
pub(super) fn read(
    file: &File,
    path: &Path,
    offset: u64,
    buffer: &mut [u8],
) -> Result<bool, LogError> {
    named("read", path, || match file.read_exact_at(buffer, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    })
}

/// A file's length in bytes.
pub(super) fn length(file: &File, path: &Path) -> Result<u64, LogError> {
    named("examine", path, || Ok(file.metadata()?.len()))
}

fn named<T>(
    action: &'static str,
    path: &Path,
    operation: impl FnOnce() -> io::Result<T>,
) -> Result<T, LogError> {
    operation().map_err(|source| LogError::Io { action, path: path.to_owned(), source })
}

/// Lets a test fail the n-th changing operation and all after it.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Faults(std::sync::Mutex<Option<u32>>);

#[cfg(test)]
impl Faults {
    pub(super) fn fail_after(&self, operations: u32) {
        *self.0.lock().unwrap() = Some(operations);
    }

    fn check(&self) -> io::Result<()> {
        match &mut *self.0.lock().unwrap() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("injected fault")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}
