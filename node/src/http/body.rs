//! Request bodies: read whole within a size and a time, and by their media type.
//!
//! Invariants: no more than the limit is kept in memory; a body that is trickled in is dropped.
//! Absent: what bodies mean.

use std::time::Duration;

use api::problem::Problem;
use api::transaction::TransactionRequest;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures::StreamExt;
use ledger::transaction::SignedTransaction;
use serde::de::DeserializeOwned;

use super::depth;
use super::refusal::Refused;
use crate::config::ApiConfig;

/// How many bytes too many are read and dropped.
const GRACE: usize = 16 * 1024 * 1024;

/// The most bytes of JSON around the base64 of a transaction.
const JSON_FRAME: usize = 1024;

/// The most bytes of a small JSON question.
const SMALL: usize = 16 * 1024;

/// The body, at most `limit` bytes, and at most what `config` says. A body that is somewhat too
/// long is read to its end, so that its sender comes to read the refusal.
pub(super) async fn read(
    config: &ApiConfig,
    request: Request,
    limit: usize,
) -> Result<Vec<u8>, Refused> {
    let limit = limit.min(config.body_bytes);
    let patience = Duration::from_secs(config.body_seconds);
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse::<usize>().ok());
    let longest = limit.saturating_add(GRACE);
    if said.is_some_and(|length| length > longest) {
        return Err(Problem::too_large(limit).into());
    }
    let gathered = tokio::time::timeout(patience, gather(request.into_body(), limit)).await;
    gathered.map_err(|_| Problem::body_timeout())?.map_err(Refused::from)
}

async fn gather(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let longest = limit.saturating_add(GRACE);
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::malformed("The body ended before it was whole."))?;
        length = length.saturating_add(part.len());
        if length > longest {
            break;
        }
        if length > limit {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&part);
        }
    }
    if length > limit { Err(Problem::too_large(limit)) } else { Ok(bytes) }
}

/// The bytes of a transaction: the body itself, or within JSON.
pub(super) async fn transaction(config: &ApiConfig, request: Request) -> Result<Vec<u8>, Refused> {
    if is_media_type(request.headers(), &["application/octet-stream"]) {
        return read(config, request, SignedTransaction::MAXIMUM_BYTES).await;
    }
    if !is_media_type(request.headers(), &["application/json"]) {
        let accepted = "application/octet-stream with the bytes, or application/json";
        return Err(Problem::unsupported_media_type(accepted).into());
    }
    let encoded = SignedTransaction::MAXIMUM_BYTES.div_ceil(3).saturating_mul(4);
    let body = read(config, request, encoded.saturating_add(JSON_FRAME)).await?;
    let TransactionRequest { transaction } = parse(config, &body)?;
    let bytes = api::text::parse_base64(&transaction);
    bytes.ok_or_else(|| Problem::malformed("transaction is no base64 (RFC 4648, padded).").into())
}

/// A small question in JSON.
pub(super) async fn json<T: DeserializeOwned>(
    config: &ApiConfig,
    request: Request,
) -> Result<T, Refused> {
    json_within(config, request, SMALL).await
}

/// JSON of at most `limit` bytes.
pub(super) async fn json_within<T: DeserializeOwned>(
    config: &ApiConfig,
    request: Request,
    limit: usize,
) -> Result<T, Refused> {
    if !is_media_type(request.headers(), &["application/json"]) {
        return Err(Problem::unsupported_media_type("application/json").into());
    }
    parse(config, &read(config, request, limit).await?)
}

/// True if the body's media type is one of `accepted`, whatever its parameters.
pub(super) fn is_media_type(headers: &HeaderMap, accepted: &[&str]) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim();
    accepted.iter().any(|accepted| said.eq_ignore_ascii_case(accepted))
}

fn parse<T: DeserializeOwned>(config: &ApiConfig, body: &[u8]) -> Result<T, Refused> {
    if depth::exceeds(body, config.json_depth) {
        return Err(Problem::too_deep(config.json_depth).into());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("The body is not the JSON: {error}.")).into())
}
