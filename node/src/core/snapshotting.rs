//! Snapshots within the core: when to fetch one, how to go on from it, how to serve them.
//!
//! Invariants: a state is installed only whole and verified, and what the host makes durable of it
//! comes before everything that rests on it; the signer keeps what it has signed above the
//! snapshot's block. Absent: the protocol between asker and peers (`snapshot`).

use ledger::ids::{Height, InstitutionNumber, Timestamp};
use ledger::tree::Chunk;
use std::sync::Arc;

use super::Core;
use super::executor::Executor;
use super::message::PeerMessage;
use super::record::LogRecord;
use super::snapshot::{
    Act, ChunkPlace, Fetcher, FetcherSettings, Installed, Manifest, Shelf, SnapshotRequest,
    Standing,
};
use super::step::{Channel, Output, Reply};
use super::submission::executed_by;

/// What an operator decides about snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSettings {
    /// A snapshot is served from each multiple of so many blocks; 0: none are. The same on all
    /// nodes, so that several serve the same snapshot.
    pub every: u64,
    /// A node that is so many blocks behind or more fetches a snapshot; 0: only if no peer has the
    /// blocks any more.
    pub beyond: u64,
}

impl Default for SnapshotSettings {
    fn default() -> Self {
        Self { every: 1_024, beyond: 2_048 }
    }
}

/// Both sides of snapshots.
pub(super) struct Snapshots {
    pub(super) settings: SnapshotSettings,
    pub(super) shelf: Shelf,
    pub(super) fetcher: Fetcher,
}

impl Snapshots {
    pub(super) fn new(settings: SnapshotSettings, domains: &ledger::hash::Domains) -> Self {
        let beyond = FetcherSettings { beyond: settings.beyond };
        Self {
            settings,
            shelf: Shelf::new(settings.every),
            fetcher: Fetcher::new(beyond, domains.clone()),
        }
    }
}

impl Core {
    /// Goes on with a snapshot that a former run has begun to fetch: its manifest, and the chunks
    /// in the order in which they were kept.
    pub fn resume_snapshot(
        &mut self,
        now: Timestamp,
        manifest: Box<Manifest>,
        chunks: impl IntoIterator<Item = (ChunkPlace, Chunk)>,
    ) -> Vec<Output> {
        self.with_fetcher(now, |fetcher, at| fetcher.resume(at, manifest, chunks));
        self.settle(now);
        std::mem::take(&mut self.outputs)
    }

