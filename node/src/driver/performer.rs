//! The thread that performs the core's outputs.
//!
//! Invariants: outputs are performed in order, each after the records before it are durable; all
//! records that wait are made durable by one write (group commit), and only if something waits for
//! them; a failed write ends the node before anything that rests on it is said. Absent: decisions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::DriverError;
use super::archive::Request;
use super::indexer::Work;
use super::keeper::Keeper;
use super::links::Links;
use super::replies::Replies;
use super::retained::Retained;
use super::view::View;
use crate::core::record::LogRecord;
use crate::core::snapshot::{Installed, Keep};
use crate::core::step::{Committed, Output};
use crate::home::recollection::Recollection;
use crate::log::{Log, LogError};
use crate::store::IndexItem;

/// How many steps' outputs may wait before the core waits.
pub(super) const QUEUE: usize = 256;

/// How many steps' outputs share one durable write at most.
const GROUP: usize = 64;

/// The thread's state.
pub(super) struct Performer {
    pub(super) log: Log,
    pub(super) links: Links,
    pub(super) replies: Arc<Replies>,
    pub(super) indexer: Sender<Work>,
    pub(super) archive: Sender<Request>,
    pub(super) view: Arc<View>,
    pub(super) retained: Retained,
    pub(super) keeper: Keeper,
    /// The first of the log's segments that is still needed, as the indexer says.
    pub(super) needed: Arc<AtomicU64>,
    pub(super) recollection: Recollection,
    pub(super) failed: Sender<DriverError>,
}

impl Performer {
    /// Performs until the core is gone or a write fails.
    pub(super) fn run(mut self, outputs: &Receiver<Vec<Output>>) {
        while let Ok(first) = outputs.recv() {
            let more = outputs.try_iter().take(GROUP);
            let group: Vec<Output> = first.into_iter().chain(more.flatten()).collect();
            if let Err(error) = self.perform(group) {
                tracing::error!(%error, "the node stops");
                // The receiver lives as long as the node.
                let _ = self.failed.send(error);
                return;
            }
        }
        if let Err(error) = self.log.sync() {
            let _ = self.failed.send(error.into());
        }
    }

    fn perform(&mut self, group: Vec<Output>) -> Result<(), DriverError> {
        let mut effects = Vec::new();
        let mut is_awaited = false;
        let mut has_records = false;
        for output in group {
            if let Output::Persist(record) = output {
                self.append(&record)?;
                has_records = true;
            } else {
                is_awaited |= has_records;
                effects.push(output);
            }
        }
        if is_awaited {
            self.log.sync()?;
        }
        effects.into_iter().try_for_each(|effect| self.effect(effect))?;
        self.prune()
    }

    /// Deletes the log's segments that nothing needs any more.
    fn prune(&mut self) -> Result<(), DriverError> {
        let needed = self.needed.swap(0, Ordering::Relaxed);
        if needed > 0 {
            let deleted = self.log.prune_before(needed)?;
            tracing::debug!(deleted, needed, "pruned the log");
        }
        Ok(())
    }

    fn append(&mut self, record: &LogRecord) -> Result<(), LogError> {
        let position = self.log.append(record.kind().tag(), &record.encode())?;
        self.retained.wrote(record, position);
        Ok(())
    }

    fn effect(&mut self, effect: Output) -> Result<(), DriverError> {
        match effect {
            Output::Send { to, channel, message } => self.links.send(to, channel, &message),
            Output::Broadcast { channel, message } => self.links.broadcast(channel, &message),
            Output::BroadcastBatch(batch) => self.links.broadcast_batch(&batch),
            Output::SendBatch { to, batch } => self.links.send_batch(to, &batch),
            Output::ServeBatches { to, request } => self.serve(Request::Batches { to, request }),
            Output::ServeChain { to, from } => self.serve(Request::Chain { to, from }),
            Output::ServeSnapshot { to, snapshot, request } => {
                self.serve(Request::Snapshot { to, snapshot, request });
            }
            Output::Keep(keep) => self.keeper.keep(&keep),
            Output::Install(installed) => self.install(installed)?,
            Output::Note(text) => tracing::info!("{text}"),
            Output::Nodes(nodes) => self.links.admit(&nodes, &self.view.latest().tip),
            Output::Reply(request, reply) => self.replies.give(request, reply),
            Output::Commit(committed) => self.commit(committed)?,
            Output::Misbehaviour { peer, what } => {
                tracing::warn!(peer = peer.0, what, "a peer broke the rules");
            }
            Output::Evidence(evidence) => {
                tracing::error!(?evidence, "a validator is proven faulty; tell its operator");
            }
            Output::Regained => {
                self.recollection.regained()?;
                tracing::info!("this node has passed every vote that it forgot: it is whole again");
            }
            Output::Halt(text) => return Err(DriverError::Halted(text)),
            Output::Persist(_) | Output::Verify(..) | Output::WakeAt(_) => {}
        }
        Ok(())
    }

    fn serve(&self, request: Request) {
        // A peer that asks faster than the disk answers asks again.
        let _ = self.archive.try_send(request);
    }

