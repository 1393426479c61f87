//! `devnet.json`, as scripts read it: what is not needed here may be there too.

use std::path::PathBuf;

use serde::Deserialize;

/// What a devnet tells about itself.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Document {
    /// The chain id: `fqd-3f2a...`.
    pub chain_id: String,
    /// The sealed genesis document.
    pub genesis: PathBuf,
    /// The nodes; the first is the payer's bank.
    pub nodes: Vec<NodeEntry>,
    /// The accounts.
    pub accounts: Vec<AccountEntry>,
    /// The operators' keys.
    pub operators: Vec<OperatorEntry>,
    /// The passphrase of every keystore.
    pub passphrase: String,
}

/// A node.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeEntry {
    /// Its name.
    pub name: String,
    /// Its institution.
    pub bic: String,
    /// Its process.
    pub pid: u32,
    /// Where its API is: `http://127.0.0.1:PORT`.
    pub api: String,
    /// Its home.
    pub home: PathBuf,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountEntry {
    /// Its name, without `@`.
    pub name: String,
    /// Its address.
    pub account: String,
    /// Its owner's key.
    pub keystore: PathBuf,
}

/// An operator.
#[derive(Clone, Debug, Deserialize)]
pub struct OperatorEntry {
    /// The institution's BIC.
    pub institution: String,
    /// The operator's key.
    pub keystore: PathBuf,
}
