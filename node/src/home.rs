//! A node's home: the folder with its configuration, genesis document, keys and data.
//!
//! Invariants: an open home is whole and consistent (the keys are of their kinds, the document
//! makes the chain that the configuration pins) and is held by one process, so two nodes never vote
//! with one key. Absent: what is inside the log and the index; which keys count (the ledger's
//! records say, and they change).

mod create;
mod files;
mod keys;
pub mod recollection;
#[cfg(test)]
pub(crate) mod tests;

use ledger::crypto::SecretKey;
use ledger::genesis::GenesisDocument;
use ledger::genesis::json::{DocumentError, SealedGenesis, network_word};
use ledger::genesis::keyfile::{KeyFileError, KeyKind};
use ledger::hash::ChainId;
use ledger::ids::{AccountId, Bic, NameError, Network, Timestamp};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::access::Access;
use crate::config::{Config, ConfigError, DealerConfig, RateConfig};
use crate::private;
use crate::trail;
use crate::webhooks::Webhooks;

pub use create::{NewHome, create, write_config};
pub use files::{check_private, make_folder, read_text, remove, write_private, write_text};
pub use keys::{read_key, write_key};

/// The file of the key that votes, in the folder of keys.
pub const VOTING_KEY: &str = "voting.key";

/// The file of the key that votes once the ledger names it.
pub const NEXT_VOTING_KEY: &str = "voting-next.key";

/// The file of the node's identity among the nodes, in the folder of keys.
pub const NODE_KEY: &str = "node.key";

/// The file of the key that opens private data, in the folder of keys.
pub const DATA_KEY: &str = "data.key";

/// The configuration's file name.
pub const CONFIG_FILE: &str = "node.toml";

/// An open home. While it lives, no other process can open it.
#[derive(Debug)]
pub struct Home {
    /// The folder.
    pub path: PathBuf,
    /// What `node.toml` says.
    pub config: Config,
    /// The checked genesis document.
    pub genesis: GenesisDocument,
    /// Sign this validator's votes and lane batches: the present key, and the one that it rotates
    /// to. None at a node that only observes.
    pub voting_keys: Vec<SecretKey>,
    /// This node's identity among the nodes.
    pub node_key: SecretKey,
    /// Opens the private data that was sealed to this institution.
    pub data_key: SecretKey,
    /// The operators' keys for ISO 20022 messages, by institution.
    pub operators: BTreeMap<Bic, Vec<SecretKey>>,
    /// The dealer, if this node deals.
    pub dealer: Option<Dealer>,
    /// Where events are sent.
    pub webhooks: Webhooks,
    /// Who may use the API.
    pub access: Access,
    lock: File,
}

/// A dealer that this node quotes for.
#[derive(Debug)]
pub struct Dealer {
    /// The account that takes in and pays out.
    pub account: AccountId,
    /// The account's owner key.
    pub key: SecretKey,
    /// How long a quote is firm, in milliseconds.
    pub valid_ms: u64,
    /// What is offered.
    pub rates: Vec<RateConfig>,
}

