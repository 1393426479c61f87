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
mod book;
mod core_thread;
mod inbox;
mod indexer;
mod keeper;
mod links;
mod performer;
mod recovery;
mod replies;
pub mod retained;
mod totals;
mod verifier;
mod view;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use ledger::genesis::GenesisDocument;
use ledger::ids::{Bic, InstitutionNumber};
use tokio::sync::{mpsc, oneshot};

use crate::core::CoreConfig;
use crate::core::step::{Input, Reply};
use crate::home::HomeError;
use crate::home::recollection::Recollection;
use crate::log::LogError;
use crate::net::{Bytes, Class, NetworkConfig, NetworkError, NetworkHandle, PeerKey};
use crate::store::{Pruner, StoreError};

pub use archive::Archive;
pub(crate) use links::PrivateFrame;
pub use recovery::Storage;
pub use totals::{Totals, TotalsView};
pub use view::{Certified, Latest, View};

use book::Book;
use inbox::Inbox;
use links::Links;
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
    /// The operating system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    Entropy(getrandom::Error),
    /// A mark in the home could not be written.
    #[error(transparent)]
    Home(#[from] HomeError),
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
    /// The network between the nodes. Its list of peers is the ledger's, not this one.
    pub network: NetworkConfig,
    /// Where to reach institutions' nodes, if not at the addresses of the ledger.
    pub addresses: BTreeMap<Bic, Vec<String>>,
    /// Where log and index lie, and their sizes.
    pub storage: Storage,
    /// What the log holds of this node's votes.
    pub recollection: Recollection,
}

/// A running node.
pub struct Driver {
    /// What readers see.
    pub view: Arc<View>,
    /// Final blocks, receipts and proofs.
    pub archive: Arc<Archive>,
    /// The network, for its counters.
    pub network: NetworkHandle,
    links: Links,
    private: Mutex<Option<mpsc::Receiver<PrivateFrame>>>,
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
        let DriverConfig { core, genesis, mut network, addresses, storage, recollection } = config;
        let institution = core.institution;
        let opened = recovery::open(&genesis, core, &storage, &recollection)?;
        let store = Arc::new(opened.store);
        // What the log holds beyond the index was shown before, so it is shown from the start.
        let view = View::open(&store, opened.tip, opened.indexed, institution)?;
        view.know_replayed(&opened.outputs);
        let view = Arc::new(view);
        let reader = opened.log.reader();
        let archive = Arc::new(Archive::new(store.clone(), reader, view.clone()));
        let book = Book::new(PeerKey::from_seed(&network.identity), addresses);
        let directory = opened.core.final_tip().state().directory();
        network.peers = book.replace(directory.nodes(), directory);
        let (network, events) = crate::net::Network::start(network).await?;
        let (failed, failures) = bounded(8);
        let (inbox, receiver) = inbox::channel();
        let (stop, stopped) = bounded(0);
        let replies = Arc::new(Replies::default());
        let needed = Arc::new(AtomicU64::new(0));
        let domains = opened.core.domains().clone();

        let mut threads = Vec::new();
        let jobs = verifier::start(&domains, &inbox, &mut threads)?;
        let (items, indexing) = bounded(indexer::QUEUE);
        threads.push(spawn("indexer", {
            let indexer = indexer::Indexer {
                store: store.clone(),
                view: view.clone(),
                pruner: Pruner::new(storage.retain_blocks),
                needed: needed.clone(),
            };
            let failed = failed.clone();
            move || indexer.run(&indexing, &failed)
        })?);
        let links = Links { network: network.clone(), book: Arc::new(book) };
        let (served, serving) = bounded(archive::QUEUE);
        threads.push(spawn("archive", {
            let (archive, links) = (archive.clone(), links.clone());
            move || archive::serve(&archive, &links, &serving)
        })?);
        let private = links::receive(events, links.clone(), inbox.clone(), view.clone());
        let performer = performer::Performer {
            log: opened.log,
            links: links.clone(),
            replies: replies.clone(),
            indexer: items,
            archive: served,
            recollection,
            view: view.clone(),
            retained: opened.retained,
            keeper: opened.keeper,
            needed,
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
        let private = Mutex::new(Some(private));
        Ok(Self { view, archive, network, links, private, inbox, replies, failures, stop, threads })
    }

    /// What arrives of private data, for the first who asks.
    pub(crate) fn private_frames(&self) -> Option<mpsc::Receiver<PrivateFrame>> {
        self.private.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends private data to an institution's node. It may be lost, as any frame.
    pub(crate) fn send_private(&self, to: InstitutionNumber, frame: Bytes) {
        self.links.send_frame(to, Class::Private, frame);
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

    /// The failure that ended the node, if one did.
    pub fn failure(&self) -> Option<DriverError> {
        self.failures.try_recv().ok()
    }

    /// Stops: no more inputs, everything performed and durable, the index written, the network
    /// left.
    pub async fn stop(self) -> Option<DriverError> {
        drop(self.stop);
        self.network.shutdown().await;
        drop((self.inbox, self.links));
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
