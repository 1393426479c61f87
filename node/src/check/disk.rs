//! Check: room on the home's disk, how long it takes to make a write durable, and how many files
//! may be open.
//!
//! Each vote waits for one durable write, so a slow disk is a slow node. Absent: what the disk
//! holds (`verify-ledger` reads it).

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use super::{Findings, Scene};

/// Below this the node does not run long.
const LEAST_FREE: u64 = 1 << 30;

/// Below this an operator should act.
const LITTLE_FREE: u64 = 10 << 30;

/// A durable write that takes longer than this slows every payment.
const SLOW: Duration = Duration::from_millis(20);

/// How many writes are timed; the middle one counts.
const WRITES: usize = 9;

/// Connections and files beyond this are not needed even under load.
const FILES: u64 = 8192;

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    room(scene.home, findings);
    files(findings);
    match durable_write(scene.home) {
        Ok(took) if took > SLOW => findings.warn(
            format!("a durable write takes {} ms", took.as_millis()),
            "Give the home a disk that makes writes durable within a few milliseconds (an SSD \
             with power-loss protection); every vote waits for one.",
        ),
        Ok(took) => findings.good(format!("a durable write takes {} us", took.as_micros())),
        Err(error) => findings.fail(
            format!("{} cannot be written: {error}", scene.home.display()),
            "Mend the disk or the permissions: the home belongs to the user that runs the node.",
        ),
    }
}

fn room(home: &Path, findings: &mut Findings) {
    let free = match free_bytes(home) {
        Ok(free) => free,
        Err(error) => {
            findings.fail(format!("{}: {error}", home.display()), "Mend the disk.");
            return;
        }
    };
    let what = format!("{} free for the home", size(free));
    let mend = "Make room, or keep fewer blocks with storage.retain_blocks: a full disk stops the \
                node.";
    if free < LEAST_FREE {
        findings.fail(what, mend);
    } else if free < LITTLE_FREE {
        findings.warn(what, mend);
    } else {
        findings.good(what);
    }
}

/// What counts is the hard limit: a node raises the other one to it.
fn files(findings: &mut Findings) {
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < FILES => findings.warn(
            format!("{limit} files and connections may be open at once"),
            format!("Allow {FILES}: LimitNOFILE={FILES} in the unit, or ulimit -Hn {FILES}."),
        ),
        Some(limit) => {
            findings.good(format!("{limit} files and connections may be open at once"));
        }
        None => findings.good("the number of open files is not limited"),
    }
}

/// How many bytes this user may still write where `path` lies.
///
/// # Errors
/// What the operating system says.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A size for people.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let fits = units.iter().find(|(_, unit)| bytes >= *unit);
    fits.map_or_else(
        || format!("{bytes} bytes"),
        |(name, unit)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}

/// How long a small durable write takes, in a file of its own that does not stay.
fn durable_write(home: &Path) -> io::Result<Duration> {
    let path = home.join(format!("check-{}.partial", std::process::id()));
    let timed = File::options().write(true).create_new(true).open(&path).and_then(time_writes);
    std::fs::remove_file(&path)?;
    timed
}

fn time_writes(mut file: File) -> io::Result<Duration> {
    let mut took = [Duration::ZERO; WRITES];
    for place in &mut took {
        let start = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        *place = start.elapsed();
    }
    took.sort_unstable();
    Ok(took[WRITES / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (1_990_000, "1.9 MB"),
            (80_500_000_000, "80.5 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_durable_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        durable_write(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        durable_write(&folder.path().join("nowhere")).unwrap_err();
    }
}
