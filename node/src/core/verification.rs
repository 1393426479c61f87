//! Verification jobs: the expensive, stateless checks, to be done beside the core.
//!
//! Invariants: a job's result depends on the job alone; all signatures of jobs that are done
//! together are checked as one batch, whose size makes each of them cheaper. Absent: threads (the
//! driver's), decisions on what a result means (the core's).

use ledger::block::{Batch, BatchHeader};
use ledger::codec;
use ledger::crypto::{PublicKey, Signature, SignatureCheck};
use ledger::hash::{Domain, Domains, Hash};
use ledger::transaction::{EnvelopeError, SignedTransaction, Unverified, VerifiedTransaction};

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
        let nothing = VerificationResult::Batch(None);
        run_all(domains, vec![self]).pop().unwrap_or(nothing)
    }
}

/// Does many jobs at once; gives their results in the same order.
pub fn run_all(domains: &Domains, jobs: Vec<VerificationJob>) -> Vec<VerificationResult> {
    let prepared: Vec<_> = jobs.into_iter().map(|job| Prepared::new(domains, job)).collect();
    let checks: Vec<SignatureCheck> = prepared.iter().flat_map(Prepared::checks).collect();
    let invalid = domains.suite().find_invalid(&checks);
    let mut start = 0_usize;
    let results = prepared.into_iter().map(|one| {
        let end = start.saturating_add(one.checks().count());
        let from = invalid.partition_point(|place| *place < start);
        let to = invalid.partition_point(|place| *place < end);
        let own = invalid.get(from..to).unwrap_or_default();
        let own: Vec<usize> = own.iter().map(|place| place.saturating_sub(start)).collect();
        start = end;
        one.finish(&own)
    });
    results.collect()
}

/// A job of which all is checked but the signatures.
#[expect(clippy::large_enum_variant, reason = "few are made, and each lives for one check")]
enum Prepared {
    Transactions(Unverified),
    /// The first signature is the owner's.
    Batch {
        header: BatchHeader,
        hash: Hash,
        signature: Signature,
        owner: SignatureCheck,
        transactions: Unverified,
        bytes: usize,
    },
    /// A batch that is not what its header says.
    Bad,
}

impl Prepared {
    fn new(domains: &Domains, job: VerificationJob) -> Self {
        let (batch, owner) = match job {
            VerificationJob::Transactions(transactions) => {
                return Self::Transactions(Unverified::new(domains, transactions));
            }
            VerificationJob::Batch { batch, owner } => (batch, owner),
        };
        let Batch { header, signature, transactions } = batch;
        let encoded = codec::encode(&transactions);
        if domains.hash(Domain::BatchPayload, &encoded) != header.payload {
            return Self::Bad;
        }
        let hash = header.hash(domains);
        let owner = SignatureCheck { key: owner, digest: hash, signature };
        let transactions = Unverified::new(domains, transactions);
        Self::Batch { header, hash, signature, owner, transactions, bytes: encoded.len() }
    }

    fn checks(&self) -> impl Iterator<Item = SignatureCheck> {
        let (owner, transactions) = match self {
            Self::Transactions(transactions) => (None, Some(transactions)),
            Self::Batch { owner, transactions, .. } => (Some(*owner), Some(transactions)),
            Self::Bad => (None, None),
        };
        let clients = transactions.map(Unverified::checks).unwrap_or_default();
        owner.into_iter().chain(clients.iter().copied())
    }

    /// The result, given the places of this job's invalid signatures.
    fn finish(self, invalid: &[usize]) -> VerificationResult {
        match self {
            Self::Transactions(transactions) => {
                VerificationResult::Transactions(transactions.finish(invalid))
            }
            Self::Batch { header, hash, signature, transactions, bytes, .. } => {
                // With any, the batch is bad as a whole.
                let verified = transactions.finish(&[]).into_iter().collect::<Result<_, _>>();
                let batch = verified
                    .ok()
                    .filter(|_| invalid.is_empty())
                    .map(|transactions| HeldBatch { header, hash, signature, transactions, bytes });
                VerificationResult::Batch(batch)
            }
            Self::Bad => VerificationResult::Batch(None),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::{Chain, START};
    use ledger::crypto::{SecretKey, Suite};
    use ledger::ids::{Epoch, ValidatorIndex};

    fn key(number: u8) -> SecretKey {
        SecretKey::from_seed(Suite::Ed25519Blake3, [number; 32])
    }

    fn payments(chain: &Chain, times: std::ops::Range<u64>) -> Vec<SignedTransaction> {
        let decode = |later| SignedTransaction::decode(&chain.payment(START.plus(later))).unwrap();
        times.map(decode).collect()
    }

    fn batch(chain: &Chain, signer: u8, transactions: Vec<SignedTransaction>) -> VerificationJob {
        let domains = chain.genesis.domains();
        let payload = domains.hash(Domain::BatchPayload, &codec::encode(&transactions));
        let (epoch, lane, parent) = (Epoch(0), ValidatorIndex(1), Hash::ZERO);
        let header = BatchHeader { epoch, lane, sequence: 1, parent, payload };
        let signature = key(signer).sign(&header.hash(domains));
        let batch = Batch { header, signature, transactions };
        VerificationJob::Batch { batch, owner: key(1).public() }
    }

    #[test]
    fn jobs_that_are_done_together_have_the_results_that_each_has_alone() {
        let chain = Chain::new(1);
        let domains = chain.genesis.domains();
        let mut forged = payments(&chain, 0..5);
        forged[3].signatures[0].0[1] ^= 1;
        let mut changed = batch(&chain, 1, payments(&chain, 5..8));
        if let VerificationJob::Batch { batch, .. } = &mut changed {
            batch.transactions.pop();
        }
        let jobs = vec![
            batch(&chain, 1, payments(&chain, 10..13)),
            VerificationJob::Transactions(forged.clone()),
            batch(&chain, 2, payments(&chain, 20..23)),
            batch(&chain, 1, forged),
            changed,
            batch(&chain, 1, Vec::new()),
            VerificationJob::Transactions(payments(&chain, 30..33)),
        ];
        let alone: Vec<_> = jobs.iter().map(|job| job.clone().run(domains)).collect();
        let together = run_all(domains, jobs);
        assert_eq!(format!("{together:?}"), format!("{alone:?}"));
        let good: Vec<String> = together
            .iter()
            .map(|result| match result {
                VerificationResult::Batch(batch) => format!("{}", batch.is_some()),
                VerificationResult::Transactions(verdicts) => {
                    verdicts.iter().map(|one| if one.is_ok() { '+' } else { '-' }).collect()
                }
            })
            .collect();
        assert_eq!(good, ["true", "+++-+", "false", "false", "false", "true", "+++"]);
    }
}
