//! What readers see of the node: the last final block, how far the index is, who is connected.
//!
//! Invariants: heights only grow; a reader that was told of a final block finds it after
//! [`View::indexed`]. Absent: writing (the performer's and the indexer's).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::ids::{Bic, Height, InstitutionNumber, ValidatorIndex};
use ledger::light::EpochChange;
use tokio::sync::watch;

use super::totals::Totals;
use crate::core::Role;
use crate::core::snapshot::Installed;
use crate::core::step::{Committed, Output};
use crate::store::{Store, StoreError};

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
    institution: Bic,
    latest: RwLock<Arc<Latest>>,
    certified: watch::Sender<Option<Arc<Certified>>>,
    indexed: watch::Sender<Height>,
    earliest: AtomicU64,
    epochs: RwLock<Arc<Vec<EpochChange>>>,
    synced: AtomicBool,
    role: Mutex<Option<Role>>,
    connected: Mutex<BTreeSet<InstitutionNumber>>,
}

impl View {
    /// What the node of `institution` shows: `tip`, to which `epochs` lead, with the index at
    /// `indexed`.
    pub(super) fn new(
        tip: Tip,
        epochs: Vec<EpochChange>,
        indexed: Height,
        institution: Bic,
    ) -> Self {
        Self {
            totals: Totals::default(),
            institution,
            latest: RwLock::new(Arc::new(Latest { tip })),
            certified: watch::Sender::new(None),
            indexed: watch::Sender::new(indexed),
            earliest: AtomicU64::new(0),
            epochs: RwLock::new(Arc::new(epochs)),
            synced: AtomicBool::new(false),
            role: Mutex::default(),
            connected: Mutex::new(BTreeSet::new()),
        }
    }

    /// The same, with what `store` says of the blocks before `tip`.
    pub(super) fn open(
        store: &Store,
        tip: Tip,
        indexed: Height,
        institution: Bic,
    ) -> Result<Self, StoreError> {
        let view = Self::new(tip, store.epoch_changes()?, indexed, institution);
        view.set_earliest(store.earliest()?);
        Ok(view)
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

    /// The first block that is kept here with all that belongs to it.
    pub fn earliest(&self) -> Height {
        Height(self.earliest.load(Ordering::Relaxed))
    }

    /// The changes of epoch from the first one on, up to the epoch of the last final block at
    /// least.
    pub fn epochs(&self) -> Arc<Vec<EpochChange>> {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True while this node holds all that it knows to be final.
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// What this node does in the present epoch.
    pub fn role(&self) -> Role {
        let role = *self.role.lock().unwrap_or_else(PoisonError::into_inner);
        role.unwrap_or(Role::Observer)
    }

    /// The institution whose node this is.
    pub const fn institution(&self) -> Bic {
        self.institution
    }

    /// The other institutions whose nodes have a connection to this one.
    pub fn connected(&self) -> BTreeSet<InstitutionNumber> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The validators of the epoch whose nodes have a connection to this one, itself included if it
    /// is one.
    pub fn connected_validators(&self) -> BTreeSet<ValidatorIndex> {
        let (latest, connected) = (self.latest(), self.connected());
        let validators = latest.tip.child_validators().iter();
        let here = validators.filter(|(_, validator)| {
            validator.bic == self.institution || connected.contains(&validator.institution)
        });
        here.map(|(index, _)| index).collect()
    }

    /// Waits until the index holds the block at `height`.
    pub async fn indexed(&self, height: Height) {
        // The sender lives as long as the view.
        let _ = self.indexed.subscribe().wait_for(|indexed| *indexed >= height).await;
    }

    pub(super) fn publish(&self, committed: &Committed) {
        let tip = committed.executed.tip.clone();
        self.know(committed.epoch_change());
        if let Some(certificate) = committed.certificate.clone() {
            let tip = tip.clone();
            self.certified.send_replace(Some(Arc::new(Certified { tip, certificate })));
        }
        self.show(tip);
    }

    /// Adds the changes of epoch that the log holds beyond the index.
    pub(super) fn know_replayed(&self, outputs: &[Output]) {
        for output in outputs {
            if let Output::Commit(committed) = output {
                self.know(committed.epoch_change());
            }
        }
    }

    /// Adds changes of epoch that follow those that are known.
    fn know(&self, changes: impl IntoIterator<Item = EpochChange>) {
        for change in changes {
            let mut epochs = self.epochs.write().unwrap_or_else(PoisonError::into_inner);
            let next = u64::try_from(epochs.len()).unwrap_or(u64::MAX);
            if change.header.epoch.0 == next {
                Arc::make_mut(&mut epochs).push(change);
            }
        }
    }

    /// Shows this tip, unless a later one is shown: after a start the whole log is shown from the
    /// beginning, and what it replays is not news.
    fn show(&self, tip: Tip) {
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        if tip.height() >= latest.tip.height() {
            *latest = Arc::new(Latest { tip });
        }
    }

    /// The node goes on from a snapshot.
    pub(super) fn publish_snapshot(&self, installed: &Installed) {
        let (tip, progress) = (installed.tip.clone(), &installed.manifest.progress);
        let certificate = progress.certificate.clone();
        self.know(progress.epochs.iter().cloned());
        let certified = Certified { tip: tip.clone(), certificate };
        self.certified.send_replace(Some(Arc::new(certified)));
        self.show(tip);
    }

    pub(super) fn set_earliest(&self, height: Height) {
        self.earliest.store(height.0, Ordering::Relaxed);
    }

    pub(super) fn set_indexed(&self, height: Height) {
        self.indexed.send_replace(height);
    }

    /// Takes note of what the node does now; true if that is new.
    pub(super) fn set_role(&self, role: Role) -> bool {
        let mut last = self.role.lock().unwrap_or_else(PoisonError::into_inner);
        last.replace(role) != Some(role)
    }

    pub(super) fn set_synced(&self, synced: bool) {
        self.synced.store(synced, Ordering::Relaxed);
    }

    pub(super) fn set_connected(&self, peer: InstitutionNumber, is_connected: bool) {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if is_connected {
            connected.insert(peer)
        } else {
            connected.remove(&peer)
        };
    }
}
