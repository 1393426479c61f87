//! The task that owns the transport: listens, dials, opens and closes connections.
//!
//! Invariants: the transport's allow-list equals the peer list; a peer without a connection has
//! exactly one dial or waiting redial; a connection whose streams are not all open in time, or one
//! of whose streams ends, is closed.
//!
//! A connection is closed by ending its readers and writers: the transport drops the socket of a
//! connection without streams at once, where an orderly close would wait for a peer that does not
//! read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, ListenError, Stream, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::class::Class;
use super::counters::Counters;
use super::frame::{FrameWriter, StreamEnd, read_body, read_length};
use super::identity::PeerKey;
use super::inbox::{Inbox, NetworkEvent};
use super::links::{Change, Link, Links};
use super::peers::Peers;
use super::streams::StreamEvent;
use super::transport::{self, Node, NodeEvent, multiaddr, port, resolve};
use super::{NetworkConfig, NetworkError, Timing};

/// How long the shutdown waits for the transport.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(1);

/// What the handle asks of the service.
pub(super) enum Command {
    /// The peer list was replaced.
    PeersChanged,
    /// Close the connections of a peer that broke the application's protocol.
    Close(PeerKey),
    /// Close everything, then say so.
    Shutdown(oneshot::Sender<()>),
}

/// Why a connection is closed.
enum Fault {
    /// A reader or writer ended.
    Stream(StreamEnd),
    /// Not all streams were open in time.
    NotReady,
    /// The peer refused our stream, or opened its own twice.
    Protocol(&'static str, Class),
}

/// The wait before the next dial of a peer.
#[derive(Clone, Copy)]
struct Redial {
    wait: Duration,
    pending: bool,
}

pub(super) struct Service {
    swarm: Swarm<Node>,
    peers: Arc<Peers>,
    counters: Arc<Counters>,
    inbox: Inbox,
    timing: Timing,
    commands: mpsc::UnboundedReceiver<Command>,
    faults: mpsc::UnboundedReceiver<(ConnectionId, Fault)>,
    report_fault: mpsc::UnboundedSender<(ConnectionId, Fault)>,
    links: Links,
    redials: BTreeMap<PeerKey, Redial>,
    dials: FuturesUnordered<BoxFuture<'static, (PeerKey, Vec<Multiaddr>)>>,
}

impl Service {
    pub(super) fn new(
        config: &NetworkConfig,
        peers: Arc<Peers>,
        counters: Arc<Counters>,
        inbox: Inbox,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<Self, NetworkError> {
        let (report_fault, faults) = mpsc::unbounded_channel();
        let mut service = Self {
            swarm: transport::build(config)?,
            links: Links::new(peers.own()),
            peers,
            counters,
            inbox,
            timing: config.timing,
            commands,
            faults,
            report_fault,
            redials: BTreeMap::new(),
            dials: FuturesUnordered::new(),
        };
        service.adopt_peers();
        Ok(service)
    }

    /// Opens the listening sockets and returns their addresses, ports resolved.
    pub(super) async fn listen(
        &mut self,
        addresses: &[SocketAddr],
    ) -> Result<Vec<SocketAddr>, NetworkError> {
        let mut listening = Vec::new();
        for configured in addresses {
            let refused = |reason: String| NetworkError::Listen { address: *configured, reason };
            let listener = self
                .swarm
                .listen_on(multiaddr(*configured))
                .map_err(|error| refused(error.to_string()))?;
            loop {
                let event = self.swarm.select_next_some().await;
                if let SwarmEvent::NewListenAddr { listener_id, address } = &event
                    && *listener_id == listener
                {
                    listening.push(SocketAddr::new(configured.ip(), port(address)));
                    break;
                }
                if let SwarmEvent::ListenerClosed { listener_id, reason, .. } = &event
                    && *listener_id == listener
                {
                    return Err(refused(format!("{reason:?}")));
                }
                self.on_swarm_event(event);
            }
        }
        Ok(listening)
    }

    /// Serves until the shutdown is asked for or nobody holds a handle any more.
    pub(super) async fn run(mut self) {
        let reply = loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm_event(event),
                Some((connection, fault)) = self.faults.recv() => self.on_fault(connection, &fault),
                Some((peer, addresses)) = self.dials.next() => self.dial(peer, addresses),
                command = self.commands.recv() => match command {
                    Some(Command::PeersChanged) => self.adopt_peers(),
                    Some(Command::Close(peer)) => self.close_offender(peer),
                    Some(Command::Shutdown(reply)) => break Some(reply),
                    None => break None,
                },
            }
        };
        self.close_all().await;
        drop(self);
        if let Some(reply) = reply {
            // Fails only when the caller no longer waits.
            let _ = reply.send(());
        }
    }

    fn close_offender(&mut self, peer: PeerKey) {
        tracing::warn!(%peer, "closing the connection of an offender");
        self.counters.offences.add(1);
        for connection in self.links.with(|linked| linked == peer) {
            self.end(connection);
        }
    }

