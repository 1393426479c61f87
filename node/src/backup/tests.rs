//! A backup of a log in use, restored; and every changed byte of it refused.

use std::fs;

use super::*;
use crate::home::Home;
use crate::home::recollection::{Loss, Observance, Recollection, observance};
use crate::home::tests::home;
use crate::log::{Log, LogOptions};

fn append(log: &mut Log, numbers: std::ops::Range<u8>) {
    for number in numbers {
        log.append(1, &[number; 200]).unwrap();
        log.sync().unwrap();
    }
}

fn payloads(home: &Path) -> Vec<u8> {
    let (log, _) = Log::open(&home.join("log"), LogOptions::default()).unwrap();
    log.reader().records(Position::START).map(|record| record.unwrap().payload[0]).collect()
}

/// A home, the backup of its log in use at ten records, and the folder for a restored one.
fn backed_up() -> (tempfile::TempDir, tempfile::TempDir) {
    let (home, work) = (home(), tempfile::tempdir().unwrap());
    let options = LogOptions { segment_bytes: 900, ..LogOptions::default() };
    let (mut log, _) = Log::open(&home.path().join("log"), options).unwrap();
    append(&mut log, 0..10);
    log.append(1, b"was never synced").unwrap();
    fs::write(home.path().join("index.redb"), b"derived").unwrap();
    fs::write(home.path().join("founding"), b"of this home alone").unwrap();
    let manifest = take(home.path(), &work.path().join("backup")).unwrap();
    assert!(manifest.files.iter().filter(|entry| entry.path.starts_with("log")).count() > 2);
    assert_eq!(manifest.bic, "PSBCCNBJ");
    (home, work)
}

#[test]
fn a_backup_of_a_log_in_use_is_restored_and_observes_until_armed() {
    let (original, work) = backed_up();
    let (from, to) = (work.path().join("backup"), work.path().join("home"));
    let manifest = restore(&from, &to).unwrap();
    let mut present: Vec<_> =
        fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    present.sort();
    assert_eq!(present, ["genesis.json", "keys", "lock", "log", "node.toml", "observe.json"]);
    assert_eq!(payloads(&to), (0..10).collect::<Vec<_>>());
    let restored = Observance { reason: Loss::Restored, armed: false };
    assert_eq!(observance(&to).unwrap(), Some(restored));
    let opened = Home::open(&to).unwrap();
    let recollection = opened.recollect().unwrap();
    assert!(recollection.is_lost() && !recollection.is_armed());
    let last = manifest.files.iter().rfind(|entry| entry.path.starts_with("log")).unwrap();
    assert_eq!(last.bytes, manifest.end.offset);
    let still = Home::open(original.path()).unwrap();
    assert!(!matches!(still.recollect().unwrap(), Recollection::Observing { .. }));
}

#[test]
fn a_changed_cut_or_missing_file_is_refused_by_name() {
    let (_original, work) = backed_up();
    let from = work.path().join("backup");
    let manifest: Manifest =
        serde_json::from_str(&fs::read_to_string(from.join(MANIFEST_FILE)).unwrap()).unwrap();
    for (number, entry) in manifest.files.iter().enumerate() {
        let path = from.join(&entry.path);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        let cut = whole[..whole.len() - 1].to_vec();
        for (damage, bytes) in [("checksum", Some(flipped)), ("length", Some(cut)), ("", None)] {
            match &bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let to = work.path().join(format!("home-{number}-{damage}"));
            let error = restore(&from, &to).unwrap_err().to_string();
            let name = entry.path.to_str().unwrap();
            assert!(error.contains(name) && error.contains(damage), "{error}");
            assert!(!to.join("node.toml").exists() || entry.path == Path::new("node.toml"));
            fs::write(&path, &whole).unwrap();
        }
    }
    restore(&from, &work.path().join("whole")).unwrap();
}

#[test]
fn refusals_by_row() {
    let (original, work) = backed_up();
    let from = work.path().join("backup");
    let taken = |to: &Path| take(original.path(), to).unwrap_err().to_string();
    assert!(taken(&from).contains("is not empty"));
    let restored =
        |from: &Path, to: &str| restore(from, &work.path().join(to)).unwrap_err().to_string();
    assert!(restored(original.path(), "one").contains("no whole backup"));
    assert!(restored(&from, "backup").contains("is not empty"));
    let file = from.join(MANIFEST_FILE);
    let text = fs::read_to_string(&file).unwrap();
    for (old, new, expected) in [
        ("\"format\": 1", "\"format\": 2", "format 2 is unknown"),
        ("genesis.json", "../genesis.json", "leads elsewhere"),
        ("genesis.json", "/etc/passwd", "leads elsewhere"),
        ("{", "[", "manifest.json"),
    ] {
        assert!(text.contains(old));
        fs::write(&file, text.replacen(old, new, 1)).unwrap();
        let error = restored(&from, "two");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_damaged_log_is_not_backed_up() {
    let (original, work) = backed_up();
    let path = original.path().join("log/0000000000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    let to = work.path().join("another");
    let error = take(original.path(), &to).unwrap_err();
    assert!(matches!(error, BackupError::Log(LogError::Corrupt { .. })), "{error}");
    assert!(!to.join(MANIFEST_FILE).exists());
}
