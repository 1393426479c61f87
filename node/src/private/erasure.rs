//! The receipts of erasures: one signed file per payment, kept so that what was erased stays away.
//!
//! Invariants: a receipt has no personal data and no salt, so it opens nothing. Absent: erasing
//! (see the module above); other institutions' copies, which are theirs to erase.

use std::path::PathBuf;

use api::private::Erasure;
use api::text;
use ledger::crypto::PublicKey;
use ledger::hash::Hash;
use ledger::ids::{Timestamp, Uetr};

use super::message::PrivateRecord;
use crate::home::{self, Home, HomeError};
use crate::signed;

/// The domain of what is signed.
const DOMAIN: &str = "feiqian/erasure/v1";

/// The most bytes of a receipt's file.
pub const MAXIMUM_BYTES: usize = 4096;

/// The receipt of an erasure at `home`, signed by its node at `time`.
pub(super) fn sign(
    home: &Home,
    record: &PrivateRecord,
    commitment: &Hash,
    time: Timestamp,
) -> Erasure {
    let mut erasure = Erasure {
        owner: home.owner(),
        uetr: record.uetr.to_string(),
        commitment: commitment.to_hex(),
        erased_at: text::time(time),
        node_key: home.node_key.public().to_hex(),
        signature: String::new(),
    };
    erasure.signature = signed::sign(&home.node_key, &digest(&erasure));
    erasure
}

/// True if `key` signed the receipt.
pub fn is_by(erasure: &Erasure, key: PublicKey) -> bool {
    PublicKey::from_hex(&erasure.node_key) == Some(key)
        && signed::is_by(key, digest(erasure), &erasure.signature)
}

fn digest(erasure: &Erasure) -> Hash {
    let Erasure { owner, uetr, commitment, erased_at, .. } = erasure;
    let parts = [owner, uetr, commitment, erased_at].map(String::as_bytes);
    signed::digest(DOMAIN, &parts)
}

/// The folder of receipts.
pub(super) struct Erasures {
    folder: PathBuf,
}

impl Erasures {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a receipt, durably.
    pub(super) fn save(&self, uetr: Uetr, erasure: &Erasure) -> Result<(), HomeError> {
        let path = self.path(uetr);
        home::make_folder(&self.folder)?;
        let text = serde_json::to_string_pretty(erasure);
        let text =
            text.map_err(|error| HomeError::File { path: path.clone(), source: error.into() });
        home::write_private(&path, format!("{}\n", text?))
    }

    /// A payment's receipt, if there is one.
    pub(super) fn load(&self, uetr: Uetr) -> Result<Option<Erasure>, HomeError> {
        let path = self.path(uetr);
        if !path.exists() {
            return Ok(None);
        }
        let text = home::read_text(&path, MAXIMUM_BYTES)?;
        let read = serde_json::from_str(&text);
        read.map(Some).map_err(|error| HomeError::Format { path, reason: error.to_string() })
    }

    fn path(&self, uetr: Uetr) -> PathBuf {
        self.folder.join(format!("{uetr}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::{home, key};
    use iso20022::PrivateData;

    #[test]
    fn a_receipt_is_the_nodes_and_nothing_of_it_can_be_changed() {
        let folder = home();
        let home = Home::open(folder.path()).unwrap();
        let uetr = Uetr::from_entropy([7; 16]);
        let private = PrivateData::default();
        let record = PrivateRecord { uetr, salt: [3; 32], message: Hash([4; 32]), private };
        let erasure = sign(&home, &record, &Hash([5; 32]), Timestamp(1_795_294_500_123));
        let erasures = Erasures::new(folder.path().join("erased"));
        assert_eq!(erasures.load(uetr).unwrap(), None);
        erasures.save(uetr, &erasure).unwrap();
        assert_eq!(erasures.load(uetr).unwrap(), Some(erasure.clone()));
        let node = home.node_key.public();
        assert!(is_by(&erasure, node));
        assert!(!is_by(&erasure, key(99).public()));
        let changes: [fn(&mut Erasure); 5] = [
            |it| it.owner.push('x'),
            |it| it.uetr.push('0'),
            |it| it.commitment = Hash([6; 32]).to_hex(),
            |it| it.erased_at = "2026-11-21T20:15:01.000Z".to_owned(),
            |it| it.signature = "0".repeat(128),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = erasure.clone();
            change(&mut changed);
            assert!(!is_by(&changed, node), "change {place}");
        }
    }
}
