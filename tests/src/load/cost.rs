//! What a process has cost so far, as Linux counts it.

use std::{fs, path::Path, time::Duration};

/// Clock ticks a second in `/proc` (`USER_HZ`, fixed on every architecture that Linux supports
/// now).
const TICKS: u64 = 100;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Processor time.
    pub(crate) cpu: Duration,
    /// Resident memory, in bytes.
    pub(crate) rss: u64,
    /// The most that it ever was.
    pub(crate) rss_peak: u64,
    /// Bytes that its files take on the disk.
    pub(crate) disk: u64,
}

impl Cost {
    /// Of the process with this id and this folder; zero where nothing is known.
    pub(super) fn of(pid: u32, folder: Option<&Path>) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self {
            cpu: cpu_time(&stat).unwrap_or_default(),
            rss: kilobytes(&status, "VmRSS:").unwrap_or_default(),
            rss_peak: kilobytes(&status, "VmHWM:").unwrap_or_default(),
            disk: folder.map(disk_bytes).unwrap_or_default(),
        }
    }

    /// Of this process.
    pub(crate) fn own() -> Self {
        Self::of(std::process::id(), None)
    }
}

/// Fields 14 and 15 of `/proc/PID/stat`; counting starts behind the name, which stands in
/// parentheses.
fn cpu_time(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some(Duration::from_millis((user + system) * (1000 / TICKS)))
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// What a file, or all files of a folder, take on the disk.
pub(super) fn disk_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| disk_bytes(&entry.path())).sum()
        }
        Ok(metadata) => metadata.blocks() * 512,
        // A file that went away meanwhile takes no space.
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cost, cpu_time, disk_bytes, kilobytes};

    #[test]
    fn the_systems_text_is_read() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(2)));
        let status = "Name: a\nVmHWM:\t  15 kB\nVmRSS:\t  12 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(12_288));
        assert_eq!((cpu_time(""), kilobytes("", "VmRSS:")), (None, None));
        // The system counts the peak now and then, and the present size at once.
        let own = Cost::own();
        assert!(own.rss > 0 && own.rss_peak >= own.rss / 2, "{own:?}");
    }

    #[test]
    fn folders_are_summed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        std::fs::write(folder.path().join("log/a"), vec![1; 10_000]).unwrap();
        assert!(disk_bytes(folder.path()) >= 10_000);
        assert!(disk_bytes(&folder.path().join("log/a")) >= 10_000);
    }
}
