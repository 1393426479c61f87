//! `GET /v1/institutions/{bic}/limits` and `GET /v1/accounts/{account}/limits`: what payments may
//! be, and what of it is used today.
//!
//! Invariants: what is shown is the state after the last final block, at this node's time: that
//! the day is over shows before the next block comes. Absent: the limits of the API's own requests
//! (see `limits`).

use std::sync::Arc;

use api::limits::{AccountLimitsView, LimitsView};
use api::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::ids::{Bic, InstitutionNumber};
use ledger::state::State as Ledger;

use super::openapi::tag;
use super::params::Segments;
use super::refusal::{Answer, Refused};
use super::{AppState, accounts};
use crate::home::now;

/// Shows an institution's limits, and its positions of the day.
#[utoipa::path(
    get,
    path = "/v1/institutions/{bic}/limits",
    tag = tag::CHAIN,
    operation_id = "getInstitutionLimits",
    params(("bic" = String, Path, description = "The institution's BIC")),
    responses((status = 200, description = "The limits", body = LimitsView), (status = 404)),
)]
pub(super) async fn of_institution(
    State(state): State<Arc<AppState>>,
    Segments(text): Segments<String>,
) -> Answer {
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let (bic, number) = institution(ledger, &text)?;
    let place = (latest.tip.height(), latest.tip.header().time.max(now()));
    let position = |asset| ledger.position(number, asset);
    let limits = ledger.limits(number);
    let view = LimitsView::new(&bic, limits, position, place, &state.naming(ledger));
    Ok(Json(view).into_response())
}

/// The institution with the BIC `text`.
///
/// # Errors
/// 404 if there is none.
pub(super) fn institution(
    ledger: &Ledger,
    text: &str,
) -> Result<(Bic, InstitutionNumber), Refused> {
    let bic = Bic::parse(text).ok();
    let found = bic.and_then(|bic| Some((bic, ledger.institution_by_bic(bic)?)));
    found.ok_or_else(|| {
        let hint = "List the institutions at /v1/institutions.";
        let shown: String = text.chars().take(40).collect();
        Problem::not_found(format!("There is no institution {shown}."), hint).into()
    })
}

/// Shows an account's limits, and what of them is used today.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/limits",
    tag = tag::ACCOUNTS,
    operation_id = "getAccountLimits",
    params(("account" = String, Path, description = "The account's address")),
    responses((status = 200, description = "The limits", body = AccountLimitsView), (status = 404)),
)]
pub(super) async fn of_account(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
) -> Answer {
    let id = state.account(&address)?;
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let found = ledger.account(id).zip(ledger.institution(id.servicer()));
    let (account, servicer) = found.ok_or_else(|| accounts::unknown(&address))?;
    let place = (latest.tip.height(), latest.tip.header().time.max(now()));
    let limits = (&servicer.bic, ledger.limits(id.servicer()));
    let known = ledger.payees(id);
    let counted = (|asset| ledger.day_counter(id, asset), known.as_ref());
    let naming = state.naming(ledger);
    let view = AccountLimitsView::new((id, &account), limits, counted, place, &naming);
    Ok(Json(view).into_response())
}
