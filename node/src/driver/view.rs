//! What readers see of the node: the last final block, how far the index is, who is connected.
//!
//! Invariants: heights only grow; a reader that was told of a final block finds it after
//! [`View::indexed`]. Absent: writing (the performer's and the indexer's).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::chain::Tip;
use ledger::ids::{Height, ValidatorIndex};
use tokio::sync::watch;

/// The last final block and the state after it.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The block's tip.
    pub tip: Tip,
}

/// What readers see.
pub struct View {
    me: ValidatorIndex,
    latest: RwLock<Arc<Latest>>,
    indexed: watch::Sender<Height>,
    synced: AtomicBool,
    connected: Mutex<BTreeSet<ValidatorIndex>>,
}

impl View {
    /// A view of `tip`, with the index at `indexed`.
    pub fn new(tip: Tip, indexed: Height, me: ValidatorIndex) -> Self {
        Self {
            me,
            latest: RwLock::new(Arc::new(Latest { tip })),
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

    pub(super) fn publish(&self, tip: Tip) {
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
