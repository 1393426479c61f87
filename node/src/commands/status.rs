//! `feiqian-node status`: how a node is, by its own word and by its home.
//!
//! Invariants: exit code 0 only for a node that runs and is ready, 1 for one that runs and is not,
//! 3 for one that does not answer. Absent: proofs; it is the operator's own node.

use clap::Args;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use api::chain::{CheckView, StatusView};
use serde::Serialize;

use super::Failure;
use super::format::Format;
use crate::check::{self, disk};
use crate::client::{Client, ClientError};
use crate::home;
use crate::trail::{self, Head};

/// How often a node that is waited for is asked.
const PAUSE: Duration = Duration::from_millis(200);

/// Says how the node of a home is: running, ready, synced, voting.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The node's home.
    #[arg(long, required_unless_present = "api", conflicts_with = "api")]
    home: Option<PathBuf>,
    /// The API of a node to ask, in the place of a home.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Wait until the node is ready, at most so long.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// What is known of a node.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether it answers.
    answers: bool,
    /// Whether clients should come to it.
    ready: bool,
    /// What keeps it from that.
    reasons: Vec<String>,
    /// Every check of its own.
    checks: Vec<CheckView>,
    /// Where it and its chain stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusView>,
    /// How much room its home has, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_free_bytes: Option<u64>,
    /// Where its audit log ended when the node signed that last.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<Head>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let home = arguments.home.as_deref();
    let client = match (&arguments.api, home) {
        (Some(api), _) => Client::new(api),
        (None, Some(home)) => Client::of(&home::read_config(home)?.api),
        (None, None) => return Err(Failure::usage("name the node with --home or --api")),
    };
    let patience = Duration::from_secs(arguments.wait);
    let start = Instant::now();
    let report = loop {
        let report = ask(&client, home);
        let is_ready = report.as_ref().is_ok_and(|report| report.ready);
        if is_ready || start.elapsed() >= patience {
            break report;
        }
        std::thread::sleep(PAUSE);
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return Err(silent(arguments, &error, home)),
    };
    arguments.output.print(&report, text)?;
    if report.ready {
        return Ok(());
    }
    Err(Failure::new(format!("the node is not ready: {}", report.reasons.join("; "))))
}

fn ask(client: &Client, home: Option<&Path>) -> Result<Report, ClientError> {
    let (health, status) = (client.health()?, client.status()?);
    Ok(Report {
        answers: true,
        ready: health.reasons.is_empty(),
        reasons: health.reasons,
        checks: health.checks,
        status: Some(status),
        disk_free_bytes: home.and_then(|home| disk::free_bytes(home).ok()),
        audit: home.and_then(head),
    })
}

/// The head of the home's audit log, if it can be read.
fn head(home: &Path) -> Option<Head> {
    trail::read_head(&home.join(trail::FOLDER)).ok().flatten()
}

/// A node that does not answer: it is stopped, or starts, or hangs.
fn silent(arguments: &Arguments, error: &ClientError, home: Option<&Path>) -> Failure {
    let report = Report {
        answers: false,
        ready: false,
        reasons: vec![error.to_string()],
        checks: Vec::new(),
        status: None,
        disk_free_bytes: home.and_then(|home| disk::free_bytes(home).ok()),
        audit: home.and_then(head),
    };
    if arguments.output == Format::Json
        && let Err(failure) = arguments.output.print(&report, text)
    {
        return failure;
    }
    let hint = match home {
        Some(home) if check::is_held(home) => {
            "A process holds the home: it may still read its log. Look at what it says.".to_owned()
        }
        Some(home) => {
            format!("It is stopped. Start it: feiqian-node run --home {}", home.display())
        }
        None => "Start it, or name another one.".to_owned(),
    };
    Failure { exit: 3, ..Failure::new(error.to_string()) }.hint(hint)
}

fn text(report: &Report) -> String {
    let ready = if report.ready { "ready" } else { "NOT READY" };
    let mut lines = Vec::new();
    if let Some(status) = &report.status {
        let synced = if status.synced { "synced" } else { "catching up" };
        let StatusView { node, version, chain_id, height, earliest, epoch, .. } = status;
        lines.push(format!("{node} {ready}, version {version}, chain {chain_id}"));
        lines.push(format!(
            "  chain   block {height} of {}, epoch {epoch}, {synced}; blocks kept from {earliest}",
            status.last_final_at
        ));
        lines.push(format!(
            "  votes   {}; {} of {} validators connected, {} needed",
            status.voting, status.connected, status.validators, status.quorum
        ));
    }
    if let Some(free) = report.disk_free_bytes {
        lines.push(format!("  disk    {} free", disk::size(free)));
    }
    if let Some(Head { sequence, hash, time, .. }) = &report.audit {
        let time = String::from(*time);
        lines.push(format!("  audit   record {sequence} of {time}, hash {hash}"));
    }
    for check in &report.checks {
        let word = if check.ok { "ok" } else { "NOT OK" };
        lines.push(format!("  {:<7} {word}: {}", check.name, check.detail));
    }
    lines.join("\n")
}
