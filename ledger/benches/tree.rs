//! Measures the state map, and `jmt` beside it: `cargo bench -p ledger --bench tree [-- LEAVES..]`.
//!
//! The default is 10^4, 10^5 and 10^6 leaves of a 25-byte key and a 72-byte value. Each map runs in
//! a process of its own, so that resident memory is its own. Times are processor time, the mean of
//! the rounds: on a busy machine, waiting for a core is not the work's cost (shared caches still
//! are).
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::unwrap_used, reason = "a bench that fails says where")]

use std::time::Duration;

use jmt::mock::MockTreeStore;
use jmt::{JellyfishMerkleTree, KeyHash, RootHash, SimpleHasher};
use ledger::crypto::Suite;
use ledger::hash::{ChainId, Domain, Domains, Hash};
use ledger::tree::Tree;

const BATCH: u64 = 10_000;
const ROUNDS: u32 = 15;

type Key = [u8; 25];
type Value = [u8; 72];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", "tree", leaves] => run_tree(leaves.parse().unwrap()),
        ["run", "jmt", leaves] => run_jmt(leaves.parse().unwrap()),
        [] => run_each(&["10000", "100000", "1000000"]),
        sizes => run_each(sizes),
    }
}

fn run_each(sizes: &[&str]) {
    let program = std::env::current_exe().unwrap();
    for (map, size) in sizes.iter().flat_map(|size| [("tree", size), ("jmt", size)]) {
        let mut command = std::process::Command::new(&program);
        assert!(command.args(["run", map, size]).status().unwrap().success());
    }
}

fn run_tree(leaves: u64) {
    let domains = domains();
    let before = resident();
    let mut tree = Tree::new();
    let (built, ()) = timed(|| {
        for first in (0..leaves).step_by(10_000) {
            apply(&mut tree, &domains, &batch(first..leaves.min(first.saturating_add(BATCH)), 0));
        }
    });
    let memory = resident().saturating_sub(before);
    print_row("tree", leaves, "build", &format!("{built:.1?}"));
    print_row("tree", leaves, "memory a leaf", &format!("{} bytes", per(memory, leaves)));

    let mut seed = 1;
    let mut changed =
        |round| batch((0..BATCH).map(|_| random(&mut seed, leaves)), u64::from(round));
    let alone = mean(0..ROUNDS, |round| {
        let changes = changed(round);
        timed(|| apply(&mut tree, &domains, &changes)).0
    });
    print_row("tree", leaves, "10k updates, root", &format!("{alone:.2?}"));
    let mut drops = Vec::new();
    let shared = mean(0..ROUNDS, |round| {
        let (changes, old) = (changed(round), tree.clone());
        let (time, ()) = timed(|| apply(&mut tree, &domains, &changes));
        drops.push(timed(|| drop(old)).0);
        time
    });
    print_row("tree", leaves, "10k updates, root, old version kept", &format!("{shared:.2?}"));
    let dropped = mean(drops.into_iter(), |time| time);
    print_row("tree", leaves, "drop of the old version", &format!("{dropped:.2?}"));
    let inserted = mean(0..ROUNDS, |round| {
        let mut larger = tree.clone();
        let first = leaves.saturating_add(u64::from(round).saturating_mul(BATCH));
        let changes = batch(first..first.saturating_add(BATCH), u64::from(round));
        timed(|| apply(&mut larger, &domains, &changes)).0
    });
    print_row("tree", leaves, "10k inserts, root, old version kept", &format!("{inserted:.2?}"));
    let memory = resident().saturating_sub(before);
    print_row(
        "tree",
        leaves,
        "memory a leaf, afterwards",
        &format!("{} bytes", per(memory, leaves)),
    );

    let keys: Vec<Key> = (0..BATCH).map(|_| key(random(&mut seed, leaves))).collect();
    let (time, values) =
        timed(|| keys.iter().filter_map(|key| tree.get(&domains, key)).collect::<Vec<_>>());
    print_row("tree", leaves, "get", &each(time));
    let (time, proofs) =
        timed(|| keys.iter().map(|key| tree.prove(&domains, key)).collect::<Vec<_>>());
    print_row("tree", leaves, "prove", &each(time));
    let root = tree.root(&domains);
    let (time, valid) = timed(|| {
        let claims = keys.iter().zip(&values).zip(&proofs);
        claims.filter(|((k, v), p)| p.verify(&domains, *k, Some(v), &root).is_ok()).count()
    });
    assert_eq!(u64::try_from(valid).unwrap(), BATCH);
    print_row("tree", leaves, "verify", &each(time));
    let bytes = proofs.iter().map(|proof| borsh::to_vec(proof).unwrap().len()).sum::<usize>();
    let size = per(u64::try_from(bytes).unwrap(), BATCH);
    print_row("tree", leaves, "proof", &format!("{size} bytes"));
}

