//! Tests of the map as a whole: against a naive model, and every byte of its proofs.
#![allow(clippy::as_conversions, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use jmt::mock::MockTreeStore;
use jmt::{KeyHash, Sha256Jmt};
use proptest::prelude::*;

use super::bucket::CAPACITY;
use super::node::Node;
use super::*;
use crate::crypto::Suite;
use crate::hash::ChainId;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn domains() -> Domains {
    Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])))
}

fn key(n: u32) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

fn tree_of(domains: &Domains, model: &Model) -> Tree {
    let mut tree = Tree::new();
    tree.update(domains, model.iter().map(|(k, v)| (k.as_slice(), Some(v.as_slice()))));
    tree
}

fn numbered(count: u32) -> Model {
    (0..count).map(|n| (key(n), vec![b'v'; n as usize % 90])).collect()
}

/// The definition in the module's text, word by word.
fn naive_root(domains: &Domains, model: &Model) -> Hash {
    fn top(domains: &Domains, depth: usize, leaves: &[(Hash, Hash)]) -> Hash {
        match leaves {
            [] => Hash::ZERO,
            [(_, leaf)] => *leaf,
            _ => {
                let side = |right| -> Vec<(Hash, Hash)> {
                    let bit = |path: &Hash| path.0[depth / 8] >> (7 - depth % 8) & 1 == 1;
                    leaves.iter().filter(|(path, _)| bit(path) == right).copied().collect()
                };
                let left = top(domains, depth + 1, &side(false));
                let right = top(domains, depth + 1, &side(true));
                domains.hash_of(Domain::StateNode, &(left, right))
            }
        }
    }
    let leaves: Vec<(Hash, Hash)> = model
        .iter()
        .map(|(key, value)| {
            let path = domains.hash(Domain::StatePath, key);
            let value = domains.hash(Domain::StateValue, value);
            (path, domains.hash_of(Domain::StateLeaf, &(path, value)))
        })
        .collect();
    let top = top(domains, 0, &leaves);
    domains.hash_of(Domain::StateRoot, &(model.len() as u64, top))
}

fn encoded(proof: &MapProof) -> Vec<u8> {
    borsh::to_vec(proof).unwrap()
}

