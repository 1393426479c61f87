//! `GET /livez` and `/readyz`: whether the process runs, and whether clients should come here.
//!
//! Invariants: not ready is 503 with every reason. Absent: repair; a process that is alive and not
//! ready waits for its peers.

use std::sync::Arc;

use api::chain::{CheckView, HealthView};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use super::openapi::tag;
use super::{AppState, Phase};

/// Says that the process runs.
#[utoipa::path(
    get,
    path = "/livez",
    tag = tag::HEALTH,
    operation_id = "isAlive",
    responses((status = 200, description = "The process runs", body = HealthView)),
)]
pub(super) async fn live() -> Json<HealthView> {
    Json(health(&[], false))
}

/// Says whether the node takes part and can make payments final; `?verbose` shows every check.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = tag::HEALTH,
    operation_id = "isReady",
    params(("verbose" = Option<String>, Query, description = "Show every check")),
    responses(
        (status = 200, description = "Clients may come", body = HealthView),
        (
            status = 503,
            description = "Not ready, with the reasons",
            body = HealthView,
            content_type = "application/json",
        ),
    ),
)]
pub(super) async fn ready(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Response {
    let verbose = query.unwrap_or_default().split('&').any(|part| part.starts_with("verbose"));
    let checks = checks(&state);
    let health = Json(health(&checks, verbose));
    if checks.iter().all(|check| check.ok) {
        health.into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], health).into_response()
    }
}

/// Every check, with what was found.
pub(super) fn checks(state: &AppState) -> Vec<CheckView> {
    let view = &state.driver.view;
    let quorum = view.latest().tip.child_validators().quorum();
    let connected = view.connected_validators().len();
    let check = |name: &str, ok, good: String, bad: String| CheckView {
        name: name.to_owned(),
        ok,
        detail: if ok { good } else { bad },
    };
    vec![
        check(
            "synced",
            view.is_synced(),
            "it holds every block that it knows to be final".to_owned(),
            "it catches up with the chain".to_owned(),
        ),
        check(
            "quorum",
            connected >= quorum,
            format!("{connected} validators are connected; {quorum} are needed"),
            format!("only {connected} validators are connected, and {quorum} are needed"),
        ),
        check(
            "serving",
            *state.phase.borrow() == Phase::Serving,
            "it takes requests".to_owned(),
            "it drains, and stops soon".to_owned(),
        ),
    ]
}

fn health(checks: &[CheckView], verbose: bool) -> HealthView {
    let failed: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    let status = if failed.is_empty() { "ok" } else { "unavailable" };
    HealthView {
        status: status.to_owned(),
        reasons: failed.iter().map(|check| check.detail.clone()).collect(),
        checks: if verbose { checks.to_vec() } else { Vec::new() },
    }
}
