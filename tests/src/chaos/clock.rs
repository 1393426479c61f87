//! A wrong clock for one node: Debian's libfaketime before its program, steered by a file.
//!
//! Invariants: only the clock that tells the date is wrong; timers go on, as they do on a machine
//! whose date is set wrongly. The product knows nothing of it. Absent: drift.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::devnet::{DevnetError, Launch};

/// Where Debian's package has the library, by architecture.
const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// The library, where it is installed.
#[must_use]
pub fn library() -> Option<PathBuf> {
    PLACES.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// How long it takes at most until a running node has the clock that was set: the library looks at
/// its file once a second.
pub const SEEN: Duration = Duration::from_secs(2);

/// Waits until every running node has the clock that was set.
pub fn wait_until_seen() {
    std::thread::sleep(SEEN);
}

/// The clock of one node.
#[derive(Clone, Debug)]
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A right clock, steered by `file`, for a node that is started by `launch`.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub fn new(library: &Path, file: PathBuf, launch: &mut Launch) -> Result<Self, DevnetError> {
        let clock = Self { file };
        clock.set(0)?;
        let mut set = |name: &str, value: String| launch.environment.push((name.to_owned(), value));
        set("LD_PRELOAD", library.display().to_string());
        set("FAKETIME_TIMESTAMP_FILE", clock.file.display().to_string());
        // How often the file is looked at, in seconds: a step reaches a running node.
        set("FAKETIME_CACHE_DURATION", "1".to_owned());
        set("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned());
        set("NO_FAKE_STAT", "1".to_owned());
        Ok(clock)
    }

    /// Sets the clock so many seconds before or after the right time.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub fn set(&self, seconds: i32) -> Result<(), DevnetError> {
        // Renamed into place: a reader never sees half of it.
        let next = self.file.with_extension("next");
        let written = fs::write(&next, format!("{seconds:+}\n"));
        let renamed = written.and_then(|()| fs::rename(&next, &self.file));
        renamed.map_err(|error| DevnetError::file(&self.file, &error))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Clock, library};
    use crate::devnet::{Launch, now};

    #[test]
    fn only_the_date_is_wrong() {
        // Without the library chaos leaves wrong clocks out, and says so.
        let Some(library) = library() else { return };
        let folder = tempfile::tempdir().unwrap();
        let mut launch = Launch::default();
        let clock = Clock::new(&library, folder.path().join("clock"), &mut launch).unwrap();
        for seconds in [0, 7200, -30] {
            clock.set(seconds).unwrap();
            let mut command = Command::new("date");
            let said = command.arg("+%s").envs(launch.environment.clone()).output().unwrap();
            let said: i64 = String::from_utf8(said.stdout).unwrap().trim().parse().unwrap();
            let right = i64::try_from(now().0 / 1000).unwrap();
            assert!((said - right - i64::from(seconds)).abs() <= 2, "{said} {right} {seconds}");
        }
    }
}
