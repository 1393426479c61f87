//! The audit: one hash over everything that happened, in order.
//!
//! Invariant: two runs with the same audit hash saw the same events at the same times. It guards
//! against chance, not against malice, so it mixes words instead of hashing bytes.

use ledger::hash::Hash;

/// A hash chain of events.
#[derive(Clone, Debug)]
pub struct Audit {
    lanes: [u64; 2],
    events: u64,
    /// One line for each event, if they are kept.
    trace: Option<Vec<String>>,
}

impl Audit {
    /// An audit of nothing; it keeps a line for each event if it `traces`.
    pub fn new(traces: bool) -> Self {
        Self { lanes: [1, 2], events: 0, trace: traces.then(Vec::new) }
    }

    /// Keeps a line for people, if lines are kept. It is no part of the hash.
    pub fn explain(&mut self, now: u64, host: usize, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>8} ms  host {host}  {}", line()));
        }
    }

    /// The lines that were kept.
    pub fn trace(&self) -> &[String] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Notes that `what` happened to `host` at `now`; `mark` stands for everything else about it.
    pub fn note(&mut self, now: u64, host: usize, what: &str, mark: u64) {
        let host = u64::try_from(host).unwrap_or(u64::MAX);
        let name = what.bytes().fold(0_u64, |sum, byte| (sum << 5) ^ sum ^ u64::from(byte));
        for word in [now, host, name, mark] {
            let [first, second] = &mut self.lanes;
            *first = (first.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *second = (second.rotate_left(29) ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        self.events += 1;
    }

    /// The hash of all that was noted.
    pub fn hash(&self) -> Hash {
        let [first, second] = self.lanes;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&first.to_be_bytes());
        bytes[8..16].copy_from_slice(&second.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.events.to_be_bytes());
        Hash(bytes)
    }

    /// How many events were noted.
    pub const fn events(&self) -> u64 {
        self.events
    }
}

/// The first bytes of a hash as a mark.
pub fn mark_of(hash: &Hash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_event_and_their_order_count() {
        let of = |events: &[(u64, usize, &str, u64)]| {
            let mut audit = Audit::new(false);
            events.iter().for_each(|(now, host, what, mark)| audit.note(*now, *host, what, *mark));
            audit.hash()
        };
        let (a, b) = ((1, 2, "wake", 3), (1, 2, "deliver", 3));
        let rows = [
            of(&[]),
            of(&[a]),
            of(&[b]),
            of(&[a, b]),
            of(&[b, a]),
            of(&[(2, 2, "wake", 3)]),
            of(&[(1, 3, "wake", 3)]),
            of(&[(1, 2, "wake", 4)]),
        ];
        let different: std::collections::BTreeSet<_> = rows.iter().collect();
        assert_eq!(different.len(), rows.len());
        assert_eq!(of(&[a, b]), of(&[a, b]));
    }
}
