//! What a node signs with its own key for people: statements that are JSON, read and kept apart
//! from the ledger.
//!
//! Invariants: a domain and the length of every part are in the digest, so no two statements have
//! the same bytes. Absent: which key must have signed (the callers').

use ledger::crypto::{PublicKey, SecretKey, Signature, SignatureCheck, Suite};
use ledger::hash::Hash;

/// The digest of a statement's parts, in their order.
pub(crate) fn digest(domain: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key(domain);
    for part in parts {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    Hash(*hasher.finalize().as_bytes())
}

/// The signature (ed25519) as 128 hexadecimal digits.
pub(crate) fn sign(key: &SecretKey, digest: &Hash) -> String {
    key.sign(digest).0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// True if `signature` is that of `key` under `digest`.
pub(crate) fn is_by(key: PublicKey, digest: Hash, signature: &str) -> bool {
    let Some(bytes) = unhex(signature) else { return false };
    let signature = Signature(bytes);
    Suite::Ed25519Blake3.verify(&SignatureCheck { key, digest, signature })
}

fn unhex(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    if text.len() != 128 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        let start = place.saturating_mul(2);
        *byte = u8::from_str_radix(text.get(start..start.saturating_add(2))?, 16).ok()?;
    }
    Some(bytes)
}
