//! Clients that wait for a reply.
//!
//! Invariants: a request has one reply or none; a client that left costs nothing but its entry,
//! which the reply removes. Absent: what a reply says.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use crate::core::step::{Reply, RequestId};

/// The open requests.
#[derive(Default)]
pub(super) struct Replies {
    next: AtomicU64,
    waiting: Mutex<HashMap<RequestId, oneshot::Sender<Reply>>>,
}

impl Replies {
    /// Opens a request.
    pub(super) fn open(&self) -> (RequestId, oneshot::Receiver<Reply>) {
        let request = RequestId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(request, sender);
        (request, receiver)
    }

    /// Gives the reply to whoever waits.
    pub(super) fn give(&self, request: RequestId, reply: Reply) {
        if let Some(waiting) = self.close(request) {
            // The client may have left.
            let _ = waiting.send(reply);
        }
    }

    /// Forgets a request.
    pub(super) fn close(&self, request: RequestId) -> Option<oneshot::Sender<Reply>> {
        self.lock().remove(&request)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Reply>>> {
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
