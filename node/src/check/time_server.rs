//! One question to a time server (SNTP, RFC 4330): how far this machine's clock is off.
//!
//! Invariants: an answer counts only if it names the question's own moment, so a stray or forged
//! packet from elsewhere does not; waiting is bounded. Absent: averaging over several servers.

use std::io;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The port of the protocol.
const PORT: u16 = 123;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Seconds between the protocol's beginning, 1900, and that of Unix time.
const SINCE_1900: u64 = 2_208_988_800;

/// Version 4, and the mode of a client.
const QUESTION: u8 = 0b00_100_011;

/// The length of a packet without extensions.
const LENGTH: usize = 48;

/// How far the clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) size: Duration,
    pub(super) is_ahead: bool,
}

/// Asks `server`, a host with or without a port.
pub(super) fn ask(server: &str) -> io::Result<Offset> {
    let address = match server.to_socket_addrs() {
        Ok(mut found) => found.next(),
        Err(_) => (server, PORT).to_socket_addrs()?.next(),
    };
    let address = address.ok_or_else(|| io::Error::other("the name has no address"))?;
    let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(own)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(address)?;
    let asked = moment()?;
    let mut question = [0; LENGTH];
    question[0] = QUESTION;
    question[40..48].copy_from_slice(&asked.to_be_bytes());
    socket.send(&question)?;
    let mut answer = [0; LENGTH];
    let length = socket.recv(&mut answer)?;
    let heard = moment()?;
    if length < LENGTH || answer[24..32] != question[40..48] || answer[0] & 7 != 4 {
        return Err(io::Error::other("the answer is none to this question"));
    }
    if answer[1] == 0 {
        return Err(io::Error::other("the server says that it has no time to give now"));
    }
    Ok(offset(asked, stamp(&answer, 32), stamp(&answer, 40), heard))
}

/// By how much the middle of the journey differs: a journey as long forth as back cancels out.
/// Moments count 2^-32 seconds.
fn offset(asked: u64, received: u64, sent: u64, heard: u64) -> Offset {
    let there = i128::from(received) - i128::from(asked);
    let back = i128::from(sent) - i128::from(heard);
    let off = (there + back) / 2;
    let size = u64::try_from(off.unsigned_abs()).unwrap_or(u64::MAX);
    let nanoseconds = (u128::from(size & 0xffff_ffff) * 1_000_000_000) >> 32;
    let nanoseconds = u64::try_from(nanoseconds).unwrap_or(u64::MAX);
    let size = Duration::from_secs(size >> 32) + Duration::from_nanos(nanoseconds);
    Offset { size, is_ahead: off < 0 }
}

/// This machine's moment in the protocol's form.
fn moment() -> io::Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let seconds = since.as_secs() + SINCE_1900;
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    // The protocol's seconds wrap in 2036; differences of wrapped moments stay right within an era.
    Ok((seconds << 32) | fraction)
}

fn stamp(packet: &[u8; LENGTH], at: usize) -> u64 {
    packet[at..at + 8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::thread::JoinHandle;

    /// A time server for one question, whose clock is ahead of this machine's by `ahead` seconds.
    pub(in crate::check) fn server(ahead: i64, spoil: fn(&mut [u8])) -> (String, JoinHandle<()>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let thread = std::thread::spawn(move || {
            let mut packet = [0; LENGTH];
            let (_, from) = socket.recv_from(&mut packet).unwrap();
            let now = moment().unwrap().wrapping_add_signed(ahead << 32);
            let asked: [u8; 8] = packet[40..48].try_into().unwrap();
            packet[0] = 0b00_100_100;
            packet[1] = 2;
            packet[24..32].copy_from_slice(&asked);
            packet[32..40].copy_from_slice(&now.to_be_bytes());
            packet[40..48].copy_from_slice(&now.to_be_bytes());
            spoil(&mut packet);
            socket.send_to(&packet, from).unwrap();
        });
        (address, thread)
    }

    #[test]
    fn offsets_are_the_middle_of_the_journey() {
        let second = 1_u64 << 32;
        let rows = [
            ([10, 12, 12, 14], 0, false),
            ([10, 11, 11, 10], 1, false),
            ([10, 8, 8, 10], 2, true),
            ([10, 16, 18, 14], 5, false),
        ];
        for (moments, size, is_ahead) in rows {
            let [asked, received, sent, heard] = moments.map(|at| at * second);
            let expected = Offset { size: Duration::from_secs(size), is_ahead };
            assert_eq!(offset(asked, received, sent, heard), expected, "{moments:?}");
        }
    }

    #[test]
    fn a_server_says_how_far_the_clock_is_off() {
        for (ahead, is_ahead) in [(5, false), (-5, true)] {
            let (address, thread) = server(ahead, |_| {});
            let off = ask(&address).unwrap();
            thread.join().unwrap();
            assert_eq!(off.is_ahead, is_ahead);
            assert!(off.size.as_millis().abs_diff(5000) < 1000, "{off:?}");
        }
    }

    #[test]
    fn an_answer_to_another_question_does_not_count() {
        let spoils: [fn(&mut [u8]); 3] =
            [|packet| packet[24] ^= 1, |packet| packet[0] = QUESTION, |packet| packet[1] = 0];
        for spoil in spoils {
            let (address, thread) = server(0, spoil);
            ask(&address).unwrap_err();
            thread.join().unwrap();
        }
    }
}
