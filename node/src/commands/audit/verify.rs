//! `feiqian-node audit verify`.

use std::path::PathBuf;

use clap::Args;
use ledger::crypto::PublicKey;
use ledger::genesis::keyfile::KeyKind;
use serde::Serialize;

use crate::commands::Failure;
use crate::commands::format::Format;
use crate::config::Config;
use crate::home::{self, NODE_KEY};
use crate::trail::{self, Head, Kind, Link, Reading};

/// Checks the chain of the audit log from its first record to its last, and its head.
#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// The home, of a stopped or a running node.
    #[arg(long)]
    home: PathBuf,
    /// A head that was kept elsewhere: the log must hold this record, so nothing before was cut
    /// off.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = link)]
    head: Vec<Link>,
    /// Check from this record on: the files before were moved away, or are known to be damaged.
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    /// The key that must have signed the head, where it is not in the home.
    #[arg(long, value_name = "HEX", value_parser = key)]
    node_key: Option<PublicKey>,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn link(text: &str) -> Result<Link, String> {
    Link::parse(text).ok_or_else(|| "write a record's number, a colon and its hash".to_owned())
}

fn key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_hex(text).ok_or_else(|| "write 64 hexadecimal digits".to_owned())
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Everything that is wrong, in its order.
    findings: Vec<String>,
    /// What is worth knowing, and not wrong.
    notes: Vec<String>,
    /// The number of the first record that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    /// The number of the last good record.
    last: u64,
    /// Its hash.
    hash: String,
    /// How many files there are.
    files: usize,
}

pub(in crate::commands) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let report = check(arguments)?;
    arguments.output.print(&report, text)?;
    match report.findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new("the audit log is damaged at one place")),
        several => Err(Failure::new(format!("the audit log is damaged at {several} places"))),
    }
}

fn not_made(message: impl std::fmt::Display) -> Failure {
    Failure { exit: 3, ..Failure::new(message.to_string()) }
}

fn check(arguments: &Arguments) -> Result<Report, Failure> {
    let config = home::read_config(&arguments.home).map_err(not_made)?;
    let folder = arguments.home.join(trail::FOLDER);
    let mut report = Report::default();
    // Read before the records: a running node adds some meanwhile.
    let head = match trail::read_head(&folder) {
        Ok(head) => head,
        Err(error) => {
            report.findings.push(error.to_string());
            None
        }
    };
    let mut wanted: Vec<(Link, bool)> = arguments.head.iter().map(|link| (*link, false)).collect();
    let own = head.as_ref().and_then(Head::link);
    wanted.extend(own.filter(|own| !arguments.head.contains(own)).map(|own| (own, false)));
    let mut told = Vec::new();
    let from = arguments.from.unwrap_or(1);
    let reading = trail::read(&folder, arguments.from, &mut |record, link| {
        for (wanted, is_found) in &mut wanted {
            *is_found |= *wanted == *link;
        }
        if record.entry.kind == Kind::Damaged && record.sequence >= from {
            let detail = record.entry.detail.as_deref().unwrap_or_default();
            told.push(format!("record {}: {detail}", record.sequence));
        }
    });
    let reading =
        reading.map_err(|error| not_made(format_args!("{}: {error}", folder.display())))?;
    if reading.files == 0 && head.is_none() {
        let message = format!("{} has no audit log", arguments.home.display());
        return Err(not_made(message).hint("A node begins it when it runs for the first time."));
    }
    report.findings.extend(told);
    judge(&mut report, &reading, from);
    for (link, is_found) in wanted {
        judge_head(&mut report, &reading, link, is_found);
    }
    if let Some(head) = &head {
        judge_signature(&mut report, head, &config, arguments)?;
    }
    (report.first, report.last, report.files) =
        (reading.first, reading.last.sequence, reading.files);
    report.hash = reading.last.hash.to_hex().to_string();
    Ok(report)
}

fn judge(report: &mut Report, reading: &Reading, from: u64) {
    match reading.first {
        Some(first) if first > from => report.findings.push(format!(
            "the log begins with record {first}, and record {from} is asked for: put the files \
             before it back, or check the rest with --from {first}"
        )),
        Some(_) | None => {}
    }
    if let Some(bad) = &reading.bad {
        let (file, line, due) = (bad.file.display(), bad.line, bad.due);
        report.findings.push(format!("record {due} ({file}, line {line}): {}", bad.fault));
    }
    if let Some(unfinished) = &reading.unfinished {
        report.notes.push(format!(
            "{} bytes of an unfinished write at the end: one that is under way, or that a crash \
             left, and the next start mends",
            unfinished.bytes
        ));
    }
}

/// A head must be in the chain, as far as the chain was read.
fn judge_head(report: &mut Report, reading: &Reading, head: Link, is_found: bool) {
    let last = reading.last.sequence;
    let is_before = reading.first.is_none_or(|first| head.sequence < first);
    if is_found || head.sequence == 0 {
        return;
    }
    if head.sequence > last {
        // What comes behind a bad record was not read.
        if reading.bad.is_none() {
            let (first, end) = (last.saturating_add(1), head.sequence);
            report.findings.push(format!("records {first} to {end} are missing at the end"));
        }
    } else if is_before {
        let number = head.sequence;
        report.notes.push(format!("record {number} is before what was checked"));
    } else {
        let number = head.sequence;
        report.findings.push(format!("record {number} is another than {}", head.text()));
    }
}

