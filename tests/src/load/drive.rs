//! Drives requests: in a closed loop, as many at once as told, or in an open one, at a rate that
//! does not wait for answers.
//!
//! Invariants: in the open loop a latency counts from the moment at which the request was due, also
//! when every connection was busy then; what a node refuses as busy is sent again and keeps its
//! first moment, unless the load gives up; what was due and could not be sent before the end is
//! told apart, with its age at the end.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::connection::Connection;

/// How long a client waits before it sends again what a node was too busy for.
const BUSY: Duration = Duration::from_millis(5);

/// How many times a transaction is sent at most.
const ATTEMPTS: u32 = 200;

/// Below this distance between two requests the clock is watched closely, since a timer is only
/// exact to a millisecond.
const EXACT: Duration = Duration::from_millis(50);

/// How requests follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// The next one after the answer.
    Closed,
    /// One after each such time.
    Open(Duration),
}

/// A load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Over how many connections.
    pub(super) connections: usize,
    /// How requests follow each other.
    pub(super) pace: Pace,
    /// When nothing more is sent.
    pub(super) limit: Duration,
    /// What a node is too busy for is not sent again.
    pub(super) gives_up: bool,
}

impl Load {
    /// So many connections that send again what a node is too busy for.
    pub(super) const fn new(connections: usize, pace: Pace, limit: Duration) -> Self {
        Self { connections, pace, limit, gives_up: false }
    }
}

/// One transaction that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// When, since the start.
    pub(super) at: Duration,
    /// How long it took since it was due.
    pub(super) latency: Duration,
    /// How many payments settled.
    pub(super) settled: u32,
}

/// What came of a drive.
#[derive(Debug, Default)]
pub(super) struct Driven {
    /// Every answered transaction.
    pub(super) samples: Vec<Sample>,
    /// How often a node was too busy.
    pub(super) busy: u64,
    /// How long it took each time to say so.
    pub(super) refused: Vec<Duration>,
    /// How old the transactions were at the end that were due and could not be sent.
    pub(super) unsent: Vec<Duration>,
    /// How many transactions had no outcome or another one than settled.
    pub(super) failed: u64,
    /// The first failure in words.
    pub(super) failure: Option<String>,
    /// When the first request was due.
    pub(super) began: Option<Instant>,
    /// How long it took until the last answer.
    pub(super) elapsed: Duration,
}

/// What the connections share.
struct Shared {
    transactions: Vec<Vec<u8>>,
    next: AtomicUsize,
    load: Load,
    begin: Instant,
}

/// Sends transactions over connections that are spread over the nodes, until the load's limit has
/// passed or all are sent.
pub(super) async fn drive(nodes: &[SocketAddr], transactions: Vec<Vec<u8>>, load: Load) -> Driven {
    let mut open = Vec::new();
    for node in nodes.iter().cycle().take(load.connections) {
        let mut connection = Connection::new(*node);
        // One that cannot be opened now is tried again with its first request, and reported then.
        let _opened = connection.open().await;
        open.push(connection);
    }
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    let shared = Arc::new(Shared { transactions, next, load, begin });
    let mut clients = JoinSet::new();
    for connection in open {
        clients.spawn(client(connection, shared.clone()));
    }
    let mut driven = Driven { began: Some(begin), ..Driven::default() };
    while let Some(client) = clients.join_next().await {
        let one = client.unwrap_or_default();
        driven.samples.extend(one.samples);
        driven.busy += one.busy;
        driven.refused.extend(one.refused);
        driven.unsent.extend(one.unsent);
        driven.failed += one.failed;
        driven.failure = driven.failure.or(one.failure);
    }
    driven.elapsed = begin.elapsed();
    driven
}

async fn client(mut connection: Connection, shared: Arc<Shared>) -> Driven {
    let mut driven = Driven::default();
    let Load { pace, limit, .. } = shared.load;
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(transaction) = shared.transactions.get(number) else { return driven };
        let due = match pace {
            Pace::Closed => Instant::now(),
            Pace::Open(distance) => {
                shared.begin + distance * u32::try_from(number).unwrap_or(u32::MAX)
            }
        };
        if due.saturating_duration_since(shared.begin) >= limit {
            return driven;
        }
        if let Pace::Open(distance) = pace {
            wait_until(due, distance).await;
        }
        if shared.begin.elapsed() >= limit {
            driven.unsent.push(due.elapsed());
            continue;
        }
        match settle(&mut connection, transaction, shared.load.gives_up, &mut driven).await {
            Ok(None) => {}
            Ok(Some(settled)) => driven.samples.push(Sample {
                at: shared.begin.elapsed(),
                latency: due.elapsed(),
                settled,
            }),
            Err(reason) => {
                driven.failed += 1;
                driven.failure.get_or_insert(reason);
            }
        }
    }
}

/// Sends until the node is not too busy, or once if the load gives up; none if nothing was taken
/// in.
async fn settle(
    connection: &mut Connection,
    transaction: &[u8],
    gives_up: bool,
    driven: &mut Driven,
) -> Result<Option<u32>, String> {
    for _ in 0..ATTEMPTS {
        let sent = Instant::now();
        match connection.submit(transaction).await {
            Ok(answer) if answer.status == 503 => {
                driven.busy += 1;
                driven.refused.push(sent.elapsed());
                if gives_up {
                    return Ok(None);
                }
                tokio::time::sleep(BUSY).await;
            }
            Ok(answer) if answer.settled > 0 => return Ok(Some(answer.settled)),
            Ok(answer) => return Err(format!("HTTP status {}, nothing settled", answer.status)),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("the node was busy for too long".to_owned())
}

async fn wait_until(due: Instant, distance: Duration) {
    let early = if distance >= EXACT { Duration::from_millis(3) } else { Duration::ZERO };
    if let Some(early) = due.checked_sub(early) {
        tokio::time::sleep_until(early.into()).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}
