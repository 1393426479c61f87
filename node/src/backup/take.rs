//! Taking a backup, of a stopped or a running node.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::copy::{copy_file, is_empty, make_folder};
use super::{BackupError, FORMAT, FileEntry, LogEnd, MANIFEST_FILE, Manifest};
use crate::home::{CONFIG_FILE, now, read_config, write_text};
use crate::log::{Disk, Walk, segment_file_name};

/// What is left out of the home's folder: the log is copied apart, and the rest is made again,
/// held, or true of this home alone.
const LEFT_OUT: [&str; 12] = [
    "log",
    "index.redb",
    "index.audit",
    "private/index.redb",
    "lock",
    "operators.lock",
    // A copy's audit log ends where it was copied, and its own node signs that.
    "audit/head.json",
    "snapshot",
    "founding",
    "observe.json",
    "node.log",
    MANIFEST_FILE,
];

/// Copies the home at `home` into a new folder `to`.
///
/// # Errors
/// [`BackupError`]; then `to` has no manifest, and is no backup.
pub fn take(home: &Path, to: &Path) -> Result<Manifest, BackupError> {
    let config = read_config(home)?;
    if !is_empty(to)? {
        return Err(BackupError::NotEmpty { path: to.to_owned() });
    }
    make_folder(to)?;
    let mut files = Vec::new();
    let end = copy_log(home, to, &mut files)?;
    copy_rest(home, to, Path::new(""), &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let manifest = Manifest {
        format: FORMAT,
        chain_id: config.node.chain_id.to_string(),
        bic: config.bic().to_string(),
        taken_ms: now().0,
        end,
        files,
    };
    let path = to.join(MANIFEST_FILE);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| BackupError::File { path: path.clone(), source: error.into() })?;
    write_text(&path, &format!("{text}\n"))?;
    Ok(manifest)
}

/// Copies the segments up to the last whole record; each record's checksum is checked on the way.
fn copy_log(home: &Path, to: &Path, files: &mut Vec<FileEntry>) -> Result<LogEnd, BackupError> {
    let log = home.join("log");
    if !log.exists() {
        return Ok(LogEnd { segment: 0, offset: 0 });
    }
    let mut walk = Walk::new(Arc::new(Disk::existing(&log)))?;
    let mut first = None;
    for record in walk.by_ref() {
        let position = record?.position;
        first.get_or_insert(position.segment);
    }
    let end = walk.end();
    for segment in first.unwrap_or(end.segment)..=end.segment {
        if segment == 0 {
            continue;
        }
        let path = Path::new("log").join(segment_file_name(segment));
        let length = (segment == end.segment).then_some(end.offset);
        let entry = copy_file(&home.join(&path), &to.join(&path), length)?;
        files.push(FileEntry { path, ..entry });
    }
    Ok(end.into())
}

fn copy_rest(
    home: &Path,
    to: &Path,
    below: &Path,
    files: &mut Vec<FileEntry>,
) -> Result<(), BackupError> {
    let folder = home.join(below);
    let failed = |source| BackupError::File { path: folder.clone(), source };
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path: PathBuf = below.join(entry.file_name());
        // What is being written is gone before it could be copied.
        let is_partial = path.extension().is_some_and(|end| end == "partial");
        if is_partial || LEFT_OUT.iter().any(|name| path == Path::new(name)) {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            copy_rest(home, to, &path, files)?;
        } else if kind.is_file() || path == Path::new(CONFIG_FILE) {
            let copied = copy_file(&home.join(&path), &to.join(&path), None)?;
            files.push(FileEntry { path, ..copied });
        }
    }
    Ok(())
}
