//! Verification jobs: the expensive, stateless checks, to be done beside the core.
//!
//! Invariants: a job's result depends on the job alone; all its signatures are checked as one
//! batch. Absent: threads (the driver's), decisions on what a result means (the core's).

use ledger::block::{Batch, BatchHeader};
use ledger::codec;
use ledger::crypto::{PublicKey, Signature, SignatureCheck};
use ledger::hash::{Domain, Domains, Hash};
use ledger::transaction::{EnvelopeError, SignedTransaction, VerifiedTransaction, verify_all};

use super::lanes::HeldBatch;

/// Names a job; unique within one run of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// What is to be checked.
#[derive(Clone, Debug)]
pub enum VerificationJob {
    /// Clients' transactions, each with its own verdict.
    Transactions(Vec<SignedTransaction>),
    /// A validator's batch: all of it is good or none.
    Batch {
        /// The batch.
        batch: Batch,
        /// The key of its lane's owner.
        owner: PublicKey,
    },
}

/// What was found.
#[derive(Clone, Debug)]
pub enum VerificationResult {
    /// One verdict per transaction, in order.
    Transactions(Vec<Result<VerifiedTransaction, EnvelopeError>>),
    /// The batch, or `None` if its owner is faulty.
    Batch(Option<HeldBatch>),
}

impl VerificationJob {
    /// Does the job.
    pub fn run(self, domains: &Domains) -> VerificationResult {
        match self {
            Self::Transactions(transactions) => {
                VerificationResult::Transactions(verify_all(domains, transactions))
            }
            Self::Batch { batch, owner } => {
                VerificationResult::Batch(verify_batch(domains, batch, owner))
            }
        }
    }
}

fn verify_batch(domains: &Domains, batch: Batch, owner: PublicKey) -> Option<HeldBatch> {
    let Batch { header, signature, transactions } = batch;
    let encoded = codec::encode(&transactions);
    if domains.hash(Domain::BatchPayload, &encoded) != header.payload {
        return None;
    }
    let hash = header.hash(domains);
    let owner_check = SignatureCheck { key: owner, digest: hash, signature };
    if !domains.suite().verify(&owner_check) {
        return None;
    }
    let verified = verify_all(domains, transactions).into_iter().collect::<Result<_, _>>();
    let transactions = verified.ok()?;
    Some(HeldBatch { header, hash, signature, transactions, bytes: encoded.len() })
}

/// Chains transactions that this node has verified into a batch of its own.
pub fn seal_batch(
    domains: &Domains,
    header: impl FnOnce(Hash) -> BatchHeader,
    sign: impl FnOnce(&Hash) -> Signature,
    transactions: Vec<VerifiedTransaction>,
) -> HeldBatch {
    let signed: Vec<&SignedTransaction> =
        transactions.iter().map(VerifiedTransaction::signed).collect();
    let encoded = codec::encode(&signed);
    let header = header(domains.hash(Domain::BatchPayload, &encoded));
    let hash = header.hash(domains);
    let signature = sign(&hash);
    HeldBatch { header, hash, signature, transactions, bytes: encoded.len() }
}
