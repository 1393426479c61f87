//! What the network has carried, lost and refused, for metrics.
//!
//! Absent: names, labels and text formats; the metrics endpoint gives them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::class::Class;

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkCounters {
    /// Per class, in the order of [`Class::ALL`].
    pub classes: [ClassCounters; Class::COUNT],
    /// Peers that became connected.
    pub connected: u64,
    /// Peers that became disconnected.
    pub disconnected: u64,
    /// Inbound connections refused because the key is not on the allow-list.
    pub unknown_peers: u64,
    /// Inbound connections that failed the handshake: garbage, another protocol, a time-out, too
    /// many at once.
    pub failed_handshakes: u64,
    /// Dials that failed.
    pub failed_dials: u64,
    /// Connections closed because a listed peer broke the protocol: an oversized frame, a refused
    /// or repeated stream.
    pub offences: u64,
    /// Connections closed because the peer stalled: nothing heard, or nothing taken, for too long.
    pub stalled: u64,
}

/// Totals of one class since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCounters {
    /// Frames handed to the transport.
    pub sent_frames: u64,
    /// Bytes in them.
    pub sent_bytes: u64,
    /// Frames received.
    pub received_frames: u64,
    /// Bytes in them.
    pub received_bytes: u64,
    /// Frames that left a full queue unsent.
    pub dropped_frames: u64,
}

/// The running totals.
#[derive(Debug, Default)]
pub(super) struct Counters {
    classes: [ClassTotals; Class::COUNT],
    pub(super) connected: Total,
    pub(super) disconnected: Total,
    pub(super) unknown_peers: Total,
    pub(super) failed_handshakes: Total,
    pub(super) failed_dials: Total,
    pub(super) offences: Total,
    pub(super) stalled: Total,
}

#[derive(Debug, Default)]
pub(super) struct ClassTotals {
    pub(super) sent_frames: Total,
    pub(super) sent_bytes: Total,
    pub(super) received_frames: Total,
    pub(super) received_bytes: Total,
    pub(super) dropped_frames: Total,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Total(AtomicU64);

impl Total {
    pub(super) fn add(&self, amount: usize) {
        self.0.fetch_add(u64::try_from(amount).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(super) fn class(&self, class: Class) -> &ClassTotals {
        &self.classes[class.index()]
    }

    pub(super) fn snapshot(&self) -> NetworkCounters {
        NetworkCounters {
            classes: Class::ALL.map(|class| self.class(class).snapshot()),
            connected: self.connected.get(),
            disconnected: self.disconnected.get(),
            unknown_peers: self.unknown_peers.get(),
            failed_handshakes: self.failed_handshakes.get(),
            failed_dials: self.failed_dials.get(),
            offences: self.offences.get(),
            stalled: self.stalled.get(),
        }
    }
}

impl ClassTotals {
    fn snapshot(&self) -> ClassCounters {
        ClassCounters {
            sent_frames: self.sent_frames.get(),
            sent_bytes: self.sent_bytes.get(),
            received_frames: self.received_frames.get(),
            received_bytes: self.received_bytes.get(),
            dropped_frames: self.dropped_frames.get(),
        }
    }
}
