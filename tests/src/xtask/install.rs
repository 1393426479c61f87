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
        get: || {
            vec![
                Task::new("apt-get", ["update", "--quiet"]),
                Task::new("apt-get", ["install", "--quiet", "--yes", "libxml2-utils"])
                    .with("DEBIAN_FRONTEND", "noninteractive"),
            ]
        },
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
