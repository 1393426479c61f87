//! What a light client and a node that catches up are convinced by.
//!
//! What must hold: nothing but the proof that was made convinces; whatever was changed in it is
//! refused, also where a file's checksum was put right.

use std::sync::LazyLock;

use ledger::{
    codec,
    hash::ChainId,
    proof::{MAGIC, Proof, Statement},
    state::Part,
    tree::Chunk,
};
use node::core::snapshot::{Manifest, SnapshotAnswer, SnapshotRequest};

use super::{
    Target, encodings,
    samples::{named, read},
};
use crate::load::micro::world::World;

pub(super) const TARGETS: &[Target] = &[
    Target { name: "proof-file", samples: files, words: &["feiqian.proof/v1"], run: file },
    Target { name: "proof-body", samples: bodies, words: &[], run: body },
    Target {
        name: "statement-file",
        samples: statements,
        words: &["feiqian.statement/v1"],
        run: statement,
    },
    Target { name: "snapshot-manifest", samples: manifests, words: &[], run: manifest },
    Target { name: "snapshot-chunk", samples: chunks, words: &[], run: chunk },
    Target { name: "snapshot-answer", samples: answers, words: &[], run: answer },
];

/// A proof that holds, and the chain that it holds on.
static GOOD: LazyLock<(Proof, ChainId)> =
    LazyLock::new(|| WORLD.proof().expect("the first payment is proven"));

/// A ledger with some payments.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut world = World::new(4).expect("the ledger opens");
    world.execute(3).expect("the payments settle");
    world
});

fn files() -> Vec<Vec<u8>> {
    vec![GOOD.0.encode()]
}

fn file(bytes: &[u8]) -> bool {
    let Ok(proof) = Proof::decode(bytes) else { return false };
    assert_eq!(proof.encode(), bytes, "a second file of one proof was taken");
    judge(&proof)
}

fn bodies() -> Vec<Vec<u8>> {
    vec![codec::encode(&GOOD.0)]
}

/// The proof without magic and checksum, which anybody can make to fit.
fn body(bytes: &[u8]) -> bool {
    let Ok(proof) = codec::decode::<Proof>(bytes, Proof::MAXIMUM_BYTES) else { return false };
    assert_eq!(codec::encode(&proof), bytes, "a second encoding of one proof was taken");
    assert!(proof.encode().starts_with(MAGIC));
    judge(&proof)
}

/// Whether it convinces somebody who trusts the good proof's chain; only the good one may.
fn judge(proof: &Proof) -> bool {
    let (good, chain) = &*GOOD;
    let convinces = proof.verify(*chain).is_ok();
    assert_eq!(convinces, proof == good, "a changed proof convinces, or the good one does not");
    convinces
}

/// A statement over one block, and the chain that it holds on.
static STATEMENT: LazyLock<(Statement, ChainId)> = LazyLock::new(|| {
    let mut world = World::new(4).expect("the ledger opens");
    world.statement(3).expect("a holding is proven")
});

fn statements() -> Vec<Vec<u8>> {
    vec![STATEMENT.0.encode()]
}

fn statement(bytes: &[u8]) -> bool {
    let Ok(statement) = Statement::decode(bytes) else { return false };
    assert_eq!(statement.encode(), bytes, "a second file of one statement was taken");
    let (good, chain) = &*STATEMENT;
    let convinces = statement.verify(*chain).is_ok();
    assert_eq!(convinces, statement == *good, "a changed statement convinces");
    convinces
}

/// A manifest is the light client's way to a block and three things that its roots hide.
fn manifests() -> Vec<Vec<u8>> {
    let parts = [named(&["progress over it"]), named(&["cut"]), named(&["history of 5 blocks"])];
    let head: Vec<u8> = parts.into_iter().flatten().flatten().collect();
    // An outline: how many records, and the topmost hash.
    let whole = [head, 5_u64.to_le_bytes().to_vec(), vec![7; 32]].concat();
    let with_top = [whole.as_slice(), &[1], &[7; 32]].concat();
    [whole, with_top].into_iter().filter(|bytes| read::<Manifest>(bytes).is_ok()).collect()
}

fn manifest(bytes: &[u8]) -> bool {
    let Ok(manifest) = codec::decode::<Manifest>(bytes, bytes.len()) else { return false };
    assert_eq!(codec::encode(&manifest), bytes, "a second encoding of one manifest was taken");
    let (good, chain) = &*GOOD;
    let trusted = ledger::light::TrustedState::genesis(*chain, &good.genesis);
    let domains = good.genesis.domains();
    let believed = trusted.is_ok_and(|trusted| manifest.verify(&domains, &trusted).is_ok());
    assert!(!believed, "a manifest that no validator signed is believed");
    true
}

fn chunks() -> Vec<Vec<u8>> {
    WORLD.state().chunk(Part::Map, 0).iter().map(codec::encode).collect()
}

/// A chunk of the state's map; only the one that it has may lead to its root.
fn chunk(bytes: &[u8]) -> bool {
    let Ok(chunk) = codec::decode::<Chunk>(bytes, bytes.len()) else { return false };
    assert_eq!(codec::encode(&chunk), bytes, "a second encoding of one chunk was taken");
    let (domains, root) = (WORLD.domains(), WORLD.state().root());
    let prefix = Part::prefix(chunk.count(), 0);
    let believed = prefix.is_some_and(|prefix| chunk.verify(domains, &prefix, &root).is_ok());
    assert_eq!(believed, chunks().iter().any(|good| good == bytes), "a changed chunk is believed");
    believed
}

fn answers() -> Vec<Vec<u8>> {
    let manifest = manifests().into_iter().map(|bytes| [vec![1], bytes].concat());
    let offers = [vec![0, 1, 0, 0, 0], vec![7; 40]].concat();
    let gone = [vec![3], vec![7; 40]].concat();
    manifest.chain([offers, gone]).collect()
}

fn answer(bytes: &[u8]) -> bool {
    let answer = encodings::canonical(read::<SnapshotAnswer>, bytes);
    let request = encodings::canonical(read::<SnapshotRequest>, bytes);
    answer || request
}
