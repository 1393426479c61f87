//! Signatures, and payments as bytes.

use ledger::{
    crypto::{SecretKey, Suite},
    transaction::{SignedTransaction, verify_all},
};

use super::{Add, BLOCK, World, best_of, rate};
use crate::load::bound;

/// How many signatures are verified at once.
const BATCHES: [u32; 4] = [16, 64, 256, 1024];

/// Transactions that are verified at once.
const BATCH: usize = 1024;

pub(super) fn measure(rounds: usize, add: Add<'_>) {
    let suite = Suite::Ed25519Blake3;
    let checks = bound::checks(64);
    let key = SecretKey::from_seed(suite, [9; 32]);
    let time = best_of(rounds * 20, || {
        checks.iter().all(|check| key.sign(&check.digest) != check.signature)
    });
    add("signatures made".to_owned(), rate(checks.len(), time));
    let time = best_of(rounds * 10, || checks.iter().all(|check| suite.verify(check)));
    add("signatures verified one by one".to_owned(), rate(checks.len(), time));
    add("signatures verified in batches of 1".to_owned(), {
        let (first, _) = checks.split_at(1);
        rate(1, best_of(rounds * 100, || suite.verify_all(first)))
    });
    for count in BATCHES {
        let name = format!("signatures verified in batches of {count}");
        add(name, bound::verified_per_second(count, rounds * 4));
    }
}

pub(super) fn coding(world: &mut World, rounds: usize, add: Add<'_>) {
    let signed = world.payments(BLOCK);
    let encoded: Vec<_> = signed.iter().map(ledger::codec::encode).collect();
    let length = encoded.first().map_or(0, Vec::len);
    let time = best_of(rounds, || {
        signed.iter().map(ledger::codec::encode).map(|bytes| bytes.len()).sum::<usize>() > 0
    });
    add(format!("payments of {length} bytes encoded"), rate(signed.len(), time));
    let time =
        best_of(rounds, || encoded.iter().all(|bytes| SignedTransaction::decode(bytes).is_ok()));
    add(format!("payments of {length} bytes decoded"), rate(signed.len(), time));
    let batch = signed.get(..BATCH).unwrap_or(&signed);
    let time =
        best_of(rounds, || verify_all(world.domains(), batch.to_vec()).iter().all(Result::is_ok));
    add(format!("payments verified in batches of {BATCH}"), rate(batch.len(), time));
}
