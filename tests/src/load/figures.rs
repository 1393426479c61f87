//! Figures for people: the one place of the load generator that computes with fractions, the
//! plot's picture excepted.
#![expect(clippy::float_arithmetic, reason = "figures are for people; nothing is decided by them")]

use std::time::Duration;

use super::report::NodeFigures;

/// How many a second, rounded down; 0 for no time at all.
pub(super) fn per_second(count: u64, time: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / time.as_nanos().max(1);
    if time.is_zero() { 0 } else { u64::try_from(rate).unwrap_or(u64::MAX) }
}

/// Milliseconds with three decimals.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Seconds with three decimals.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// The one as a part of the other, with three decimals; 0 if there is no other.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    let (part, whole) = (Duration::from_micros(part), Duration::from_micros(whole));
    if whole.is_zero() { 0.0 } else { (part.div_duration_f64(whole) * 1000.0).round() / 1000.0 }
}

/// The one as a multiple of the other, with two decimals; 0 if there is no other.
pub(super) fn multiple(one: f64, other: f64) -> f64 {
    if other > 0.0 { (one / other * 100.0).round() / 100.0 } else { 0.0 }
}

/// So many times so many milliseconds.
pub(super) fn times(milliseconds: f64, count: u32) -> Duration {
    count * Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}

/// Microseconds of processor time of one node, in the mean, for each of so many payments.
pub(super) fn micros_each(nodes: &[NodeFigures], payments: u64) -> f64 {
    let all = nodes.iter().map(|node| Duration::try_from_secs_f64(node.cpu_seconds));
    let all: Duration = all.filter_map(Result::ok).sum();
    let shares = u64::try_from(nodes.len()).unwrap_or(0) * payments;
    ratio(u64::try_from(all.as_micros()).unwrap_or(0), shares)
}

/// The value below which `percent` of the sorted values lie.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{milliseconds, per_second, percentile, ratio};

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 100), (90, 180), (99, 198), (100, 200)] {
            assert_eq!(percentile(&values, percent), Duration::from_millis(expected));
        }
        assert_eq!(percentile(&[], 50), Duration::ZERO);
        assert_eq!(percentile(&values[..1], 99), Duration::from_millis(1));
    }

    #[test]
    fn rates_and_ratios_by_row() {
        assert_eq!(per_second(1500, Duration::from_millis(500)), 3000);
        assert_eq!(per_second(1500, Duration::ZERO), 0);
        assert_eq!(ratio(1, 3).to_string(), "0.333");
        assert_eq!(ratio(1, 0).to_string(), "0");
        assert_eq!(milliseconds(Duration::from_micros(1234)).to_string(), "1.234");
    }
}
