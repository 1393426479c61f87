//! Whole networks over loopback sockets, with honest and hostile peers.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures::{AsyncWriteExt, StreamExt};
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, SwarmBuilder, noise, tcp, yamux};
use tokio::time::timeout;

use super::streams::{Behaviour, StreamEvent};
use super::*;

const CHAIN: [u8; 32] = [3; 32];
const DEADLINE: Duration = Duration::from_secs(30);

struct Node {
    handle: NetworkHandle,
    events: NetworkEvents,
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn key(seed: u8) -> PeerKey {
    PeerKey::from_seed(&[seed; 32])
}

fn config(seed: u8, port: u16, peers: Vec<PeerAddress>) -> NetworkConfig {
    let listen = vec![loopback(port)];
    NetworkConfig { identity: [seed; 32], chain: CHAIN, listen, peers, timing: Timing::default() }
}

impl Node {
    async fn start(config: NetworkConfig) -> Self {
        let (handle, events) = Network::start(config).await.unwrap();
        Self { handle, events }
    }

    fn address(&self) -> SocketAddr {
        self.handle.listen_addresses()[0]
    }

    fn entry(&self) -> PeerAddress {
        PeerAddress { key: self.handle.key(), addresses: vec![self.address().to_string()] }
    }

    async fn next(&mut self) -> NetworkEvent {
        let event = timeout(DEADLINE, self.events.recv()).await;
        event.unwrap_or_else(|_| panic!("nothing came: {:?}", self.handle.counters())).unwrap()
    }

    async fn frame(&mut self) -> (PeerKey, Class, Bytes) {
        loop {
            if let NetworkEvent::Frame { from, class, bytes } = self.next().await {
                return (from, class, bytes);
            }
        }
    }

    async fn until_event(&mut self, expected: NetworkEvent) {
        while self.next().await != expected {}
    }

    async fn until_counters(&self, reached: impl Fn(&NetworkCounters) -> bool) {
        let look = async {
            while !reached(&self.handle.counters()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let outcome = timeout(DEADLINE, look).await;
        outcome.unwrap_or_else(|_| panic!("not reached: {:?}", self.handle.counters()));
    }
}

/// Nodes that know, and dial, each other; returns when all are connected.
async fn mesh(size: u8) -> Vec<Node> {
    let mut nodes = Vec::new();
    for seed in 1..=size {
        nodes.push(Node::start(config(seed, 0, vec![])).await);
    }
    let entries: Vec<_> = nodes.iter().map(Node::entry).collect();
    for node in &nodes {
        node.handle.set_peers(entries.clone()).unwrap();
    }
    for node in &mut nodes {
        for _ in 1..size {
            let event = node.next().await;
            assert!(matches!(event, NetworkEvent::Connected(_)), "{event:?}");
        }
    }
    nodes
}

fn numbered(number: u32, length: usize) -> Bytes {
    let mut bytes = vec![7; length];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes.into()
}

fn number(frame: &[u8]) -> u32 {
    u32::from_le_bytes(frame[..4].try_into().unwrap())
}

#[tokio::test]
async fn nodes_exchange_on_all_classes_in_order_over_one_connection_each() {
    for size in [2_u8, 4] {
        let mut nodes = mesh(size).await;
        for count in 0..50 {
            for (node, class) in nodes.iter().flat_map(|node| Class::ALL.map(|class| (node, class)))
            {
                node.handle.broadcast(class, numbered(count, 200)).unwrap();
            }
        }
        for node in &mut nodes {
            let mut next = std::collections::BTreeMap::new();
            for _ in 0..50 * 4 * (u32::from(size) - 1) {
                let (from, class, bytes) = node.frame().await;
                assert_ne!(from, node.handle.key());
                assert_eq!(bytes.len(), 200);
                let expected: &mut u32 = next.entry((from, class)).or_default();
                assert_eq!(number(&bytes), *expected, "{from} {class:?}");
                *expected += 1;
            }
            let counters = node.handle.counters();
            assert_eq!((counters.connected, counters.disconnected), (u64::from(size) - 1, 0));
            assert_eq!((counters.offences, counters.stalled), (0, 0));
        }
    }
}

#[tokio::test]
async fn an_unlisted_peer_is_refused() {
    let node = Node::start(config(1, 0, vec![])).await;
    let stranger = Node::start(config(2, 0, vec![node.entry()])).await;
    stranger.handle.send(node.handle.key(), Class::Votes, numbered(1, 10)).unwrap();
    node.until_counters(|counters| counters.unknown_peers >= 2).await;
    assert_eq!(node.handle.counters().connected, 0);
    assert_eq!(stranger.handle.counters().connected, 0);
    let refused = node.handle.send(key(2), Class::Votes, numbered(1, 10));
    assert_eq!(refused, Err(SendError::UnknownPeer { key: key(2) }));
}

#[tokio::test]
async fn garbage_and_silence_on_a_socket_end_it() {
    let mut short = config(1, 0, vec![]);
    short.timing.open = Duration::from_millis(100);
    let node = Node::start(short).await;
    for garbage in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 5000]] {
        let before = node.handle.counters().failed_handshakes;
        let mut socket = tokio::net::TcpStream::connect(node.address()).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut socket, garbage).await.unwrap();
        node.until_counters(|counters| counters.failed_handshakes == before + 1).await;
        let mut rest = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut rest);
        // An error is a reset, which is an end too.
        let _ = timeout(DEADLINE, read).await.expect("the socket ends");
    }
}

