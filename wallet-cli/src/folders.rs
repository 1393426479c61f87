//! Where the wallet keeps its files.
//!
//! Invariants: `FEIQIAN_HOME` holds everything when it is set; otherwise the XDG folders do.
//! Absent: the files' formats.

use directories::ProjectDirs;
use std::path::PathBuf;

use crate::fault::Fault;

/// The wallet's folders.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    config: PathBuf,
    data: PathBuf,
}

impl Folders {
    /// All folders below `home` if it is given, else by the XDG base directories.
    ///
    /// # Errors
    /// A usage fault if the system tells no home folder.
    pub(crate) fn find(home: Option<PathBuf>) -> Result<Self, Fault> {
        if let Some(home) = home {
            return Ok(Self { config: home.clone(), data: home });
        }
        let folders = ProjectDirs::from("", "", "feiqian").ok_or_else(|| {
            Fault::usage("no-home", "There is no home folder.", "Set FEIQIAN_HOME or HOME.")
        })?;
        Ok(Self { config: folders.config_dir().to_owned(), data: folders.data_dir().to_owned() })
    }

    /// Profiles of networks: `NAME.toml`.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.config.join("profiles")
    }

    /// Address books, one for each profile: `NAME.toml`.
    pub(crate) fn books(&self) -> PathBuf {
        self.config.join("books")
    }

    /// Which profile is the usual one.
    pub(crate) fn config(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Keystores: `NAME.json`.
    pub(crate) fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// Signed transactions whose outcome is not known yet: `ID.json`.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.data.join("outbox")
    }

    /// Transactions whose outcome is known: `ID.json`.
    pub(crate) fn archive(&self) -> PathBuf {
        self.data.join("archive")
    }
}
