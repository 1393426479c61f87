//! The log of `pgbench`: one line for each transaction, its third word the latency in microseconds.

use std::{fs, io::Result, path::Path, time::Duration};

/// The latencies of all log files in a folder whose names begin so.
pub(super) fn latencies(folder: &Path, prefix: &str) -> Result<Vec<Duration>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let text = fs::read_to_string(entry.path())?;
            all.extend(text.lines().filter_map(latency));
        }
    }
    Ok(all)
}

fn latency(line: &str) -> Option<Duration> {
    line.split(' ').nth(2)?.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::latencies;

    #[test]
    fn all_files_of_the_prefix_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.1"), "0 1 2500 0 1790000000 1\n3 2 skipped 0 1 1\n")
            .unwrap();
        std::fs::write(folder.path().join("p.1.2"), "0 1 700 0 1790000000 1\n").unwrap();
        std::fs::write(folder.path().join("other"), "0 1 9 0 1790000000 1\n").unwrap();
        let mut found = latencies(folder.path(), "p.").unwrap();
        found.sort_unstable();
        assert_eq!(found, [700, 2500].map(Duration::from_micros));
    }
}
