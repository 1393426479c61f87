//! Two bugs: the signatures of clients' transactions are not checked when they are taken in; a
//! peer's batch is not checked before it is kept.

use ledger::codec;
use ledger::hash::Domains;
use ledger::transaction::VerifiedTransaction;
use node::core::lanes::HeldBatch;
use node::core::verification::{VerificationJob, VerificationResult};

use super::{Bug, Planted};

/// Transactions are taken in unchecked.
pub(super) const TRANSACTIONS: Planted = Planted {
    name: "unverified-transactions",
    spans_epochs: false,
    finders: &["authority", "evidence", "durable acknowledgements"],
    make: |_| Box::new(UnverifiedTransactions),
};

/// Peers' batches are kept unchecked.
pub(super) const BATCHES: Planted = Planted {
    name: "unverified-batches",
    spans_epochs: false,
    // Nodes that kept different forged batches of one place agree on no block that orders it.
    finders: &["authority", "health", "liveness"],
    make: |_| Box::new(UnverifiedBatches),
};

struct UnverifiedTransactions;

impl Bug for UnverifiedTransactions {
    fn verify(&mut self, job: VerificationJob, domains: &Domains) -> VerificationResult {
        match job {
            VerificationJob::Transactions(transactions) => {
                let trusted = transactions
                    .into_iter()
                    .map(|one| Ok(VerifiedTransaction::recorded(domains, one)));
                VerificationResult::Transactions(trusted.collect())
            }
            job @ VerificationJob::Batch { .. } => job.run(domains),
        }
    }
}

struct UnverifiedBatches;

impl Bug for UnverifiedBatches {
    fn verify(&mut self, job: VerificationJob, domains: &Domains) -> VerificationResult {
        match job {
            VerificationJob::Batch { batch, .. } => {
                let bytes = codec::encode(&batch.transactions).len();
                let hash = batch.header.hash(domains);
                let transactions = batch.transactions.into_iter();
                let transactions =
                    transactions.map(|one| VerifiedTransaction::recorded(domains, one)).collect();
                let (header, signature) = (batch.header, batch.signature);
                VerificationResult::Batch(Some(HeldBatch {
                    header,
                    hash,
                    signature,
                    transactions,
                    bytes,
                }))
            }
            job @ VerificationJob::Transactions(_) => job.run(domains),
        }
    }
}