    async fn close_all(&mut self) {
        for connection in self.links.with(|_| true) {
            self.end(connection);
        }
        let swarm = &mut self.swarm;
        let all_closed = async {
            while swarm.network_info().num_peers() > 0 {
                swarm.select_next_some().await;
            }
        };
        // A connection that does not close in time is dropped with the transport.
        let _ = timeout(SHUTDOWN_LIMIT, all_closed).await;
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the transport's enum; most is not ours")]
    fn on_swarm_event(&mut self, event: SwarmEvent<NodeEvent>) {
        match event {
            SwarmEvent::Behaviour(NodeEvent::Streams((connection, event))) => {
                self.on_stream_event(connection, event);
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_established(&peer_id, connection_id, endpoint.is_dialer());
            }
            SwarmEvent::ConnectionClosed { connection_id, .. } => self.end(connection_id),
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "dial failed");
                self.counters.failed_dials.add(1);
                if let Some(peer) = peer_id.as_ref().and_then(PeerKey::of) {
                    self.schedule_dial(peer, self.timing.redial_min);
                }
            }
            SwarmEvent::IncomingConnectionError { peer_id, send_back_addr, error, .. } => {
                self.on_refused(peer_id, &send_back_addr, &error);
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "the listening socket reports an error");
            }
            SwarmEvent::ListenerClosed { reason, .. } => {
                tracing::error!(?reason, "a listening socket closed; peers cannot dial this node");
            }
            _ => {}
        }
    }

    fn on_refused(&self, id: Option<PeerId>, from: &Multiaddr, error: &ListenError) {
        let listed = id.and_then(|id| PeerKey::of(&id)).and_then(|key| self.peers.get(&key));
        if id.is_some() && listed.is_none() {
            self.counters.unknown_peers.add(1);
            tracing::debug!(peer = ?id, %from, "refused a peer that is not on the allow-list");
        } else {
            self.counters.failed_handshakes.add(1);
            tracing::debug!(%from, %error, "inbound connection failed");
        }
    }

    fn on_established(&mut self, id: &PeerId, connection: ConnectionId, dialled: bool) {
        // The allow-list let it in; a removal in the meantime closes it.
        let Some(peer) = PeerKey::of(id).filter(|key| self.peers.get(key).is_some()) else {
            self.swarm.close_connection(connection);
            return;
        };
        let mut link = Link::new(peer, dialled);
        let (report, limit) = (self.report_fault.clone(), self.timing.open);
        link.tasks.spawn(async move {
            sleep(limit).await;
            // Fails only after the service has ended.
            let _ = report.send((connection, Fault::NotReady));
        });
        self.links.add(connection, link);
    }

    fn on_stream_event(&mut self, connection: ConnectionId, event: StreamEvent) {
        match event {
            StreamEvent::Inbound(class, stream) => self.start_reader(connection, class, stream),
            StreamEvent::Outbound(class, stream) => self.start_writer(connection, class, stream),
            StreamEvent::Refused(class) => {
                self.on_fault(connection, &Fault::Protocol("refused our stream", class));
            }
            StreamEvent::Repeated(class) => {
                self.on_fault(connection, &Fault::Protocol("opened a second stream", class));
            }
        }
    }

    fn start_reader(&mut self, connection: ConnectionId, class: Class, mut stream: Stream) {
        let Some(link) = self.links.get(connection) else { return };
        let from = link.peer;
        let Some(peer) = self.peers.get(&from) else { return };
        let (inbox, counters) = (self.inbox.clone(), self.counters.clone());
        let silence = (class == Class::Votes).then_some(self.timing.silence);
        let report = self.report_fault.clone();
        link.tasks.spawn(async move {
            let share = &peer.lines[class.index()].share;
            let read = async {
                loop {
                    let length = read_length(&mut stream, class, silence).await?;
                    let portion = share.reserve(length).await?;
                    let bytes = read_body(&mut stream, length).await?;
                    counters.class(class).received_frames.add(1);
                    counters.class(class).received_bytes.add(length);
                    inbox.deliver(from, class, bytes, portion);
                }
            };
            let outcome: Result<(), StreamEnd> = read.await;
            if let Err(end) = outcome {
                let _ = report.send((connection, Fault::Stream(end)));
            }
        });
        self.on_opened(connection);
    }

    fn start_writer(&mut self, connection: ConnectionId, class: Class, stream: Stream) {
        let Some(link) = self.links.get(connection) else { return };
        let Some(peer) = self.peers.get(&link.peer) else { return };
        let counters = self.counters.clone();
        let heartbeat = (class == Class::Votes).then_some(self.timing.heartbeat);
        let writer = FrameWriter::new(stream, self.timing.write);
        let report = self.report_fault.clone();
        link.tasks.spawn(async move {
            let turn = peer.lines[class.index()].outbox.turn().await;
            let end = writer.run(turn, heartbeat, counters.class(class)).await;
            let _ = report.send((connection, Fault::Stream(end)));
        });
        self.on_opened(connection);
    }

    fn on_opened(&mut self, connection: ConnectionId) {
        let (leaving, change) = self.links.opened(connection);
        if let Some(Change::Connected(peer)) = change {
            self.redials.remove(&peer);
        }
        self.report(change);
        for older in leaving {
            self.end(older);
        }
    }

    fn report(&self, change: Option<Change>) {
        match change {
            Some(Change::Connected(peer)) => {
                tracing::info!(%peer, "connected");
                self.counters.connected.add(1);
                self.inbox.report(NetworkEvent::Connected(peer));
            }
            Some(Change::Disconnected(peer)) => {
                tracing::info!(%peer, "disconnected");
                self.counters.disconnected.add(1);
                self.inbox.report(NetworkEvent::Disconnected(peer));
            }
            None => {}
        }
    }

    fn on_fault(&mut self, connection: ConnectionId, fault: &Fault) {
        let Some(peer) = self.links.get(connection).map(|link| link.peer) else { return };
        let offence = match fault {
            Fault::Stream(StreamEnd::Closed(error)) => {
                tracing::debug!(%peer, %error, "a stream ended");
                false
            }
            Fault::Stream(end @ (StreamEnd::Silent | StreamEnd::Stalled)) => {
                tracing::warn!(%peer, %end, "closing a stalled connection");
                self.counters.stalled.add(1);
                false
            }
            Fault::Stream(end @ StreamEnd::Oversized { .. }) => {
                tracing::warn!(%peer, %end, "closing the connection of an offender");
                true
            }
            Fault::Protocol(what, class) => {
                let class = class.name();
                tracing::warn!(%peer, what, class, "closing the connection of an offender");
                true
            }
            Fault::NotReady if self.links.is_ready(connection) => return,
            Fault::NotReady => {
                tracing::warn!(%peer, "the peer did not open its streams in time");
                true
            }
        };
        if offence {
            self.counters.offences.add(1);
            let longest = Redial { wait: self.timing.redial_max, pending: false };
            self.redials.entry(peer).or_insert(longest);
            self.swarm.close_connection(connection);
        }
        self.end(connection);
    }

    /// Ends a connection, or takes note that it ended, and dials again if it was the peer's last.
    fn end(&mut self, connection: ConnectionId) {
        if let Some((peer, change)) = self.links.remove(connection) {
            self.report(change);
            self.schedule_dial(peer, self.timing.redial_min);
        }
    }

    /// Brings the transport's allow-list, the connections and the dials in line with the peer list.
    fn adopt_peers(&mut self) {
        let listed: BTreeMap<PeerKey, PeerId> =
            self.peers.read(|list| list.iter().map(|(key, peer)| (*key, peer.id)).collect());
        let allowed = &mut self.swarm.behaviour_mut().allowed;
        let before: Vec<PeerId> = allowed.allowed_peers().iter().copied().collect();
        for id in before {
            if PeerKey::of(&id).is_none_or(|key| !listed.contains_key(&key)) {
                allowed.disallow_peer(id);
            }
        }
        for id in listed.values() {
            allowed.allow_peer(*id);
        }
        self.redials.retain(|peer, _| listed.contains_key(peer));
        for connection in self.links.with(|peer| !listed.contains_key(&peer)) {
            self.end(connection);
        }
        for peer in listed.into_keys() {
            self.schedule_dial(peer, Duration::ZERO);
        }
    }

    /// Plans a dial after the peer's current wait (`first`, if there is none), unless the peer is
    /// connected, its dial is planned, or it is no longer listed.
    fn schedule_dial(&mut self, peer: PeerKey, first: Duration) {
        let Some(entry) = self.peers.get(&peer) else { return };
        if entry.addresses.is_empty() || self.links.has(peer) {
            return;
        }
        let patience = if self.peers.own() > peer { self.timing.patience } else { Duration::ZERO };
        let wait = first.max(patience);
        let redial = self.redials.entry(peer).or_insert(Redial { wait, pending: false });
        if redial.pending {
            return;
        }
        let wait = redial.wait;
        let next = wait.saturating_mul(2).max(self.timing.redial_min).min(self.timing.redial_max);
        *redial = Redial { wait: next, pending: true };
        let limit = self.timing.open;
        self.dials.push(Box::pin(async move {
            sleep(wait).await;
            (peer, resolve(&entry.addresses, limit).await)
        }));
    }

    fn dial(&mut self, peer: PeerKey, addresses: Vec<Multiaddr>) {
        let Some(redial) = self.redials.get_mut(&peer) else { return };
        redial.pending = false;
        let Some(entry) = self.peers.get(&peer) else { return };
        if self.links.has(peer) {
            return;
        }
        let options = DialOpts::peer_id(entry.id)
            .condition(PeerCondition::NotDialing)
            .addresses(addresses)
            .allocate_new_port()
            .build();
        match self.swarm.dial(options) {
            // A dial under way reports its own end.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(error) => {
                tracing::debug!(%peer, %error, "not dialled");
                self.counters.failed_dials.add(1);
                self.schedule_dial(peer, self.timing.redial_min);
            }
        }
    }
}
