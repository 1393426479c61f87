//! The alert rules of the folder `docker/`, by Prometheus' own tool.
//!
//! Absent: whether nodes export what the rules name (`node/tests/metric_names.rs`).

use crate::xtask::{Failure, command::Task, project};

/// Checks the configuration, and that each rule fires on what it is for and on nothing else.
///
/// # Errors
/// When `promtool` finds a fault, or is missing.
pub fn check_rules() -> Result<(), Failure> {
    let folder = project::root().join("docker/prometheus");
    let file = |name: &str| folder.join(name).display().to_string();
    Task::new("promtool", ["check", "config", &file("prometheus.yml")]).run()?;
    Task::new("promtool", ["test", "rules", &file("alerts_test.yml")]).run()
}

/// Whether the tool is there.
#[must_use]
pub fn can_check() -> bool {
    Task::new("promtool", ["--version"]).succeeds()
}
