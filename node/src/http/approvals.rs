//! `GET /v1/accounts/{account}/approvals`: the account's payments that wait for approvals; and
//! `GET /v1/institutions/{bic}/reviews`: the payments that wait for the institution's review.
//!
//! Invariants: what is shown is the state after the last final block; what is past its deadline by
//! that block's time no longer waits; one request looks at a bounded number of payments. Absent:
//! approving (a transaction does that).

use std::sync::Arc;

use api::account::PageQuery;
use api::approval::{WaitingList, WaitingView};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::waiting::Waiting;

use super::deadlines::{Page, Wanted};
use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::{Answer, Refused};
use super::{AppState, accounts, payment_limits};

/// Lists the payments of an account that wait for approvals, the earliest deadline first.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/approvals",
    tag = tag::ACCOUNTS,
    operation_id = "listApprovals",
    params(("account" = String, Path, description = "The payer's account's address"), PageQuery),
    responses(
        (status = 200, description = "A page of what waits", body = WaitingList),
        (status = 404),
    ),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let id = accounts::open(&state, &address)?;
    let is_its =
        move |waiting: &Waiting| waiting.awaits.approvals().is_some() && waiting.order.from == id;
    Ok(Json(waiting(&state, &query, is_its).await?).into_response())
}

/// Lists the payments that wait for an institution's review, the earliest deadline first.
#[utoipa::path(
    get,
    path = "/v1/institutions/{bic}/reviews",
    tag = tag::PAYMENTS,
    operation_id = "listReviews",
    params(("bic" = String, Path, description = "The institution's BIC"), PageQuery),
    responses(
        (status = 200, description = "A page of what waits", body = WaitingList),
        (status = 404),
    ),
)]
pub(super) async fn reviews(
    State(state): State<Arc<AppState>>,
    Segments(text): Segments<String>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let latest = state.driver.view.latest();
    let (_, number) = payment_limits::institution(latest.tip.state(), &text)?;
    let is_its = move |waiting: &Waiting| {
        waiting.awaits.review().is_some_and(|review| review.reviewer == number)
    };
    Ok(Json(waiting(&state, &query, is_its).await?).into_response())
}

/// A page of those payments that wait which are `meant`.
async fn waiting(
    state: &AppState,
    query: &PageQuery,
    meant: impl Fn(&Waiting) -> bool + Send + 'static,
) -> Result<WaitingList, Refused> {
    let wanted = Wanted::new(query.cursor.as_deref(), query.limit)?;
    let latest = state.driver.view.latest();
    let naming = state.naming(latest.tip.state());
    let height = latest.tip.height().0;
    // Thousands of records may have to be read: apart from the server.
    let work = state.readers.work(move || {
        let (ledger, now) = (latest.tip.state(), latest.tip.header().time);
        wanted.page(ledger.deadlines_after(wanted.after), |payment| {
            let waiting = ledger.waiting(payment).filter(|waiting| !waiting.is_expired_at(now))?;
            if meant(&waiting) { WaitingView::new(&waiting, &naming) } else { None }
        })
    });
    let Page { items: waiting, next_cursor } = work.await;
    Ok(WaitingList { waiting, next_cursor, height })
}
