//! Crashes, damage, rotation and readers, on real files and in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

use super::memory::{Fault, Faults, Memory, Operation, Survival};
use super::record::OVERHEAD;
use super::*;

type Entry = (Position, u8, Vec<u8>);

fn small() -> LogOptions {
    LogOptions { segment_bytes: 300, check_from: Position::START }
}

fn open(directory: &Path) -> (Log, Recovered) {
    Log::open(directory, LogOptions::default()).unwrap()
}

/// Appends records of growing sizes in syncs of three.
fn fill(log: &mut Log, syncs: u8) -> Vec<Entry> {
    let mut entries = Vec::new();
    for sync in 0..syncs {
        for item in 0..3 {
            let payload = vec![sync.wrapping_mul(16) + item; usize::from(item) * 20];
            let position = log.append(1 + item, &payload).unwrap();
            entries.push((position, 1 + item, payload));
        }
        log.sync().unwrap();
    }
    entries
}

fn read_all(log: &Log) -> Vec<Entry> {
    let records = log.reader().records(Position::START);
    records.map(|record| record.unwrap()).map(|r| (r.position, r.kind, r.payload)).collect()
}

/// A closed log of one segment: its entries, its file's path and bytes.
fn one_segment(directory: &Path, syncs: u8) -> (Vec<Entry>, std::path::PathBuf, Vec<u8>) {
    let (mut log, _) = open(directory);
    let entries = fill(&mut log, syncs);
    let path = log.segment.data.path.clone();
    drop(log);
    let bytes = fs::read(&path).unwrap();
    (entries, path, bytes)
}

#[test]
fn what_was_synced_is_there_after_a_reopen_and_what_was_not_is_gone() {
    let directory = TempDir::new().unwrap();
    let (mut log, recovered) = open(directory.path());
    assert_eq!((recovered.checked, recovered.cut), (0, None));
    let mut entries = fill(&mut log, 3);
    log.append(9, b"never synced").unwrap();
    assert!(log.has_pending());
    drop(log);
    let (mut log, recovered) = open(directory.path());
    assert_eq!((recovered.checked, recovered.cut), (9, None));
    assert_eq!(read_all(&log), entries);
    entries.extend(fill(&mut log, 2));
    assert_eq!(read_all(&log), entries);
    assert!(entries.is_sorted_by(|one, next| one.0 < next.0));
}

#[test]
fn an_end_cut_at_any_byte_loses_only_the_records_it_cuts() {
    let source = TempDir::new().unwrap();
    let (entries, path, bytes) = one_segment(source.path(), 3);
    let name = path.file_name().unwrap();
    let last_sync = usize::try_from(entries[6].0.offset).unwrap();
    for length in last_sync..bytes.len() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(name), &bytes[..length]).unwrap();
        let (mut log, recovered) = open(directory.path());
        let whole: Vec<_> = entries
            .iter()
            .filter(|(position, _, payload)| {
                let start = usize::try_from(position.offset).unwrap();
                start + OVERHEAD + payload.len() <= length
            })
            .cloned()
            .collect();
        assert_eq!(read_all(&log), whole, "cut at {length}");
        let kept = u64::try_from(length).unwrap() - recovered.cut.map_or(0, |cut| cut.bytes);
        assert!(kept >= entries[6].0.offset);
        let more = fill(&mut log, 1);
        drop(log);
        let (log, recovered) = open(directory.path());
        assert_eq!(recovered.cut, None, "cut at {length}");
        assert_eq!(read_all(&log), [whole, more].concat(), "cut at {length}");
    }
}

#[test]
fn every_flipped_byte_is_named_or_in_the_last_seal() {
    let source = TempDir::new().unwrap();
    let (entries, path, bytes) = one_segment(source.path(), 2);
    let name = path.file_name().unwrap();
    let last_seal = bytes.len() - OVERHEAD;
    let starts: Vec<u64> = entries.iter().map(|entry| entry.0.offset).collect();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x40;
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(name), &flipped).unwrap();
        match Log::open(directory.path(), LogOptions::default()) {
            Ok((log, recovered)) => {
                assert!(place >= last_seal, "{place} was accepted");
                assert_eq!(read_all(&log), entries);
                let position = Position { segment: 1, offset: last_seal.try_into().unwrap() };
                let bytes = OVERHEAD.try_into().unwrap();
                assert_eq!(recovered.cut, Some(Cut { position, bytes }));
            }
            Err(LogError::Corrupt { path, position, .. }) => {
                assert_eq!((path, position.segment), (directory.path().join(name), 1));
                let place = u64::try_from(place).unwrap();
                assert!(place < last_seal.try_into().unwrap());
                assert!(position.offset <= place, "{position} for {place}");
                let none_between = starts.iter().all(|s| *s <= position.offset || *s > place);
                assert!(none_between, "{position} is not the first damaged record for {place}");
            }
            Err(other) => panic!("{place}: {other}"),
        }
    }
}

