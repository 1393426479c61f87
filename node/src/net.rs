//! Carries frames of bytes between the nodes of the allow-list; knows nothing of what is in them.
//!
//! One TCP connection per peer, encrypted and authenticated by Noise with the nodes' Ed25519 keys,
//! split by yamux into one long-lived stream per direction and [`Class`]. The streams open together
//! with the connection, so that the first frame finds a warm window, and votes never wait behind a
//! large batch.
//!
//! - **Invariant:** nothing is received from, and nothing is sent to, a key that is not on the
//!   allow-list.
//! - **Invariant:** memory is bounded per peer and class, on the way out ([`NetworkHandle::send`]
//!   never waits; a full queue loses its oldest frames) and on the way in (a reader waits until the
//!   application has taken earlier frames).
//! - **Invariant:** frames of one class from one peer over one connection arrive in the order in
//!   which they were sent. Any frame may be lost: with a full queue, or with a connection that ends
//!   or gives way to another. The layers above send again or fetch.
//! - **Invariant:** at most one connection per peer carries our frames. Both sides may dial; when
//!   two connections meet, the smaller key of the two decides which one stays (`links.rs`).
//!
//! Absent: gossip, relaying, discovery, retransmission, and any meaning of frames.

mod class;
mod counters;
mod frame;
mod handle;
mod identity;
mod inbox;
mod links;
mod outbox;
mod peers;
mod service;
mod streams;
#[cfg(test)]
mod tests;
mod transport;

use std::net::SocketAddr;
use std::time::Duration;

pub use class::Class;
pub use counters::{ClassCounters, NetworkCounters};
pub use handle::{Network, NetworkHandle, SendError};
pub use identity::PeerKey;
pub use inbox::{NetworkEvent, NetworkEvents};
pub use tokio_util::bytes::Bytes;

/// What a node needs to know to join the network.
pub struct NetworkConfig {
    /// Seed of this node's Ed25519 network key.
    pub identity: [u8; 32],
    /// The chain: nodes of another chain are refused even if their keys are on the list.
    pub chain: [u8; 32],
    /// Where to listen. Port 0 takes a free port, see [`NetworkHandle::listen_addresses`].
    pub listen: Vec<SocketAddr>,
    /// The allow-list; an entry with this node's own key is ignored.
    pub peers: Vec<PeerAddress>,
    /// Time limits; the default fits networks with round trips up to a second.
    pub timing: Timing,
}

/// A peer and where it can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// The peer's Ed25519 network key.
    pub key: PeerKey,
    /// `host:port`, each resolved anew at every dial. Empty: the peer must dial us.
    pub addresses: Vec<String>,
}

/// The time limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Handshakes and the opening of all streams must each end within this time.
    pub open: Duration,
    /// An idle vote stream carries an empty frame this often, so that a dead peer is noticed.
    pub heartbeat: Duration,
    /// A connection whose vote stream has been silent for so long is closed. Several heartbeats.
    pub silence: Duration,
    /// A connection on which one part of a frame (128 KiB) could not be written within this time is
    /// closed.
    pub write: Duration,
    /// The first wait before dialling again; doubles up to `redial_max`.
    pub redial_min: Duration,
    /// The longest wait before dialling again.
    pub redial_max: Duration,
    /// Of two peers the one with the larger key waits at least this long before it dials, so that
    /// dials rarely cross.
    pub patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(5),
            heartbeat: Duration::from_secs(1),
            silence: Duration::from_secs(6),
            write: Duration::from_secs(15),
            redial_min: Duration::from_millis(50),
            redial_max: Duration::from_secs(1),
            patience: Duration::from_millis(500),
        }
    }
}

/// Why the network could not start, or the allow-list could not change.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The peer's key is not an Ed25519 point.
    #[error("the network key {key} is not an Ed25519 public key: correct it in the peer list")]
    BadKey {
        /// The refused key.
        key: PeerKey,
    },
    /// The same key is on the list twice.
    #[error("the network key {key} is listed twice: merge the entries' addresses into one")]
    DuplicateKey {
        /// The repeated key.
        key: PeerKey,
    },
    /// A listening socket could not be opened.
    #[error("cannot listen on {address}: {reason}; free the port or configure another address")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What the operating system says.
        reason: String,
    },
    /// The transport could not be built.
    #[error("cannot set up the transport: {reason}")]
    Transport {
        /// What the transport library says.
        reason: String,
    },
    /// The network has shut down.
    #[error("the network has shut down; start it again")]
    Stopped,
}
