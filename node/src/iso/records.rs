//! The records of ordered payments: what was signed for which order, and its private part.
//!
//! One file per message in `HOME/private`, readable by the node's user alone, and an index that
//! finds a payment's by its UETR or its message; and one file per payment in its folder `handed`,
//! of which a wallet ordered the payment and handed the private part over. Each file is sealed to
//! the institution's data key.
//! Invariants: a record is whole and durable before its transaction is sent; a file changes only by
//! losing orders that are erased, and a payment's newer record replaces its older one only if the
//! older one's transaction can no longer execute; the index can be made again from the files.
//! Absent: deletion after the time that the law sets.

mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use borsh::{BorshDeserialize, BorshSerialize};
use iso20022::PrivateData;
use iso20022::pacs002::Opening;
use iso20022::pacs008::OriginalGroup;
use iso20022::time::DateTime;
use ledger::codec;
use ledger::hash::{Domains, Hash};
use ledger::ids::{AccountId, InstitutionNumber, Timestamp, Uetr};
use ledger::operation::Operation;
use ledger::transaction::{SignedTransaction, TransactionId};

use super::DeskError;
use crate::home;
use crate::private::{DataKey, PrivateRecord, Vault};
use index::Index;

pub(crate) use index::Delivery;

/// The first bytes of every file.
const MAGIC: &[u8; 16] = b"feiqian.order/v3";

/// How the files' names end.
const ENDING: &str = "orders";

/// The most bytes of a file: what a message of 16 MiB may say of its payments, and what is signed.
const MAXIMUM_BYTES: usize = 256 * 1024 * 1024;

/// What was signed for the payments of one message.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Sheet {
    /// When the orders were accepted, by this node's clock.
    pub(super) accepted: Timestamp,
    /// The hash of the message's exact bytes.
    pub(super) message: Hash,
    /// The message's own id.
    pub(super) message_id: String,
    /// Which message it is.
    pub(super) definition: String,
    /// When it was written, as it says.
    pub(super) created: Option<String>,
    /// What was signed.
    pub(super) transactions: Vec<SignedTransaction>,
    /// The payments, each once.
    pub(super) orders: Vec<Order>,
}

/// A payment of a message.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Order {
    /// Its identity.
    pub(super) uetr: Uetr,
    /// What opens the commitment on the ledger.
    pub(super) salt: [u8; 32],
    /// Everything that the message says of the payment.
    pub(super) private: PrivateData,
    /// The place of the transaction that orders it.
    pub(super) transaction: u32,
}

/// What a wallet handed over of a payment.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Handed {
    record: PrivateRecord,
    /// The other institution that is owed it, if one is.
    to: Option<InstitutionNumber>,
}

/// A signed transaction and its id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// The id.
    pub(super) id: TransactionId,
    /// The transaction.
    pub(super) transaction: SignedTransaction,
}

/// An order that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The payment's identity.
    pub(super) uetr: Uetr,
    /// When it was accepted, by this node's clock.
    pub(super) accepted: Timestamp,
    /// The message that ordered it.
    pub(super) original: OriginalGroup,
    /// What opens the commitment on the ledger.
    pub(super) opening: Opening,
    /// Everything that the message says of the payment.
    pub(super) private: PrivateData,
    /// What was signed.
    pub(super) signed: Arc<Signed>,
}

impl Sheet {
    /// The payments whose payee's institution is another one, and is owed the private part that the
    /// ledger has a commitment to.
    fn owed(&self) -> Vec<(Uetr, InstitutionNumber)> {
        let kept: BTreeSet<Uetr> = self.orders.iter().map(|order| order.uetr).collect();
        let operations = self.transactions.iter().flat_map(|it| &it.transaction.operations);
        let abroad = operations.filter_map(committed).filter_map(|(uetr, from, to)| {
            let is_owed = from.servicer() != to.servicer() && kept.contains(&uetr);
            is_owed.then_some((uetr, to.servicer()))
        });
        abroad.collect()
    }

    /// Its orders as records.
    pub(super) fn into_records(self, domains: &Domains) -> Vec<Record> {
        let signed = |transaction: SignedTransaction| {
            let id = transaction.transaction.id(domains);
            Arc::new(Signed { id, transaction })
        };
        let transactions: Vec<_> = self.transactions.into_iter().map(signed).collect();
        let original = OriginalGroup {
            message_id: self.message_id,
            definition: self.definition,
            created: self.created.and_then(|text| DateTime::parse(&text)),
            number_of_transactions: None,
        };
        let record = |order: Order| {
            let place = usize::try_from(order.transaction).unwrap_or(usize::MAX);
            Some(Record {
                uetr: order.uetr,
                accepted: self.accepted,
                original: original.clone(),
                opening: Opening { salt: order.salt, message: self.message },
                private: order.private,
                signed: transactions.get(place)?.clone(),
            })
        };
        self.orders.into_iter().filter_map(record).collect()
    }
}

