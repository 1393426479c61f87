//! The key file: one secret key of an institution, as `feiqian.key/v1` JSON.
//!
//! Invariants: the file names its kind, and a key is only used as what it was made for; the public
//! half stands beside the secret and must fit it. A devnet's key has its mark in the secret itself,
//! so it is known wherever it is copied to. The text stays where the caller keeps it and is
//! borrowed here, so the caller can wipe it. Absent: files and their permissions (the callers'),
//! encryption (an institution's keys are guarded by the machine; wallets encrypt theirs).

use serde::{Deserialize, Serialize};
use std::fmt;

use super::text;
use crate::crypto::{PublicKey, SecretKey, Suite};
use crate::hash::Hash;

/// The first half of the seed of every key that a devnet makes; the second half is entropy, as much
/// as an ed25519 key is strong.
const DEVNET_MARK: [u8; 16] = *b"feiqian devnet k";

/// A key for a devnet, whose files are open to everyone on the machine.
pub fn devnet_key(suite: Suite, entropy: [u8; 16]) -> SecretKey {
    let mut seed = [0; 32];
    let (mark, rest) = seed.split_at_mut(DEVNET_MARK.len());
    mark.copy_from_slice(&DEVNET_MARK);
    rest.copy_from_slice(&entropy);
    SecretKey::from_seed(suite, seed)
}

/// True if a devnet made the key: it must found or serve nothing that is worth anything.
pub fn is_devnet_key(key: &SecretKey) -> bool {
    key.seed().starts_with(&DEVNET_MARK)
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Signs a validator's votes.
    Voting,
    /// Identifies a node among the nodes.
    Node,
    /// Signs an institution's operations.
    Operator,
    /// Freezes and unfreezes customers' accounts.
    Compliance,
    /// Owns an account of the institution itself, such as a dealer's.
    Account,
    /// Opens the private data that was sealed to an institution.
    Data,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Voting => "voting",
            Self::Node => "node",
            Self::Operator => "operator",
            Self::Compliance => "compliance",
            Self::Account => "account",
            Self::Data => "data",
        })
    }
}

/// The format's name, as the file's first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KeyFormat {
    #[serde(rename = "feiqian.key/v1")]
    Version1,
}

/// A key file's content. `secret` borrows from the caller's text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile<'a> {
    format: KeyFormat,
    kind: KeyKind,
    #[serde(with = "text::one")]
    public: PublicKey,
    secret: &'a str,
}

/// Why a key file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is the key of another role.
    #[error("it holds the {found} key, and the {expected} key is needed here")]
    Kind {
        /// What was needed.
        expected: KeyKind,
        /// What the file says.
        found: KeyKind,
    },
    /// The secret is not 64 hexadecimal digits.
    #[error("its secret is not 64 hexadecimal digits. Restore the file from its backup")]
    Secret,
    /// The halves do not belong together.
    #[error("its public and secret halves do not fit. Restore the file from its backup")]
    Halves,
}

impl<'a> KeyFile<'a> {
    /// The file of `key`, whose seed in hexadecimal the caller keeps as `secret`.
    pub fn new(kind: KeyKind, key: &SecretKey, secret: &'a str) -> Self {
        Self { format: KeyFormat::Version1, kind, public: key.public(), secret }
    }

    /// The key's seed as the file writes it; 64 characters that the caller wipes.
    pub fn secret_text(key: &SecretKey) -> String {
        Hash(key.seed()).to_hex()
    }

    /// What the key is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public half.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The key, if the file is whole and holds a key of the `expected` kind.
    ///
    /// # Errors
    /// [`KeyFileError`] says what is wrong.
    pub fn open(&self, suite: Suite, expected: KeyKind) -> Result<SecretKey, KeyFileError> {
        if self.kind != expected {
            return Err(KeyFileError::Kind { expected, found: self.kind });
        }
        let seed = Hash::from_hex(self.secret).ok_or(KeyFileError::Secret)?;
        let key = SecretKey::from_seed(suite, seed.0);
        if key.public() == self.public { Ok(key) } else { Err(KeyFileError::Halves) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: Suite = Suite::Ed25519Blake3;

    fn file_text() -> (SecretKey, String) {
        let key = SecretKey::from_seed(SUITE, [7; 32]);
        let secret = KeyFile::secret_text(&key);
        let file = KeyFile::new(KeyKind::Voting, &key, &secret);
        (key, serde_json::to_string_pretty(&file).unwrap())
    }

    fn open(text: &str, kind: KeyKind) -> Result<SecretKey, KeyFileError> {
        serde_json::from_str::<KeyFile<'_>>(text).unwrap().open(SUITE, kind)
    }

    #[test]
    fn a_key_round_trips() {
        let (key, text) = file_text();
        assert_eq!(open(&text, KeyKind::Voting).unwrap().seed(), key.seed());
    }

    #[test]
    fn a_devnets_key_is_known_and_has_entropy_of_its_own() {
        let [first, second] = [[1; 16], [2; 16]].map(|entropy| devnet_key(SUITE, entropy));
        assert!(is_devnet_key(&first) && is_devnet_key(&second));
        assert_ne!(first.public(), second.public());
        assert!(!is_devnet_key(&SecretKey::from_seed(SUITE, [7; 32])));
    }

    #[test]
    fn refusals_are_named() {
        let (key, text) = file_text();
        let found = open(&text, KeyKind::Node).unwrap_err();
        assert_eq!(found, KeyFileError::Kind { expected: KeyKind::Node, found: KeyKind::Voting });
        let public = key.public().to_hex();
        let other = text.replace(&public, &PublicKey([1; 32]).to_hex());
        assert_eq!(open(&other, KeyKind::Voting).unwrap_err(), KeyFileError::Halves);
        let torn = text.replace(&"07".repeat(32), "0707");
        assert_eq!(open(&torn, KeyKind::Voting).unwrap_err(), KeyFileError::Secret);
        let unknown = text.replacen("\"kind\"", "\"knd\"", 1);
        let error = serde_json::from_str::<KeyFile<'_>>(&unknown).err().unwrap().to_string();
        assert!(error.contains("unknown field `knd`"), "{error}");
    }
}