    fn commit(&mut self, committed: Arc<Committed>) -> Result<(), DriverError> {
        self.view.publish(&committed);
        let batches = self.retained.ordered(&committed);
        let replay_from = self.retained.first(self.log.durable_position());
        let item = IndexItem { committed, batches, replay_from };
        self.indexer.send(Work::Block(item)).map_err(|_| not_written())
    }

    /// Waits until the index is that of the snapshot; then a restart begins there.
    fn install(&mut self, installed: Arc<Installed>) -> Result<(), DriverError> {
        self.log.sync()?;
        let tip = &installed.tip;
        self.retained.forget(tip.cut(), tip.header());
        let replay_from = self.retained.first(self.log.durable_position());
        let (done, installing) = bounded(1);
        let work = Work::Install { installed: installed.clone(), replay_from, done };
        self.indexer.send(work).map_err(|_| not_written())?;
        installing.recv().map_err(|_| not_written())?;
        self.view.publish_snapshot(&installed);
        self.keeper.keep(&Keep::End);
        tracing::info!(height = tip.height().0, "goes on from a snapshot");
        Ok(())
    }
}

/// The indexer ends early only by a failure of its own, which it has reported.
fn not_written() -> DriverError {
    let text = "the index cannot be written. Check the disk; where the file is damaged, stop the \
                node and remove HOME/index.redb: the next start makes it again from the log";
    DriverError::Halted(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::step::Reply;
    use crate::driver::book::Book;
    use crate::driver::{archive, indexer};
    use crate::home::tests::sealed;
    use crate::log::memory::{Fault, Memory, Operation};
    use crate::log::{Entropy, LogOptions};
    use crate::net::{Network, NetworkConfig, PeerKey, Timing};
    use crossbeam_channel::bounded;
    use ledger::chain::Tip;
    use ledger::ids::{Bic, Height, InstitutionNumber};
    use std::collections::BTreeMap;
    use tokio::sync::oneshot::error::TryRecvError;

    /// A performer on a medium in memory, what it asks the archive for, and its failures.
    async fn performer(
        medium: &Memory,
    ) -> (Performer, Receiver<Request>, Receiver<DriverError>, Arc<Replies>) {
        let (log, _) =
            Log::open_on(Arc::new(medium.clone()), Entropy([1; 32]), LogOptions::default())
                .unwrap();
        let tip = Tip::genesis(&sealed().open().unwrap()).unwrap().tip;
        let network = NetworkConfig {
            identity: [1; 32],
            chain: [2; 32],
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            peers: Vec::new(),
            timing: Timing::default(),
        };
        let own = PeerKey::from_seed(&network.identity);
        let (network, _) = Network::start(network).await.unwrap();
        let book = Arc::new(Book::new(own, BTreeMap::new()));
        let (archive, asked) = bounded(archive::QUEUE);
        let (indexer, _) = bounded(indexer::QUEUE);
        let (failed, failures) = bounded(8);
        let replies = Arc::new(Replies::default());
        let performer = Performer {
            log,
            links: Links { network, book },
            replies: replies.clone(),
            indexer,
            archive,
            view: Arc::new(View::new(tip, Vec::new(), Height(0), Bic::parse("PSBCCNBJ").unwrap())),
            retained: Retained::default(),
            keeper: Keeper::open(std::path::Path::new("/nonexistent")).0,
            needed: Arc::default(),
            recollection: Recollection::Whole,
            failed,
        };
        (performer, asked, failures, replies)
    }

    fn record() -> Output {
        Output::Persist(LogRecord::Forward(Arc::new(Vec::new())))
    }

    #[tokio::test]
    async fn after_a_record_that_is_not_durable_nothing_is_said() {
        for fault in [Operation::Write(1), Operation::Sync(1)] {
            let medium = Memory::default();
            let (performer, asked, failures, replies) = performer(&medium).await;
            let (groups, performing) = bounded(8);
            let ask = || Output::ServeChain { to: InstitutionNumber(2), from: Height(1) };
            // One group is performed while the disk is whole.
            let (first, mut answered) = replies.open();
            groups.send(vec![record(), Output::Reply(first, Reply::Busy), ask()]).unwrap();
            let thread = std::thread::spawn(move || performer.run(&performing));
            let told = asked.recv().unwrap();
            assert!(matches!(told, Request::Chain { .. }));
            assert!(answered.try_recv().is_ok());
            // From now on the operation fails: not the group's effects, nor those of any later one.
            let is_fault =
                move |operation| if operation == fault { Fault::Fails } else { Fault::None };
            medium.set_faults(Some(Box::new(is_fault)));
            let (second, mut unanswered) = replies.open();
            groups.send(vec![record(), Output::Reply(second, Reply::Busy), ask()]).unwrap();
            let error = failures.recv().unwrap();
            assert!(matches!(error, DriverError::Log(LogError::Io { .. })), "{error}");
            thread.join().unwrap();
            // The performer is gone, and with it everybody who could be told.
            assert!(groups.send(vec![ask()]).is_err() && asked.try_recv().is_err());
            assert!(matches!(unanswered.try_recv(), Err(TryRecvError::Empty)));
        }
    }
}
