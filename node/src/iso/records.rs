//! The records of ordered payments: what was signed for which order, and its private part.
//!
//! One file per message in `HOME/private`, readable by the node's user alone, and an index that
//! finds a payment's by its UETR or its message. Invariants: a record is whole and durable before
//! its transaction is sent; a file never changes, and a payment's newer record replaces its older
//! one only if the older one's transaction can no longer execute; the index can be made again from
//! the files. Absent: deletion after the time that the law sets, encryption at rest.

mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use borsh::{BorshDeserialize, BorshSerialize};
use iso20022::PrivateData;
use iso20022::pacs002::Opening;
use iso20022::pacs008::OriginalGroup;
use iso20022::time::DateTime;
use ledger::codec;
use ledger::hash::{Domains, Hash};
use ledger::ids::{Timestamp, Uetr};
use ledger::transaction::{SignedTransaction, TransactionId};

use super::DeskError;
use index::Index;

/// The first bytes of every file.
const MAGIC: &[u8; 16] = b"feiqian.order/v2";

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

/// The folder of records.
pub(super) struct Records {
    folder: PathBuf,
    index: OnceLock<Index>,
    opening: Mutex<()>,
}

impl Records {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, index: OnceLock::new(), opening: Mutex::new(()) }
    }

    /// The records of those payments that have one.
    pub(super) fn load_all(
        &self,
        domains: &Domains,
        uetrs: &[Uetr],
    ) -> Result<BTreeMap<Uetr, Record>, DeskError> {
        let places = self.index()?.places(uetrs)?;
        let names: BTreeSet<&String> = places.values().collect();
        let mut found = BTreeMap::new();
        for name in names {
            let is_wanted = |record: &Record| places.get(&record.uetr) == Some(name);
            let records = self.read(name)?.into_records(domains).into_iter().filter(is_wanted);
            found.extend(records.map(|record| (record.uetr, record)));
        }
        Ok(found)
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
        let path = self.folder.join(&name);
        let partial = path.with_extension("partial");
        let written = write(&partial, &bytes).and_then(|()| fs::rename(&partial, &path));
        written.map_err(|error| failed(&path, error))?;
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failed(&self.folder, error))?;
        index.add(&[(name, head(sheet))])
    }

    fn index(&self) -> Result<&Index, DeskError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut folder = fs::DirBuilder::new();
        let made = folder.recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| failed(&self.folder, error))?;
        let index = Index::open(&self.folder, || self.heads())?;
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

    fn read(&self, name: &str) -> Result<Sheet, DeskError> {
        let path = self.folder.join(name);
        read(&path).map_err(|error| failed(&path, error))
    }
}

fn head(sheet: &Sheet) -> index::Head {
    index::Head {
        accepted: sheet.accepted,
        message_id: sheet.message_id.clone(),
        payments: sheet.orders.iter().map(|order| order.uetr).collect(),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Sheet, Error> {
    let most = u64::try_from(MAXIMUM_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    let body = bytes.strip_prefix(MAGIC.as_slice());
    let body =
        body.ok_or_else(|| Error::new(ErrorKind::InvalidData, "this is no record of orders"))?;
    codec::decode(body, MAXIMUM_BYTES)
}

fn failed(path: &Path, source: Error) -> DeskError {
    DeskError::Record { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::ChainId;
    use ledger::transaction::Transaction;
    use std::os::unix::fs::PermissionsExt;

    fn domains() -> Domains {
        Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])))
    }

    fn uetr(number: u32) -> Uetr {
        let mut entropy = [7; 16];
        entropy[..4].copy_from_slice(&number.to_be_bytes());
        Uetr::from_entropy(entropy)
    }

    fn sheet(accepted: u64, message_id: &str, payments: std::ops::Range<u32>) -> Sheet {
        let transaction = Transaction {
            suite: Suite::Ed25519Blake3,
            chain_id: ChainId(Hash([1; 32])),
            valid_from: Timestamp(1),
            valid_until: Timestamp(accepted),
            operations: vec![],
            atomic: false,
            signers: vec![],
        };
        let order = |number| Order {
            uetr: uetr(number),
            salt: [5; 32],
            private: PrivateData::default(),
            transaction: 0,
        };
        Sheet {
            accepted: Timestamp(accepted),
            message: Hash([9; 32]),
            message_id: message_id.to_owned(),
            definition: "pacs.008.001.08".to_owned(),
            created: Some("2026-11-21T10:00:00Z".to_owned()),
            transactions: vec![SignedTransaction { transaction, signatures: vec![] }],
            orders: payments.map(order).collect(),
        }
    }

    /// The payments under `message_id`, and when each was accepted.
    fn found(records: &Records, message_id: &str) -> Vec<(Uetr, u64)> {
        let found = records.of_message(&domains(), message_id).unwrap();
        found.iter().map(|record| (record.uetr, record.accepted.0)).collect()
    }

    #[test]
    fn records_are_private_come_back_and_replace_older_ones() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("private");
        let records = Records::new(folder.clone());
        assert!(records.load_all(&domains(), &[uetr(1)]).unwrap().is_empty());
        records.save(&sheet(1, "A", 0..3)).unwrap();
        records.save(&sheet(2, "B", 2..4)).unwrap();
        let all = [0, 1, 2, 3, 4].map(uetr);
        let loaded = records.load_all(&domains(), &all).unwrap();
        let accepted: Vec<_> = loaded.values().map(|record| record.accepted.0).collect();
        assert_eq!(accepted, [1, 1, 2, 2]);
        let of_two: BTreeSet<_> = loaded.values().map(|record| record.signed.id).collect();
        assert_eq!(of_two.len(), 2);
        let expected = [(0, 1), (1, 1)].map(|(number, accepted)| (uetr(number), accepted));
        assert_eq!(found(&records, "A"), expected);
        assert_eq!(found(&records, "AB"), []);
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn the_index_is_made_again_and_a_damaged_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let records = Records::new(home.path().to_owned());
        // The newer one first: its place among the files is not its place in time.
        for (accepted, id) in [(2, "B"), (1, "A")] {
            records.save(&sheet(accepted, id, 0..2)).unwrap();
        }
        drop(records);
        fs::remove_file(home.path().join(index::FILE)).unwrap();
        let records = Records::new(home.path().to_owned());
        assert_eq!(found(&records, "B"), [(uetr(0), 2), (uetr(1), 2)]);
        assert_eq!(found(&records, "A"), []);
        let is_sheet = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
        let paths = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(is_sheet) {
            let mut bytes = fs::read(&path).unwrap();
            bytes.push(0);
            fs::write(&path, bytes).unwrap();
        }
        let error = records.load_all(&domains(), &[uetr(0)]).unwrap_err().to_string();
        assert!(error.contains(".orders"), "{error}");
    }

    #[test]
    fn a_message_is_one_file_however_many_payments_it_has() {
        let home = tempfile::tempdir().unwrap();
        let records = Records::new(home.path().to_owned());
        records.save(&sheet(1, "A", 0..5_000)).unwrap();
        let names = fs::read_dir(home.path()).unwrap().count();
        assert_eq!(names, 2, "the index, and the message's file");
        assert_eq!(found(&records, "A").len(), 5_000);
    }
}
