//! Many seeds, on several threads.
//!
//! Invariant: each simulation runs in one thread, so a sweep's reports do not depend on how many
//! there are.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Options, Report, Summary, run_with};

/// Runs `count` seeds from `from` on, `jobs` at a time, and hands each report to `see` before it is
/// added up.
pub fn sweep(
    from: u64,
    count: u64,
    jobs: usize,
    options: Options,
    see: impl Fn(&Report) + Sync,
) -> Summary {
    let next = AtomicU64::new(0);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let offset = next.fetch_add(1, Ordering::Relaxed);
                    if offset >= count {
                        return;
                    }
                    let report = run_with(from.saturating_add(offset), options);
                    see(&report);
                    summary.lock().unwrap_or_else(PoisonError::into_inner).add(report);
                }
            });
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}
