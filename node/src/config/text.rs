//! Names within the configuration: read once, well formed ever after.
//!
//! Invariants: a value that was read is well formed, and is written as it is read. Absent: names
//! that only the ledger's state can judge.

use ledger::genesis::json::{chain_id_text, parse_chain_id};
use ledger::hash::ChainId;
use ledger::ids::{Bic, Network};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A BIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BicText(pub Bic);

impl TryFrom<String> for BicText {
    type Error = ledger::ids::NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Bic::parse(&text).map(Self)
    }
}

impl From<BicText> for String {
    fn from(bic: BicText) -> Self {
        bic.0.to_string()
    }
}

/// A chain id with its network's prefix: `fqd-3f2a...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainIdText {
    /// The kind of network.
    pub network: Network,
    /// The chain.
    pub chain_id: ChainId,
}

impl fmt::Display for ChainIdText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&chain_id_text(self.network, self.chain_id))
    }
}

impl TryFrom<String> for ChainIdText {
    type Error = ledger::genesis::json::DocumentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_chain_id(&text).map(|(network, chain_id)| Self { network, chain_id })
    }
}

impl From<ChainIdText> for String {
    fn from(chain: ChainIdText) -> Self {
        chain.to_string()
    }
}
