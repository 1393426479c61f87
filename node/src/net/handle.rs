//! What the application holds: send, change the allow-list, look, stop.
//!
//! Invariant: nothing here waits for a peer.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::bytes::Bytes;

use super::class::Class;
use super::counters::{Counters, NetworkCounters};
use super::identity::PeerKey;
use super::inbox::{self, NetworkEvents};
use super::peers::{Peer, Peers};
use super::service::{Command, Service};
use super::{NetworkConfig, NetworkError, PeerAddress};

/// The network's entrance.
pub struct Network;

impl Network {
    /// Opens the listening sockets, starts dialling the peers in the background and returns both
    /// ends. Must be called inside a tokio runtime. Errors: a wrong key in the list, a socket that
    /// cannot be opened.
    pub async fn start(
        config: NetworkConfig,
    ) -> Result<(NetworkHandle, NetworkEvents), NetworkError> {
        let own = PeerKey::from_seed(&config.identity);
        let peers = Arc::new(Peers::new(own, config.peers.clone())?);
        let counters = Arc::new(Counters::default());
        let (inbox, events) = inbox::channel();
        let (commands, received) = mpsc::unbounded_channel();
        let mut service = Service::new(&config, peers.clone(), counters.clone(), inbox, received)?;
        let listening = service.listen(&config.listen).await?;
        tokio::spawn(service.run());
        let shared = Shared { peers, counters, commands, listening };
        Ok((NetworkHandle { shared: Arc::new(shared) }, events))
    }
}

/// A cheap, cloneable handle. When the last one is dropped the network shuts down.
#[derive(Clone)]
pub struct NetworkHandle {
    shared: Arc<Shared>,
}

struct Shared {
    peers: Arc<Peers>,
    counters: Arc<Counters>,
    commands: mpsc::UnboundedSender<Command>,
    listening: Vec<SocketAddr>,
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The receiver is not on the allow-list.
    #[error("{key} is not on the allow-list: add it with set_peers")]
    UnknownPeer {
        /// The receiver.
        key: PeerKey,
    },
    /// An empty frame means a heartbeat and carries nothing.
    #[error("a frame has at least one byte")]
    Empty,
    /// The frame exceeds [`Class::max_frame`]; every peer would disconnect us.
    #[error("a {class:?} frame has at most {} bytes, not {length}: cut it", class.max_frame())]
    TooLarge {
        /// The class.
        class: Class,
        /// The frame's length in bytes.
        length: usize,
    },
}

impl NetworkHandle {
    /// Queues a frame for one peer and returns at once, connected or not. When the peer's queue of
    /// this class is full, its oldest frames leave and are counted; a frame may also be lost with a
    /// connection.
    pub fn send(&self, to: PeerKey, class: Class, frame: Bytes) -> Result<(), SendError> {
        check(class, &frame)?;
        let known = self
            .shared
            .peers
            .read(|list| list.get(&to).map(|peer| self.queue(peer, class, frame)).is_some());
        if known { Ok(()) } else { Err(SendError::UnknownPeer { key: to }) }
    }

    /// Queues a frame for every peer on the allow-list, as [`NetworkHandle::send`] does for one.
    pub fn broadcast(&self, class: Class, frame: Bytes) -> Result<(), SendError> {
        check(class, &frame)?;
        self.shared.peers.read(|list| {
            list.values().for_each(|peer| self.queue(peer, class, frame.clone()));
        });
        Ok(())
    }

    /// Replaces the allow-list: connections to keys no longer on it are closed, new ones are
    /// dialled.
    pub fn set_peers(&self, peers: Vec<PeerAddress>) -> Result<(), NetworkError> {
        self.shared.peers.replace(peers)?;
        self.shared.commands.send(Command::PeersChanged).map_err(|_| NetworkError::Stopped)
    }

    /// Closes the connection of a peer that sent what is no message, and counts it. It may connect
    /// again.
    pub fn close(&self, peer: PeerKey) {
        // Fails only after the service has ended.
        let _ = self.shared.commands.send(Command::Close(peer));
    }

    /// This node's own key.
    pub fn key(&self) -> PeerKey {
        self.shared.peers.own()
    }

    /// The sockets on which the node listens, with their real ports.
    pub fn listen_addresses(&self) -> &[SocketAddr] {
        &self.shared.listening
    }

    /// Totals since the start.
    pub fn counters(&self) -> NetworkCounters {
        self.shared.counters.snapshot()
    }

    /// Closes every connection and socket; returns when that is done. Frames still queued are lost.
    pub async fn shutdown(&self) {
        let (done, finished) = oneshot::channel();
        if self.shared.commands.send(Command::Shutdown(done)).is_ok() {
            // An error means that the service ended on its own: then it is done as well.
            let _ = finished.await;
        }
    }

    fn queue(&self, peer: &Peer, class: Class, frame: Bytes) {
        let dropped = peer.lines[class.index()].outbox.push(frame);
        self.shared.counters.class(class).dropped_frames.add(dropped);
    }
}

fn check(class: Class, frame: &Bytes) -> Result<(), SendError> {
    let length = frame.len();
    if length == 0 {
        return Err(SendError::Empty);
    }
    if length > class.max_frame() {
        return Err(SendError::TooLarge { class, length });
    }
    Ok(())
}