    /// Calls the fetcher and performs what it wants.
    pub(super) fn with_fetcher(
        &mut self,
        now: Timestamp,
        call: impl FnOnce(&mut Fetcher, Standing<'_>),
    ) {
        let tip = self.executor.final_tip();
        let me = tip.state().institution_by_bic(self.config.institution);
        let nodes = tip.state().directory().nodes().keys().copied();
        let peers: Vec<InstitutionNumber> = nodes.filter(|node| Some(*node) != me).collect();
        call(&mut self.snapshots.fetcher, Standing { now, tip, peers: &peers });
        for act in self.snapshots.fetcher.take() {
            match act {
                Act::Ask(to, request) => {
                    let (channel, message) = (Channel::Sync, PeerMessage::SnapshotRequest(request));
                    self.outputs.push(Output::Send { to, channel, message });
                }
                Act::Keep(keep) => self.outputs.push(Output::Keep(keep)),
                Act::Blame(peer, what) => self.outputs.push(Output::Misbehaviour { peer, what }),
                Act::Tell(text) => self.outputs.push(Output::Note(text)),
                Act::Finished(installed) => self.install(now, *installed),
            }
        }
    }

    /// Looks for a snapshot if a certificate shows that this node is far behind, and looks after
    /// the fetch that is under way.
    pub(super) fn look_after_snapshot(&mut self, now: Timestamp) {
        let fetcher = &self.snapshots.fetcher;
        if fetcher.deadline().is_some_and(|at| at <= now) {
            self.with_fetcher(now, Fetcher::tick);
        }
        let beyond = self.snapshots.settings.beyond;
        // A chain has at most as many blocks as views, so this asks rather too often.
        let own = self.final_tip().header().view;
        let fault_bound = self.committee.validators().fault_bound();
        let distance =
            self.catchup.target(fault_bound).map_or(0, |view| view.0.saturating_sub(own.0));
        if beyond > 0 && distance >= beyond {
            self.with_fetcher(now, |fetcher, at| fetcher.seek(at, false));
        }
    }

    /// A peer has pruned all blocks below `earliest`, and their batches. It may have done so since
    /// it gave the blocks whose batches are asked for now.
    pub(super) fn pruned_at(&mut self, now: Timestamp, peer: InstitutionNumber, earliest: Height) {
        let next = self.final_tip().height().next();
        let nobody_has_it = self.catchup.has_pruned((peer, earliest), next, &self.committee);
        if earliest > next && (self.snapshots.settings.beyond > 0 || nobody_has_it) {
            self.with_fetcher(now, |fetcher, at| fetcher.seek(at, true));
        }
    }

    /// Answers a peer.
    pub(super) fn serve_snapshot(
        &mut self,
        now: Timestamp,
        to: InstitutionNumber,
        request: SnapshotRequest,
    ) {
        match self.snapshots.shelf.find(now, &request) {
            Ok(snapshot) => self.outputs.push(Output::ServeSnapshot { to, snapshot, request }),
            Err(answer) => {
                let (channel, message) = (Channel::Sync, PeerMessage::SnapshotAnswer(*answer));
                self.outputs.push(Output::Send { to, channel, message });
            }
        }
    }

    /// Goes on from a snapshot's block, which is ahead, as if all before it had been executed here.
    fn install(&mut self, now: Timestamp, installed: Installed) {
        let Installed { manifest, tip } = &installed;
        let certificate = manifest.progress.certificate.clone();
        self.snapshots.shelf.note(now, tip, Some(&certificate), &manifest.history);
        let (tip, block) = (tip.clone(), manifest.block());
        let record = LogRecord::Snapshot(Box::new(manifest.clone()));
        self.outputs.push(Output::Persist(record));
        self.outputs.push(Output::Install(Arc::new(installed)));
        let waiting = self.executor.waiting();
        let before = self.executor.final_tip().clone();
        self.executor = Executor::new(tip);
        self.answer_executed();
        // The replica has called those above final, and does so once.
        let height = self.final_tip().height();
        self.finals.retain(|one| one.block.header.height > height);
        self.requested.clear();
        self.seeking = None;
        self.to_build = None;
        self.catchup.reached(block.header.view);
        if self.final_tip().child_epoch() == self.committee.epoch() {
            self.lanes.order(&block.cut);
            let certificate = certificate.clone();
            self.consensus(now, consensus::Input::CaughtUp { block, certificate });
        }
        self.follow(now, &before, Some(certificate));
        let height = self.final_tip().height();
        for (_, block) in waiting.into_iter().filter(|(_, block)| block.header.height > height) {
            if let Some(verdict) = self.execute(now, &block) {
                self.consensus(now, verdict);
            }
        }
    }

    /// Answers clients whose transactions the snapshot's block or one before it has executed.
    fn answer_executed(&mut self) {
        let tip = self.executor.final_tip();
        let mut executed = self.forwards.take_executed(tip);
        let marker = |body: &_, id| executed_by(tip, body, id);
        executed.extend(self.admission.take_executed(marker));
        let own = self.committee.me().map(|me| self.lanes.unordered(me)).unwrap_or_default();
        for transaction in own.iter().flat_map(|batch| &batch.transactions) {
            executed.extend(executed_by(tip, transaction.body(), transaction.id()));
        }
        for marker in executed {
            for request in self.admission.leave(marker.transaction) {
                self.outputs.push(Output::Reply(request, Reply::Known(marker)));
            }
        }
    }
}
