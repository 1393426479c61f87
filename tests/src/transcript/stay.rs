//! Programs that stay in the foreground of a terminal of their own.
//!
//! Invariants: only processes that were started here are signalled; each ends with its handle, and
//! with this process, however that ends.

use std::{
    fs::File,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::devnet::until;

/// How long a program may take to print what is awaited, and to end.
const LIMIT: Duration = Duration::from_secs(120);

/// A program in the foreground of its terminal.
pub(super) struct Stay {
    command: String,
    child: Child,
    output: PathBuf,
}

impl Stay {
    /// Starts a command as a shell with this environment in this folder would.
    pub(super) fn start(
        command: &str,
        folder: &Path,
        environment: &[(String, String)],
        output: PathBuf,
    ) -> Result<Self, String> {
        let refused = |error: std::io::Error| format!("`{command}`: {error}");
        let file = File::create(&output).map_err(refused)?;
        let errors = file.try_clone().map_err(refused)?;
        // The kernel ends it with this process.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "bash", "--noprofile", "--norc", "-c", command])
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().cloned())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(refused)?;
        Ok(Self { command: command.to_owned(), child, output })
    }

    /// Whether its command begins so.
    pub(super) fn begins(&self, words: &str) -> bool {
        self.command.starts_with(words)
    }

    /// What it has printed.
    pub(super) fn printed(&self) -> String {
        let bytes = std::fs::read(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until what it has printed is `enough`.
    pub(super) fn wait(&mut self, enough: impl Fn(&str) -> bool) -> Result<(), String> {
        let what = format!("output of `{}` as shown", self.command);
        let (output, child) = (self.output.clone(), &mut self.child);
        let printed =
            || String::from_utf8_lossy(&std::fs::read(&output).unwrap_or_default()).into();
        let ended = until(&what, &output, LIMIT, || {
            // Looked at first: what an ended one printed is all there.
            let ended = child.try_wait().ok().flatten().is_some();
            let text: String = printed();
            if enough(&text) { Some(false) } else { ended.then_some(true) }
        });
        match ended {
            Ok(false) => Ok(()),
            Ok(true) => Err(format!("`{}` ended: {}", self.command, self.printed())),
            Err(error) => Err(format!("{error}; it printed: {}", self.printed())),
        }
    }

    /// Ctrl-C in its terminal, and the end of it.
    pub(super) fn interrupt(mut self) -> Result<String, String> {
        self.signal(Signal::INT);
        let (what, output) = (format!("end of `{}`", self.command), self.output.clone());
        let child = &mut self.child;
        until(&what, &output, LIMIT, || child.try_wait().ok().flatten())
            .map_err(|error| error.to_string())?;
        Ok(self.printed())
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // It may have ended; then there is nothing to signal.
        let _gone = group.map(|group| kill_process_group(group, signal));
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal(Signal::TERM);
        let child = &mut self.child;
        let ended = until("end", &self.output, LIMIT, || child.try_wait().ok().flatten());
        if ended.is_err() {
            self.signal(Signal::KILL);
            let _status = self.child.wait();
        }
    }
}
