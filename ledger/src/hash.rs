//! Hashes, each bound to what it is a hash of.
//!
//! Invariants: every hash names its domain, the crypto suite and the chain, so that bytes of one
//! type, or of another network, never pass for another's (format ambiguity). Absent: any other hash
//! function, and any hash without a domain.

mod pairs;

use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt;

use crate::crypto::Suite;

/// A BLAKE3 output, 32 bytes.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Default,
)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash that stands where there is nothing: the parent of the first block, the vote for no
    /// block.
    pub const ZERO: Self = Self([0; 32]);

    /// Lower-case hexadecimal, 64 characters.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads 64 hexadecimal characters; anything else is `None`.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            if pair.starts_with('+') {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}..", &self.to_hex()[..8])
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_hex())
    }
}

/// What a hash is a hash of. Each domain has its own key, derived from its label, the suite and the
/// chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A transaction's body: what signers sign, and the transaction's id.
    Transaction,
    /// A dealer's quote: what the dealer signs, and the quote's id.
    Quote,
    /// A block header: the block's hash.
    Header,
    /// A consensus vote: what a validator signs.
    Vote,
    /// A lane batch's header: what the lane's owner signs, and the batch's hash.
    Batch,
    /// The transactions of a lane batch.
    BatchPayload,
    /// The cut of a block.
    Cut,
    /// A receipt: a leaf of the receipts tree.
    Receipt,
    /// An inner node of the receipts tree.
    ReceiptNode,
    /// The root of the receipts tree, which binds the number of leaves.
    ReceiptRoot,
    /// A typed key's place in the state map.
    StatePath,
    /// A leaf of the state map.
    StateLeaf,
    /// A value of the state map: what a leaf commits to, so that a neighbour's proof does not show
    /// it.
    StateValue,
    /// An inner node of the state map.
    StateNode,
    /// The root of the state map, which binds the number of leaves.
    StateRoot,
    /// A leaf of the history mountain range.
    HistoryLeaf,
    /// An inner node of the history mountain range.
    HistoryNode,
    /// The root of the history mountain range, which binds its size.
    HistoryRoot,
    /// One step of a holding's entry chain.
    Entry,
    /// A validator set.
    Validators,
    /// The salted commitment to private data that stays off the ledger.
    Commitment,
    /// A member's proof that it holds a key it names in the genesis ceremony.
    Possession,
    /// The exact bytes of an ordering message.
    Message,
    /// A servicer's own reference of an account, from which the account's number is derived.
    AccountReference,
    /// A member's approval of the sealed genesis document.
    GenesisApproval,
    /// An order that waits: what its approvers name.
    Order,
    /// What a block settles of the queue: the name under which its receipts stand.
    Settlement,
}

impl Domain {
    /// All domains, in the order of their keys in [`Domains`].
    const ALL: [Self; 27] = [
        Self::Transaction,
        Self::Quote,
        Self::Header,
        Self::Vote,
        Self::Batch,
        Self::BatchPayload,
        Self::Cut,
        Self::Receipt,
        Self::ReceiptNode,
        Self::ReceiptRoot,
        Self::StatePath,
        Self::StateLeaf,
        Self::StateValue,
        Self::StateNode,
        Self::StateRoot,
        Self::HistoryLeaf,
        Self::HistoryNode,
        Self::HistoryRoot,
        Self::Entry,
        Self::Validators,
        Self::Commitment,
        Self::Possession,
        Self::Message,
        Self::AccountReference,
        Self::GenesisApproval,
        Self::Order,
        Self::Settlement,
    ];

