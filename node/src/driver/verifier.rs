//! The threads that check signatures.
//!
//! Invariants: one job at a time per thread; a job is one batch. Absent: what is checked (the
//! core's `verification`).

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use ledger::hash::Domains;

use super::inbox::Inbox;
use super::{DriverError, spawn};
use crate::core::step::Input;
use crate::core::verification::{JobId, VerificationJob};

/// More than the core has under way at a time, so that it never waits here.
const QUEUE: usize = 256;

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
            for (job, work) in queue {
                inbox.result(Input::Verified(job, work.run(&domains)));
            }
        })?);
    }
    Ok(jobs)
}
