//! `GET /v1/recalls`: the payments that are asked back and not answered yet.
//!
//! Invariants: the earliest deadline first; what is shown is the state after the last final block,
//! and is not beyond its deadline; one request looks at a bounded number of recalls. Absent:
//! asking and answering, which are transactions like any others.

use std::sync::Arc;

use api::problem::Problem;
use api::recall::{RecallPage, RecallQuery, RecallView};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::corrections::Recall;
use ledger::ids::{AccountId, Bic, InstitutionNumber};

use super::AppState;
use super::deadlines::{Page, Wanted};
use super::openapi::tag;
use super::params::Params;
use super::refusal::{Answer, Refused};

/// Whose recalls are asked for.
struct Whose {
    account: Option<AccountId>,
    institution: Option<InstitutionNumber>,
}

impl Whose {
    fn of(state: &AppState, query: &RecallQuery) -> Result<Self, Refused> {
        let account = query.account.as_deref().map(|address| state.account(address)).transpose()?;
        let institution = query.institution.as_deref().map(|text| {
            let latest = state.driver.view.latest();
            let number = Bic::parse(text).ok();
            let number = number.and_then(|bic| latest.tip.state().institution_by_bic(bic));
            number.ok_or_else(|| {
                let text: String = text.chars().take(40).collect();
                let hint = "GET /v1/institutions lists them.";
                Refused::from(Problem::not_found(format!("There is no institution {text}."), hint))
            })
        });
        Ok(Self { account, institution: institution.transpose()? })
    }

    fn is_meant(&self, recall: &Recall) -> bool {
        let sides = [recall.settled.payer, recall.settled.payee];
        self.account.is_none_or(|account| sides.contains(&account))
            && self.institution.is_none_or(|of| sides.iter().any(|side| side.servicer() == of))
    }
}

/// Lists open recalls.
#[utoipa::path(
    get,
    path = "/v1/recalls",
    tag = tag::PAYMENTS,
    operation_id = "listRecalls",
    params(RecallQuery),
    responses(
        (status = 200, description = "A page, the earliest deadline first", body = RecallPage),
        (status = 404),
    ),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Params(query): Params<RecallQuery>,
) -> Answer {
    let wanted = Wanted::new(query.cursor.as_deref(), query.limit)?;
    let whose = Whose::of(&state, &query)?;
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let naming = state.naming(ledger);
    let now = latest.tip.header().time;
    let page = wanted.page(ledger.recall_deadlines_after(wanted.after), |payment| {
        let recall = ledger.recall(payment).filter(|recall| !recall.is_lapsed_at(now))?;
        whose.is_meant(&recall).then(|| RecallView::new(&recall, &naming))
    });
    let Page { items: recalls, next_cursor } = page;
    Ok(Json(RecallPage { recalls, next_cursor }).into_response())
}
