//! One node of a devnet: its process, whoever started it.
//!
//! Invariants: a process is signalled only while it is known to be this node's; a node that was
//! started here is waited for here. Absent: the API (see `client`).

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use node::config::Config;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::{Client, DevnetError, NodeEntry, until};

/// How long a killed process may take to be gone.
const GONE: Duration = Duration::from_secs(10);

/// How long a node may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// Who has to wait for the process.
#[derive(Debug)]
enum Process {
    /// The devnet's program.
    Devnet(u32),
    /// This program.
    Own(Child),
    /// Nobody: it has ended.
    Ended,
}

/// What stands around the node's program when it is started here.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The words before the program, such as `nsenter --net=FILE`; they must give way to it in the
    /// same process.
    pub before: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
}

/// A node.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Where its API is.
    pub api: String,
    /// Its home.
    pub home: PathBuf,
    /// What it writes.
    pub log: PathBuf,
    /// How it is started here.
    pub launch: Launch,
    process: Process,
}

impl Node {
    /// The node that the devnet has started.
    pub(super) fn of_devnet(entry: &NodeEntry) -> Self {
        Self {
            name: entry.name.clone(),
            api: entry.api.clone(),
            home: entry.home.clone(),
            log: entry.home.join("node.log"),
            launch: Launch::default(),
            process: Process::Devnet(entry.pid),
        }
    }

    /// A node that the devnet does not know, in a home of its own; not started yet.
    #[must_use]
    pub fn beside(name: &str, home: PathBuf, api: String) -> Self {
        let log = home.join("node.log");
        let launch = Launch::default();
        Self { name: name.to_owned(), api, home, log, launch, process: Process::Ended }
    }

    /// What the node writes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match &self.process {
            Process::Devnet(pid) => Some(*pid),
            Process::Own(child) => Some(child.id()),
            Process::Ended => None,
        }
    }

    /// How the process ended by itself, if this program started it and it has. The node may then be
    /// started again.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let Process::Own(child) = &mut self.process else { return None };
        let status = child.try_wait().ok().flatten()?;
        self.process = Process::Ended;
        Some(status)
    }

    /// Sends a signal, if the process runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            send(pid, signal);
        }
    }

    /// Kills the process (SIGKILL) and waits until it is gone. Gives how it ended, if this program
    /// started it.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] if it does not go.
    pub fn kill(&mut self) -> Result<Option<ExitStatus>, DevnetError> {
        self.end(Signal::KILL, GONE)
    }

    /// Asks the process to stop (SIGTERM) and waits until it is gone. Gives how it ended, if this
    /// program started it.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] if it does not go within `limit`.
    pub fn stop(&mut self, limit: Duration) -> Result<Option<ExitStatus>, DevnetError> {
        self.end(Signal::TERM, limit)
    }

    /// Changes the configuration, which the next start reads.
    ///
    /// # Errors
    /// [`DevnetError::File`] or [`DevnetError::Content`] for a file that is not as it should be.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) -> Result<(), DevnetError> {
        let path = self.home.join(node::home::CONFIG_FILE);
        let failed = |error: std::io::Error| DevnetError::file(&path, &error);
        let content = |reason: String| DevnetError::Content { path: path.clone(), reason };
        let text = fs::read_to_string(&path).map_err(failed)?;
        let mut config = Config::parse(&text).map_err(|error| content(error.to_string()))?;
        change(&mut config);
        let text = config.to_text().map_err(|error| content(error.to_string()))?;
        fs::write(&path, text).map_err(failed)
    }

    /// Takes everything from the home of a node that has ended but keys and configuration.
    ///
    /// # Errors
    /// [`DevnetError::File`] for what cannot be removed.
    pub fn wipe(&self) -> Result<(), DevnetError> {
        for name in ["log", "snapshot", "index.redb"] {
            let path = self.home.join(name);
            let removed = match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&path),
                Ok(_) => fs::remove_file(&path),
                Err(_) => Ok(()),
            };
            removed.map_err(|error| DevnetError::file(&path, &error))?;
        }
        Ok(())
    }

    /// Starts `program run --home HOME`, if no process of the node runs.
    ///
    /// # Errors
    /// [`DevnetError::NotStarted`], or [`DevnetError::File`] for the log.
    pub fn start(&mut self, program: &Path) -> Result<(), DevnetError> {
        if self.pid().is_some() {
            return Ok(());
        }
        let path = self.log();
        let failed = |error: std::io::Error| DevnetError::file(&path, &error);
        let log = File::options().create(true).append(true).open(&path).map_err(failed)?;
        let Launch { before, environment } = &self.launch;
        let mut command = match before.split_first() {
            None => Command::new(program),
            Some((first, others)) => {
                let mut command = Command::new(first);
                command.args(others).arg(program);
                command
            }
        };
        let child = command
            .args(["run", "--home"])
            .arg(&self.home)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .spawn()
            .map_err(|error| DevnetError::not_started(program, &error))?;
        self.process = Process::Own(child);
        Ok(())
    }

    /// Waits until the node says that it is ready.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`], or [`DevnetError::Ended`] if its process ends before.
    pub fn wait_ready(&self, client: &Client) -> Result<(), DevnetError> {
        let what = format!("readiness of {}", self.name);
        let ended = || self.pid().is_none_or(is_gone);
        let ready = until(&what, &self.log(), READY, || {
            if ended() { Some(false) } else { client.is_ready(&self.api).then_some(true) }
        })?;
        let (name, log) = (self.name.clone(), self.log());
        if ready { Ok(()) } else { Err(DevnetError::Ended { name, log }) }
    }

    /// Stops the process if this program started it.
    pub(super) fn stop_own(&mut self, limit: Duration) -> Result<(), DevnetError> {
        match &self.process {
            // One that is paused would not hear.
            Process::Own(child) => send(child.id(), Signal::CONT),
            Process::Devnet(pid) => {
                send(*pid, Signal::CONT);
                return Ok(());
            }
            Process::Ended => return Ok(()),
        }
        match self.stop(limit) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.kill()?;
                Err(error)
            }
        }
    }

    /// The devnet's program has ended, and its nodes with it.
    pub(super) fn ended_with_program(&mut self) {
        if matches!(self.process, Process::Devnet(_)) {
            self.process = Process::Ended;
        }
    }

    fn end(&mut self, signal: Signal, limit: Duration) -> Result<Option<ExitStatus>, DevnetError> {
        self.signal(signal);
        let what = format!("end of {}", self.name);
        let log = self.log();
        let status = match &mut self.process {
            Process::Devnet(pid) => {
                let pid = *pid;
                until(&what, &log, limit, || is_gone(pid).then_some(None))?
            }
            Process::Own(child) => {
                until(&what, &log, limit, || child.try_wait().ok().flatten().map(Some))?
            }
            Process::Ended => None,
        };
        self.process = Process::Ended;
        Ok(status)
    }
}

/// Sends a signal to a process of this devnet.
pub(super) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // A process that has just ended cannot be signalled, and need not be.
    let _gone = pid.map(|pid| kill_process(pid, signal));
}

/// True if the process has ended with all its threads, whether or not its parent has taken note. A
/// process whose first thread has ended looks dead while others still hold its files.
fn is_gone(pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    // The state follows the name, which stands in parentheses and may hold some itself.
    let state = text.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    matches!(state, Some('Z' | 'X') | None) && threads <= 1
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::is_gone;

    #[test]
    fn a_process_is_gone_once_it_has_ended() {
        assert!(!is_gone(std::process::id()));
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        while !is_gone(pid) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_gone(pid));
    }
}
