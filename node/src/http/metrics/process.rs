//! Metrics of the process, its home and its role: what an operator watches beside the chain.
//!
//! Invariants: a scrape reads a few small files and walks no data; a number that the system does
//! not give is left out, not guessed. Absent: the chain's numbers and the API's (the parent's).

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::super::{AppState, health};
use super::gauge;
use crate::check::disk;
use crate::core::Role;

/// Every role that a node can have.
const ROLES: [Role; 3] = [Role::Validator, Role::Observer, Role::Regaining];

pub(super) fn encode(state: &AppState, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    identity(state, encoder)?;
    role(state, encoder)?;
    let is_ready = health::checks(state).iter().all(|check| check.ok);
    gauge(encoder, "ready", "1 if clients should come here", None, u32::from(is_ready))?;
    let started = Duration::from_millis(state.started.0).as_secs_f64();
    gauge(encoder, "start_time", "Time of the node's start", Some(&Unit::Seconds), started)?;
    let home = &state.home;
    let sizes = [
        ("disk_free", "Room on the home's disk", disk::free_bytes(&home.path).ok()),
        ("log_size", "Size of the block log", folder_bytes(&home.log_folder())),
        ("index_size", "Size of the index", file_bytes(&home.index_file())),
        ("resident_memory", "Memory in use", resident_bytes()),
    ];
    for (name, help, bytes) in sizes {
        if let Some(bytes) = bytes {
            gauge(encoder, name, help, Some(&Unit::Bytes), bytes)?;
        }
    }
    match fs::read_dir("/proc/self/fd") {
        Ok(open) => gauge(encoder, "open_files", "Open files and sockets", None, open.count()),
        Err(_) => Ok(()),
    }
}

fn identity(state: &AppState, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let labels = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("bic", state.home.config.bic().to_string()),
    ];
    let help = "The program and whose node it is";
    let mut family = encoder.encode_descriptor("build_info", help, None, MetricType::Gauge)?;
    family.encode_family(&labels)?.encode_gauge(&1_u32)
}

fn role(state: &AppState, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let role = state.driver.view.role();
    let help = "1 for what the node does in this epoch";
    let mut family = encoder.encode_descriptor("role", help, None, MetricType::Gauge)?;
    for one in ROLES {
        let labels = [("role", one.name())];
        family.encode_family(&labels)?.encode_gauge(&u32::from(one == role))?;
    }
    Ok(())
}

/// The sizes of a folder's files together.
fn folder_bytes(folder: &Path) -> Option<u64> {
    let files = fs::read_dir(folder).ok()?;
    let sizes = files.map(|file| file.and_then(|file| file.metadata()).map(|it| it.len()));
    // A file may go while its folder is read.
    Some(sizes.filter_map(Result::ok).fold(0, u64::saturating_add))
}

fn file_bytes(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|metadata| metadata.len())
}

/// What the kernel says of this process's memory.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_memory_and_folders_their_sizes() {
        assert!(resident_bytes().unwrap() > 1_000_000);
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in [("a", 3), ("b", 4)] {
            fs::write(folder.path().join(name), vec![0; size]).unwrap();
        }
        assert_eq!(folder_bytes(folder.path()), Some(7));
        assert_eq!(folder_bytes(&folder.path().join("nowhere")), None);
    }
}
