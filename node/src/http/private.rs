//! `GET` and `DELETE /v1/payments/{uetr}/private`: a payment's private data, for this institution's
//! operators, and its erasure.
//!
//! Invariants: nobody without a token that counts is answered, and every answer is in the audit
//! log; what is erased can be told from what was never here. Absent: other institutions' copies.

use std::sync::Arc;

use api::private::{Erasure, PrivateEntryView, PrivateOrigin, PrivateView};
use api::problem::Problem;
use api::text;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use iso20022::PrivateData;
use ledger::hash::Hash;
use ledger::ids::Uetr;

use super::AppState;
use super::openapi::tag;
use super::params::Segments;
use super::refusal::{Answer, Refused};
use crate::iso::Delivery;
use crate::private::{Origin, PrivateRecord};

/// Shows what this institution knows of a payment's parties and texts.
#[utoipa::path(
    get,
    path = "/v1/payments/{uetr}/private",
    tag = tag::PAYMENTS,
    operation_id = "getPrivateData",
    params(("uetr" = String, Path, description = "The payment's UETR")),
    responses(
        (status = 200, description = "The private data", body = PrivateView),
        (status = 404),
        (status = 410),
    ),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
) -> Answer {
    let uetr = read(&name)?;
    let private = state.private.clone();
    let found = state.readers.work(move || private.of(uetr)).await?;
    if let Some((record, origin)) = found {
        return Ok(Json(view(&state, &record, origin)).into_response());
    }
    let private = state.private.clone();
    match state.readers.work(move || private.erasure(uetr)).await? {
        Some(erasure) => Err(Problem::erased(&erasure.uetr, &erasure.erased_at).into()),
        None => Err(nothing(uetr)),
    }
}

/// Erases a payment's private data from this node, and answers the node's signed receipt. Again, it
/// answers the same receipt.
#[utoipa::path(
    delete,
    path = "/v1/payments/{uetr}/private",
    tag = tag::PAYMENTS,
    operation_id = "erasePrivateData",
    params(("uetr" = String, Path, description = "The payment's UETR")),
    responses(
        (status = 200, description = "The receipt of the erasure", body = Erasure),
        (status = 404),
    ),
)]
pub(super) async fn erase(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
) -> Answer {
    let uetr = read(&name)?;
    let private = state.private.clone();
    match state.readers.work(move || private.erase(uetr)).await? {
        Some(erasure) => Ok(Json(erasure).into_response()),
        None => Err(nothing(uetr)),
    }
}

fn read(name: &str) -> Result<Uetr, Refused> {
    Ok(Uetr::parse(name).map_err(|error| Problem::malformed(format!("{error}.")))?)
}

fn nothing(uetr: Uetr) -> Refused {
    let detail = format!("This node has no private data of a payment {uetr}.");
    let hint = "Ask the node of the payer's or the payee's institution; a payment that is not \
                final yet has none at the payee's.";
    Problem::not_found(detail, hint).into()
}

fn view(state: &AppState, record: &PrivateRecord, origin: Origin) -> PrivateView {
    let latest = state.driver.view.latest();
    let (owed_to, delivered_at) = match origin {
        Origin::Ordered(Delivery::Owed(to)) => {
            (latest.tip.state().institution(to).map(|it| it.bic.to_string()), None)
        }
        Origin::Ordered(Delivery::Done(time)) => (None, Some(text::time(time))),
        Origin::Ordered(Delivery::Nowhere) | Origin::Received => (None, None),
    };
    let private: &PrivateData = &record.private;
    let entries = private.entries().iter().map(|entry| PrivateEntryView {
        depth: entry.depth,
        name: entry.name.clone(),
        value: entry.value.clone(),
    });
    PrivateView {
        uetr: record.uetr.to_string(),
        origin: match origin {
            Origin::Ordered(_) => PrivateOrigin::Ordered,
            Origin::Received => PrivateOrigin::Received,
        },
        delivered_at,
        owed_to,
        commitment: record.commitment(latest.tip.domains()).to_hex(),
        salt: Hash(record.salt).to_hex(),
        message_hash: record.message.to_hex(),
        debtor: private.debtor_name().map(str::to_owned),
        creditor: private.creditor_name().map(str::to_owned),
        remittance: private.remittance_lines().into_iter().map(str::to_owned).collect(),
        entries: entries.collect(),
    }
}
