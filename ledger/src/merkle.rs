//! Merkle trees over a list, in the shape of RFC 6962, section 2.1: the left subtree is the largest
//! full one, an odd leaf is never doubled. Here is the tree of a block's receipts; the history
//! mountain range (`history`) is the same shape under domains of its own.
//!
//! ```text
//! node = H(ReceiptNode, left || right)
//! root = H(ReceiptRoot, number of leaves as u64 LE || top), the top of no leaf being 32 zero bytes
//! ```
//!
//! Invariants: leaves come in hashed (`Domain::Receipt`) and are never nodes; the number of leaves
//! is in the root, so index and number fix which siblings a proof has. Absent: updates in place.

use borsh::{BorshDeserialize, BorshSerialize, io};

use crate::codec::invalid;
use crate::hash::{Domain, Domains, Hash};

/// The most siblings a proof can have: the bits of an index.
const MAX_PATH: u8 = 64;

/// The root of the receipts whose hashes are `leaves`, in their order.
pub fn root(domains: &Domains, leaves: &[Hash]) -> Hash {
    let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    root_of(domains, Domain::ReceiptRoot, count, &top(domains, leaves))
}

/// Proves that the leaf at `index` stands there; `None` if there is no such leaf. Hashes the whole
/// list once.
pub fn prove(domains: &Domains, leaves: &[Hash], index: u64) -> Option<MerkleProof> {
    let mut place = usize::try_from(index).ok().filter(|place| *place < leaves.len())?;
    let mut below = leaves;
    let mut path = Vec::new();
    while let Some(size) = left_size(u64::try_from(below.len()).ok()?) {
        let (left, right) = below.split_at(usize::try_from(size).ok()?);
        match place.checked_sub(left.len()) {
            Some(in_right) => {
                path.push(top(domains, left));
                (below, place) = (right, in_right);
            }
            None => {
                path.push(top(domains, right));
                below = left;
            }
        }
    }
    path.reverse();
    let count = u64::try_from(leaves.len()).ok()?;
    Some(MerkleProof { index, count, path: AuditPath(path) })
}

/// A proof that a leaf stands at one index of a list.
///
/// Encoding: index u64 LE || number of leaves u64 LE || number of siblings u8 || siblings, from the
/// leaf up.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MerkleProof {
    index: u64,
    count: u64,
    path: AuditPath,
}

/// Why a [`MerkleProof`] does not prove what is claimed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleProofError {
    /// The index is not below the number of leaves, or they ask for another number of siblings.
    #[error("{siblings} siblings do not lead from leaf {index} of {count} to a root: ask again")]
    WrongShape {
        /// The leaf's index, from 0.
        index: u64,
        /// The number of leaves.
        count: u64,
        /// The number of siblings in the proof.
        siblings: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}, not {expected}: check the block it is for")]
    WrongRoot {
        /// Where the proof leads.
        computed: Hash,
        /// The root it was checked against.
        expected: Hash,
    },
}

impl MerkleProof {
    /// The leaf's place in the list, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of leaves in the list.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The siblings, from the leaf up.
    pub fn path(&self) -> &[Hash] {
        self.path.siblings()
    }

    /// Checks that under `root`, `leaf` stands at the proof's index.
    ///
    /// # Errors
    /// [`MerkleProofError`], if the proof has an impossible shape or leads to another root.
    pub fn verify(
        &self,
        domains: &Domains,
        leaf: &Hash,
        root: &Hash,
    ) -> Result<(), MerkleProofError> {
        let Self { index, count, path } = self;
        let top = path.top(domains, Domain::ReceiptNode, *index, *count, *leaf).ok_or(
            MerkleProofError::WrongShape {
                index: *index,
                count: *count,
                siblings: path.siblings().len(),
            },
        )?;
        let computed = root_of(domains, Domain::ReceiptRoot, *count, &top);
        if computed == *root {
            Ok(())
        } else {
            Err(MerkleProofError::WrongRoot { computed, expected: *root })
        }
    }
}

/// The siblings from a leaf up to the top; at most 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditPath(pub(crate) Vec<Hash>);

impl AuditPath {
    pub(crate) fn siblings(&self) -> &[Hash] {
        &self.0
    }

    /// The top that `leaf` at `index` of `count` leads to (RFC 9162, section 2.1.3.2); `None` if
    /// the path is too long or too short for this place.
    pub(crate) fn top(
        &self,
        domains: &Domains,
        node: Domain,
        mut index: u64,
        count: u64,
        leaf: Hash,
    ) -> Option<Hash> {
        let mut last = count.checked_sub(1).filter(|last| index <= *last)?;
        let mut hash = leaf;
        for sibling in &self.0 {
            if last == 0 {
                return None;
            }
            if index & 1 == 1 || index == last {
                hash = domains.hash_pair(node, sibling, &hash);
                // A node without a right neighbour has no sibling until it is a right child itself.
                while index & 1 == 0 && index != 0 {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                hash = domains.hash_pair(node, &hash, sibling);
            }
            index >>= 1;
            last >>= 1;
        }
        (last == 0).then_some(hash)
    }
}

impl BorshSerialize for AuditPath {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let length = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        checked(length)?.serialize(writer)?;
        self.0.iter().try_for_each(|sibling| sibling.serialize(writer))
    }
}

impl BorshDeserialize for AuditPath {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let length = checked(u8::deserialize_reader(reader)?)?;
        (0..length).map(|_| Hash::deserialize_reader(reader)).collect::<io::Result<_>>().map(Self)
    }
}

fn checked(length: u8) -> io::Result<u8> {
    let refusal = || invalid("a path has at most 64 siblings");
    (length <= MAX_PATH).then_some(length).ok_or_else(refusal)
}

