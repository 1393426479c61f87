//! `GET /v1/accounts/{account}/approvals`: the account's payments that wait for approvals; and
//! `GET /v1/institutions/{bic}/reviews`: the payments that wait for the institution's review.
//!
//! Invariants: what is shown is the state after the last final block; what is past its deadline by
//! that block's time no longer waits. Absent: approving (a transaction does that).

use std::sync::Arc;

use api::approval::{WaitingList, WaitingView};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::waiting::Waiting;

use super::openapi::tag;
use super::params::Segments;
use super::refusal::Answer;
use super::{AppState, accounts, payment_limits};

/// Lists the payments of an account that wait for approvals, the earliest deadline first.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/approvals",
    tag = tag::ACCOUNTS,
    operation_id = "listApprovals",
    params(("account" = String, Path, description = "The payer's account's address")),
    responses((status = 200, description = "What waits", body = WaitingList), (status = 404)),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
) -> Answer {
    let id = accounts::open(&state, &address)?;
    let is_its =
        move |waiting: &Waiting| waiting.awaits.approvals().is_some() && waiting.order.from == id;
    Ok(Json(waiting(&state, is_its).await).into_response())
}

/// Lists the payments that wait for an institution's review, the earliest deadline first.
#[utoipa::path(
    get,
    path = "/v1/institutions/{bic}/reviews",
    tag = tag::PAYMENTS,
    operation_id = "listReviews",
    params(("bic" = String, Path, description = "The institution's BIC")),
    responses((status = 200, description = "What waits", body = WaitingList), (status = 404)),
)]
pub(super) async fn reviews(
    State(state): State<Arc<AppState>>,
    Segments(text): Segments<String>,
) -> Answer {
    let latest = state.driver.view.latest();
    let (_, number) = payment_limits::institution(latest.tip.state(), &text)?;
    let is_its = move |waiting: &Waiting| {
        waiting.awaits.review().is_some_and(|review| review.reviewer == number)
    };
    Ok(Json(waiting(&state, is_its).await).into_response())
}

/// Those of the payments that wait which are `wanted`.
async fn waiting(
    state: &AppState,
    wanted: impl Fn(&Waiting) -> bool + Send + 'static,
) -> WaitingList {
    let latest = state.driver.view.latest();
    let naming = state.naming(latest.tip.state());
    let height = latest.tip.height().0;
    // One look at everything that waits: as many steps as there are, so apart from the server.
    let work = state.readers.work(move || {
        let (ledger, now) = (latest.tip.state(), latest.tip.header().time);
        let open = ledger.deadlines().skip_while(|(deadline, _)| *deadline < now);
        let found = open
            .filter_map(|(_, payment)| ledger.waiting(payment))
            .filter(|waiting| wanted(waiting))
            .filter_map(|waiting| WaitingView::new(&waiting, &naming));
        found.take(WaitingList::MAXIMUM).collect()
    });
    WaitingList { waiting: work.await, height }
}
