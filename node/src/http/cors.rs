//! Cross-origin requests: which web pages' scripts may read the API's answers.
//!
//! Invariants: none, unless the operator lists their origins; a browser sends nothing by itself
//! that lets it in: a page's script has to have a token and to send it. Absent: a wildcard,
//! cookies.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id;

/// How long a browser may remember what it was told.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The layer for these origins; `None` if there are none.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<_> =
        origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let last_event = HeaderName::from_static("last-event-id");
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, last_event, request_id::NAME])
        .expose_headers([RETRY_AFTER, WWW_AUTHENTICATE, request_id::NAME])
        .max_age(REMEMBERED);
    Some(layer)
}