fn run_jmt(leaves: u64) {
    let domains = domains();
    let before = resident();
    let store = MockTreeStore::default();
    let mut version = 0;
    let mut apply = |changes: &[(Key, Value)]| -> RootHash {
        let map = JellyfishMerkleTree::<_, Blake3>::new(&store);
        let changes = changes.iter().map(|(key, value)| (place(&domains, key), value.to_vec()));
        let changes = vec![changes.collect::<Vec<_>>()];
        let (roots, writes) = map.batch_put_value_sets(changes, None, version).unwrap();
        store.write_tree_update_batch(writes).unwrap();
        store.purge_stale_nodes(version).unwrap();
        version = version.saturating_add(1);
        roots[0]
    };
    let mut root = RootHash([0; 32]);
    let (built, ()) = timed(|| {
        for first in (0..leaves).step_by(10_000) {
            root = apply(&batch(first..leaves.min(first.saturating_add(BATCH)), 0));
        }
    });
    let memory = resident().saturating_sub(before);
    print_row("jmt", leaves, "build", &format!("{built:.1?}"));
    print_row("jmt", leaves, "memory a leaf", &format!("{} bytes", per(memory, leaves)));
    let mut seed = 1;
    let alone = mean(0..3_u32, |round| {
        let changes = batch((0..BATCH).map(|_| random(&mut seed, leaves)), u64::from(round));
        let (time, next) = timed(|| apply(&changes));
        root = next;
        time
    });
    print_row("jmt", leaves, "10k updates, root", &format!("{alone:.2?}"));

    let latest = version.saturating_sub(1);
    let map = JellyfishMerkleTree::<_, Blake3>::new(&store);
    let keys: Vec<KeyHash> =
        (0..BATCH).map(|_| place(&domains, &key(random(&mut seed, leaves)))).collect();
    let (time, _) =
        timed(|| keys.iter().map(|key| map.get(*key, latest).unwrap()).collect::<Vec<_>>());
    print_row("jmt", leaves, "get", &each(time));
    let prove = |key: &KeyHash| map.get_with_proof(*key, latest).unwrap();
    let (time, proofs) = timed(|| keys.iter().map(prove).collect::<Vec<_>>());
    print_row("jmt", leaves, "prove", &each(time));
    let (time, valid) = timed(|| {
        let claims = keys.iter().zip(&proofs);
        claims.filter(|(key, (v, p))| p.verify(root, **key, v.as_deref()).is_ok()).count()
    });
    assert_eq!(u64::try_from(valid).unwrap(), BATCH);
    print_row("jmt", leaves, "verify", &each(time));
    let bytes = proofs.iter().map(|(_, proof)| borsh::to_vec(proof).unwrap().len()).sum::<usize>();
    let size = per(u64::try_from(bytes).unwrap(), BATCH);
    print_row("jmt", leaves, "proof", &format!("{size} bytes"));
}

/// Unkeyed BLAKE3, for `jmt`.
struct Blake3(blake3::Hasher);

impl SimpleHasher for Blake3 {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

fn place(domains: &Domains, key: &Key) -> KeyHash {
    KeyHash(domains.hash(Domain::StatePath, key).0)
}

fn domains() -> Domains {
    Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])))
}

fn apply(tree: &mut Tree, domains: &Domains, changes: &[(Key, Value)]) {
    tree.update(domains, changes.iter().map(|(key, value)| (&key[..], Some(&value[..]))));
    std::hint::black_box(tree.root(domains));
}

fn batch(numbers: impl Iterator<Item = u64>, round: u64) -> Vec<(Key, Value)> {
    let value = |number: u64| {
        let mut value = [9; 72];
        value[..8].copy_from_slice(&number.to_le_bytes());
        value[8..16].copy_from_slice(&round.to_le_bytes());
        value
    };
    numbers.map(|number| (key(number), value(number))).collect()
}

fn key(number: u64) -> Key {
    let mut key = [5; 25];
    key[..8].copy_from_slice(&number.to_le_bytes());
    key
}

/// The next number below `below` (SplitMix64).
fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).checked_rem(below).unwrap()
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = processor_time();
    let result = work();
    (processor_time().saturating_sub(start), result)
}

/// The time this process ran, without the time it waited for a core; exact to some milliseconds.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

fn mean<R>(rounds: impl ExactSizeIterator<Item = R>, time: impl FnMut(R) -> Duration) -> Duration {
    let count = u32::try_from(rounds.len()).unwrap();
    rounds.map(time).sum::<Duration>().checked_div(count).unwrap()
}

/// Resident memory in bytes, from `/proc`.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes.saturating_mul(1024)
}

fn per(total: u64, count: u64) -> u64 {
    total.checked_div(count).unwrap()
}

fn each(total: Duration) -> String {
    format!("{:.2?}", total.checked_div(u32::try_from(BATCH).unwrap()).unwrap())
}

fn print_row(map: &str, leaves: u64, what: &str, result: &str) {
    println!("{map:5} {leaves:>9}  {what:36} {result:>12}");
}
