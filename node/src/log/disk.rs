//! The medium of real files: one file per segment in one directory, made durable by `fdatasync`.
//!
//! Invariants: the directory's own name is durable before it is used; one process holds it.
//! Absent: formats, decisions, and any second try.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fdatasync, flock, fsync};

use super::files::{file_name, number_of};
use super::{Held, LogError, Medium, SegmentFile};

const LOCK_FILE: &str = "LOCK";

/// A log's directory.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// Uses a directory, which is created if needed, its name in its parent durable.
    ///
    /// # Errors
    /// [`LogError::Io`] if the operating system refuses.
    pub fn create(directory: &Path) -> Result<Self, LogError> {
        let named = |action, path: &Path| {
            let path = path.to_owned();
            move |source| LogError::Io { action, path, source }
        };
        fs::create_dir_all(directory).map_err(named("create", directory))?;
        if let Some(parent) = directory.canonicalize().ok().as_deref().and_then(Path::parent) {
            sync_folder(parent).map_err(named("sync", parent))?;
        }
        Ok(Self::existing(directory))
    }

    /// Uses a directory as it is; every operation fails if there is none.
    pub fn existing(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    fn path(&self, segment: u64) -> PathBuf {
        self.directory.join(file_name(segment))
    }
}

impl Medium for Disk {
    fn directory(&self) -> &Path {
        &self.directory
    }

    fn hold(&self) -> io::Result<Option<Held>> {
        let path = self.directory.join(LOCK_FILE);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Held::new(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn segments(&self) -> io::Result<Vec<u64>> {
        let entries = fs::read_dir(&self.directory)?.collect::<io::Result<Vec<_>>>()?;
        let numbers = entries.iter().filter_map(|entry| number_of(entry.file_name().to_str()?));
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn create(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(self.path(segment))?;
        Ok(Box::new(DiskFile(file)))
    }

    fn open(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(segment))?;
        Ok(Box::new(DiskFile(file)))
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        fs::remove_file(self.path(segment))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_folder(&self.directory)
    }
}

#[derive(Debug)]
struct DiskFile(File);

impl SegmentFile for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(fdatasync(&self.0)?)
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    Ok(fsync(File::open(path)?)?)
}
