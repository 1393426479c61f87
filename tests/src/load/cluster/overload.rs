//! Three times as many payments as the network takes, and how soon it is quick again.
//!
//! Invariant: every connection stands for a client that sends its payment once; what is answered
//! with 503 is not sent again.

use std::time::Duration;

use super::Cluster;
use crate::{
    load::{
        bench::Outcome,
        drive::Sample,
        figures,
        report::{Overload, ScenarioReport},
        scenario::{LIGHT, Scenario},
    },
    xtask::Failure,
};

/// How many requests each node works on at once before it says 503 (`api.requests`), and some
/// more.
const AT_EACH_NODE: usize = 4096 + 512;

/// Files that are left to everything else.
const OTHER_FILES: usize = 500;

/// For how long a light load is looked at afterwards, in seconds.
const AFTERWARDS: u64 = 15;

/// How many quick payments in a row say that the network is quick again.
const IN_A_ROW: usize = 5;

impl Cluster {
    pub(super) fn overload(&mut self) -> Result<(), Failure> {
        let (peak, light) = (self.found("saturation").final_per_second, self.found("light"));
        let seconds = self.frame.settings.seconds;
        let connections = (AT_EACH_NODE * self.devnet.nodes.len()).min(most_connections());
        let scenario = Scenario::open("overload", 3 * peak.max(1), connections, seconds);
        let overloaded = self.bench(usize::MAX).outcome(&scenario.giving_up())?;
        let after = self.bench(usize::MAX).outcome(&Scenario::open(
            "after overload",
            LIGHT,
            64,
            AFTERWARDS.min(2 * seconds),
        ))?;
        let quick = figures::times(light.p99_ms, 2);
        let end = overloaded.driven.began.map(|began| began + Duration::from_secs(seconds));
        let later = after.driven.began.zip(end).map_or(Duration::ZERO, |(began, end)| began - end);
        let again = quick_again(&after.driven.samples, quick).map(|due| later + due);
        let report = with_figures(overloaded, peak, quick, again);
        self.measured.extend([report, after.report]);
        Ok(())
    }
}

fn with_figures(
    Outcome { mut report, mut driven }: Outcome,
    peak: u64,
    quick: Duration,
    again: Option<Duration>,
) -> ScenarioReport {
    driven.refused.sort_unstable();
    let percentile = |percent| figures::milliseconds(figures::percentile(&driven.refused, percent));
    let answered = u64::try_from(driven.samples.len()).unwrap_or(0) + driven.busy + driven.failed;
    report.overload = Some(Overload {
        of_peak: figures::ratio(report.final_per_second, peak),
        refused_share: figures::ratio(driven.busy, answered),
        refused_p50_ms: percentile(50),
        refused_p99_ms: percentile(99),
        quick_again_seconds: again.map(figures::seconds),
        quick_ms: figures::milliseconds(quick),
    });
    report
}

/// When the first of some payments in a row was due that all were quick.
fn quick_again(samples: &[Sample], quick: Duration) -> Option<Duration> {
    let mut by_due: Vec<_> =
        samples.iter().map(|one| (one.at.saturating_sub(one.latency), one.latency)).collect();
    by_due.sort_unstable();
    let rows = by_due.windows(IN_A_ROW.min(by_due.len()).max(1));
    let mut quick_rows = rows.filter(|row| row.iter().all(|(_, latency)| *latency <= quick));
    quick_rows.next().and_then(|row| row.first()).map(|(due, _)| *due)
}

/// How many connections this process may hold.
fn most_connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    files.saturating_sub(OTHER_FILES).max(64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Sample, quick_again};

    #[test]
    fn it_is_quick_again_from_the_first_of_a_row_of_quick_payments_on() {
        let sample = |due: u64, latency: u64| Sample {
            at: Duration::from_millis(due + latency),
            latency: Duration::from_millis(latency),
            settled: 1,
        };
        let quick = Duration::from_millis(20);
        let latencies = [900, 10, 10, 300, 10, 12, 10, 20, 10, 10];
        let samples: Vec<_> =
            (0..).zip(latencies).map(|(place, latency)| sample(100 * place, latency)).collect();
        assert_eq!(quick_again(&samples, quick), Some(Duration::from_millis(400)));
        assert_eq!(quick_again(&samples[..6], quick), None);
        assert_eq!(quick_again(&[], quick), None);
    }
}
