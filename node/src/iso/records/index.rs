//! Where the records of a payment and of a message are.
//!
//! Invariants: an addition is durable before it returns; an index that is there was made of all
//! files that were there, for it gets its name last. Absent: anything that the files do not say.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use ledger::ids::{InstitutionNumber, Timestamp, Uetr};
use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition, WriteTransaction};

use super::failed;
use crate::iso::DeskError;

/// The index's file name. It is made again if it is not there.
pub(super) const FILE: &str = "index.redb";

/// UETR to the file's name.
const PAYMENTS: TableDefinition<'_, [u8; 16], &str> = TableDefinition::new("payments");
/// Message id and file name.
const MESSAGES: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("messages");

/// Every file that has a payment, older ones too: UETR and file name.
const COPIES: TableDefinition<'_, ([u8; 16], &str), ()> = TableDefinition::new("copies");
/// UETR to the number of the institution that is owed the private part.
const OWED: TableDefinition<'_, [u8; 16], u32> = TableDefinition::new("owed");
/// UETR to when the other institution had the private part.
const DELIVERED: TableDefinition<'_, [u8; 16], u64> = TableDefinition::new("delivered");

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
    /// Which institutions are owed the private parts of which of them.
    pub(super) owed: Vec<Debt>,
}

/// A payment, and the institution that is owed its private part.
pub(super) type Debt = (Uetr, InstitutionNumber);

/// How far a payment's private part is on its way to the payee's institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It is owed to no other institution.
    Nowhere,
    /// That institution has not said that it has it.
    Owed(InstitutionNumber),
    /// It said so then, by this node's clock.
    Done(Timestamp),
}

/// The index.
pub(super) struct Index {
    path: PathBuf,
    database: Database,
}

