//! A keep-alive HTTP/1.1 connection that does nothing but submit transactions: lean, so that the
//! generator leaves the processors to the nodes.
//!
//! Invariants: one request is under way at a time; an answer without a length ends the connection.
//! Absent: anything else of HTTP.

use std::{
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What stands in the answer for every payment that settled.
const SETTLED: &[u8] = br#""status":"settled""#;

/// The most bytes of an answer.
const MAXIMUM: usize = 64 * 1024 * 1024;

/// An answer, as far as the generator needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// How many receipts say that their payment settled.
    pub(super) settled: u32,
}

/// A connection to one node.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// A connection that opens with its first request, and again after an error.
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, request: Vec::new(), answer: Vec::new() }
    }

    /// Opens the connection, if it is not open.
    pub(super) async fn open(&mut self) -> Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Submits a transaction and waits until it is final.
    pub(super) async fn submit(&mut self, transaction: &[u8]) -> Result<Answer> {
        self.open().await?;
        let answered = self.exchange(transaction).await;
        if answered.is_err() {
            self.stream = None;
        }
        answered
    }

    async fn exchange(&mut self, transaction: &[u8]) -> Result<Answer> {
        let Self { address, stream, request, answer } = self;
        let stream = stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        request.clear();
        let head = format!(
            "POST /v1/transactions?wait=final HTTP/1.1\r\nhost: {address}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            transaction.len()
        );
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(transaction);
        stream.write_all(request).await?;
        answer.clear();
        let head = loop {
            if stream.read_buf(answer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = Head::read(answer)? {
                break head;
            }
        };
        while answer.len() < head.length {
            if stream.read_buf(answer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let settled = answer.windows(SETTLED.len()).filter(|part| *part == SETTLED).count();
        Ok(Answer { status: head.status, settled: u32::try_from(settled).unwrap_or(u32::MAX) })
    }
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// The length of the whole answer.
    length: usize,
}

impl Head {
    /// Reads the head; none while it is not whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
            return Ok(None);
        };
        let malformed = || Error::new(ErrorKind::InvalidData, "no HTTP answer with a length");
        let head = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok());
        let mut lines = head.ok_or_else(malformed)?.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let length = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        match (status, length.filter(|length| *length <= MAXIMUM)) {
            (Some(status), Some(length)) => Ok(Some(Self { status, length: end + 4 + length })),
            (Some(_) | None, Some(_) | None) => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn heads_by_row() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 5\r\n\r\nabcde";
        let empty = "HTTP/1.1 503 Busy\r\ncontent-length:0\r\n\r\n";
        for (text, expected) in [
            (whole, Ok(Some(Head { status: 200, length: whole.len() }))),
            (empty, Ok(Some(Head { status: 503, length: empty.len() }))),
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n", Ok(None)),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Err(())),
            ("nonsense\r\n\r\n", Err(())),
        ] {
            assert_eq!(Head::read(text.as_bytes()).map_err(|_| ()), expected, "{text}");
        }
    }
}
