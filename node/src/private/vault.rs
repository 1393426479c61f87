//! Private parts that did not come in a message: one sealed file per payment.
//!
//! Invariants: a file is whole and durable once it is there, and readable by the node's user alone;
//! a file that was renamed does not open. Absent: an index; the name is the payment's UETR.

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::codec;
use ledger::ids::Uetr;
use std::fs;
use std::io::{Error, ErrorKind};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::key::DataKey;
use super::message::PrivateRecord;
use crate::home::{self, HomeError};

/// The most bytes of a file's content: a record, and a little around it.
const MAXIMUM_BYTES: usize = PrivateRecord::MAXIMUM_BYTES.saturating_add(64);

/// The folder, with a `T` for each payment that has a file.
pub(crate) struct Vault<T> {
    folder: PathBuf,
    key: Arc<DataKey>,
    content: PhantomData<fn() -> T>,
}

impl<T: BorshSerialize + BorshDeserialize> Vault<T> {
    pub(crate) const fn new(folder: PathBuf, key: Arc<DataKey>) -> Self {
        Self { folder, key, content: PhantomData }
    }

    /// Keeps what is known of a payment, durably.
    pub(crate) fn save(&self, uetr: Uetr, content: &T) -> Result<(), HomeError> {
        let path = self.path(uetr);
        let sealed = self.key.seal(&label(uetr), &codec::encode(content));
        let sealed = sealed.map_err(|error| failed(&path, Error::other(error)))?;
        if let Some(folder) = path.parent() {
            home::make_folder(folder)?;
        }
        home::write_private(&path, sealed)
    }

    /// What is kept of a payment, if anything is.
    pub(crate) fn load(&self, uetr: Uetr) -> Result<Option<T>, HomeError> {
        let path = self.path(uetr);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, error)),
        };
        let opened = self.key.open(&label(uetr), &sealed).ok_or_else(|| {
            let what = "it was damaged, or sealed to another data key";
            failed(&path, Error::new(ErrorKind::InvalidData, what))
        })?;
        codec::decode(&opened, MAXIMUM_BYTES).map(Some).map_err(|error| failed(&path, error))
    }

    /// The payments that have a file.
    pub(crate) fn list(&self) -> Result<Vec<Uetr>, HomeError> {
        let mut found = Vec::new();
        for folder in names(&self.folder)? {
            let files = names(&self.folder.join(folder))?;
            found.extend(files.iter().filter_map(|name| Uetr::parse(name).ok()));
        }
        Ok(found)
    }

    /// Removes a payment's file; false if there was none.
    pub(crate) fn erase(&self, uetr: Uetr) -> Result<bool, HomeError> {
        home::remove(&self.path(uetr))
    }

    fn path(&self, uetr: Uetr) -> PathBuf {
        let name = uetr.to_string();
        // A folder for each first byte, so that none has too many files.
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

/// The names in a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>, HomeError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| failed(folder, error))?.file_name();
        names.extend(name.into_string().ok());
    }
    Ok(names)
}

/// The label under which a record is sealed at rest.
fn label(uetr: Uetr) -> Vec<u8> {
    [b"kept/".as_slice(), uetr.bytes()].concat()
}

fn failed(path: &Path, source: Error) -> HomeError {
    HomeError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso20022::PrivateData;
    use ledger::crypto::{SecretKey, Suite};
    use ledger::hash::{ChainId, Hash};

    fn key(seed: u8) -> Arc<DataKey> {
        let seed = SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]);
        Arc::new(DataKey::new(ChainId(Hash([1; 32])), &seed))
    }

    #[test]
    fn a_record_is_kept_sealed_and_erased() {
        let home = tempfile::tempdir().unwrap();
        let vault = Vault::new(home.path().join("received"), key(1));
        let uetr = Uetr::from_entropy([7; 16]);
        let record = PrivateRecord {
            uetr,
            salt: [3; 32],
            message: Hash([4; 32]),
            private: PrivateData::default(),
        };
        assert_eq!(vault.load(uetr).unwrap(), None);
        assert_eq!(vault.list().unwrap(), []);
        vault.save(uetr, &record).unwrap();
        assert_eq!(vault.list().unwrap(), [uetr]);
        assert_eq!(vault.load(uetr).unwrap(), Some(record.clone()));
        let bytes = fs::read(vault.path(uetr)).unwrap();
        assert!(!bytes.windows(32).any(|window| window == record.salt), "the salt is readable");
        let other: Vault<PrivateRecord> = Vault::new(home.path().join("received"), key(2));
        assert!(other.load(uetr).unwrap_err().to_string().contains("another data key"));
        assert!(vault.erase(uetr).unwrap());
        assert!(!vault.erase(uetr).unwrap());
        assert_eq!(vault.load(uetr).unwrap(), None);
    }
}
