//! Where things are: the project's root, outside material beside it, and this build's profile.

use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
///
/// Cargo and nextest tell a running program its package's folder; a program started by hand uses
/// the folder that it was compiled from.
#[must_use]
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(&package)
        .into()
}

/// Outside material (advisories, schemas, samples) that may lie beside the project, by its path in
/// the folder `shared`; `None` on a clone that has none.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = root().parent()?.join("shared").join(path);
    found.exists().then_some(found)
}

/// Whether this is a run that must leave nothing out.
#[must_use]
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The folder of this build's profile below the target folder, such as `target/debug`.
#[must_use]
pub fn profile_folder() -> Option<PathBuf> {
    profile_folder_of(&std::env::current_exe().ok()?)
}

/// Test programs lie one folder deeper (`deps`) than the programs that cargo runs.
fn profile_folder_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let deps = folder.file_name().is_some_and(|name| name == "deps");
    (if deps { folder.parent()? } else { folder }).to_path_buf().into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{profile_folder_of, root};

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("tests/src/xtask/project.rs").is_file());
    }

    #[test]
    fn the_profile_is_found_from_either_place() {
        let rows = [("/t/debug/xtask", "/t/debug"), ("/t/release/deps/tidy-0f", "/t/release")];
        for (program, folder) in rows {
            assert_eq!(profile_folder_of(Path::new(program)).unwrap(), Path::new(folder));
        }
    }
}
