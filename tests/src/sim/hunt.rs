//! How soon a planted bug is found: seed after seed, on several threads, until a checker objects.
//!
//! Invariant: the seed that is given is the lowest one that finds the bug, however many threads
//! there are. Absent: the bugs, and what finds them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Options, Planted, Report, run_with};

/// The report of the lowest of `seeds` seeds from `from` on in which a checker finds the bug.
pub fn hunt(planted: Planted, from: u64, seeds: u64, jobs: usize) -> Option<Report> {
    let options = Options { planted: Some(planted), ..Options::default() };
    let end = from.saturating_add(seeds);
    let next = AtomicU64::new(from);
    let lowest = AtomicU64::new(end);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= lowest.load(Ordering::Relaxed) {
                        return;
                    }
                    let report = run_with(seed, options);
                    if !report.violations.is_empty() {
                        lowest.fetch_min(seed, Ordering::Relaxed);
                        found.lock().unwrap_or_else(PoisonError::into_inner).push(report);
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.into_iter().min_by_key(|report| report.seed)
}
