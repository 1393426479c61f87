//! Tests of the audit log: its chain over restarts and files, and every way in which it is damaged.

use super::*;
use crate::home::tests::key;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

const AT: Timestamp = Timestamp(1_795_294_500_123);

fn settings(folder: &Path, file_bytes: u64) -> Settings {
    let owner = "PSBCCNBJ on fqd-00".to_owned();
    Settings { folder: folder.join(FOLDER), file_bytes, key: key(7), owner }
}

fn entry(path: &str) -> Entry {
    Entry { path: Some(path.to_owned()), status: Some(200), ..Entry::new(Call, AT) }
}

fn start(folder: &Path) -> Trail {
    Trail::start(settings(folder, 1 << 20), Entry::new(Opened, AT))
}

/// Opens, adds so many calls, waits for each, and closes.
fn write(folder: &Path, calls: usize) {
    let trail = start(folder);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for call in 0..calls {
        runtime.block_on(trail.record(entry(&format!("/v1/{call}")))).unwrap();
    }
}

/// The kinds of all records, and what the reading says.
fn chain(folder: &Path) -> (Vec<Kind>, Reading) {
    let mut kinds = Vec::new();
    let reading = read(&folder.join(FOLDER), None, &mut |record, _| kinds.push(record.entry.kind));
    (kinds, reading.unwrap())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = reader::files(&folder.join(FOLDER)).unwrap();
    files.into_iter().map(|(_, path)| path).collect()
}

use Kind::{Call, Closed, Damaged, Mended, Opened};

#[test]
fn the_chain_goes_on_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 2);
    write(folder.path(), 1);
    let (kinds, reading) = chain(folder.path());
    assert_eq!(kinds, [Opened, Call, Call, Closed, Opened, Call, Closed]);
    assert_eq!((reading.first, reading.last.sequence, reading.files), (Some(1), 7, 1));
    assert_eq!((&reading.bad, &reading.unfinished), (&None, &None));
    let head = read_head(&folder.path().join(FOLDER)).unwrap().unwrap();
    assert_eq!(head.link(), Some(reading.last));
    assert!(head.is_by(key(7).public()) && !head.is_by(key(8).public()));
    let altered = Head { sequence: 6, ..head };
    assert!(!altered.is_by(key(7).public()));
}

#[test]
fn what_was_waited_for_is_there_when_the_node_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let trail = start(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(trail.record(entry("/v1/a"))).unwrap();
    let (kinds, reading) = chain(folder.path());
    assert_eq!((kinds, Some(reading.last)), (vec![Opened, Call], trail.last()));
}

#[test]
fn a_full_file_is_followed_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::start(settings(folder.path(), 1024), Entry::new(Opened, AT));
    for call in 0..50 {
        trail.note(entry(&format!("/v1/{call}"))).unwrap();
    }
    drop(trail);
    let (kinds, reading) = chain(folder.path());
    assert_eq!((kinds.len(), reading.bad), (52, None));
    assert!(reading.files > 10, "{}", reading.files);
    for file in files(folder.path()) {
        assert!(fs::metadata(file).unwrap().len() <= 1024);
    }
    // From a later record on, too; and the first is missed if it is not there.
    let mut first = None;
    let folder = folder.path().join(FOLDER);
    read(&folder, Some(20), &mut |record, _| {
        first.get_or_insert(record.sequence);
    })
    .unwrap();
    assert!(first.is_some_and(|first| first > 1 && first <= 20), "{first:?}");
}

#[test]
fn an_unfinished_write_is_cut_off_and_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1);
    let file = files(folder.path()).pop().unwrap();
    let whole = fs::read(&file).unwrap();
    let (_, before) = chain(folder.path());
    let mut torn = OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(&whole[..40]).unwrap();
    let (_, reading) = chain(folder.path());
    assert_eq!(reading.unfinished.map(|it| it.bytes), Some(40));
    assert_eq!((reading.last, reading.bad), (before.last, None));
    write(folder.path(), 1);
    let (kinds, reading) = chain(folder.path());
    assert_eq!(kinds, [Opened, Call, Closed, Mended, Opened, Call, Closed]);
    assert_eq!((reading.bad, reading.unfinished), (None, None));
}

