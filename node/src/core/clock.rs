//! The clock that is set back: what waits for a moment of the former time waits no longer.
//!
//! Invariant: a question whose answer is still to come is asked again, which does no harm. Absent:
//! consensus' own spans (`consensus::clock`).

use ledger::ids::Timestamp;

use super::Core;

impl Core {
    /// Takes note of the moment, and forgets what the former time has set if the clock went back.
    pub(super) fn follow_clock(&mut self, now: Timestamp) {
        let is_set_back = now < self.latest;
        self.latest = now;
        if !is_set_back {
            return;
        }
        self.quiet_since = self.quiet_since.min(now);
        self.requested.clear();
        self.catchup.ask_again();
        self.told.clear();
        self.forwards.send_again();
        self.wakes.retry = Some(now);
        self.wakes.consensus = Some(now);
        self.wakes.announced = None;
    }
}
