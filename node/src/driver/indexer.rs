//! The thread that writes the index behind the log.
//!
//! Invariants: blocks are indexed in order, all that wait in one transaction; the index is made
//! durable every so often and at the end; a crash takes it back by at most that much, and the log
//! has it all. Absent: what is indexed (`store`).

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::DriverError;
use super::view::View;
use crate::store::{IndexItem, Store, StoreError};

/// How many blocks may wait for the index before the performer waits.
pub(super) const QUEUE: usize = 256;

/// How many blocks go into one transaction at most.
const GROUP: usize = 64;

/// How much time lies between two writes at least: under load, blocks gather and share pages; a
/// block after a pause is written at once.
const GATHER: Duration = Duration::from_millis(50);

/// How much time may lie between two durable writes, while there is something to write.
const DURABLE_EVERY: Duration = Duration::from_secs(5);

/// Indexes until the performer is gone.
pub(super) fn run(
    store: &Store,
    items: &Receiver<IndexItem>,
    view: &View,
    failed: &Sender<DriverError>,
) {
    if let Err(error) = index(store, items, view) {
        // The receiver lives as long as the node.
        let _ = failed.send(error.into());
    }
}

fn index(store: &Store, items: &Receiver<IndexItem>, view: &View) -> Result<(), StoreError> {
    let mut durable_at = Instant::now();
    let mut written_at = durable_at;
    let mut is_dirty = false;
    loop {
        let group = match items.recv_timeout(DURABLE_EVERY) {
            Ok(first) => gather(first, items, written_at + GATHER),
            Err(RecvTimeoutError::Timeout) if !is_dirty => continue,
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return store.write(&[], true),
        };
        let durable = durable_at.elapsed() >= DURABLE_EVERY;
        store.write(&group, durable)?;
        written_at = Instant::now();
        is_dirty = !durable;
        if durable {
            durable_at = Instant::now();
        }
        for item in &group {
            view.totals.add(&item.committed);
        }
        if let Some(last) = group.last() {
            view.set_indexed(last.committed.height());
        }
    }
}

/// The blocks after `first` that come until `end`, and those that wait already.
fn gather(first: IndexItem, items: &Receiver<IndexItem>, end: Instant) -> Vec<IndexItem> {
    let mut group = vec![first];
    while group.len() < GROUP
        && let Ok(item) = items.recv_deadline(end)
    {
        group.push(item);
    }
    group.extend(items.try_iter().take(GROUP.saturating_sub(group.len())));
    group
}