#[test]
fn a_changed_record_is_named_and_kept_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 3);
    let file = files(folder.path()).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let bad = text.replacen("/v1/1", "/v1/9", 1);
    fs::write(&file, &bad).unwrap();
    let (kinds, reading) = chain(folder.path());
    assert_eq!(kinds, [Opened, Call]);
    let found = reading.bad.unwrap();
    assert_eq!((found.line, found.due, found.fault), (3, 3, Fault::Hash));
    write(folder.path(), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), bad);
    assert_eq!(files(folder.path()).len(), 2);
    let mut kinds = Vec::new();
    let reading = read(&folder.path().join(FOLDER), Some(3), &mut |record, _| {
        kinds.push(record.entry.kind);
    });
    // The change, and the records behind it that the head knew of.
    assert_eq!((kinds, reading.unwrap().bad), (vec![Damaged, Damaged, Opened, Call, Closed], None));
}

#[test]
fn lines_that_are_taken_out_doubled_or_exchanged_are_named() {
    let whole = tempfile::tempdir().unwrap();
    write(whole.path(), 3);
    let text = fs::read_to_string(files(whole.path()).pop().unwrap()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let gap = Fault::Sequence { found: 3, due: 2 };
    let twice = Fault::Sequence { found: 2, due: 3 };
    for (order, line, fault) in
        [(&[0, 2, 3, 4][..], 2, gap.clone()), (&[0, 1, 1, 2], 3, twice), (&[0, 2, 1, 3], 2, gap)]
    {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let text: String = order.iter().map(|place| format!("{}\n", lines[*place])).collect();
        fs::write(folder.path().join(FOLDER).join(reader::file_name(1)), text).unwrap();
        let found = chain(folder.path()).1.bad.unwrap();
        assert_eq!((found.line, found.fault), (line, fault), "{order:?}");
    }
}

#[test]
fn a_record_of_another_chain_does_not_follow() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(one.path(), 2);
    let trail = start(other.path());
    trail.note(entry("/v1/else")).unwrap();
    trail.note(entry("/v1/else")).unwrap();
    drop(trail);
    let [one_file, other_file] = [&one, &other].map(|it| files(it.path()).pop().unwrap());
    let [own, foreign] = [&one_file, &other_file].map(|it| fs::read_to_string(it).unwrap());
    let lines: Vec<_> = own.lines().take(2).chain(foreign.lines().skip(2)).collect();
    fs::write(&one_file, format!("{}\n", lines.join("\n"))).unwrap();
    let found = chain(one.path()).1.bad.unwrap();
    assert_eq!((found.line, found.fault), (3, Fault::Previous));
}

#[test]
fn records_that_are_cut_off_at_the_end_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 3);
    let file = files(folder.path()).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let kept: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    fs::write(&file, kept).unwrap();
    write(folder.path(), 0);
    let (kinds, reading) = chain(folder.path());
    assert_eq!(kinds, [Opened, Call, Call, Damaged, Opened, Closed]);
    assert_eq!(reading.bad, None);
}

#[test]
fn a_whole_chain_that_was_written_anew_is_noticed_by_the_head() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 3);
    let head = fs::read(folder.path().join(FOLDER).join("head.json")).unwrap();
    fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
    let trail = start(folder.path());
    for _ in 0..6 {
        trail.note(entry("/v1/other")).unwrap();
    }
    drop(trail);
    fs::write(folder.path().join(FOLDER).join("head.json"), head).unwrap();
    write(folder.path(), 0);
    let (kinds, _) = chain(folder.path());
    assert!(kinds.contains(&Damaged), "{kinds:?}");
}

#[test]
fn an_empty_file_and_one_without_any_good_record_do_not_stop_the_chain() {
    for text in ["", "nonsense\n", "{\"sequence\""] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 1);
        let (_, before) = chain(folder.path());
        let next = reader::file_name(before.last.sequence + 1);
        fs::write(folder.path().join(FOLDER).join(next), text).unwrap();
        write(folder.path(), 1);
        let (kinds, reading) = chain(folder.path());
        assert_eq!((reading.files, reading.bad), (2, None), "{text}");
        assert_eq!(kinds.iter().filter(|kind| **kind == Opened).count(), 2, "{text}");
    }
}

#[test]
fn nothing_is_taken_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FOLDER), "a file").unwrap();
    let trail = start(folder.path());
    assert!(!trail.is_writable());
    assert_eq!(trail.note(entry("/v1/a")), Err(NotRecorded));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(trail.record(entry("/v1/a"))), Err(NotRecorded));
    assert_eq!(trail.last(), None);
}
