//! `GET /v1/accounts/{account}`: policy, status and holdings.
//!
//! Invariants: what is shown is the state after the last final block. Absent: history (see
//! `history`), proofs (see `state_proofs`).

use std::sync::Arc;

use api::account::AccountView;
use api::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::ids::AccountId;

use super::AppState;
use super::openapi::tag;
use super::params::Segments;
use super::refusal::{Answer, Refused};

/// Shows an account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}",
    tag = tag::ACCOUNTS,
    operation_id = "getAccount",
    params(("account" = String, Path, description = "The account's address")),
    responses((status = 200, description = "The account", body = AccountView), (status = 404)),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
) -> Answer {
    let id = state.account(&address)?;
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let found = ledger.account(id).zip(ledger.institution(id.servicer()));
    let (account, servicer) = found.ok_or_else(|| unknown(&address))?;
    let (holdings, naming) = (ledger.holdings(id), state.naming(ledger));
    let height = latest.tip.height();
    let view = AccountView::new(id, &account, &servicer.bic, &holdings, height, &naming);
    Ok(Json(view).into_response())
}

/// The account of an address, if somebody has opened it.
///
/// # Errors
/// What is answered otherwise.
pub(super) fn open(state: &AppState, address: &str) -> Result<AccountId, Refused> {
    let id = state.account(address)?;
    let is_open = state.driver.view.latest().tip.state().account(id).is_some();
    if is_open { Ok(id) } else { Err(unknown(address).into()) }
}

/// There is no account of this address.
pub(super) fn unknown(address: &str) -> Problem {
    let hint = "Its institution opens it; compare the address with the original.";
    Problem::not_found(format!("There is no account {address}."), hint)
}