impl Index {
    /// Opens the index of `folder`, or makes it of what is there: the heads of files, the oldest
    /// first, and what is owed beside them.
    pub(super) fn open(
        folder: &Path,
        contents: impl FnOnce() -> Result<(Vec<(String, Head)>, Vec<Debt>), DeskError>,
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
            let (heads, owed) = contents()?;
            let index = Self::at(partial.clone())?;
            index.add(&heads)?;
            index.owe(&owed)?;
            drop(index);
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

    /// These are owed, whatever was delivered before.
    pub(super) fn owe(&self, owed: &[Debt]) -> Result<(), DeskError> {
        self.try_owe(owed).map_err(|error| self.failed(error))
    }

    /// The files of those payments that are in one.
    pub(super) fn places(&self, uetrs: &[Uetr]) -> Result<BTreeMap<Uetr, String>, DeskError> {
        self.try_places(uetrs).map_err(|error| self.failed(error))
    }

    /// The files of the messages under this id.
    pub(super) fn of_message(&self, message_id: &str) -> Result<Vec<String>, DeskError> {
        self.try_of_message(message_id).map_err(|error| self.failed(error))
    }

    /// Every file that has a payment.
    pub(super) fn copies(&self, uetr: Uetr) -> Result<Vec<String>, DeskError> {
        self.try_copies(uetr).map_err(|error| self.failed(error))
    }

    /// Forgets a payment that was in these files, and the messages of those that are gone.
    pub(super) fn forget(
        &self,
        uetr: Uetr,
        names: &[String],
        gone: &[(String, String)],
    ) -> Result<(), DeskError> {
        self.try_forget(uetr, names, gone).map_err(|error| self.failed(error))
    }

    /// At most `most` private parts that are owed, from the one after `after` on.
    pub(super) fn owed(
        &self,
        after: Option<Uetr>,
        most: usize,
    ) -> Result<Vec<(Uetr, InstitutionNumber)>, DeskError> {
        self.try_owed(after, most).map_err(|error| self.failed(error))
    }

    /// How many private parts are owed.
    pub(super) fn count_owed(&self) -> Result<u64, DeskError> {
        self.try_count_owed().map_err(|error| self.failed(error))
    }

    /// These are no longer owed; those with a time were delivered then.
    pub(super) fn settle(&self, settled: &[(Uetr, Option<Timestamp>)]) -> Result<(), DeskError> {
        self.try_settle(settled).map_err(|error| self.failed(error))
    }

    /// How far a payment's private part is on its way.
    pub(super) fn delivery(&self, uetr: Uetr) -> Result<Delivery, DeskError> {
        self.try_delivery(uetr).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: redb::Error) -> DeskError {
        failed(&self.path, io::Error::other(error))
    }

    fn try_add(&self, files: &[(String, Head)]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut payments = transaction.open_table(PAYMENTS)?;
            let mut messages = transaction.open_table(MESSAGES)?;
            let mut copies = transaction.open_table(COPIES)?;
            for (name, head) in files {
                messages.insert((head.message_id.as_str(), name.as_str()), ())?;
                for uetr in &head.payments {
                    payments.insert(uetr.bytes(), name.as_str())?;
                    copies.insert((*uetr.bytes(), name.as_str()), ())?;
                }
                // A newer order has a salt of its own, and so another private part.
                owe(&transaction, &head.owed)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn try_owe(&self, owed: &[Debt]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        owe(&transaction, owed)?;
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

    fn try_copies(&self, uetr: Uetr) -> Result<Vec<String>, redb::Error> {
        let table = self.database.begin_read()?.open_table(COPIES)?;
        let mut names = Vec::new();
        for row in table.range((*uetr.bytes(), "")..=(*uetr.bytes(), LAST))? {
            names.push(row?.0.value().1.to_owned());
        }
        Ok(names)
    }

    fn try_forget(
        &self,
        uetr: Uetr,
        names: &[String],
        gone: &[(String, String)],
    ) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            transaction.open_table(PAYMENTS)?.remove(uetr.bytes())?;
            transaction.open_table(OWED)?.remove(uetr.bytes())?;
            transaction.open_table(DELIVERED)?.remove(uetr.bytes())?;
            let mut copies = transaction.open_table(COPIES)?;
            for name in names {
                copies.remove((*uetr.bytes(), name.as_str()))?;
            }
            let mut messages = transaction.open_table(MESSAGES)?;
            for (message_id, name) in gone {
                messages.remove((message_id.as_str(), name.as_str()))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn try_owed(
        &self,
        after: Option<Uetr>,
        most: usize,
    ) -> Result<Vec<(Uetr, InstitutionNumber)>, redb::Error> {
        let table = self.database.begin_read()?.open_table(OWED)?;
        let after = after.map_or(Bound::Unbounded, |uetr| Bound::Excluded(*uetr.bytes()));
        let mut owed = Vec::new();
        for row in table.range::<[u8; 16]>((after, Bound::Unbounded))?.take(most) {
            let (uetr, institution) = row?;
            // A UETR's bytes are the entropy of that very UETR.
            let uetr = Uetr::from_entropy(uetr.value());
            owed.push((uetr, InstitutionNumber(institution.value())));
        }
        Ok(owed)
    }

    fn try_count_owed(&self) -> Result<u64, redb::Error> {
        Ok(self.database.begin_read()?.open_table(OWED)?.len()?)
    }

    fn try_settle(&self, settled: &[(Uetr, Option<Timestamp>)]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut owed = transaction.open_table(OWED)?;
            let mut delivered = transaction.open_table(DELIVERED)?;
            for (uetr, time) in settled {
                let was_owed = owed.remove(uetr.bytes())?.is_some();
                if let Some(time) = time.filter(|_| was_owed) {
                    delivered.insert(uetr.bytes(), time.0)?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn try_delivery(&self, uetr: Uetr) -> Result<Delivery, redb::Error> {
        let transaction = self.database.begin_read()?;
        if let Some(institution) = transaction.open_table(OWED)?.get(uetr.bytes())? {
            return Ok(Delivery::Owed(InstitutionNumber(institution.value())));
        }
        let time = transaction.open_table(DELIVERED)?.get(uetr.bytes())?;
        Ok(time.map_or(Delivery::Nowhere, |time| Delivery::Done(Timestamp(time.value()))))
    }
}

/// Puts these among what is owed. The tables are there afterwards.
fn owe(transaction: &WriteTransaction, debts: &[Debt]) -> Result<(), redb::Error> {
    let mut owed = transaction.open_table(OWED)?;
    let mut delivered = transaction.open_table(DELIVERED)?;
    for (uetr, institution) in debts {
        delivered.remove(uetr.bytes())?;
        owed.insert(uetr.bytes(), institution.0)?;
    }
    Ok(())
}
