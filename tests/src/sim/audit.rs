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
    /// One line for each event, if they are kept.
    trace: Option<Vec<String>>,
}

impl Audit {
    /// An audit of nothing; it keeps a line for each event if it `traces`.
    pub fn new(domains: Domains, traces: bool) -> Self {
        Self { domains, hash: Hash::ZERO, events: 0, trace: traces.then(Vec::new) }
    }

    /// Keeps a line for people, if lines are kept. It is no part of the hash.
    pub fn explain(&mut self, now: u64, node: usize, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>6} ms  validator {node}  {}", line()));
        }
    }

    /// The lines that were kept.
    pub fn trace(&self) -> &[String] {
        self.trace.as_deref().unwrap_or_default()
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
