//! A new home: the folder, its keys (that of private data is made here), the genesis document and,
//! last, the configuration.
//!
//! Invariants: the configuration is written last, so a folder that has one is a whole home; nothing
//! that exists is overwritten. Absent: where keys and document come from.

use ledger::crypto::SecretKey;
use ledger::genesis::json::SealedGenesis;
use ledger::genesis::keyfile::KeyKind;
use std::io;
use std::path::Path;

use super::keys::open_data_key;
use super::recollection::{self, Loss, Observance};
use super::{CONFIG_FILE, DATA_KEY, HomeError, make_folder, write_key, write_text};
use crate::config::Config;
use crate::private;

/// What a new home is made of.
pub struct NewHome<'a> {
    /// The configuration; its keys' folder and genesis file are relative to the home.
    pub config: &'a Config,
    /// The sealed genesis document.
    pub genesis: &'a SealedGenesis,
    /// File names within the keys' folder, kinds and keys.
    pub keys: Vec<(String, KeyKind, SecretKey)>,
    /// True if the voting key has never voted, as when a network is founded. Otherwise the node
    /// observes until no vote of its own can contradict an earlier one.
    pub founding: bool,
}

/// Writes a new home at `path`, a folder that none but the owner can enter.
///
/// # Errors
/// [`HomeError::Exists`] if there is a home, [`HomeError::File`] if a file cannot be written.
pub fn create(path: &Path, home: &NewHome<'_>) -> Result<(), HomeError> {
    if path.join(CONFIG_FILE).exists() {
        return Err(HomeError::Exists { path: path.to_owned() });
    }
    let keys = path.join(&home.config.node.keys);
    make_folder(path)?;
    make_folder(&keys)?;
    for (name, kind, key) in &home.keys {
        write_key(&keys.join(name), *kind, key)?;
    }
    open_data_key(&keys.join(DATA_KEY), &path.join(private::FOLDER))?;
    let file = path.join(&home.config.node.genesis);
    let text = serde_json::to_string_pretty(home.genesis)
        .map_err(|error| HomeError::File { path: file.clone(), source: io::Error::from(error) })?;
    write_text(&file, &format!("{text}\n"))?;
    if home.founding {
        recollection::found(path)?;
    } else {
        let observance = Observance { reason: Loss::Joined, armed: true };
        recollection::observe(path, observance)?;
    }
    write_config(path, home.config)
}

/// Writes `node.toml` of the home at `path`, in the place of what was there.
///
/// # Errors
/// [`HomeError`] if it cannot be written.
pub fn write_config(path: &Path, config: &Config) -> Result<(), HomeError> {
    let file = path.join(CONFIG_FILE);
    let text =
        config.to_text().map_err(|source| HomeError::Config { path: file.clone(), source })?;
    write_text(&file, &text)
}
