//! Files of one's own: written whole or not at all, readable by nobody else.
//!
//! Invariants: a file appears under its name only when all its bytes are durable; folders are 0700,
//! files 0600. Absent: what is in the files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

use crate::entropy;

/// Makes the folder and its parents, readable by nobody else.
///
/// # Errors
/// What the system says.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Puts a new file at `path`, which must not exist, and gives the file back, locked: the lock
/// stands until it is dropped or the process ends, and it is there before the name is.
///
/// # Errors
/// `AlreadyExists` if `path` is taken; what the system says. Then nothing stands at `path`.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<File> {
    place(path, bytes, |temporary| fs::hard_link(temporary, path))
}

/// Puts `bytes` at `path` in the place of what was there.
///
/// # Errors
/// What the system says. Then `path` is as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    place(path, bytes, |temporary| fs::rename(temporary, path)).map(drop)
}

/// Writes a new file that nobody else can read, in a folder that exists.
///
/// # Errors
/// `AlreadyExists` if `path` is taken; what the system says. Then nothing stands at `path`.
pub(crate) fn create_here(path: &Path, bytes: &[u8]) -> Result<()> {
    place_in(path, bytes, 0o600, |temporary| fs::hard_link(temporary, path)).map(drop)
}

/// Writes a file that nobody else can read, in the place of what was there, in a folder that
/// exists.
///
/// # Errors
/// What the system says. Then `path` is as it was.
pub(crate) fn replace_here(path: &Path, bytes: &[u8]) -> Result<()> {
    place_in(path, bytes, 0o600, |temporary| fs::rename(temporary, path)).map(drop)
}

/// Writes a file for others to read, such as a proof: whole or not at all, in a folder that exists.
///
/// # Errors
/// What the system says. Then `path` is as it was.
pub(crate) fn replace_public(path: &Path, bytes: &[u8]) -> Result<()> {
    place_in(path, bytes, 0o644, |temporary| fs::rename(temporary, path)).map(drop)
}

/// Removes a file for good; it is no error if it is gone already.
///
/// # Errors
/// What the system says.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_folder(path),
    }
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// `InvalidData` for a longer file, `InvalidInput` for a named pipe; what the system says.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(Error::new(ErrorKind::InvalidData, format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}

/// Opens a file to read. A named pipe is refused: opening it waits for a writer, for ever. A pipe
/// that a shell hands over (`/dev/fd/63`) has one.
fn open(path: &Path) -> Result<File> {
    let is_handed_over = path.starts_with("/dev") || path.starts_with("/proc");
    if !is_handed_over && fs::metadata(path)?.file_type().is_fifo() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a named pipe, and no file"));
    }
    File::open(path)
}

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// `InvalidData` for a longer file or one that is not UTF-8; what the system says.
pub(crate) fn read_text(path: &Path, limit: usize) -> Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "not UTF-8 text"))
}

fn place(path: &Path, bytes: &[u8], appear: impl Fn(&Path) -> Result<()>) -> Result<File> {
    make_folder(folder_of(path))?;
    place_in(path, bytes, 0o600, appear)
}

fn place_in(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    appear: impl Fn(&Path) -> Result<()>,
) -> Result<File> {
    let folder = folder_of(path);
    let temporary = folder.join(format!(".{}.tmp", entropy::hex::<8>()?));
    let placed =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary).and_then(
            |mut file| {
                file.lock()?;
                file.write_all(bytes)?;
                file.sync_all()?;
                appear(&temporary)?;
                Ok(file)
            },
        );
    // After a rename it is gone; after a link or a failure it is clutter without a meaning.
    let _gone = fs::remove_file(&temporary);
    let file = placed?;
    sync_folder(path)?;
    Ok(file)
}

/// Makes the name of a new file durable.
///
/// # Errors
/// What the system says.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_and_folders_are_private() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/file");
        let _locked = create(&path, b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        replace(&path, b"two").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_taken_name_is_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        drop(create(&path, b"one").unwrap());
        assert_eq!(create(&path, b"two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(read(&path, 3).unwrap(), b"one");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_is_locked_until_it_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let held = create(&path, b"one").unwrap();
        assert!(File::open(&path).unwrap().try_lock().is_err());
        drop(held);
        assert!(File::open(&path).unwrap().try_lock().is_ok());
    }

    #[test]
    fn limits_hold_and_removing_twice_is_no_error() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        replace(&path, b"four").unwrap();
        assert!(read(&path, 3).is_err());
        assert!(read_text(&path, 4).is_ok());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path, 4).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
