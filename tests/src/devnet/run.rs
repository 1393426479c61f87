//! Running a command to its end, with a limit.

use std::{
    io::Read,
    process::{Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use super::{DevnetError, until};

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs the command and waits for its end.
///
/// # Errors
/// [`DevnetError::NotStarted`], or [`DevnetError::TimedOut`] after `limit`; then it is killed.
pub fn run(command: &mut Command, limit: Duration) -> Result<Ran, DevnetError> {
    let program = std::path::PathBuf::from(command.get_program());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| DevnetError::not_started(&program, &error))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let what = format!("end of {command:?}");
    let status = until(&what, &program, limit, || child.try_wait().ok().flatten());
    if status.is_err() {
        let _gone = child.kill();
        let _status = child.wait();
    }
    let code = status?.code();
    let text = |reader: JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Ran { code, stdout: text(stdout), stderr: text(stderr) })
}

/// Reads all of an output beside the process, so that a full pipe never holds it up.
fn read(output: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before a broken pipe is all that there is.
        let _read = output.map(|mut output| output.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{Ran, run};

    #[test]
    fn output_and_code_are_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let ran = run(&mut command, Duration::from_secs(60)).unwrap();
        let expected = Ran { code: Some(3), stdout: "out\n".into(), stderr: "err\n".into() };
        assert_eq!(ran, expected);
    }

    #[test]
    fn one_that_hangs_is_ended() {
        let mut command = Command::new("tail");
        command.args(["-f", "/dev/null"]);
        assert!(run(&mut command, Duration::from_millis(20)).is_err());
    }
}
