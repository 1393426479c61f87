//! A node that is asked by hand: sockets, its process's memory, and whether it still lives.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::support::{Field, PATIENCE};

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The problem's code; empty if the answer is no problem document.
    pub(crate) code: String,
}

/// A devnet of one validator, of which one node is asked.
pub(crate) struct Served {
    pub(crate) field: Field,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start() -> Self {
        let field = Field::with(["--validators", "1"]);
        let address = field.api().trim_start_matches("http://").parse().unwrap();
        Self { field, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Sends these bytes and reads the answer; `None` if the node closes without one.
    pub(crate) fn send(&self, bytes: &[u8]) -> Option<Answer> {
        let mut socket = self.connect();
        // A node that has read enough closes early; its answer is there all the same.
        let _ = socket.write_all(bytes);
        answer(&mut socket)
    }

    /// Whether it answers `GET /livez`.
    pub(crate) fn assert_lives(&self) {
        let said = self.send(b"GET /livez HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
        assert_eq!(said.map(|answer| answer.status), Some(200));
    }

    /// A line of the process's status in KiB, such as `VmHWM`: the most memory it ever had.
    pub(crate) fn memory(&self, line: &str) -> u64 {
        let pid = self.field.devnet.nodes[0].pid().unwrap();
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let found = text.lines().find_map(|found| found.strip_prefix(line)).unwrap();
        found.trim_matches(|sign: char| !sign.is_ascii_digit()).parse().unwrap()
    }
}

/// Reads one answer to its end.
pub(crate) fn answer(socket: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&bytes) {
        match socket.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    Some(Answer { status, code })
}

/// True if all that the header announces is there. An answer without a length ends the connection.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

/// Lets this process, and those that it starts, open as many files as they may; gives how many.
pub(crate) fn raise_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    maximum.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}
