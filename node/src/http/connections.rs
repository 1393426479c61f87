//! The API's listener: bounds open connections, and closes those on which nothing moves.
//!
//! Invariants: no more than a fixed number of connections is open; the next waits in the operating
//! system's queue. A client that opens connections and says nothing, or stops reading, holds each
//! for a bounded time. Absent: HTTP.

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
use tokio::time::{Instant, Sleep, sleep};

/// How long a connection may be silent beyond the longest wait of a request.
const SILENCE: Duration = Duration::from_secs(60);

/// A listener that bounds its connections.
pub(super) struct Connections {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    silence: Duration,
}

impl Connections {
    /// At most `most` connections at once, whose requests wait `longest` at most.
    pub(super) fn new(listener: TcpListener, most: usize, longest: Duration) -> Self {
        let slots = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { listener, slots, silence: longest.saturating_add(SILENCE) }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed.
        let slot = self.slots.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "an answer may wait for more to send");
        }
        let silence = self.silence;
        let alarm = Box::pin(sleep(silence));
        (Connection { stream, alarm, silence, _slot: slot }, address)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The address that a request's connection comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

impl Connected<IncomingStream<'_, Connections>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        Self(stream.remote_addr().ip())
    }
}

/// A connection with its slot.
pub(super) struct Connection {
    stream: TcpStream,
    alarm: Pin<Box<Sleep>>,
    silence: Duration,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// What an operation gave; one that has waited too long fails.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        operation: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        match operation(Pin::new(&mut self.stream), context) {
            Poll::Ready(done) => {
                self.alarm.as_mut().reset(Instant::now() + self.silence);
                Poll::Ready(done)
            }
            Poll::Pending => {
                ready!(self.alarm.as_mut().poll(context));
                Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "nothing moved for too long")))
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.watched(context, |stream, context| stream.poll_read(context, buffer))
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

    #[tokio::test]
    async fn a_silent_connection_fails_and_a_slot_is_given_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connections = Connections::new(listener, 1, Duration::ZERO);
        connections.silence = Duration::from_millis(20);
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut first, _) = connections.accept().await;
        client.write_all(b"x").await.unwrap();
        let mut byte = [0];
        first.read_exact(&mut byte).await.unwrap();
        assert_eq!(first.read(&mut byte).await.unwrap_err().kind(), ErrorKind::TimedOut);

        let _second = TcpStream::connect(address).await.unwrap();
        assert_eq!(connections.slots.available_permits(), 0);
        drop(first);
        assert_eq!(connections.slots.available_permits(), 1);
        connections.accept().await;
    }
}
