//! Frames on a stream: four bytes of length (little endian), then that many bytes. Length 0 is a
//! heartbeat.
//!
//! Invariants: a length is checked against the class's maximum before anything is allocated; memory
//! for a frame grows with the bytes that have come, not with the announced length; one write is at
//! most [`PART`] bytes, and frames that wait together are written together.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::bytes::Bytes;

use super::class::Class;
use super::counters::ClassTotals;
use super::outbox::Turn;

/// The most that is written or allocated at once.
pub(super) const PART: usize = 128 * 1024;

const HEADER: usize = 4;

/// Why a stream, and with it the connection, ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamEnd {
    #[error("the stream ended: {0}")]
    Closed(#[from] io::Error),
    #[error("nothing was heard for too long")]
    Silent,
    #[error("the peer took nothing for too long")]
    Stalled,
    #[error("a {class:?} frame of {length} bytes; the maximum is {}", class.max_frame())]
    Oversized { class: Class, length: usize },
}

/// Reads the next length that announces a frame; heartbeats are passed over.
pub(super) async fn read_length(
    stream: &mut (impl AsyncRead + Unpin),
    class: Class,
    silence: Option<Duration>,
) -> Result<usize, StreamEnd> {
    loop {
        let mut header = [0; HEADER];
        match silence {
            Some(limit) => timeout(limit, stream.read_exact(&mut header))
                .await
                .map_err(|_| StreamEnd::Silent)??,
            None => stream.read_exact(&mut header).await?,
        }
        let length = usize::try_from(u32::from_le_bytes(header)).unwrap_or(usize::MAX);
        if length > class.max_frame() {
            return Err(StreamEnd::Oversized { class, length });
        }
        if length > 0 {
            return Ok(length);
        }
    }
}

/// Reads the bytes of a frame whose length was announced and accepted.
pub(super) async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    length: usize,
) -> Result<Bytes, StreamEnd> {
    let mut frame = Vec::with_capacity(length.min(PART));
    while frame.len() < length {
        let start = frame.len();
        frame.resize(length.min(start + PART), 0);
        stream.read_exact(&mut frame[start..]).await?;
    }
    Ok(Bytes::from(frame))
}

/// The writing side of a stream: collects frames and writes them in parts.
pub(super) struct FrameWriter<S> {
    stream: S,
    part: Vec<u8>,
    limit: Duration,
}

