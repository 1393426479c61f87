//! Where the records of a payment and of a message are.
//!
//! Invariants: an addition is durable before it returns; an index that is there was made of all
//! files that were there, for it gets its name last. Absent: anything that the files do not say.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ledger::ids::{Timestamp, Uetr};
use redb::{Database, ReadableDatabase, TableDefinition};

use super::failed;
use crate::iso::DeskError;

/// The index's file name. It is made again if it is not there.
pub(super) const FILE: &str = "index.redb";

/// UETR to the file's name.
const PAYMENTS: TableDefinition<'_, [u8; 16], &str> = TableDefinition::new("payments");
/// Message id and file name.
const MESSAGES: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("messages");

/// Above every file's name, which is hexadecimal.
const LAST: &str = "~";

/// The memory for pages that were read.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// What the index says of one file.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// When its orders were accepted.
    pub(super) accepted: Timestamp,
    /// The id of the message that ordered them.
    pub(super) message_id: String,
    /// The payments.
    pub(super) payments: Vec<Uetr>,
}

/// The index.
pub(super) struct Index {
    path: PathBuf,
    database: Database,
}

impl Index {
    /// Opens the index of `folder`, or makes it of `heads`, the oldest first.
    pub(super) fn open(
        folder: &Path,
        heads: impl FnOnce() -> Result<Vec<(String, Head)>, DeskError>,
    ) -> Result<Self, DeskError> {
        let path = folder.join(FILE);
        if !path.exists() {
            let partial = path.with_extension("partial");
            match fs::remove_file(&partial) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&partial, error));
                }
                Ok(()) | Err(_) => {}
            }
            Self::at(partial.clone())?.add(&heads()?)?;
            fs::rename(&partial, &path).map_err(|error| failed(&path, error))?;
        }
        Self::at(path)
    }

    fn at(path: PathBuf) -> Result<Self, DeskError> {
        let mut builder = redb::Builder::new();
        let opened = builder.set_cache_size(CACHE_BYTES).create(&path);
        match opened {
            Ok(database) => Ok(Self { path, database }),
            Err(error) => Err(failed(&path, io::Error::other(error))),
        }
    }

    /// Adds files; the last one that names a payment is the one that is found.
    pub(super) fn add(&self, files: &[(String, Head)]) -> Result<(), DeskError> {
        self.try_add(files).map_err(|error| self.failed(error))
    }

    /// The files of those payments that are in one.
    pub(super) fn places(&self, uetrs: &[Uetr]) -> Result<BTreeMap<Uetr, String>, DeskError> {
        self.try_places(uetrs).map_err(|error| self.failed(error))
    }

    /// The files of the messages under this id.
    pub(super) fn of_message(&self, message_id: &str) -> Result<Vec<String>, DeskError> {
        self.try_of_message(message_id).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: redb::Error) -> DeskError {
        failed(&self.path, io::Error::other(error))
    }

    fn try_add(&self, files: &[(String, Head)]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut payments = transaction.open_table(PAYMENTS)?;
            let mut messages = transaction.open_table(MESSAGES)?;
            for (name, head) in files {
                messages.insert((head.message_id.as_str(), name.as_str()), ())?;
                for uetr in &head.payments {
                    payments.insert(uetr.bytes(), name.as_str())?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn try_places(&self, uetrs: &[Uetr]) -> Result<BTreeMap<Uetr, String>, redb::Error> {
        let table = self.database.begin_read()?.open_table(PAYMENTS)?;
        let mut places = BTreeMap::new();
        for uetr in uetrs {
            if let Some(name) = table.get(uetr.bytes())? {
                places.insert(*uetr, name.value().to_owned());
            }
        }
        Ok(places)
    }

    fn try_of_message(&self, message_id: &str) -> Result<Vec<String>, redb::Error> {
        let table = self.database.begin_read()?.open_table(MESSAGES)?;
        let mut names = Vec::new();
        for row in table.range((message_id, "")..=(message_id, LAST))? {
            names.push(row?.0.value().1.to_owned());
        }
        Ok(names)
    }
}