#[test]
fn damage_in_an_unacknowledged_write_is_cut_off_with_all_behind_it() {
    let source = TempDir::new().unwrap();
    let (entries, path, bytes) = one_segment(source.path(), 3);
    let name = path.file_name().unwrap();
    // As a crash between the last write and its sync leaves it: no seal behind the last three
    // records.
    let unsealed = &bytes[..bytes.len() - OVERHEAD];
    let first = usize::try_from(entries[6].0.offset).unwrap();
    for place in first..unsealed.len() {
        let mut flipped = unsealed.to_vec();
        flipped[place] ^= 1;
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(name), &flipped).unwrap();
        let (log, recovered) = open(directory.path());
        let cut = recovered.cut.unwrap().position;
        assert!(entries[6..].iter().any(|entry| entry.0 == cut), "{cut}");
        let kept: Vec<_> = entries.iter().filter(|entry| entry.0 < cut).cloned().collect();
        assert_eq!(read_all(&log), kept);
    }
}

#[test]
fn recovery_writes_the_last_seal_and_what_follows_it_again() {
    let directory = TempDir::new().unwrap();
    let (_, _, bytes) = one_segment(directory.path(), 2);
    for kept in [bytes.len(), bytes.len() - OVERHEAD] {
        let memory = Memory::default();
        memory.put(1, bytes[..kept].to_vec());
        let seen = Arc::new(Mutex::new(None));
        let first = seen.clone();
        memory.set_faults(Some(Box::new(move |operation: Operation| {
            if operation.is_change() && operation != Operation::SyncNames {
                first.lock().unwrap().get_or_insert(operation);
                return Fault::Fails;
            }
            Fault::None
        })));
        let error = open_in(&memory, LogOptions::default()).err().unwrap();
        assert!(matches!(error, LogError::Io { .. }), "{error}");
        assert_eq!(*seen.lock().unwrap(), Some(Operation::Write(1)));
    }
}

#[test]
fn a_page_of_zeros_at_the_end_is_cut_off() {
    let directory = TempDir::new().unwrap();
    let (entries, path, mut bytes) = one_segment(directory.path(), 2);
    bytes.resize(bytes.len() + 4096, 0);
    fs::write(&path, &bytes).unwrap();
    let (log, recovered) = open(directory.path());
    assert_eq!(recovered.cut.unwrap().bytes, 4096);
    assert_eq!(read_all(&log), entries);
}

#[test]
fn a_record_inside_a_payload_never_passes_for_a_seal() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = open(directory.path());
    let elsewhere = TempDir::new().unwrap();
    let (mut other, _) = open(elsewhere.path());
    other.append(1, &[5; 30]).unwrap();
    other.sync().unwrap();
    let bytes = fs::read(&other.segment.data.path).unwrap();
    let seal_elsewhere = bytes[bytes.len() - OVERHEAD..].to_vec();
    log.append(1, &[vec![5; 30], seal_elsewhere].concat()).unwrap();
    log.sync().unwrap();
    let path = log.segment.data.path.clone();
    drop(log);
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - OVERHEAD);
    bytes[90] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (log, recovered) = open(directory.path());
    assert!(recovered.cut.is_some());
    assert_eq!(read_all(&log), []);
}

