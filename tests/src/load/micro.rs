//! The parts of a payment alone, on one core: signatures, coding, execution, proofs.
//!
//! Invariant: each figure is the best of some rounds, since other programs can only slow a round
//! down. Absent: the network and the disk (see the cluster bench).

pub(crate) mod world;

use std::time::{Duration, Instant};

use ledger::{
    crypto::Suite,
    proof::Proof,
    transaction::{SignedTransaction, verify_all},
};
use serde::Serialize;

use super::{bound, figures};
use crate::xtask::Failure;
use world::World;

/// Payments in one block.
const BLOCK: usize = 10_000;

/// Transactions that are verified at once.
const BATCH: usize = 1024;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// How many of it one core does in a second.
    pub per_second: u64,
}

/// The figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Micro {
    /// The format's name.
    pub format: &'static str,
    /// Every figure.
    pub figures: Vec<Figure>,
}

impl Micro {
    /// The figures in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |figure: &Figure| format!("{:<52} {:>12} /s", figure.name, figure.per_second);
        self.figures.iter().map(line).collect()
    }
}

/// Measures everything; `quick` with fewer rounds.
///
/// # Errors
/// [`Failure::Found`] if the bench's own ledger refuses what the bench does.
pub fn micro(quick: bool) -> Result<Micro, Failure> {
    let rounds = if quick { 3 } else { 15 };
    let mut figures = Vec::new();
    let mut add = |name: &str, per_second| {
        figures.push(Figure { name: name.to_owned(), per_second });
    };
    signatures(rounds, &mut add);
    let mut world = World::new(BLOCK).ok_or_else(defect)?;
    let signed = world.payments(BLOCK);
    coding(&world, &signed, rounds, &mut add);
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        best = best.min(world.execute(BLOCK).ok_or_else(defect)?);
    }
    add("payments executed, with receipts and state root", rate(BLOCK, best));
    let (proof, chain) = world.proof().ok_or_else(defect)?;
    let file = proof.encode();
    let time = best_of(rounds * 20, || {
        Proof::decode(&file).is_ok_and(|proof| proof.verify(chain).is_ok())
    });
    add(&format!("proofs of {} bytes read and verified", file.len()), rate(1, time));
    Ok(Micro { format: "feiqian.bench-micro/v1", figures })
}

fn signatures(rounds: usize, add: &mut impl FnMut(&str, u64)) {
    let suite = Suite::Ed25519Blake3;
    let checks = bound::checks(64);
    let key = ledger::crypto::SecretKey::from_seed(suite, [9; 32]);
    let time = best_of(rounds * 20, || {
        checks.iter().all(|check| key.sign(&check.digest) != check.signature)
    });
    add("signatures made", rate(checks.len(), time));
    let time = best_of(rounds * 10, || checks.iter().all(|check| suite.verify(check)));
    add("signatures verified one by one", rate(checks.len(), time));
    for count in [8, 64, 1024] {
        let name = format!("signatures verified in batches of {count}");
        add(&name, bound::verified_per_second(count, rounds * 4));
    }
}

fn coding(
    world: &World,
    signed: &[SignedTransaction],
    rounds: usize,
    add: &mut impl FnMut(&str, u64),
) {
    let encoded: Vec<_> = signed.iter().map(ledger::codec::encode).collect();
    let length = encoded.first().map_or(0, Vec::len);
    let time =
        best_of(rounds, || encoded.iter().all(|bytes| SignedTransaction::decode(bytes).is_ok()));
    add(&format!("payments of {length} bytes decoded"), rate(signed.len(), time));
    let batch = signed.get(..BATCH).unwrap_or(signed);
    let time =
        best_of(rounds, || verify_all(world.domains(), batch.to_vec()).iter().all(Result::is_ok));
    add("payments verified in batches of 1024", rate(batch.len(), time));
}

/// The shortest time of some rounds, each of which must succeed.
fn best_of(rounds: usize, mut round: impl FnMut() -> bool) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        let succeeded = round();
        best = best.min(start.elapsed());
        assert!(succeeded, "the bench measures only what succeeds");
    }
    best
}

fn rate(count: usize, time: Duration) -> u64 {
    figures::per_second(u64::try_from(count).unwrap_or(0), time)
}

fn defect() -> Failure {
    Failure::Found { summary: "the ledger refuses what the bench does; run the tests".to_owned() }
}
