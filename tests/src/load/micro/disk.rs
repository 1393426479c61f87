//! The block log on the disk of the nodes' homes: small durable writes, and large ones.

use std::time::{Duration, Instant};

use node::log::{Log, LogError, LogOptions};
use serde::Serialize;

use crate::{load::figures, xtask::Failure};

/// A small record.
const SMALL: usize = 4096;

/// A large record.
const LARGE: usize = 8 * 1024 * 1024;

/// The block log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiskFigures {
    /// The middle time of a record of 4,096 bytes, appended and made durable, in milliseconds.
    pub small_p50_ms: f64,
    /// The 99th of 100.
    pub small_p99_ms: f64,
    /// Megabytes a second in records of 8 MiB, each made durable.
    pub large_megabytes_per_second: u64,
}

impl DiskFigures {
    /// In lines for a person.
    pub(super) fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "block log: 4 KiB appended and durable in {} ms (p50), {} ms (p99)",
                self.small_p50_ms, self.small_p99_ms
            ),
            format!("block log: {} MB/s in records of 8 MiB", self.large_megabytes_per_second),
        ]
    }
}

/// Measures a log in a new folder, which is removed.
pub(super) fn measure(rounds: usize) -> Result<DiskFigures, Failure> {
    let failed = |reason: String| Failure::File { path: std::env::temp_dir(), reason };
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let opened = Log::open(folder.path(), LogOptions::default());
    let (mut log, _) = opened.map_err(|error| failed(error.to_string()))?;
    let mut written =
        |bytes, count| written(&mut log, bytes, count).map_err(|error| failed(error.to_string()));
    let mut small = written(SMALL, rounds * 20)?;
    let large = written(LARGE, rounds)?;
    small.sort_unstable();
    let percentile = |percent| figures::milliseconds(figures::percentile(&small, percent));
    let bytes = u64::try_from(large.len() * LARGE).unwrap_or(0);
    Ok(DiskFigures {
        small_p50_ms: percentile(50),
        small_p99_ms: percentile(99),
        large_megabytes_per_second: figures::per_second(bytes, large.iter().sum()) / 1_000_000,
    })
}

/// How long each of so many records took until it was durable.
fn written(log: &mut Log, bytes: usize, count: usize) -> Result<Vec<Duration>, LogError> {
    let payload = vec![7; bytes];
    let time = |_| {
        let start = Instant::now();
        log.append(1, &payload)?;
        log.sync()?;
        Ok(start.elapsed())
    };
    (0..count).map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::measure;

    #[test]
    fn durable_writes_take_time() {
        let figures = measure(1).unwrap();
        assert!(figures.small_p50_ms > 0.0 && figures.small_p99_ms >= figures.small_p50_ms);
        assert!(figures.large_megabytes_per_second > 0);
    }
}
