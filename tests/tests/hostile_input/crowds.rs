//! Clients that take their time, send without end, or come in thousands.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::served::{Answer, Served, answer};

/// How many connections are opened at once, if this machine allows it.
pub(crate) const CROWD: usize = 10_000;

/// More than a node gives a head or a body, and less than it gives silence.
const CUT_WITHIN: Duration = Duration::from_secs(40);

/// Clients that begin a body of 1,000 bytes, send some of it and say nothing more.
pub(crate) fn slow_bodies(node: &Served) -> Vec<TcpStream> {
    let begin = |_| {
        let mut socket = node.connect();
        let head = "POST /v1/quotes HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n\
                    Content-Length: 1000\r\n\r\n{\"sell\":";
        for byte in head.as_bytes() {
            socket.write_all(&[*byte]).unwrap();
        }
        socket
    };
    (0..50).map(begin).collect()
}

/// A body that stops is given up, and its sender told.
pub(crate) fn assert_told(slow: Vec<TcpStream>) {
    for mut socket in slow {
        let said = answer(&mut socket).unwrap();
        assert_eq!((said.status, said.code.as_str()), (408, "body-timeout"));
    }
}

/// Heads that come a byte at a time are cut, however lively they are.
pub(crate) fn trickled_heads(node: &Served) {
    let mut sockets: Vec<TcpStream> = (0..20).map(|_| node.connect()).collect();
    for socket in &mut sockets {
        socket.set_nonblocking(true).unwrap();
        socket.write_all(b"GET /v1/status HTTP/1.1\r\nx: ").unwrap();
    }
    let begun = Instant::now();
    while !sockets.is_empty() {
        assert!(begun.elapsed() < CUT_WITHIN, "{} heads are still read", sockets.len());
        sockets.retain_mut(|socket| {
            let ended = socket.read(&mut [0; 64]);
            let is_open = matches!(&ended, Err(error) if error.kind() == ErrorKind::WouldBlock);
            is_open && socket.write_all(b"x").is_ok()
        });
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("heads that were trickled in were cut after {:.1?}", begun.elapsed());
    assert!(begun.elapsed() > Duration::from_secs(5), "a head gets some seconds");
}

/// Bodies in chunks that never end: each is cut off.
pub(crate) fn endless_bodies(node: &Served) {
    let chunk = [&b"10000\r\n"[..], &[b'A'; 1 << 16], b"\r\n"].concat();
    for media in ["application/octet-stream", "application/json", "application/xml"] {
        let path = if media.ends_with("xml") { "/v1/iso20022" } else { "/v1/transactions" };
        let mut socket = node.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: node\r\nContent-Type: {media}\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        // 1 GiB; a node that reads so far has no limit.
        let taken = (0..1 << 14).take_while(|_| socket.write_all(&chunk).is_ok()).count();
        println!("{path} {media}: cut off after {taken} chunks of 64 KiB");
        assert!(taken < 1 << 11, "{media}: {taken} chunks of 64 KiB were taken");
        node.assert_lives();
    }
}

/// Bodies of 1 GiB that say so, and are sent: each is refused before it is read.
pub(crate) fn huge_bodies(node: &Served) {
    let part = vec![b'A'; 1 << 16];
    for (path, media) in [
        ("/v1/transactions", "application/octet-stream"),
        ("/v1/transactions/simulate", "application/json"),
        ("/v1/iso20022", "application/xml"),
        ("/v1/quotes", "application/json"),
    ] {
        let mut socket = node.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: node\r\nContent-Type: {media}\r\n\
             Content-Length: {}\r\n\r\n",
            1 << 30
        );
        socket.write_all(head.as_bytes()).unwrap();
        let Answer { status, code } = answer(&mut socket).unwrap();
        assert_eq!((status, code.as_str()), (413, "too-large"), "{path}");
        let taken = (0..1 << 14).take_while(|_| socket.write_all(&part).is_ok()).count();
        println!("{path}: refused at once; {taken} parts of 64 KiB were still taken");
        assert!(taken < 1 << 9, "{path}: {taken} parts of 64 KiB were taken");
    }
}

/// Thousands of connections, half of which say nothing and half of which say half a line: whoever
/// asks meanwhile is answered at once, and the half lines are cut.
pub(crate) fn crowd(node: &Served, count: usize) {
    let open = |place: usize| {
        let mut socket = node.connect();
        if place.is_multiple_of(2) {
            // It may have had to make room already.
            let _closed = socket.write_all(b"GET /v1/sta");
        }
        socket
    };
    let begun = Instant::now();
    let mut sockets: Vec<TcpStream> = (0..count).map(open).collect();
    println!("{count} connections were opened in {:.1?}", begun.elapsed());
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        node.assert_lives();
        slowest = slowest.max(asked.elapsed());
    }
    println!("while they idled, the slowest of 20 answers took {slowest:.1?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    for socket in sockets.iter_mut().step_by(2) {
        socket.set_read_timeout(Some(CUT_WITHIN)).unwrap();
        let ended = socket.read(&mut [0; 64]);
        let is_open = matches!(&ended, Err(error) if error.kind() == ErrorKind::WouldBlock);
        assert!(!is_open, "a connection with half a line is kept");
    }
    println!("all half lines were cut {:.1?} after the first", begun.elapsed());
}
