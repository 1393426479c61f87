//! Transactions: the signed envelope of one or more operations.
//!
//! Invariants: the signers are part of what is signed, so nobody can strip one; a transaction's id
//! is the hash of what is signed; verification here is stateless (who may sign what is decided in
//! execution). Absent: sequence numbers; exactly-once rests on UETRs and validity windows.

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::codec;
use crate::corrections::Evidence;
use crate::crypto::{PublicKey, Signature, SignatureCheck, Suite};
use crate::hash::{ChainId, Domain, Domains, Hash};
use crate::ids::{Timestamp, Uetr};
use crate::operation::Operation;
use crate::proof::ProofError;

/// A transaction's identity: the hash of its body.
pub type TransactionId = Hash;

/// What signers sign.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Transaction {
    /// The crypto suite.
    pub suite: Suite,
    /// The one chain on which it is valid.
    pub chain_id: ChainId,
    /// The first block time at which it may execute.
    pub valid_from: Timestamp,
    /// The last block time at which it may execute; at most 24 hours after `valid_from`.
    pub valid_until: Timestamp,
    /// What to do: 1 to 8,192 operations, executed in order.
    pub operations: Vec<Operation>,
    /// True: all operations or none. False: each for itself.
    pub atomic: bool,
    /// Who signs: 1 to 64 keys, ascending, none twice.
    pub signers: Vec<PublicKey>,
}

/// Why bytes are not a transaction that may enter the ledger. None of these can heal with time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Signed for another chain.
    #[error("the transaction is for another chain. Sign it for chain {expected}")]
    WrongChain {
        /// This chain.
        expected: ChainId,
    },
    /// Not a transaction in its one canonical form.
    #[error("the transaction is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A signature, of a signer or of a quote's dealer, is missing or wrong.
    #[error(
        "a signature is missing or invalid. Sign again with the keys that the transaction names"
    )]
    Signature,
    /// The proof of a payment that the transaction carries does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Transaction {
    /// The most operations of one transaction.
    pub const MAXIMUM_OPERATIONS: usize = 8192;

    /// The most keys that sign one transaction.
    pub const MAXIMUM_SIGNERS: usize = 64;

    /// The longest validity: 24 hours, in milliseconds.
    pub const MAXIMUM_VALIDITY: u64 = 24 * 60 * 60 * 1000;

    /// The usual validity: 10 minutes, in milliseconds.
    pub const USUAL_VALIDITY: u64 = 10 * 60 * 1000;

    /// The transaction's id: what signers sign.
    pub fn id(&self, domains: &Domains) -> TransactionId {
        domains.hash_of(Domain::Transaction, self)
    }

    /// The UETRs of its operations, in order.
    pub fn uetrs(&self) -> impl Iterator<Item = Uetr> {
        self.operations.iter().filter_map(Operation::uetr)
    }

    /// Checks everything that needs neither a state nor the signers' signatures; gives the id, and
    /// the signatures of the quotes and proofs that the transaction carries, to be verified.
    ///
    /// # Errors
    /// [`EnvelopeError`], in the order of the rejections.
    pub fn check(
        &self,
        domains: &Domains,
    ) -> Result<(TransactionId, Vec<SignatureCheck>), EnvelopeError> {
        if self.chain_id != domains.chain_id() || self.suite != domains.suite() {
            return Err(EnvelopeError::WrongChain { expected: domains.chain_id() });
        }
        if let Some(reason) = self.defect() {
            return Err(EnvelopeError::Malformed { reason: reason.to_owned() });
        }
        let quotes = self.operations.iter().flat_map(Operation::quotes);
        let mut checks: Vec<_> = quotes.map(|quote| quote.signature_check(domains)).collect();
        for evidence in self.operations.iter().filter_map(Operation::evidence) {
            checks.extend(evidence.check(domains)?);
        }
        Ok((self.id(domains), checks))
    }

    /// Says what is wrong with the envelope, if anything: counts, order, window, repeated UETRs.
    fn defect(&self) -> Option<&'static str> {
        if self.operations.is_empty() || self.operations.len() > Self::MAXIMUM_OPERATIONS {
            return Some("it needs 1 to 8192 operations");
        }
        if self.signers.is_empty() || self.signers.len() > Self::MAXIMUM_SIGNERS {
            return Some("it needs 1 to 64 signers");
        }
        if !self.signers.is_sorted_by(|left, right| left < right) {
            return Some("its signers must ascend, none twice");
        }
        if self.valid_until < self.valid_from
            || self.valid_until.since(self.valid_from) > Self::MAXIMUM_VALIDITY
        {
            return Some("its validity must be a span of at most 24 hours");
        }
        let mut uetrs = BTreeSet::new();
        if self.operations.len() > 1 && !self.uetrs().all(|uetr| uetrs.insert(uetr)) {
            return Some("it names a UETR twice");
        }
        if self.operations.iter().filter_map(Operation::evidence).count() > Evidence::MAXIMUM {
            return Some("it carries more than 16 proofs");
        }
        self.operations.iter().find_map(Operation::defect)
    }
}

