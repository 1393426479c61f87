//! The bug: a node sets its clock by what leaders propose, so the bound on a block's time bounds
//! nothing.

use consensus::Message;
use ledger::ids::Timestamp;
use node::core::step::Input;

use super::wiring::heard;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "follows-the-leaders-clock",
    spans_epochs: false,
    // A clock that a fast leader set ahead stands still, so the node's time-outs never come.
    finders: &["block time", "liveness"],
    make: |_| Box::new(LeadersClock::default()),
};

#[derive(Default)]
struct LeadersClock {
    latest: Timestamp,
}

impl Bug for LeadersClock {
    fn input(&mut self, input: Input) -> Vec<Input> {
        if let Some((_, Message::Proposal(proposal))) = heard(&input) {
            self.latest = self.latest.max(proposal.block.header.time);
        }
        vec![input]
    }

    fn clock(&self, now: Timestamp) -> Timestamp {
        now.max(self.latest)
    }
}
