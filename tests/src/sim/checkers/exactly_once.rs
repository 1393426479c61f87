//! Exactly once: over the final chain a transaction has receipts in one block only, one for each
//! operation, and a UETR moves money at most once.

use ledger::hash::Hash;
use ledger::ids::{Height, Uetr};
use ledger::receipt::Outcome;
use node::core::step::Committed;
use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, Context, Observation};

/// What the chain has executed, up to the highest height that any node has shown.
#[derive(Debug, Default)]
pub(super) struct ExactlyOnce {
    height: Height,
    transactions: BTreeMap<Hash, Height>,
    settled: BTreeSet<Uetr>,
    checked: u64,
}

impl ExactlyOnce {
    fn execute(&mut self, committed: &Committed) -> Option<String> {
        let height = committed.height();
        let mut next: BTreeMap<Hash, u16> = BTreeMap::new();
        for booked in &committed.executed.booked {
            self.checked += 1;
            let receipt = &booked.receipt;
            let id = receipt.transaction;
            if let Some(before) = self.transactions.get(&id).filter(|before| **before != height) {
                return Some(format!("{id} has receipts at {before} and at {height}"));
            }
            self.transactions.insert(id, height);
            let expected = next.entry(id).or_default();
            if receipt.operation != *expected {
                return Some(format!("{id} has two receipts of one operation at {height}"));
            }
            *expected += 1;
            if let (Outcome::Settled(_), Some(uetr)) = (&receipt.outcome, receipt.uetr)
                && !self.settled.insert(uetr)
            {
                return Some(format!("{uetr:?} has moved money a second time at {height}"));
            }
        }
        None
    }
}

impl Checker for ExactlyOnce {
    fn name(&self) -> &'static str {
        "exactly once"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let (Observation::Final(host, committed) | Observation::Replayed(host, committed)) =
            observation
        else {
            return None;
        };
        if !context.is_product(*host) || committed.height() <= self.height {
            return None;
        }
        self.height = committed.height();
        self.execute(committed)
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
