//! Installs the outside programs that checks need, where they are missing.
//!
//! Absent: the toolchain itself (rustc, cargo, rustfmt, clippy), which is the reader's to bring.

use super::{Failure, command::Task, output, project};

/// One outside program: how to see that it is there, and how to get it.
struct Need {
    /// What is not checked without it.
    check: &'static str,
    present: fn() -> Task,
    get: fn() -> Vec<Task>,
}

const NEEDS: &[Need] = &[
    Need {
        check: "the tests (cargo-nextest)",
        present: || Task::cargo("nextest --version"),
        get: || vec![from_crates("cargo-nextest", "0.9.143")],
    },
    Need {
        check: "advisories, licences and banned crates (cargo-deny)",
        present: || Task::cargo("deny --version"),
        get: || vec![from_crates("cargo-deny", "0.20.2")],
    },
    Need {
        check: "messages against their XSD (xmllint, package libxml2-utils)",
        present: || Task::new("xmllint", ["--version"]),
        get: || from_debian("libxml2-utils"),
    },
    Need {
        check: "wrong clocks of real nodes (package libfaketime)",
        present: || Task::new("test", ["-n", &faketime()]),
        get: || from_debian("libfaketime"),
    },
    Need {
        check: "networks of real nodes that lose packets (ip and tc, package iproute2)",
        present: || Task::new("sh", ["-c", "command -v ip && command -v tc"]),
        get: || from_debian("iproute2"),
    },
    Need {
        check: "the documents' transcripts (packages jq, curl and python3)",
        present: || {
            Task::new("sh", ["-c", "command -v jq && command -v curl && command -v python3"])
        },
        get: || from_debian("jq curl python3"),
    },
    Need {
        check: "alert rules (promtool, package prometheus)",
        present: || Task::new("promtool", ["--version"]),
        get: || from_debian("prometheus"),
    },
    Need {
        check: "the systemd unit (systemd-analyze, package systemd)",
        present: || Task::new("systemd-analyze", ["--version"]),
        get: || from_debian("systemd"),
    },
    Need {
        check: "the network in containers (packages docker.io and docker-compose)",
        present: || {
            Task::new(
                "sh",
                [
                    "-c",
                    "command -v docker && command -v dockerd && \
            { command -v docker-compose || docker compose version; }",
                ],
            )
        },
        get: engine,
    },
];

/// Installs what is missing and says which checks have to be left out.
///
/// # Errors
/// In CI, when an installation fails: there nothing may be left out.
pub(super) fn needs() -> Result<Vec<String>, Failure> {
    let mut left_out = Vec::new();
    for need in NEEDS.iter().filter(|need| !(need.present)().succeeds()) {
        output::progress(format_args!("installing what is needed for {}", need.check));
        match (need.get)().iter().try_for_each(Task::run) {
            Ok(()) => {}
            Err(failure) if project::is_ci() => return Err(failure),
            Err(failure) => {
                output::progress(format_args!("LEFT OUT: {}: {failure}", need.check));
                left_out.push(need.check.to_owned());
            }
        }
    }
    Ok(left_out)
}

/// Where the library is that gives a program a wrong clock; empty if it is nowhere.
fn faketime() -> String {
    crate::chaos::clock::library().map(|path| path.display().to_string()).unwrap_or_default()
}

/// Docker's engine, compose, and the client, which newer Debians keep in a package of its own.
fn engine() -> Vec<Task> {
    let client = "command -v docker || timeout 600 apt-get install --quiet --yes docker-cli";
    let mut tasks = from_debian("docker.io docker-compose iptables");
    tasks.push(Task::new("sh", ["-c", client]).with("DEBIAN_FRONTEND", "noninteractive"));
    tasks
}

/// A mirror that does not answer ends the installation, not the day.
const INSTALL: [&str; 6] =
    ["600", "apt-get", "install", "--quiet", "--yes", "--no-install-recommends"];

/// Packages of Debian's.
fn from_debian(packages: &str) -> Vec<Task> {
    vec![
        Task::new("timeout", ["300", "apt-get", "update", "--quiet"]),
        packages
            .split_whitespace()
            .fold(Task::new("timeout", INSTALL), |task, package| task.argument(package))
            .with("DEBIAN_FRONTEND", "noninteractive"),
    ]
}

/// Unoptimized, since compiling an optimized one takes far longer than all its runs; in a target
/// folder of its own, so that nothing of it stays behind.
fn from_crates(name: &str, version: &str) -> Task {
    Task::cargo("install --locked --debug --version")
        .argument(version)
        .argument(name)
        .with("CARGO_PROFILE_DEV_DEBUG", "0")
        .without("CARGO_TARGET_DIR")
}

#[cfg(test)]
mod tests {
    use super::from_crates;

    #[test]
    fn tools_are_pinned() {
        let line = from_crates("cargo-deny", "0.20.2").to_string();
        assert!(line.ends_with("cargo install --locked --debug --version 0.20.2 cargo-deny"));
    }
}
