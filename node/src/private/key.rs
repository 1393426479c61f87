//! The data key: seals content to an institution, and opens what was sealed to it (HPKE, RFC 9180).
//!
//! Mode base with X25519, HKDF-SHA256 and ChaCha20-Poly1305. Invariants: what is sealed for one
//! chain and one label opens for no other. Absent: who the sender is: the transport says that, and
//! the ledger's commitment says what the payer's side signed.

use borsh::{BorshDeserialize, BorshSerialize};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use ledger::crypto::SecretKey;
use ledger::hash::ChainId;
use zeroize::Zeroizing;

/// What is sealed by this scheme, before the chain's id.
const SCHEME: &[u8] = b"feiqian/private/v1";

/// The bytes of an encapsulated key, which come first in what is sealed.
const ENCAPSULATED: usize = 32;

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The public key is no point that a secret can be agreed on with.
    #[error("the data key is no X25519 public key")]
    BadKey,
    /// The operating system has no randomness.
    #[error("the operating system gives no entropy")]
    Entropy,
}

/// The public half of a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DataPublicKey(pub [u8; 32]);

impl DataPublicKey {
    /// Seals `content` under `label`, which whoever opens it must know.
    ///
    /// # Errors
    /// [`SealError`]: the key is none, or there is no entropy.
    pub fn seal(&self, chain: ChainId, label: &[u8], content: &[u8]) -> Result<Vec<u8>, SealError> {
        // The library panics without entropy. A system that has once had some does not lose it.
        getrandom::fill(&mut [0; 1]).map_err(|_| SealError::Entropy)?;
        let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&self.0);
        let key = key.map_err(|_| SealError::BadKey)?;
        let sealed = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &key,
            &info(chain),
            content,
            label,
        );
        let (encapsulated, content) = sealed.map_err(|_| SealError::BadKey)?;
        Ok([encapsulated.to_bytes().as_slice(), &content].concat())
    }
}

/// A data key.
pub struct DataKey {
    chain: ChainId,
    secret: <X25519HkdfSha256 as Kem>::PrivateKey,
    public: DataPublicKey,
}

impl DataKey {
    /// The key pair that RFC 9180's `DeriveKeyPair` makes of a key file's seed.
    pub fn new(chain: ChainId, key: &SecretKey) -> Self {
        let seed = Zeroizing::new(key.seed());
        let (secret, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        Self { chain, secret, public: DataPublicKey(bytes) }
    }

    /// The public half.
    pub const fn public(&self) -> DataPublicKey {
        self.public
    }

    /// Seals `content` to this very key.
    ///
    /// # Errors
    /// [`SealError`]: there is no entropy.
    pub fn seal(&self, label: &[u8], content: &[u8]) -> Result<Vec<u8>, SealError> {
        self.public.seal(self.chain, label, content)
    }

    /// Opens what was sealed to this key under `label`; `None` if it was not, or was changed.
    pub fn open(&self, label: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (encapsulated, content) = sealed.split_at_checked(ENCAPSULATED)?;
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.secret,
            &encapsulated,
            &info(self.chain),
            content,
            label,
        );
        opened.ok().map(Zeroizing::new)
    }
}

fn info(chain: ChainId) -> Vec<u8> {
    [SCHEME, &chain.0.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::Hash;

    fn key(chain: u8, seed: u8) -> DataKey {
        let seed = SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]);
        DataKey::new(ChainId(Hash([chain; 32])), &seed)
    }

    #[test]
    fn only_the_key_the_chain_and_the_label_open_what_is_sealed() {
        let own = key(1, 7);
        let sealed = own.seal(b"label", b"Wei").unwrap();
        assert_eq!(own.open(b"label", &sealed).unwrap().as_slice(), b"Wei");
        assert!(own.open(b"other", &sealed).is_none());
        assert!(key(2, 7).open(b"label", &sealed).is_none());
        assert!(key(1, 8).open(b"label", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(own.open(b"label", &changed).is_none(), "byte {place}");
            assert!(own.open(b"label", &sealed[..place]).is_none(), "the first {place} bytes");
        }
    }

    #[test]
    fn the_same_content_is_sealed_differently_each_time() {
        let own = key(1, 7);
        assert_ne!(own.seal(b"", b"Wei").unwrap(), own.seal(b"", b"Wei").unwrap());
        assert_eq!(own.public(), key(2, 7).public());
    }

    #[test]
    fn a_point_of_small_order_is_no_key() {
        let chain = ChainId(Hash([1; 32]));
        assert_eq!(DataPublicKey([0; 32]).seal(chain, b"", b"Wei"), Err(SealError::BadKey));
    }
}
