//! `feiqian doctor`: what is wrong with this wallet and the way to its network, and what to do.
//!
//! Invariants: it changes nothing. Absent: the nodes' own health (their operators see it).

use api::chain::StatusView;
use ledger::ids::Timestamp;
use serde::Serialize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::table;
use crate::code::Own;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring;
use crate::language::{Text, say};
use crate::profile::Profile;
use crate::protocol;
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
    /// The same for people.
    #[serde(skip)]
    text: Text,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<CheckDocument>);

impl Findings {
    fn ok(&mut self, what: Text) {
        self.add("ok", Exit::Done, &what, None);
    }

    fn problem(&mut self, exit: Exit, what: Text, advice: Text) {
        self.add("problem", exit, &what, Some(advice));
    }

    fn add(&mut self, result: &'static str, exit: Exit, what: &Text, advice: Option<Text>) {
        let text = advice.as_ref().map_or_else(|| what.clone(), |advice| what.and(advice));
        let advice = advice.map(|advice| advice.english().to_owned());
        let what = what.english().to_owned();
        self.0.push(CheckDocument { result, what, advice, exit, text });
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
    let lines = findings.0.iter().map(|check| (protocol::word(check.result), check.text.clone()));
    session.output.result(&table::list(&lines.collect::<Vec<_>>(), 8), &findings.0);
    let problems = findings.0.iter().filter(|check| check.exit != Exit::Done);
    match problems.clone().map(|check| check.exit).next() {
        None => Ok(()),
        Some(exit) => {
            let detail = say!(
                "{count} things are not in order.",
                "{count} 项异常。",
                count = problems.count()
            );
            let hint = say!("Each says what to do.", "各项均写明处理办法。");
            Err(Fault::new(exit, Own::NotInOrder, detail, hint))
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
        findings.ok(say!(
            "keys, outbox and archive are readable by you alone",
            "密钥、发件箱和归档仅您本人可读"
        ));
    } else {
        let advice = Text::data(format!("chmod go-rwx {}", open.join(" ")));
        let what = say!("others can read private files:", "他人可读取私密文件：");
        findings.problem(Exit::Internal, what, advice);
    }
}

fn is_open(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

fn keys(session: &Session, findings: &mut Findings) {
    match keyring::own(&session.folders) {
        Ok(keys) => findings.ok(say!("{n} keys can be read", "{n} 个密钥可读取", n = keys.len())),
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
        None => findings.ok(say!(
            "{n} payments are unfinished, none for long",
            "{n} 笔支付未完成，均未久拖",
            n = entries.len()
        )),
        Some(first) => {
            let what = say!(
                "{n} payments are unfinished for long.",
                "{n} 笔支付长时间未完成。",
                n = old.len()
            );
            let advice = Text::data(format!("feiqian pay --resume {}", first.id));
            findings.problem(Exit::Unknown, what, advice);
        }
    }
}

fn network(session: &Session, profile: &Profile, findings: &mut Findings) {
    findings.ok(say!("the profile is {name}", "配置为 {name}", name = profile.name));
    let Some(chain) = profile.chain else {
        let what = say!(
            "the profile names no chain, so nothing can be verified.",
            "配置未写明链，因此无法验证。"
        );
        let advice = say!("Add chain_id to it.", "请在其中加上 chain_id。");
        return findings.problem(Exit::Usage, what, advice);
    };
    let network = session.network(profile);
    let mut answers: Vec<StatusView> = Vec::new();
    for node in network.nodes() {
        match node.get_json::<StatusView>("/v1/status", &[], network.limit()) {
            Ok(status) => {
                if examine(node.base(), &status, &chain.text(), findings) {
                    answers.push(status);
                }
            }
            Err(error) => {
                let what = say!(
                    "{node} does not answer: {why}.",
                    "{node} 不应答：{why}。",
                    node = node.base();
                    why = error.text()
                );
                let advice =
                    say!("Check that it runs, and its address.", "请检查它是否运行及其地址。");
                findings.problem(Exit::NotSent, what, advice);
            }
        }
    }
    clock(&answers, findings);
}

/// Whether this machine's clock fits the chain's.
/// Looks at what a node says; true if it is of the chain.
fn examine(node: &str, status: &StatusView, chain: &str, findings: &mut Findings) -> bool {
    let (other, height) = (&status.chain_id, status.height);
    if other != chain {
        let what = say!("{node} follows another chain: {other}.", "{node} 在另一条链上：{other}。");
        let advice = say!("Take it out of the profile.", "请将其从配置中去掉。");
        findings.problem(Exit::Rejected, what, advice);
        return false;
    }
    if status.synced {
        findings.ok(say!("{node} answers, at block {height}", "{node} 应答，位于区块 {height}"));
    } else {
        let what =
            say!("{node} catches up, at block {height}.", "{node} 正在追赶，位于区块 {height}。");
        let advice = say!("Wait, or use another node.", "请等待，或使用其他节点。");
        findings.problem(Exit::NotSent, what, advice);
    }
    true
}

fn clock(answers: &[StatusView], findings: &mut Findings) {
    let times = answers.iter().filter_map(|status| api::text::parse_time(&status.last_final_at));
    let Some(last) = times.max() else { return };
    let now = entropy::now();
    if now.since(last) <= SKEW_MS && last.since(now) <= SKEW_MS {
        return findings.ok(say!("this machine's clock fits the chain's", "本机时钟与链一致"));
    }
    let what = say!(
        "this machine's clock says {now}, the last block is of {last}.",
        "本机时钟为 {now}，最后一个区块为 {last}。",
        now = api::text::time(now),
        last = api::text::time(last)
    );
    let advice = say!(
        "Set the clock, or ask the operators if the chain runs.",
        "请校准时钟，或询问运营方链是否运行。"
    );
    findings.problem(Exit::NotSent, what, advice);
}
