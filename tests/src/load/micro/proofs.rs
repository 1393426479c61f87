//! Proofs: made by a node, verified by a light client.
//!
//! Invariant: what verification is compared with is measured on the same proof's own parts: three
//! signatures, one by one, and the path.

use std::time::Duration;

use ledger::{
    crypto::Suite,
    hash::ChainId,
    proof::{Claim, Proof},
};
use serde::Serialize;

use super::{Add, World, best_of, rate};
use crate::load::{bound, figures};

/// What a light client does with one proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProofFigures {
    /// What is proven.
    pub name: &'static str,
    /// The bytes of the proof file.
    pub bytes: usize,
    /// The part of the genesis document, which every file carries.
    pub genesis_bytes: usize,
    /// How long it takes to read and verify it, in microseconds.
    pub verify_us: f64,
    /// How long three signatures take, verified one by one, in microseconds.
    pub three_signatures_us: f64,
    /// How long the path alone takes, in microseconds; none where it is not verified alone.
    pub path_us: Option<f64>,
    /// `verify_us` as a multiple of the signatures and the path.
    pub ratio: f64,
}

impl ProofFigures {
    /// In a line for a person.
    pub(super) fn line(&self) -> String {
        format!(
            "proof of a {}: {} bytes ({} of them the genesis document), read and verified in {} \
             us: {} times three signatures and the path",
            self.name, self.bytes, self.genesis_bytes, self.verify_us, self.ratio
        )
    }
}

/// Measures the last block's proofs; none if they do not hold.
pub(super) fn measure(world: &World, rounds: usize, add: Add<'_>) -> Option<Vec<ProofFigures>> {
    let time = best_of(rounds, || world.receipt_path().is_some());
    add("receipts' paths made, in a block of 10000".to_owned(), rate(1, time));
    let time = best_of(rounds * 20, || world.holding_path() > 0);
    add("holdings' paths made, in the state".to_owned(), rate(1, time));
    let suite = Suite::Ed25519Blake3;
    let checks = bound::checks(3);
    let three = best_of(rounds * 20, || checks.iter().all(|check| suite.verify(check)));
    let (payment, chain) = world.proof()?;
    let (holding, _) = world.holding_proof();
    Some(vec![
        figures_of("payment", &payment, chain, (three, rounds)),
        figures_of("holding", &holding, chain, (three, rounds)),
    ])
}

fn figures_of(
    name: &'static str,
    proof: &Proof,
    chain: ChainId,
    (three, rounds): (Duration, usize),
) -> ProofFigures {
    let file = proof.encode();
    let verify = best_of(rounds * 20, || {
        Proof::decode(&file).is_ok_and(|proof| proof.verify(chain).is_ok())
    });
    let path = path_time(proof, rounds * 20);
    let us = |time: Duration| figures::milliseconds(time * 1000);
    let parts = three + path.unwrap_or_default();
    ProofFigures {
        name,
        bytes: file.len(),
        genesis_bytes: ledger::codec::encode(&proof.genesis).len(),
        verify_us: us(verify),
        three_signatures_us: us(three),
        path_us: path.map(us),
        ratio: figures::multiple(us(verify), us(parts)),
    }
}

/// How long a receipt's path takes, alone.
fn path_time(proof: &Proof, rounds: usize) -> Option<Duration> {
    let domains = proof.genesis.domains();
    let root = &proof.progress.header.receipts_root;
    match &proof.claim {
        Claim::Payment { receipt, path } => Some(best_of(rounds, || {
            let leaf = receipt.hash(&domains);
            path.verify(&domains, &leaf, root).is_ok()
        })),
        Claim::NoPayment(_) | Claim::Holding { .. } | Claim::Account { .. } => None,
    }
}
