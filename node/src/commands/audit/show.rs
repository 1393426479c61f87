//! `feiqian-node audit show`.

use std::path::PathBuf;

use api::text;
use clap::Args;
use ledger::ids::Timestamp;

use crate::commands::Failure;
use crate::commands::format::Format;
use crate::home;
use crate::output;
use crate::trail::{self, Entry, Kind, Record};

/// Prints records of the audit log.
#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// The home, of a stopped or a running node.
    #[arg(long)]
    home: PathBuf,
    /// Records from this moment on: 2026-11-21T20:15:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Calls of the operator of this name.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text::parse_time(text).ok_or_else(|| "like 2026-11-21T20:15:00Z".to_owned())
}

pub(in crate::commands) fn run(arguments: &Arguments) -> Result<(), Failure> {
    home::read_config(&arguments.home)?;
    let folder = arguments.home.join(trail::FOLDER);
    let reading = trail::read(&folder, None, &mut |record, _| {
        if is_asked_for(arguments, &record.entry) {
            match arguments.output {
                Format::Text => output::result(line(record)),
                // A record is made of strings and numbers: it always renders.
                Format::Json => {
                    output::result(serde_json::to_string(record).unwrap_or_default());
                }
            }
        }
    });
    let reading =
        reading.map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    match reading.bad {
        Some(bad) => {
            let message = format!("record {} is not good: {}", bad.due, bad.fault);
            Err(Failure::new(message).hint("Check the log: feiqian-node audit verify"))
        }
        None => Ok(()),
    }
}

fn is_asked_for(arguments: &Arguments, entry: &Entry) -> bool {
    arguments.since.is_none_or(|since| entry.time.0 >= since)
        && arguments.operator.as_ref().is_none_or(|name| entry.operator.as_ref() == Some(name))
}

fn line(record: &Record) -> String {
    let Record { sequence, entry, .. } = record;
    let Entry { kind, time, operator, role, from, request, method, path, status, detail, .. } =
        entry;
    let mut words = vec![String::from(*time), format!("record {sequence}")];
    match (operator, role) {
        (Some(name), Some(role)) => words.push(format!("{name} ({role})")),
        (_, _) if method.is_some() => words.push("nobody".to_owned()),
        (_, _) => words.push(kind.word().to_owned()),
    }
    words.extend(method.clone());
    words.extend(path.clone());
    words.extend((*kind == Kind::Begun).then(|| kind.word().to_owned()));
    words.extend(status.map(|status| status.to_string()));
    words.extend(from.as_ref().map(|from| format!("from {from}")));
    words.extend(request.as_ref().map(|id| format!("request {id}")));
    words.extend(detail.clone());
    // Paths and ids come from outside.
    ledger::text::shown(&words.join("  ").replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    fn entry() -> Entry {
        Entry {
            operator: Some("li".to_owned()),
            role: Some(Role::Maker),
            method: Some("POST".to_owned()),
            path: Some("/v1/iso20022?\u{202e}".to_owned()),
            status: Some(200),
            ..Entry::new(Kind::Call, Timestamp(1_795_294_500_123))
        }
    }

    #[test]
    fn a_line_says_who_did_what() {
        let record = Record { sequence: 7, entry: entry(), previous: String::new() };
        let line = line(&record);
        let start = "2026-11-21T20:55:00.123Z  record 7  li (maker)  POST  /v1/iso20022?";
        assert!(line.starts_with(start) && line.ends_with("  200"), "{line}");
        assert!(!line.contains('\u{202e}'));
    }

    #[test]
    fn records_are_chosen_by_time_and_operator() {
        let asked = |since: Option<u64>, operator: Option<&str>| {
            let arguments = Arguments {
                home: PathBuf::new(),
                since: since.map(Timestamp),
                operator: operator.map(str::to_owned),
                output: Format::Text,
            };
            is_asked_for(&arguments, &entry())
        };
        for (since, operator, expected) in [
            (None, None, true),
            (Some(1_795_294_500_123), Some("li"), true),
            (Some(1_795_294_500_124), None, false),
            (None, Some("bo"), false),
        ] {
            assert_eq!(asked(since, operator), expected);
        }
    }
}
