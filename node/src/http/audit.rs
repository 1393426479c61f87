//! `GET /v1/audit/head`: where the audit log ends, signed by the node.
//!
//! Whoever keeps heads elsewhere can tell that nothing before them was cut off or changed
//! (`feiqian-node audit verify --head`). Invariants: what a head names is durable. Absent: the
//! records, which do not leave the home.

use std::sync::Arc;

use api::audit::AuditHeadView;
use api::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;

use super::AppState;
use super::openapi::tag;
use super::refusal::Answer;
use crate::home::now;
use crate::trail::Head;

/// Shows where the audit log ends.
#[utoipa::path(
    get,
    path = "/v1/audit/head",
    tag = tag::AUDIT,
    operation_id = "getAuditHead",
    responses((status = 200, description = "The head, signed", body = AuditHeadView)),
)]
pub(super) async fn head(State(state): State<Arc<AppState>>) -> Answer {
    let unwritten = || Problem::not_ready("The node cannot write its audit log.");
    let last = state.trail.last().ok_or_else(unwritten)?;
    let head = Head::sign(&state.home.owner(), &state.home.node_key, last, now());
    let Head { owner, sequence, hash, time, node_key, signature } = head;
    let time = time.into();
    Ok(Json(AuditHeadView { owner, sequence, hash, time, node_key, signature }).into_response())
}