/// A payment with a commitment to its private part, its payer and its payee.
fn committed(operation: &Operation) -> Option<(Uetr, AccountId, AccountId)> {
    let (uetr, from, to, terms) = if let Operation::Pay(pay) = operation {
        (pay.uetr, pay.from, pay.to, &pay.terms)
    } else if let Operation::PayAcross(pay) = operation {
        (pay.uetr, pay.from, pay.to, &pay.terms)
    } else {
        return None;
    };
    (terms.remittance != Hash::ZERO).then_some((uetr, from, to))
}

/// The folder of records.
pub(crate) struct Records {
    folder: PathBuf,
    key: Arc<DataKey>,
    handed: Vault<Handed>,
    index: OnceLock<Index>,
    opening: Mutex<()>,
    /// Files change by one hand at a time.
    writing: Mutex<()>,
}

impl Records {
    pub(crate) fn new(folder: PathBuf, key: Arc<DataKey>) -> Self {
        Self {
            handed: Vault::new(folder.join("handed"), key.clone()),
            folder,
            key,
            index: OnceLock::new(),
            opening: Mutex::new(()),
            writing: Mutex::new(()),
        }
    }

    /// The records of those payments that have one.
    pub(super) fn load_all(
        &self,
        domains: &Domains,
        uetrs: &[Uetr],
    ) -> Result<BTreeMap<Uetr, Record>, DeskError> {
        let records = self.sheets(uetrs)?.into_iter().flat_map(|it| it.into_records(domains));
        Ok(records.map(|record| (record.uetr, record)).collect())
    }

    /// The messages that ordered these payments, each with those alone whose newest order it has.
    fn sheets(&self, uetrs: &[Uetr]) -> Result<Vec<Sheet>, DeskError> {
        let places = self.index()?.places(uetrs)?;
        let names: BTreeSet<&String> = places.values().collect();
        let read = |name: &String| {
            let mut sheet = self.read(name)?;
            sheet.orders.retain(|order| places.get(&order.uetr) == Some(name));
            Ok(sheet)
        };
        names.into_iter().map(read).collect()
    }

    /// The records of the payments that messages under this id ordered.
    pub(super) fn of_message(
        &self,
        domains: &Domains,
        message_id: &str,
    ) -> Result<Vec<Record>, DeskError> {
        let mut uetrs = BTreeSet::new();
        for name in self.index()?.of_message(message_id)? {
            uetrs.extend(self.read(&name)?.orders.into_iter().map(|order| order.uetr));
        }
        let uetrs: Vec<_> = uetrs.into_iter().collect();
        let records = self.load_all(domains, &uetrs)?.into_values();
        Ok(records.filter(|record| record.original.message_id == message_id).collect())
    }

