//! The ceremony's files: JSON read within a limit, written whole or not at all.
//!
//! Invariants: a file that exists is replaced only where the caller says so. Absent: key files.

use ledger::genesis::GenesisDocument;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::Fault;

/// Text is wider than the canonical encoding: a key takes twice the bytes, and fields have names.
const MAXIMUM_BYTES: usize = GenesisDocument::MAXIMUM_BYTES * 8;

/// The formats of the ceremony, with what they are.
const FORMATS: [(&str, &str); 5] = [
    ("feiqian.member/v1", "a member's public file"),
    ("feiqian.genesis-draft/v1", "a draft"),
    ("feiqian.genesis/v1", "a sealed document, which does not change any more"),
    ("feiqian.genesis-signature/v1", "a member's signature of a sealed document"),
    ("feiqian.key/v1", "a SECRET key, which never leaves its folder"),
];

/// Reads a JSON file of the format `format`.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, format: &str) -> Result<T, Fault> {
    let text = read_text(path, MAXIMUM_BYTES)?;
    let refused = |error: serde_json::Error| {
        let reason = error.to_string();
        Fault::Format { path: path.to_owned(), reason }
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(refused)?;
    let describe = |format: &str| {
        let known = FORMATS.iter().find(|(known, _)| *known == format);
        known.map_or("a file of another format", |(_, what)| what)
    };
    let found = value.get("format").and_then(serde_json::Value::as_str).unwrap_or_default();
    if found != format {
        let (found, expected) = (describe(found), describe(format));
        return Err(Fault::WrongFile { path: path.to_owned(), found, expected });
    }
    serde_json::from_str(&text).map_err(refused)
}

/// Reads a text file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: usize) -> Result<String, Fault> {
    let failed = |source| Fault::File { path: path.to_owned(), source };
    let file = open(path).map_err(failed)?;
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    file.take(most).read_to_string(&mut text).map_err(failed)?;
    if text.len() > limit {
        return Err(Fault::TooLong { path: path.to_owned(), limit });
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

/// Writes a new file; one that exists stays as it is.
pub(crate) fn write_new(path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let failed = |source| Fault::File { path: path.to_owned(), source };
    let mut file = match File::options().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Fault::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(failed(error)),
    };
    let text = render(path, value)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Writes a file in the place of the one that was there.
pub(crate) fn replace(path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let failed = |source| Fault::File { path: path.to_owned(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let text = render(path, value)?;
    let mut file = File::create(&partial).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)
}

fn render(path: &Path, value: &impl Serialize) -> Result<String, Fault> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Fault::File { path: path.to_owned(), source: error.into() })?;
    Ok(format!("{text}\n"))
}
