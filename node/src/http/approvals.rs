//! `GET /v1/accounts/{account}/approvals`: the account's payments that wait for approvals.
//!
//! Invariants: what is shown is the state after the last final block; what is past its deadline by
//! that block's time no longer waits. Absent: approving (a transaction does that).

use std::sync::Arc;

use api::approval::{WaitingList, WaitingView};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;

use super::openapi::tag;
use super::params::Segments;
use super::refusal::Answer;
use super::{AppState, accounts};

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
    let latest = state.driver.view.latest();
    let naming = state.naming(latest.tip.state());
    let height = latest.tip.height().0;
    // One look at everything that waits: as many steps as there are, so apart from the server.
    let work = state.readers.work(move || {
        let (ledger, now) = (latest.tip.state(), latest.tip.header().time);
        let open = ledger.deadlines().skip_while(|(deadline, _)| *deadline < now);
        let of_account = open
            .filter_map(|(_, payment)| ledger.waiting(payment))
            .filter(|waiting| waiting.order.from == id)
            .filter_map(|waiting| WaitingView::new(&waiting, &naming));
        of_account.take(WaitingList::MAXIMUM).collect()
    });
    Ok(Json(WaitingList { waiting: work.await, height }).into_response())
}