/// Why a home could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// No configuration: probably not a home.
    #[error(
        "{} is no node's home: it has no {CONFIG_FILE}. Write one: feiqian-node init --home {}",
        path.display(), path.display()
    )]
    NoHome {
        /// The folder.
        path: PathBuf,
    },
    /// There is a home already.
    #[error("{} is a node's home already. Choose another folder, or move it away", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file is longer than its type may be.
    #[error("{} is longer than {limit} bytes, so it is not what it should be", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Another process holds the home.
    #[error("another process has {} open. Stop it first: two nodes must not vote with one key",
        path.display())]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// The configuration is wrong.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ConfigError,
    },
    /// A JSON file is not of its format.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The genesis document is wrong.
    #[error("{}: {source}", path.display())]
    Genesis {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: DocumentError,
    },
    /// The genesis document is of another chain.
    #[error("{} makes chain {found}, and the configuration pins {pinned}. Get the right document",
        path.display())]
    WrongChain {
        /// The file.
        path: PathBuf,
        /// The document's chain.
        found: ChainId,
        /// The configuration's chain.
        pinned: ChainId,
    },
    /// The pin's prefix and the document's network differ.
    #[error("{} is for a {} network, and the configuration's chain id for a {} one. Mend node.toml",
        path.display(), network_word(*found), network_word(*pinned))]
    WrongNetwork {
        /// The file.
        path: PathBuf,
        /// The document's network.
        found: Network,
        /// The configuration's network.
        pinned: Network,
    },
    /// A key file can be read by others.
    #[error("{} can be read by others (mode {mode:03o}). Run: chmod 600 {}",
        path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file is wrong.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyFileError,
    },
    /// An account of a webhook is no address of this network.
    #[error("webhooks.endpoints in {CONFIG_FILE}: {source}")]
    WebhookAccount {
        /// What is wrong.
        source: NameError,
    },
    /// The key that opens private data is gone, and private data is there.
    #[error(
        "{} is missing, and {} holds private data that only this key opens. Restore the key from \
         a backup, or move that folder away",
        path.display(), sealed.display()
    )]
    DataKeyLost {
        /// The key's file.
        path: PathBuf,
        /// What was sealed to it.
        sealed: PathBuf,
    },
    /// The operating system gives no randomness for a new key.
    #[error("the operating system gives no entropy for {}: {source}", path.display())]
    Entropy {
        /// The key's file.
        path: PathBuf,
        /// What it says.
        source: getrandom::Error,
    },
    /// The dealer's account is no address of this network.
    #[error("dealer.account in {CONFIG_FILE}: {source}")]
    DealerAccount {
        /// What is wrong.
        source: NameError,
    },
}

impl Home {
    /// Opens the home at `path`, checks everything in it, and holds it until it is dropped.
    ///
    /// # Errors
    /// [`HomeError`]: the first thing that is wrong, and its mend.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let config = read_config(path)?;
        let lock = hold(path)?;
        let genesis = read_document(path, &config)?;
        let keys = path.join(&config.node.keys);
        let voting_keys = read_voting_keys(&keys)?;
        let node_key = read_key(&keys.join(NODE_KEY), KeyKind::Node)?;
        let data_key = keys::open_data_key(&keys.join(DATA_KEY), &path.join(private::FOLDER))?;
        let operators = read_operators(path, &config)?;
        let network = genesis.network;
        let dealer = config.dealer.as_ref();
        let dealer = dealer.map(|dealer| read_dealer(path, network, dealer)).transpose()?;
        let webhooks = Webhooks::open(path, &config.webhooks, network)?;
        let access = Access::open(path, network)?;
        Ok(Self {
            path: path.to_owned(),
            config,
            genesis,
            voting_keys,
            node_key,
            data_key,
            operators,
            dealer,
            webhooks,
            access,
            lock,
        })
    }

    /// Whose node it is, and of which ledger: what its node key signs for people says so.
    pub fn owner(&self) -> String {
        format!("{} on {}", self.config.bic(), self.config.node.chain_id)
    }

    /// The folder of the audit log.
    pub fn trail_folder(&self) -> PathBuf {
        self.path.join(trail::FOLDER)
    }

    /// The folder of the block log's segments.
    pub fn log_folder(&self) -> PathBuf {
        self.path.join("log")
    }

    /// What is kept of a snapshot that is being fetched.
    pub fn snapshot_folder(&self) -> PathBuf {
        self.path.join("snapshot")
    }

    /// The query index, which holds the checkpoint of the state too.
    pub fn index_file(&self) -> PathBuf {
        self.path.join("index.redb")
    }

    /// Gives the home back to other processes at once; dropping the home does the same.
    ///
    /// # Errors
    /// [`HomeError::File`] if the operating system refuses.
    pub fn close(self) -> Result<(), HomeError> {
        self.lock.unlock().map_err(|source| HomeError::File { path: self.path, source })
    }
}