    /// The domain's label, part of its key: `feiqian/<type>/v1`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Transaction => "feiqian/transaction/v1",
            Self::Quote => "feiqian/quote/v1",
            Self::Header => "feiqian/header/v1",
            Self::Vote => "feiqian/vote/v1",
            Self::Batch => "feiqian/batch/v1",
            Self::BatchPayload => "feiqian/batch-payload/v1",
            Self::Cut => "feiqian/cut/v1",
            Self::Receipt => "feiqian/receipt/v1",
            Self::ReceiptNode => "feiqian/receipt-node/v1",
            Self::ReceiptRoot => "feiqian/receipt-root/v1",
            Self::StatePath => "feiqian/state-path/v1",
            Self::StateLeaf => "feiqian/state-leaf/v1",
            Self::StateValue => "feiqian/state-value/v1",
            Self::StateNode => "feiqian/state-node/v1",
            Self::StateRoot => "feiqian/state-root/v1",
            Self::HistoryLeaf => "feiqian/history-leaf/v1",
            Self::HistoryNode => "feiqian/history-node/v1",
            Self::HistoryRoot => "feiqian/history-root/v1",
            Self::Entry => "feiqian/entry/v1",
            Self::Validators => "feiqian/validators/v1",
            Self::Commitment => "feiqian/commitment/v1",
            Self::Possession => "feiqian/possession/v1",
            Self::Message => "feiqian/message/v1",
            Self::AccountReference => "feiqian/account-reference/v1",
            Self::GenesisApproval => "feiqian/genesis-approval/v1",
            Self::Order => "feiqian/order/v1",
            Self::Settlement => "feiqian/settlement/v1",
        }
    }

    const fn index(self) -> usize {
        // A fieldless enum's discriminant is its place in the declaration, which is the order of
        // ALL.
        #[expect(clippy::as_conversions, reason = "a discriminant below 27 fits every usize")]
        {
            self as usize
        }
    }
}

/// A chain's identity: the hash of its genesis document.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, BorshSerialize, BorshDeserialize,
)]
pub struct ChainId(pub Hash);

impl ChainId {
    /// The chain id of a genesis document, from the document's canonical encoding.
    pub fn of_genesis(suite: Suite, encoded: &[u8]) -> Self {
        let key = derive("feiqian/genesis/v1", suite, &Hash::ZERO);
        Self(Hash(*blake3::keyed_hash(&key, encoded).as_bytes()))
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The hash keys of one chain: BLAKE3 `derive_key(label, suite, chain id)` for each [`Domain`],
/// computed once.
#[derive(Clone)]
pub struct Domains {
    suite: Suite,
    chain_id: ChainId,
    keys: [[u8; 32]; Domain::ALL.len()],
}

impl Domains {
    /// The keys of the chain `chain_id` under `suite`.
    pub fn new(suite: Suite, chain_id: ChainId) -> Self {
        let keys = Domain::ALL.map(|domain| derive(domain.label(), suite, &chain_id.0));
        Self { suite, chain_id, keys }
    }

    /// The crypto suite these keys belong to.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The chain these keys belong to.
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// Hashes `bytes` in `domain`.
    pub fn hash(&self, domain: Domain, bytes: &[u8]) -> Hash {
        Hash(*blake3::keyed_hash(&self.keys[domain.index()], bytes).as_bytes())
    }

    /// Hashes the concatenation of two hashes in `domain`: one compression, the cost of an inner
    /// node.
    pub fn hash_pair(&self, domain: Domain, left: &Hash, right: &Hash) -> Hash {
        let mut pair = [0; 64];
        pair[..32].copy_from_slice(&left.0);
        pair[32..].copy_from_slice(&right.0);
        self.hash(domain, &pair)
    }

    /// Hashes the canonical encoding of `value` in `domain`.
    pub fn hash_of<T: BorshSerialize>(&self, domain: Domain, value: &T) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.keys[domain.index()]);
        // Writing into a hasher cannot fail, and the house's types have no failing encoder.
        let written = value.serialize(&mut hasher);
        assert!(written.is_ok(), "a value of the ledger always encodes");
        Hash(*hasher.finalize().as_bytes())
    }
}

impl fmt::Debug for Domains {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Domains({:?}, {:?})", self.suite, self.chain_id)
    }
}

fn derive(label: &str, suite: Suite, chain: &Hash) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(label);
    hasher.update(&[suite.tag()]);
    hasher.update(&chain.0);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_domain_has_its_own_key() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash::ZERO));
        let mut hashes: Vec<Hash> = Domain::ALL.iter().map(|d| domains.hash(*d, b"x")).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), Domain::ALL.len());
    }

    #[test]
    fn a_pair_is_the_concatenation() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
        let (left, right) = (Hash([1; 32]), Hash([2; 32]));
        let whole = domains.hash_of(Domain::StateNode, &(left, right));
        assert_eq!(domains.hash_pair(Domain::StateNode, &left, &right), whole);
    }

    #[test]
    fn hexadecimal_round_trips_and_refuses() {
        let hash = Hash([0xa5; 32]);
        assert_eq!(Hash::from_hex(&hash.to_hex()), Some(hash));
        for bad in ["", "a5", &"g".repeat(64), &"+1".repeat(32), &"a".repeat(65)] {
            assert_eq!(Hash::from_hex(bad), None, "{bad}");
        }
    }
}
