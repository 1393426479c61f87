//! `GET /v1/accounts/{account}/proof` and `/v1/accounts/{account}/holdings/{asset}/proof`.
//!
//! Invariants: a proof is of the last final block that has a certificate of its own; it may be of
//! an absence. Absent: the words beside it (see `proof`).

use std::sync::Arc;

use api::problem::Problem;
use api::proof::ProofView;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::ids::{AccountId, AssetCode, Height};

use super::openapi::tag;
use super::params::Segments;
use super::refusal::{Answer, Refused};
use super::{AppState, proof};
use crate::driver::Certified;
use crate::proofs::{self, Origin};

impl AppState {
    /// The last final block with a certificate of its own; waits for the first one after a start.
    pub(super) async fn certified(&self) -> Result<Arc<Certified>, Refused> {
        let certified = self.driver.view.certified(Height(0));
        let certified = tokio::time::timeout_at(self.deadline(), certified).await;
        let none = |_| Problem::not_ready("No block was certified since the node started.");
        certified.map_err(|late| none(late).into())
    }

    /// Where proofs of this node begin.
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin { genesis: &self.home.genesis, epochs: self.driver.view.epochs() }
    }

    /// Reads an address of this network.
    pub(super) fn account(&self, text: &str) -> Result<AccountId, Refused> {
        let parsed = AccountId::parse(self.network(), text);
        parsed.map_err(|error| Problem::malformed(format!("{error}.")).into())
    }
}

/// Proves an account's record.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/proof",
    tag = tag::ACCOUNTS,
    operation_id = "proveAccount",
    params(
        ("account" = String, Path, description = "The account's address"),
    ),
    responses((
        status = 200,
        description = "The proof file; JSON for `Accept: application/json`",
        content((Vec<u8> = "application/octet-stream"), (ProofView = "application/json")),
    )),
)]
pub(super) async fn account(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
    headers: HeaderMap,
) -> Answer {
    let account = state.account(&address)?;
    let certified = state.certified().await?;
    let proof = proofs::account(&certified, &state.origin(), account);
    proof::answer(&state, &headers, &proof, &address).await
}

/// Proves an account's holding of an asset.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/holdings/{asset}/proof",
    tag = tag::ACCOUNTS,
    operation_id = "proveHolding",
    params(
        ("account" = String, Path, description = "The account's address"),
        ("asset" = String, Path, description = "The asset's code"),
    ),
    responses((
        status = 200,
        description = "The proof file; JSON for `Accept: application/json`",
        content((Vec<u8> = "application/octet-stream"), (ProofView = "application/json")),
    )),
)]
pub(super) async fn holding(
    State(state): State<Arc<AppState>>,
    Segments((address, code)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = state.account(&address)?;
    let asset = AssetCode::parse(&code).map_err(|error| Problem::malformed(format!("{error}.")))?;
    let certified = state.certified().await?;
    let proof = proofs::holding(&certified, &state.origin(), account, asset);
    proof::answer(&state, &headers, &proof, &format!("{address}.{asset}")).await
}
