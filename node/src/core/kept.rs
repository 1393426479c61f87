//! How much a core holds in memory, for metrics and for tests of the bounds.
//!
//! Invariant: what peers and clients can make grow is counted here. Absent: bytes; every element is
//! bounded by its type.

use super::Core;

/// How many elements the core's collections have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Clients' transactions between arrival and order: bounded by the limits of admission.
    pub transactions: usize,
    /// Lane batches, of all lanes.
    pub batches: usize,
    /// Blocks that were executed and are not final, or wait for data or a parent.
    pub blocks: usize,
    /// Views of which the replica knows something.
    pub views: usize,
    /// Blocks that the replica holds above the last final one.
    pub candidates: usize,
    /// Final blocks that wait for their data.
    pub finals: usize,
    /// Verification jobs under way.
    pub jobs: usize,
    /// Requests for lane data.
    pub requests: usize,
}

impl Core {
    /// How much the core holds now.
    pub fn kept(&self) -> Kept {
        let (views, candidates) = self.replica.kept();
        Kept {
            transactions: self.admission.count(),
            batches: self.lanes.count(),
            blocks: self.executor.count(),
            views,
            candidates,
            finals: self.finals.len(),
            jobs: self.jobs.len(),
            requests: self.requested.len(),
        }
    }
}
