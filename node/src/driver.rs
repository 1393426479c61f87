//! The driver: gives the core its clock, disk, network and threads.
//!
//! ```text
//! network --> inbox --> core thread --> performer thread --> log, then network and clients
//! clients --> inbox         |   ^             |
//!                           v   |             v
//!                        verifiers         indexer
//! ```
//!
//! Invariants: one thread steps the core; one thread performs its outputs, in order, each after the
//! records before it are durable; every queue is bounded, and a full one holds its sender back or
//! is answered with "busy". A failed write ends the node. Absent: decisions (the core's).

mod archive;
mod core_thread;
mod inbox;
mod indexer;
mod links;
mod performer;
mod recovery;
mod replies;
mod totals;
mod verifier;
mod view;

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use ledger::genesis::GenesisDocument;
use ledger::ids::ValidatorIndex;
use tokio::sync::oneshot;

use crate::core::CoreConfig;
use crate::core::step::{Input, Reply};
use crate::log::LogError;
use crate::net::{NetworkConfig, NetworkError, NetworkHandle, PeerKey};
use crate::store::StoreError;

pub use archive::Archive;
pub use recovery::Storage;
pub use totals::{Totals, TotalsView};
pub use view::{Certified, Latest, View};

use inbox::Inbox;
use replies::Replies;

/// Why a node stopped, or could not start.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The block log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The index failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network could not start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The log and the rules do not agree.
    #[error(transparent)]
    Recovery(#[from] crate::core::RecoveryError),
    /// A record of the log cannot be read.
    #[error("a record of the block log cannot be read: {reason}. Restore the home from a backup")]
    Record {
        /// What is wrong.
        reason: String,
    },
    /// The genesis document is not good.
    #[error(transparent)]
    Genesis(#[from] ledger::genesis::GenesisError),
    /// This node computes another result than a quorum.
    #[error("{0}")]
    Halted(String),
    /// A thread could not be started.
    #[error("the system gives no more threads: {0}")]
    Thread(std::io::Error),
}

/// What a driver is made of.
pub struct DriverConfig {
    /// The core's surroundings.
    pub core: CoreConfig,
    /// The genesis document.
    pub genesis: GenesisDocument,
    /// The network between the nodes.
    pub network: NetworkConfig,
    /// The peers' network keys, by validator index; this node's own stands at its place.
    pub peers: Vec<PeerKey>,
    /// Where log and index lie, and their sizes.
    pub storage: Storage,
}

/// A running node.
pub struct Driver {
    /// What readers see.
    pub view: Arc<View>,
    /// Final blocks, receipts and proofs.
    pub archive: Arc<Archive>,
    /// The network, for its counters.
    pub network: NetworkHandle,
    inbox: Inbox,
    replies: Arc<Replies>,
    failures: Receiver<DriverError>,
    stop: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

/// What a client's submission comes to at once.
pub type Ticket = oneshot::Receiver<Reply>;

impl Driver {
    /// Opens log and index, replays, joins the network and starts the threads. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// [`DriverError`] says what to mend.
    pub async fn start(config: DriverConfig) -> Result<Self, DriverError> {
        let DriverConfig { core, genesis, network, peers, storage } = config;
        let me = core.me;
        let opened = recovery::open(&genesis, core, &storage)?;
        let store = Arc::new(opened.store);
        let view = Arc::new(View::new(opened.tip.clone(), opened.indexed, me));
        let reader = opened.log.reader();
        let archive = Arc::new(Archive::new(store.clone(), reader, view.clone()));
        let (handle, events) = crate::net::Network::start(network).await?;
        let (failed, failures) = bounded(8);
        let (inbox, receiver) = inbox::channel();
        let (stop, stopped) = bounded(0);
        let replies = Arc::new(Replies::default());
        let domains = opened.core.domains().clone();

        let mut threads = Vec::new();
        let jobs = verifier::start(&domains, &inbox, &mut threads)?;
        let (items, indexing) = bounded(indexer::QUEUE);
        threads.push(spawn("indexer", {
            let (store, view, failed) = (store.clone(), view.clone(), failed.clone());
            move || indexer::run(&store, &indexing, &view, &failed)
        })?);
        let links = links::Links { network: handle.clone(), peers: peers.clone(), me };
        let (served, serving) = bounded(archive::QUEUE);
        threads.push(spawn("archive", {
            let (archive, links) = (archive.clone(), links.clone());
            move || archive::serve(&archive, &links, &serving)
        })?);
        let performer = performer::Performer {
            log: opened.log,
            links,
            replies: replies.clone(),
            indexer: items,
            archive: served,
            view: view.clone(),
            retained: opened.retained,
            failed,
        };
        let (performed, performing) = bounded(performer::QUEUE);
        threads.push(spawn("performer", move || performer.run(&performing))?);
        threads.push(spawn("core", {
            let view = view.clone();
            let thread = core_thread::CoreThread {
                core: opened.core,
                inbox: receiver,
                jobs,
                performer: performed,
                stopped,
                view,
            };
            move || thread.run(opened.outputs)
        })?);
        links::receive(events, handle.clone(), peers, inbox.clone(), view.clone());
        Ok(Self { view, archive, network: handle, inbox, replies, failures, stop, threads })
    }

    /// Hands a transaction's bytes to the core. The ticket gives the reply; `None` if the queue is
    /// full, and then nothing was taken in.
    pub fn submit(&self, bytes: Vec<u8>, until_final: bool) -> Option<Ticket> {
        let (request, ticket) = self.replies.open();
        if self.inbox.submit(Input::Submit { request, bytes, until_final }) {
            Some(ticket)
        } else {
            self.replies.close(request);
            None
        }
    }

    /// How many submissions wait for the core.
    pub fn queued(&self) -> usize {
        self.inbox.waiting_clients()
    }

    /// This node's place among the validators.
    pub fn me(&self) -> ValidatorIndex {
        self.view.me()
    }

    /// The failure that ended the node, if one did.
    pub fn failure(&self) -> Option<DriverError> {
        self.failures.try_recv().ok()
    }

    /// Stops: no more inputs, everything performed and durable, the index written, the network
    /// left.
    pub async fn stop(self) -> Option<DriverError> {
        drop(self.stop);
        self.network.shutdown().await;
        drop(self.inbox);
        let threads = self.threads;
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                // A thread that panicked has said so on its own.
                let _ = thread.join();
            }
        });
        let _ = joined.await;
        self.failures.try_recv().ok()
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DriverError> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(body).map_err(DriverError::Thread)
}
