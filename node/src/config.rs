//! The node's configuration: `HOME/node.toml`.
//!
//! Invariants: an unknown key is refused, with the nearest known one; every key but the
//! institution, the chain and the two addresses has a default, so a short file is a whole one;
//! paths are relative to the home. Absent: keys themselves (the home reads them), anything that all
//! nodes must agree on (the genesis document holds it).

mod api;
mod dealer;
mod explained;
mod mistake;
#[cfg(test)]
mod tests;
mod text;
mod webhooks;

use clap::ValueEnum;
use ledger::genesis::member::is_host_and_port;
use ledger::hash::ChainId;
use ledger::ids::{Bic, Network};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

pub use api::{ApiConfig, PublicReads};
pub use dealer::{DealerConfig, RateConfig};
pub use mistake::ConfigError;
pub use text::{BicText, ChainIdText};
pub use webhooks::{EndpointConfig, WebhooksConfig};

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who this node is.
    pub node: NodeConfig,
    /// The network between the nodes.
    pub network: NetworkConfig,
    /// The HTTP API.
    pub api: ApiConfig,
    /// Disk.
    #[serde(default)]
    pub storage: StorageConfig,
    /// ISO 20022 messages.
    #[serde(default)]
    pub iso: IsoConfig,
    /// Quotes, if this node deals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dealer: Option<DealerConfig>,
    /// Events sent to other systems.
    #[serde(default)]
    pub webhooks: WebhooksConfig,
    /// The log.
    #[serde(default)]
    pub log: LogConfig,
}

/// Who this node is, and of which network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The institution that runs the node.
    pub bic: BicText,
    /// The chain, as `feiqian-genesis seal` printed it: a genesis file of any other is refused.
    pub chain_id: ChainIdText,
    /// The sealed genesis document.
    #[serde(default = "default_genesis")]
    pub genesis: PathBuf,
    /// The folder of `voting.key` and `node.key`.
    #[serde(default = "default_keys")]
    pub keys: PathBuf,
}

impl NodeConfig {
    /// The node of `bic` on this chain, with its files at their usual places in the home.
    pub fn at_usual_places(bic: BicText, chain_id: ChainIdText) -> Self {
        Self { bic, chain_id, genesis: default_genesis(), keys: default_keys() }
    }
}

fn default_genesis() -> PathBuf {
    PathBuf::from("genesis.json")
}

fn default_keys() -> PathBuf {
    PathBuf::from("keys")
}

/// The network between the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Where to listen for peers: `0.0.0.0:7600`. More than one for machines with several networks.
    pub listen: Vec<SocketAddr>,
    /// Where to reach a peer, by BIC, if not at the address of the genesis document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<BicText, Vec<String>>,
}

/// Disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// The size at which the block log starts a new file, in bytes: 1 MiB to 4 GiB.
    pub segment_bytes: u64,
    /// How many of the last blocks are kept with receipts, payments and history: 0 for all (an
    /// archive), or 16 and more. What proves that a payment happens once is always kept.
    pub retain_blocks: u64,
    /// A snapshot of the state is served to other nodes from each multiple of so many blocks: 16
    /// to 1,000,000, the same on all nodes; 0 serves none.
    pub snapshot_every: u64,
    /// A node that is at least so many blocks behind fetches a snapshot in their place: 16 to
    /// 1,000,000,000; 0 does so only if no peer has the blocks any more, as an archive without a
    /// gap wants it.
    pub snapshot_beyond: u64,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            retain_blocks: 0,
            snapshot_every: 1_024,
            snapshot_beyond: 2_048,
        }
    }
}

/// ISO 20022 messages: whose operators this node may sign for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IsoConfig {
    /// The API of a node that deals, to ask for quotes when a message pays across currencies:
    /// `http://127.0.0.1:7680`. Without it, this node's own dealer is asked, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dealer: Option<String>,
    /// The file of this institution's token at that node, if that node asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dealer_token: Option<PathBuf>,
    /// The institutions whose messages are taken. None: messages are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<OperatorConfig>,
}

/// One institution's operators at this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// The institution.
    pub bic: BicText,
    /// Its operators' key files; as many as its threshold asks for.
    pub keys: Vec<PathBuf>,
}

