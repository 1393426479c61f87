//! The private parts that other institutions sent: one sealed file per payment.
//!
//! Invariants: a file is whole and durable once it is there, and readable by the node's user alone;
//! a file that was renamed does not open. Absent: an index; the name is the payment's UETR.

use ledger::codec;
use ledger::ids::Uetr;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use super::key::DataKey;
use super::message::PrivateRecord;
use crate::home::{self, HomeError};

/// The folder.
pub(super) struct Vault {
    folder: PathBuf,
    key: Arc<DataKey>,
}

impl Vault {
    pub(super) const fn new(folder: PathBuf, key: Arc<DataKey>) -> Self {
        Self { folder, key }
    }

    /// Keeps a record, durably.
    pub(super) fn save(&self, record: &PrivateRecord) -> Result<(), HomeError> {
        let path = self.path(record.uetr);
        let sealed = self.key.seal(&label(record.uetr), &codec::encode(record));
        let sealed = sealed.map_err(|error| failed(&path, Error::other(error)))?;
        if let Some(folder) = path.parent() {
            home::make_folder(folder)?;
        }
        home::write_private(&path, sealed)
    }

    /// A payment's record, if there is one.
    pub(super) fn load(&self, uetr: Uetr) -> Result<Option<PrivateRecord>, HomeError> {
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
        PrivateRecord::decode(&opened).map(Some).map_err(|error| failed(&path, error))
    }

    /// Removes a payment's record; false if there was none.
    pub(super) fn erase(&self, uetr: Uetr) -> Result<bool, HomeError> {
        home::remove(&self.path(uetr))
    }

    fn path(&self, uetr: Uetr) -> PathBuf {
        let name = uetr.to_string();
        // A folder for each first byte, so that none has too many files.
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

/// The label under which a record is sealed at rest.
fn label(uetr: Uetr) -> Vec<u8> {
    [b"kept/".as_slice(), uetr.bytes()].concat()
}

fn failed(path: &std::path::Path, source: Error) -> HomeError {
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
        vault.save(&record).unwrap();
        assert_eq!(vault.load(uetr).unwrap(), Some(record.clone()));
        let bytes = fs::read(vault.path(uetr)).unwrap();
        assert!(!bytes.windows(32).any(|window| window == record.salt), "the salt is readable");
        let other = Vault::new(home.path().join("received"), key(2));
        assert!(other.load(uetr).unwrap_err().to_string().contains("another data key"));
        assert!(vault.erase(uetr).unwrap());
        assert!(!vault.erase(uetr).unwrap());
        assert_eq!(vault.load(uetr).unwrap(), None);
    }
}
