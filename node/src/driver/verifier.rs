//! The threads that check signatures.
//!
//! Invariants: a thread takes its share of the jobs that wait, and checks them as one batch: so
//! batches grow when there is more to check than threads, and nothing waits for another otherwise.
//! Absent: what is checked (the core's `verification`).

use std::iter;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use ledger::hash::Domains;

use super::inbox::Inbox;
use super::{DriverError, spawn};
use crate::core::step::Input;
use crate::core::verification::{JobId, VerificationJob, run_all};

/// More than the core has under way at a time, so that it never waits here.
const QUEUE: usize = 256;

/// The most jobs that are added to one: more make a signature hardly cheaper, and the first result
/// waits for all.
const TOGETHER: usize = 7;

/// Starts a thread per processor; returns where jobs go.
pub(super) fn start(
    domains: &Domains,
    inbox: &Inbox,
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<Sender<(JobId, VerificationJob)>, DriverError> {
    let (jobs, queue) = bounded::<(JobId, VerificationJob)>(QUEUE);
    let domains = Arc::new(domains.clone());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..processors {
        let (queue, inbox, domains) = (queue.clone(), inbox.clone(), domains.clone());
        threads.push(spawn("verifier", move || {
            while let Ok(first) = queue.recv() {
                let share = queue.len().checked_div(processors).unwrap_or(0).min(TOGETHER);
                let more = queue.try_iter().take(share);
                let (names, work): (Vec<_>, Vec<_>) = iter::once(first).chain(more).unzip();
                for (job, result) in names.into_iter().zip(run_all(&domains, work)) {
                    inbox.result(Input::Verified(job, result));
                }
            }
        })?);
    }
    Ok(jobs)
}
