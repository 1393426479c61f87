//! The clock that is set back.
//!
//! Invariant: a span that has begun lasts no longer for it; so a node whose date is corrected goes
//! on at once, and does not count as failed until the old moment comes again. Absent: what time it
//! really is; a clock that is set forward ends spans early, which does no harm.

use ledger::ids::Timestamp;

use crate::replica::Replica;

impl Replica {
    /// Takes note of the moment, and moves everything that has begun if the clock was set back.
    pub(crate) fn follow_clock(&mut self, now: Timestamp) {
        let back = self.latest.since(now);
        self.latest = now;
        if back == 0 {
            return;
        }
        let earlier = |moment: Timestamp| moment.minus(back);
        self.turn.entered = earlier(self.turn.entered);
        self.turn.busy_since = self.turn.busy_since.map(earlier);
        self.idle_since = earlier(self.idle_since);
        self.resend.last = self.resend.last.map(earlier);
        for answered in &mut self.answered {
            *answered = answered.map(earlier);
        }
        // What was asked for is a moment of the former time.
        self.wake = None;
    }
}
