//! The snapshots that this node serves: clones of the state at a few heights.
//!
//! Invariants: all nodes serve the first certified block from each multiple of one distance on, so
//! that several serve the same; at most [`Offers::MAXIMUM`] states are held, and one that is being
//! fetched is held a while longer than the others. Absent: the changes of epoch, which the host
//! reads from its index.

use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::history::History;
use ledger::ids::{Epoch, Timestamp};
use ledger::light::{EpochChange, Progress};
use std::collections::VecDeque;
use std::sync::Arc;

use super::{Manifest, Offers, SnapshotAnswer, SnapshotId, SnapshotRequest};

/// How many snapshots are served if nobody fetches an older one.
const USUAL: usize = 2;

/// For how long after the last question an old snapshot is held, in milliseconds.
const LEASE_MS: u64 = 60_000;

/// A state that is served. Cloning shares it.
#[derive(Debug)]
pub struct Snapshot {
    tip: Tip,
    certificate: Certificate,
    /// The history of the blocks before.
    history: History,
}

impl Snapshot {
    /// The state after `tip`'s block, whose finalization is `certificate`; `history` is that of the
    /// blocks before.
    pub const fn new(tip: Tip, certificate: Certificate, history: History) -> Self {
        Self { tip, certificate, history }
    }

    /// Names it.
    pub fn id(&self) -> SnapshotId {
        SnapshotId { height: self.tip.height(), block: self.tip.hash() }
    }

    /// Answers a question about this snapshot. `change` looks up the change that ended an epoch.
    pub fn answer(
        &self,
        request: &SnapshotRequest,
        change: impl Fn(Epoch) -> Option<EpochChange>,
    ) -> SnapshotAnswer {
        let id = self.id();
        let answer = match request {
            SnapshotRequest::Offers => Some(SnapshotAnswer::Offers(Offers(vec![id]))),
            SnapshotRequest::Manifest { epoch, .. } => {
                self.manifest(*epoch, change).map(Box::new).map(SnapshotAnswer::Manifest)
            }
            SnapshotRequest::Chunk { place, .. } => {
                let chunk = self.tip.state().chunk(place.part, place.index);
                chunk.map(|chunk| SnapshotAnswer::Chunk { snapshot: id, place: *place, chunk })
            }
        };
        answer.unwrap_or(SnapshotAnswer::Gone(id))
    }

    fn manifest(
        &self,
        known: Epoch,
        change: impl Fn(Epoch) -> Option<EpochChange>,
    ) -> Option<Manifest> {
        let header = self.tip.header().clone();
        let changes = (known.0..header.epoch.0).take(Progress::MAXIMUM_EPOCHS.saturating_add(1));
        let epochs: Vec<EpochChange> =
            changes.map(|epoch| change(Epoch(epoch))).collect::<Option<_>>()?;
        let is_short = epochs.len() <= Progress::MAXIMUM_EPOCHS;
        is_short.then(|| Manifest {
            progress: Progress { epochs, header, certificate: self.certificate.clone() },
            cut: self.tip.cut().clone(),
            history: self.history.clone(),
            outline: self.tip.state().outline(),
        })
    }
}

/// A snapshot and when it was last asked for.
#[derive(Debug)]
struct Held {
    snapshot: Arc<Snapshot>,
    asked: Timestamp,
}

/// The snapshots that are served, the oldest first.
#[derive(Debug)]
pub struct Shelf {
    /// The distance of the heights, in blocks; 0 serves none.
    every: u64,
    held: VecDeque<Held>,
    /// The last certified block, to be served if there is none of the usual heights yet.
    latest: Option<Arc<Snapshot>>,
}

impl Shelf {
    /// An empty shelf for a snapshot every `every` blocks; 0 serves none.
    pub const fn new(every: u64) -> Self {
        Self { every, held: VecDeque::new(), latest: None }
    }

    /// A block is final; `history` is that of the blocks before it.
    pub fn note(
        &mut self,
        now: Timestamp,
        tip: &Tip,
        certificate: Option<&Certificate>,
        history: &History,
    ) {
        let Some(certificate) = certificate.filter(|_| self.every > 0) else { return };
        let span = |height: u64| height.checked_div(self.every);
        let last = self.held.back().map(|held| held.snapshot.tip.height().0);
        let height = tip.height().0;
        let snapshot = Snapshot::new(tip.clone(), certificate.clone(), history.clone());
        let snapshot = Arc::new(snapshot);
        let is_due = last.map_or(height >= self.every, |last| span(last) < span(height));
        if is_due {
            self.hold(now, snapshot.clone());
        }
        self.latest = Some(snapshot);
    }

    /// What a peer's question is to be answered from, and with what if there is no such snapshot.
    pub fn find(
        &mut self,
        now: Timestamp,
        request: &SnapshotRequest,
    ) -> Result<Arc<Snapshot>, Box<SnapshotAnswer>> {
        match request {
            SnapshotRequest::Offers => Err(Box::new(SnapshotAnswer::Offers(self.offers(now)))),
            SnapshotRequest::Manifest { snapshot, .. }
            | SnapshotRequest::Chunk { snapshot, .. } => {
                let found = self.held.iter_mut().find(|held| held.snapshot.id() == *snapshot);
                let held = found.ok_or_else(|| Box::new(SnapshotAnswer::Gone(*snapshot)))?;
                held.asked = now;
                Ok(held.snapshot.clone())
            }
        }
    }

    fn offers(&mut self, now: Timestamp) -> Offers {
        if self.held.is_empty()
            && let Some(latest) = self.latest.clone()
        {
            self.hold(now, latest);
        }
        Offers(self.held.iter().map(|held| held.snapshot.id()).collect())
    }

    /// Holds a new snapshot, and lets the oldest go that nobody fetches.
    fn hold(&mut self, now: Timestamp, snapshot: Arc<Snapshot>) {
        let is_leased = |held: &Held| now.since(held.asked) < LEASE_MS;
        while self.held.len() >= USUAL {
            let most = self.held.len() >= Offers::MAXIMUM.saturating_sub(1);
            let place = self.held.iter().position(|held| !is_leased(held));
            match place {
                Some(place) => self.held.remove(place),
                // The one that is asked for longest is nearest to its end, or a peer holds it up.
                None if most => self.held.pop_front(),
                None => break,
            };
        }
        self.held.push_back(Held { snapshot, asked: Timestamp(0) });
    }
}
