//! The chain itself: blocks, validators, institutions, assets, status.
//!
//! Invariants: everything here is about final blocks. Absent: consensus' inner life.

use ledger::account::{Asset, Institution, Supply};
use ledger::block::Header;
use ledger::hash::Hash;
use ledger::ids::{AssetCode, Bic, InstitutionNumber};
use ledger::money::Amount;
use ledger::operation::AssetKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{self, Naming};

/// A final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    #[schema(format = "date-time")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockPage {
    /// The blocks.
    pub blocks: Vec<BlockView>,
    /// What to pass as `cursor` for the next, older page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

impl InstitutionView {
    /// Renders an institution.
    pub fn new(number: InstitutionNumber, institution: &Institution) -> Self {
        let roles = institution.roles;
        let roles =
            [("validator", roles.validator), ("issuer", roles.issuer), ("dealer", roles.dealer)];
        Self {
            number: number.0,
            bic: institution.bic.to_string(),
            name: institution.name.clone(),
            roles: roles
                .iter()
                .filter(|(_, has)| *has)
                .map(|(role, _)| (*role).to_owned())
                .collect(),
        }
    }
}

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

impl AssetView {
    /// Renders an asset.
    pub fn new(
        code: AssetCode,
        asset: &Asset,
        issuer: Option<&Bic>,
        supply: Supply,
        naming: &Naming,
    ) -> Self {
        let kind = match asset.kind {
            AssetKind::Currency => "currency",
            AssetKind::Points => "points",
        };
        let outstanding = supply.issued.minus(supply.redeemed).unwrap_or(Amount::ZERO);
        Self {
            code: code.to_string(),
            kind: kind.to_owned(),
            decimals: asset.decimals.0,
            issuer: issuer.map(Bic::to_string).unwrap_or_default(),
            outstanding: naming.amount(outstanding, code),
        }
    }
}

/// The node's view of the network: `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The chain id: `fqd-3f2a...`.
    pub chain_id: String,
    /// The height of the last final block.
    pub height: u64,
    /// The first block that this node keeps with its receipts.
    #[serde(default)]
    pub earliest: u64,
    /// The epoch.
    pub epoch: u64,
    /// How many validators there are.
    pub validators: usize,
    /// How many votes decide.
    pub quorum: usize,
    /// How many validators this node is connected to, itself included.
    pub connected: usize,
    /// The time of the last final block.
    #[schema(format = "date-time")]
    pub last_final_at: String,
    /// Whether this node follows the chain's end.
    pub synced: bool,
    /// What this node does: `validator`, `observer`, or `regaining`: a validator that lost its
    /// votes and waits until the others have passed them.
    #[serde(default)]
    pub voting: String,
    /// This node's institution.
    pub node: String,
    /// The program's version.
    pub version: String,
}

/// Health: `GET /livez`, `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// `ok` or `unavailable`.
    pub status: String,
    /// What keeps the node from being ready; empty when it is.
    pub reasons: Vec<String>,
    /// Every check, where they were asked for with `?verbose`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckView>,
}

/// One check of a node's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckView {
    /// What is checked: `synced`, `quorum`.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub detail: String,
}