fn model_changes() -> impl Strategy<Value = Vec<Vec<(u8, Option<Vec<u8>>)>>> {
    let value = proptest::option::weighted(0.6, proptest::collection::vec(any::<u8>(), 0..150));
    let batch = proptest::collection::vec((any::<u8>(), value), 0..60);
    proptest::collection::vec(batch, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_map_is_its_model_after_every_batch(batches in model_changes()) {
        let domains = domains();
        let (mut tree, mut model) = (Tree::new(), Model::new());
        for batch in &batches {
            let (before, before_model) = (tree.clone(), model.clone());
            tree.update(
                &domains,
                batch.iter().map(|(k, v)| (std::slice::from_ref(k), v.as_deref())),
            );
            for (key, value) in batch {
                match value {
                    Some(value) => model.insert(vec![*key], value.clone()),
                    None => model.remove(&vec![*key]),
                };
            }
            prop_assert_eq!(tree.root(&domains), naive_root(&domains, &model));
            prop_assert_eq!(tree.len(), model.len() as u64);
            let content: Model =
                tree.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
            prop_assert_eq!(&content, &model);
            for key in 0..=255_u8 {
                let value = model.get(&vec![key]).map(Vec::as_slice);
                prop_assert_eq!(tree.get(&domains, &[key]), value);
            }
            prop_assert_eq!(before.root(&domains), naive_root(&domains, &before_model));
        }
        let rebuilt = tree_of(&domains, &model);
        prop_assert_eq!(tree.root(&domains), rebuilt.root(&domains));
        prop_assert_eq!(buckets(&tree.top), buckets(&rebuilt.top));
    }

    #[test]
    fn the_jellyfish_merkle_tree_gives_the_same_answers(batches in model_changes()) {
        let domains = domains();
        let (store, mut tree) = (MockTreeStore::default(), Tree::new());
        let jellyfish = Sha256Jmt::new(&store);
        let place = |key: u8| KeyHash(domains.hash(Domain::StatePath, &[key]).0);
        for (version, batch) in (0..).zip(&batches) {
            // The oracle refuses the removal of a key that is not there, and two changes of one.
            let mut changes: BTreeMap<u8, Option<Vec<u8>>> = batch.iter().cloned().collect();
            changes.retain(|k, v| v.is_some() || tree.get(&domains, &[*k]).is_some());
            tree.update(
                &domains,
                changes.iter().map(|(k, v)| (std::slice::from_ref(k), v.as_deref())),
            );
            let changes = changes.into_iter().map(|(key, value)| (place(key), value));
            let (theirs, writes) = jellyfish.put_value_set(changes, version).unwrap();
            store.write_tree_update_batch(writes).unwrap();
            let root = tree.root(&domains);
            for key in 0..=255 {
                let (value, their_proof) =
                    jellyfish.get_with_proof(place(key), version).unwrap();
                prop_assert_eq!(tree.get(&domains, &[key]), value.as_deref());
                let our_proof = tree.prove(&domains, &[key]);
                for claim in [None, value.as_deref(), Some(b"another".as_slice())] {
                    let ours = our_proof.verify(&domains, &[key], claim, &root);
                    let theirs = their_proof.verify(theirs, place(key), claim);
                    prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{} {:?}", key, claim);
                }
            }
        }
    }

    #[test]
    fn every_key_is_proven_present_or_absent(
        keys in proptest::collection::btree_set(0..400_u32, 0..200),
    ) {
        let domains = domains();
        let model: Model = keys.iter().map(|n| (key(*n), key(n + 1))).collect();
        let tree = tree_of(&domains, &model);
        let root = tree.root(&domains);
        for n in 0..400 {
            let proof = tree.prove(&domains, &key(n));
            let proof = MapProof::try_from_slice(&encoded(&proof)).unwrap();
            let value = model.get(&key(n)).map(Vec::as_slice);
            prop_assert_eq!(proof.verify(&domains, &key(n), value, &root), Ok(()));
            prop_assert_eq!(proof.count(), tree.len());
            let wrong = if value.is_some() { None } else { Some(b"x".as_slice()) };
            prop_assert!(proof.verify(&domains, &key(n), wrong, &root).is_err());
        }
    }

    #[test]
    fn chunks_hold_the_whole_map(count in 0..300_u32, depth in 0..10_u8) {
        let domains = domains();
        let tree = tree_of(&domains, &numbered(count));
        let root = tree.root(&domains);
        let mut rebuilt = Tree::new();
        let mut total = 0;
        for index in 0..1 << depth {
            let prefix = Prefix::new(depth, index).unwrap();
            let chunk = borsh::to_vec(&tree.chunk(&domains, &prefix)).unwrap();
            let chunk = Chunk::try_from_slice(&chunk).unwrap();
            let entries = chunk.verify(&domains, &prefix, &root).unwrap();
            total += entries.len() as u64;
            rebuilt.update(&domains, entries.iter().map(|e| (&e.key[..], Some(&e.value[..]))));
        }
        prop_assert_eq!(total, tree.len());
        prop_assert_eq!(rebuilt.root(&domains), root);
    }
}

fn buckets(link: &Link) -> Vec<usize> {
    match &link.node {
        Node::Bucket(bytes) => vec![entries(bytes).count()],
        Node::Inner(children) => children.iter().flat_map(buckets).collect(),
    }
}

#[test]
fn the_order_of_changes_does_not_show() {
    let domains = domains();
    let model = numbered(500);
    let expected = tree_of(&domains, &model).root(&domains);
    let mut one_by_one = Tree::new();
    for (key, value) in model.iter().rev() {
        one_by_one.update(&domains, [(&key[..], Some(&value[..]))]);
    }
    assert_eq!(one_by_one.root(&domains), expected);
    let mut detour = tree_of(&domains, &numbered(2_000));
    let gone: Vec<Vec<u8>> = (500..2_000).map(key).collect();
    detour.update(&domains, gone.iter().map(|key| (&key[..], None)));
    assert_eq!(detour.root(&domains), expected);
    assert_eq!(buckets(&detour.top), buckets(&one_by_one.top));
}

#[test]
fn one_batch_may_remove_almost_everything() {
    let domains = domains();
    for left in [0, 1, 2, 8, 9, 100] {
        let mut tree = tree_of(&domains, &numbered(5_000));
        let gone: Vec<Vec<u8>> = (left..5_000).map(key).collect();
        tree.update(&domains, gone.iter().map(|key| (&key[..], None)));
        let expected = tree_of(&domains, &numbered(left));
        assert_eq!(tree.len(), u64::from(left));
        assert_eq!(tree.root(&domains), expected.root(&domains), "{left} left");
        assert_eq!(buckets(&tree.top), buckets(&expected.top), "{left} left");
    }
}

#[test]
fn the_last_change_of_a_key_stands() {
    let domains = domains();
    let mut tree = Tree::new();
    let (a, b) = (b"a".as_slice(), b"b".as_slice());
    tree.update(&domains, [(a, Some(b)), (b, Some(b)), (a, None), (b, None), (b, Some(a))]);
    assert_eq!(tree.get(&domains, b"a"), None);
    assert_eq!(tree.get(&domains, b"b"), Some(a));
    assert_eq!(tree.len(), 1);
}

#[test]
fn a_clone_is_another_map() {
    let domains = domains();
    let mut tree = tree_of(&domains, &numbered(1_000));
    let old = tree.clone();
    let root = old.root(&domains);
    tree.update(&domains, [(&key(3)[..], Some(&b"new"[..])), (&key(4)[..], None)]);
    assert_eq!(old.root(&domains), root);
    assert_eq!(old.get(&domains, &key(3)), Some(&b"vvv"[..]));
    assert_eq!(old.len(), 1_000);
    assert_eq!(tree.get(&domains, &key(3)), Some(&b"new"[..]));
    assert_eq!(tree.get(&domains, &key(4)), None);
    assert_ne!(tree.root(&domains), root);
}

#[test]
fn a_hundred_thousand_entries_are_grouped_as_promised() {
    let domains = domains();
    let tree = tree_of(&domains, &numbered(100_000));
    assert!(buckets(&tree.top).iter().all(|count| *count <= CAPACITY));
    assert_eq!(tree.root(&domains), naive_root(&domains, &numbered(100_000)));
}

/// Keys in `tree`'s neighbourhood, one per way a path can end.
fn every_end(domains: &Domains) -> Vec<(&'static str, Tree, Vec<u8>)> {
    let crowd = tree_of(domains, &numbered(40));
    let ends = |tag: u8| {
        let tag_of = |n: &u32| {
            let bytes = encoded(&crowd.prove(domains, &key(*n)));
            let depth = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
            let full: u32 = bytes[10..][..depth.div_ceil(8)].iter().map(|b| b.count_ones()).sum();
            bytes[10 + depth.div_ceil(8) + 32 * full as usize]
        };
        key((0..).find(|n| tag_of(n) == tag).unwrap())
    };
    vec![
        ("empty map", Tree::new(), key(1)),
        ("alone", tree_of(domains, &numbered(1)), key(0)),
        ("another is alone", tree_of(domains, &numbered(1)), key(1)),
        ("present", crowd.clone(), ends(0)),
        ("empty branch", crowd.clone(), ends(1)),
        ("another leaf in the way", crowd.clone(), ends(2)),
    ]
}

#[test]
fn every_bit_of_a_proof_matters() {
    let domains = domains();
    for (case, tree, key) in every_end(&domains) {
        let root = tree.root(&domains);
        let value = tree.get(&domains, &key);
        let good = encoded(&tree.prove(&domains, &key));
        let verdict = |bytes: &[u8]| {
            MapProof::try_from_slice(bytes)
                .is_ok_and(|proof| proof.verify(&domains, &key, value, &root).is_ok())
        };
        assert!(verdict(&good), "{case}");
        for place in 0..good.len() {
            for change in 1..=255 {
                let mut bad = good.clone();
                bad[place] ^= change;
                assert!(!verdict(&bad), "{case}: byte {place} ^ {change}");
            }
        }
        for length in 0..good.len() {
            assert!(!verdict(&good[..length]), "{case}: cut to {length}");
        }
        assert!(!verdict(&[good.as_slice(), &[0]].concat()), "{case}: a byte more");
    }
}

#[test]
fn a_proof_holds_for_its_claim_only() {
    let domains = domains();
    let other_chain = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([8; 32])));
    for (case, tree, key) in every_end(&domains) {
        let root = tree.root(&domains);
        let value = tree.get(&domains, &key);
        let proof = tree.prove(&domains, &key);
        let opposite = if value.is_some() { None } else { Some(&b""[..]) };
        assert_eq!(proof.verify(&domains, &key, value, &root), Ok(()), "{case}");
        assert!(proof.verify(&domains, &key, opposite, &root).is_err(), "{case}");
        assert!(proof.verify(&domains, &key, Some(b"other"), &root).is_err(), "{case}");
        assert!(proof.verify(&domains, &key, value, &Hash::ZERO).is_err(), "{case}");
        assert!(proof.verify(&other_chain, &key, value, &root).is_err(), "{case}");
        for n in 0..40_u32 {
            let stolen = n.to_be_bytes();
            if tree.get(&domains, &stolen).is_some() && stolen != key[..] {
                assert!(proof.verify(&domains, &stolen, None, &root).is_err(), "{case} {n}");
            }
        }
    }
}

