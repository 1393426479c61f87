//! `feiqian-node check`: whether a home is fit to be started, or runs as it should.
//!
//! Invariants: exit code 0 if nothing failed (warnings are printed), 1 if something did. Absent:
//! the checks (see `crate::check`).

use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::check::{self, Finding, Request, Verdict};

/// Checks configuration, keys, ports, clock, disk and peers of a home, each with its mend.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The home, of a stopped or a running node.
    #[arg(long)]
    home: PathBuf,
    /// A time server to compare this machine's clock with, such as pool.ntp.org.
    #[arg(long, value_name = "HOST[:PORT]")]
    time_server: Option<String>,
    /// Count warnings as failures.
    #[arg(long)]
    strict: bool,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// The JSON document.
#[derive(Serialize)]
struct Report<'a> {
    failed: usize,
    warnings: usize,
    findings: &'a [Finding],
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let request =
        Request { home: arguments.home.clone(), time_server: arguments.time_server.clone() };
    let findings = check::run(&request);
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (failed, warnings) = (count(Verdict::Failed), count(Verdict::Warning));
    let report = Report { failed, warnings, findings: &findings };
    arguments.output.print(&report, |report| text(report.findings))?;
    if failed > 0 || (arguments.strict && warnings > 0) {
        let message = format!("{failed} failed, {warnings} warned of; the mends stand above");
        return Err(Failure::new(message));
    }
    Ok(())
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.verdict {
            Verdict::Good => "ok",
            Verdict::Warning => "WARNING",
            Verdict::Failed => "FAILED",
        };
        // Writing into a string cannot fail.
        let _always = writeln!(text, "{word:<8} {:<14} {}", finding.check, finding.what);
        if !finding.mend.is_empty() {
            let _always = writeln!(text, "{:<23} {}", "", finding.mend);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mend_stands_below_its_finding() {
        let finding = |verdict, mend: &str| Finding {
            check: "disk",
            verdict,
            what: "2.0 GB free for the home".to_owned(),
            mend: mend.to_owned(),
        };
        let findings = [finding(Verdict::Good, ""), finding(Verdict::Warning, "Make room.")];
        assert_eq!(
            text(&findings),
            "ok       disk           2.0 GB free for the home\n\
             WARNING  disk           2.0 GB free for the home\n\
             \x20                       Make room."
        );
    }
}
