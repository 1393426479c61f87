//! Many pairs hashed at once: the widest lanes of the processor take up to sixteen together, at
//! about a tenth of the cost of one by one.
//!
//! Invariants: the same hashes as [`Domains::hash_pair`], on every processor. Absent: other
//! lengths.
//!
//! `blake3::platform` is public but not documented, for the crate promises no stability there. A
//! change would stop the build or the test below, not change a hash: see
//! docs/decisions/0002-state-map.md.

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

use super::{Domain, Domains, Hash};

/// The flags of an input that is one block, chunk and tree in one, hashed with a key: CHUNK_START
/// at its start; CHUNK_END and ROOT at its end; KEYED_HASH throughout (BLAKE3 paper, table 3).
const KEYED_HASH: u8 = 1 << 4;
const START: u8 = 1 << 0;
const END: u8 = 1 << 1 | 1 << 3;

/// The most lanes of any processor the crate knows.
const LANES: usize = 16;

impl Hash {
    /// This hash and then `right`, as [`Domains::hash_pairs`] takes them.
    pub fn beside(&self, right: &Self) -> [u8; 64] {
        let mut pair = [0; 64];
        pair[..32].copy_from_slice(&self.0);
        pair[32..].copy_from_slice(&right.0);
        pair
    }
}

impl Domains {
    /// Hashes each of `pairs`, each as from [`Hash::beside`], in `domain`; puts the hashes in
    /// `hashes`, in the place of what was there.
    pub fn hash_pairs(&self, domain: Domain, pairs: &[[u8; 64]], hashes: &mut Vec<Hash>) {
        let platform = Platform::detect();
        let key = words_from_le_bytes_32(&self.keys[domain.index()]);
        hashes.clear();
        hashes.reserve(pairs.len());
        for some in pairs.chunks(LANES) {
            let mut inputs = [&[0; 64]; LANES];
            inputs.iter_mut().zip(some).for_each(|(input, pair)| *input = pair);
            let inputs = &inputs[..some.len()];
            let mut output = [0; 32 * LANES];
            platform.hash_many(
                inputs,
                &key,
                0,
                IncrementCounter::No,
                KEYED_HASH,
                START,
                END,
                &mut output,
            );
            let (made, _) = output.as_chunks();
            hashes.extend(made.iter().take(some.len()).map(|bytes| Hash(*bytes)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Suite;
    use crate::hash::ChainId;

    #[test]
    fn many_at_once_are_the_same_as_one_by_one() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
        let all: Vec<[u8; 64]> = (0..100).map(|n| [n; 64]).collect();
        let mut hashes = vec![Hash::ZERO; 3];
        for count in 0..=all.len() {
            domains.hash_pairs(Domain::StateNode, &all[..count], &mut hashes);
            let one_by_one = all[..count].iter().map(|pair| domains.hash(Domain::StateNode, pair));
            assert_eq!(hashes, one_by_one.collect::<Vec<_>>());
        }
    }
}