#[test]
fn a_proof_shows_no_neighbour() {
    let domains = domains();
    let secret = b"a neighbour's balance".as_slice();
    let mut tree = Tree::new();
    tree.update(&domains, [(b"neighbour".as_slice(), Some(secret))]);
    let bytes = encoded(&tree.prove(&domains, b"mine"));
    for hidden in [secret, b"neighbour"] {
        assert!(!bytes.windows(hidden.len()).any(|window| window == hidden));
    }
}

#[test]
fn hostile_encodings_are_refused_before_they_cost() {
    let table: [(&str, Vec<u8>); 5] = [
        ("deeper than a path", [&[0; 8][..], &257_u16.to_le_bytes(), &[0; 33], &[1]].concat()),
        ("as deep as a number goes", [&[0; 8][..], &[0xff; 2]].concat()),
        ("padding that is not zero", [&[0; 8][..], &[1, 0, 0x40, 1]].concat()),
        ("an empty sibling in full", [&[0; 8][..], &[1, 0, 0x80], &[0; 32], &[1]].concat()),
        ("an unknown end", [&[0; 8][..], &[0, 0, 3]].concat()),
    ];
    for (case, bytes) in table {
        assert!(MapProof::try_from_slice(&bytes).is_err(), "{case}");
    }
    let deepest = [&[0; 8][..], &256_u16.to_le_bytes(), &[0; 32], &[1]].concat();
    let proof = MapProof::try_from_slice(&deepest).unwrap();
    assert_eq!(encoded(&proof), deepest);
    assert!(proof.verify(&domains(), b"", None, &Tree::new().root(&domains())).is_err());
}

