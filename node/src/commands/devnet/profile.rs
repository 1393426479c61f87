//! The wallet's profile `devnet`, which leads the wallet to the devnet that was started last.
//!
//! Invariants: the file has one line, and nothing but this profile is touched. Absent: the wallet.

use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::home::{self, HomeError};

#[derive(Serialize)]
struct Pointer<'a> {
    devnet: &'a Path,
}

/// Saves the profile and says where; `None` if there is no home folder to save it in.
///
/// # Errors
/// [`HomeError::File`] if the file cannot be written.
pub(super) fn save(folder: &Path) -> Result<Option<PathBuf>, HomeError> {
    let Some(profiles) = profiles(|name| std::env::var_os(name)) else { return Ok(None) };
    save_in(&profiles, folder).map(Some)
}

fn save_in(profiles: &Path, folder: &Path) -> Result<PathBuf, HomeError> {
    let file = profiles.join("devnet.toml");
    let failed = |source| HomeError::File { path: file.clone(), source };
    std::fs::create_dir_all(profiles).map_err(failed)?;
    let text = toml::to_string(&Pointer { devnet: folder })
        .map_err(|error| failed(std::io::Error::other(error)))?;
    home::write_text(&file, &text)?;
    Ok(file)
}

/// The wallet's folder of profiles: below `FEIQIAN_HOME`, or where XDG has configurations.
fn profiles(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = match variable("FEIQIAN_HOME").filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => absolute("XDG_CONFIG_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".config")))?
            .join("feiqian"),
    };
    Some(config.join("profiles"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_by_row() {
        for (variables, expected) in [
            (&[("FEIQIAN_HOME", "/f"), ("XDG_CONFIG_HOME", "/x")][..], Some("/f/profiles")),
            (&[("FEIQIAN_HOME", ""), ("XDG_CONFIG_HOME", "/x")], Some("/x/feiqian/profiles")),
            (&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")], Some("/h/.config/feiqian/profiles")),
            (&[("HOME", "/h")], Some("/h/.config/feiqian/profiles")),
            (&[], None),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            };
            assert_eq!(profiles(variable), expected.map(PathBuf::from), "{variables:?}");
        }
    }

    #[test]
    fn the_file_points_to_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let file = save_in(&home.path().join("profiles"), Path::new("/tmp/a \"b\"")).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let value: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(value["devnet"].as_str(), Some("/tmp/a \"b\""));
    }
}
