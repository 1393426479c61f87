//! `GET /v1/validators`, `/v1/institutions` and `/v1/assets`: who and what is on the ledger.
//!
//! Invariants: each list is whole, in the order of indexes, numbers or codes. Absent: customers.

use std::sync::Arc;

use api::chain::{AssetView, InstitutionView, ValidatorView};
use axum::Json;
use axum::extract::State;

use super::AppState;
use super::openapi::tag;

/// Lists the validators of the present epoch.
#[utoipa::path(
    get,
    path = "/v1/validators",
    tag = tag::CHAIN,
    operation_id = "listValidators",
    responses((status = 200, description = "The validators, by index", body = Vec<ValidatorView>)),
)]
pub(super) async fn validators(State(state): State<Arc<AppState>>) -> Json<Vec<ValidatorView>> {
    let latest = state.driver.view.latest();
    let connected = state.driver.view.connected_validators();
    let validators = latest.tip.child_validators().iter().map(|(index, validator)| ValidatorView {
        index: index.0,
        institution: validator.bic.to_string(),
        key: validator.key.to_hex(),
        connected: connected.contains(&index),
    });
    Json(validators.collect())
}

/// Lists the institutions.
#[utoipa::path(
    get,
    path = "/v1/institutions",
    tag = tag::CHAIN,
    operation_id = "listInstitutions",
    responses((
        status = 200,
        description = "The institutions, by number",
        body = Vec<InstitutionView>,
    )),
)]
pub(super) async fn institutions(State(state): State<Arc<AppState>>) -> Json<Vec<InstitutionView>> {
    let latest = state.driver.view.latest();
    let institutions = latest.tip.state().directory().institutions();
    let views = institutions.iter().map(|(number, one)| InstitutionView::new(*number, one));
    Json(views.collect())
}

/// Lists the assets.
#[utoipa::path(
    get,
    path = "/v1/assets",
    tag = tag::CHAIN,
    operation_id = "listAssets",
    responses((status = 200, description = "The assets, by code", body = Vec<AssetView>)),
)]
pub(super) async fn assets(State(state): State<Arc<AppState>>) -> Json<Vec<AssetView>> {
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let naming = state.naming(ledger);
    let views = ledger.directory().assets().iter().map(|(code, asset)| {
        let issuer = ledger.institution(asset.issuer).map(|institution| &institution.bic);
        let supply = ledger.supply(*code).unwrap_or_default();
        AssetView::new(*code, asset, issuer, supply, &naming)
    });
    Json(views.collect())
}
