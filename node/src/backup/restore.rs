//! Restoring a backup into a new home.

use std::path::Path;

use super::copy::{copy_file, is_empty, make_folder};
use super::{BackupError, FORMAT, FileEntry, MANIFEST_FILE, MAXIMUM_BYTES, Manifest, is_below};
use crate::home::recollection::{Loss, Observance, observe};
use crate::home::{CONFIG_FILE, Home, read_text};

/// Makes a home at `home`, a folder that does not exist or is empty, from the backup at `from`. The
/// home observes until `feiqian-node arm`.
///
/// # Errors
/// [`BackupError`]; then `home` is no home yet.
pub fn restore(from: &Path, home: &Path) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    if !is_empty(home)? {
        return Err(BackupError::NotEmpty { path: home.to_owned() });
    }
    make_folder(home)?;
    observe(home, Observance { reason: Loss::Restored, armed: false })?;
    let is_config = |entry: &&FileEntry| entry.path == Path::new(CONFIG_FILE);
    let others = manifest.files.iter().filter(|entry| !is_config(entry));
    for entry in others.chain(manifest.files.iter().filter(is_config)) {
        restore_file(from, home, entry)?;
    }
    // Opening checks everything that the node would check.
    Home::open(home)?.close()?;
    Ok(manifest)
}

fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST_FILE);
    if !path.exists() {
        return Err(BackupError::NoManifest { path: from.to_owned() });
    }
    let wrong = |reason: String| BackupError::Manifest { path: path.clone(), reason };
    let text = read_text(&path, MAXIMUM_BYTES)?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(wrong(format!("format {} is unknown here", manifest.format)));
    }
    match manifest.files.iter().find(|entry| !is_below(&entry.path)) {
        Some(entry) => Err(wrong(format!("{} leads elsewhere", entry.path.display()))),
        None => Ok(manifest),
    }
}

fn restore_file(from: &Path, home: &Path, entry: &FileEntry) -> Result<(), BackupError> {
    let source = from.join(&entry.path);
    // One byte more than it should have tells a longer file, however long it is.
    let most = entry.bytes.saturating_add(1);
    let copied = copy_file(&source, &home.join(&entry.path), Some(most))?;
    let what = match copied {
        copied if copied.bytes != entry.bytes => "its length",
        copied if copied.blake3 != entry.blake3 => "its checksum",
        _ => return Ok(()),
    };
    Err(BackupError::Changed { path: source, what })
}