#[test]
fn prefixes_are_those_of_their_depth() {
    for (depth, index, valid) in [
        (0, 0, true),
        (0, 1, false),
        (3, 7, true),
        (3, 8, false),
        (24, (1 << 24) - 1, true),
        (24, 1 << 24, false),
        (25, 0, false),
        (32, 0, false),
        (255, 0, false),
    ] {
        assert_eq!(Prefix::new(depth, index).is_some(), valid, "{depth} {index}");
    }
    for (count, size, depth) in
        [(0, 1_000, 0), (999, 1_000, 0), (1_000, 1_000, 1), (1_000_000, 1_000, 10), (7, 0, 3)]
    {
        assert_eq!(Prefix::depth_for(count, size), depth, "{count} {size}");
    }
    assert_eq!(Prefix::depth_for(u64::MAX, 1), MAX_CHUNK_DEPTH);
}

#[test]
fn a_chunk_with_any_change_is_refused() {
    let domains = domains();
    for (count, depth) in [(0, 2), (1, 3), (2, 4), (30, 2)] {
        let tree = tree_of(&domains, &numbered(count));
        let root = tree.root(&domains);
        for index in 0..1 << depth {
            let prefix = Prefix::new(depth, index).unwrap();
            let good = borsh::to_vec(&tree.chunk(&domains, &prefix)).unwrap();
            for place in 0..good.len() {
                for bit in 0..8 {
                    let mut bad = good.clone();
                    bad[place] ^= 1 << bit;
                    let verdict = Chunk::try_from_slice(&bad)
                        .is_ok_and(|chunk| chunk.verify(&domains, &prefix, &root).is_ok());
                    assert!(!verdict, "{count} entries, chunk {index}, byte {place} bit {bit}");
                }
            }
        }
    }
}

#[test]
fn a_chunk_of_another_place_is_refused() {
    let domains = domains();
    let tree = tree_of(&domains, &numbered(200));
    let root = tree.root(&domains);
    let [wide, own, next] =
        [(1, 0), (2, 0), (2, 1)].map(|(depth, index)| Prefix::new(depth, index).unwrap());
    let chunk = tree.chunk(&domains, &own);
    assert!(chunk.verify(&domains, &own, &root).is_ok());
    assert!(matches!(
        chunk.verify(&domains, &wide, &root),
        Err(ChunkError::TooNarrow { depth: 2, expected: 1 })
    ));
    assert!(matches!(chunk.verify(&domains, &next, &root), Err(ChunkError::Misplaced { .. })));
    let all = tree.chunk(&domains, &wide);
    assert!(matches!(all.verify(&domains, &own, &root), Err(ChunkError::Misplaced { .. })));
    let other = tree_of(&domains, &numbered(201)).root(&domains);
    assert!(matches!(chunk.verify(&domains, &own, &other), Err(ChunkError::WrongRoot { .. })));
}