#[tokio::test]
async fn illegal_frames_are_refused_at_the_sender() {
    let nodes = mesh(2).await;
    for class in Class::ALL {
        let length = class.max_frame() + 1;
        let large = nodes[0].handle.send(key(2), class, numbered(0, length));
        assert_eq!(large, Err(SendError::TooLarge { class, length }));
        assert_eq!(nodes[0].handle.send(key(2), class, Bytes::new()), Err(SendError::Empty));
    }
}

#[tokio::test]
async fn large_frames_cross_in_both_directions_while_votes_pass() {
    let mut nodes = mesh(2).await;
    let large = |number| numbered(number, 4 * 1024 * 1024);
    for count in 0..4 {
        for (node, peer) in [(&nodes[0], key(2)), (&nodes[1], key(1))] {
            node.handle.send(peer, Class::Lanes, large(count)).unwrap();
            node.handle.send(peer, Class::Sync, large(count)).unwrap();
            node.handle.send(peer, Class::Votes, numbered(count, 200)).unwrap();
        }
    }
    for node in &mut nodes {
        let mut seen = [0; Class::COUNT];
        for _ in 0..12 {
            let (_, class, bytes) = node.frame().await;
            let expected = numbered(seen[class.index()], bytes.len());
            assert!(bytes == expected, "{class:?} {}", number(&bytes));
            seen[class.index()] += 1;
        }
        assert_eq!(seen, [4, 0, 4, 4, 0]);
    }
}

#[tokio::test]
async fn the_largest_legal_frame_of_each_class_passes() {
    let mut nodes = mesh(2).await;
    for class in Class::ALL {
        nodes[0].handle.send(key(2), class, numbered(5, class.max_frame())).unwrap();
        let (_, came, bytes) = nodes[1].frame().await;
        assert_eq!((came, bytes.len(), number(&bytes)), (class, class.max_frame(), 5));
    }
}

#[tokio::test]
async fn a_restarted_peer_is_connected_again_and_gets_what_waits() {
    let mut nodes = mesh(2).await;
    let second = nodes.pop().unwrap();
    let (entry, address) = (nodes[0].entry(), second.address());
    second.handle.shutdown().await;
    let first = &mut nodes[0];
    first.until_event(NetworkEvent::Disconnected(key(2))).await;
    first.handle.send(key(2), Class::Proposals, numbered(6, 100)).unwrap();
    let mut second = Node::start(config(2, address.port(), vec![entry])).await;
    first.until_event(NetworkEvent::Connected(key(2))).await;
    assert_eq!(number(&second.frame().await.2), 6);
}

#[tokio::test]
async fn a_peer_that_the_application_closes_is_counted_and_may_come_again() {
    let mut nodes = mesh(2).await;
    nodes[0].handle.close(key(2));
    nodes[0].until_event(NetworkEvent::Disconnected(key(2))).await;
    nodes[0].until_counters(|counters| counters.offences == 1).await;
    nodes[0].until_event(NetworkEvent::Connected(key(2))).await;
}

