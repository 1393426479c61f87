//! `feiqian doctor`: what is wrong with this wallet and the way to its network, and what to do.
//!
//! Invariants: it changes nothing. Absent: the nodes' own health (their operators see it).

use api::chain::StatusView;
use ledger::ids::Timestamp;
use serde::Serialize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring;
use crate::profile::Profile;
use crate::session::Session;

/// How far this machine's clock may be from the last block's, in milliseconds.
const SKEW_MS: u64 = 60_000;

/// After which time an unfinished payment needs a look, in milliseconds.
const OLD_MS: u64 = 10 * 60 * 1000;

#[derive(Serialize)]
struct CheckDocument {
    /// `ok` or `problem`.
    result: &'static str,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<CheckDocument>);

impl Findings {
    fn ok(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.0.push(CheckDocument { result: "ok", what, advice: None, exit: Exit::Done });
    }

    fn problem(&mut self, exit: Exit, what: impl Into<String>, advice: impl Into<String>) {
        let (what, advice) = (what.into(), Some(advice.into()));
        self.0.push(CheckDocument { result: "problem", what, advice, exit });
    }
}

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let mut findings = Findings::default();
    folders(session, &mut findings);
    keys(session, &mut findings);
    outbox(session, &mut findings);
    match session.profile() {
        Ok(profile) => network(session, &profile, &mut findings),
        Err(fault) => findings.problem(fault.exit, fault.detail, fault.hint),
    }
    let lines = findings.0.iter().map(|check| {
        let advice = check.advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
        format!("{:<8} {}{advice}", check.result, check.what)
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    session.output.result(text, &findings.0);
    let problems = findings.0.iter().filter(|check| check.exit != Exit::Done);
    match problems.clone().map(|check| check.exit).next() {
        None => Ok(()),
        Some(exit) => {
            let detail = format!("{} things are not in order.", problems.count());
            Err(Fault::new(exit, "not-in-order", detail, "Each says what to do."))
        }
    }
}

/// Whether others can read what is private.
fn folders(session: &Session, findings: &mut Findings) {
    let folders = &session.folders;
    let mut open = Vec::new();
    for folder in [folders.keys(), folders.outbox(), folders.archive()] {
        if is_open(&folder) {
            open.push(folder.display().to_string());
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if is_open(&entry.path()) {
                open.push(entry.path().display().to_string());
            }
        }
    }
    if open.is_empty() {
        findings.ok("keys, outbox and archive are readable by you alone");
    } else {
        let advice = format!("chmod go-rwx {}", open.join(" "));
        findings.problem(Exit::Internal, "others can read private files:", advice);
    }
}

fn is_open(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

fn keys(session: &Session, findings: &mut Findings) {
    match keyring::own(&session.folders) {
        Ok(keys) => findings.ok(format!("{} keys can be read", keys.len())),
        Err(fault) => findings.problem(Exit::Internal, fault.detail, fault.hint),
    }
}

fn outbox(session: &Session, findings: &mut Findings) {
    let entries = match session.outbox().list() {
        Ok(entries) => entries,
        Err(fault) => return findings.problem(Exit::Internal, fault.detail, fault.hint),
    };
    let is_old = |created: &str| {
        let created = api::text::parse_time(created).unwrap_or(Timestamp(0));
        entropy::now().since(created) > OLD_MS
    };
    let old: Vec<_> = entries.iter().filter(|entry| is_old(&entry.created)).collect();
    match old.first() {
        None => findings.ok(format!("{} payments are unfinished, none for long", entries.len())),
        Some(first) => {
            let what = format!("{} payments are unfinished for long.", old.len());
            findings.problem(Exit::Unknown, what, format!("feiqian pay --resume {}", first.id));
        }
    }
}

fn network(session: &Session, profile: &Profile, findings: &mut Findings) {
    findings.ok(format!("the profile is {}", profile.name));
    let Some(chain) = profile.chain else {
        let what = "the profile names no chain, so nothing can be verified.";
        return findings.problem(Exit::Usage, what, "Add chain_id to it.");
    };
    let network = session.network(profile);
    let mut answers: Vec<StatusView> = Vec::new();
    for node in network.nodes() {
        match node.get_json::<StatusView>("/v1/status", &[], network.limit()) {
            Ok(status) if status.chain_id != chain.text() => {
                let what = format!("{} follows another chain: {}.", node.base(), status.chain_id);
                findings.problem(Exit::Rejected, what, "Take it out of the profile.");
            }
            Ok(status) if !status.synced => {
                let what = format!("{} catches up, at block {}.", node.base(), status.height);
                findings.problem(Exit::NotSent, what, "Wait, or use another node.");
                answers.push(status);
            }
            Ok(status) => {
                let (node, height) = (node.base(), status.height);
                findings.ok(format!("{node} answers, at block {height}"));
                answers.push(status);
            }
            Err(error) => {
                let what = format!("{} does not answer: {error}.", node.base());
                findings.problem(Exit::NotSent, what, "Check that it runs, and its address.");
            }
        }
    }
    clock(&answers, findings);
}

/// Whether this machine's clock fits the chain's.
fn clock(answers: &[StatusView], findings: &mut Findings) {
    let times = answers.iter().filter_map(|status| api::text::parse_time(&status.last_final_at));
    let Some(last) = times.max() else { return };
    let now = entropy::now();
    if now.since(last) <= SKEW_MS && last.since(now) <= SKEW_MS {
        return findings.ok("this machine's clock fits the chain's");
    }
    let what = format!(
        "this machine's clock says {}, the last block is of {}.",
        api::text::time(now),
        api::text::time(last)
    );
    findings.problem(Exit::NotSent, what, "Set the clock, or ask the operators if the chain runs.");
}
