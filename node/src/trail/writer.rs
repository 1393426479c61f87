//! Writing the chain: behind its last good record, a new file when one is full.
//!
//! Invariants: nothing but the rest of an unfinished write is ever cut off; a file with a bad
//! record is kept, and the chain goes on in a new one from the last good record. Absent: whose turn
//! it is (one thread writes).

use ledger::ids::Timestamp;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::head::Head;
use super::reader::{Reading, Unfinished, file_name, files, read_file};
use super::record::{self, Entry, Kind, Link, Record};

/// The end of the chain, open to be written.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    /// None: the next record begins a new file.
    file: Option<File>,
    bytes: u64,
    most: u64,
    last: Link,
}

impl Writer {
    /// Opens the chain in `folder`, each file of at most `most` bytes. Gives what is to be recorded
    /// of its end, if it was not as it was left; `head` says where that was.
    pub(super) fn open(
        folder: &Path,
        most: u64,
        head: Option<&Head>,
        now: Timestamp,
    ) -> io::Result<(Self, Vec<Entry>)> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        sync(folder.parent().unwrap_or(folder))?;
        let mut writer =
            Self { folder: folder.to_owned(), file: None, bytes: 0, most, last: Link::START };
        let known = head.and_then(Head::link);
        let mut differs = false;
        let mut visit = |_: &Record, link: &Link| {
            differs |= known.is_some_and(|it| it.sequence == link.sequence && it.hash != link.hash);
        };
        let mut entries = writer.find_end(&mut visit, now)?;
        let damaged = |detail: String| Entry::new(Kind::Damaged, now).detail(detail);
        let end = writer.last.sequence;
        match known {
            Some(known) if known.sequence > end => {
                let (first, head) = (end.saturating_add(1), known.text());
                let detail = format!("records from {first} are missing: the head was {head}");
                entries.push(damaged(detail));
            }
            Some(known) if differs => {
                entries.push(damaged(format!("another record stands where {} was", known.text())));
            }
            Some(_) | None => {}
        }
        Ok((writer, entries))
    }

    /// Finds the last good record, and opens the last file if the chain can go on in it.
    fn find_end(
        &mut self,
        visit: &mut dyn FnMut(&Record, &Link),
        now: Timestamp,
    ) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut is_newest = true;
        for (_, path) in files(&self.folder)?.into_iter().rev() {
            let mut reading = Reading::NOTHING;
            read_file(&path, true, &mut reading, visit)?;
            if let Some(bad) = &reading.bad {
                let detail = format!("{}, line {}: {}", path.display(), bad.line, bad.fault);
                entries.push(Entry::new(Kind::Damaged, now).detail(detail));
                if reading.first.is_none() {
                    // Nothing of it belongs to the chain, and its name is needed.
                    let aside = format!("damaged-{}", now.0);
                    std::fs::rename(&path, path.with_extension(aside))?;
                }
            } else if is_newest {
                self.file = Some(OpenOptions::new().append(true).open(&path)?);
                self.bytes = std::fs::metadata(&path)?.len();
                if let Some(Unfinished { offset, bytes, .. }) = reading.unfinished {
                    self.cut(offset)?;
                    let detail = format!("{bytes} bytes of an unfinished write cut");
                    entries.push(Entry::new(Kind::Mended, now).detail(detail));
                }
            }
            is_newest = false;
            if reading.first.is_some() {
                self.last = reading.last;
                break;
            }
        }
        Ok(entries)
    }

    /// The last record that was added.
    pub(super) const fn last(&self) -> Link {
        self.last
    }

    /// Adds records; they are durable when this returns.
    pub(super) fn append(&mut self, entries: Vec<Entry>) -> io::Result<()> {
        let mut text = String::new();
        for entry in entries {
            let (line, link) = record::line(self.last, entry)?;
            let more = length(text.len().saturating_add(line.len()));
            if self.file.is_none() || self.bytes.saturating_add(more) > self.most {
                self.write(&text)?;
                text.clear();
                // A file has one record at least.
                if self.file.is_none() || self.bytes > 0 {
                    self.begin(link.sequence)?;
                }
            }
            text.push_str(&line);
            self.last = link;
        }
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if let Some(file) = self.file.as_mut().filter(|_| !text.is_empty()) {
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            self.bytes = self.bytes.saturating_add(length(text.len()));
        }
        Ok(())
    }

    /// Begins the file whose first record is `sequence`.
    fn begin(&mut self, sequence: u64) -> io::Result<()> {
        let path = self.folder.join(file_name(sequence));
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).mode(0o600).open(path)?;
        sync(&self.folder)?;
        (self.file, self.bytes) = (Some(file), 0);
        Ok(())
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.set_len(end)?;
            file.sync_all()?;
        }
        self.bytes = end;
        Ok(())
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
