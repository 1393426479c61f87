//! The index under pruning, and at a snapshot: what is kept, what goes, and what a crash leaves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ledger::history::HistoryProof;
use ledger::ids::Height;
use ledger::state::Marker;
use redb::{ReadableDatabase, ReadableTableMetadata, StorageBackend, TableDefinition};

use super::tables::{BLOCKS, CERTIFICATES, HISTORY, LOG_FROM, PAYMENTS, RANGE, RECEIPTS};
use super::{Backlog, IndexItem, Pruner, Store};
use crate::core::snapshot::tests::world::{Chain, START};
use crate::core::snapshot::{Installed, Manifest, SnapshotAnswer, SnapshotRequest};
use crate::core::step::Committed;
use crate::log::Position;
use crate::outcome::archived;

/// A disk in memory that fails, like a process that is killed, after so many changes.
#[derive(Clone, Debug)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    changes: Arc<AtomicU64>,
    limit: u64,
}

impl Disk {
    fn new(bytes: Vec<u8>, limit: u64) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), changes: Arc::default(), limit }
    }

    fn content(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    fn change(&self) -> std::io::Result<()> {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        if number < self.limit { Ok(()) } else { Err(std::io::Error::other("killed")) }
    }

    fn open(&self) -> Result<Store, super::StoreError> {
        Store::over(redb::Builder::new().create_with_backend(self.clone())?)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len().try_into().unwrap())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.bytes.lock().unwrap()[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.change()?;
        self.bytes.lock().unwrap().resize(len.try_into().unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.change()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.change()?;
        let start = usize::try_from(offset).unwrap();
        self.bytes.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn healthy() -> Disk {
    Disk::new(Vec::new(), u64::MAX)
}

/// The item of the block at `height`: its records lie in the segment of its height.
fn item(chain: &Chain, height: u64) -> IndexItem {
    let place = usize::try_from(height).unwrap() - 1;
    let certificate = Some(chain.blocks[place].1.clone());
    let committed = Committed::new(chain.executed[place].clone(), certificate, Vec::new());
    let replay_from = Position { segment: height, offset: 16 };
    IndexItem { committed: Arc::new(committed), batches: Vec::new(), replay_from }
}

fn indexed(disk: &Disk, chain: &Chain, heights: std::ops::RangeInclusive<u64>) -> Store {
    let store = disk.open().unwrap();
    if store.height().unwrap().is_none() {
        store.found(&chain.genesis, Position::START).unwrap();
    }
    for height in heights {
        store.write(&[item(chain, height)], &mut Backlog::default(), true).unwrap();
    }
    store
}

fn installed(chain: &Chain, height: u64) -> Installed {
    let mut shelf = chain.shelf(1);
    let (tip, certificate, history) = &chain.blocks[usize::try_from(height).unwrap() - 1];
    shelf.note(START, tip, Some(certificate), history);
    let snapshot =
        crate::core::snapshot::Snapshot::new(tip.clone(), certificate.clone(), history.clone());
    let request =
        SnapshotRequest::Manifest { snapshot: snapshot.id(), epoch: ledger::ids::Epoch(0) };
    let SnapshotAnswer::Manifest(manifest) = snapshot.answer(&request, |_| None) else { panic!() };
    let manifest: Manifest = *manifest;
    Installed { manifest, tip: tip.clone() }
}

fn rows<K: redb::Key + 'static, V: redb::Value + 'static>(
    store: &Store,
    table: TableDefinition<'_, K, V>,
) -> u64 {
    store.database().begin_read().unwrap().open_table(table).unwrap().len().unwrap()
}

/// Every kept block can be proven under the last one's header.
fn proves(store: &Store, chain: &Chain, first: u64, last: u64) {
    let header = chain.blocks[usize::try_from(last).unwrap() - 1].0.header().clone();
    for height in first..last {
        let node = |position| store.range_node(position).unwrap();
        let domains = chain.genesis.domains();
        let proof = HistoryProof::prove(domains, height, last, node).unwrap();
        let block = store.block(Height(height)).unwrap().unwrap().block.hash(domains);
        proof.verify(domains, height, &block, &header.history_root).unwrap();
    }
}

#[test]
fn pruning_keeps_the_index_bounded_and_the_kept_blocks_provable() {
    const KEEP: u64 = 32;
    let mut chain = Chain::new(2);
    chain.pay(400);
    let store = indexed(&healthy(), &chain, 1..=2);
    let mut pruner = Pruner::new(KEEP);
    let mut sizes = Vec::new();
    for height in 3..=402 {
        store.write(&[item(&chain, height)], &mut Backlog::default(), true).unwrap();
        if let Some(earliest) = pruner.step(&store, Height(height)).unwrap() {
            assert_eq!(store.earliest().unwrap(), earliest);
            let kept = height + 1 - earliest.0;
            assert!((KEEP..=KEEP + 2).contains(&kept), "{kept} blocks at {height}");
            assert!(store.block(Height(earliest.0 - 1)).unwrap().is_none());
            assert_eq!(store.log_needed_from().unwrap().segment, earliest.0 - 1);
        }
        if height % 50 == 0 {
            proves(&store, &chain, store.earliest().unwrap().0, height);
            sizes.push((height, rows(&store, PAYMENTS), rows(&store, HISTORY)));
        }
    }
    for count in [rows(&store, BLOCKS), rows(&store, CERTIFICATES), rows(&store, LOG_FROM)] {
        assert!((KEEP..=KEEP + 3).contains(&count), "{count}");
    }
    assert!(rows(&store, RECEIPTS) <= KEEP + 2);
    assert!(rows(&store, RANGE) <= 2 * KEEP + 64, "{}", rows(&store, RANGE));
    // Two payments in one transaction a block: at most five quarters of what is kept, and a little.
    let most = KEEP * 3 / 2 + 4;
    assert!(rows(&store, PAYMENTS) <= 2 * most, "{sizes:?}");
    assert!(rows(&store, HISTORY) <= 2 * most, "{sizes:?}");
    for height in store.earliest().unwrap().0..=402 {
        let committed = item(&chain, height).committed;
        for booked in &committed.executed.booked {
            let receipt = &booked.receipt;
            assert!(store.payment(receipt.uetr.unwrap()).unwrap().is_some(), "{height}");
            let (transaction, height) = (receipt.transaction, Height(height));
            let archived = archived(&store, &Marker { transaction, height }).unwrap();
            assert!(archived.unwrap().receipts().contains(&receipt), "{height}");
        }
    }
    // The state is whole.
    let checkpoint = store.checkpoint().unwrap().unwrap();
    let tip = store.tip(chain.genesis.domains(), &checkpoint).unwrap();
    assert_eq!(tip.hash(), chain.tip().hash());
}

/// What readers find of every payment and every account of these blocks.
fn readings(store: &Store, chain: &Chain) -> Vec<String> {
    let mut readings = Vec::new();
    // The first block opens thousands of accounts.
    for executed in chain.executed.iter().skip(2) {
        let height = executed.block.header.height;
        for booked in &executed.booked {
            let uetr = booked.receipt.uetr.unwrap();
            let mut last = *uetr.bytes();
            last[15] = 0xff;
            readings.push(format!(
                "{:?} {:?}",
                store.payment(uetr).unwrap(),
                store.payments_beginning(*uetr.bytes(), last).unwrap()
            ));
            for ((account, _), _) in &booked.entries {
                let newest = store.history(*account, None, 3).unwrap();
                let older = store.history(*account, newest.last().map(|line| line.0), 3).unwrap();
                let booked = store.booked_at(*account, height).unwrap();
                readings.push(format!("{newest:?} {older:?} {booked:?}"));
            }
        }
    }
    readings
}

#[test]
fn readers_find_what_is_gathered_as_they_find_what_is_written() {
    let mut chain = Chain::new(2);
    chain.pay(20);
    // All of them are written one by one; all are gathered; half of them each.
    let written = indexed(&healthy(), &chain, 1..=22);
    let expected = readings(&written, &chain);
    assert!(expected.iter().any(|reading| reading.contains("Some(Place")));
    let (gathered, half) = (indexed(&healthy(), &chain, 1..=2), indexed(&healthy(), &chain, 1..=2));
    let mut backlog = Backlog::default();
    for height in 3..=22 {
        gathered.write(&[item(&chain, height)], &mut Backlog::default(), false).unwrap();
        half.write(&[item(&chain, height)], &mut backlog, height == 12).unwrap();
    }
    assert!(rows(&gathered, PAYMENTS) < rows(&half, PAYMENTS));
    assert!(rows(&half, PAYMENTS) < rows(&written, PAYMENTS));
    assert_eq!(readings(&gathered, &chain), expected);
    assert_eq!(readings(&half, &chain), expected);
    half.write(&[], &mut backlog, true).unwrap();
    assert_eq!(rows(&half, HISTORY), rows(&written, HISTORY));
    assert_eq!(readings(&half, &chain), expected);
}

/// The block at which an index stands that is opened from these bytes, its state read and compared.
fn stands_at(bytes: Vec<u8>, chain: &Chain) -> u64 {
    let store = Disk::new(bytes, u64::MAX).open().unwrap();
    let checkpoint = store.checkpoint().unwrap().unwrap();
    store.tip(chain.genesis.domains(), &checkpoint).unwrap().height().0
}

#[test]
fn a_crash_takes_the_index_back_to_the_last_durable_write_and_its_state() {
    let mut chain = Chain::new(2);
    chain.pay(20);
    let disk = healthy();
    let store = indexed(&disk, &chain, 1..=5);
    let mut backlog = Backlog::default();
    for height in 6..=12 {
        store.write(&[item(&chain, height)], &mut backlog, false).unwrap();
        assert!(store.block(Height(height)).unwrap().is_some(), "a reader sees it at once");
    }
    assert!(!backlog.is_empty());
    assert_eq!(stands_at(disk.content(), &chain), 5);
    // Seven blocks' changes of the same holdings, and one more block, in one durable write.
    store.write(&[item(&chain, 13)], &mut backlog, true).unwrap();
    assert!(backlog.is_empty());
    assert_eq!(stands_at(disk.content(), &chain), 13);
    store.write(&[], &mut backlog, true).unwrap();
    assert_eq!(stands_at(disk.content(), &chain), 13);
    drop(store);
    // The blocks are written again by a replay, and come out as they were.
    let store = indexed(&disk, &chain, 10..=22);
    assert_eq!(store.height().unwrap(), Some(Height(22)));
}

#[test]
fn an_archive_keeps_all() {
    let mut chain = Chain::new(2);
    chain.pay(40);
    let store = indexed(&healthy(), &chain, 1..=42);
    assert_eq!(Pruner::new(0).step(&store, Height(42)).unwrap(), None);
    assert_eq!(store.earliest().unwrap(), Height(0));
    assert_eq!(rows(&store, BLOCKS), 43);
    assert_eq!(store.log_needed_from().unwrap(), Position::START);
}

#[test]
fn the_index_goes_on_from_a_snapshot() {
    let mut chain = Chain::new(2);
    chain.pay(60);
    let disk = healthy();
    let store = indexed(&disk, &chain, 1..=5);
    let place = Position { segment: 9, offset: 33 };
    store.install(&installed(&chain, 40), place).unwrap();
    drop(store);
    let store = indexed(&disk, &chain, 41..=62);
    assert_eq!(store.earliest().unwrap(), Height(41));
    proves(&store, &chain, 41, 62);
    let checkpoint = store.checkpoint().unwrap().unwrap();
    let tip = store.tip(chain.genesis.domains(), &checkpoint).unwrap();
    assert_eq!((tip.hash(), tip.state().root()), (chain.tip().hash(), chain.tip().state().root()));
    // What was there before the gap stays until it is pruned.
    assert!(store.block(Height(5)).unwrap().is_some() && store.block(Height(6)).unwrap().is_none());
    let mut pruner = Pruner::new(10);
    while pruner.step(&store, Height(62)).unwrap().is_some() {}
    assert_eq!(store.earliest().unwrap(), Height(53));
    assert_eq!(rows(&store, BLOCKS), 10);
    proves(&store, &chain, 53, 62);
}

#[test]
fn a_crash_at_any_step_of_an_install_leaves_the_old_index_or_the_new() {
    let chain = Chain::new(30);
    let disk = healthy();
    let store = indexed(&disk, &chain, 1..=5);
    drop(store);
    let before = disk.content();
    let snapshot = installed(&chain, 25);
    let place = Position { segment: 9, offset: 33 };
    let mut seen = [0_u32; 2];
    let mut limit = 0;
    loop {
        let dying = Disk::new(before.clone(), limit);
        let outcome = dying.open().and_then(|store| store.install(&snapshot, place));
        let store = Disk::new(dying.content(), u64::MAX).open().unwrap();
        let checkpoint = store.checkpoint().unwrap().unwrap();
        let tip = store.tip(chain.genesis.domains(), &checkpoint).unwrap();
        let height = tip.height().0;
        assert!(height == 5 || height == 25, "{height}");
        assert!(outcome.is_err() || height == 25);
        seen[usize::from(height == 25)] += 1;
        if outcome.is_ok() {
            break;
        }
        limit += 1 + limit / 8;
    }
    assert!(seen[0] > 3 && seen[1] > 0, "{seen:?}");
}
