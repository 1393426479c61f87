//! The thread that writes the index behind the log.
//!
//! Invariants: blocks are indexed in order, all that wait in one transaction; the index is made
//! durable every so often and at the end; a crash takes it back by at most that much, and the log
//! has it all. What is older than the operator keeps is pruned behind it, the log only as far as
//! the durable index allows. Absent: what is indexed (`store`).

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use ledger::ids::Height;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::DriverError;
use super::view::View;
use crate::core::snapshot::Installed;
use crate::log::Position;
use crate::store::{Backlog, IndexItem, Pruner, Store, StoreError};

/// How many blocks may wait for the index before the performer waits.
pub(super) const QUEUE: usize = 256;

/// How many blocks go into one transaction at most.
const GROUP: usize = 64;

/// How much time lies between two writes at least: under load, blocks gather and share pages; a
/// block after a pause is written at once.
const GATHER: Duration = Duration::from_millis(50);

/// How much time may lie between two durable writes, while there is something to write.
const DURABLE_EVERY: Duration = Duration::from_secs(5);

/// What the performer hands over, in order.
pub(super) enum Work {
    /// A final block.
    Block(IndexItem),
    /// The index goes to a snapshot.
    Install {
        /// The snapshot.
        installed: Arc<Installed>,
        /// Where in the log a restart from it begins to read.
        replay_from: Position,
        /// Told when it is durable.
        done: Sender<()>,
    },
}

/// The thread's state.
pub(super) struct Indexer {
    pub(super) store: Arc<Store>,
    pub(super) view: Arc<View>,
    pub(super) pruner: Pruner,
    /// Tells the performer which of the log's segments are still needed; 0 for nothing new.
    pub(super) needed: Arc<AtomicU64>,
}

impl Indexer {
    /// Indexes until the performer is gone.
    pub(super) fn run(mut self, work: &Receiver<Work>, failed: &Sender<DriverError>) {
        if let Err(error) = self.index(work) {
            // The receiver lives as long as the node.
            let _ = failed.send(error.into());
        }
    }

    fn index(&mut self, work: &Receiver<Work>) -> Result<(), StoreError> {
        let mut durable_at = Instant::now();
        let mut written_at = durable_at;
        let mut is_dirty = false;
        let mut backlog = Backlog::default();
        loop {
            let (group, install) = match work.recv_timeout(DURABLE_EVERY) {
                // Never longer than that, whatever happens to the clock.
                Ok(first) => gather(first, work, GATHER.saturating_sub(written_at.elapsed())),
                Err(RecvTimeoutError::Timeout) if !is_dirty => continue,
                Err(RecvTimeoutError::Timeout) => (Vec::new(), None),
                Err(RecvTimeoutError::Disconnected) => {
                    return self.store.write(&[], &mut backlog, true);
                }
            };
            let durable = durable_at.elapsed() >= DURABLE_EVERY || backlog.is_full();
            self.store.write(&group, &mut backlog, durable)?;
            written_at = Instant::now();
            is_dirty = !durable;
            for item in &group {
                self.view.totals.add(&item.committed);
            }
            if let Some(last) = group.last() {
                self.reached(last.committed.height())?;
            }
            if let Some(Work::Install { installed, replay_from, done }) = install {
                self.store.install(&installed, replay_from)?;
                backlog.clear();
                self.reached(installed.tip.height())?;
                // The performer waits, unless the node stops.
                let _ = done.send(());
                is_dirty = false;
            }
            if !is_dirty {
                durable_at = Instant::now();
                self.release_log()?;
            }
        }
    }

    fn reached(&mut self, height: Height) -> Result<(), StoreError> {
        self.view.set_indexed(height);
        self.pruner.step(&self.store, height)?;
        self.view.set_earliest(self.store.earliest()?);
        Ok(())
    }

    /// The index is durable: what the log holds for earlier ones may go.
    fn release_log(&self) -> Result<(), StoreError> {
        if self.pruner.is_archive() {
            return Ok(());
        }
        self.needed.store(self.store.log_needed_from()?.segment, Ordering::Relaxed);
        Ok(())
    }
}

/// The blocks after `first` that come within `pause`, and those that wait already; an install ends
/// them.
fn gather(first: Work, work: &Receiver<Work>, pause: Duration) -> (Vec<IndexItem>, Option<Work>) {
    let end = Instant::now() + pause;
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(one) = next {
        match one {
            Work::Block(item) => group.push(item),
            install @ Work::Install { .. } => return (group, Some(install)),
        }
        next = if group.len() < GROUP { work.recv_deadline(end).ok() } else { None };
    }
    while group.len() < GROUP
        && let Ok(one) = work.try_recv()
    {
        match one {
            Work::Block(item) => group.push(item),
            install @ Work::Install { .. } => return (group, Some(install)),
        }
    }
    (group, None)
}
