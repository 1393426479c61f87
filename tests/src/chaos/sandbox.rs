//! Namespaces of this program's own, so that whatever it starts, mounts or lays ends with it, even
//! when it is killed.
//!
//! The program runs itself again behind `setpriv` and `unshare` (util-linux): as the first process
//! of a namespace of processes, which the kernel ends as a whole, with mounts and a network that
//! nobody else sees. Without root, in a user namespace. Where none of it is permitted, the program
//! goes on without, and says which faults it must leave out.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use crate::devnet::run;

/// What this process has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Alone {
    /// Processes, mounts and the network.
    Everything,
    /// Processes and mounts.
    Mounts,
    /// Nothing.
    Nothing,
}

/// The words that end everything with this process, whatever ends it.
const BEFORE: &str = "setpriv --pdeathsig KILL unshare";

/// The namespaces of processes and mounts.
const NAMESPACES: &str = "--mount --pid --fork --kill-child --mount-proc";

/// What is tried, the most that can be had first: with what else, what is had then, and a command
/// that shows it.
const TRIES: [(&str, Alone, &str); 4] = [
    ("--net", Alone::Everything, "ip link set lo up && mount -t tmpfs tmpfs /tmp"),
    (
        "--net --user --map-root-user",
        Alone::Everything,
        "ip link set lo up && mount -t tmpfs tmpfs /tmp",
    ),
    ("", Alone::Mounts, "mount -t tmpfs tmpfs /tmp"),
    ("--user --map-root-user", Alone::Mounts, "mount -t tmpfs tmpfs /tmp"),
];

/// How long a system may take to say whether it permits namespaces.
const LIMIT: Duration = Duration::from_secs(10);

/// The words before a command that run it in namespaces of its own, and what it has there; no words
/// where nothing is permitted.
#[must_use]
pub fn words() -> (Vec<String>, Alone) {
    for (more, alone, shows) in TRIES {
        let words = [BEFORE, more, NAMESPACES].into_iter().flat_map(str::split_whitespace);
        let words: Vec<String> = words.map(ToOwned::to_owned).collect();
        let Some((program, arguments)) = words.split_first() else { continue };
        let mut command = Command::new(program);
        command.args(arguments).args(["sh", "-c", shows]).stdin(Stdio::null());
        if run(&mut command, LIMIT).is_ok_and(|ran| ran.code == Some(0)) {
            return (words, alone);
        }
    }
    (Vec::new(), Alone::Nothing)
}
