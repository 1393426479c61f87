//! Where the wallet keeps its files.
//!
//! Invariants: `FEIQIAN_HOME` holds everything when it is set; otherwise the XDG folders do.
//! Absent: the files' formats.

use directories::ProjectDirs;
use std::path::PathBuf;

use crate::code::Own;
use crate::fault::Fault;
use crate::language::say;

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
            let detail = say!("There is no home folder.", "没有主文件夹。");
            let hint = say!("Set FEIQIAN_HOME or HOME.", "请设置 FEIQIAN_HOME 或 HOME。");
            Fault::usage(Own::NoHome, detail, hint)
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

    /// What light clients trust, one file for each chain: `CHAIN.json`.
    pub(crate) fn trust(&self) -> PathBuf {
        self.data.join("trust")
    }

    /// Transactions whose outcome is known: `ID.json`.
    pub(crate) fn archive(&self) -> PathBuf {
        self.data.join("archive")
    }
}