fn judge_signature(
    report: &mut Report,
    head: &Head,
    config: &Config,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let file = arguments.home.join(&config.node.keys).join(NODE_KEY);
    let key = match arguments.node_key {
        Some(key) => key,
        None => {
            let read = home::read_key(&file, KeyKind::Node).map(|key| key.public());
            read.map_err(|error| not_made(error).hint("Or name the key: --node-key HEX"))?
        }
    };
    let owner = format!("{} on {}", config.bic(), config.node.chain_id);
    if !head.is_by(key) {
        report.findings.push("the head is not signed by the node's key".to_owned());
    }
    if head.owner != owner {
        report.findings.push(format!("the head is of the log of {}, not of {owner}", head.owner));
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let mut lines: Vec<_> =
        report.findings.iter().map(|finding| format!("DAMAGED: {finding}")).collect();
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    let verdict = if report.findings.is_empty() { "Sound" } else { "Checked" };
    let (first, files) = (report.first.unwrap_or_default(), report.files);
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    lines.push(format!("{verdict}: records {first} to {} in {files}", report.last));
    lines.push(format!("head {}:{}", report.last, report.hash));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::{home, key};
    use crate::trail::{Entry, Settings, Trail};
    use ledger::ids::Timestamp;
    use std::fs;
    use std::path::Path;

    /// Writes an opening, so many calls and a closing.
    fn write(home: &Path, calls: usize) {
        let config = home::read_config(home).unwrap();
        let owner = format!("{} on {}", config.bic(), config.node.chain_id);
        let folder = home.join(trail::FOLDER);
        let settings = Settings { folder, file_bytes: 1 << 20, key: key(11), owner };
        let entry = |kind| Entry::new(kind, Timestamp(1_795_294_500_123));
        let trail = Trail::start(settings, entry(Kind::Opened));
        for _ in 0..calls {
            trail.note(entry(Kind::Call)).unwrap();
        }
    }

    fn arguments(home: &Path) -> Arguments {
        let (home, output) = (home.to_owned(), Format::Text);
        Arguments { home, head: vec![], from: None, node_key: None, output }
    }

    fn findings(arguments: &Arguments) -> Vec<String> {
        check(arguments).unwrap().findings
    }

    fn file(home: &Path) -> PathBuf {
        home.join(trail::FOLDER).join("000000000001.jsonl")
    }

    #[test]
    fn a_whole_log_is_sound_and_holds_its_heads() {
        let folder = home();
        let home = folder.path();
        assert_eq!(check(&arguments(home)).unwrap_err().exit, 3);
        write(home, 2);
        let report = check(&arguments(home)).unwrap();
        assert_eq!((report.first, report.last, report.findings.len()), (Some(1), 4, 0));
        let kept = link(&format!("{}:{}", report.last, report.hash)).unwrap();
        write(home, 1);
        let with = |head: Link| Arguments { head: vec![head], ..arguments(home) };
        assert_eq!(findings(&with(kept)), Vec::<String>::new());
        let other = Link { sequence: 3, ..kept };
        assert!(findings(&with(other))[0].starts_with("record 3 is another than 3:"));
        let later = Link { sequence: 90, ..kept };
        assert_eq!(findings(&with(later)), ["records 8 to 90 are missing at the end"]);
    }

    #[test]
    fn what_is_changed_cut_off_or_signed_by_another_is_named() {
        let folder = home();
        let home = folder.path();
        write(home, 3);
        let text = fs::read_to_string(file(home)).unwrap();
        let found = |text: &str| {
            fs::write(file(home), text).unwrap();
            findings(&arguments(home))
        };
        assert!(found(&text.replacen("call", "cell", 1))[0].starts_with("record 2 ("));
        let cut: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
        assert_eq!(found(&cut), ["records 4 to 5 are missing at the end"]);
        let own = trail::read_head(&home.join(trail::FOLDER)).unwrap().unwrap().link();
        let again = Arguments { head: own.into_iter().collect(), ..arguments(home) };
        assert_eq!(findings(&again), ["records 4 to 5 are missing at the end"]);
        let behind: String = text.lines().skip(2).map(|line| format!("{line}\n")).collect();
        assert!(found(&behind)[0].starts_with("the log begins with record 3"));
        let later = Arguments { from: Some(3), ..arguments(home) };
        assert_eq!(findings(&later), Vec::<String>::new());
        assert_eq!(found(&text), Vec::<String>::new());
        let other = Arguments { node_key: Some(key(99).public()), ..arguments(home) };
        assert_eq!(findings(&other), ["the head is not signed by the node's key"]);
        let head = home.join(trail::FOLDER).join("head.json");
        let foreign = fs::read_to_string(&head).unwrap().replacen("PSBC", "ICBC", 1);
        fs::write(&head, foreign).unwrap();
        assert_eq!(findings(&arguments(home)).len(), 2);
    }

    #[test]
    fn an_unfinished_write_is_noted_and_no_damage() {
        let folder = home();
        let home = folder.path();
        write(home, 1);
        let text = fs::read_to_string(file(home)).unwrap();
        fs::write(file(home), format!("{text}{{\"sequence\"")).unwrap();
        let report = check(&arguments(home)).unwrap();
        assert_eq!((report.findings.len(), report.notes.len()), (0, 1));
    }
}
