//! Entropy and the clock: the two things that the wallet takes from its machine.
//!
//! Absent: any other generator of random numbers.

use ledger::ids::Timestamp;
use std::io::{Error, Result};
use std::time::{SystemTime, UNIX_EPOCH};

/// Fresh bytes of the operating system's generator.
///
/// # Errors
/// What the system says.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::other(error.to_string()))?;
    Ok(bytes)
}

/// `N` fresh bytes in hexadecimal.
///
/// # Errors
/// What the system says.
pub(crate) fn hex<const N: usize>() -> Result<String> {
    Ok(bytes::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The time by this machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
