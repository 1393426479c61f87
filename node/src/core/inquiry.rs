//! The question of a node that hears nothing: is there another final block?
//!
//! Validators repeat their status to each other (R14), an observer has none. Where the chain is
//! idle it cannot tell whether it has missed blocks, and one of these may make it a validator for
//! whom all others wait. Invariants: one question a heartbeat, and one more after each answer that
//! brought something; what is answered is believed like any answer to catch-up. Absent: nodes that
//! know of a later block (`catchup`).

use ledger::ids::Timestamp;

use super::Core;
use super::epochs::timing;
use super::message::PeerMessage;
use super::step::{Channel, Output};

impl Core {
    /// When an observer asks next, if it hears nothing until then.
    pub(super) fn inquiry_time(&self) -> Option<Timestamp> {
        let is_observer = self.committee.me().is_none();
        if !is_observer || !self.may_ask_for_chain() {
            return None;
        }
        let heartbeat = timing(&self.config, self.final_tip()).heartbeat_ms;
        Some(self.quiet_since.plus(heartbeat))
    }

    /// Asks some validator for the next block, if this node is an observer and has not seen one for
    /// a heartbeat, or if the last answer brought some.
    pub(super) fn inquire_if_quiet(&mut self, now: Timestamp) {
        let Some(at) = self.inquiry_time() else { return };
        if at > now && !self.catchup.was_fruitful() {
            return;
        }
        // Also if nobody can be asked now: the next time comes a heartbeat later.
        self.quiet_since = now;
        if let Some(to) = self.another_peer(now)
            && self.catchup.inquire(now, to)
        {
            let message = PeerMessage::ChainRequest(self.final_tip().header().height.next());
            self.outputs.push(Output::Send { to, channel: Channel::Sync, message });
        }
    }
}