#[tokio::test]
async fn a_slow_reader_neither_blocks_its_sender_nor_fills_memory() {
    let mut nodes = mesh(2).await;
    let mut slow = nodes.pop().unwrap();
    let fast = nodes.pop().unwrap();
    let size = 1024 * 1024;
    let started = Instant::now();
    for count in 0..200 {
        fast.handle.send(key(2), Class::Lanes, numbered(count, size)).unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let dropped = fast.handle.counters().classes[Class::Lanes.index()].dropped_frames;
    assert!(dropped >= 200 - 100, "{dropped}");
    let lanes = |counters: &NetworkCounters| counters.classes[Class::Lanes.index()];
    slow.until_counters(|counters| lanes(counters).received_frames == 15).await;
    fast.handle.send(key(2), Class::Votes, numbered(1000, 100)).unwrap();
    slow.until_counters(|counters| counters.classes[0].received_frames == 1).await;
    let held = lanes(&slow.handle.counters()).received_bytes;
    assert!(held <= u64::try_from(Class::Lanes.inbound_bytes()).unwrap(), "{held}");
    let mut numbers = Vec::new();
    while numbers.last() != Some(&199) {
        let (_, class, bytes) = slow.frame().await;
        if class == Class::Lanes {
            numbers.push(number(&bytes));
        }
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(numbers.len(), 200 - usize::try_from(dropped).unwrap());
}

#[tokio::test]
async fn a_peer_taken_off_the_list_is_disconnected_until_it_is_back() {
    let mut nodes = mesh(2).await;
    let entry = nodes[1].entry();
    nodes[0].handle.set_peers(vec![]).unwrap();
    nodes[0].until_event(NetworkEvent::Disconnected(key(2))).await;
    nodes[1].until_event(NetworkEvent::Disconnected(key(1))).await;
    let refused = nodes[0].handle.send(key(2), Class::Votes, numbered(0, 4));
    assert_eq!(refused, Err(SendError::UnknownPeer { key: key(2) }));
    nodes[0].until_counters(|counters| counters.unknown_peers >= 1).await;
    nodes[0].handle.set_peers(vec![entry]).unwrap();
    for (node, other) in nodes.iter_mut().zip([key(2), key(1)]) {
        node.until_event(NetworkEvent::Connected(other)).await;
    }
}

#[tokio::test]
async fn shutdown_ends_the_events_and_frees_the_port() {
    let mut nodes = mesh(2).await;
    let mut node = nodes.remove(0);
    node.handle.shutdown().await;
    node.until_event(NetworkEvent::Disconnected(key(2))).await;
    assert_eq!(timeout(DEADLINE, node.events.recv()).await.unwrap(), None);
    assert!(matches!(node.handle.set_peers(vec![]), Err(NetworkError::Stopped)));
    drop(tokio::net::TcpListener::bind(node.address()).await.unwrap());
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_events() {
    let Node { handle, mut events } = Node::start(config(1, 0, vec![])).await;
    drop(handle);
    assert_eq!(timeout(DEADLINE, events.recv()).await.unwrap(), None);
}

#[tokio::test]
async fn a_taken_port_is_a_named_error() {
    let listener = std::net::TcpListener::bind(loopback(0)).unwrap();
    let taken = listener.local_addr().unwrap();
    let outcome = Network::start(config(1, taken.port(), vec![])).await;
    let error = outcome.err().expect("the port is taken");
    assert!(matches!(error, NetworkError::Listen { address, .. } if address == taken), "{error}");
}

/// A listed peer that speaks the transport, opens all streams of its chain, and writes what it
/// likes on them.
#[expect(clippy::wildcard_enum_match_arm, reason = "the transport's enum; most is not ours")]
async fn hostile(chain: [u8; 32], to: SocketAddr, class: Class, bytes: &'static [u8]) {
    let mut swarm = SwarmBuilder::with_existing_identity(identity::keypair([66; 32]).unwrap())
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Behaviour::new(&chain, DEADLINE).unwrap())
        .unwrap()
        .build();
    let address: Multiaddr = format!("/ip4/127.0.0.1/tcp/{}", to.port()).parse().unwrap();
    swarm.dial(DialOpts::from(address)).unwrap();
    let mut streams = Vec::new();
    loop {
        let event = timeout(DEADLINE, swarm.select_next_some()).await.expect("closed in time");
        match event {
            SwarmEvent::Behaviour((_, StreamEvent::Outbound(opened, mut stream))) => {
                if opened == class {
                    stream.write_all(bytes).await.unwrap();
                    stream.flush().await.unwrap();
                }
                streams.push(stream);
            }
            // Never read: the node must not depend on it.
            SwarmEvent::Behaviour((_, StreamEvent::Inbound(_, stream))) => streams.push(stream),
            SwarmEvent::ConnectionClosed { .. } => return,
            _ => {}
        }
    }
}

fn tolerating_hostile(silence: Duration) -> NetworkConfig {
    let mut config = config(1, 0, vec![PeerAddress { key: key(66), addresses: vec![] }]);
    config.timing.silence = silence;
    config
}

#[tokio::test]
async fn an_oversized_frame_ends_the_connection_and_is_counted() {
    for class in Class::ALL {
        let node = Node::start(tolerating_hostile(DEADLINE)).await;
        hostile(CHAIN, node.address(), class, &[0xff; 4]).await;
        node.until_counters(|counters| counters.offences == 1).await;
        let counters = node.handle.counters();
        assert_eq!(counters.stalled, 0, "{class:?}");
        assert_eq!(counters.classes[class.index()].received_frames, 0);
    }
}

#[tokio::test]
async fn a_lying_length_takes_no_memory_and_its_peer_ends_as_silent() {
    let mut node = Node::start(tolerating_hostile(Duration::from_millis(100))).await;
    hostile(CHAIN, node.address(), Class::Lanes, &[0, 0, 0x80, 0]).await;
    node.until_event(NetworkEvent::Disconnected(key(66))).await;
    let counters = node.handle.counters();
    assert_eq!((counters.offences, counters.stalled), (0, 1));
    assert_eq!(counters.classes[Class::Lanes.index()].received_frames, 0);
}

#[tokio::test]
async fn a_peer_of_another_chain_is_closed_as_an_offender() {
    let node = Node::start(tolerating_hostile(DEADLINE)).await;
    hostile([4; 32], node.address(), Class::Votes, &[]).await;
    node.until_counters(|counters| counters.offences == 1).await;
    assert_eq!(node.handle.counters().connected, 0);
}
