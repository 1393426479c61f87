//! The hashes beside a path, from the top down: what leads from a subtree to the top.
//!
//! Invariants: at most [`MAX_DEPTH`]; one encoding each. Absent: what stands at the path's end.

use borsh::{BorshDeserialize, BorshSerialize, io};

use super::bucket::{Entry, split, subtree_hash};
use super::node::{Link, Node};
use super::{BIT_MASKS, MAX_DEPTH, goes_right};
use crate::codec::invalid;
use crate::hash::{Domain, Domains, Hash};

/// The siblings of the nodes on a path, the top's children first; [`Hash::ZERO`] for an empty one.
///
/// Encoding: depth u16 LE || bitmap of the siblings that are not empty, the most significant bit
/// first, padded with zero bits || those siblings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Siblings(Vec<Hash>);

impl Siblings {
    pub(super) const fn depth(&self) -> usize {
        self.0.len()
    }

    /// Goes down from `top` along `path` to a bucket, or to `limit`.
    pub(super) fn descend<'t>(&mut self, top: &'t Link, path: &Hash, limit: usize) -> &'t Link {
        let mut link = top;
        while self.depth() < limit
            && let Node::Inner(children) = &link.node
        {
            let [left, right] = &**children;
            let (next, other) = in_order(path, self.depth(), left, right);
            self.0.push(other.hash);
            link = next;
        }
        link
    }

    /// Goes on within a bucket along `path` until at most one entry is left, or to `limit`.
    pub(super) fn narrow<'s, 'e>(
        &mut self,
        domains: &Domains,
        mut below: &'s [Entry<'e>],
        path: &Hash,
        limit: usize,
    ) -> &'s [Entry<'e>] {
        while below.len() > 1 && self.depth() < limit {
            let (left, right) = split(self.depth(), below);
            let (next, other) = in_order(path, self.depth(), left, right);
            self.0.push(subtree_hash(domains, self.depth().saturating_add(1), other));
            below = next;
        }
        below
    }

    /// The top hash, if `hash` is that of the subtree at the end of `path`.
    pub(super) fn top(&self, domains: &Domains, path: &Hash, hash: Hash) -> Hash {
        self.0.iter().enumerate().rev().fold(hash, |hash, (depth, sibling)| {
            let (left, right) = in_order(path, depth, &hash, sibling);
            domains.hash_pair(Domain::StateNode, left, right)
        })
    }
}

/// The child on `path` at `depth`, then the other.
const fn in_order<T: Copy>(path: &Hash, depth: usize, left: T, right: T) -> (T, T) {
    if goes_right(path, depth) { (right, left) } else { (left, right) }
}

impl BorshSerialize for Siblings {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let depth = u16::try_from(self.depth()).map_err(|_| invalid("deeper than a path"))?;
        depth.serialize(writer)?;
        for eight in self.0.chunks(8) {
            let bits = eight.iter().zip(BIT_MASKS).filter(|(sibling, _)| **sibling != Hash::ZERO);
            bits.fold(0, |bits, (_, mask)| bits | mask).serialize(writer)?;
        }
        let mut full = self.0.iter().filter(|sibling| **sibling != Hash::ZERO);
        full.try_for_each(|sibling| sibling.serialize(writer))
    }
}

impl BorshDeserialize for Siblings {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let depth = usize::from(u16::deserialize_reader(reader)?);
        if depth > MAX_DEPTH {
            return Err(invalid("siblings are at most as many as a path has bits"));
        }
        let mut bitmap = Hash::ZERO;
        reader.read_exact(&mut bitmap.0[..depth.div_ceil(8)])?;
        if (depth..MAX_DEPTH).any(|bit| goes_right(&bitmap, bit)) {
            return Err(invalid("the bitmap of siblings is padded with zero bits"));
        }
        let mut siblings = Vec::with_capacity(depth);
        for bit in 0..depth {
            siblings.push(if goes_right(&bitmap, bit) { full(reader)? } else { Hash::ZERO });
        }
        Ok(Self(siblings))
    }
}

fn full<R: io::Read>(reader: &mut R) -> io::Result<Hash> {
    let sibling = Hash::deserialize_reader(reader)?;
    if sibling == Hash::ZERO {
        return Err(invalid("an empty sibling is a zero bit"));
    }
    Ok(sibling)
}
