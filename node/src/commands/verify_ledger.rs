//! `feiqian-node verify-ledger`: checks everything that a stopped home's log and index say.
//!
//! Invariants: exit code 0 means that everything holds, 1 that something is damaged (and named), 2
//! a usage error, 3 that the check could not be made. Absent: the checks (see `crate::audit`),
//! repair.

use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::audit::{self, Report};
use crate::home::{Home, HomeError};
use crate::output;

/// Checks every record, block, signature, certificate and index row of a stopped node's home.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The home of a node that does not run.
    #[arg(long)]
    home: PathBuf,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let home = Home::open(&arguments.home).map_err(not_made)?;
    let mut progress = |blocks| {
        if blocks > 0 {
            output::note(format_args!("{blocks} blocks checked"));
        }
    };
    let (log, index) = (home.log_folder(), home.index_file());
    let report = audit::run(&home.genesis, &log, &index, &mut progress);
    let report = report.map_err(|error| Failure { exit: 3, ..Failure::new(error.to_string()) })?;
    arguments.output.print(&report, text)?;
    match report.findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new("the ledger is damaged at one place")),
        several => Err(Failure::new(format!("the ledger is damaged at {several} places"))),
    }
}

fn not_made(error: HomeError) -> Failure {
    let is_held = matches!(error, HomeError::Held { .. });
    let failure = Failure { exit: 3, ..Failure::new(error.to_string()) };
    if is_held {
        failure.hint(
            "Or check a copy while the node runs: feiqian-node backup, then restore it into \
             another folder and verify that.",
        )
    } else {
        failure
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let place = finding.offset.map(|offset| format!(", byte {offset}")).unwrap_or_default();
        let _always = writeln!(
            text,
            "DAMAGED at block {} ({}{place}): {}",
            finding.height,
            finding.file.display(),
            finding.what
        );
    }
    for note in &report.notes {
        let _always = writeln!(text, "note: {note}");
    }
    let number = |height: Option<u64>| height.map_or("none".to_owned(), |it| it.to_string());
    let index = report.index.map(|height| format!("index at block {height}"));
    let index = index.unwrap_or_else(|| "no index".to_owned());
    let verdict = if report.findings.is_empty() { "Sound" } else { "Checked until then" };
    let _always = write!(
        text,
        "{verdict}: blocks {} to {}, executed again from {}; {} records, {} batches, {} \
         transactions, {} certificates; {index}",
        number(report.first),
        number(report.last),
        number(report.executed_from),
        report.records,
        report.batches,
        report.transactions,
        report.certificates,
    );
    text
}
