//! The thread that steps the core.
//!
//! Invariants: steps are one after another, each with the time of its moment; what must be durable
//! goes to the performer in order, what need not wait is done at once. Absent: I/O.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;

use super::inbox::{InboxReceiver, Next};
use super::view::View;
use crate::core::step::{Input, Output};
use crate::core::verification::{JobId, VerificationJob};
use crate::core::{Core, Role};
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
        let mut wake: Option<Instant> = None;
        self.show_role();
        if !self.pass_on(first, &mut wake) {
            return;
        }
        loop {
            let wait = wake.map(|at| at.saturating_duration_since(Instant::now()));
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
            self.show_role();
            if !self.pass_on(outputs, &mut wake) {
                return;
            }
        }
    }

    /// Shows what the node does now, and says so if that has changed.
    fn show_role(&self) {
        let role = self.core.role();
        if !self.view.set_role(role) {
            return;
        }
        let tip = self.core.final_tip();
        let (epoch, height) = (tip.child_epoch().0, tip.height().0);
        tracing::info!(role = role.name(), epoch, height, "what this node does from here on");
        let bic = self.view.institution();
        let mut validators = tip.child_validators().iter();
        if role == Role::Observer && validators.any(|(_, validator)| validator.bic == bic) {
            tracing::warn!(
                "{bic} has a validator, and this node has not its voting key: see \
                 `feiqian-node rotate-key`, or arm the home if it was restored"
            );
        }
    }

    fn pass_on(&self, outputs: Vec<Output>, wake: &mut Option<Instant>) -> bool {
        let mut ordered = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::WakeAt(at) => {
                    // The date may be set meanwhile; how long to wait does not change with it.
                    let wait = Duration::from_millis(at.since(now()));
                    *wake = Instant::now().checked_add(wait);
                }
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
                | Output::ServeSnapshot { .. }
                | Output::Keep(_)
                | Output::Install(_)
                | Output::Note(_)
                | Output::Nodes(_)
                | Output::Reply(..)
                | Output::Commit(_)
                | Output::Misbehaviour { .. }
                | Output::Halt(_)
                | Output::Regained
                | Output::Evidence(_) => ordered.push(output),
            }
        }
        ordered.is_empty() || self.performer.send(ordered).is_ok()
    }
}
