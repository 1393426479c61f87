//! Keys and signatures under one verification rule.
//!
//! Invariants: a signature is over a 32-byte digest that names its domain and chain
//! ([`crate::hash`]). Single and batch checks give the same verdict on every input, small-order and
//! non-canonical points included: ZIP-215 (<https://zips.z.cash/zip-0215>). Absent: key generation
//! (entropy comes from the callers), any other verification.

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_zebra::{VerificationKey, VerificationKeyBytes, batch};
use rand_core::{Infallible, TryCryptoRng, TryRng};
use std::fmt;

use crate::hash::Hash;

/// The crypto suite of a chain: which hash and which signature. A new suite gets a new tag, never a
/// new format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Suite {
    /// BLAKE3 hashes and Ed25519 signatures under ZIP-215.
    Ed25519Blake3 = 1,
    /// Keyed hashes in the place of signatures, for simulations. Anyone can forge them: the node
    /// refuses such a genesis.
    #[cfg(feature = "test-suite")]
    KeyedHash = 255,
}

impl Suite {
    /// The suite's tag in hashed bytes.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Ed25519Blake3 => 1,
            #[cfg(feature = "test-suite")]
            Self::KeyedHash => 255,
        }
    }

    /// True if signatures of this suite bind the holder of the key.
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Ed25519Blake3)
    }
}

/// A public key, 32 bytes. Any bytes are a `PublicKey`; whether they are a point is decided when a
/// signature is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Lower-case hexadecimal, 64 characters.
    pub fn to_hex(&self) -> String {
        Hash(self.0).to_hex()
    }

    /// Reads 64 hexadecimal characters; anything else is `None`.
    pub fn from_hex(text: &str) -> Option<Self> {
        Hash::from_hex(text).map(|hash| Self(hash.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({:?})", Hash(self.0))
    }
}

/// A signature, 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// A secret signing key; wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct SecretKey {
    suite: Suite,
    key: ed25519_dalek::SigningKey,
}

impl SecretKey {
    /// The key whose seed is `seed`: 32 bytes of the caller's entropy.
    pub fn from_seed(suite: Suite, seed: [u8; 32]) -> Self {
        Self { suite, key: ed25519_dalek::SigningKey::from_bytes(&seed) }
    }

    /// The seed, for a keystore to encrypt.
    pub fn seed(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self.suite {
            Suite::Ed25519Blake3 => PublicKey(self.key.verifying_key().to_bytes()),
            #[cfg(feature = "test-suite")]
            Suite::KeyedHash => PublicKey(self.key.to_bytes()),
        }
    }

    /// Signs a domain-separated digest. Deterministic (RFC 8032).
    pub fn sign(&self, digest: &Hash) -> Signature {
        match self.suite {
            Suite::Ed25519Blake3 => {
                use ed25519_dalek::Signer;
                Signature(self.key.sign(&digest.0).to_bytes())
            }
            #[cfg(feature = "test-suite")]
            Suite::KeyedHash => keyed_hash_signature(&self.public(), digest),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretKey of {:?}", self.public())
    }
}

/// One signature to check: who, over what, and the signature.
#[derive(Clone, Copy, Debug)]
pub struct SignatureCheck {
    /// The key that should have signed.
    pub key: PublicKey,
    /// The domain-separated digest that should have been signed.
    pub digest: Hash,
    /// The signature in question.
    pub signature: Signature,
}

impl Suite {
    /// Checks one signature.
    pub fn verify(self, check: &SignatureCheck) -> bool {
        match self {
            Self::Ed25519Blake3 => {
                let signature = ed25519_zebra::Signature::from(check.signature.0);
                VerificationKey::try_from(VerificationKeyBytes::from(check.key.0))
                    .and_then(|key| key.verify(&signature, &check.digest.0))
                    .is_ok()
            }
            #[cfg(feature = "test-suite")]
            Self::KeyedHash => keyed_hash_signature(&check.key, &check.digest) == check.signature,
        }
    }

