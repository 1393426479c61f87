//! Reading the chain, from its first record or from a later one, to its end or to what is wrong.
//!
//! Invariants: nothing is changed; memory is that of one record; what comes behind a bad record is
//! not looked at. Absent: judgement of what is missing at the end (see `head`).

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::record::{self, Fault, LONGEST, Link, Record};

/// What the names of files end with.
const EXTENSION: &str = "jsonl";

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The number of the first record; none: there is none.
    pub first: Option<u64>,
    /// The last good record; the start if there is none.
    pub last: Link,
    /// How many files there are.
    pub files: usize,
    /// The first record that is not good.
    pub bad: Option<Bad>,
    /// What an unfinished write has left at the end.
    pub unfinished: Option<Unfinished>,
}

impl Reading {
    /// Nothing was read yet.
    pub(super) const NOTHING: Self =
        Self { first: None, last: Link::START, files: 0, bad: None, unfinished: None };
}

/// A record that is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The number that it should have.
    pub due: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What an unfinished write has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The file.
    pub file: PathBuf,
    /// Where it begins.
    pub offset: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The name of the file whose first record is `sequence`.
pub(super) fn file_name(sequence: u64) -> String {
    format!("{sequence:012}.{EXTENSION}")
}

/// The files of the chain in their order, and the number of each one's first record. None if there
/// is no folder.
pub(super) fn files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path.file_stem().and_then(|name| name.to_str()).map(str::parse::<u64>);
        let is_ours = path.extension().is_some_and(|end| end == EXTENSION);
        if let (true, Some(Ok(number))) = (is_ours, number) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Reads the chain in `folder`; from its file that has record `from` on, if that is given. Each
/// good record is shown to `visit`.
///
/// # Errors
/// What the operating system says.
pub fn read(
    folder: &Path,
    from: Option<u64>,
    visit: &mut dyn FnMut(&Record, &Link),
) -> io::Result<Reading> {
    let mut files = files(folder)?;
    if let Some(from) = from {
        let kept = files.iter().rposition(|(number, _)| *number <= from).unwrap_or(0);
        files.drain(..kept);
    }
    let mut reading = Reading { files: files.len(), ..Reading::NOTHING };
    let count = files.len();
    for (place, (_, path)) in files.into_iter().enumerate() {
        let is_last = place.saturating_add(1) == count;
        read_file(&path, is_last, &mut reading, visit)?;
        if reading.bad.is_some() {
            break;
        }
    }
    Ok(reading)
}

/// Reads one file behind what was read before. The first record that is read may have any place.
pub(super) fn read_file(
    path: &Path,
    is_last: bool,
    reading: &mut Reading,
    visit: &mut dyn FnMut(&Record, &Link),
) -> io::Result<()> {
    let mut lines = BufReader::new(File::open(path)?);
    let (mut number, mut offset) = (0_u64, 0_u64);
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let length = lines.by_ref().take(most).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        number = number.saturating_add(1);
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        let Some(whole) = line.strip_suffix(b"\n") else {
            // Only the last line of the last file can be a write that did not end.
            if is_last && length < LONGEST {
                reading.unfinished = Some(Unfinished { file: path.to_owned(), offset, bytes });
            } else {
                reading.bad = Some(bad(path, number, reading.last, Fault::Form));
            }
            return Ok(());
        };
        let is_first = reading.first.is_none();
        let parsed = record::parse(whole).and_then(|(record, hash)| {
            if !is_first || record.sequence == 1 {
                record::check_place(&record, reading.last)?;
            }
            Ok((record, hash))
        });
        match parsed {
            Ok((record, hash)) => {
                let link = Link { sequence: record.sequence, hash };
                reading.first.get_or_insert(record.sequence);
                reading.last = link;
                visit(&record, &link);
            }
            Err(fault) => {
                reading.bad = Some(bad(path, number, reading.last, fault));
                return Ok(());
            }
        }
        offset = offset.saturating_add(bytes);
    }
}

fn bad(path: &Path, line: u64, last: Link, fault: Fault) -> Bad {
    Bad { file: path.to_owned(), line, due: last.sequence.saturating_add(1), fault }
}
