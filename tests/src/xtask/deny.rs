//! `cargo deny check`, with the advisories that can be had where it runs.
//!
//! A snapshot of the RustSec database beside the project is used as it is; without one the live
//! database is fetched, and where that fails advisories are left out, loudly. The rest of the check
//! always runs.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::{Failure, command::Task, output, project};

/// The folder in which cargo-deny looks for the database of the default address: its name ends with
/// a hash of that address.
const DATABASE: &str = "advisory-db-3157b0e258782691";

/// The variable that `deny.toml` reads its `db-path` from.
const FOLDER_VARIABLE: &str = "FEIQIAN_ADVISORY_DBS";

/// Checks advisories, licences, bans and sources; the answer names what was left out.
///
/// # Errors
/// The command that found something.
pub(super) fn check() -> Result<Option<String>, Failure> {
    // Offline, cargo-deny needs the manifests of all platforms, which builds here do not load.
    Task::cargo("fetch --locked --quiet").run()?;
    let folder = databases();
    let failed =
        |error: io::Error| Failure::File { path: folder.clone(), reason: error.to_string() };
    if let Some(snapshot) = project::shared("advisory-db/crates") {
        lay_out(&snapshot, &folder).map_err(failed)?;
        output::progress(format_args!("advisories of the snapshot {}", snapshot.display()));
        return deny("--offline check", &folder).run().map(|()| None);
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    if deny("fetch db", &folder).succeeds() {
        return deny("--offline check", &folder).run().map(|()| None);
    }
    output::progress("LEFT OUT: advisories: no snapshot beside the project, and no network");
    deny("--offline check bans licenses sources", &folder).run()?;
    Ok(Some("advisories (no snapshot beside the project, and no network)".to_owned()))
}

fn deny(words: &str, folder: &Path) -> Task {
    Task::new("cargo", ["deny"].into_iter().chain(words.split_whitespace()))
        .with(FOLDER_VARIABLE, folder.to_string_lossy())
}

fn databases() -> PathBuf {
    let profile = project::profile_folder();
    let target = profile.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    target.unwrap_or_else(|| project::root().join("target")).join("advisory-dbs")
}

/// Makes the snapshot look like a clone that was fetched just now, which is what cargo-deny opens.
fn lay_out(snapshot: &Path, folder: &Path) -> io::Result<()> {
    let database = folder.join(DATABASE);
    fs::create_dir_all(database.join(".git"))?;
    fs::write(database.join(".git/FETCH_HEAD"), "")?;
    match fs::remove_file(database.join("crates")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    symlink(snapshot, database.join("crates"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{DATABASE, lay_out};

    #[test]
    fn a_snapshot_is_laid_out_as_a_clone_any_number_of_times() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = folder.path().join("snapshot");
        fs::create_dir(&snapshot).unwrap();
        fs::write(snapshot.join("RUSTSEC-1.md"), "one").unwrap();
        for _ in 0..2 {
            lay_out(&snapshot, folder.path()).unwrap();
        }
        let database = folder.path().join(DATABASE);
        assert!(database.join(".git/FETCH_HEAD").is_file());
        assert_eq!(fs::read_to_string(database.join("crates/RUSTSEC-1.md")).unwrap(), "one");
    }
}
