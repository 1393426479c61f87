//! Real processes and hostile peers: strangers, garbage, and a validator's key in wrong hands.
//! Payments go on throughout, and nothing is lost or doubled.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use consensus::Message;
use ledger::{
    block::{Batch, BatchHeader},
    certificate::{Vote, VoteKind, VoteSubject},
    codec,
    crypto::SecretKey,
    genesis::{MemberValidator, keyfile::KeyKind},
    hash::{Domain, Hash},
    ids::{Epoch, Height, ValidatorIndex, View},
    transaction::SignedTransaction,
};
use node::{
    core::message::{BatchRequest, ChainPart, PeerMessage},
    home::read_key,
    net::{
        Class, Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerAddress, PeerKey, Timing,
    },
};
use support::{Field, PATIENCE};
use tests::devnet::{Purse, until};
use tokio::runtime::Runtime;

/// A validator of the devnet, as its peers know it.
#[derive(Clone)]
struct Peer {
    name: String,
    index: ValidatorIndex,
    key: PeerKey,
    address: SocketAddr,
}

fn peers(purse: &Purse) -> Vec<Peer> {
    let validators = purse.genesis.members.iter().filter_map(|member| {
        member.validator.as_ref().map(|validator| (member.institution.bic, validator))
    });
    let peer = |(index, (bic, validator)): (u16, (_, &MemberValidator))| Peer {
        name: format!("{bic}").to_lowercase(),
        index: ValidatorIndex(index),
        key: PeerKey(validator.node_key.0),
        address: validator.address.parse().unwrap(),
    };
    (0..).zip(validators).map(peer).collect()
}

/// Somebody who joins the network with a key of his own choice.
struct Intruder {
    runtime: Runtime,
    network: NetworkHandle,
    connected: Arc<Mutex<BTreeSet<PeerKey>>>,
}

impl Intruder {
    fn join(purse: &Purse, seed: [u8; 32], listen: SocketAddr, peers: &[Peer]) -> Self {
        let runtime = Runtime::new().unwrap();
        let addresses = peers
            .iter()
            .map(|peer| PeerAddress { key: peer.key, addresses: vec![peer.address.to_string()] });
        let config = NetworkConfig {
            identity: seed,
            chain: purse.domains.chain_id().0.0,
            listen: vec![listen],
            peers: addresses.collect(),
            timing: Timing::default(),
        };
        let (network, mut events) = runtime.block_on(Network::start(config)).unwrap();
        let connected = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = connected.clone();
        runtime.spawn(async move {
            while let Some(event) = events.recv().await {
                if let NetworkEvent::Connected(key) = event {
                    seen.lock().unwrap().insert(key);
                }
            }
        });
        Self { runtime, network, connected }
    }

    /// Whom it was ever connected with.
    fn connected(&self) -> BTreeSet<PeerKey> {
        self.connected.lock().unwrap().clone()
    }

    fn send(&self, to: &Peer, class: Class, bytes: Vec<u8>) {
        self.network.send(to.key, class, bytes.into()).unwrap();
    }

    fn leave(self) {
        self.runtime.block_on(self.network.shutdown());
    }
}

#[test]
fn a_stranger_gets_no_connection() {
    let field = Field::new();
    let peers = peers(&field.purse);
    let traffic = field.traffic();
    traffic.wait_for(10, PATIENCE).unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let stranger = Intruder::join(&field.purse, [99; 32], listen, &peers);
    // All the while it dials each of them again and again.
    traffic.wait_for(300, PATIENCE).unwrap();
    assert_eq!(stranger.connected(), BTreeSet::new());
    for node in &field.devnet.nodes {
        assert_eq!(field.client.status(&node.api).unwrap().connected, 4, "{}", node.name);
    }
    stranger.leave();
    let history = traffic.finish().unwrap();
    field.audit(&history);
}

#[test]
fn bytes_that_are_no_protocol_are_closed() {
    let field = Field::new();
    let traffic = field.traffic();
    let mut noise = vec![0; 100_000];
    getrandom::fill(&mut noise).unwrap();
    let rows: [(&str, Vec<u8>); 5] = [
        ("noise", noise),
        ("an HTTP request", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()),
        ("half a greeting", b"\x13/multistream/1.0.0\n\x07/noise\n\xff\xff".to_vec()),
        ("a length and no more", vec![0xff; 4]),
        ("silence", Vec::new()),
    ];
    let mut open = Vec::new();
    for peer in peers(&field.purse) {
        for (name, bytes) in &rows {
            let mut stream = TcpStream::connect(peer.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // The node may close while it is being written to.
            let _closed = stream.write_all(bytes);
            open.push((peer.name.clone(), *name, stream));
        }
    }
    for (peer, name, mut stream) in open {
        let ended = stream.read_to_end(&mut Vec::new());
        let timed_out = ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!timed_out, "{name}: {peer} keeps it open");
    }
    traffic.wait_for(50, PATIENCE).unwrap();
    let history = traffic.finish().unwrap();
    field.audit(&history);
}

