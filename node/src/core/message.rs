//! What nodes say to each other beside consensus: lane batches, undecided blocks, the final chain.
//!
//! Invariants: every decode is bounded by its type; nothing here is believed before it was checked.
//! Absent: frames and streams (see `net`), the sender's name (the transport authenticates it).

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::{Batch, Block, LaneTip};
use ledger::certificate::Certificate;
use ledger::codec;
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, ValidatorIndex};
use ledger::transaction::SignedTransaction;
use std::io::{Read, Result};

use super::snapshot::{SnapshotAnswer, SnapshotRequest};

/// A message of one node to another.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum PeerMessage {
    /// What the replicas say.
    Consensus(consensus::Message),
    /// A lane batch: new from its owner, or asked for.
    Batch(Batch),
    /// Asks for the batches of a lane after one sequence up to a tip.
    BatchRequest(BatchRequest),
    /// Asks for an undecided block by its hash.
    BlockRequest(Hash),
    /// An undecided block that was asked for.
    Block(Block),
    /// Asks for final blocks from a height upwards.
    ChainRequest(Height),
    /// Final blocks, ascending without a gap.
    Chain(ChainPart),
    /// What was asked for, blocks or their batches, is not here; this is the first block that is
    /// kept.
    Pruned(Height),
    /// Asks for snapshots, or parts of one.
    SnapshotRequest(SnapshotRequest),
    /// A snapshot, or a part of one.
    SnapshotAnswer(SnapshotAnswer),
    /// Clients' transactions that a node which is no validator hands over.
    Forward(Forwarded),
}

impl PeerMessage {
    /// The most bytes of an encoded message: a largest batch and its tags.
    pub const MAXIMUM_BYTES: usize = Batch::MAXIMUM_BYTES.saturating_add(64 * 1024);

    /// Reads one message.
    ///
    /// # Errors
    /// `InvalidData` for anything but exactly one message within its bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
    }
}

/// Which batches are wanted: those of `lane` in `epoch` with sequences above `after`, up to `tip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct BatchRequest {
    /// The epoch whose lane is meant: lanes begin anew with each.
    pub epoch: Epoch,
    /// The lane.
    pub lane: ValidatorIndex,
    /// The last sequence that the asker holds.
    pub after: u64,
    /// The last batch that is wanted.
    pub tip: LaneTip,
}

/// A final block and its own finalization, if the sender has one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FinalBlock {
    /// The block.
    pub block: Block,
    /// Its finalization; a later block's makes it final, too.
    pub certificate: Option<Certificate>,
}

/// A part of the final chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize)]
pub struct ChainPart(pub Vec<FinalBlock>);

impl ChainPart {
    /// The most blocks of one part.
    pub const MAXIMUM: usize = 256;
}

impl BorshDeserialize for ChainPart {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        codec::bounded_vec(reader, Self::MAXIMUM).map(Self)
    }
}

/// Transactions that a node hands over to a validator.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize)]
pub struct Forwarded(pub Vec<SignedTransaction>);

impl Forwarded {
    /// The most transactions of one message.
    pub const MAXIMUM: usize = 4096;
}

impl BorshDeserialize for Forwarded {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        codec::bounded_vec(reader, Self::MAXIMUM).map(Self)
    }
}