impl BorshDeserialize for Transaction {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            suite: Suite::deserialize_reader(reader)?,
            chain_id: ChainId::deserialize_reader(reader)?,
            valid_from: Timestamp::deserialize_reader(reader)?,
            valid_until: Timestamp::deserialize_reader(reader)?,
            operations: codec::bounded_vec(reader, Self::MAXIMUM_OPERATIONS)?,
            atomic: bool::deserialize_reader(reader)?,
            signers: codec::bounded_vec(reader, Self::MAXIMUM_SIGNERS)?,
        })
    }
}

/// A transaction and its signatures.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct SignedTransaction {
    /// What is signed.
    pub transaction: Transaction,
    /// One signature per signer, in the signers' order, over the transaction's id.
    pub signatures: Vec<Signature>,
}

impl SignedTransaction {
    /// The most bytes of an encoded transaction: 8,192 of the longest payments.
    pub const MAXIMUM_BYTES: usize = 3 * 1024 * 1024;

    /// Reads a transaction from a client's bytes.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`] for anything but the one canonical encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
            .map_err(|error| EnvelopeError::Malformed { reason: error.to_string() })
    }

    /// Checks everything but the signatures, and lists the signatures to check: the signers' and
    /// those of the quotes and proofs.
    ///
    /// # Errors
    /// [`EnvelopeError`], in the order of the rejections.
    pub fn check_envelope(
        &self,
        domains: &Domains,
    ) -> Result<(TransactionId, Vec<SignatureCheck>), EnvelopeError> {
        let body = &self.transaction;
        let (digest, mut checks) = body.check(domains)?;
        if body.signers.len() != self.signatures.len() {
            return Err(EnvelopeError::Signature);
        }
        let signers = body.signers.iter().zip(&self.signatures);
        checks.extend(signers.map(|(key, signature)| SignatureCheck {
            key: *key,
            digest,
            signature: *signature,
        }));
        Ok((digest, checks))
    }
}

impl BorshDeserialize for SignedTransaction {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            transaction: Transaction::deserialize_reader(reader)?,
            signatures: codec::bounded_vec(reader, Transaction::MAXIMUM_SIGNERS)?,
        })
    }
}

/// A transaction whose envelope and signatures were checked: by [`verify_all`], or before it was
/// written to this node's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTransaction {
    signed: SignedTransaction,
    id: TransactionId,
}

impl VerifiedTransaction {
    /// A transaction that this node verified before and reads back from its own log, whose
    /// checksums hold. Nothing from outside may pass here.
    pub fn recorded(domains: &Domains, signed: SignedTransaction) -> Self {
        let id = signed.transaction.id(domains);
        Self { signed, id }
    }

    /// The transaction's id.
    pub const fn id(&self) -> TransactionId {
        self.id
    }

    /// The transaction's body.
    pub const fn body(&self) -> &Transaction {
        &self.signed.transaction
    }

    /// The transaction with its signatures.
    pub const fn signed(&self) -> &SignedTransaction {
        &self.signed
    }

    /// Gives the signed transaction back.
    pub fn into_signed(self) -> SignedTransaction {
        self.signed
    }
}

/// Transactions whose envelopes were checked, and whose signatures are to be: in one batch with
/// whatever else is to be checked.
#[derive(Debug)]
pub struct Unverified {
    transactions: Vec<SignedTransaction>,
    /// What the envelope's check gave, and where the transaction's signatures are.
    spans: Vec<Result<(TransactionId, Range<usize>), EnvelopeError>>,
    checks: Vec<SignatureCheck>,
}

impl Unverified {
    /// Checks the envelopes.
    pub fn new(domains: &Domains, transactions: Vec<SignedTransaction>) -> Self {
        let mut checks = Vec::with_capacity(transactions.len());
        let mut spans = Vec::with_capacity(transactions.len());
        for signed in &transactions {
            let start = checks.len();
            spans.push(signed.check_envelope(domains).map(|(id, signatures)| {
                checks.extend(signatures);
                (id, start..checks.len())
            }));
        }
        Self { transactions, spans, checks }
    }

    /// The signatures to check.
    pub fn checks(&self) -> &[SignatureCheck] {
        &self.checks
    }

    /// The verdict on each transaction, in order, given the places of the `invalid` signatures,
    /// ascending. A bad one does not harm the others.
    pub fn finish(self, invalid: &[usize]) -> Vec<Result<VerifiedTransaction, EnvelopeError>> {
        let transactions = self.transactions.into_iter().zip(self.spans);
        let verdict = |(signed, span): (_, Result<(TransactionId, Range<usize>), _>)| {
            let (id, span) = span?;
            let first_invalid = invalid.partition_point(|place| *place < span.start);
            match invalid.get(first_invalid) {
                Some(place) if *place < span.end => Err(EnvelopeError::Signature),
                Some(_) | None => Ok(VerifiedTransaction { signed, id }),
            }
        };
        transactions.map(verdict).collect()
    }
}

/// Checks envelopes and signatures of many transactions, all signatures as one batch. Each has its
/// own verdict, in order; a bad one does not harm the others.
pub fn verify_all(
    domains: &Domains,
    transactions: Vec<SignedTransaction>,
) -> Vec<Result<VerifiedTransaction, EnvelopeError>> {
    let unverified = Unverified::new(domains, transactions);
    let invalid = domains.suite().find_invalid(unverified.checks());
    unverified.finish(&invalid)
}