    /// Writes a message's orders durably; for each payment they stand in the place of older ones.
    pub(super) fn save(&self, sheet: &Sheet) -> Result<(), DeskError> {
        let mut bytes = MAGIC.to_vec();
        codec::encode_into(&mut bytes, sheet);
        let hash = blake3::hash(&bytes).to_hex();
        let name = format!("{}.{ENDING}", hash.chars().take(32).collect::<String>());
        let index = self.index()?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&name, sheet)?;
        index.add(&[(name, head(sheet))])
    }

    /// Keeps what a wallet handed over of a payment, durably; the institution `to`, if there is
    /// one, is owed it, unless it has it.
    pub(crate) fn hand_over(
        &self,
        record: &PrivateRecord,
        to: Option<InstitutionNumber>,
    ) -> Result<(), DeskError> {
        let index = self.index()?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.handed.save(record.uetr, &Handed { record: record.clone(), to })?;
        match to {
            Some(to) if index.delivery(record.uetr)? == Delivery::Nowhere => {
                index.owe(&[(record.uetr, to)])
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What is kept of a payment for its payee's institution; none if there is no record of it.
    pub(crate) fn private(&self, uetr: Uetr) -> Result<Option<PrivateRecord>, DeskError> {
        Ok(self.privates(&[uetr])?.pop())
    }

    /// The same of several payments; those without a record are left out.
    pub(crate) fn privates(&self, uetrs: &[Uetr]) -> Result<Vec<PrivateRecord>, DeskError> {
        let mut found = Vec::with_capacity(uetrs.len());
        let mut ordered = Vec::with_capacity(uetrs.len());
        for uetr in uetrs {
            match self.handed.load(*uetr)? {
                Some(handed) => found.push(handed.record),
                None => ordered.push(*uetr),
            }
        }
        for Sheet { message, orders, .. } in self.sheets(&ordered)? {
            let record =
                |Order { uetr, salt, private, .. }| PrivateRecord { uetr, salt, message, private };
            found.extend(orders.into_iter().map(record));
        }
        Ok(found)
    }

    /// Removes everything that is kept of a payment; tells how many files had it. Repeated after a
    /// failure it goes on.
    pub(crate) fn erase(&self, uetr: Uetr) -> Result<usize, DeskError> {
        let index = self.index()?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let names = index.copies(uetr)?;
        let mut emptied = Vec::new();
        for name in &names {
            let path = self.folder.join(name);
            if !path.exists() {
                continue;
            }
            let mut sheet = self.read(name)?;
            sheet.orders.retain(|order| order.uetr != uetr);
            if sheet.orders.is_empty() {
                home::remove(&path)?;
                emptied.push((sheet.message_id, name.clone()));
            } else {
                self.write(name, &sheet)?;
            }
        }
        let was_handed = self.handed.erase(uetr)?;
        index.forget(uetr, &names, &emptied)?;
        Ok(names.len().saturating_add(usize::from(was_handed)))
    }

    /// Private parts that are still owed to other institutions, those after `after` first: at most
    /// `most`.
    pub(crate) fn owed(
        &self,
        after: Option<Uetr>,
        most: usize,
    ) -> Result<Vec<(Uetr, InstitutionNumber)>, DeskError> {
        self.index()?.owed(after, most)
    }

    /// How many private parts are owed.
    pub(crate) fn count_owed(&self) -> Result<u64, DeskError> {
        self.index()?.count_owed()
    }

    /// Takes note that these are no longer owed: at `time` the other institution had them, or there
    /// is nothing to tell.
    pub(crate) fn settle(&self, settled: &[(Uetr, Option<Timestamp>)]) -> Result<(), DeskError> {
        self.index()?.settle(settled)
    }

    /// How far a payment's private part is on its way.
    pub(crate) fn delivery(&self, uetr: Uetr) -> Result<Delivery, DeskError> {
        self.index()?.delivery(uetr)
    }

    fn write(&self, name: &str, sheet: &Sheet) -> Result<(), DeskError> {
        let path = self.folder.join(name);
        let sealed = self.key.seal(name.as_bytes(), &codec::encode(sheet));
        let sealed = sealed.map_err(|error| failed(&path, Error::other(error)))?;
        Ok(home::write_private(&path, [MAGIC.as_slice(), &sealed].concat())?)
    }

    fn index(&self) -> Result<&Index, DeskError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        home::make_folder(&self.folder)?;
        let index = Index::open(&self.folder, || Ok((self.heads()?, self.owed_of_handed()?)))?;
        Ok(self.index.get_or_init(|| index))
    }

    /// What the index is made of: the heads of all files, the oldest first.
    fn heads(&self) -> Result<Vec<(String, index::Head)>, DeskError> {
        let here = |error| failed(&self.folder, error);
        let mut heads = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(here)? {
            let name = entry.map_err(here)?.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(ENDING)) else { continue };
            heads.push((name.to_owned(), head(&self.read(name)?)));
        }
        heads.sort_by_key(|(_, head)| head.accepted);
        Ok(heads)
    }

    /// What is owed of that which wallets handed over.
    fn owed_of_handed(&self) -> Result<Vec<(Uetr, InstitutionNumber)>, DeskError> {
        let mut owed = Vec::new();
        for uetr in self.handed.list()? {
            let handed = self.handed.load(uetr)?;
            owed.extend(handed.and_then(|handed| Some((uetr, handed.to?))));
        }
        Ok(owed)
    }

    fn read(&self, name: &str) -> Result<Sheet, DeskError> {
        let path = self.folder.join(name);
        self.open(&path, name).map_err(|error| failed(&path, error))
    }

    fn open(&self, path: &Path, name: &str) -> Result<Sheet, Error> {
        let most = u64::try_from(MAXIMUM_BYTES).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        let bad = |what| Error::new(ErrorKind::InvalidData, what);
        let sealed = bytes.strip_prefix(MAGIC.as_slice());
        let sealed = sealed.ok_or_else(|| bad("this is no record of orders"))?;
        let opened = self.key.open(name.as_bytes(), sealed);
        let opened = opened.ok_or_else(|| bad("it was damaged, or sealed to another data key"))?;
        codec::decode(&opened, MAXIMUM_BYTES)
    }
}

fn head(sheet: &Sheet) -> index::Head {
    index::Head {
        accepted: sheet.accepted,
        message_id: sheet.message_id.clone(),
        payments: sheet.orders.iter().map(|order| order.uetr).collect(),
        owed: sheet.owed(),
    }
}

fn failed(path: &Path, source: Error) -> DeskError {
    DeskError::Record { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests;