/// What somebody sends who has stolen a validator's node and voting keys.
fn spoils(purse: &Purse, thief: &Peer, voting: &SecretKey) -> Vec<(Class, Vec<u8>)> {
    let message = |message: &PeerMessage| codec::encode(message);
    let payment = purse.payment("wei", "lee", purse.money(100, "CNY").unwrap()).unwrap();
    let mut unsigned = payment.clone();
    unsigned.signatures[0].0[9] ^= 1;
    let batch = |lane, sequence, transactions: Vec<SignedTransaction>, lie: bool| {
        let payload = purse.domains.hash(Domain::BatchPayload, &codec::encode(&transactions));
        let payload = if lie { Hash([1; 32]) } else { payload };
        let (epoch, parent) = (Epoch(0), Hash::ZERO);
        let header = BatchHeader { epoch, lane, sequence, parent, payload };
        let signature = voting.sign(&header.hash(&purse.domains));
        message(&PeerMessage::Batch(Batch { header, signature, transactions }))
    };
    let vote = |validator, key: &SecretKey| {
        let subject = VoteSubject {
            epoch: Epoch(0),
            view: View(1 << 40),
            kind: VoteKind::Finalize,
            block: Hash([7; 32]),
        };
        let vote = Vote::sign(&purse.domains, key, validator, subject);
        message(&PeerMessage::Consensus(Message::Vote(vote)))
    };
    let other = ValidatorIndex((thief.index.0 + 1) % 4);
    let mut cut = batch(thief.index, 1, vec![payment.clone()], false);
    cut.truncate(cut.len() / 2);
    let tip = ledger::block::LaneTip { sequence: u64::MAX, batch: Hash([3; 32]) };
    let wanted = BatchRequest { epoch: Epoch(0), lane: ValidatorIndex(u16::MAX), after: 0, tip };
    let mut stolen = vec![
        (Class::Votes, vec![255]),
        (Class::Votes, vec![0; 1000]),
        (Class::Votes, vec![7; Class::Votes.max_frame()]),
        (Class::Votes, vote(other, voting)),
        (Class::Votes, vote(thief.index, &SecretKey::from_seed(purse.domains.suite(), [1; 32]))),
        (Class::Votes, vote(ValidatorIndex(u16::MAX), voting)),
        (Class::Proposals, vec![9; 5000]),
        (Class::Lanes, cut),
        (Class::Lanes, batch(thief.index, 1, vec![unsigned], false)),
        (Class::Lanes, batch(thief.index, 1, vec![payment.clone()], true)),
        (Class::Lanes, batch(other, 1, vec![payment.clone()], false)),
        (Class::Lanes, batch(ValidatorIndex(u16::MAX), 1, vec![payment], false)),
        (Class::Sync, message(&PeerMessage::BatchRequest(wanted))),
        (Class::Sync, message(&PeerMessage::BlockRequest(Hash([5; 32])))),
        (Class::Sync, message(&PeerMessage::ChainRequest(Height(u64::MAX)))),
        (Class::Sync, message(&PeerMessage::Chain(ChainPart(Vec::new())))),
    ];
    stolen.extend((0..2000_u32).map(|number| (Class::Votes, number.to_be_bytes().to_vec())));
    stolen
}

#[test]
fn stolen_keys_of_one_validator_do_no_harm() {
    let mut field = Field::new();
    let peers = peers(&field.purse);
    let traffic = field.traffic();
    traffic.wait_for(20, PATIENCE).unwrap();
    let place = 1;
    field.devnet.nodes[place].kill().unwrap();
    let name = field.devnet.nodes[place].name.clone();
    let (thief, honest): (Vec<_>, Vec<_>) = peers.into_iter().partition(|peer| peer.name == name);
    let keys = field.devnet.nodes[place].home.join("keys");
    let identity = read_key(&keys.join("node.key"), KeyKind::Node).unwrap();
    let voting = read_key(&keys.join("voting.key"), KeyKind::Voting).unwrap();
    let intruder = Intruder::join(&field.purse, identity.seed(), thief[0].address, &honest);
    let all: BTreeSet<_> = honest.iter().map(|peer| peer.key).collect();
    until("connections with the stolen key", field.work.path(), PATIENCE, || {
        (intruder.connected() == all).then_some(())
    })
    .unwrap();
    let spoils = spoils(&field.purse, &thief[0], &voting);
    for peer in &honest {
        for (class, bytes) in &spoils {
            intruder.send(peer, *class, bytes.clone());
        }
    }
    traffic.wait_for(200, PATIENCE).unwrap();
    intruder.leave();
    // The validator itself comes back, and its peers take it as if nothing had been.
    field.restart(place);
    traffic.wait_for(20, PATIENCE).unwrap();
    let history = traffic.finish().unwrap();
    field.audit(&history);
    for node in &field.devnet.nodes {
        let log = std::fs::read_to_string(node.log()).unwrap();
        assert!(!log.contains("panicked"), "{}: {log}", node.name);
    }
    let connected = |api: &str| field.client.status(api).unwrap().connected;
    until("all connections", field.work.path(), Duration::from_secs(30), || {
        field.devnet.nodes.iter().all(|node| connected(&node.api) == 4).then_some(())
    })
    .unwrap();
}
