//! Request bodies: read whole within a size and a time, and by their media type.
//!
//! Invariants: a body that says it is too long is refused before it is read; one that is trickled in is
//! dropped. Absent: what bodies mean.

use std::time::Duration;

use api::problem::Problem;
use api::transaction::TransactionRequest;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use ledger::transaction::SignedTransaction;
use serde::de::DeserializeOwned;

use super::refusal::Refused;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of JSON around the base64 of a transaction.
const JSON_FRAME: usize = 1024;

/// The most bytes of a small JSON question.
const SMALL: usize = 16 * 1024;

/// The body, at most `limit` bytes.
pub(super) async fn read(mut request: Request, limit: usize) -> Result<Bytes, Refused> {
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if said.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(Problem::too_large(limit).into());
    }
    DefaultBodyLimit::max(limit).apply(&mut request);
    let body = tokio::time::timeout(PATIENCE, Bytes::from_request(request, &())).await;
    let Ok(read) = body else { return Err(Problem::body_timeout().into()) };
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(limit).into(),
        _ => Problem::malformed("The body ended before it was whole.").into(),
    })
}

/// The bytes of a transaction: the body itself, or within JSON.
pub(super) async fn transaction(request: Request) -> Result<Vec<u8>, Refused> {
    if is_media_type(request.headers(), &["application/octet-stream"]) {
        return Ok(read(request, SignedTransaction::MAXIMUM_BYTES).await?.into());
    }
    if !is_media_type(request.headers(), &["application/json"]) {
        let accepted = "application/octet-stream with the bytes, or application/json";
        return Err(Problem::unsupported_media_type(accepted).into());
    }
    let encoded = SignedTransaction::MAXIMUM_BYTES.div_ceil(3).saturating_mul(4);
    let body = read(request, encoded.saturating_add(JSON_FRAME)).await?;
    let TransactionRequest { transaction } = parse(&body)?;
    let bytes = api::text::parse_base64(&transaction);
    bytes.ok_or_else(|| Problem::malformed("transaction is no base64 (RFC 4648, padded).").into())
}

/// A small question in JSON.
pub(super) async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Refused> {
    if !is_media_type(request.headers(), &["application/json"]) {
        return Err(Problem::unsupported_media_type("application/json").into());
    }
    parse(&read(request, SMALL).await?)
}

/// True if the body's media type is one of `accepted`, whatever its parameters.
pub(super) fn is_media_type(headers: &HeaderMap, accepted: &[&str]) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim();
    accepted.iter().any(|accepted| said.eq_ignore_ascii_case(accepted))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("The body is not the JSON: {error}.")).into())
}
