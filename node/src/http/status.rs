//! `GET /v1/status`: where the node and its chain stand.

use std::sync::Arc;

use api::chain::StatusView;
use api::text;
use axum::Json;
use axum::extract::State;

use super::AppState;
use super::openapi::tag;

/// Shows the status.
#[utoipa::path(
    get,
    path = "/v1/status",
    tag = tag::CHAIN,
    operation_id = "getStatus",
    responses((status = 200, description = "The status", body = StatusView)),
)]
pub(super) async fn show(State(state): State<Arc<AppState>>) -> Json<StatusView> {
    let view = &state.driver.view;
    let latest = view.latest();
    let (header, validators) = (latest.tip.header(), latest.tip.child_validators());
    Json(StatusView {
        chain_id: text::chain_id(state.network(), header.chain_id),
        height: header.height.0,
        earliest: view.earliest().0,
        epoch: latest.tip.child_epoch().0,
        validators: validators.count(),
        quorum: validators.quorum(),
        connected: view.connected_validators().len(),
        last_final_at: text::time(header.time),
        synced: view.is_synced(),
        voting: view.role().name().to_owned(),
        node: state.home.config.bic().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
