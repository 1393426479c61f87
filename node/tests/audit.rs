//! The audit of a home that a real node has written: sound as it is, and damaged at any byte.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ledger::codec;
use node::audit::{self, Report};
use node::driver::Driver;
use node::home::Home;
use node::log::{Log, LogOptions, Position};
use single::Single;

/// A stopped node's home after an opening and some payments.
struct Stopped {
    folder: tempfile::TempDir,
    /// The last block.
    height: u64,
}

impl Stopped {
    fn new() -> Self {
        let node = Single::start(|_| {});
        node.open_wei_and_lee();
        for number in 1..=8 {
            node.settle(&node.signed_payment(number, 100));
        }
        let height = node.driver().view.latest().tip.height().0;
        Self { folder: node.stop(), height }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes the log again in small segments. The index, which knows the old ones, goes.
    fn cut_into_segments(&self) {
        let (from, to) = (self.home().join("log"), self.home().join("small"));
        let options = LogOptions { segment_bytes: 6_000, check_from: Position::START };
        let (old, _) = Log::open(&from, LogOptions::default()).unwrap();
        let (mut small, _) = Log::open(&to, options).unwrap();
        for record in old.reader().records(Position::START) {
            let record = record.unwrap();
            small.append(record.kind, &record.payload).unwrap();
            small.sync().unwrap();
        }
        fs::remove_dir_all(&from).unwrap();
        fs::rename(to, from).unwrap();
        fs::remove_file(self.home().join("index.redb")).unwrap();
    }

    /// A copy of the home, in which one byte of a file is changed.
    fn damaged(&self, file: &Path, place: usize) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&self.home(), copy.path());
        let path = copy.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes[place] ^= 0x10;
        fs::write(path, bytes).unwrap();
        copy
    }

    fn segments(&self) -> Vec<PathBuf> {
        let names = fs::read_dir(self.home().join("log")).unwrap().map(|entry| entry.unwrap());
        let names = names.map(|entry| Path::new("log").join(entry.file_name()));
        let mut names: Vec<_> =
            names.filter(|name| name.extension().is_some_and(|end| end == "log")).collect();
        names.sort();
        names
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn audit(home: &Path) -> Report {
    let home = Home::open(home).unwrap();
    let (log, index) = (home.log_folder(), home.index_file());
    audit::run(&home.genesis, &log, &index, &mut |_| {}).unwrap()
}

#[test]
fn a_home_that_a_node_has_left_is_sound() {
    let stopped = Stopped::new();
    let report = audit(&stopped.home());
    assert_eq!((&*report.findings, &*report.notes), (&[][..], &[][..]));
    assert_eq!((report.first, report.last), (Some(1), Some(stopped.height)));
    assert_eq!((report.executed_from, report.index), (Some(1), Some(stopped.height)));
    assert!(report.transactions >= 9 && report.certificates == report.blocks, "{report:?}");
    assert_eq!(audit(&stopped.home()), report, "an audit changes nothing");
    fs::remove_file(stopped.home().join("index.redb")).unwrap();
    let without = audit(&stopped.home());
    assert_eq!((without.index, without.findings.len(), without.notes.len()), (None, 0, 1));
}

#[test]
fn every_changed_byte_of_the_log_is_found_with_its_height() {
    let stopped = Stopped::new();
    stopped.cut_into_segments();
    let segments = stopped.segments();
    assert!(segments.len() > 2, "{segments:?}");
    let mut heights = std::collections::BTreeSet::new();
    for (number, segment) in segments.iter().enumerate() {
        let length = fs::read(stopped.home().join(segment)).unwrap().len();
        let last_seal = if number + 1 == segments.len() { length - 21 } else { length };
        for place in (number..length).step_by(131).chain(length - 22..length) {
            let home = stopped.damaged(segment, place);
            let report = audit(home.path());
            if place >= last_seal {
                // The last seal is not acknowledged itself; a start would write it again.
                assert_eq!((report.findings.len(), report.notes.len()), (0, 2), "{place}");
                continue;
            }
            let finding = report.findings.first().unwrap_or_else(|| panic!("{place} unnoticed"));
            assert_eq!(finding.file, home.path().join(segment), "{place}");
            let offset = usize::try_from(finding.offset.unwrap()).unwrap();
            assert!(offset <= place, "{offset} for {place}");
            assert!((1..=stopped.height + 1).contains(&finding.height), "{finding:?}");
            heights.insert(finding.height);
        }
    }
    assert!(heights.len() > 5, "{heights:?}");
}

/// Where in a file an encoded value stands, all its places.
fn places_of(file: &[u8], value: &[u8]) -> Vec<usize> {
    let found = file.windows(value.len()).enumerate().filter(|(_, window)| *window == value);
    found.map(|(place, _)| place).collect()
}

#[test]
fn changed_rows_of_the_index_are_found_with_their_height() {
    let stopped = Stopped::new();
    let index = Path::new("index.redb");
    let bytes = fs::read(stopped.home().join(index)).unwrap();
    let mut rows = 0;
    for height in 1..=stopped.height {
        let home = Home::open(&stopped.home()).unwrap();
        let block = {
            let store = node::store::Store::open(&home.index_file(), 1 << 24).unwrap();
            store.block(ledger::ids::Height(height)).unwrap().unwrap()
        };
        drop(home);
        let encoded = codec::encode(&block);
        for place in places_of(&bytes, &encoded) {
            let home = stopped.damaged(index, place + 80);
            let found = audit(home.path()).findings;
            // A page that is no longer in use may hold an old copy of the row.
            if let Some(finding) = found.first() {
                assert!(finding.height <= stopped.height, "{found:?}");
                rows += usize::from(found.iter().any(|finding| finding.height == height));
            }
        }
    }
    assert!(rows > 5, "{rows}");
}

/// Every page of the file, somewhere: the audit finds it, or nothing reads those bytes.
#[test]
fn a_changed_byte_anywhere_in_the_index_is_found_or_means_nothing() {
    let stopped = Stopped::new();
    let index = Path::new("index.redb");
    let bytes = fs::read(stopped.home().join(index)).unwrap();
    let used = bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(place, _)| place);
    let used: Vec<usize> = used.collect();
    let mut found = 0;
    for place in used.iter().copied().step_by(used.len() / 150) {
        let home = stopped.damaged(index, place);
        let report = audit(home.path());
        if report.findings.is_empty() {
            assert_eq!((report.last, report.index), (Some(stopped.height), report.last), "{place}");
        } else {
            assert!(report.findings.iter().all(|it| it.what.contains("HOME/index.redb")));
            found += 1;
        }
    }
    assert!(found > 50, "{found} of {}", used.len());
}

