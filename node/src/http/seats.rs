//! Who has a request at work and who only waits, of all open connections of the API.
//!
//! Invariants: a connection waits from its beginning, and again from the end of each request on;
//! the one that has waited longest is known at once. Absent: sockets (see `connections`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use futures::task::AtomicWaker;

use super::connections::Peer;

/// Marks the connection as at work until the answer is handed over: all of it, where it is a stream
/// that goes on.
pub(super) async fn occupy(
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let work = peer.seat.begin();
    let response = next.run(request).await;
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |part| {
            let _at_work = &work;
            part
        }))
    })
}

/// The connections that wait, by their turns: the lowest has waited longest.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    seats: BTreeMap<u64, Arc<Seat>>,
}

impl Room {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the connection that has waited longest to end; there may be none.
    pub(super) fn close_longest(&self) {
        let longest = self.waiting().seats.pop_first();
        if let Some((_, seat)) = longest {
            seat.closed.store(true, Ordering::Release);
            seat.waker.wake();
        }
    }
}

/// One connection as the others see it.
#[derive(Debug)]
pub(super) struct Seat {
    room: Arc<Room>,
    state: Mutex<State>,
    closed: AtomicBool,
    waker: AtomicWaker,
}

/// What the connection does: the requests at work, and its turn of waiting if there are none.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    requests: usize,
    turn: Option<u64>,
}

impl Seat {
    /// A new connection's seat; it waits.
    pub(super) fn take(room: &Arc<Room>) -> Arc<Self> {
        let seat = Arc::new(Self {
            room: room.clone(),
            state: Mutex::default(),
            closed: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        seat.wait(&mut seat.state());
        seat
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(self: &Arc<Self>, state: &mut State) {
        let mut waiting = self.room.waiting();
        waiting.next = waiting.next.saturating_add(1);
        let turn = waiting.next;
        waiting.seats.insert(turn, self.clone());
        state.turn = Some(turn);
    }

    /// A request begins; it is at work until the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Work {
        let mut state = self.state();
        state.requests = state.requests.saturating_add(1);
        if let Some(turn) = state.turn.take() {
            self.room.waiting().seats.remove(&turn);
        }
        Work(self.clone())
    }

    /// The connection is gone.
    pub(super) fn leave(&self) {
        if let Some(turn) = self.state().turn.take() {
            self.room.waiting().seats.remove(&turn);
        }
        // A request that still works for it must not make it wait again.
        self.closed.store(true, Ordering::Release);
    }

    /// Its turn of waiting; `None` while a request is at work.
    pub(super) fn turn(&self) -> Option<u64> {
        self.state().turn
    }

    /// True if it has to end, or has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whom to wake when it has to end.
    pub(super) fn watch(&self, waker: &Waker) {
        self.waker.register(waker);
    }
}

/// A request at work.
#[derive(Debug)]
pub(super) struct Work(Arc<Seat>);

impl Drop for Work {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests = state.requests.saturating_sub(1);
        if state.requests == 0 && !self.0.is_closed() {
            self.0.wait(&mut state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_waited_longest_is_closed_and_who_works_is_not() {
        let room = Arc::new(Room::default());
        let seats = [0; 3].map(|_| Seat::take(&room));
        let closed = || seats.iter().map(|seat| seat.is_closed()).collect::<Vec<_>>();
        let work = seats[0].begin();
        room.close_longest();
        assert_eq!(closed(), [false, true, false]);
        drop(work);
        room.close_longest();
        room.close_longest();
        room.close_longest();
        assert_eq!(closed(), [true, true, true]);
    }

    #[test]
    fn who_has_left_does_not_wait() {
        let room = Arc::new(Room::default());
        let seat = Seat::take(&room);
        let work = seat.begin();
        seat.leave();
        drop(work);
        assert!(room.waiting().seats.is_empty() && seat.turn().is_none());
    }
}
