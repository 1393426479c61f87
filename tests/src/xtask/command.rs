//! Child commands: how they are started, shown, and reported when they fail.
//!
//! Invariant: no child reads the terminal, and none sees the package variables that `cargo run`
//! sets for this process: build scripts that watch those would run again on every other call.

use std::{
    ffi::OsStr,
    fmt,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
};

use super::project;

/// A command that has not been started yet; `Display` is the line to type in a shell.
#[derive(Clone, Debug)]
pub struct Task {
    program: String,
    arguments: Vec<String>,
    set: Vec<(String, String)>,
    unset: Vec<String>,
}

/// Why a verb failed, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A child command ended with a failure.
    #[error("`{command}` ended with {status}; mend what it reports above, then run it again")]
    Ended {
        /// The line to run again.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A child command could not be started.
    #[error("`{command}` could not be started: {reason}; install the program, then run it again")]
    NotStarted {
        /// The line to run again.
        command: String,
        /// The system's reason.
        reason: String,
    },
    /// The answer of a tool is not what this program understands.
    #[error("the answer of `{command}` was not understood: {reason}")]
    Answer {
        /// The command that answered.
        command: String,
        /// What is missing or wrong in the answer.
        reason: String,
    },
    /// A file or folder could not be read, written or moved.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A check of this program's own found something.
    #[error("{summary}")]
    Found {
        /// How much was found, and what to run to see it again.
        summary: String,
    },
}

impl Task {
    /// A command with its arguments, run in the project's root.
    pub fn new<S: AsRef<str>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.into_iter().map(|word| word.as_ref().to_owned()).collect(),
            set: Vec::new(),
            unset: Vec::new(),
        }
    }

    /// A cargo command; the words are split at spaces.
    #[must_use]
    pub fn cargo(words: &str) -> Self {
        Self::new("cargo", words.split_whitespace())
    }

    /// Adds one argument.
    #[must_use]
    pub fn argument(mut self, word: impl Into<String>) -> Self {
        self.arguments.push(word.into());
        self
    }

    /// Sets an environment variable for the child.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set.push((name.to_owned(), value.into()));
        self
    }

    /// Takes an environment variable away from the child.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.unset.push(name.to_owned());
        self
    }

    /// Runs the command with its output on this process's output.
    ///
    /// # Errors
    /// [`Failure::NotStarted`], or [`Failure::Ended`] when it ends with a failure.
    pub fn run(&self) -> Result<(), Failure> {
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        self.judge(status)
    }

    /// Whether the command starts and ends well; its output is dropped.
    #[must_use]
    pub fn succeeds(&self) -> bool {
        let quiet = self.command().stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    }

    /// Runs the command and gives its standard output; its errors go to this process's.
    ///
    /// # Errors
    /// As [`Task::run`], and [`Failure::Answer`] when the output is not UTF-8.
    pub fn read(&self) -> Result<String, Failure> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.not_started(&error))?;
        self.judge(output.status)?;
        String::from_utf8(output.stdout).map_err(|error| self.answer(&error.to_string()))
    }

    /// Runs the command and hands each line of its standard output to `take` as it comes.
    ///
    /// # Errors
    /// As [`Task::read`].
    pub fn read_lines(&self, mut take: impl FnMut(&str)) -> Result<(), Failure> {
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                take(&line.map_err(|error| self.answer(&error.to_string()))?);
            }
        }
        self.judge(child.wait().map_err(|error| self.not_started(&error))?)
    }

    /// The failure of an answer that lacks something.
    #[must_use]
    pub fn answer(&self, reason: &str) -> Failure {
        Failure::Answer { command: self.to_string(), reason: reason.to_owned() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(project::root()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if is_package_variable(&name) {
                command.env_remove(name);
            }
        }
        for name in &self.unset {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
        command
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        Err(Failure::Ended { command: self.to_string(), status })
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::NotStarted { command: self.to_string(), reason: error.to_string() }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.set {
            write!(out, "{name}={} ", quoted(value))?;
        }
        write!(out, "{}", self.program)?;
        self.arguments.iter().try_for_each(|word| write!(out, " {}", quoted(word)))
    }
}

/// Cargo tells a program that it runs about the program's package; no child is that package.
fn is_package_variable(name: &OsStr) -> bool {
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    let Some(name) = name.to_str() else { return false };
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || name == "OUT_DIR"
}

fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,@+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Failure, Task};

    #[test]
    fn a_task_is_shown_as_the_line_to_type() {
        let rows = [
            (Task::cargo("fmt --all --check"), "cargo fmt --all --check"),
            (
                Task::cargo("doc").with("RUSTDOCFLAGS", "-D warnings"),
                "RUSTDOCFLAGS='-D warnings' cargo doc",
            ),
            (Task::new("echo", ["it's"]), r"echo 'it'\''s'"),
        ];
        for (task, line) in rows {
            assert_eq!(task.to_string(), line);
        }
    }

    #[test]
    fn a_failed_command_names_itself() {
        let failure = Task::new("sh", ["-c", "exit 3"]).run().unwrap_err();
        assert!(matches!(&failure, Failure::Ended { status, .. } if status.code() == Some(3)));
        assert!(failure.to_string().starts_with("`sh -c 'exit 3'`"), "{failure}");
    }

    #[test]
    fn a_missing_program_is_no_panic() {
        let task = Task::new("no-such-program-of-ours", [""; 0]);
        assert!(matches!(task.run(), Err(Failure::NotStarted { .. })));
        assert!(!task.succeeds());
    }

    #[test]
    fn output_is_read_whole_or_line_by_line() {
        let task = Task::new("printf", ["a\\nb\\n"]);
        assert_eq!(task.read().unwrap(), "a\nb\n");
        let mut lines = Vec::new();
        task.read_lines(|line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["a", "b"]);
    }
}
