//! What the network reports to the application, and how much may wait for it.
//!
//! Invariants: the classes take turns, so a flood in one does not starve another; a peer has a
//! share of bytes per class and its reader stops at the share's end, so that pressure goes back to
//! the peer's socket and one peer cannot fill the memory or the queue of others.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::bytes::Bytes;

use super::class::{Class, FRAME_COST};
use super::identity::PeerKey;

/// What the network reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkEvent {
    /// All streams to and from the peer are open.
    Connected(PeerKey),
    /// The last connection with the peer has ended. Frames received before may still follow.
    Disconnected(PeerKey),
    /// A frame came; its length is 1 to [`Class::max_frame`] bytes.
    Frame {
        /// The authenticated sender.
        from: PeerKey,
        /// The stream on which it came.
        class: Class,
        /// The frame, unchecked.
        bytes: Bytes,
    },
}

/// The application's end: what has happened, in order per peer and class.
pub struct NetworkEvents {
    changes: UnboundedReceiver<NetworkEvent>,
    frames: [UnboundedReceiver<Arrival>; Class::COUNT],
    next_class: usize,
}

struct Arrival {
    from: PeerKey,
    bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl NetworkEvents {
    /// The next event; `None` once the network has shut down and everything was taken. Safe to
    /// cancel.
    pub async fn recv(&mut self) -> Option<NetworkEvent> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<NetworkEvent>> {
        let mut open = match self.changes.poll_recv(context) {
            Poll::Ready(Some(change)) => return Poll::Ready(Some(change)),
            Poll::Ready(None) => false,
            Poll::Pending => true,
        };
        for offset in 0..Class::ALL.len() {
            let index = (self.next_class + offset) % Class::ALL.len();
            match self.frames[index].poll_recv(context) {
                Poll::Ready(Some(Arrival { from, bytes, .. })) => {
                    self.next_class = index + 1;
                    let class = Class::ALL[index];
                    return Poll::Ready(Some(NetworkEvent::Frame { from, class, bytes }));
                }
                Poll::Ready(None) => {}
                Poll::Pending => open = true,
            }
        }
        if open { Poll::Pending } else { Poll::Ready(None) }
    }
}

/// The network's end.
#[derive(Clone)]
pub(super) struct Inbox {
    changes: UnboundedSender<NetworkEvent>,
    frames: [UnboundedSender<Arrival>; Class::COUNT],
}

pub(super) fn channel() -> (Inbox, NetworkEvents) {
    let (changes_in, changes) = unbounded_channel();
    let pairs = Class::ALL.map(|_| unbounded_channel());
    let senders = pairs.each_ref().map(|(sender, _)| sender.clone());
    let receivers = pairs.map(|(_, receiver)| receiver);
    let events = NetworkEvents { changes, frames: receivers, next_class: 0 };
    (Inbox { changes: changes_in, frames: senders }, events)
}

impl Inbox {
    pub(super) fn report(&self, change: NetworkEvent) {
        // Fails only when the application has let go of its end: then nobody wants to know.
        let _ = self.changes.send(change);
    }

    /// Hands a frame over together with the part of the peer's share that it occupies.
    pub(super) fn deliver(&self, from: PeerKey, class: Class, bytes: Bytes, share: Portion) {
        let arrival = Arrival { from, bytes, _share: share.0 };
        // As above.
        let _ = self.frames[class.index()].send(arrival);
    }
}

/// How much one peer may have waiting in one class.
#[derive(Clone)]
pub(super) struct Share(Arc<Semaphore>);

/// The part of a share that one frame occupies until the application takes it.
pub(super) struct Portion(OwnedSemaphorePermit);

impl Share {
    pub(super) fn new(class: Class) -> Self {
        Self(Arc::new(Semaphore::new(class.inbound_bytes())))
    }

    /// Waits until a frame of this length may be held. Errors: the length is beyond any class's
    /// maximum.
    pub(super) async fn reserve(&self, length: usize) -> io::Result<Portion> {
        let cost = u32::try_from(length.saturating_add(FRAME_COST)).map_err(io::Error::other)?;
        let permit = self.0.clone().acquire_many_owned(cost).await.map_err(io::Error::other)?;
        Ok(Portion(permit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    async fn deliver(inbox: &Inbox, share: &Share, class: Class, byte: u8) {
        let portion = share.reserve(1).await.unwrap();
        inbox.deliver(PeerKey([1; 32]), class, Bytes::from(vec![byte]), portion);
    }

    #[tokio::test]
    async fn classes_take_turns_and_keep_their_order() {
        let (inbox, mut events) = channel();
        for (class, byte) in [
            (Class::Lanes, 0),
            (Class::Lanes, 1),
            (Class::Lanes, 2),
            (Class::Votes, 3),
            (Class::Votes, 4),
        ] {
            deliver(&inbox, &Share::new(class), class, byte).await;
        }
        drop(inbox);
        let mut seen = Vec::new();
        while let Some(NetworkEvent::Frame { bytes, .. }) = events.recv().await {
            seen.push(bytes[0]);
        }
        assert_eq!(seen, [3, 0, 4, 1, 2]);
    }

    #[tokio::test]
    async fn a_spent_share_returns_when_the_application_takes_frames() {
        let (inbox, mut events) = channel();
        let share = Share::new(Class::Votes);
        let most = Class::Votes.inbound_bytes() - FRAME_COST;
        let portion = share.reserve(most).await.unwrap();
        inbox.deliver(PeerKey([1; 32]), Class::Votes, Bytes::from_static(b"x"), portion);
        assert!(share.reserve(1).now_or_never().is_none());
        events.recv().await.unwrap();
        assert!(share.reserve(1).now_or_never().is_some());
    }
}
