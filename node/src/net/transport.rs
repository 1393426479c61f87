//! Builds the transport: TCP, Noise, yamux, the allow-list and the limits; and its addresses.
//!
//! Invariant: without an entry in the allow-list nobody connects; strangers hold at most
//! [`MAX_PENDING_INCOMING`] unfinished handshakes, each ended by the time limit.

use std::net::SocketAddr;
use std::time::Duration;

use libp2p::multiaddr::Protocol;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use libp2p_allow_block_list::{AllowedPeers, Behaviour as AllowList};
use libp2p_connection_limits::{Behaviour as Limiter, ConnectionLimits};
use tokio::time::timeout;

use super::identity::keypair;
use super::streams;
use super::{NetworkConfig, NetworkError};

/// Connections in the handshake at once. Strangers can only ever occupy these.
const MAX_PENDING_INCOMING: u32 = 64;
/// Connections of one peer, those that are being closed included.
const MAX_PER_PEER: u32 = 8;
/// Streams of one connection; eight are ours.
const MAX_STREAMS: usize = 32;
/// What runs on every connection.
#[derive(NetworkBehaviour)]
pub(super) struct Node {
    pub(super) allowed: AllowList<AllowedPeers>,
    limits: Limiter,
    streams: streams::Behaviour,
}

/// Builds the transport; nobody is on its allow-list yet.
pub(super) fn build(config: &NetworkConfig) -> Result<Swarm<Node>, NetworkError> {
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(MAX_PENDING_INCOMING))
        .with_max_established_per_peer(Some(MAX_PER_PEER));
    let failed = |reason: String| NetworkError::Transport { reason };
    let streams = streams::Behaviour::new(&config.chain, config.timing.open)
        .map_err(|error| failed(error.to_string()))?;
    let behaviour = Node { allowed: AllowList::default(), limits: Limiter::new(limits), streams };
    let multiplexer = || {
        let mut multiplexer = yamux::Config::default();
        multiplexer.set_max_num_streams(MAX_STREAMS);
        multiplexer
    };
    let builder = SwarmBuilder::with_existing_identity(keypair(config.identity)?)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, multiplexer)
        .map_err(|error| failed(error.to_string()))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| failed(error.to_string()))?;
    Ok(builder
        .with_swarm_config(|swarm| {
            swarm
                .with_max_negotiating_inbound_streams(MAX_STREAMS)
                .with_idle_connection_timeout(Duration::ZERO)
        })
        .with_connection_timeout(config.timing.open)
        .build())
}

/// Resolves `host:port` texts; what cannot be resolved now is left out and tried again at the next
/// dial.
pub(super) async fn resolve(addresses: &[String], limit: Duration) -> Vec<Multiaddr> {
    let mut resolved = Vec::new();
    for address in addresses {
        match timeout(limit, tokio::net::lookup_host(address)).await {
            Ok(Ok(found)) => resolved.extend(found.map(multiaddr)),
            Ok(Err(error)) => tracing::debug!(address, %error, "cannot resolve a peer's address"),
            Err(_) => tracing::debug!(address, "resolving a peer's address took too long"),
        }
    }
    resolved
}

pub(super) fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()))
}

/// The TCP port of an address, 0 if it has none.
pub(super) fn port(address: &Multiaddr) -> u16 {
    let tcp = |part| if let Protocol::Tcp(port) = part { Some(port) } else { None };
    address.iter().find_map(tcp).unwrap_or_default()
}
