//! Bytes on the port for peers that are no handshake, or half of one: each connection is closed,
//! and the node goes on.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::served::Served;
use crate::support::PATIENCE;

/// The greeting of the transport's negotiation, with its length before it.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n";
const NOISE: &[u8] = b"\x07/noise\n";

fn rows() -> Vec<(&'static str, Vec<u8>)> {
    let greeted = |rest: &[u8]| [GREETING, NOISE, rest].concat();
    let mut rows = vec![
        ("silence", Vec::new()),
        ("zeros", vec![0; 100_000]),
        ("lengths of 2^32-1", vec![0xff; 100_000]),
        ("one length of 2^32-1", b"\xff\xff\xff\xff".to_vec()),
        ("a length that never ends", vec![0x80; 4096]),
        ("an HTTP request", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("half a greeting", GREETING[..9].to_vec()),
        ("a greeting and no more", GREETING.to_vec()),
        ("another version", b"\x13/multistream/9.9.9\n".to_vec()),
        ("another protocol", [GREETING, b"\x0b/plaintext\n"].concat()),
        ("a protocol of control characters", [GREETING, b"\x08/\x1b[2J\x00\n"].concat()),
        ("a name longer than its frame", [GREETING, b"\xff\xff\x03/noise\n"].concat()),
        ("a handshake of no bytes", greeted(&[0, 0])),
        ("a handshake that is longer than what comes", greeted(&[0xff, 0xff, 1, 2, 3])),
        ("half a key", greeted(&[&[0, 32][..], &[7; 16]].concat())),
        ("a key of zeros", greeted(&[&[0, 32][..], &[0; 32]].concat())),
        ("a key and noise", greeted(&[&[0, 32][..], &[7; 32], &[0xaa; 5000]].concat())),
    ];
    for seed in 1..=20_u64 {
        let mut random = tests::sim::random::Random::new(seed);
        rows.push(("noise", (0..500).flat_map(|_| random.next().to_le_bytes()).collect()));
    }
    rows
}

/// Opens a connection for each row, and waits until the node has closed all of them.
pub(crate) fn send(node: &Served) -> usize {
    let validators = &node.field.purse.genesis.members;
    let validator = validators.iter().find_map(|member| member.validator.as_ref()).unwrap();
    let address: SocketAddr = validator.address.parse().unwrap();
    let rows = rows();
    let open = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The node may close while it is being written to.
        let _closed = stream.write_all(bytes);
        stream
    };
    let opened: Vec<_> = rows.iter().map(|(class, bytes)| (*class, open(bytes))).collect();
    for (class, mut stream) in opened {
        let ended = stream.read_to_end(&mut Vec::new());
        let is_open = ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!is_open, "{class}: the node keeps it open");
    }
    node.assert_lives();
    rows.len()
}
