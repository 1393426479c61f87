//! Blocks: a header that commits to everything, and the cut of the lanes that it orders.
//!
//! Invariants: a block's hash is its header's hash, and the header commits to the cut, the receipts
//! and the state after this very block, so a certificate says that a quorum computed the same
//! balances. Absent: transactions; they travel in lane batches, and a cut names them.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec;
use crate::crypto::{SecretKey, Signature, Suite};
use crate::hash::{ChainId, Domain, Domains, Hash};
use crate::ids::{Epoch, Height, Timestamp, ValidatorIndex, View};
use crate::transaction::SignedTransaction;
use crate::validators::ValidatorSet;

/// The header of a block; its hash is the block's hash.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// The crypto suite of the chain.
    pub suite: Suite,
    /// The chain.
    pub chain_id: ChainId,
    /// The epoch whose validators decide this block.
    pub epoch: Epoch,
    /// The block's place in the chain; its parent's is one less.
    pub height: Height,
    /// The consensus view in which it was first proposed; larger than its parent's.
    pub view: View,
    /// The parent's hash.
    pub parent: Hash,
    /// Block time by the proposer's clock; later than the parent's.
    pub time: Timestamp,
    /// The hash of the block's [`Cut`].
    pub lanes_root: Hash,
    /// The root of the receipts tree of this block.
    pub receipts_root: Hash,
    /// The root of the state map after this block.
    pub state_root: Hash,
    /// The root of the mountain range over the hashes of all earlier blocks.
    pub history_root: Hash,
    /// The hash of this epoch's validator set.
    pub validators_hash: Hash,
    /// The hash of the validator set that decides the next block.
    pub next_validators_hash: Hash,
    /// The leader of the view; for the genesis block validator 0.
    pub proposer: ValidatorIndex,
}

impl Header {
    /// The hash of the block.
    pub fn hash(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Header, self)
    }

    /// True for the last block of its epoch: other validators decide its child, in the next epoch.
    pub fn ends_epoch(&self) -> bool {
        self.next_validators_hash != self.validators_hash
    }
}

/// Up to where one lane is ordered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize,
)]
pub struct LaneTip {
    /// The last ordered batch's place in its lane; 0 if nothing is ordered yet (batches start at
    /// 1).
    pub sequence: u64,
    /// That batch's hash; zero if nothing is ordered yet.
    pub batch: Hash,
}

/// For each lane, in the order of the validators' indexes, the tip up to which it is ordered. A
/// lane's sequence never goes back from a block to its child within an epoch; each epoch's lanes
/// begin anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize)]
pub struct Cut(pub Vec<LaneTip>);

impl Cut {
    /// The cut with which the lanes of `validators` begin an epoch: nothing is ordered.
    pub fn empty(validators: usize) -> Self {
        Self(vec![LaneTip::default(); validators])
    }

    /// The hash that the header carries.
    pub fn root(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Cut, self)
    }

    /// The tip of the lane of `validator`; nothing ordered if there is no such lane.
    pub fn tip(&self, validator: ValidatorIndex) -> LaneTip {
        self.0.get(validator.position()).copied().unwrap_or_default()
    }
}

impl BorshDeserialize for Cut {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        codec::bounded_vec(reader, ValidatorSet::MAXIMUM).map(Self)
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// What certificates and proofs speak of.
    pub header: Header,
    /// The transactions that the block orders, by reference.
    pub cut: Cut,
}

impl Block {
    /// The most bytes of an encoded block.
    pub const MAXIMUM_BYTES: usize = 16 * 1024;

    /// The block's hash.
    pub fn hash(&self, domains: &Domains) -> Hash {
        self.header.hash(domains)
    }
}

/// The signed part of a lane batch.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchHeader {
    /// The epoch whose validator set numbers the lanes.
    pub epoch: Epoch,
    /// The validator whose lane it is.
    pub lane: ValidatorIndex,
    /// The batch's place in the lane, from 1.
    pub sequence: u64,
    /// The hash of the batch before; zero for the first.
    pub parent: Hash,
    /// The hash of the encoded transactions.
    pub payload: Hash,
}

impl BatchHeader {
    /// The batch's hash: what the owner signs, and what a cut names.
    pub fn hash(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Batch, self)
    }
}

/// A lane batch: transactions that one validator admitted, chained to its batch before.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Batch {
    /// Its place and its contents' hash.
    pub header: BatchHeader,
    /// The owner's signature over the header's hash.
    pub signature: Signature,
    /// The transactions, in the order of execution.
    pub transactions: Vec<SignedTransaction>,
}

impl Batch {
    /// The most transactions of one batch.
    pub const MAXIMUM_TRANSACTIONS: usize = 8192;

    /// The most bytes of one encoded batch: one largest transaction, or some thousands of small
    /// ones.
    pub const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

    /// Chains `transactions` to the batch `parent` of the lane `lane` and signs.
    pub fn sign(
        domains: &Domains,
        key: &SecretKey,
        epoch: Epoch,
        lane: ValidatorIndex,
        parent: LaneTip,
        transactions: Vec<SignedTransaction>,
    ) -> Self {
        let header = BatchHeader {
            epoch,
            lane,
            sequence: parent.sequence.saturating_add(1),
            parent: parent.batch,
            payload: domains.hash_of(Domain::BatchPayload, &transactions),
        };
        let signature = key.sign(&header.hash(domains));
        Self { header, signature, transactions }
    }
}

impl BorshDeserialize for Batch {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            header: BatchHeader::deserialize_reader(reader)?,
            signature: Signature::deserialize_reader(reader)?,
            transactions: codec::bounded_vec(reader, Self::MAXIMUM_TRANSACTIONS)?,
        })
    }
}
