//! A PostgreSQL server of the bench's own: started, asked, stopped.
//!
//! Invariant: it listens on a Unix socket in its folder alone, and ends with the handle. It refuses
//! to run as root, so its processes are then those of the user `postgres`.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{devnet::run, xtask::Failure};

/// Where Debian puts the servers' programs, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Whose the server's processes are if this program is root's.
const USER: &str = "postgres";

/// How long anything but the load may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Beyond the defaults: room for a million accounts in memory, and no checkpoint in between, both
/// in the server's favour; what makes a commit durable is spelled out.
const SETTINGS: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on \
                        -c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=15min \
                        -c max_connections=200 -c listen_addresses=";

/// The server.
pub(super) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    version: String,
}

impl Server {
    /// Makes a new server in the folder and starts it.
    pub(super) fn start(folder: &Path) -> Result<Self, Failure> {
        let programs = programs()?;
        let version = ran(Command::new(programs.join("postgres")).arg("--version"))?;
        let version = version.trim().to_owned();
        if is_root() {
            ran(Command::new("chown").arg(USER).arg(folder))?;
        }
        let server = Self { programs, folder: folder.to_owned(), version };
        let data = folder.join("data");
        let mut command = server.command("initdb");
        command.args(["--auth=trust", "--no-locale", "--encoding=UTF8", "--username=postgres"]);
        ran(command.arg("--pgdata").arg(&data))?;
        let options = format!("{SETTINGS} -c unix_socket_directories={}", folder.display());
        let mut command = server.command("pg_ctl");
        command.arg("--pgdata").arg(&data).arg("--log").arg(folder.join("server.log"));
        ran(command.args(["--wait", "--silent", "--options", &options, "start"]))?;
        Ok(server)
    }

    /// The server's version, in its own words.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Carries out statements one after the other; gives what the last ones say.
    pub(super) fn order(&self, statements: &[String]) -> Result<String, Failure> {
        let mut arguments =
            ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
                .map(str::to_owned)
                .to_vec();
        arguments.extend(statements.iter().map(|statement| format!("--command={statement}")));
        self.client("psql", &arguments, PATIENCE)
    }

    /// Runs a client's program against the server.
    pub(super) fn client(
        &self,
        program: &str,
        arguments: &[String],
        limit: Duration,
    ) -> Result<String, Failure> {
        let mut command = self.command(program);
        command.arg("--host").arg(&self.folder).arg("--username=postgres").args(arguments);
        ran_within(command.arg("postgres"), limit)
    }

    /// A program of PostgreSQL's, as the user whose server it is.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).env("LC_ALL", "C");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = self.command("pg_ctl");
        command.arg("--pgdata").arg(self.folder.join("data"));
        // One that did not start cannot be stopped.
        let _stopped = ran(command.args(["--mode=fast", "--silent", "stop"]));
    }
}

/// The folder of the newest server's programs.
fn programs() -> Result<PathBuf, Failure> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let whole = folders.filter(|folder| {
        ["initdb", "pg_ctl", "pgbench", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    });
    let newest = whole.max_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(OsStr::to_str);
        version.and_then(|version| version.parse::<u32>().ok())
    });
    newest.ok_or_else(|| Failure::Found {
        summary: format!("PostgreSQL is not installed in {DEBIAN}: apt-get install postgresql"),
    })
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

fn ran(command: &mut Command) -> Result<String, Failure> {
    ran_within(command, PATIENCE)
}

/// Runs a command to its end, which must be good. Its output must not be a pipe that a server
/// inherits, or its end would never be seen; `pg_ctl` gives the server a log of its own.
fn ran_within(command: &mut Command, limit: Duration) -> Result<String, Failure> {
    let ran = run(command, limit)?;
    if ran.code == Some(0) {
        return Ok(ran.stdout);
    }
    let summary = format!("{command:?} ended with {:?}: {}", ran.code, ran.stderr.trim());
    Err(Failure::Found { summary })
}
