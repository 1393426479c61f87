//! Keystore files: one secret key at rest, encrypted under a passphrase.
//!
//! Invariants: a file has one text, so that every changed byte is refused: as another text, by the
//! bounds, or by the cipher, which authenticates the header and its public key too. Whoever reads a
//! file spends bounded memory and time before the passphrase is known to be right. Absent: entropy,
//! files and prompts; salt, nonce and passphrase come in as values.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use ledger::crypto::{PublicKey, SecretKey, Suite};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::text;

/// The format's name, which every file carries.
pub const FORMAT: &str = "feiqian.keystore/v1";

const SUITE: &str = "ed25519-blake3";
const KEY_DERIVATION: &str = "argon2id";
const CIPHER: &str = "xchacha20-poly1305";

/// The most bytes of a file: what a reader needs to load at most.
pub const MAXIMUM_BYTES: usize = 4096;

/// What it costs to try a passphrase (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB: 64 to 1,048,576, and at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over the memory: 1 to 64.
    pub passes: u32,
    /// Lanes: 1 to 8.
    pub lanes: u32,
}

impl Cost {
    /// What a person's passphrase asks for: 64 MiB, three passes (RFC 9106, second recommendation,
    /// in one lane).
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// What a published passphrase is worth: next to nothing. For throw-away networks.
    pub const DEVNET: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };

    /// The most that memory times passes may come to, in KiB: some ten seconds of one core.
    const MAXIMUM_WORK: u32 = 8 * 1024 * 1024;

    fn parameters(self) -> Result<Params, KeystoreError> {
        let within = (64..=1024 * 1024).contains(&self.memory_kib)
            && (1..=64).contains(&self.passes)
            && (1..=8).contains(&self.lanes)
            && self.memory_kib.saturating_mul(self.passes) <= Self::MAXIMUM_WORK;
        if !within {
            return Err(KeystoreError::Cost);
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| KeystoreError::Cost)
    }
}

/// Why a keystore was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// Not a keystore file in its one text form.
    #[error("this is no keystore of the format {FORMAT}: {reason}. Restore the file from a backup")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// The cost is out of bounds.
    #[error("the keystore's cost of a passphrase is out of bounds. Restore the file from a backup")]
    Cost,
    /// The passphrase does not fit, or the file was changed; the cipher cannot tell which.
    #[error("the passphrase is wrong, or the keystore was changed. Try the passphrase again")]
    Passphrase,
}

/// A keystore file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keystore {
    public: PublicKey,
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: [u8; 48],
}

/// The file's members, in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    suite: String,
    public_key: String,
    key_derivation: DerivationDocument,
    cipher: CipherDocument,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivationDocument {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CipherDocument {
    algorithm: String,
    nonce: String,
    sealed_seed: String,
}

impl Keystore {
    /// Encrypts `key` under `passphrase`. `salt` and `nonce` are fresh entropy, never used before.
    ///
    /// # Errors
    /// [`KeystoreError::Cost`] if `cost` is out of bounds.
    pub fn encrypt(
        key: &SecretKey,
        passphrase: &[u8],
        cost: Cost,
        salt: [u8; 16],
        nonce: [u8; 24],
    ) -> Result<Self, KeystoreError> {
        let public = key.public();
        let mut keystore = Self { public, cost, salt, nonce, sealed: [0; 48] };
        let seed = Zeroizing::new(key.seed());
        let header = keystore.header();
        // Sealing 32 bytes cannot fail once the cost is within its bounds.
        let sealed = keystore
            .cipher(passphrase)?
            .encrypt(&XNonce::from(nonce), Payload { msg: seed.as_slice(), aad: &header })
            .map_err(|_| KeystoreError::Cost)?;
        keystore.sealed = sealed.try_into().map_err(|_| KeystoreError::Cost)?;
        Ok(keystore)
    }

    /// The secret key.
    ///
    /// # Errors
    /// [`KeystoreError::Passphrase`] for a wrong passphrase or a changed file.
    pub fn decrypt(&self, passphrase: &[u8]) -> Result<SecretKey, KeystoreError> {
        let payload = Payload { msg: &self.sealed, aad: &self.header() };
        let opened = self
            .cipher(passphrase)?
            .decrypt(&XNonce::from(self.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| KeystoreError::Passphrase)?;
        let seed = Zeroizing::new(
            <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| KeystoreError::Passphrase)?,
        );
        let key = SecretKey::from_seed(Suite::Ed25519Blake3, *seed);
        if key.public() == self.public { Ok(key) } else { Err(KeystoreError::Passphrase) }
    }

    /// The public half of the key, readable without the passphrase. It is authenticated only once
    /// [`Keystore::decrypt`] has succeeded.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// What it costs to try a passphrase.
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The file's text: JSON with two spaces of indentation and a line end.
    pub fn text(&self) -> String {
        let document = Document {
            format: FORMAT.to_owned(),
            suite: SUITE.to_owned(),
            public_key: self.public.to_hex(),
            key_derivation: DerivationDocument {
                algorithm: KEY_DERIVATION.to_owned(),
                memory_kib: self.cost.memory_kib,
                passes: self.cost.passes,
                lanes: self.cost.lanes,
                salt: text::base64(&self.salt),
            },
            cipher: CipherDocument {
                algorithm: CIPHER.to_owned(),
                nonce: text::base64(&self.nonce),
                sealed_seed: text::base64(&self.sealed),
            },
        };
        // Strings and numbers always render.
        let json = serde_json::to_string_pretty(&document).unwrap_or_default();
        format!("{json}\n")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`KeystoreError::Malformed`] for anything but the one text of a keystore,
    /// [`KeystoreError::Cost`] for a cost out of bounds.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let malformed = |reason: &str| KeystoreError::Malformed { reason: reason.to_owned() };
        if text.len() > MAXIMUM_BYTES {
            return Err(malformed("it is too long"));
        }
        let document: Document = serde_json::from_str(text)
            .map_err(|error| KeystoreError::Malformed { reason: error.to_string() })?;
        if document.format != FORMAT {
            return Err(malformed("its format has another name"));
        }
        let derivation = &document.key_derivation;
        let keystore = Self {
            public: PublicKey::from_hex(&document.public_key)
                .ok_or_else(|| malformed("its public key is not hexadecimal"))?,
            cost: Cost {
                memory_kib: derivation.memory_kib,
                passes: derivation.passes,
                lanes: derivation.lanes,
            },
            salt: fixed(&derivation.salt).ok_or_else(|| malformed("its salt is not 16 bytes"))?,
            nonce: fixed(&document.cipher.nonce)
                .ok_or_else(|| malformed("its nonce is not 24 bytes"))?,
            sealed: fixed(&document.cipher.sealed_seed)
                .ok_or_else(|| malformed("its sealed seed is not 48 bytes"))?,
        };
        keystore.cost.parameters()?;
        // Names of algorithms, spaces and the order of members are part of the one text.
        if keystore.text() == text { Ok(keystore) } else { Err(malformed("it was edited")) }
    }

    /// What the cipher authenticates beside the seed: all that stands in the file in clear.
    fn header(&self) -> Vec<u8> {
        let cost = (self.cost.memory_kib, self.cost.passes, self.cost.lanes);
        ledger::codec::encode(&((FORMAT, SUITE, self.public), cost, self.salt))
    }

    fn cipher(&self, passphrase: &[u8]) -> Result<XChaCha20Poly1305, KeystoreError> {
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.parameters()?)
            .hash_password_into(passphrase, &self.salt, key.as_mut_slice())
            .map_err(|_| KeystoreError::Cost)?;
        Ok(XChaCha20Poly1305::new(&Key::from(*key)))
    }
}

fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    text::parse_base64(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretKey {
        SecretKey::from_seed(Suite::Ed25519Blake3, [7; 32])
    }

    fn keystore() -> Keystore {
        Keystore::encrypt(&secret(), b"horse", Cost::DEVNET, [1; 16], [2; 24]).unwrap()
    }

    #[test]
    fn a_key_comes_back_from_its_text() {
        let read = Keystore::parse(&keystore().text()).unwrap();
        assert_eq!(read, keystore());
        assert_eq!(read.public(), secret().public());
        assert_eq!(read.decrypt(b"horse").unwrap().seed(), secret().seed());
    }

    #[test]
    fn the_seed_does_not_stand_in_the_file() {
        let text = keystore().text();
        assert!(!text.contains(&PublicKey(secret().seed()).to_hex()));
        assert!(!text.contains(&text::base64(&secret().seed())));
    }

    #[test]
    fn wrong_passphrases_are_refused() {
        for wrong in ["", "hors", "horse ", "Horse"] {
            let refused = keystore().decrypt(wrong.as_bytes()).unwrap_err();
            assert_eq!(refused, KeystoreError::Passphrase, "{wrong:?}");
        }
    }

    #[test]
    fn a_change_of_any_byte_is_refused() {
        let text = keystore().text();
        for place in 0..text.len() {
            for change in [1, 2, 16, 32] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= change;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let opened = Keystore::parse(&changed).and_then(|read| read.decrypt(b"horse"));
                assert!(opened.is_err(), "byte {place} ^ {change}");
            }
        }
        for place in 0..text.len() {
            let (start, end) = text.split_at(place);
            assert!(Keystore::parse(start).is_err(), "cut at {place}");
            assert!(Keystore::parse(&format!("{start} {end}")).is_err(), "space at {place}");
        }
    }

    #[test]
    fn costs_out_of_bounds_are_refused_before_any_work() {
        let cost = |memory_kib, passes, lanes| Cost { memory_kib, passes, lanes };
        for (row, good) in [
            (Cost::STANDARD, true),
            (Cost::DEVNET, true),
            (cost(63, 1, 1), false),
            (cost(64, 1, 8), true),
            (cost(64, 1, 9), false),
            (cost(64, 0, 1), false),
            (cost(64, 1, 0), false),
            (cost(64, 65, 1), false),
            (cost(1024 * 1024, 8, 1), true),
            (cost(1024 * 1024, 9, 1), false),
            (cost(1024 * 1024 + 1, 1, 1), false),
            (cost(u32::MAX, u32::MAX, u32::MAX), false),
        ] {
            assert_eq!(row.parameters().is_ok(), good, "{row:?}");
            let text = Keystore { cost: row, ..keystore() }.text();
            assert_eq!(Keystore::parse(&text).is_ok(), good, "{row:?}");
        }
    }
}
