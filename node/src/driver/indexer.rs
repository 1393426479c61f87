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
    let mut is_dirty = false;
    loop {
        let group = match items.recv_timeout(DURABLE_EVERY) {
            Ok(first) => [first].into_iter().chain(items.try_iter().take(GROUP)).collect(),
            Err(RecvTimeoutError::Timeout) if !is_dirty => continue,
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return store.write(&[], true),
        };
        let durable = durable_at.elapsed() >= DURABLE_EVERY;
        store.write(&group, durable)?;
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
