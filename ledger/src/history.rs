//! The history: a Merkle mountain range over the hashes of all blocks so far, so that one recent
//! header proves any older block.
//!
//! ```text
//! leaf = H(HistoryLeaf, block hash)
//! node = H(HistoryNode, left || right)
//! root = H(HistoryRoot, number of blocks as u64 LE || peaks bagged from the right)
//! ```
//!
//! Bagged so, the range has the shape of RFC 6962 (`merkle`), and shares its proofs. Nodes are
//! numbered as they are made: leaf n has the position `2n - ones(n)`, its new ancestors follow.
//!
//! Invariants: a node never changes once made, so a proof for any earlier size comes from the same
//! store. Absent: that store; a node keeps what [`History::append`] hands over.

use borsh::{BorshDeserialize, BorshSerialize, io};

use crate::codec::invalid;
use crate::hash::{Domain, Domains, Hash};
use crate::merkle::{AuditPath, left_size, root_of};

/// The most blocks in a history; at a block each millisecond it lasts 146 million years.
pub const MAX_SIZE: u64 = 1 << 62;

/// What a chain must remember to extend its history: the peaks, one for each one-bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    size: u64,
    peaks: Vec<Hash>,
}

impl History {
    /// The history before the first block.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of blocks so far: the index of the next one.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a block; its index is the size before. Gives the new nodes, each with its position, in
    /// ascending order, for [`HistoryProof::prove`] to look up.
    pub fn append(&mut self, domains: &Domains, block: &Hash) -> Vec<(u64, Hash)> {
        let leaf = domains.hash(Domain::HistoryLeaf, &block.0);
        let made = push(domains, self.size, &mut self.peaks, leaf);
        let first = leaf_position(self.size);
        self.size = self.size.saturating_add(1);
        assert!(self.size <= MAX_SIZE, "a history does not outlive the planet");
        (first..).zip(made).collect()
    }

    /// The peaks with their positions, in ascending order: with the nodes of later blocks they are
    /// all that proofs of later blocks look up.
    pub fn nodes(&self) -> Vec<(u64, Hash)> {
        Self::node_positions(self.size).into_iter().zip(self.peaks.iter().copied()).collect()
    }

    /// The positions of the peaks of a history of `size` blocks.
    pub fn node_positions(size: u64) -> Vec<u64> {
        let mut first = 0_u64;
        let mut positions = Vec::new();
        for bit in (0..u64::BITS).rev() {
            let span = 1_u64.checked_shl(bit).unwrap_or(0);
            if size & span != 0 {
                positions.push(full_position(first, span));
                first = first.saturating_add(span);
            }
        }
        positions
    }

    /// The position of the first node that the block with this index (from 0) adds.
    pub fn first_position(index: u64) -> u64 {
        leaf_position(index)
    }

    /// The commitment to all blocks so far and to their number.
    pub fn root(&self, domains: &Domains) -> Hash {
        let top = bag(domains, &self.peaks);
        root_of(domains, Domain::HistoryRoot, self.size, &top)
    }
}

impl BorshSerialize for History {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.size.serialize(writer)?;
        self.peaks.iter().try_for_each(|peak| peak.serialize(writer))
    }
}

impl BorshDeserialize for History {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let size = u64::deserialize_reader(reader)?;
        if size > MAX_SIZE {
            return Err(invalid("a history holds at most 2^62 blocks"));
        }
        let peaks = (0..size.count_ones()).map(|_| Hash::deserialize_reader(reader));
        Ok(Self { size, peaks: peaks.collect::<io::Result<_>>()? })
    }
}

/// A proof that a block is part of a history.
///
/// Encoding: number of blocks u64 LE || number of siblings u8 || siblings, from the leaf up.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HistoryProof {
    size: u64,
    path: AuditPath,
}

