//! Small text files: read within a limit, written whole or not at all.
//!
//! Invariants: a reader never sees half a file, and a written file survives a power loss. Absent:
//! the block log and the index, which have their own ways.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::HomeError;

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// [`HomeError::File`] or [`HomeError::TooLong`].
pub fn read_text(path: &Path, limit: usize) -> Result<String, HomeError> {
    let failed = |source| HomeError::File { path: path.to_owned(), source };
    let file = open(path).map_err(failed)?;
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    file.take(most).read_to_string(&mut text).map_err(failed)?;
    if text.len() > limit {
        return Err(HomeError::TooLong { path: path.to_owned(), limit });
    }
    Ok(text)
}

/// Opens a file to read. A named pipe is refused: opening it waits for a writer, for ever. A pipe
/// that a shell hands over (`/dev/fd/63`) has one.
fn open(path: &Path) -> io::Result<File> {
    let is_handed_over = path.starts_with("/dev") || path.starts_with("/proc");
    if !is_handed_over && fs::metadata(path)?.file_type().is_fifo() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a named pipe, and no file"));
    }
    File::open(path)
}

/// Writes `text` to `path`, in the place of what was there.
///
/// # Errors
/// [`HomeError::File`] if any step fails; what was there stays then.
pub fn write_text(path: &Path, text: &str) -> Result<(), HomeError> {
    replace(path, text.as_bytes(), File::options().create(true).truncate(true).write(true))
}

/// Writes `content` to `path`, in the place of what was there, readable by its owner alone.
///
/// # Errors
/// [`HomeError::File`] if any step fails; what was there stays then.
pub fn write_private(path: &Path, content: impl AsRef<[u8]>) -> Result<(), HomeError> {
    // What is left of a write that failed may be readable by others.
    let _gone = fs::remove_file(partial(path));
    replace(path, content.as_ref(), File::options().create_new(true).write(true).mode(0o600))
}

fn replace(path: &Path, content: &[u8], options: &OpenOptions) -> Result<(), HomeError> {
    let failed = |source| HomeError::File { path: path.to_owned(), source };
    let partial = partial(path);
    let mut file = options.open(&partial).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    sync_folder(path)
}

/// Checks that none but its owner can read a file.
///
/// # Errors
/// [`HomeError::Exposed`] if others can, [`HomeError::File`] if it is not there.
pub fn check_private(path: &Path) -> Result<(), HomeError> {
    let metadata =
        fs::metadata(path).map_err(|source| HomeError::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(HomeError::Exposed { path: path.to_owned(), mode }) }
}

/// Removes `path`, durably; false if it was not there.
///
/// # Errors
/// [`HomeError::File`] if it is still there, or may come back.
pub fn remove(path: &Path) -> Result<bool, HomeError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(HomeError::File { path: path.to_owned(), source }),
    }
}

/// Makes a folder that none but its owner can enter, and those above it, if they are not there.
///
/// # Errors
/// [`HomeError::File`] if it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), HomeError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| HomeError::File { path: path.to_owned(), source })
}

/// Makes the folder's entry for `path` durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), HomeError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| HomeError::File { path: path.to_owned(), source })
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}
