//! Docker's engine: the machine's, or one that is started here with a folder and a socket of its
//! own.
//!
//! Invariant: an engine that was started here ends with this process, and its folder goes with it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::context;
use crate::{
    devnet::until,
    xtask::{Failure, command::Task},
};

/// How long an engine may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every engine is started with: the machine's firewall and networks stay as they are.
const MODEST: [&str; 2] = ["--iptables=false", "--bridge=none"];

/// With what an engine is started besides: nothing, or what asks less of the machine.
const WAYS: [&[&str]; 2] = [&[], &["--storage-driver=vfs"]];

/// An engine that answers.
pub struct Engine {
    /// Where it listens; none for the machine's own.
    host: Option<String>,
    started: Option<Daemon>,
}

/// An engine of this process.
struct Daemon {
    child: Child,
    // After the child, which writes to it.
    _folder: tempfile::TempDir,
}

impl Engine {
    /// The machine's engine, or else one that is started.
    ///
    /// # Errors
    /// Why there is none: the programs are missing, or this machine lets none run.
    pub fn find() -> Result<Self, String> {
        let machines = Self { host: None, started: None };
        if !machines.compose(["version"]).succeeds() {
            return Err("there is no docker-compose (Debian package docker-compose)".to_owned());
        }
        if machines.answers() {
            return Ok(machines);
        }
        if !Task::new("dockerd", ["--version"]).succeeds() {
            return Err("there is no dockerd (Debian package docker.io)".to_owned());
        }
        let mut why = String::new();
        for way in WAYS {
            match Self::start(way) {
                Ok(engine) => return Ok(engine),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    fn start(way: &[&str]) -> Result<Self, String> {
        let refused = |error: &dyn std::fmt::Display| format!("dockerd does not start: {error}");
        let folder = tempfile::tempdir().map_err(|error| refused(&error))?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let host = format!("unix://{}", path("socket"));
        let log = folder.path().join("log");
        let output = File::create(&log).map_err(|error| refused(&error))?;
        // The kernel ends it with this process, whatever ends this.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "dockerd", "-H", &host]);
        command.args(["--data-root", &path("data"), "--exec-root", &path("exec")]);
        command.args(["--pidfile", &path("pid")]).args(MODEST).args(way);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let child = command.spawn().map_err(|error| refused(&error))?;
        let mut engine =
            Self { host: Some(host), started: Some(Daemon { child, _folder: folder }) };
        let up = until("Docker's engine", &log, PATIENCE, || {
            let ended = engine.started.as_mut().and_then(|it| it.child.try_wait().ok().flatten());
            (engine.answers() || ended.is_some()).then_some(ended.is_none())
        });
        match up {
            Ok(true) => Ok(engine),
            Ok(false) | Err(_) => Err(refused(&last_line(&log))),
        }
    }

    fn answers(&self) -> bool {
        self.docker(["info"]).succeeds()
    }

    /// A command of `docker` to this engine.
    pub fn docker<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Task {
        // The builder that every engine has.
        self.task(Task::new("docker", words).with("DOCKER_BUILDKIT", "0"))
    }

    /// A command of compose to this engine: the program, or where there is none, docker's part.
    pub fn compose<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Task {
        let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        if Task::new("docker-compose", ["version"]).succeeds() {
            return self.task(Task::new("docker-compose", words));
        }
        let with_name = std::iter::once("compose".to_owned()).chain(words);
        self.task(Task::new("docker", with_name))
    }

    fn task(&self, task: Task) -> Task {
        match &self.host {
            Some(host) => task.with("DOCKER_HOST", host.clone()),
            None => task,
        }
    }

    /// Builds the images from a context, on `base` if it is not the bare one.
    ///
    /// # Errors
    /// When the engine cannot.
    pub fn build(&self, context: &Path, base: Option<&str>) -> Result<(), Failure> {
        let context = context.display().to_string();
        let mut targets = vec![("feiqian", super::IMAGE), ("founder", super::FOUNDER)];
        targets.extend(context::has_prometheus().then_some(("prometheus", super::PROMETHEUS)));
        for (target, image) in targets {
            let base = base.map(|base| format!("BASE={base}"));
            let base = base.iter().flat_map(|base| ["--build-arg", base]);
            let words = ["build", "--quiet", "--target", target, "--tag", image];
            self.docker(words.into_iter().chain(base).chain([context.as_str()])).run()?;
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = &mut self.child;
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _gone = kill_process(pid, Signal::TERM);
        }
        let log = PathBuf::new();
        let ended = until("the engine's end", &log, PATIENCE, || child.try_wait().ok().flatten());
        if ended.is_err() {
            let _gone = child.kill();
            let _status = child.wait();
        }
    }
}

/// What an engine said last.
fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("it said nothing").to_owned()
}
