//! The frames that wait for one peer in one class.
//!
//! Invariants: adding never waits; at most [`Class::queue_frames`] frames and
//! [`Class::queue_bytes`] bytes wait. When full, the oldest leave: consensus repeats what still
//! matters, and of lane data the newest is what a peer that comes back needs beside its catch-up.
//! Frames outlive a connection. One writer at a time takes frames, so their order holds even while
//! two connections to the peer exist.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::bytes::Bytes;

use super::class::Class;

pub(super) struct Outbox {
    class: Class,
    queue: Mutex<Queue>,
    filled: Notify,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl Outbox {
    pub(super) fn new(class: Class) -> Self {
        Self {
            class,
            queue: Mutex::default(),
            filled: Notify::new(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Adds a frame and returns how many older ones left for it.
    pub(super) fn push(&self, frame: Bytes) -> usize {
        let mut dropped = 0;
        {
            let mut queue = self.queue();
            let bytes_left = self.class.queue_bytes().saturating_sub(frame.len());
            while queue.bytes > bytes_left || queue.frames.len() >= self.class.queue_frames() {
                if queue.pop().is_none() {
                    break;
                }
                dropped += 1;
            }
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
        }
        self.filled.notify_one();
        dropped
    }

    /// The right to take frames, held by one writer for as long as its connection lives.
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn { outbox: self, _guard: self.turn.lock().await }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

/// The writer's side of an outbox.
pub(super) struct Turn<'a> {
    outbox: &'a Outbox,
    _guard: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// The oldest frame; waits for one. Safe to cancel: a frame leaves the queue only when it is
    /// returned.
    pub(super) async fn next(&mut self) -> Bytes {
        loop {
            if let Some(frame) = self.try_next() {
                return frame;
            }
            self.outbox.filled.notified().await;
        }
    }

    /// The oldest frame, if there is one now.
    pub(super) fn try_next(&mut self) -> Option<Bytes> {
        self.outbox.queue().pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: usize) -> Bytes {
        let mut bytes = vec![0; length];
        bytes[0] = first;
        Bytes::from(bytes)
    }

    #[tokio::test]
    async fn frames_leave_in_their_order() {
        let outbox = Outbox::new(Class::Votes);
        for first in 0..3 {
            assert_eq!(outbox.push(frame(first, 10)), 0);
        }
        let mut turn = outbox.turn().await;
        for first in 0..3 {
            assert_eq!(turn.next().await[0], first);
        }
        assert!(turn.try_next().is_none());
        assert_eq!(outbox.queue().bytes, 0);
    }

    #[tokio::test]
    async fn a_full_queue_loses_its_oldest_by_bytes() {
        let outbox = Outbox::new(Class::Votes);
        let quarter = Class::Votes.queue_bytes() / 4;
        for first in 0..4 {
            assert_eq!(outbox.push(frame(first, quarter)), 0);
        }
        assert_eq!(outbox.push(frame(4, 2 * quarter)), 2);
        assert_eq!(outbox.queue().bytes, Class::Votes.queue_bytes());
        let mut turn = outbox.turn().await;
        let left: Vec<u8> = std::iter::from_fn(|| turn.try_next()).map(|frame| frame[0]).collect();
        assert_eq!(left, [2, 3, 4]);
    }

    #[tokio::test]
    async fn a_full_queue_loses_its_oldest_by_count() {
        let outbox = Outbox::new(Class::Lanes);
        let dropped: usize =
            (0..Class::Lanes.queue_frames() + 5).map(|_| outbox.push(frame(0, 1))).sum();
        assert_eq!(dropped, 5);
        assert_eq!(outbox.queue().frames.len(), Class::Lanes.queue_frames());
    }

    #[tokio::test]
    async fn one_writer_at_a_time_and_the_next_takes_over() {
        let outbox = Outbox::new(Class::Sync);
        let first = outbox.turn().await;
        assert!(outbox.turn.try_lock().is_err());
        drop(first);
        outbox.push(frame(9, 1));
        assert_eq!(outbox.turn().await.next().await[0], 9);
    }
}