/// Reads `node.toml` of the home at `path`.
///
/// # Errors
/// [`HomeError`] if it is missing or wrong.
pub fn read_config(path: &Path) -> Result<Config, HomeError> {
    let file = path.join(CONFIG_FILE);
    if !file.exists() {
        return Err(HomeError::NoHome { path: path.to_owned() });
    }
    let text = read_text(&file, Config::MAXIMUM_BYTES)?;
    Config::parse(&text).map_err(|source| HomeError::Config { path: file, source })
}

/// Reads the genesis document of the home at `path`, which must make the chain that `config` pins.
///
/// # Errors
/// [`HomeError`] if it cannot be read or is not right.
pub fn read_document(path: &Path, config: &Config) -> Result<GenesisDocument, HomeError> {
    let file = path.join(&config.node.genesis);
    let (_, genesis) = read_genesis(&file)?;
    check_chain(&file, config, &genesis)?;
    Ok(genesis)
}

/// Reads and checks a sealed genesis file.
///
/// # Errors
/// [`HomeError`] if it cannot be read or is not right.
pub fn read_genesis(file: &Path) -> Result<(SealedGenesis, GenesisDocument), HomeError> {
    // Text is wider than the canonical encoding: a key takes twice the bytes, and fields have
    // names.
    let text = read_text(file, GenesisDocument::MAXIMUM_BYTES.saturating_mul(8))?;
    let sealed: SealedGenesis = serde_json::from_str(&text)
        .map_err(|error| HomeError::Format { path: file.to_owned(), reason: error.to_string() })?;
    let document =
        sealed.open().map_err(|source| HomeError::Genesis { path: file.to_owned(), source })?;
    Ok((sealed, document))
}

/// The moment on this machine's clock.
pub fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn check_chain(file: &Path, config: &Config, genesis: &GenesisDocument) -> Result<(), HomeError> {
    let (path, found, pinned) = (file.to_owned(), genesis.chain_id(), config.chain_id());
    if found != pinned {
        return Err(HomeError::WrongChain { path, found, pinned });
    }
    let (found, pinned) = (genesis.network, config.network_kind());
    if found == pinned { Ok(()) } else { Err(HomeError::WrongNetwork { path, found, pinned }) }
}

fn hold(path: &Path) -> Result<File, HomeError> {
    let file = path.join("lock");
    let failed = |source| HomeError::File { path: file.clone(), source };
    let lock =
        File::options().create(true).truncate(false).write(true).open(&file).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(HomeError::Held { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The keys that this node may vote with: the present one and the next one, as far as they are
/// there.
fn read_voting_keys(folder: &Path) -> Result<Vec<SecretKey>, HomeError> {
    let files = [VOTING_KEY, NEXT_VOTING_KEY].map(|name| folder.join(name));
    // A link that leads nowhere is there, and is refused when it is read: a node must not stop to
    // vote because a disk is not mounted.
    let present = files.iter().filter(|file| file.symlink_metadata().is_ok());
    present.map(|file| read_key(file, KeyKind::Voting)).collect()
}

fn read_operators(
    home: &Path,
    config: &Config,
) -> Result<BTreeMap<Bic, Vec<SecretKey>>, HomeError> {
    let mut operators = BTreeMap::new();
    for operator in &config.iso.operators {
        let keys = operator.keys.iter().map(|file| read_key(&home.join(file), KeyKind::Operator));
        operators.insert(operator.bic.0, keys.collect::<Result<_, _>>()?);
    }
    Ok(operators)
}

fn read_dealer(home: &Path, network: Network, dealer: &DealerConfig) -> Result<Dealer, HomeError> {
    let account = AccountId::parse(network, &dealer.account)
        .map_err(|source| HomeError::DealerAccount { source })?;
    let key = read_key(&home.join(&dealer.key), KeyKind::Account)?;
    let valid_ms = dealer.valid_seconds.saturating_mul(1000);
    Ok(Dealer { account, key, valid_ms, rates: dealer.rates.clone() })
}
