//! The step of `cargo xtask test` for what operators copy: the systemd unit and the alert rules,
//! each by the tool of its own trade.
//!
//! Invariant: a tool that is missing is said to be, and nothing passes for checked without it.

use std::fs;

use super::{Failure, build, command::Task, output, project};
use crate::docker::monitoring;

/// The unit, and where it expects the program.
const UNIT: &str = "docs/operating/feiqian-node.service";
const INSTALLED: &str = "/usr/local/bin/feiqian-node";

/// Checks both, and names what was left out.
pub(super) fn check() -> Result<Vec<String>, Failure> {
    let mut left_out = Vec::new();
    if monitoring::can_check() {
        monitoring::check_rules()?;
    } else {
        left_out.push("the alert rules: promtool is not installed".to_owned());
    }
    if Task::new("systemd-analyze", ["--version"]).succeeds() {
        check_unit()?;
    } else {
        left_out.push("the systemd unit: systemd-analyze is not installed".to_owned());
    }
    for what in &left_out {
        output::progress(format_args!("LEFT OUT: {what}"));
    }
    Ok(left_out)
}

/// Lets systemd read the unit, with the program where it is now.
fn check_unit() -> Result<(), Failure> {
    let failed = |path: &std::path::Path, error: &std::io::Error| Failure::File {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let path = project::root().join(UNIT);
    let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
    if !text.contains(&format!("ExecStart={INSTALLED} run ")) {
        return Err(Failure::Found { summary: format!("{UNIT} does not start {INSTALLED}") });
    }
    let program = build::products()?.node.display().to_string();
    let folder = tempfile::tempdir().map_err(|error| failed(&path, &error))?;
    let copy = folder.path().join("feiqian-node.service");
    fs::write(&copy, text.replace(INSTALLED, &program)).map_err(|error| failed(&copy, &error))?;
    let copy = copy.display().to_string();
    Task::new("systemd-analyze", ["verify", "--man=no", &copy]).run()
}
