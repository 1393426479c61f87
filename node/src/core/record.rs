//! The records of the block log: what a node must find again after a crash.
//!
//! Invariants: a record is appended before anything is said that rests on it; the log's order is
//! the order of the core's outputs. Absent: files (see `log`), state and indexes (derived from
//! these).

use ledger::block::Batch;
use ledger::codec;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

use super::lanes::HeldBatch;
use super::message::{FinalBlock, PeerMessage};

/// A record of the block log.
#[derive(Clone, Debug)]
pub enum LogRecord {
    /// A lane batch that this node holds.
    Batch(Arc<HeldBatch>),
    /// What consensus must remember.
    Consensus(Box<consensus::Record>),
    /// A block became final.
    Final(Box<FinalBlock>),
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
}

impl RecordKind {
    /// The byte in the log.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Consensus => 2,
            Self::Final => 3,
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
        }
    }

    /// The canonical encoding of the payload.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Batch(batch) => codec::encode(batch.as_ref()),
            Self::Consensus(record) => codec::encode(record),
            Self::Final(block) => codec::encode(block),
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
            unknown => Err(Error::new(
                ErrorKind::InvalidData,
                format!("record kind {unknown} is unknown: the log was written by a newer version"),
            )),
        }
    }
}
