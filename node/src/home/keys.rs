//! Key files on disk: made, and read again.
//!
//! Invariants: a key file is made readable by its owner alone, and one that others can read is
//! refused; a key file is never overwritten; its text is wiped from memory. Absent: the format
//! (`ledger`).

use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::keyfile::{KeyFile, KeyKind};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

use super::{HomeError, files};

/// The most bytes of a key file.
const MAXIMUM_BYTES: usize = 4096;

/// Reads the key of the `expected` kind.
///
/// # Errors
/// [`HomeError::Exposed`] if others can read the file; [`HomeError`] for anything else that is
/// wrong.
pub fn read_key(path: &Path, expected: KeyKind) -> Result<SecretKey, HomeError> {
    files::check_private(path)?;
    let text = Zeroizing::new(files::read_text(path, MAXIMUM_BYTES)?);
    let file: KeyFile<'_> = serde_json::from_str(&text)
        .map_err(|error| HomeError::Format { path: path.to_owned(), reason: error.to_string() })?;
    file.open(Suite::Ed25519Blake3, expected)
        .map_err(|source| HomeError::Key { path: path.to_owned(), source })
}

/// Reads the key that opens private data, or makes it where nothing is sealed to one yet.
///
/// # Errors
/// [`HomeError::DataKeyLost`] if the folder `sealed` is there without it; [`HomeError`] for
/// anything else that is wrong.
pub(super) fn open_data_key(path: &Path, sealed: &Path) -> Result<SecretKey, HomeError> {
    if !path.exists() {
        if sealed.exists() {
            return Err(HomeError::DataKeyLost {
                path: path.to_owned(),
                sealed: sealed.to_owned(),
            });
        }
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())
            .map_err(|source| HomeError::Entropy { path: path.to_owned(), source })?;
        write_key(path, KeyKind::Data, &SecretKey::from_seed(Suite::Ed25519Blake3, *seed))?;
    }
    read_key(path, KeyKind::Data)
}

/// Writes a key to a new file, mode 0600.
///
/// # Errors
/// [`HomeError::File`] if the file exists already or cannot be written.
pub fn write_key(path: &Path, kind: KeyKind, key: &SecretKey) -> Result<(), HomeError> {
    let failed = |source| HomeError::File { path: path.to_owned(), source };
    let secret = Zeroizing::new(KeyFile::secret_text(key));
    let text = serde_json::to_string_pretty(&KeyFile::new(kind, key, &secret));
    let text = Zeroizing::new(text.map_err(std::io::Error::from).map_err(failed)?);
    let mut file =
        File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    files::sync_folder(path)
}