/// The levels of the log, and none of it.
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The log, on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// The least severe level that is written: `error`, `warn`, `info`, `debug`, `trace`; or a
    /// filter such as `info,node::net=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Config {
    /// The most bytes of a configuration file.
    pub const MAXIMUM_BYTES: usize = 1024 * 1024;

    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] says in which line and what to write instead.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::of_toml(text, &error))?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as text, each key explained; [`Self::parse`] reads it back.
    ///
    /// # Errors
    /// [`ConfigError::Unwritable`] for a path that is no UTF-8.
    pub fn to_text(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self)
            .map(|text| explained::explain(&text))
            .map_err(|error| ConfigError::Unwritable { reason: error.to_string() })
    }

    /// The kind of network, which the chain id's prefix tells.
    pub fn network_kind(&self) -> Network {
        self.node.chain_id.network
    }

    /// The chain that this node belongs to.
    pub fn chain_id(&self) -> ChainId {
        self.node.chain_id.chain_id
    }

    /// What may be read without a token.
    pub fn public_reads(&self) -> PublicReads {
        self.api.public_reads.unwrap_or(match self.network_kind() {
            Network::Production => PublicReads::Chain,
            Network::Test | Network::Devnet => PublicReads::All,
        })
    }

    /// The institution that runs this node.
    pub fn bic(&self) -> Bic {
        self.node.bic.0
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.api.check()?;
        self.webhooks.check()?;
        within("storage.segment_bytes", self.storage.segment_bytes, 1 << 20, 1 << 32)?;
        let StorageConfig { retain_blocks, snapshot_every, snapshot_beyond, .. } = self.storage;
        off_or_within("storage.retain_blocks", retain_blocks, 16, u64::MAX)?;
        off_or_within("storage.snapshot_every", snapshot_every, 16, 1_000_000)?;
        off_or_within("storage.snapshot_beyond", snapshot_beyond, 16, 1_000_000_000)?;
        if self.network.listen.is_empty() {
            return Err(ConfigError::value("network.listen", "name at least one address"));
        }
        for address in self.network.peers.values().flatten() {
            if !is_host_and_port(address) {
                let reason = format!("\"{address}\" is not host:port, like node.bank.example:7600");
                return Err(ConfigError::value("network.peers", reason));
            }
        }
        self.check_iso()?;
        self.check_log()?;
        self.dealer.as_ref().map_or(Ok(()), DealerConfig::check)
    }

    /// A bare word of a filter is a level; the reader of filters would take any other word for the
    /// name of a part of the program, and then log next to nothing.
    fn check_log(&self) -> Result<(), ConfigError> {
        let directives = self.log.level.split(',').map(str::trim);
        let bare = directives.filter(|directive| !directive.contains(['=', '[']));
        for word in bare {
            if !LEVELS.contains(&word.to_lowercase().as_str()) {
                let advice = mistake::advice(word, &LEVELS);
                return Err(ConfigError::value(
                    "log.level",
                    format!("`{word}` is no level. {advice}"),
                ));
            }
        }
        let filter = EnvFilter::try_new(&self.log.level).map(|_| ());
        filter.map_err(|error| ConfigError::value("log.level", error.to_string()))
    }

    fn check_iso(&self) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for operator in &self.iso.operators {
            if !seen.insert(operator.bic) {
                let reason = format!("{} is listed twice: merge its keys", operator.bic.0);
                return Err(ConfigError::value("iso.operators", reason));
            }
            if operator.keys.is_empty() {
                let reason = format!("name at least one key file of {}", operator.bic.0);
                return Err(ConfigError::value("iso.operators", reason));
            }
        }
        match &self.iso.dealer {
            Some(url) if self.iso.dealer_token.is_some() && !webhooks::is_private(url) => {
                let reason = "a token leaves this machine by https alone: write an https URL";
                Err(ConfigError::value("iso.dealer", reason))
            }
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err(ConfigError::value("iso.dealer", "write a URL, like http://127.0.0.1:7680"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// 0, or within the bounds.
fn off_or_within(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if value == 0 { Ok(()) } else { within(key, value, least, most) }
}

fn within(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::value(key, format!("{value} is not within {least} to {most}")))
    }
}
