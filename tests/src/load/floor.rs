//! The floor F: how soon a payment can be final on this machine if nothing took time but what
//! cannot be avoided: waking processes, making bytes durable, and signatures one after the other.
//!
//! A payment passes five processes on its way (client to node, node to leader, leader to the others
//! with the proposal, votes to notarize, votes to finalize and the answer), each woken by bytes on
//! a socket. Two durable writes follow each other: the batch at its node, the vote. Four signatures
//! are made one after the other (batch, proposal, two votes), and checked: payment, batch,
//! proposal, and of two rounds of votes those that a quorum needs beside one's own.
//!
//! Invariant: each part is measured alone on the same machine in the same run.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use ledger::crypto::{SecretKey, Suite};
use serde::Serialize;

use super::{bound, figures};

/// How often processes are woken on the way.
const WAKE_UPS: u32 = 5;

/// How many durable writes follow each other.
const SYNCS: u32 = 2;

/// How many signatures are made one after the other.
const SIGNED: u32 = 4;

/// How many are checked one after the other, votes not counted.
const CHECKED: u32 = 3;

/// How often each part is measured; the middle one counts.
const ROUNDS: usize = 501;

/// The floor and its parts.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Floor {
    /// How long it takes to wake a thread by one byte on a loopback socket, in microseconds.
    pub wake_up_us: f64,
    /// How long a durable write of 4,096 bytes takes, in microseconds.
    pub sync_us: f64,
    /// How long one signature takes to make, in microseconds.
    pub sign_us: f64,
    /// How long one signature takes to verify alone, in microseconds.
    pub verify_us: f64,
    /// All of it, in milliseconds.
    pub floor_ms: f64,
}

impl Floor {
    /// Measures it for so many validators, whose disk makes bytes durable in `sync`.
    pub(super) fn measure(validators: usize, sync: Duration) -> std::io::Result<Self> {
        let wake_up = wake_up()?;
        let (sign, verify) = signatures();
        let checks = CHECKED + 2 * other_votes(validators);
        let floor = WAKE_UPS * wake_up + SYNCS * sync + SIGNED * sign + checks * verify;
        let us = |time: Duration| figures::milliseconds(time * 1000);
        Ok(Self {
            wake_up_us: us(wake_up),
            sync_us: us(sync),
            sign_us: us(sign),
            verify_us: us(verify),
            floor_ms: figures::milliseconds(floor),
        })
    }

    /// In a line for a person.
    pub(super) fn line(&self) -> String {
        format!(
            "floor F {} ms: {WAKE_UPS} wake-ups of {} us, {SYNCS} durable writes of {} us, \
             signatures made in {} us and verified in {} us",
            self.floor_ms, self.wake_up_us, self.sync_us, self.sign_us, self.verify_us
        )
    }
}

/// The votes that a quorum of so many validators needs beside one's own.
fn other_votes(validators: usize) -> u32 {
    let faulty = validators.saturating_sub(1) / 3;
    u32::try_from(validators.saturating_sub(faulty + 1)).unwrap_or(0)
}

/// Half of a round trip of one byte between two threads over a socket.
fn wake_up() -> std::io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut near = TcpStream::connect(listener.local_addr()?)?;
    let (mut far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let answering = std::thread::spawn(move || {
        let mut byte = [0];
        while far.read_exact(&mut byte).is_ok() && far.write_all(&byte).is_ok() {}
    });
    let mut times = Vec::with_capacity(ROUNDS);
    let mut byte = [0];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        near.write_all(&byte)?;
        near.read_exact(&mut byte)?;
        times.push(start.elapsed() / 2);
    }
    drop(near);
    // It ends with the connection, and gives nothing.
    let _ended = answering.join();
    Ok(median(times))
}

/// How long one signature takes to make, and to verify alone.
fn signatures() -> (Duration, Duration) {
    let suite = Suite::Ed25519Blake3;
    let key = SecretKey::from_seed(suite, [9; 32]);
    let (mut signing, mut verifying) = (Vec::new(), Vec::new());
    for check in bound::checks(64) {
        let start = Instant::now();
        std::hint::black_box(key.sign(&check.digest));
        signing.push(start.elapsed());
        let start = Instant::now();
        assert!(suite.verify(&check), "the bench signs what it checks");
        verifying.push(start.elapsed());
    }
    (median(signing), median(verifying))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    figures::percentile(&times, 50)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Floor, other_votes};

    #[test]
    fn a_quorum_needs_two_thirds_and_ones_own_vote_counts() {
        let votes = [1, 4, 7, 10].map(other_votes);
        assert_eq!(votes, [0, 2, 4, 6]);
    }

    #[test]
    fn the_floor_is_above_each_of_its_parts() {
        let floor = Floor::measure(4, Duration::from_millis(1)).unwrap();
        assert!(floor.wake_up_us > 0.0 && floor.sign_us > 0.0 && floor.verify_us > 0.0);
        assert!(floor.floor_ms > 2.0, "{floor:?}");
    }
}
