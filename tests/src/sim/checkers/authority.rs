//! Authority: nothing is executed that no client ordered: each transaction of a final block was
//! handed over by a client and has a valid signature of every signer that it names, and each batch
//! one of its lane's owner.
//!
//! Written apart from the product's verification: signature by signature, nothing batched.

use ledger::crypto::SignatureCheck;
use ledger::transaction::TransactionId;
use node::core::step::Committed;
use std::collections::BTreeSet;

use super::{Checker, Context, Observation};

/// The transactions that were looked at.
#[derive(Debug, Default)]
pub(super) struct Authority {
    ordered: BTreeSet<TransactionId>,
    known: BTreeSet<TransactionId>,
    checked: u64,
}

impl Authority {
    fn execute(&mut self, context: &Context, committed: &Committed) -> Option<String> {
        let suite = context.setup.domains.suite();
        for batch in &committed.batches {
            let validators = context.epochs.validators(batch.header.epoch);
            let owner = validators.and_then(|validators| validators.get(batch.header.lane));
            let is_owned = owner.is_some_and(|owner| {
                let (key, digest, signature) = (owner.key, batch.hash, batch.signature);
                suite.verify(&SignatureCheck { key, digest, signature })
            });
            if !is_owned {
                let (lane, sequence) = (batch.header.lane, batch.header.sequence);
                return Some(format!("batch {sequence} of lane {lane:?} is not its owner's"));
            }
        }
        for transaction in committed.batches.iter().flat_map(|batch| &batch.transactions) {
            let id = transaction.id();
            if !self.known.insert(id) {
                continue;
            }
            self.checked += 1;
            if !self.ordered.contains(&id) {
                let height = committed.height();
                return Some(format!("{id} is executed at {height}, and nobody ordered it"));
            }
            let signed = transaction.signed();
            let signers = &signed.transaction.signers;
            let is_signed = |(key, signature): (_, _)| {
                suite.verify(&SignatureCheck { key, digest: id, signature })
            };
            let pairs = signers.iter().copied().zip(signed.signatures.iter().copied());
            let all = signers.len() == signed.signatures.len() && pairs.into_iter().all(is_signed);
            if !all {
                let height = committed.height();
                return Some(format!("{id} is executed at {height}, and its signers did not sign"));
            }
        }
        None
    }
}

impl Checker for Authority {
    fn name(&self) -> &'static str {
        "authority"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        if let Observation::Ordered(order) = observation {
            self.ordered.insert(order.id);
        }
        let (Observation::Final(host, committed) | Observation::Replayed(host, committed)) =
            observation
        else {
            return None;
        };
        if !context.is_product(*host) {
            return None;
        }
        self.execute(context, committed)
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