#[test]
fn segments_rotate_are_read_across_and_pruned() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = Log::open(directory.path(), small()).unwrap();
    let entries = fill(&mut log, 10);
    let last = entries.last().unwrap().0.segment;
    assert!(last >= 4, "{last}");
    assert_eq!(read_all(&log), entries);
    let verified = log.verify().unwrap();
    assert_eq!(verified, Verified { segments: last, records: 30 });
    let reader = log.reader();
    for (position, kind, payload) in entries.clone() {
        let record = reader.read(position).unwrap();
        assert_eq!(record, Record { position, kind, payload });
    }
    assert_eq!(log.prune_before(3).unwrap(), 2);
    assert_eq!(log.prune_before(3).unwrap(), 0);
    assert_eq!(reader.first_segment(), 3);
    let pruned = reader.read(entries[0].0);
    assert!(matches!(pruned, Err(LogError::Pruned { position }) if position == entries[0].0));
    let mut left: Vec<_> = entries.iter().filter(|e| e.0.segment >= 3).cloned().collect();
    assert_eq!(read_all(&log), left);
    assert_eq!(log.prune_before(u64::MAX).unwrap(), last - 3, "the current segment stays");
    left.retain(|entry| entry.0.segment == last);
    drop((log, reader));
    let (log, recovered) = open(directory.path());
    assert_eq!(recovered.checked, u64::try_from(left.len()).unwrap());
    assert_eq!(read_all(&log), left);
}

#[test]
fn damage_in_an_older_segment_is_refused_at_every_byte() {
    let source = TempDir::new().unwrap();
    let (mut log, _) = Log::open(source.path(), small()).unwrap();
    fill(&mut log, 4);
    assert_eq!(log.segment.number, 2);
    drop(log);
    let files: BTreeMap<_, _> = ["0000000000000001.log", "0000000000000002.log"]
        .map(|name| (name, fs::read(source.path().join(name)).unwrap()))
        .into();
    let first = &files["0000000000000001.log"];
    for place in 0..2 * first.len() {
        let directory = TempDir::new().unwrap();
        for (name, bytes) in &files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        let mut damaged = first.clone();
        match place.checked_sub(first.len()) {
            None => damaged[place] ^= 1,
            Some(shorter) => damaged.truncate(shorter),
        }
        fs::write(directory.path().join("0000000000000001.log"), &damaged).unwrap();
        match Log::open(directory.path(), small()) {
            Err(LogError::Corrupt { position, .. }) => assert_eq!(position.segment, 1),
            Ok(_) => panic!("{place} was accepted"),
            Err(other) => panic!("{place}: {other}"),
        }
    }
}

#[test]
fn a_missing_segment_is_named() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = Log::open(directory.path(), small()).unwrap();
    fill(&mut log, 10);
    let path = log.shared.files.path(2);
    drop(log);
    fs::remove_file(path).unwrap();
    let outcome = Log::open(directory.path(), small()).err().unwrap();
    assert!(matches!(outcome, LogError::MissingSegment { segment: 2, .. }), "{outcome}");
}

#[test]
fn a_segment_whose_creation_did_not_finish_is_made_anew() {
    for length in 0..=usize::try_from(HEADER).unwrap() {
        let directory = TempDir::new().unwrap();
        let (entries, path, bytes) = one_segment(directory.path(), 2);
        let mut header = bytes[..length].to_vec();
        if let Some(last) = header.last_mut() {
            *last ^= 1;
        }
        fs::write(path.with_file_name("0000000000000002.log"), header).unwrap();
        let (mut log, recovered) = open(directory.path());
        assert_eq!(recovered.end, Position { segment: 2, offset: HEADER });
        let more = fill(&mut log, 1);
        assert_eq!(read_all(&log), [entries, more].concat());
    }
}

#[test]
fn a_second_user_of_the_directory_is_refused() {
    let directory = TempDir::new().unwrap();
    let (log, _) = open(directory.path());
    let second = Log::open(directory.path(), LogOptions::default()).err().unwrap();
    assert!(matches!(second, LogError::Locked { .. }), "{second}");
    drop(log);
    open(directory.path());
}

#[test]
fn recovery_checks_from_the_checkpoint_and_demands_that_it_is_there() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = Log::open(directory.path(), small()).unwrap();
    let entries = fill(&mut log, 10);
    let end = log.next_position();
    drop(log);
    let from = |position| LogOptions { check_from: position, ..small() };
    for (index, (position, ..)) in entries.iter().enumerate() {
        let (_, recovered) = Log::open(directory.path(), from(*position)).unwrap();
        assert_eq!(recovered.checked, u64::try_from(entries.len() - index).unwrap());
    }
    for beyond in [
        Position { offset: end.offset + 1000, ..end },
        Position { segment: end.segment + 1, offset: HEADER },
    ] {
        let outcome = Log::open(directory.path(), from(beyond)).err().unwrap();
        assert!(matches!(outcome, LogError::BeyondEnd { .. }), "{outcome}");
    }
    let empty = TempDir::new().unwrap();
    let outcome = Log::open(empty.path(), from(entries[0].0)).err().unwrap();
    assert!(matches!(outcome, LogError::BeyondEnd { .. }), "{outcome}");
}