/// Why a history cannot be proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is no such block in a history of this size.
    #[error("block {index} is not in a history of {size} blocks: wait for a later header")]
    OutOfRange {
        /// The block's index, from 0.
        index: u64,
        /// The number of blocks, at most [`MAX_SIZE`].
        size: u64,
    },
    /// The store lacks a node.
    #[error("the history's node {position} is missing: rebuild the history from the block log")]
    Missing {
        /// The node's position.
        position: u64,
    },
}

/// Why a [`HistoryProof`] does not prove what is claimed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryProofError {
    /// The index is not below the size, or they ask for another number of siblings.
    #[error("{siblings} siblings do not lead from block {index} of {size} to a root: ask again")]
    WrongShape {
        /// The block's index, from 0.
        index: u64,
        /// The number of blocks.
        size: u64,
        /// The number of siblings in the proof.
        siblings: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}, not {expected}: check the header it is for")]
    WrongRoot {
        /// Where the proof leads.
        computed: Hash,
        /// The root it was checked against.
        expected: Hash,
    },
}

impl HistoryProof {
    /// Proves block `index` (from 0) in the history of the first `size` blocks, which may be an
    /// earlier one than the latest. `node` looks up what [`History::append`] handed over.
    ///
    /// # Errors
    /// [`HistoryError`], if the history has no such block or the store lacks a node.
    pub fn prove(
        domains: &Domains,
        index: u64,
        size: u64,
        node: impl Fn(u64) -> Option<Hash>,
    ) -> Result<Self, HistoryError> {
        if index >= size || size > MAX_SIZE {
            return Err(HistoryError::OutOfRange { index, size });
        }
        let full = |first, size| {
            let position = full_position(first, size);
            node(position).ok_or(HistoryError::Missing { position })
        };
        let (mut first, mut count) = (0_u64, size);
        let mut path = Vec::new();
        while let Some(left) = left_size(count) {
            let middle = first.saturating_add(left);
            let right = count.saturating_sub(left);
            if index < middle {
                path.push(bagged(domains, middle, right, &full)?);
                count = left;
            } else {
                path.push(full(first, left)?);
                (first, count) = (middle, right);
            }
        }
        path.reverse();
        Ok(Self { size, path: AuditPath(path) })
    }

    /// The number of blocks in the history the proof is under.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Checks that under `root`, the block at `index` (from 0) has the hash `block`.
    ///
    /// # Errors
    /// [`HistoryProofError`], if the proof has an impossible shape or leads to another root.
    pub fn verify(
        &self,
        domains: &Domains,
        index: u64,
        block: &Hash,
        root: &Hash,
    ) -> Result<(), HistoryProofError> {
        let Self { size, path } = self;
        let leaf = domains.hash(Domain::HistoryLeaf, &block.0);
        let top = path.top(domains, Domain::HistoryNode, index, *size, leaf).ok_or(
            HistoryProofError::WrongShape { index, size: *size, siblings: path.siblings().len() },
        )?;
        let computed = root_of(domains, Domain::HistoryRoot, *size, &top);
        if computed == *root {
            Ok(())
        } else {
            Err(HistoryProofError::WrongRoot { computed, expected: *root })
        }
    }
}

/// Adds leaf number `count` to the full subtrees of the leaves before it (`peaks`, the largest
/// first). Gives the new nodes, the leaf first.
fn push(domains: &Domains, count: u64, peaks: &mut Vec<Hash>, leaf: Hash) -> Vec<Hash> {
    let mut hash = leaf;
    let mut made = vec![hash];
    for _ in 0..count.trailing_ones() {
        if let Some(left) = peaks.pop() {
            hash = domains.hash_pair(Domain::HistoryNode, &left, &hash);
            made.push(hash);
        }
    }
    peaks.push(hash);
    made
}

/// The top over full subtrees, the largest first; [`Hash::ZERO`] over none.
fn bag(domains: &Domains, peaks: &[Hash]) -> Hash {
    let node = |right, left| domains.hash_pair(Domain::HistoryNode, &left, &right);
    peaks.iter().rev().copied().reduce(node).unwrap_or(Hash::ZERO)
}

