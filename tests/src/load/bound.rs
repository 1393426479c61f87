//! The bound: what this machine could do if validators did nothing but verify clients' signatures.
//!
//! Invariant: it is measured with the ledger's own batch verification, on distinct keys, in the
//! same run.

use std::{
    fs::File,
    io::Write as _,
    num::NonZero,
    path::Path,
    time::{Duration, Instant},
};

use ledger::{
    crypto::{SecretKey, SignatureCheck, Suite},
    hash::Hash,
};

use super::figures;
use crate::xtask::Failure;

/// How many signatures are verified as one batch.
const BATCH: u32 = 1024;

/// How many times each measurement is made; the best of one counts, the median of the other.
const ROUNDS: usize = 15;

/// How many bytes are made durable at once.
const BLOCK: [u8; 4096] = [7; 4096];

/// What the machine can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Processors.
    pub(super) cores: u64,
    /// Signatures a second that one core verifies in batches.
    pub(super) verified_per_second: u64,
    /// Payments a second if all cores did nothing else, each validator verifying each signature.
    pub(super) per_second: u64,
    /// How long it takes to make one block of 4,096 bytes durable, in the middle.
    pub(super) sync: Duration,
}

impl Bound {
    /// Measures it for so many validators on this machine, with their disk at `folder`.
    pub(super) fn measure(folder: &Path, validators: usize) -> Result<Self, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let cores = u64::try_from(cores).unwrap_or(1);
        let validators = u64::try_from(validators).unwrap_or(1).max(1);
        let verified_per_second = verified_per_second(BATCH, ROUNDS);
        let per_second = verified_per_second * cores / validators;
        let sync = sync_time(folder).map_err(|error| {
            let path = folder.to_owned();
            Failure::File { path, reason: error.to_string() }
        })?;
        Ok(Self { cores, verified_per_second, per_second, sync })
    }
}

/// Signatures a second that one core verifies in batches of `count`; the best of some rounds, since
/// other programs can only slow a round down.
pub(super) fn verified_per_second(count: u32, rounds: usize) -> u64 {
    let checks = checks(count);
    let best = (0..rounds).map(|_| {
        let start = Instant::now();
        let valid = Suite::Ed25519Blake3.verify_all(&checks);
        assert!(valid, "the bench signs what it checks");
        start.elapsed()
    });
    figures::per_second(u64::from(count), best.min().unwrap_or(Duration::MAX))
}

/// Signatures of distinct keys over distinct digests.
pub(super) fn checks(count: u32) -> Vec<SignatureCheck> {
    let check = |number: u32| {
        let mut seed = [1; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let (key, digest) = (SecretKey::from_seed(Suite::Ed25519Blake3, seed), Hash(seed));
        SignatureCheck { key: key.public(), digest, signature: key.sign(&digest) }
    };
    (0..count).map(check).collect()
}

/// The median time of appending a block to a file and making it durable.
fn sync_time(folder: &Path) -> std::io::Result<Duration> {
    let path = folder.join("sync.probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..2 * ROUNDS {
        let start = Instant::now();
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times.get(ROUNDS).copied().unwrap_or_default())
}
