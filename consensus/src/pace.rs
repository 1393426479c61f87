//! How long a view may take (R12).
//!
//! Invariants: a time-out stays within the configured bounds; it follows measured views, and grows
//! without a measurement only when more leaders in a row have failed than can be faulty. Absent:
//! clocks.

use crate::config::Timing;

/// The adaptive time-out.
#[derive(Clone, Debug)]
pub struct Pace {
    timing: Timing,
    /// The most validators that can be faulty.
    faulty: u32,
    /// What a busy view takes from its work or proposal to its notarization, in milliseconds.
    estimate: u64,
    /// Nullified views since the last notarized one.
    failures: u32,
}

impl Pace {
    /// How many times the estimate a view may take.
    const MARGIN: u64 = 4;

    /// A pace that starts at a quarter of the longest time-out.
    pub fn new(timing: Timing, fault_bound: usize) -> Self {
        let faulty = u32::try_from(fault_bound).unwrap_or(u32::MAX);
        let estimate = timing.maximum_timeout_ms / (4 * Self::MARGIN);
        Self { timing, faulty, estimate, failures: 0 }
    }

    /// From now on other times hold; what was measured stays.
    pub const fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// The time-out of a view from the moment that it has something to do, in milliseconds.
    pub fn timeout(&self) -> u64 {
        // R12
        let least = self.timing.minimum_timeout_ms;
        let most = self.timing.maximum_timeout_ms.max(least);
        let doublings = self.failures.saturating_sub(self.faulty).min(16);
        let base = self.estimate.saturating_mul(Self::MARGIN).clamp(least, most);
        base.saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(most)
    }

    /// A view was notarized; it took `measured` milliseconds, if it was seen from the start. The
    /// estimate rises at once and falls slowly.
    pub fn notarized(&mut self, measured: Option<u64>) {
        self.failures = 0;
        if let Some(measured) = measured {
            let decayed = self.estimate.saturating_sub(self.estimate.div_ceil(8));
            self.estimate = measured.max(decayed).min(self.timing.maximum_timeout_ms);
        }
    }

    /// A view was nullified.
    pub const fn nullified(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// The pause before the `count`th repetition of votes in one view, in milliseconds.
    pub fn resend_pause(&self, count: u32) -> u64 {
        // R14
        let doubled = 1_u64.checked_shl(count).unwrap_or(u64::MAX);
        self.timing.resend_ms.saturating_mul(doubled).min(self.longest_pause())
    }

    /// The pause between repetitions when nothing is open, in milliseconds.
    pub const fn longest_pause(&self) -> u64 {
        self.timing.resend_ms.saturating_mul(5)
    }

    /// The configured times.
    pub const fn timing(&self) -> &Timing {
        &self.timing
    }
}
