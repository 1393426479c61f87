//! What replicas say to each other.
//!
//! Invariants: every decode is bounded before it allocates; nothing in a message is believed before
//! its signatures are checked ([`crate::verified`]). Absent: the transport, which authenticates the
//! sender; lane batches and blocks on request (the node's).

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::Block;
use ledger::certificate::{Certificate, Vote};
use ledger::codec;
use ledger::ids::{Epoch, View};
use std::io::{Read, Result};

/// A message of one replica to another.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Message {
    /// The leader's block for its view.
    Proposal(Box<Proposal>),
    /// A vote of the sender.
    Vote(Vote),
    /// A quorum's votes.
    Certificate(Certificate),
    /// Where the sender stands; answered with what it misses.
    Status(Status),
    /// The answer to a validator that lost its memory.
    Report(Report),
}

impl Message {
    /// The most bytes of an encoded message.
    pub const MAXIMUM_BYTES: usize = 1024 * 1024;

    /// The epoch that it speaks of. A replica ignores what is of another epoch than its own; the
    /// node tells by this which of the two is behind.
    pub const fn epoch(&self) -> Epoch {
        match self {
            Self::Proposal(proposal) => proposal.vote.subject.epoch,
            Self::Vote(vote) => vote.subject.epoch,
            Self::Certificate(certificate) => certificate.subject.epoch,
            Self::Status(status) => status.epoch,
            Self::Report(report) => report.epoch,
        }
    }

    /// The canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads one message.
    ///
    /// # Errors
    /// `InvalidData` for anything but exactly one message within its bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
    }
}

/// A leader's proposal.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Proposal {
    /// The proposed block: a new one of the vote's view, or the epoch's last one again (R18).
    pub block: Block,
    /// The leader's vote to notarize it: the signature on the proposal, too. So proposing twice is
    /// voting twice, and one rule of the signer forbids both. It names the view of the proposal.
    pub vote: Vote,
    /// The certificate of the parent (none for the block that the epoch starts from), or of the
    /// block itself if it is proposed again; then the nullifications of the views between,
    /// ascending; at most [`Proposal::MAXIMUM_CERTIFICATES`].
    pub justification: Vec<Certificate>,
}

impl Proposal {
    /// The most certificates that travel with a proposal. What a longer gap needs is asked for
    /// (R14).
    pub const MAXIMUM_CERTIFICATES: usize = 64;
}

impl BorshDeserialize for Proposal {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        Ok(Self {
            block: Block::deserialize_reader(reader)?,
            vote: Vote::deserialize_reader(reader)?,
            justification: codec::bounded_vec(reader, Self::MAXIMUM_CERTIFICATES)?,
        })
    }
}

/// Where a replica stands. Not signed: the transport says whose it is, and a lie only costs the
/// liar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Status {
    /// The epoch the sender is in; all views below are of it.
    pub epoch: Epoch,
    /// The view the sender is in.
    pub view: View,
    /// The highest view the sender knows a finalization of; that of the block which the epoch
    /// starts from if it knows none.
    pub finalized: View,
    /// The lowest view of which the sender needs certificates; its current view if it misses none.
    pub missing: View,
    /// The number of its question, if the sender lost its memory and asks for a [`Report`] (R19).
    pub inquiry: Option<u64>,
}

/// Up to where the sender may have voted (R19). Not signed, like a status; the receiver allows for
/// as many lies as there may be faulty validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Report {
    /// The epoch the sender is in.
    pub epoch: Epoch,
    /// The number of the question.
    pub inquiry: u64,
    /// The highest view that the sender has entered, or may have voted in.
    pub view: View,
}
