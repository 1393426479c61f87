//! Snapshots: how a node that is new or far behind gets a whole state from its peers.
//!
//! ```text
//! asker                                     peer
//! Offers              ------------------->
//!                     <-------------------  Offers: which states it serves
//! Manifest            ------------------->
//!                     <-------------------  Manifest: the certified block and what its roots hide
//! Chunk (many peers)  ------------------->
//!                     <-------------------  Chunk, or Gone
//! ```
//!
//! Invariants: nothing is believed but what a quorum's certificate covers: the manifest is checked
//! against the validators that this node trusts, each chunk against the manifest's roots; so any
//! chunk may come from any peer. An answer that was not asked for changes nothing. What waits is
//! bounded in requests and time, and a peer that lies or stalls is left for others. Absent: disk
//! and transport (the host's), what happens with the finished state (see `snapshotting`).

mod assembly;
mod fetcher;
mod manifest;
mod shelf;
#[cfg(test)]
pub(crate) mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::codec;
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, InstitutionNumber};
use ledger::state::Part;
use ledger::tree::Chunk;
use std::io::{Read, Result};

pub use fetcher::{Fetcher, FetcherSettings, Standing};
pub use manifest::{Manifest, ManifestError};
pub use shelf::{Shelf, Snapshot};

/// Names a snapshot: the state after this block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct SnapshotId {
    /// The block's height.
    pub height: Height,
    /// The block's hash.
    pub block: Hash,
}

/// Names a chunk of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct ChunkPlace {
    /// The part of the state.
    pub part: Part,
    /// The chunk's place in it, from 0.
    pub index: u32,
}

/// What a node asks a peer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum SnapshotRequest {
    /// Which snapshots the peer serves.
    Offers,
    /// The manifest of a snapshot.
    Manifest {
        /// Which snapshot.
        snapshot: SnapshotId,
        /// The epoch whose validators the asker knows: changes from it on are to be proven.
        epoch: Epoch,
    },
    /// A chunk.
    Chunk {
        /// Of which snapshot.
        snapshot: SnapshotId,
        /// Which chunk.
        place: ChunkPlace,
    },
}

/// What a peer answers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum SnapshotAnswer {
    /// The snapshots that it serves.
    Offers(Offers),
    /// A manifest.
    Manifest(Box<Manifest>),
    /// A chunk.
    Chunk {
        /// Of which snapshot.
        snapshot: SnapshotId,
        /// Which chunk.
        place: ChunkPlace,
        /// The entries and their proof.
        chunk: Chunk,
    },
    /// The peer does not serve this snapshot any more, or not to this asker.
    Gone(SnapshotId),
}

/// The snapshots that a node serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize)]
pub struct Offers(pub Vec<SnapshotId>);

impl Offers {
    /// The most snapshots that one node serves at a time.
    pub const MAXIMUM: usize = 4;
}

impl BorshDeserialize for Offers {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        codec::bounded_vec(reader, Self::MAXIMUM).map(Self)
    }
}

/// What the fetcher wants done.
#[derive(Debug)]
pub enum Act {
    /// Ask a peer.
    Ask(InstitutionNumber, SnapshotRequest),
    /// Keep or forget something over a restart.
    Keep(Keep),
    /// A peer broke the rules.
    Blame(InstitutionNumber, &'static str),
    /// The whole state is here, and it is the one of the manifest's block.
    Finished(Box<Installed>),
    /// Something that an operator may want to know.
    Tell(String),
}

/// A whole state that was fetched: where the node goes on.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The certified block, and how this node's trust led to it.
    pub manifest: Manifest,
    /// The block's tip, with the state.
    pub tip: ledger::chain::Tip,
}

/// What is kept of a fetch under way. It need not be durable: what is lost is fetched again, and
/// what is damaged does not verify.
#[derive(Clone, Debug)]
pub enum Keep {
    /// A fetch begins: forget any earlier one, keep this manifest.
    Begin(Box<Manifest>),
    /// Keep a verified chunk.
    Chunk(ChunkPlace, Box<Chunk>),
    /// The fetch has ended: forget all.
    End,
}