#[test]
fn readers_see_what_was_synced_while_the_log_grows() {
    let directory = TempDir::new().unwrap();
    let options = LogOptions { segment_bytes: 4000, ..small() };
    let (mut log, _) = Log::open(directory.path(), options).unwrap();
    let reader = log.reader();
    let unsynced = log.append(1, b"waits").unwrap();
    assert!(matches!(reader.read(unsynced), Err(LogError::NotDurable { .. })));
    let walker = std::thread::spawn(move || {
        let mut records = reader.records(Position::START);
        let mut seen = Vec::new();
        while seen.len() < 601 {
            match records.next() {
                Some(record) => seen.push(record.unwrap()),
                None => std::thread::yield_now(),
            }
        }
        seen
    });
    let entries = fill(&mut log, 200);
    let seen = walker.join().unwrap();
    assert_eq!(seen[0].payload, b"waits");
    let seen: Vec<Entry> =
        seen.into_iter().skip(1).map(|r| (r.position, r.kind, r.payload)).collect();
    assert_eq!(seen, entries);
    assert!(log.segment.number > 5);
}

/// Every kind of fault at every changing operation, and every way in which a power loss may follow.
#[test]
fn after_any_failed_operation_the_log_refuses_and_a_reopen_has_what_was_acknowledged() {
    let ends = [Survival::Nothing, Survival::Prefix, Survival::Sectors, Survival::Everything];
    let ends = ends.map(Some).into_iter().chain([None]);
    for (end, fault) in ends.flat_map(|end| [(end, Fault::Fails), (end, Fault::Tears(40))]) {
        let mut random = sequence(7);
        let failures = (0..).take_while(|healthy| {
            let memory = Memory::default();
            memory.set_faults(Some(failing_after(*healthy, fault)));
            let mut acknowledged = Vec::new();
            let failed = match open_in(&memory, small()) {
                Ok((log, _)) => refuses_after_failure(log, &mut acknowledged),
                Err(_) => true,
            };
            memory.set_faults(None);
            if let Some(survival) = end {
                memory.lose_power(survival, &mut random);
            }
            let (log, _) = open_in(&memory, small()).unwrap();
            let found = read_all(&log);
            assert!(found.starts_with(&acknowledged), "{healthy} {end:?}: {found:?}");
            drop(log);
            // What a start has accepted is durable, also where a failed sync had forgotten it.
            memory.lose_power(Survival::Nothing, &mut random);
            let (log, _) = open_in(&memory, small()).unwrap();
            assert_eq!(read_all(&log), found, "{healthy} {end:?}");
            failed
        });
        assert!(failures.count() > 30);
    }
}

fn refuses_after_failure(mut log: Log, acknowledged: &mut Vec<Entry>) -> bool {
    if !run_until_failure(&mut log, acknowledged) {
        return false;
    }
    for outcome in [log.sync(), log.append(1, b"").map(drop), log.prune_before(9).map(drop)] {
        assert!(matches!(outcome, Err(LogError::Poisoned { .. })), "{outcome:?}");
    }
    assert!(matches!(log.verify(), Err(LogError::Poisoned { .. })));
    true
}

fn open_in(memory: &Memory, options: LogOptions) -> Result<(Log, Recovered), LogError> {
    Log::open_on(Arc::new(memory.clone()), Entropy([3; 32]), options)
}

/// All changing operations fail but the first so many.
fn failing_after(healthy: u32, fault: Fault) -> Box<dyn Faults> {
    let mut left = healthy;
    Box::new(move |operation: Operation| {
        if !operation.is_change() {
            return Fault::None;
        }
        let is_healthy = left > 0;
        left = left.saturating_sub(1);
        if is_healthy { Fault::None } else { fault }
    })
}

