//! Entropy of the operating system, for new keys and identifiers.
//!
//! Invariants: nothing is returned unless the operating system gave all of it. Absent: any other
//! source.

use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::keyfile;
use zeroize::Zeroizing;

use super::Failure;

/// `N` fresh bytes.
///
/// # Errors
/// A failure if the operating system gives none.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(format!("the operating system gives no entropy: {error}")))?;
    Ok(bytes)
}

/// A new secret key.
///
/// # Errors
/// A failure if the operating system gives no entropy.
pub(super) fn key() -> Result<SecretKey, Failure> {
    let seed = Zeroizing::new(bytes()?);
    Ok(SecretKey::from_seed(Suite::Ed25519Blake3, *seed))
}

/// A new secret key for a devnet, which bears a devnet's mark.
///
/// # Errors
/// A failure if the operating system gives no entropy.
pub(super) fn devnet_key() -> Result<SecretKey, Failure> {
    let entropy = Zeroizing::new(bytes()?);
    Ok(keyfile::devnet_key(Suite::Ed25519Blake3, *entropy))
}
