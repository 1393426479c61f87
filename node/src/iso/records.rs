//! The records of ordered payments: what was signed for which order, and its private part.
//!
//! One file per payment in `HOME/private`, named by its UETR, readable by the node's user alone.
//! Invariants: a record is written whole and durably before its transaction is sent; once written
//! it changes only if its transaction can no longer execute. Absent: deletion after the time that
//! the law sets, encryption at rest.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use iso20022::PrivateData;
use ledger::codec;
use ledger::ids::{Timestamp, Uetr};
use ledger::transaction::SignedTransaction;

use super::DeskError;

/// The first bytes of every record.
const MAGIC: &[u8; 16] = b"feiqian.order/v1";

/// The most bytes of a record.
const MAXIMUM_BYTES: usize = PrivateData::MAXIMUM_BYTES + SignedTransaction::MAXIMUM_BYTES + 1024;

/// An order that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Record {
    /// When it was accepted, by this node's clock.
    pub(super) accepted: Timestamp,
    /// What opens the commitment on the ledger.
    pub(super) salt: [u8; 32],
    /// Everything that the message says of the payment.
    pub(super) private: PrivateData,
    /// What was signed.
    pub(super) signed: SignedTransaction,
}

/// The folder of records.
#[derive(Debug)]
pub(super) struct Records {
    folder: PathBuf,
}

impl Records {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The record of a payment, if there is one.
    pub(super) fn load(&self, uetr: Uetr) -> Result<Option<Record>, DeskError> {
        let path = self.folder.join(uetr.to_string());
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, error)),
        };
        read(file).map(Some).map_err(|error| failed(&path, error))
    }

    /// Writes payments' records durably, each in the place of one that was there.
    pub(super) fn save_all(&self, records: &[(Uetr, &Record)]) -> Result<(), DeskError> {
        if records.is_empty() {
            return Ok(());
        }
        let here = |error| failed(&self.folder, error);
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.folder).map_err(here)?;
        let mut written = Vec::with_capacity(records.len());
        for (uetr, record) in records {
            let path = self.folder.join(uetr.to_string());
            let partial = path.with_extension("partial");
            let file = write(&partial, record).map_err(|error| failed(&partial, error))?;
            written.push((path, partial, file));
        }
        // All are written before the first is synced: what follows finds most of it done.
        for (path, partial, file) in written {
            let synced = file.sync_all().and_then(|()| fs::rename(&partial, &path));
            synced.map_err(|error| failed(&path, error))?;
        }
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(here)
    }
}

fn write(path: &Path, record: &Record) -> Result<File, Error> {
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut bytes = MAGIC.to_vec();
    codec::encode_into(&mut bytes, record);
    file.write_all(&bytes)?;
    Ok(file)
}

fn read(file: File) -> Result<Record, Error> {
    let most = u64::try_from(MAXIMUM_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let body = bytes.strip_prefix(MAGIC.as_slice());
    let body =
        body.ok_or_else(|| Error::new(ErrorKind::InvalidData, "this is no order's record"))?;
    codec::decode(body, MAXIMUM_BYTES)
}

fn failed(path: &Path, source: Error) -> DeskError {
    DeskError::Record { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};
    use ledger::transaction::Transaction;
    use std::os::unix::fs::PermissionsExt;

    fn record(accepted: u64) -> Record {
        let transaction = Transaction {
            suite: Suite::Ed25519Blake3,
            chain_id: ChainId(Hash([1; 32])),
            valid_from: Timestamp(1),
            valid_until: Timestamp(2),
            operations: vec![],
            atomic: false,
            signers: vec![],
        };
        Record {
            accepted: Timestamp(accepted),
            salt: [5; 32],
            private: PrivateData::default(),
            signed: SignedTransaction { transaction, signatures: vec![] },
        }
    }

    #[test]
    fn a_record_is_private_and_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let records = Records::new(home.path().join("private"));
        let uetr = Uetr::from_entropy([7; 16]);
        assert_eq!(records.load(uetr).unwrap(), None);
        for accepted in [1, 2] {
            records.save_all(&[(uetr, &record(accepted))]).unwrap();
            assert_eq!(records.load(uetr).unwrap(), Some(record(accepted)));
        }
        let file = home.path().join("private").join(uetr.to_string());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let mut bytes = fs::read(&file).unwrap();
        bytes.push(0);
        fs::write(&file, bytes).unwrap();
        assert!(records.load(uetr).is_err());
    }
}
