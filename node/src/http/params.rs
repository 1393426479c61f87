//! What a request says in its path, its query and its header Accept.
//!
//! Invariants: what cannot be read is refused with a problem that says why. Absent: bodies (see
//! `body`).

use api::problem::Problem;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::refusal::Refused;

/// The query.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        let unread = |error: axum::extract::rejection::QueryRejection| {
            Problem::malformed(format!("The query: {}.", error.body_text()))
        };
        query.map(|Query(query)| Self(query)).map_err(|error| unread(error).into())
    }
}

/// The variable parts of the path.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        let unread = |error: axum::extract::rejection::PathRejection| {
            Problem::malformed(format!("The path: {}.", error.body_text()))
        };
        path.map(|Path(path)| Self(path)).map_err(|error| unread(error).into())
    }
}

/// True if the client asks for JSON rather than a file.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|part| part.trim_start().starts_with("application/json"))
}
