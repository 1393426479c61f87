//! The API's listener: bounds open connections, and closes those on which nothing moves.
//!
//! Invariants: no more than a fixed number of connections is open, and never so many that the log
//! and the peers lack files; when all are taken, the next one gets the place of the one that has
//! waited longest without a request, so whoever asks is served however many say nothing. A request
//! whose head is trickled in, a client that is silent or stops reading, holds its connection for a
//! bounded time. Absent: HTTP, and who is at work (see `seats`).

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::seats::{Room, Seat};

/// How long a connection may be silent beyond the longest wait of a request.
const SILENCE: Duration = Duration::from_secs(60);

/// How soon a place is looked for again when every connection has a request at work.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The fewest connections, however few files the node may open.
const FEWEST: usize = 64;

/// A listener that bounds its connections.
pub(super) struct Connections {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    room: Arc<Room>,
    patience: Patience,
}

/// How long a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the head of a request, from its first byte on.
    pub(super) head: Duration,
    /// For the longest wait of a request.
    pub(super) request: Duration,
}

/// How many connections there may be at once, if the node may open so many files: half of these
/// are left to the log, the index and the peers.
pub(super) fn most(wanted: usize, files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    wanted.min(files / 2).max(FEWEST)
}

impl Connections {
    /// At most `most` connections at once.
    pub(super) fn new(listener: TcpListener, most: usize, patience: Patience) -> Self {
        let slots = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let patience = Patience { request: patience.request.saturating_add(SILENCE), ..patience };
        Self { listener, slots, room: Arc::default(), patience }
    }

    /// A free slot, or that of the connection that has waited longest without a request.
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(slot) = self.slots.clone().try_acquire_owned() {
                return Some(slot);
            }
            self.room.close_longest();
            // The semaphore is never closed.
            if let Ok(slot) = timeout(LOOK_AGAIN, self.slots.clone().acquire_owned()).await {
                return slot.ok();
            }
        }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let slot = self.slot().await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "an answer may wait for more to send");
        }
        let (now, patience) = (Instant::now(), self.patience);
        let alarm = Box::pin(sleep(patience.request));
        let seat = Seat::take(&self.room);
        let connection =
            Connection { stream, seat, alarm, moved: now, head: None, patience, _slot: slot };
        (connection, address)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// The address.
    pub(super) address: IpAddr,
    /// The connection's seat.
    pub(super) seat: Arc<Seat>,
}

impl Connected<IncomingStream<'_, Connections>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        Self { address: stream.remote_addr().ip(), seat: stream.io().seat.clone() }
    }
}

/// A connection with its slot.
pub(super) struct Connection {
    stream: TcpStream,
    seat: Arc<Seat>,
    alarm: Pin<Box<Sleep>>,
    /// When something last moved.
    moved: Instant,
    /// The turn of waiting in which a head has begun, and until when it must be whole.
    head: Option<(u64, Instant)>,
    patience: Patience,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Until when the head that has begun must be whole, if one has.
    fn head_end(&self) -> Option<Instant> {
        self.head.filter(|(turn, _)| self.seat.turn() == Some(*turn)).map(|(_, end)| end)
    }

    /// Notes that bytes were read; fails if their head takes too long.
    fn read(&mut self) -> Result<()> {
        let Some(turn) = self.seat.turn() else { return Ok(()) };
        match self.head_end() {
            Some(end) if Instant::now() > end => Err(too_slow()),
            Some(_) => Ok(()),
            None => {
                self.head = Some((turn, Instant::now() + self.patience.head));
                Ok(())
            }
        }
    }

