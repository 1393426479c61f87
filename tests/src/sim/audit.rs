//! The audit: one hash over everything that happened, in order.
//!
//! Invariant: two runs with the same audit hash saw the same events at the same times.

use ledger::hash::{Domain, Domains, Hash};

/// A hash chain of events.
#[derive(Clone, Debug)]
pub struct Audit {
    domains: Domains,
    hash: Hash,
    events: u64,
}

impl Audit {
    /// An audit of nothing.
    pub const fn new(domains: Domains) -> Self {
        Self { domains, hash: Hash::ZERO, events: 0 }
    }

    /// Notes that `what` happened to `node` at `now`.
    pub fn note(&mut self, now: u64, node: usize, what: &str, bytes: &[u8]) {
        let node = u64::try_from(node).unwrap_or(u64::MAX);
        self.hash = self.domains.hash_of(Domain::Message, &(self.hash, now, node, what, bytes));
        self.events += 1;
    }

    /// The hash of all that was noted.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// How many events were noted.
    pub const fn events(&self) -> u64 {
        self.events
    }
}