impl<S: AsyncWrite + Unpin> FrameWriter<S> {
    /// A writer whose every part must be taken within the limit.
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, part: Vec::new(), limit }
    }

    /// Writes the queue's frames as they come, and heartbeats when none come; ends with the stream.
    pub(super) async fn run(
        mut self,
        mut queue: Turn<'_>,
        heartbeat: Option<Duration>,
        totals: &ClassTotals,
    ) -> StreamEnd {
        loop {
            let first = match heartbeat {
                Some(pause) => timeout(pause, queue.next()).await.unwrap_or_default(),
                None => queue.next().await,
            };
            if let Err(end) = self.write_burst(first, &mut queue, totals).await {
                return end;
            }
        }
    }

    /// Writes a frame and all that wait behind it, then flushes once.
    async fn write_burst(
        &mut self,
        first: Bytes,
        queue: &mut Turn<'_>,
        totals: &ClassTotals,
    ) -> Result<(), StreamEnd> {
        let mut next = Some(first);
        while let Some(frame) = next {
            self.write_frame(&frame).await?;
            if !frame.is_empty() {
                totals.sent_frames.add(1);
                totals.sent_bytes.add(frame.len());
            }
            next = queue.try_next();
        }
        self.write_part().await?;
        timeout(self.limit, self.stream.flush()).await.map_err(|_| StreamEnd::Stalled)??;
        Ok(())
    }

    async fn write_frame(&mut self, frame: &[u8]) -> Result<(), StreamEnd> {
        if self.part.len() + HEADER > PART {
            self.write_part().await?;
        }
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        self.part.extend_from_slice(&length.to_le_bytes());
        let mut rest = frame;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PART - self.part.len()));
            self.part.extend_from_slice(now);
            rest = later;
            if self.part.len() == PART {
                self.write_part().await?;
            }
        }
        Ok(())
    }

    async fn write_part(&mut self) -> Result<(), StreamEnd> {
        timeout(self.limit, self.stream.write_all(&self.part))
            .await
            .map_err(|_| StreamEnd::Stalled)??;
        self.part.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::outbox::Outbox;
    use futures::io::Cursor;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// Remembers the size of every write; fails once it has taken all it may.
    struct Recorder<'a> {
        writes: &'a mut Vec<usize>,
        taken: &'a mut Vec<u8>,
        room: usize,
    }

    impl AsyncWrite for Recorder<'_> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.taken.len() >= self.room {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            self.writes.push(bytes.len());
            self.taken.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn written(class: Class, frames: &[Bytes]) -> (Vec<usize>, Vec<u8>) {
        let outbox = Outbox::new(class);
        frames.iter().for_each(|frame| assert_eq!(outbox.push(frame.clone()), 0));
        let (mut writes, mut taken) = (Vec::new(), Vec::new());
        let room = frames.iter().map(|frame| frame.len() + HEADER).sum();
        let recorder = Recorder { writes: &mut writes, taken: &mut taken, room };
        let writer = FrameWriter::new(recorder, Duration::from_secs(5));
        let totals = ClassTotals::default();
        let heartbeat = Some(Duration::ZERO);
        let end = writer.run(outbox.turn().await, heartbeat, &totals).await;
        assert!(matches!(end, StreamEnd::Closed(_)), "{end}");
        (writes, taken)
    }

    #[tokio::test]
    async fn frames_that_wait_together_are_one_write() {
        let frames = [1, 2, 3].map(|byte| Bytes::from(vec![byte; 100]));
        let (writes, taken) = written(Class::Votes, &frames).await;
        assert_eq!(writes, [312]);
        let mut stream = Cursor::new(taken);
        for frame in &frames {
            let length = read_length(&mut stream, Class::Votes, None).await.unwrap();
            assert_eq!(read_body(&mut stream, length).await.unwrap(), frame);
        }
    }

    #[tokio::test]
    async fn a_large_frame_is_cut_in_parts() {
        let frame =
            Bytes::from((0..1_000_003).map(|n: u32| n.to_le_bytes()[0]).collect::<Vec<_>>());
        let small = Bytes::from_static(b"after");
        let (writes, taken) = written(Class::Lanes, &[frame.clone(), small.clone()]).await;
        assert!(writes.iter().all(|size| *size <= PART), "{writes:?}");
        assert_eq!(writes.len(), 8);
        let mut stream = Cursor::new(taken);
        for expected in [frame, small] {
            let length = read_length(&mut stream, Class::Lanes, None).await.unwrap();
            assert_eq!(read_body(&mut stream, length).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn lengths_are_judged_before_the_body() {
        let max = u32::try_from(Class::Votes.max_frame()).unwrap();
        for (length, accepted) in [(1, true), (max, true), (max + 1, false), (u32::MAX, false)] {
            let mut stream = Cursor::new(length.to_le_bytes());
            let outcome = read_length(&mut stream, Class::Votes, None).await;
            assert_eq!(outcome.is_ok(), accepted, "{length}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn heartbeats_are_passed_over() {
        let mut stream = Cursor::new([0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(read_length(&mut stream, Class::Votes, None).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_frame_that_ends_early_is_an_end_not_a_frame() {
        for present in [0, 1, PART, 2 * PART - 1] {
            let mut stream = Cursor::new(vec![7; present]);
            let outcome = read_body(&mut stream, 2 * PART).await;
            assert!(matches!(outcome, Err(StreamEnd::Closed(_))), "{present}");
        }
    }

    #[tokio::test]
    async fn silence_ends_a_watched_stream() {
        let (_quiet, ours) = tokio::io::duplex(64);
        let mut stream = tokio_util::compat::TokioAsyncReadCompatExt::compat(ours);
        let limit = Some(Duration::from_millis(20));
        let outcome = read_length(&mut stream, Class::Votes, limit).await;
        assert!(matches!(outcome, Err(StreamEnd::Silent)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_ends_the_stream() {
        let (_full, ours) = tokio::io::duplex(64);
        let stream = tokio_util::compat::TokioAsyncWriteCompatExt::compat_write(ours);
        let outbox = Outbox::new(Class::Votes);
        outbox.push(Bytes::from(vec![1; 1000]));
        let writer = FrameWriter::new(stream, Duration::from_millis(20));
        let end = writer.run(outbox.turn().await, None, &ClassTotals::default()).await;
        assert!(matches!(end, StreamEnd::Stalled), "{end}");
    }
}
