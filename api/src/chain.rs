//! The chain itself: blocks, validators, institutions, assets, status.
//!
//! Invariants: everything here is about final blocks. Absent: consensus' inner life.

use ledger::block::Header;
use ledger::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::text;

/// A final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its height.
    pub height: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// Its parent's hash.
    pub parent: String,
    /// The view in which it was proposed.
    pub view: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Its time.
    pub time: String,
    /// The proposer's index in the validator set.
    pub proposer: u16,
    /// The root of the state after it.
    pub state_root: String,
    /// The root of its receipts.
    pub receipts_root: String,
    /// How many receipts it has.
    pub receipts: u32,
}

impl BlockView {
    /// Renders a header.
    pub fn new(header: &Header, hash: Hash, receipts: u32) -> Self {
        Self {
            height: header.height.0,
            hash: hash.to_hex(),
            parent: header.parent.to_hex(),
            view: header.view.0,
            epoch: header.epoch.0,
            time: text::time(header.time),
            proposer: header.proposer.0,
            state_root: header.state_root.to_hex(),
            receipts_root: header.receipts_root.to_hex(),
            receipts,
        }
    }
}

/// A page of blocks, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockPage {
    /// The blocks.
    pub blocks: Vec<BlockView>,
    /// What to pass as `cursor` for the next, older page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorView {
    /// Its index in the set.
    pub index: u16,
    /// Its institution's BIC.
    pub institution: String,
    /// Its voting key, hexadecimal.
    pub key: String,
    /// Whether this node has a connection to it now (true for itself).
    pub connected: bool,
}

/// An institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionView {
    /// Its number on the ledger.
    pub number: u32,
    /// Its BIC.
    pub bic: String,
    /// Its name.
    pub name: String,
    /// Its roles: `validator`, `issuer`, `dealer`.
    pub roles: Vec<String>,
}

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetView {
    /// Its code.
    pub code: String,
    /// `currency` or `points`.
    pub kind: String,
    /// Its decimals.
    pub decimals: u8,
    /// The issuer's BIC.
    pub issuer: String,
    /// How much there is: issued less redeemed.
    pub outstanding: String,
}

/// The node's view of the network: `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The chain id: `fqd-3f2a...`.
    pub chain_id: String,
    /// The height of the last final block.
    pub height: u64,
    /// The epoch.
    pub epoch: u64,
    /// How many validators there are.
    pub validators: usize,
    /// How many votes decide.
    pub quorum: usize,
    /// How many validators this node is connected to, itself included.
    pub connected: usize,
    /// The time of the last final block.
    pub last_final_at: String,
    /// Whether this node follows the chain's end.
    pub synced: bool,
    /// This node's institution.
    pub node: String,
    /// The program's version.
    pub version: String,
}

/// Health: `GET /livez`, `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// `ok` or `unavailable`.
    pub status: String,
    /// What keeps the node from being ready; empty when it is.
    pub reasons: Vec<String>,
}
