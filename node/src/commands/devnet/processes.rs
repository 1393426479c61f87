//! The processes of a devnet's nodes.
//!
//! Invariants: only processes that were started here are signalled, by their ids; a node that ends
//! is reported and not started again. Absent: what the nodes say (their logs are in their homes).

use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Failure;

/// How long nodes may take to stop before they are killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often processes are looked at.
pub(super) const GLANCE: Duration = Duration::from_millis(50);

/// A node's process.
#[derive(Debug)]
pub(super) struct NodeProcess {
    name: String,
    home: PathBuf,
    child: Child,
    ended: bool,
}

/// A node that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// The bank.
    pub(super) name: String,
    /// The process.
    pub(super) pid: u32,
    /// `exit code 1`, `signal 9`.
    pub(super) how: String,
    /// The node's home.
    pub(super) home: PathBuf,
}

impl Ended {
    /// The last lines of the node's log.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(log_file(&self.home)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(10)..).unwrap_or_default().join("\n")
    }
}

/// The processes of all nodes, in the order of their start.
#[derive(Debug, Default)]
pub(super) struct Processes {
    nodes: Vec<NodeProcess>,
}

impl Processes {
    /// Starts `program run --home HOME`; its output goes to `HOME/node.log`.
    ///
    /// # Errors
    /// A failure if the process or its log cannot be made.
    pub(super) fn start(&mut self, program: &Path, name: &str, home: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("cannot start {name}: {error}"));
        let file = log_file(home);
        let log = File::options().create(true).append(true).open(file).map_err(failed)?;
        let child = Command::new(program)
            .arg("run")
            .arg("--stop-with-parent")
            .arg("--home")
            .arg(home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            // Ctrl-C in the terminal must reach this program only, which then stops the nodes in
            // order.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (name, home) = (name.to_owned(), home.to_owned());
        self.nodes.push(NodeProcess { name, home, child, ended: false });
        Ok(())
    }

    /// The process ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().map(|node| node.child.id())
    }

    /// The nodes that have ended since the last call.
    pub(super) fn newly_ended(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        for node in self.nodes.iter_mut().filter(|node| !node.ended) {
            if let Ok(Some(status)) = node.child.try_wait() {
                node.ended = true;
                ended.push(Ended {
                    name: node.name.clone(),
                    pid: node.child.id(),
                    how: describe(status),
                    home: node.home.clone(),
                });
            }
        }
        ended
    }

    /// Asks every node that still runs to stop, waits for it, and kills what does not stop in time.
    pub(super) fn stop(&mut self) {
        for node in self.nodes.iter().filter(|node| !node.ended) {
            signal(node.child.id(), Signal::TERM);
        }
        let deadline = Instant::now() + PATIENCE;
        while self.nodes.iter().any(|node| !node.ended) && Instant::now() < deadline {
            self.newly_ended();
            std::thread::sleep(GLANCE);
        }
        for node in self.nodes.iter_mut().filter(|node| !node.ended) {
            // It may end by itself at this moment; then there is nothing to kill, which is as good.
            let _gone = node.child.kill();
            let _status = node.child.wait();
            node.ended = true;
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop();
    }
}

fn log_file(home: &Path) -> PathBuf {
    home.join("node.log")
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // A process that has just ended cannot be signalled, and need not be.
    let _gone = pid.map(|pid| kill_process(pid, signal));
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A stand-in for the node: writes a line, then does what `body` says.
    fn program(folder: &Path, body: &str) -> PathBuf {
        let path = folder.join("program");
        std::fs::write(&path, format!("#!/bin/sh\necho \"$@\"\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn wait_for_end(processes: &mut Processes) -> Vec<Ended> {
        loop {
            let ended = processes.newly_ended();
            if !ended.is_empty() {
                return ended;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_end_is_reported_once_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), "exit 3");
        let mut processes = Processes::default();
        processes.start(&program, "ONE", folder.path()).unwrap();
        let ended = wait_for_end(&mut processes);
        assert_eq!((ended[0].name.as_str(), ended[0].how.as_str()), ("ONE", "exit code 3"));
        assert!(ended[0].last_words().starts_with("run --stop-with-parent --home"));
        assert!(processes.newly_ended().is_empty());
    }

    #[test]
    fn one_that_is_killed_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), "exec tail -f /dev/null");
        let mut processes = Processes::default();
        for name in ["ONE", "TWO"] {
            processes.start(&program, name, folder.path()).unwrap();
        }
        let first = processes.ids().next().unwrap();
        signal(first, Signal::KILL);
        let ended = wait_for_end(&mut processes);
        assert_eq!((ended.len(), ended[0].pid, ended[0].how.as_str()), (1, first, "signal 9"));
        processes.stop();
        assert!(processes.nodes.iter().all(|node| node.ended));
    }
}