    /// Checks many signatures at once; true if every one is valid. About half the cost of single
    /// checks from some dozens upwards; checks under one key share more of it.
    pub fn verify_all(self, checks: &[SignatureCheck]) -> bool {
        match self {
            Self::Ed25519Blake3 if checks.len() > 1 => {
                let mut batch = batch::Verifier::new();
                for check in checks {
                    let key = VerificationKeyBytes::from(check.key.0);
                    let signature = ed25519_zebra::Signature::from(check.signature.0);
                    batch.queue((key, signature, &check.digest.0));
                }
                batch.verify(BatchCoefficients::of(checks)).is_ok()
            }
            Self::Ed25519Blake3 => checks.iter().all(|check| self.verify(check)),
            #[cfg(feature = "test-suite")]
            Self::KeyedHash => checks.iter().all(|check| self.verify(check)),
        }
    }

    /// Checks many signatures and says which are invalid (their places, ascending). Halves the
    /// batch to find them, so a few bad ones among many cost a few smaller batches.
    pub fn find_invalid(self, checks: &[SignatureCheck]) -> Vec<usize> {
        let mut invalid = Vec::new();
        let mut spans = vec![(0, checks)];
        while let Some((start, span)) = spans.pop() {
            if self.verify_all(span) {
                continue;
            }
            if span.len() == 1 {
                invalid.push(start);
                continue;
            }
            let (left, right) = span.split_at(span.len().div_ceil(2));
            spans.push((left.len().saturating_add(start), right));
            spans.push((start, left));
        }
        invalid
    }
}

/// The random coefficients of a batch check, derived from everything that is checked (Fiat-Shamir),
/// so that whoever crafts a signature cannot choose them and the verdict is the same everywhere.
struct BatchCoefficients(blake3::OutputReader);

impl BatchCoefficients {
    fn of(checks: &[SignatureCheck]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("feiqian/batch-coefficients/v1");
        for check in checks {
            hasher.update(&check.key.0);
            hasher.update(&check.digest.0);
            hasher.update(&check.signature.0);
        }
        Self(hasher.finalize_xof())
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}

impl TryRng for BatchCoefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for BatchCoefficients {}

#[cfg(feature = "test-suite")]
fn keyed_hash_signature(key: &PublicKey, digest: &Hash) -> Signature {
    let first = blake3::keyed_hash(&key.0, &digest.0);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(first.as_bytes());
    Signature(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: Suite = Suite::Ed25519Blake3;

    fn signed(seed: u8, digest: u8) -> SignatureCheck {
        let key = SecretKey::from_seed(SUITE, [seed; 32]);
        let digest = Hash([digest; 32]);
        SignatureCheck { key: key.public(), digest, signature: key.sign(&digest) }
    }

    #[test]
    fn a_batch_names_the_invalid() {
        let mut checks: Vec<_> = (0..40).map(|i| signed(i % 7, i)).collect();
        assert!(SUITE.verify_all(&checks));
        assert!(SUITE.find_invalid(&checks).is_empty());
        checks[3].digest = Hash([99; 32]);
        checks[31].signature.0[0] ^= 1;
        checks[32].key = PublicKey([2; 32]);
        assert_eq!(SUITE.find_invalid(&checks), vec![3, 31, 32]);
    }

    #[test]
    fn single_and_batch_agree_on_crafted_points() {
        // The eight small-order points and their non-canonical encodings are valid keys for the
        // signature R = A, s = 0 under ZIP-215; a cofactorless batch would refuse some.
        let small_order = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0100000000000000000000000000000000000000000000000000000000000080",
        ];
        for text in small_order {
            let key = PublicKey::from_hex(text).unwrap();
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&key.0);
            let check =
                SignatureCheck { key, digest: Hash([5; 32]), signature: Signature(signature) };
            let alone = SUITE.verify(&check);
            assert!(alone, "{text}");
            assert_eq!(SUITE.verify_all(&[check, signed(1, 1)]), alone, "{text}");
        }
    }

    #[test]
    fn s_beyond_the_group_order_is_refused_alone_and_in_a_batch() {
        let mut check = signed(1, 1);
        check.signature.0[32..].copy_from_slice(&[0xff; 32]);
        assert!(!SUITE.verify(&check));
        assert!(!SUITE.verify_all(&[check, signed(2, 2)]));
    }
}
