//! The core's inbox: results first, then peers, then clients.
//!
//! Invariants: each queue is bounded; a full one holds peers back and turns clients away. Absent:
//! the inputs' meaning.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, never, select};

use crate::core::step::Input;

/// How many inputs of each kind may wait.
const RESULTS: usize = 1_024;
const PEERS: usize = 4_096;
const CLIENTS: usize = 8_192;

/// The senders' end.
#[derive(Clone)]
pub(super) struct Inbox {
    results: Sender<Input>,
    peers: Sender<Input>,
    clients: Sender<Input>,
}

/// The core's end.
pub(super) struct InboxReceiver {
    results: Receiver<Input>,
    peers: Receiver<Input>,
    clients: Receiver<Input>,
}

/// What came of waiting.
#[expect(clippy::large_enum_variant, reason = "nearly every one is an input, and none is kept")]
pub(super) enum Next {
    /// An input.
    Input(Input),
    /// Nothing within the time.
    Nothing,
    /// The node stops.
    Stopped,
}

pub(super) fn channel() -> (Inbox, InboxReceiver) {
    let (results_in, results) = bounded(RESULTS);
    let (peers_in, peers) = bounded(PEERS);
    let (clients_in, clients) = bounded(CLIENTS);
    let inbox = Inbox { results: results_in, peers: peers_in, clients: clients_in };
    (inbox, InboxReceiver { results, peers, clients })
}

impl Inbox {
    /// A verifier's result. Waits while the queue is full.
    pub(super) fn result(&self, input: Input) {
        // The core is gone only when the node stops.
        let _ = self.results.send(input);
    }

    /// Something of a peer. Waits while the queue is full; false when the node stops.
    pub(super) fn peer(&self, input: Input) -> bool {
        self.peers.send(input).is_ok()
    }

    /// How many clients' submissions wait.
    pub(super) fn waiting_clients(&self) -> usize {
        self.clients.len()
    }

    /// A client's submission; false if the queue is full or the node stops.
    pub(super) fn submit(&self, input: Input) -> bool {
        self.clients.try_send(input).is_ok()
    }
}

impl InboxReceiver {
    /// The next input, within `wait`; without it, waits as long as it takes.
    pub(super) fn next(&self, stopped: &Receiver<()>, wait: Option<Duration>) -> Next {
        if matches!(stopped.try_recv(), Err(TryRecvError::Disconnected)) {
            return Next::Stopped;
        }
        for queue in [&self.results, &self.peers, &self.clients] {
            if let Ok(input) = queue.try_recv() {
                return Next::Input(input);
            }
        }
        let timer = wait.map_or_else(never, crossbeam_channel::after);
        select! {
            recv(self.results) -> input => Self::given(input),
            recv(self.peers) -> input => Self::given(input),
            recv(self.clients) -> input => Self::given(input),
            recv(timer) -> _ => Next::Nothing,
            recv(stopped) -> _ => Next::Stopped,
        }
    }

    fn given(input: Result<Input, crossbeam_channel::RecvError>) -> Next {
        input.map_or(Next::Stopped, Next::Input)
    }
}
