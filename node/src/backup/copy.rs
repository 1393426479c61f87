//! Copying a file durably, its hash taken on the way.
//!
//! Invariants: a copy never overwrites; it is readable by its owner alone, and durable when this
//! returns, its name included. Absent: which files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::{BackupError, FileEntry};

/// How much is read at once, in bytes.
const PART: usize = 1024 * 1024;

/// Copies the first `length` bytes (all, if none is given) of a file to one that does not exist.
/// The entry's path is left empty.
pub(super) fn copy_file(
    from: &Path,
    to: &Path,
    length: Option<u64>,
) -> Result<FileEntry, BackupError> {
    let reading = |source| BackupError::File { path: from.to_owned(), source };
    let writing = |source| BackupError::File { path: to.to_owned(), source };
    let kind = fs::metadata(from).map_err(reading)?;
    if !kind.is_file() {
        let reason = "it is no file, and a backup is made of files";
        return Err(reading(io::Error::new(io::ErrorKind::InvalidInput, reason)));
    }
    let mut source = File::open(from).map_err(reading)?.take(length.unwrap_or(u64::MAX));
    if let Some(folder) = to.parent() {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    let mut target = options.write(true).create_new(true).mode(0o600).open(to).map_err(writing)?;
    let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0_u64);
    let mut part = vec![0; PART];
    loop {
        let read = source.read(&mut part).map_err(reading)?;
        let Some(part) = part.get(..read).filter(|part| !part.is_empty()) else { break };
        hasher.update(part);
        target.write_all(part).map_err(writing)?;
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    target.sync_all().map_err(writing)?;
    sync_folder(to)?;
    Ok(FileEntry {
        path: Default::default(),
        bytes,
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// Makes a folder that none but the owner can enter, and those above it.
pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| BackupError::File { path: path.to_owned(), source })?;
    sync_folder(path)
}

/// True if the folder does not exist or has nothing in it.
pub(super) fn is_empty(path: &Path) -> Result<bool, BackupError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(BackupError::File { path: path.to_owned(), source }),
    }
}

/// Makes the folder's entry for `path` durable.
fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    synced.map_err(|source| BackupError::File { path: path.to_owned(), source })
}
