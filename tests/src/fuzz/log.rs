//! The block log on a disk that was changed by somebody who knows nothing of its keys.
//!
//! What must hold: what is read back is what was written, from its beginning on, or the log is
//! refused by name. Nothing else is ever read.

use std::sync::{Arc, LazyLock};

use node::log::{Entropy, Log, LogOptions, Position, memory::Memory};

use super::{Target, samples::named};

pub(super) const TARGETS: &[Target] =
    &[Target { name: "block-log", samples, words: &[], run: segment }];

/// What was written: kinds and payloads.
static WRITTEN: LazyLock<Vec<(u8, Vec<u8>)>> = LazyLock::new(|| {
    let batch = named(&["lane batch"]).into_iter();
    let payloads = batch.chain([Vec::new(), b"a short one".to_vec(), vec![7; 3000]]);
    (1..).zip(payloads).collect()
});

/// Opens the log on a medium with this first segment.
fn open(segment: Option<Vec<u8>>) -> (Memory, Option<Log>) {
    let medium = Memory::default();
    if let Some(bytes) = segment {
        medium.put(1, bytes);
    }
    let opened = Log::open_on(Arc::new(medium.clone()), Entropy([9; 32]), LogOptions::default());
    (medium, opened.ok().map(|(log, _)| log))
}

fn samples() -> Vec<Vec<u8>> {
    let (medium, log) = open(None);
    let mut log = log.expect("a new log opens");
    for (kind, payload) in WRITTEN.iter() {
        log.append(*kind, payload).expect("a log in memory takes records");
        log.sync().expect("a log in memory syncs");
    }
    drop(log);
    vec![medium.bytes(1)]
}

fn segment(bytes: &[u8]) -> bool {
    let (_, log) = open(Some(bytes.to_vec()));
    let Some(log) = log else { return false };
    let mut read = Vec::new();
    for record in log.reader().records(Position::START) {
        let Ok(record) = record else { return false };
        read.push((record.kind, record.payload));
    }
    assert!(WRITTEN.starts_with(&read), "the log gives what nobody wrote");
    read.len() == WRITTEN.len()
}
