//! What a replica must remember over a crash.
//!
//! Invariants: nothing that a vote promises is lost once the vote was sent (R10). Absent: the log
//! that keeps the records (the node's), final blocks (they are the log's own).

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::Block;
use ledger::certificate::{Certificate, Vote};
use ledger::codec;
use ledger::ids::{Epoch, View};

/// One durable record. The node appends it to its log before it performs any later output.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Record {
    /// A block that this replica is about to notarize; it precedes the vote.
    Block(Block),
    /// A vote of this replica.
    Vote(Vote),
    /// A certificate that this replica relies on.
    Certificate(Certificate),
    /// This replica casts no vote in the views of `epoch` up to `view`: it may have voted there
    /// before it lost its memory (R19).
    Forgotten {
        /// The epoch.
        epoch: Epoch,
        /// The last of the views.
        view: View,
    },
}

impl Record {
    /// The most bytes of an encoded record.
    pub const MAXIMUM_BYTES: usize = Block::MAXIMUM_BYTES + 1024;

    /// The view that the record speaks of. Once a block of this view or of a later one is final,
    /// the record is no longer needed.
    pub const fn view(&self) -> View {
        match self {
            Self::Block(block) => block.header.view,
            Self::Vote(vote) => vote.subject.view,
            Self::Certificate(certificate) => certificate.subject.view,
            Self::Forgotten { view, .. } => *view,
        }
    }

    /// The epoch that the record speaks of. A replica ignores those of other epochs than its own.
    pub const fn epoch(&self) -> Epoch {
        match self {
            Self::Block(block) => block.header.epoch,
            Self::Vote(vote) => vote.subject.epoch,
            Self::Certificate(certificate) => certificate.subject.epoch,
            Self::Forgotten { epoch, .. } => *epoch,
        }
    }

    /// The canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads one record.
    ///
    /// # Errors
    /// `InvalidData` for anything but exactly one record.
    pub fn decode(bytes: &[u8]) -> std::io::Result<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
    }
}
