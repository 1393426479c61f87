//! What a devnet consists of, on disk: `network.json` for the next start, `devnet.json` for
//! everyone.
//!
//! Invariants: `network.json` is written once, last of all files of a new devnet, so a folder that
//! has it is complete; `devnet.json` is there once the devnet is up, and is removed before it
//! starts. Absent: secrets in clear; keystores are encrypted, though with a public passphrase.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::home::{self, HomeError};

/// The passphrase of every keystore of a devnet, known to all.
pub(super) const PASSPHRASE: &str = "feiqian-devnet";

/// The file by which a folder is known to be a devnet's; whoever runs the devnet holds a lock on
/// it.
pub(super) const MARKER: &str = ".feiqian-devnet";

/// The file by which a devnet is started again.
pub(super) const PLAN: &str = "network.json";

/// The file that tells everyone about the devnet that is up.
pub(super) const DOCUMENT: &str = "devnet.json";

/// The sealed genesis document.
pub(super) const GENESIS: &str = "genesis.json";

/// The signed transaction that opens accounts and issues money.
pub(super) const OPENING: &str = "opening.transaction";

const MAXIMUM_BYTES: usize = 16 * 1024 * 1024;

/// A bank that runs a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanNode {
    /// Its BIC.
    pub(super) bic: String,
    /// Its home, within the devnet's folder.
    pub(super) home: PathBuf,
}

/// An account that is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanAccount {
    /// Its name in the wallet, without `@`.
    pub(super) name: String,
    /// Its address.
    pub(super) account: String,
    /// Its servicer's BIC.
    pub(super) institution: String,
    /// What it starts with: `1000000.00 CNY`.
    pub(super) funds: Vec<String>,
    /// The keystore of its owner's key.
    pub(super) keystore: PathBuf,
}

/// An operator's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanOperator {
    /// The institution's BIC.
    pub(super) institution: String,
    /// The keystore of the key.
    pub(super) keystore: PathBuf,
}

/// What a devnet consists of; paths are within its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// The chain id: `fqd-3f2a...`.
    pub(super) chain_id: String,
    /// The banks that run nodes; the first is the payer's.
    pub(super) nodes: Vec<PlanNode>,
    /// The BIC of the node that quotes.
    pub(super) dealer: String,
    /// The accounts.
    pub(super) accounts: Vec<PlanAccount>,
    /// The operators.
    pub(super) operators: Vec<PlanOperator>,
}

/// A node that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DocumentNode {
    name: String,
    bic: String,
    pid: u32,
    api: String,
    metrics: String,
    home: PathBuf,
}

/// An account in `devnet.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DocumentAccount {
    name: String,
    account: String,
    institution: String,
    funds: Vec<String>,
    keystore: PathBuf,
}

/// `devnet.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Document {
    chain_id: String,
    genesis: PathBuf,
    nodes: Vec<DocumentNode>,
    accounts: Vec<DocumentAccount>,
    operators: Vec<PlanOperator>,
    dealer: String,
    passphrase: String,
}

impl Plan {
    /// Reads the plan of the devnet in `folder`.
    ///
    /// # Errors
    /// A failure if it is missing or malformed.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join(PLAN);
        let text = home::read_text(&file, MAXIMUM_BYTES)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(format!("{}: {error}", file.display()))
                .hint("Run `devnet` with --reset to start anew.")
        })
    }

    /// Writes the plan into `folder`.
    ///
    /// # Errors
    /// A failure if the file cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        write_json(&folder.join(PLAN), self)
    }

    /// The document of the devnet in `folder` whose nodes have these process ids and API addresses.
    pub(super) fn document(&self, folder: &Path, running: &[(u32, SocketAddr)]) -> Document {
        let nodes = self.nodes.iter().zip(running).map(|(node, (pid, api))| DocumentNode {
            name: node.bic.to_lowercase(),
            bic: node.bic.clone(),
            pid: *pid,
            api: format!("http://{api}"),
            metrics: format!("http://{api}/metrics"),
            home: folder.join(&node.home),
        });
        let accounts = self.accounts.iter().map(|account| DocumentAccount {
            name: account.name.clone(),
            account: account.account.clone(),
            institution: account.institution.clone(),
            funds: account.funds.clone(),
            keystore: folder.join(&account.keystore),
        });
        let operators = self.operators.iter().map(|operator| PlanOperator {
            institution: operator.institution.clone(),
            keystore: folder.join(&operator.keystore),
        });
        Document {
            chain_id: self.chain_id.clone(),
            genesis: folder.join(GENESIS),
            nodes: nodes.collect(),
            accounts: accounts.collect(),
            operators: operators.collect(),
            dealer: self.dealer.clone(),
            passphrase: PASSPHRASE.to_owned(),
        }
    }
}

impl Document {
    /// Writes `devnet.json` into `folder`.
    ///
    /// # Errors
    /// A failure if the file cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        write_json(&folder.join(DOCUMENT), self)
    }

    /// The document in one line.
    pub(super) fn line(&self) -> String {
        // Text and numbers always render.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The document for a person: nodes, accounts, and what to try next, with these messages.
    pub(super) fn page(&self, messages: &[PathBuf]) -> String {
        let mut lines = vec![format!("\nChain {}\n", self.chain_id)];
        for node in &self.nodes {
            lines.push(format!("  {:<12} {:<24} pid {}", node.bic, node.api, node.pid));
        }
        lines.push("\nAccounts, and what they started with\n".to_owned());
        for account in &self.accounts {
            let name = format!("@{}", account.name);
            lines.push(format!("  {name:<12} {:<12} {}", account.institution, account.account));
            for funds in &account.funds {
                lines.push(format!("  {:>49}", funds));
            }
        }
        let submissions: String = messages
            .iter()
            .map(|message| format!("  feiqian iso submit {}\n", message.display()))
            .collect();
        let api = self.nodes.first().map_or("", |node| node.api.as_str());
        lines.push(format!(
            "\nTry next, in another terminal:\n  \
             feiqian pay @lee \"25.00 CNY\" --from @wei\n  \
             feiqian pay @lee \"1,000.00 CNY\" --from @wei --to-asset HKD\n  \
             feiqian balance @lee\n{submissions}  \
             curl {api}/v1/status\n\n\
             Ctrl-C stops the devnet; the same command starts it again as it was."
        ));
        lines.join("\n")
    }
}

fn write_json(file: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| HomeError::File {
        path: file.to_owned(),
        source: std::io::Error::from(error),
    })?;
    Ok(home::write_text(file, &format!("{text}\n"))?)
}