/// The hash over the `count` leaves from `first`, which need not be a full subtree.
fn bagged(
    domains: &Domains,
    mut first: u64,
    mut count: u64,
    full: &impl Fn(u64, u64) -> Result<Hash, HistoryError>,
) -> Result<Hash, HistoryError> {
    let mut peaks = Vec::new();
    while let Some(left) = left_size(count) {
        // A full subtree is one peak; left_size would halve it.
        let size = if count.is_power_of_two() { count } else { left };
        peaks.push(full(first, size)?);
        first = first.saturating_add(size);
        count = count.saturating_sub(size);
    }
    if count == 1 {
        peaks.push(full(first, 1)?);
    }
    Ok(bag(domains, &peaks))
}

/// The position of leaf `index`: the nodes made before it.
fn leaf_position(index: u64) -> u64 {
    index.saturating_mul(2).saturating_sub(u64::from(index.count_ones()))
}

/// The position of the top of the full subtree over `size` leaves (a power of two) from `first`:
/// made right after its last leaf, one node for each level.
fn full_position(first: u64, size: u64) -> u64 {
    let last = first.saturating_add(size).saturating_sub(1);
    leaf_position(last).saturating_add(u64::from(size.trailing_zeros()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::as_conversions, clippy::arithmetic_side_effects)]

    use std::collections::BTreeMap;

    use super::*;
    use crate::crypto::Suite;
    use crate::hash::ChainId;

    type Store = BTreeMap<u64, Hash>;

    fn domains() -> Domains {
        Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])))
    }

    fn block(domains: &Domains, index: u64) -> Hash {
        domains.hash_of(Domain::Header, &index)
    }

    /// The history of `size` blocks, its nodes, and its root at each size.
    fn grown(domains: &Domains, size: u64) -> (History, Store, Vec<Hash>) {
        let (mut history, mut store) = (History::new(), Store::new());
        let mut roots = vec![history.root(domains)];
        for index in 0..size {
            for (position, hash) in history.append(domains, &block(domains, index)) {
                assert_eq!(position, store.len() as u64, "positions have no gap");
                store.insert(position, hash);
            }
            roots.push(history.root(domains));
        }
        (history, store, roots)
    }

    fn naive_root(domains: &Domains, size: u64) -> Hash {
        fn top(domains: &Domains, leaves: &[Hash]) -> Hash {
            match leaves {
                [] => Hash::ZERO,
                [leaf] => *leaf,
                _ => {
                    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                    let pair = (top(domains, left), top(domains, right));
                    domains.hash_of(Domain::HistoryNode, &pair)
                }
            }
        }
        let leaves: Vec<Hash> = (0..size)
            .map(|index| domains.hash_of(Domain::HistoryLeaf, &block(domains, index)))
            .collect();
        domains.hash_of(Domain::HistoryRoot, &(size, top(domains, &leaves)))
    }

    #[test]
    fn the_root_is_that_of_the_definition_at_every_size() {
        let domains = domains();
        let (history, _, roots) = grown(&domains, 70);
        assert_eq!(history.size(), 70);
        for (size, root) in (0..).zip(roots) {
            assert_eq!(root, naive_root(&domains, size), "{size} blocks");
        }
    }

    #[test]
    fn every_block_is_proven_at_every_size_and_at_its_own_index_only() {
        let domains = domains();
        let (_, store, roots) = grown(&domains, 40);
        for size in 1..=40 {
            let root = roots[size as usize];
            for index in 0..size {
                let proof =
                    HistoryProof::prove(&domains, index, size, |n| store.get(&n).copied()).unwrap();
                let bytes = borsh::to_vec(&proof).unwrap();
                let proof = HistoryProof::try_from_slice(&bytes).unwrap();
                assert_eq!(proof.size(), size);
                let own = block(&domains, index);
                for place in 0..size {
                    let verdict = proof.verify(&domains, place, &own, &root).is_ok();
                    assert_eq!(verdict, place == index, "{place} as {index} of {size}");
                }
                assert!(proof.verify(&domains, index, &Hash::ZERO, &root).is_err());
                assert!(proof.verify(&domains, index, &own, &roots[size as usize - 1]).is_err());
            }
        }
    }

    #[test]
    fn the_peaks_prove_every_later_block_without_older_nodes() {
        let domains = domains();
        let (_, store, roots) = grown(&domains, 70);
        for start in 0..=40_u64 {
            let (history, _, _) = grown(&domains, start);
            let mut kept: Store = history.nodes().into_iter().collect();
            assert_eq!(History::node_positions(start), kept.keys().copied().collect::<Vec<_>>());
            for (position, hash) in &kept {
                assert_eq!(store.get(position), Some(hash), "{start}");
            }
            let first = History::first_position(start);
            kept.extend(store.range(first..).map(|(position, hash)| (*position, *hash)));
            for size in start + 1..=70 {
                for index in start..size {
                    let node = |position| kept.get(&position).copied();
                    let proof = HistoryProof::prove(&domains, index, size, node).unwrap();
                    let own = block(&domains, index);
                    proof.verify(&domains, index, &own, &roots[size as usize]).unwrap();
                }
            }
        }
    }

    #[test]
    fn every_bit_of_a_proof_matters() {
        let domains = domains();
        let (_, store, roots) = grown(&domains, 100);
        for (index, size) in [(0, 1), (1, 2), (6, 7), (4, 13), (99, 100), (0, 100)] {
            let (own, root) = (block(&domains, index), roots[size as usize]);
            let node = |position| store.get(&position).copied();
            let good =
                borsh::to_vec(&HistoryProof::prove(&domains, index, size, node).unwrap()).unwrap();
            let verdict = |bytes: &[u8]| {
                HistoryProof::try_from_slice(bytes)
                    .is_ok_and(|proof| proof.verify(&domains, index, &own, &root).is_ok())
            };
            assert!(verdict(&good), "{index} of {size}");
            for place in 0..good.len() {
                for bit in 0..8 {
                    let mut bad = good.clone();
                    bad[place] ^= 1 << bit;
                    assert!(!verdict(&bad), "{index} of {size}: byte {place}, bit {bit}");
                }
                assert!(!verdict(&good[..place]), "{index} of {size}: cut to {place}");
            }
        }
    }

    #[test]
    fn what_cannot_be_proven_is_refused() {
        let domains = domains();
        let (_, store, _) = grown(&domains, 9);
        let node = |position| store.get(&position).copied();
        for (index, size) in [(0, 0), (9, 9), (u64::MAX, 9), (0, MAX_SIZE + 1)] {
            let refusal = HistoryError::OutOfRange { index, size };
            assert_eq!(HistoryProof::prove(&domains, index, size, node), Err(refusal));
        }
        let verdict = HistoryProof::prove(&domains, 0, 10, node);
        assert_eq!(verdict, Err(HistoryError::Missing { position: leaf_position(9) + 1 }));
        let verdict = HistoryProof::prove(&domains, 0, MAX_SIZE, node);
        assert!(matches!(verdict, Err(HistoryError::Missing { .. })));
    }

    #[test]
    fn a_history_goes_on_from_its_encoding() {
        let domains = domains();
        let (history, _, _) = grown(&domains, 21);
        let bytes = borsh::to_vec(&history).unwrap();
        assert_eq!(bytes.len(), 8 + 3 * 32);
        let mut resumed = History::try_from_slice(&bytes).unwrap();
        assert_eq!(resumed, history);
        resumed.append(&domains, &block(&domains, 21));
        assert_eq!(resumed, grown(&domains, 22).0);
        assert!(History::try_from_slice(&bytes[..bytes.len() - 1]).is_err());
        assert!(History::try_from_slice(&[&bytes[..], &[0]].concat()).is_err());
        let too_long = [&(MAX_SIZE + 1).to_le_bytes()[..], &[0; 64]].concat();
        assert!(History::try_from_slice(&too_long).is_err());
    }
}
