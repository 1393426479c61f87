//! `GET`, `PUT` and `DELETE /v1/payments/{uetr}/private`: a payment's private data, for this
//! institution's operators; as the payer's wallet hands them over; and their erasure.
//!
//! Invariants: to nobody without a token that counts they are shown, and every such answer is in
//! the audit log; what is erased can be told from what was never here. Absent: other institutions'
//! copies.

use std::sync::Arc;

use api::private::{
    Erasure, PrivateEntryView, PrivateOrigin, PrivateRequest, PrivateTaken, PrivateView,
};
use api::problem::Problem;
use api::text;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use iso20022::{PrivateData, PrivateEntry};
use ledger::hash::Hash;
use ledger::ids::Uetr;

use super::openapi::tag;
use super::params::Segments;
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::iso::Delivery;
use crate::private::{Handing, Origin, PrivateRecord};

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
        Some(erasure) => Err(erased(&erasure)),
        None => Err(nothing(uetr)),
    }
}

/// Takes in what the payer's wallet has committed to, for the payee's institution. Whoever opens
/// the commitment may; again, it changes nothing.
#[utoipa::path(
    put,
    path = "/v1/payments/{uetr}/private",
    tag = tag::PAYMENTS,
    operation_id = "handOverPrivateData",
    params(("uetr" = String, Path, description = "The payment's UETR")),
    request_body = PrivateRequest,
    responses(
        (status = 200, description = "The payer's institution has them", body = PrivateTaken),
        (status = 403),
        (status = 404),
        (status = 410),
        (status = 413),
        (status = 415),
        (status = 422),
    ),
)]
pub(super) async fn hand_over(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    request: Request,
) -> Answer {
    let uetr = read(&name)?;
    let limit = PrivateRequest::MAXIMUM_BYTES;
    let PrivateRequest { salt, entries } = body::json_within(state.api(), request, limit).await?;
    let salt = Hash::from_hex(&salt);
    let salt = salt.ok_or_else(|| Problem::malformed("salt is not 64 hexadecimal digits."))?.0;
    let entry = |PrivateEntryView { depth, name, value }| PrivateEntry { depth, name, value };
    let private = PrivateData::new(entries.into_iter().map(entry).collect());
    let record = PrivateRecord { uetr, salt, message: Hash::ZERO, private };
    match state.private.take_over(&state.driver, &state.readers, record).await? {
        Handing::Kept => Ok(Json(PrivateTaken { uetr: uetr.to_string() }).into_response()),
        Handing::Unknown => {
            let detail = format!("No payment {uetr} that commits to private data is final here.");
            let hint = "Send it again once the payment is final: this node may be behind.";
            Err(Problem::not_found(detail, hint).into())
        }
        Handing::Foreign => {
            let detail = "This node does not act for the payer's institution.";
            let hint = "Send it to the node of the payer's institution.";
            Err(Problem::not_offered(detail, hint).into())
        }
        Handing::Mismatch => Err(Problem::other_private_data(&uetr.to_string()).into()),
        Handing::Erased(erasure) => Err(erased(&erasure)),
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

fn erased(erasure: &Erasure) -> Refused {
    Problem::erased(&erasure.uetr, &erasure.erased_at).into()
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
        Origin::Ordered(Delivery::Owed(to)) | Origin::Handed(Delivery::Owed(to)) => {
            (latest.tip.state().institution(to).map(|it| it.bic.to_string()), None)
        }
        Origin::Ordered(Delivery::Done(time)) | Origin::Handed(Delivery::Done(time)) => {
            (None, Some(text::time(time)))
        }
        Origin::Ordered(Delivery::Nowhere)
        | Origin::Handed(Delivery::Nowhere)
        | Origin::Received => (None, None),
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
            Origin::Handed(_) => PrivateOrigin::Handed,
            Origin::Received => PrivateOrigin::Received,
        },
        delivered_at,
        owed_to,
        commitment: record.commitment(latest.tip.domains()).to_hex(),
        salt: Hash(record.salt).to_hex(),
        message_hash: record.message().map(|message| message.to_hex()),
        debtor: private.debtor_name().map(str::to_owned),
        creditor: private.creditor_name().map(str::to_owned),
        remittance: private.remittance_lines().into_iter().map(str::to_owned).collect(),
        entries: entries.collect(),
    }
}
