//! A small deterministic generator: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
//!
//! Invariant: the same seed gives the same numbers on every machine. Absent: anything secret.

/// A stream of numbers that a seed determines.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "a range has a lowest number");
        let span = (high - low).saturating_add(1);
        low + self.next() % span
    }

    /// A position in a list of `length` things, which is not empty.
    pub fn position(&mut self, length: usize) -> usize {
        let last = u64::try_from(length).unwrap_or(u64::MAX) - 1;
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.next() % 1000 < per_mille
    }
}
