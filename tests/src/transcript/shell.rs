//! The shell in which a transcript's commands are typed, one after the other.
//!
//! Invariants: a command reads nothing, and has ended when its output is given; what is set or
//! entered by one holds for the next. Absent: what stays in the foreground (see `stay`).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What no command prints: it parts their outputs.
const END: &str = "-- the end of a command of a transcript:";

/// A shell that runs.
pub(super) struct Shell {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) printed: String,
    pub(super) code: i32,
}

/// A system's error, in words.
fn words(error: &std::io::Error) -> String {
    format!("the shell: {error}")
}

impl Shell {
    /// Starts the shell in a folder, with nothing in its environment but this.
    pub(super) fn start(folder: &Path, environment: &[(String, String)]) -> Result<Self, String> {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc"]).current_dir(folder).env_clear();
        command.envs(environment.iter().cloned()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| words(&error))?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or("no pipes")?;
        let (said, heard) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // A shell that nobody listens to any more is ended.
                let _ended = said.send(line);
            }
        });
        let mut shell = Self { child, input, output: heard };
        shell.write("exec 2>&1\n")?;
        Ok(shell)
    }

    /// Runs a command to its end: what it printed, and its exit code.
    pub(super) fn run(&mut self, command: &str) -> Result<Done, String> {
        // In a group of the same shell, so that `cd` and `export` last.
        self.write(&format!("{{\n{command}\n}} < /dev/null\nprintf '\\n%s%d\\n' '{END}' $?\n"))?;
        let mut printed: Vec<String> = Vec::new();
        loop {
            let line = self.output.recv_timeout(LIMIT).map_err(|_| {
                let before = printed.join("\n");
                format!("`{command}` does not end; it printed: {before}")
            })?;
            if let Some(code) = line.strip_prefix(END).and_then(|code| code.parse().ok()) {
                // The line before the end is the one that the end began with.
                if printed.last().is_some_and(String::is_empty) {
                    printed.pop();
                }
                return Ok(Done { printed: printed.join("\n"), code });
            }
            printed.push(line);
        }
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        self.input.write_all(text.as_bytes()).map_err(|error| words(&error))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // It may have ended; then there is nothing to end.
        let _gone = group.map(|group| kill_process_group(group, Signal::KILL));
        let _status = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::{Done, Shell};

    #[test]
    fn commands_are_of_one_shell_and_each_has_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = ("PATH".to_owned(), std::env::var("PATH").unwrap());
        let mut shell = Shell::start(folder.path(), &[path]).unwrap();
        let rows = [
            ("mkdir a && cd a && export X='1 2'", "", 0),
            ("echo \"$X\"; echo why >&2   # a comment", "1 2\nwhy", 0),
            ("printf 'no end'; false", "no end", 1),
            ("cat", "", 0),
            ("ls ../a; echo; (exit 3)", "", 3),
        ];
        for (command, printed, code) in rows {
            let done = shell.run(command).unwrap();
            assert_eq!(done, Done { printed: printed.to_owned(), code }, "{command}");
        }
    }
}