/// Starts and stops the node of a home. Gives the height that it started at.
fn start(home: &Path) -> Result<u64, String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let home = Home::open(home).unwrap();
        let config = node::run::driver_config(&home).unwrap();
        let driver = Driver::start(config).await.map_err(|error| error.to_string())?;
        let height = driver.view.latest().tip.height();
        // The index follows, or the node says that it cannot.
        let indexed = driver.view.indexed(height);
        let waited = tokio::time::timeout(Duration::from_secs(30), indexed).await;
        let failure = driver.failure();
        let stopped = driver.stop().await;
        match failure.or(stopped) {
            Some(error) => Err(error.to_string()),
            None => waited.map(|_| height.0).map_err(|_| "the index does not follow".to_owned()),
        }
    })
}

#[test]
fn a_node_with_a_damaged_index_starts_or_says_how_to_make_it_anew() {
    let stopped = Stopped::new();
    let index = Path::new("index.redb");
    let bytes = fs::read(stopped.home().join(index)).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place] != 0).collect();
    let flips = used.iter().step_by(used.len() / 40).map(|place| stopped.damaged(index, *place));
    let cuts = (0..bytes.len()).step_by(bytes.len() / 20).map(|length| {
        let home = stopped.damaged(index, 0);
        fs::write(home.path().join(index), &bytes[..length]).unwrap();
        home
    });
    let mut refused = 0;
    for home in flips.chain(cuts) {
        match start(home.path()) {
            Ok(height) => assert!(height >= stopped.height),
            Err(text) => {
                assert!(text.contains("remove HOME/index.redb"), "{text}");
                refused += 1;
            }
        }
        fs::remove_file(home.path().join(index)).unwrap();
        let height = start(home.path()).unwrap();
        assert!(height >= stopped.height);
        assert_eq!(audit(home.path()).findings, []);
    }
    assert!(refused > 20, "{refused}");
}
