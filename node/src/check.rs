//! What `feiqian-node check` looks at before a node is started, or while it runs: one file per
//! check.
//!
//! Invariants: nothing in the home is changed, and a running node is not disturbed; everything that
//! is found not to be as it should be says how it is mended. Absent: the log and the index
//! (`verify-ledger` reads them), repair.

mod clock;
mod configuration;
pub(crate) mod disk;
mod keys;
mod memory;
mod operators;
mod peers;
mod ports;
#[cfg(test)]
mod tests;
mod time_server;

use std::fs::File;
use std::path::{Path, PathBuf};

use ledger::genesis::GenesisDocument;
use serde::Serialize;

use crate::config::Config;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The node runs with it; an operator should know.
    Warning,
    /// The node does not start with it, or does harm.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check: `configuration`, `keys`, `operators`, `memory`, `ports`, `clock`, `disk`,
    /// `peers`.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub what: String,
    /// What to do; empty where nothing has to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

/// What is checked, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The home.
    pub home: PathBuf,
    /// A time server to compare this machine's clock with: `host` or `host:port`.
    pub time_server: Option<String>,
}

/// A home whose configuration and document were read.
struct Scene<'a> {
    home: &'a Path,
    config: &'a Config,
    genesis: &'a GenesisDocument,
    /// Whether a process holds the home.
    runs: bool,
    time_server: Option<&'a str>,
}

/// What looks at one side of a home.
type Check = fn(&Scene<'_>, &mut Findings);

/// The findings of one check.
struct Findings {
    check: &'static str,
    found: Vec<Finding>,
}

impl Findings {
    const fn of(check: &'static str) -> Self {
        Self { check, found: Vec::new() }
    }

    fn good(&mut self, what: impl Into<String>) {
        self.add(Verdict::Good, what.into(), String::new());
    }

    fn warn(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Verdict::Warning, what.into(), mend.into());
    }

    fn fail(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Verdict::Failed, what.into(), mend.into());
    }

    fn add(&mut self, verdict: Verdict, what: String, mend: String) {
        self.found.push(Finding { check: self.check, verdict, what, mend });
    }
}

/// Makes every check of a home. Where the configuration or the genesis document cannot be read,
/// only that is found: everything else rests on them.
#[must_use]
pub fn run(request: &Request) -> Vec<Finding> {
    let home = request.home.as_path();
    let mut first = Findings::of("configuration");
    let Some((config, genesis)) = configuration::read(home, &mut first) else {
        return first.found;
    };
    let runs = is_held(home);
    let time_server = request.time_server.as_deref();
    let scene = Scene { home, config: &config, genesis: &genesis, runs, time_server };
    let checks: [(&str, Check); 7] = [
        ("keys", keys::check),
        ("operators", operators::check),
        ("memory", memory::check),
        ("ports", ports::check),
        ("clock", clock::check),
        ("disk", disk::check),
        ("peers", peers::check),
    ];
    let mut all = first.found;
    for (name, check) in checks {
        let mut findings = Findings::of(name);
        check(&scene, &mut findings);
        all.extend(findings.found);
    }
    all
}

/// True if a process holds the home. The lock is tried for an instant and given back; a file that
/// is not there is not made, since it would belong to whoever checks.
#[must_use]
pub fn is_held(home: &Path) -> bool {
    let lock = File::options().read(true).open(home.join("lock"));
    lock.is_ok_and(|lock| lock.try_lock().is_err())
}
