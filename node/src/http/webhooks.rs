//! `GET /v1/webhooks`, deliveries, and replays.
//!
//! Invariants: neither secrets nor whole URLs are shown. Absent: making and changing webhooks: they
//! are in `node.toml`; sending (see `crate::webhooks`).

use std::sync::Arc;

use api::account::PageQuery;
use api::problem::Problem;
use api::webhook::{DeliveryPage, DeliveryView, ReplayRequest, WebhookView};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use ledger::ids::Height;

use super::history::limit;
use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::store::Store;
use crate::webhooks::ReplayRefusal;

/// The usual and the most deliveries of a page.
const USUAL: u16 = 50;
const MOST: u16 = 500;

const HINT: &str = "GET /v1/webhooks lists them.";

/// Lists the webhooks.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = tag::WEBHOOKS,
    operation_id = "listWebhooks",
    responses((status = 200, description = "The webhooks, by name", body = Vec<WebhookView>)),
)]
pub(super) async fn list(State(state): State<Arc<AppState>>) -> Json<Vec<WebhookView>> {
    Json(state.home.webhooks.list())
}

/// Shows a webhook.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{name}",
    tag = tag::WEBHOOKS,
    operation_id = "getWebhook",
    params(("name" = String, Path, description = "The webhook's name")),
    responses((status = 200, description = "The webhook", body = WebhookView), (status = 404)),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
) -> Answer {
    let found = state.home.webhooks.show(&name).ok_or_else(unknown)?;
    Ok(Json(found).into_response())
}

/// Lists messages to a webhook: those that wait, and the last 1,000 that ended.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{name}/deliveries",
    tag = tag::WEBHOOKS,
    operation_id = "listDeliveries",
    params(("name" = String, Path, description = "The webhook's name"), PageQuery),
    responses(
        (status = 200, description = "A page, newest first", body = DeliveryPage),
        (status = 404),
    ),
)]
pub(super) async fn deliveries(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let limit = limit(&query, USUAL, MOST)?;
    let unread = |_| Problem::malformed("The cursor is not one that this node gave.");
    let before = query.cursor.as_deref().map(str::parse::<u64>).transpose().map_err(unread)?;
    let chain = state.home.genesis.chain_id();
    let page = state.home.webhooks.deliveries(&name, chain, before, limit);
    Ok(Json(page.ok_or_else(unknown)?).into_response())
}

/// Sends one message once more, under its id.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{name}/deliveries/{id}/replay",
    tag = tag::WEBHOOKS,
    operation_id = "replayDelivery",
    params(
        ("name" = String, Path, description = "The webhook's name"),
        ("id" = String, Path, description = "The message's id, as in the header `webhook-id`"),
    ),
    responses(
        (status = 202, description = "It waits to be sent", body = DeliveryView),
        (status = 404),
        (status = 410),
    ),
)]
pub(super) async fn replay(
    State(state): State<Arc<AppState>>,
    Segments((name, id)): Segments<(String, String)>,
) -> Answer {
    let chain = state.home.genesis.chain_id();
    let attempt = |store: &Store| {
        let receipt = |height: u64, index: usize| {
            store.check_kept(Height(height))?;
            Ok(store.receipts(Height(height))?.get(index).cloned())
        };
        state.home.webhooks.replay(&name, chain, &id, receipt)
    };
    let replayed = state.readers.read(&state.driver, attempt).await?;
    Ok((StatusCode::ACCEPTED, Json(replayed)).into_response())
}

/// Sends all events from a block on once more, under their ids.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{name}/replay",
    tag = tag::WEBHOOKS,
    operation_id = "replayEvents",
    params(("name" = String, Path, description = "The webhook's name")),
    request_body = ReplayRequest,
    responses(
        (status = 202, description = "They are taken up again", body = WebhookView),
        (status = 404),
        (status = 410),
        (status = 413),
        (status = 415),
    ),
)]
pub(super) async fn rewind(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    request: Request,
) -> Answer {
    let ReplayRequest { from } = body::json(state.api(), request).await?;
    let earliest = state.driver.view.earliest();
    if Height(from) < earliest {
        return Err(Problem::pruned(earliest.0).into());
    }
    let view = state.home.webhooks.rewind(&name, from)?;
    Ok((StatusCode::ACCEPTED, Json(view)).into_response())
}

fn unknown() -> Refused {
    Problem::not_found("There is no webhook of this name.", HINT).into()
}

impl From<ReplayRefusal> for Refused {
    fn from(refusal: ReplayRefusal) -> Self {
        match refusal {
            ReplayRefusal::Unknown(detail) => Problem::not_found(detail, HINT).into(),
            ReplayRefusal::Store(error) => error.into(),
        }
    }
}
