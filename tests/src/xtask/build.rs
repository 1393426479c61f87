//! `cargo xtask build`: builds the product binaries and says where they are.
//!
//! Invariant: products are built without the package `tests`, whose `test-suite` feature would
//! otherwise be unified into them, and are copied to a folder of their own: a build of the whole
//! workspace puts its variant of them under the same name in the profile's folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Failure, command::Task, output, project, verb::Run};

/// Names a folder with ready-made products to use instead of building them.
pub(super) const READY_MADE: &str = "FEIQIAN_PRODUCTS";

/// Builds the product binaries and prints where they are
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let products = products()?;
        for path in [&products.node, &products.wallet, &products.genesis] {
            output::result(path.display());
        }
        Ok(())
    }
}

/// Where the product binaries are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Products {
    /// `feiqian-node`
    pub node: PathBuf,
    /// `feiqian`
    pub wallet: PathBuf,
    /// `feiqian-genesis`
    pub genesis: PathBuf,
}

impl Products {
    fn in_folder(folder: &Path) -> Self {
        Self {
            node: folder.join("feiqian-node"),
            wallet: folder.join("feiqian"),
            genesis: folder.join("feiqian-genesis"),
        }
    }
}

/// Builds the products in the profile of the running program; quick when nothing changed.
///
/// # Errors
/// When the build fails or its products cannot be copied.
pub fn products() -> Result<Products, Failure> {
    if let Some(folder) = std::env::var_os(READY_MADE) {
        return Ok(Products::in_folder(Path::new(&folder)));
    }
    let task = task();
    let mut built = BTreeMap::new();
    task.read_lines(|line| built.extend(executable(line)))?;
    let first = built.values().next().ok_or_else(|| task.answer("no executable was named"))?;
    let folder = first.with_file_name("products");
    for (name, path) in &built {
        copy_if_changed(path, &folder.join(name))?;
    }
    Ok(Products::in_folder(&folder))
}

/// The build in this program's own profile, so that most libraries are compiled already.
pub(super) fn task() -> Task {
    let task = Task::cargo("build --quiet --locked -p node -p wallet-cli -p genesis --bins")
        .argument("--message-format=json-render-diagnostics");
    let profile = project::profile_folder();
    match profile.as_ref().and_then(|folder| folder.file_name()?.to_str()) {
        None | Some("debug") => task,
        Some(profile) => task.argument("--profile").argument(profile),
    }
}

/// The name and path in one of cargo's messages, if it tells of an executable.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = PathBuf::from(message.get("executable")?.as_str()?);
    Some((path.file_name()?.to_str()?.to_owned(), path))
}

/// Copies through a second name, since a program that runs can be replaced but not overwritten.
fn copy_if_changed(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error: std::io::Error| Failure::File { path, reason: error.to_string() }
    };
    let source = fs::metadata(from).map_err(failed(from))?;
    let same = |copy: fs::Metadata| {
        copy.len() == source.len()
            && matches!((copy.modified(), source.modified()), (Ok(c), Ok(s)) if c >= s)
    };
    if fs::metadata(to).is_ok_and(same) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let fresh = to.with_extension(format!("{}.new", std::process::id()));
    fs::copy(from, &fresh).map_err(failed(&fresh))?;
    fs::rename(&fresh, to).map_err(failed(to))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{copy_if_changed, executable};

    #[test]
    fn only_executables_are_taken_from_cargos_messages() {
        let rows = [
            (r#"{"reason":"compiler-artifact","executable":"/t/debug/feiqian"}"#, true),
            (r#"{"reason":"compiler-artifact","executable":null}"#, false),
            (r#"{"reason":"build-finished","success":true}"#, false),
            ("not json", false),
        ];
        for (message, found) in rows {
            let expected = found.then(|| ("feiqian".to_owned(), PathBuf::from("/t/debug/feiqian")));
            assert_eq!(executable(message), expected, "{message}");
        }
    }

    #[test]
    fn a_changed_program_replaces_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("products/a"));
        for content in ["one", "longer"] {
            fs::write(&from, content).unwrap();
            copy_if_changed(&from, &to).unwrap();
            copy_if_changed(&from, &to).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path().join("products")).unwrap().count(), 1);
    }
}
