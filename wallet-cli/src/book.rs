//! The address book that this wallet keeps beside a profile: names for accounts.
//!
//! Invariants: a name of the profile's own file is never overruled; a damaged book is never passed
//! over. Absent: names that others give.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::code::Own;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::folders::Folders;
use crate::language::{Text, say};
use crate::profile::{NamedAccount, Profile};

const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

/// The names of one profile's book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    /// Addresses by name.
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, String>,
}

impl Book {
    /// Reads the profile's book; an empty one if there is none.
    ///
    /// # Errors
    /// A usage fault if it cannot be read.
    pub(crate) fn read(folders: &Folders, profile: &str) -> Result<Self, Fault> {
        let path = path_of(folders, profile);
        let refused = |reason: Text| {
            let hint = say!("Mend the file.", "请修正该文件。");
            Fault::usage(Own::BadAddressBook, in_file(&path, &reason), hint)
        };
        match files::read_text(&path, MAXIMUM_BYTES) {
            Ok(text) => toml::from_str(&text).map_err(|error| refused(quoted(&error))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(refused(quoted(&error))),
        }
    }

    /// Keeps the profile's book.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn write(&self, folders: &Folders, profile: &str) -> Result<(), Fault> {
        let path = path_of(folders, profile);
        let text = toml::to_string(self).map_err(|error| Fault::defect(&error))?;
        files::replace(&path, text.as_bytes()).map_err(|error| Fault::file(&path, &error))
    }

    /// Adds the book's names to those of the profile.
    pub(crate) fn extend(self, profile: &mut Profile) {
        for (name, address) in self.accounts {
            let named = NamedAccount { address, institution: None, keystore: None };
            profile.accounts.entry(name).or_insert(named);
        }
    }
}

fn path_of(folders: &Folders, profile: &str) -> PathBuf {
    folders.books().join(format!("{profile}.toml"))
}
