//! The thread that steps the core.
//!
//! Invariants: steps are one after another, each with the time of its moment; what must be durable
//! goes to the performer in order, what need not wait is done at once. Absent: I/O.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use ledger::ids::Timestamp;
use std::sync::Arc;

use super::inbox::{InboxReceiver, Next};
use super::view::View;
use crate::core::Core;
use crate::core::step::{Input, Output};
use crate::core::verification::{JobId, VerificationJob};
use crate::home::now;

/// The thread's state.
pub(super) struct CoreThread {
    pub(super) core: Core,
    pub(super) inbox: InboxReceiver,
    pub(super) jobs: Sender<(JobId, VerificationJob)>,
    pub(super) performer: Sender<Vec<Output>>,
    pub(super) stopped: Receiver<()>,
    pub(super) view: Arc<View>,
}

impl CoreThread {
    /// Steps until the node stops or the performer is gone.
    pub(super) fn run(mut self, first: Vec<Output>) {
        let mut wake = None;
        if !self.pass_on(first, &mut wake) {
            return;
        }
        loop {
            let wait = wake.map(|at: Timestamp| Duration::from_millis(at.since(now())));
            let input = match self.inbox.next(&self.stopped, wait) {
                Next::Input(input) => input,
                Next::Nothing => {
                    wake = None;
                    Input::Wake
                }
                Next::Stopped => return,
            };
            let outputs = self.core.step(now(), input);
            self.view.set_synced(self.core.is_synced());
            if !self.pass_on(outputs, &mut wake) {
                return;
            }
        }
    }

    fn pass_on(&self, outputs: Vec<Output>, wake: &mut Option<Timestamp>) -> bool {
        let mut ordered = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::WakeAt(at) => *wake = Some(at),
                Output::Verify(job, work) => {
                    if self.jobs.send((job, work)).is_err() {
                        return false;
                    }
                }
                Output::Persist(_)
                | Output::Send { .. }
                | Output::Broadcast { .. }
                | Output::BroadcastBatch(_)
                | Output::SendBatch { .. }
                | Output::ServeBatches { .. }
                | Output::ServeChain { .. }
                | Output::Reply(..)
                | Output::Commit(_)
                | Output::Misbehaviour { .. }
                | Output::Halt(_)
                | Output::Evidence(_) => ordered.push(output),
            }
        }
        ordered.is_empty() || self.performer.send(ordered).is_ok()
    }
}
