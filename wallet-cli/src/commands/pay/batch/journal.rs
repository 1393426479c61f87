//! The journal beside a file of payments: which row has which id, and how it ended.
//!
//! Invariants: a row's id is durable before anything is signed under it, and belongs to it for
//! ever; so every run of the file speaks of the same payments. One run at a time holds the journal.
//! A last line that was cut off by a crash counts as not written. Absent: signed bytes (they are in
//! the outbox).

use ledger::ids::Uetr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::code::Own;
use crate::exit::Exit;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::language::{Text, say};

const FORMAT: &str = "feiqian.payments/v1";

/// The most bytes of a journal: two lines for each of 10,000 rows, and as many retries, of the
/// longest rows.
const MAXIMUM_BYTES: u64 = 64 * 1024 * 1024;

/// How a row ended for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    /// `settled`, `rejected`, `awaiting-approval` or `awaiting-review`.
    pub(super) status: String,
    /// The block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) block: Option<u64>,
    /// The charges, for what settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fee: Option<String>,
    /// The reason's code, for what was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
}

impl End {
    /// True if it was not paid and never will be under its id.
    pub(super) fn is_rejected(&self) -> bool {
        self.status == "rejected"
    }
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Head {
        format: String,
        chain_id: String,
        from: Option<String>,
    },
    Row {
        row: String,
        id: String,
    },
    End {
        ended: String,
        #[serde(flatten)]
        end: End,
    },
}

/// The journal, held by this run.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    ids: BTreeMap<String, Uetr>,
    ends: BTreeMap<Uetr, End>,
}

impl Journal {
    /// Opens or begins the journal of the payments in `payments`, for this chain and usual payer.
    ///
    /// # Errors
    /// A usage fault if another run holds it or it is of another chain or payer; an internal fault
    /// if it is damaged.
    pub(super) fn open(payments: &Path, chain_id: &str, from: Option<&str>) -> Result<Self, Fault> {
        let path = path_of(payments);
        let failed = |error: std::io::Error| Fault::file(&path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        if file.try_lock().is_err() {
            let detail =
                say!("Another command pays this file right now.", "另一个命令正在支付此文件。");
            return Err(Fault::usage(Own::InProgress, detail, say!("Wait for it.", "请等待。")));
        }
        let text = whole_text(&mut file).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let mut journal =
            Self { path: path.clone(), file, ids: BTreeMap::new(), ends: BTreeMap::new() };
        let kept = text.get(..whole).unwrap_or_default();
        let mut lines = kept.lines();
        match lines.next() {
            Some(head) => journal.check_head(head, chain_id, from)?,
            None => journal.begin(chain_id, from)?,
        }
        for line in lines {
            journal.take(line)?;
        }
        if whole > 0 && whole < text.len() {
            let length = u64::try_from(whole).unwrap_or(u64::MAX);
            journal.file.set_len(length).map_err(|error| Fault::file(&path, &error))?;
        }
        Ok(journal)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The id of a row.
    pub(super) fn id(&self, row: &str) -> Option<Uetr> {
        self.ids.get(row).copied()
    }

    /// How the payment `id` ended, as far as earlier runs learned it.
    pub(super) fn end(&self, id: Uetr) -> Option<&End> {
        self.ends.get(&id)
    }

    /// How many rows have an id.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Gives rows their ids, durably.
    ///
    /// # Errors
    /// What the system says; then nothing may be signed.
    pub(super) fn assign(&mut self, rows: &[(String, Uetr)]) -> Result<(), Fault> {
        let lines = rows.iter().map(|(row, id)| Line::Row { row: row.clone(), id: id.to_string() });
        self.append(&lines.collect::<Vec<_>>())?;
        self.ids.extend(rows.iter().cloned());
        Ok(())
    }

    /// Keeps how the payment `id` ended.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn ended(&mut self, id: Uetr, end: End) -> Result<(), Fault> {
        self.append(&[Line::End { ended: id.to_string(), end: end.clone() }])?;
        self.ends.insert(id, end);
        Ok(())
    }

    fn begin(&mut self, chain_id: &str, from: Option<&str>) -> Result<(), Fault> {
        self.file.set_len(0).map_err(|error| Fault::file(&self.path, &error))?;
        let (format, chain_id) = (FORMAT.to_owned(), chain_id.to_owned());
        self.append(&[Line::Head { format, chain_id, from: from.map(str::to_owned) }])?;
        files::sync_folder(&self.path).map_err(|error| Fault::file(&self.path, &error))
    }

    fn check_head(&self, line: &str, chain: &str, payer: Option<&str>) -> Result<(), Fault> {
        let Ok(Line::Head { format, chain_id, from }) = serde_json::from_str(line) else {
            return Err(
                self.damaged(&say!("its first line names no format.", "其第一行未写明格式。"))
            );
        };
        if format != FORMAT {
            return Err(
                self.damaged(&say!("it is not of the format {FORMAT}.", "格式不是 {FORMAT}。"))
            );
        }
        if chain_id != chain || from.as_deref() != payer {
            let from = match from {
                Some(from) => say!(", paid by {from}", "，付款人 {from}"),
                None => Text::default(),
            };
            let detail = say!(
                "{path} belongs to the chain {chain_id}{from}: these rows were ordered there.",
                "{path} 属于链 {chain_id}{from}：这些行是在那里下达的。",
                path = self.path.display();
                from = from
            );
            let hint = say!(
                "Use that profile and payer, or move the journal away to pay all rows anew.",
                "请使用该配置和付款人；若要全部重新付款，请移走日志。"
            );
            return Err(Fault::usage(Own::OtherJournal, detail, hint));
        }
        Ok(())
    }

    fn take(&mut self, line: &str) -> Result<(), Fault> {
        match read(line).map_err(|reason| self.damaged(&reason))? {
            (Line::Row { row, .. }, Some(id)) => {
                self.ids.insert(row, id);
                Ok(())
            }
            (Line::End { end, .. }, Some(id)) => {
                self.ends.insert(id, end);
                Ok(())
            }
            (Line::Head { .. } | Line::Row { .. } | Line::End { .. }, _) => {
                Err(self.damaged(&say!("it has two first lines.", "它有两个首行。")))
            }
        }
    }

    fn append(&mut self, lines: &[Line]) -> Result<(), Fault> {
        let mut text = String::new();
        for line in lines {
            // Lines hold strings and numbers: they always render.
            text.push_str(&serde_json::to_string(line).unwrap_or_default());
            text.push('\n');
        }
        self.file
            .seek(SeekFrom::End(0))
            .and_then(|_| self.file.write_all(text.as_bytes()))
            .and_then(|()| self.file.sync_data())
            .map_err(|error| Fault::file(&self.path, &error))
    }

    fn damaged(&self, reason: &Text) -> Fault {
        let hint = say!(
            "Restore it: it says which rows were paid. Nothing was sent.",
            "请恢复它：它记录哪些行已付。未发送任何内容。"
        );
        Fault::new(Exit::Internal, Own::DamagedJournal, in_file(&self.path, reason), hint)
    }
}

/// Reads a line, and the id that it names; a first line names none.
fn read(line: &str) -> Result<(Line, Option<Uetr>), Text> {
    let line = serde_json::from_str(line).map_err(|error| quoted(&error))?;
    let id = match &line {
        Line::Row { id, .. } | Line::End { ended: id, .. } => {
            Some(Uetr::parse(id).map_err(|error| quoted(&error))?)
        }
        Line::Head { .. } => None,
    };
    Ok((line, id))
}

/// A line in its canonical text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn canonical(line: &str) -> Result<String, Text> {
    read(line).map(|(line, _)| serde_json::to_string(&line).unwrap_or_default())
}