/// The leaves in the left subtree of `count`: the largest power of two below. `None` if there is
/// nothing to divide.
pub(crate) fn left_size(count: u64) -> Option<u64> {
    let last = count.checked_sub(1).filter(|last| *last > 0)?;
    1_u64.checked_shl(last.ilog2())
}

/// The root over a top, in `domain`.
pub(crate) fn root_of(domains: &Domains, domain: Domain, count: u64, top: &Hash) -> Hash {
    let mut bytes = [0; 40];
    bytes[..8].copy_from_slice(&count.to_le_bytes());
    bytes[8..].copy_from_slice(&top.0);
    domains.hash(domain, &bytes)
}

/// Pairs neighbours, level by level; the odd last one goes up as it is.
fn top(domains: &Domains, leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    let mut above = Vec::new();
    while level.len() > 1 {
        let (twos, odd) = level.as_chunks();
        let pairs: Vec<_> = twos.iter().map(|[left, right]| left.beside(right)).collect();
        domains.hash_pairs(Domain::ReceiptNode, &pairs, &mut above);
        above.extend_from_slice(odd);
        std::mem::swap(&mut level, &mut above);
    }
    level.first().copied().unwrap_or(Hash::ZERO)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::as_conversions, clippy::arithmetic_side_effects)]

    use super::*;
    use crate::crypto::Suite;
    use crate::hash::ChainId;

    fn domains() -> Domains {
        Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])))
    }

    fn leaves(domains: &Domains, count: u64) -> Vec<Hash> {
        (0..count).map(|n| domains.hash_of(Domain::Receipt, &n)).collect()
    }

    /// MTH of RFC 6962, section 2.1, word by word.
    fn naive_top(domains: &Domains, leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::ZERO,
            [leaf] => *leaf,
            _ => {
                let mut size = 1;
                while size * 2 < leaves.len() {
                    size *= 2;
                }
                let left = naive_top(domains, &leaves[..size]);
                let right = naive_top(domains, &leaves[size..]);
                domains.hash_of(Domain::ReceiptNode, &(left, right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_rfc_6962_with_the_count() {
        let domains = domains();
        for count in 0..70 {
            let leaves = leaves(&domains, count);
            let expected =
                domains.hash_of(Domain::ReceiptRoot, &(count, naive_top(&domains, &leaves)));
            assert_eq!(root(&domains, &leaves), expected, "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_is_proven_at_its_own_index_only() {
        let domains = domains();
        for count in 1..70 {
            let leaves = leaves(&domains, count);
            let root = root(&domains, &leaves);
            for index in 0..count {
                let proof = prove(&domains, &leaves, index).unwrap();
                let proof = MerkleProof::try_from_slice(&borsh::to_vec(&proof).unwrap()).unwrap();
                assert_eq!((proof.index(), proof.count()), (index, count));
                for (place, leaf) in (0..).zip(&leaves) {
                    let verdict = proof.verify(&domains, leaf, &root).is_ok();
                    assert_eq!(verdict, place == index, "{place} as {index} of {count}");
                }
            }
            assert_eq!(prove(&domains, &leaves, count), None);
        }
        assert_eq!(prove(&domains, &[], 0), None);
    }

    #[test]
    fn every_bit_of_a_proof_matters() {
        let domains = domains();
        for (count, index) in [(1, 0), (2, 1), (7, 6), (13, 4), (64, 63)] {
            let leaves = leaves(&domains, count);
            let root = root(&domains, &leaves);
            let leaf = domains.hash_of(Domain::Receipt, &index);
            let good = borsh::to_vec(&prove(&domains, &leaves, index).unwrap()).unwrap();
            let verdict = |bytes: &[u8]| {
                MerkleProof::try_from_slice(bytes)
                    .is_ok_and(|proof| proof.verify(&domains, &leaf, &root).is_ok())
            };
            assert!(verdict(&good), "{index} of {count}");
            for place in 0..good.len() {
                for bit in 0..8 {
                    let mut bad = good.clone();
                    bad[place] ^= 1 << bit;
                    assert!(!verdict(&bad), "{index} of {count}: byte {place}, bit {bit}");
                }
                assert!(!verdict(&good[..place]), "{index} of {count}: cut to {place}");
            }
        }
    }

    #[test]
    fn an_odd_leaf_is_not_doubled() {
        let domains = domains();
        let three = leaves(&domains, 3);
        let doubled = [three[0], three[1], three[2], three[2]];
        assert_ne!(root(&domains, &three), root(&domains, &doubled));
    }

    #[test]
    fn a_node_is_no_leaf_and_impossible_shapes_are_refused() {
        let domains = domains();
        let four = leaves(&domains, 4);
        let root = root(&domains, &four);
        let node = domains.hash_pair(Domain::ReceiptNode, &four[0], &four[1]);
        let other = domains.hash_pair(Domain::ReceiptNode, &four[2], &four[3]);
        let short = |count| MerkleProof { index: 0, count, path: AuditPath(vec![other]) };
        assert!(short(2).verify(&domains, &node, &root).is_err());
        for (index, count, siblings) in
            [(0, 4, 1), (0, 4, 3), (4, 4, 2), (0, 0, 0), (0, 0, 1), (0, 1, 1), (u64::MAX, 4, 2)]
        {
            let path = AuditPath(vec![other; siblings]);
            let verdict = MerkleProof { index, count, path }.verify(&domains, &four[0], &root);
            let expected = MerkleProofError::WrongShape { index, count, siblings };
            assert_eq!(verdict, Err(expected));
        }
    }

    #[test]
    fn a_hostile_length_is_refused_before_it_costs() {
        for length in [65, 255] {
            let bytes = [&[0; 16][..], &[length], &[0; 65 * 32]].concat();
            assert!(MerkleProof::try_from_slice(&bytes).is_err(), "{length}");
        }
    }
}
