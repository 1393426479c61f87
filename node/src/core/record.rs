//! The records of the block log: what a node must find again after a crash.
//!
//! Invariants: a record is appended before anything is said that rests on it; the log's order is
//! the order of the core's outputs. Absent: files (see `log`), state and indexes (derived from
//! these).

use ledger::block::Batch;
use ledger::codec;
use ledger::transaction::{SignedTransaction, VerifiedTransaction};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

use super::lanes::HeldBatch;
use super::message::{FinalBlock, Forwarded, PeerMessage};
use super::snapshot::Manifest;

/// A record of the block log.
#[derive(Clone, Debug)]
pub enum LogRecord {
    /// A lane batch that this node holds.
    Batch(Arc<HeldBatch>),
    /// What consensus must remember.
    Consensus(Box<consensus::Record>),
    /// A block became final.
    Final(Box<FinalBlock>),
    /// Clients' transactions that this node took in while it was no validator.
    Forward(Arc<Vec<VerifiedTransaction>>),
    /// A snapshot took the place of all blocks up to its own that the log does not hold.
    Snapshot(Box<Manifest>),
}

/// The kind of a record in the log: one byte before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// [`LogRecord::Batch`].
    Batch,
    /// [`LogRecord::Consensus`].
    Consensus,
    /// [`LogRecord::Final`].
    Final,
    /// [`LogRecord::Forward`].
    Forward,
    /// [`LogRecord::Snapshot`].
    Snapshot,
}

impl RecordKind {
    /// The byte in the log.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Consensus => 2,
            Self::Final => 3,
            Self::Forward => 4,
            Self::Snapshot => 5,
        }
    }
}

impl LogRecord {
    /// The record's kind.
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Batch(_) => RecordKind::Batch,
            Self::Consensus(_) => RecordKind::Consensus,
            Self::Final(_) => RecordKind::Final,
            Self::Forward(_) => RecordKind::Forward,
            Self::Snapshot(_) => RecordKind::Snapshot,
        }
    }

    /// The canonical encoding of the payload.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Batch(batch) => codec::encode(batch.as_ref()),
            Self::Consensus(record) => codec::encode(record),
            Self::Final(block) => codec::encode(block),
            Self::Forward(transactions) => {
                let signed = transactions.iter().map(VerifiedTransaction::signed);
                codec::encode(&signed.collect::<Vec<_>>())
            }
            Self::Snapshot(manifest) => codec::encode(manifest),
        }
    }
}

/// A record as it is read back: batches are not verified again, for this node did so before it
/// wrote them and the log's checksums hold.
#[derive(Clone, Debug)]
pub enum ReadRecord {
    /// A lane batch.
    Batch(Batch),
    /// What consensus must remember.
    Consensus(consensus::Record),
    /// A final block.
    Final(FinalBlock),
    /// Clients' transactions that this node forwards.
    Forward(Vec<SignedTransaction>),
    /// A snapshot was installed.
    Snapshot(Box<Manifest>),
}

impl ReadRecord {
    /// Reads a record of the log.
    ///
    /// # Errors
    /// `InvalidData` for an unknown kind or a payload that is not exactly one record.
    pub fn decode(kind: u8, payload: &[u8]) -> Result<Self> {
        let limit = PeerMessage::MAXIMUM_BYTES;
        match kind {
            1 => codec::decode(payload, limit).map(Self::Batch),
            2 => codec::decode(payload, limit).map(Self::Consensus),
            3 => codec::decode(payload, limit).map(Self::Final),
            4 => codec::decode(payload, limit).map(|Forwarded(signed)| Self::Forward(signed)),
            5 => codec::decode(payload, limit).map(Self::Snapshot),
            unknown => Err(Error::new(
                ErrorKind::InvalidData,
                format!("record kind {unknown} is unknown: the log was written by a newer version"),
            )),
        }
    }
}