/// Numbers below a bound, the same at every run.
pub(super) fn sequence(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

/// Ten syncs of one record each; true if one of them failed.
fn run_until_failure(log: &mut Log, acknowledged: &mut Vec<Entry>) -> bool {
    for number in 0..10 {
        let payload = vec![number; 100];
        let Ok(position) = log.append(1, &payload) else { return true };
        if log.sync().is_err() {
            return true;
        }
        acknowledged.push((position, 1, payload));
    }
    false
}

#[test]
fn verify_and_reads_name_the_first_damaged_record() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = Log::open(directory.path(), small()).unwrap();
    let entries = fill(&mut log, 10);
    let (damaged, ..) = entries[4];
    let path = log.shared.files.path(damaged.segment);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(damaged.offset).unwrap() + OVERHEAD + 3] ^= 1;
    fs::write(&path, bytes).unwrap();
    let reader = log.reader();
    let mut walk = reader.records(Position::START);
    assert_eq!(walk.by_ref().take_while(Result::is_ok).count(), 4);
    assert!(walk.next().is_none(), "a walk ends with its error");
    for error in [log.verify().err().unwrap(), reader.read(damaged).err().unwrap()] {
        let LogError::Corrupt { position, damage, .. } = error else { panic!("{error}") };
        assert_eq!((position, damage), (damaged, Damage::Checksum));
    }
}

#[test]
fn illegal_records_are_refused() {
    let directory = TempDir::new().unwrap();
    let (mut log, _) = open(directory.path());
    assert!(matches!(log.append(0, b"x"), Err(LogError::ReservedKind)));
    let large = vec![0; MAX_PAYLOAD + 1];
    assert!(matches!(log.append(1, &large), Err(LogError::TooLarge { .. })));
    assert!(!log.has_pending());
}

fn walk(directory: &Path) -> (Vec<Entry>, Option<Cut>) {
    let mut walk = Walk::new(Arc::new(Disk::existing(directory))).unwrap();
    let records = walk.by_ref().map(|record| record.unwrap());
    let entries = records.map(|record| (record.position, record.kind, record.payload)).collect();
    (entries, walk.unfinished().cloned())
}

#[test]
fn a_walk_gives_what_a_start_would_and_changes_nothing() {
    let source = TempDir::new().unwrap();
    let (mut log, _) = Log::open(source.path(), small()).unwrap();
    let entries = fill(&mut log, 3);
    assert_eq!(walk(source.path()), (entries, None), "of a log in use");
    drop(log);
    let files: BTreeMap<_, _> = (1..=3_u64)
        .map(files::file_name)
        .filter_map(|name| Some((name.clone(), fs::read(source.path().join(name)).ok()?)))
        .collect();
    assert!(files.len() > 1);
    let memory = Memory::default();
    for (name, bytes) in &files {
        memory.put(files::number_of(name).unwrap(), bytes.clone());
    }
    for (segment, length) in memory.segment_lengths() {
        for place in 0..length {
            let damaged = memory.copy();
            damaged.flip(segment, place, 4);
            let mut walk = Walk::new(Arc::new(damaged.clone())).unwrap();
            let walked: Vec<_> = walk.by_ref().collect();
            let bytes = damaged.bytes(segment);
            let started = open_in(&damaged, small());
            let refused = walked.last().and_then(|last| last.as_ref().err());
            match (refused, started) {
                (Some(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
                (None, Ok((_, recovered))) => {
                    assert_eq!(walk.unfinished(), recovered.cut.as_ref());
                    assert!(recovered.cut.is_some(), "{segment} {place} went unnoticed");
                }
                (one, _) => panic!("{segment} {place}: {one:?}"),
            }
            assert_eq!(bytes, damaged_by(&memory, segment, place), "the walk wrote");
        }
    }
}

fn damaged_by(memory: &Memory, segment: u64, place: u64) -> Vec<u8> {
    let copy = memory.copy();
    copy.flip(segment, place, 4);
    copy.bytes(segment)
}

#[test]
fn a_start_may_check_from_where_the_log_was_durable_after_every_loss_of_power() {
    let memory = Memory::default();
    let (mut log, _) = open_in(&memory, LogOptions::default()).unwrap();
    for survival in [Survival::Nothing, Survival::Prefix, Survival::Everything] {
        log.append(1, b"durable").unwrap();
        log.sync().unwrap();
        let from = log.durable_position();
        log.append(1, b"never").unwrap();
        assert_eq!(log.durable_position(), from);
        drop(log);
        memory.lose_power(survival, &mut |_| 0);
        let options = LogOptions { check_from: from, ..LogOptions::default() };
        log = open_in(&memory, options).unwrap().0;
        assert_eq!(log.reader().records(from).count(), 0);
    }
    assert_eq!(log.reader().records(Position::START).count(), 3);
}
