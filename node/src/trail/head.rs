//! The head: where the chain ends, signed by the node, beside the chain and for whoever asks.
//!
//! A chain of hashes tells nothing of records that were cut off at its end; a head that was kept
//! elsewhere does. Invariants: a head says whose chain it is of. Absent: a promise that nobody with
//! the node's key and the home makes another chain; for that, heads leave the machine (the log, the
//! API).

use ledger::crypto::{PublicKey, SecretKey};
use ledger::hash::Hash as Digest;
use ledger::ids::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

use super::record::Link;
use crate::access::Moment;
use crate::home::{HomeError, read_text, write_private};
use crate::signed;

/// The file, in the folder of the chain.
const FILE: &str = "head.json";

/// The domain of what is signed.
const DOMAIN: &str = "feiqian/audit-head/v1";

/// The most bytes of the file.
const MAXIMUM_BYTES: usize = 4096;

/// The end of a chain, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose chain: the node's institution and its ledger's chain id.
    pub owner: String,
    /// The last record's number.
    pub sequence: u64,
    /// The last record's hash.
    pub hash: String,
    /// When it was signed.
    pub time: Moment,
    /// The key that signed: the node's.
    pub node_key: String,
    /// The signature (ed25519).
    pub signature: String,
}

impl Head {
    /// The head at `last`, signed at `time`.
    pub fn sign(owner: &str, key: &SecretKey, last: Link, time: Timestamp) -> Self {
        let mut head = Self {
            owner: owner.to_owned(),
            sequence: last.sequence,
            hash: last.hash.to_hex().to_string(),
            time: Moment(time),
            node_key: key.public().to_hex(),
            signature: String::new(),
        };
        head.signature = signed::sign(key, &head.digest());
        head
    }

    /// The place in the chain; `None` if its hash is none.
    pub fn link(&self) -> Option<Link> {
        let hash = blake3::Hash::from_hex(&self.hash).ok()?;
        Some(Link { sequence: self.sequence, hash })
    }

    /// True if it is signed by `key`.
    pub fn is_by(&self, key: PublicKey) -> bool {
        PublicKey::from_hex(&self.node_key) == Some(key)
            && signed::is_by(key, self.digest(), &self.signature)
    }

    fn digest(&self) -> Digest {
        let (time, sequence) = (String::from(self.time), self.sequence.to_le_bytes());
        let parts = [self.owner.as_bytes(), self.hash.as_bytes(), time.as_bytes(), &sequence];
        signed::digest(DOMAIN, &parts)
    }

    /// Writes it beside the chain.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        write_private(&folder.join(FILE), format!("{text}\n")).map_err(io::Error::other)
    }
}

/// The head beside the chain in `folder`; none if there is no such file.
///
/// # Errors
/// [`HomeError`] if it cannot be read.
pub fn read(folder: &Path) -> Result<Option<Head>, HomeError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = read_text(&path, MAXIMUM_BYTES)?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| HomeError::Format { path, reason: error.to_string() })
}