/// What is in the file so far, if it is a file: a device would never end.
fn whole_text(file: &mut File) -> std::io::Result<String> {
    if !file.metadata()?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    file.take(MAXIMUM_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// The journal's place: beside the file, under its name and `.journal`.
fn path_of(payments: &Path) -> PathBuf {
    let mut name = payments.as_os_str().to_owned();
    name.push(".journal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled() -> End {
        End {
            status: "settled".to_owned(),
            block: Some(5),
            fee: Some("0.00 CNY".to_owned()),
            code: None,
        }
    }

    #[test]
    fn ids_and_ends_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let payments = folder.path().join("p.csv");
        let id = Uetr::from_entropy([7; 16]);
        let mut journal = Journal::open(&payments, "fqd-1", Some("@wei")).unwrap();
        journal.assign(&[("a".to_owned(), id)]).unwrap();
        assert_eq!(Journal::open(&payments, "fqd-1", None).unwrap_err().code, "in-progress");
        journal.ended(id, settled()).unwrap();
        drop(journal);
        let journal = Journal::open(&payments, "fqd-1", Some("@wei")).unwrap();
        assert_eq!((journal.id("a"), journal.id("b")), (Some(id), None));
        assert_eq!(journal.end(id), Some(&settled()));
        drop(journal);
        for (chain, from) in [("fqd-2", Some("@wei")), ("fqd-1", Some("@lee")), ("fqd-1", None)] {
            assert_eq!(Journal::open(&payments, chain, from).unwrap_err().code, "other-journal");
        }
    }

    #[test]
    fn a_line_that_was_cut_off_counts_as_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let payments = folder.path().join("p.csv");
        let ids = [1, 2].map(|seed| Uetr::from_entropy([seed; 16]));
        let mut journal = Journal::open(&payments, "fqd-1", None).unwrap();
        journal.assign(&[("a".to_owned(), ids[0])]).unwrap();
        let before = std::fs::read(journal.path()).unwrap().len();
        journal.assign(&[("b".to_owned(), ids[1])]).unwrap();
        drop(journal);
        let path = path_of(&payments);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut journal = Journal::open(&payments, "fqd-1", None).unwrap();
            let expected = (length >= before).then_some(ids[0]);
            assert_eq!((journal.id("a"), journal.id("b")), (expected, None), "{length}");
            journal.assign(&[("c".to_owned(), ids[1])]).unwrap();
            drop(journal);
            let journal = Journal::open(&payments, "fqd-1", None).unwrap();
            assert_eq!(journal.id("c"), Some(ids[1]), "{length}");
        }
    }

    #[test]
    fn a_damaged_line_stops_everything() {
        let folder = tempfile::tempdir().unwrap();
        let payments = folder.path().join("p.csv");
        drop(Journal::open(&payments, "fqd-1", None).unwrap());
        let path = path_of(&payments);
        let head = std::fs::read_to_string(&path).unwrap();
        for line in [
            "{}\n",
            "{\"row\":\"a\",\"id\":\"x\"}\n",
            "{\"ended\":\"x\",\"status\":\"settled\"}\n",
            head.as_str(),
        ] {
            std::fs::write(&path, format!("{head}{line}")).unwrap();
            let fault = Journal::open(&payments, "fqd-1", None).unwrap_err();
            assert_eq!(fault.code, "damaged-journal", "{line}");
        }
    }
}
