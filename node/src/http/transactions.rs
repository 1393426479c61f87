//! `POST /v1/transactions`: takes a signed transaction, and answers its receipts.
//!
//! Invariants: the same bytes get the same receipts, whenever and however often they come; "final"
//! is answered from final blocks alone. Absent: execution and order (the core's).

use std::sync::Arc;

use api::problem::Problem;
use api::receipt::ReceiptView;
use api::text;
use api::transaction::{SubmitQuery, TransactionAnswer, TransactionRequest, Wait};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use ledger::transaction::TransactionId;
use tokio::time::Instant;

use super::openapi::tag;
use super::params::Params;
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::home;
use crate::outcome::{self, Finality, Outcome};
use crate::proofs;

/// Takes a transaction in, and waits as long as the query says.
#[utoipa::path(
    post,
    path = "/v1/transactions",
    tag = tag::TRANSACTIONS,
    operation_id = "submitTransaction",
    params(SubmitQuery),
    request_body(
        content((Vec<u8> = "application/octet-stream"), (TransactionRequest = "application/json")),
        description = "A signed transaction: its canonical bytes, or those in base64",
    ),
    responses(
        (status = 200, description = "Final, with its receipts", body = TransactionAnswer),
        (status = 202, description = "Taken in, without receipts yet", body = TransactionAnswer),
        (status = 410),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 504),
    ),
)]
pub(super) async fn submit(
    State(state): State<Arc<AppState>>,
    Params(query): Params<SubmitQuery>,
    request: Request,
) -> Answer {
    let bytes = body::transaction(state.api(), request).await?;
    let deadline = state.deadline();
    let until_final = match query.wait {
        Wait::Final => true,
        Wait::Accepted => false,
    };
    let (driver, readers) = (&state.driver, &state.readers);
    let new = state.intake.add(&bytes, home::now());
    let outcome = outcome::submit(driver, readers, bytes, until_final, deadline).await?;
    if matches!(outcome, Outcome::Refused(_) | Outcome::Rejected(_) | Outcome::Busy) {
        state.intake.remove(&new);
    }
    match outcome {
        Outcome::Refused(error) => Err(Problem::envelope(&error).into()),
        Outcome::Rejected(rejection) => Err(Problem::rejected(rejection).into()),
        Outcome::Busy => Err(Problem::busy().into()),
        Outcome::Unknown => Err(Problem::outcome_unknown().into()),
        Outcome::Accepted(id) => {
            let (transaction, status) = (id.to_hex(), "accepted".to_owned());
            let answer = TransactionAnswer { transaction, status, receipts: Vec::new() };
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
        Outcome::Final(id, finality) => {
            let answer = final_answer(&state, id, &finality, query.proof, deadline).await?;
            Ok(Json(answer).into_response())
        }
    }
}

async fn final_answer(
    state: &AppState,
    id: TransactionId,
    finality: &Finality,
    with_proofs: bool,
    deadline: Instant,
) -> Result<TransactionAnswer, Refused> {
    let latest = state.driver.view.latest();
    let naming = state.naming(latest.tip.state());
    let receipts = finality.receipts();
    let proves = with_proofs && receipts.len() <= SubmitQuery::MAXIMUM_PROOFS;
    let mut views = Vec::with_capacity(receipts.len());
    for (number, receipt) in receipts.into_iter().enumerate() {
        let place = (finality.height, finality.time);
        let mut view = ReceiptView::new(receipt, Some(place), &naming);
        if proves && proofs::is_provable(receipt) {
            let (driver, genesis) = (&state.driver, &state.home.genesis);
            let proof = finality.proof(driver, &state.readers, genesis, number, deadline).await?;
            // Final it is, but the answer that was asked for is not ready.
            let proof = proof.ok_or_else(Problem::outcome_unknown)?;
            view.proof = Some(text::base64(&proof.encode()));
        }
        views.push(view);
    }
    let (transaction, status) = (id.to_hex(), "final".to_owned());
    Ok(TransactionAnswer { transaction, status, receipts: views })
}