    /// What an operation gave; one that has waited too long, or whose place another gets, fails.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        operation: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        self.seat.watch(context.waker());
        if self.seat.is_closed() {
            let reason = "others ask, and this connection asks nothing";
            return Poll::Ready(Err(Error::new(ErrorKind::ConnectionAborted, reason)));
        }
        match operation(Pin::new(&mut self.stream), context) {
            Poll::Ready(done) => {
                self.moved = Instant::now();
                Poll::Ready(done)
            }
            Poll::Pending => {
                let end = self.head_end().unwrap_or(self.moved + self.patience.request);
                if self.alarm.deadline() != end {
                    self.alarm.as_mut().reset(end);
                }
                ready!(self.alarm.as_mut().poll(context));
                Poll::Ready(Err(too_slow()))
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.seat.leave();
    }
}

fn too_slow() -> Error {
    Error::new(ErrorKind::TimedOut, "nothing moved for too long")
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        ready!(self.watched(context, |stream, context| stream.poll_read(context, buffer)))?;
        let is_more = buffer.filled().len() > before;
        Poll::Ready(if is_more { self.read() } else { Ok(()) })
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.watched(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.watched(context, |stream, context| stream.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    /// A listener for so many connections, with a client's end and the node's of the first one.
    async fn listening(most: usize, patience: Patience) -> (Connections, TcpStream, Connection) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connections = Connections::new(listener, most, patience);
        connections.patience = patience;
        let client = TcpStream::connect(address).await.unwrap();
        let (first, _) = connections.accept().await;
        (connections, client, first)
    }

    async fn end(connection: &mut Connection) -> ErrorKind {
        let mut byte = [0];
        loop {
            if let Err(error) = connection.read_exact(&mut byte).await {
                return error.kind();
            }
        }
    }

    #[tokio::test]
    async fn a_silent_connection_fails_and_its_slot_is_given_back() {
        let patience = Patience { head: LONG, request: SHORT };
        let (connections, _client, mut first) = listening(1, patience).await;
        assert_eq!(end(&mut first).await, ErrorKind::TimedOut);
        assert_eq!(connections.slots.available_permits(), 0);
        drop(first);
        assert_eq!(connections.slots.available_permits(), 1);
    }

    #[tokio::test]
    async fn a_head_that_is_trickled_in_fails() {
        let patience = Patience { head: SHORT, request: LONG };
        let (_connections, mut client, mut first) = listening(1, patience).await;
        let trickle = tokio::spawn(async move {
            // Until the node has closed.
            while client.write_all(b"x").await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
        });
        assert_eq!(end(&mut first).await, ErrorKind::TimedOut);
        drop(first);
        trickle.await.unwrap();
    }

    #[tokio::test]
    async fn a_request_at_work_may_take_its_time_and_the_next_head_begins_anew() {
        let patience = Patience { head: SHORT, request: LONG };
        let (_connections, mut client, mut first) = listening(1, patience).await;
        client.write_all(b"x").await.unwrap();
        let mut byte = [0];
        first.read_exact(&mut byte).await.unwrap();
        let work = first.seat.begin();
        assert_eq!(first.head_end(), None);
        drop(work);
        assert_eq!(first.head_end(), None);
        client.write_all(b"x").await.unwrap();
        first.read_exact(&mut byte).await.unwrap();
        assert!(first.head_end().is_some());
    }

    #[tokio::test]
    async fn who_comes_gets_the_place_of_who_has_waited_longest() {
        let patience = Patience { head: LONG, request: LONG };
        let (mut connections, _client, first) = listening(2, patience).await;
        let address = connections.local_addr().unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let (mut second, _) = connections.accept().await;
        // The first has asked in the meantime, so the second has waited longer.
        drop(first.seat.begin());
        let _third = TcpStream::connect(address).await.unwrap();
        let closed = tokio::spawn(async move { end(&mut second).await });
        let (third, _) = connections.accept().await;
        assert_eq!(closed.await.unwrap(), ErrorKind::ConnectionAborted);
        // A request at work keeps its place.
        let work = first.seat.begin();
        let _fourth = TcpStream::connect(address).await.unwrap();
        let (_fourth, _) = {
            let third = tokio::spawn(async move {
                let mut third = third;
                end(&mut third).await
            });
            let accepted = connections.accept().await;
            assert_eq!(third.await.unwrap(), ErrorKind::ConnectionAborted);
            accepted
        };
        assert!(!first.seat.is_closed());
        drop(work);
        drop(first);
    }

    #[test]
    fn files_bound_connections() {
        for (wanted, files, expected) in [
            (8192, Some(20_000), 8192),
            (8192, Some(1024), 512),
            (8192, None, 8192),
            (8192, Some(10), FEWEST),
        ] {
            assert_eq!(most(wanted, files), expected);
        }
    }
}
