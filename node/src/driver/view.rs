//! What readers see of the node: the last final block, how far the index is, who is connected.
//!
//! Invariants: heights only grow; a reader that was told of a final block finds it after
//! [`View::indexed`]. Absent: writing (the performer's and the indexer's).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::ids::{Height, ValidatorIndex};
use tokio::sync::watch;

use super::totals::Totals;
use crate::core::step::Committed;

/// The last final block and the state after it.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The block's tip.
    pub tip: Tip,
}

/// A final block with a finalization of its own, and the state after it.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The block's tip.
    pub tip: Tip,
    /// Its finalization.
    pub certificate: Certificate,
}

/// What readers see.
pub struct View {
    /// What this node has made final since it started.
    pub totals: Totals,
    me: ValidatorIndex,
    latest: RwLock<Arc<Latest>>,
    certified: watch::Sender<Option<Arc<Certified>>>,
    indexed: watch::Sender<Height>,
    synced: AtomicBool,
    connected: Mutex<BTreeSet<ValidatorIndex>>,
}

impl View {
    /// A view of `tip`, with the index at `indexed`.
    pub fn new(tip: Tip, indexed: Height, me: ValidatorIndex) -> Self {
        Self {
            totals: Totals::default(),
            me,
            latest: RwLock::new(Arc::new(Latest { tip })),
            certified: watch::Sender::new(None),
            indexed: watch::Sender::new(indexed),
            synced: AtomicBool::new(false),
            connected: Mutex::new(BTreeSet::new()),
        }
    }

    /// This node's place among the validators.
    pub const fn me(&self) -> ValidatorIndex {
        self.me
    }

    /// The last final block.
    pub fn latest(&self) -> Arc<Latest> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the block at `height`, or one after it, has a finalization of its own; gives the
    /// last such block. After a start there is none before the first new block.
    pub async fn certified(&self, height: Height) -> Arc<Certified> {
        let mut changes = self.certified.subscribe();
        loop {
            let last = changes.borrow_and_update().clone();
            if let Some(certified) = last.filter(|last| last.tip.height() >= height) {
                return certified;
            }
            // The sender lives as long as the view.
            let _ = changes.changed().await;
        }
    }

    /// How far the index is.
    pub fn indexed_height(&self) -> Height {
        *self.indexed.borrow()
    }

    /// True while this node holds all that it knows to be final.
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// The validators with a connection to this node, itself included.
    pub fn connected(&self) -> BTreeSet<ValidatorIndex> {
        let mut all = self.connected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.insert(self.me);
        all
    }

    /// Waits until the index holds the block at `height`.
    pub async fn indexed(&self, height: Height) {
        // The sender lives as long as the view.
        let _ = self.indexed.subscribe().wait_for(|indexed| *indexed >= height).await;
    }

    pub(super) fn publish(&self, committed: &Committed) {
        let tip = committed.executed.tip.clone();
        if let Some(certificate) = committed.certificate.clone() {
            let tip = tip.clone();
            self.certified.send_replace(Some(Arc::new(Certified { tip, certificate })));
        }
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Latest { tip });
    }

    pub(super) fn set_indexed(&self, height: Height) {
        self.indexed.send_replace(height);
    }

    pub(super) fn set_synced(&self, synced: bool) {
        self.synced.store(synced, Ordering::Relaxed);
    }

    pub(super) fn set_connected(&self, peer: ValidatorIndex, is_connected: bool) {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if is_connected {
            connected.insert(peer)
        } else {
            connected.remove(&peer)
        };
    }
}
