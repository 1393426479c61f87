//! `GET /docs`: the API's reference as one page, made from the OpenAPI document.
//!
//! Invariants: the page needs nothing beyond itself; its policy lets the browser run its one script
//! and use its one style sheet, known by their hashes, and ask this node, and nothing else; every
//! text from the document is escaped. Absent: any request that changes something: only questions
//! can be asked from the page.

mod render;
mod schema;
mod text;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::openapi::{Pages, tag};

const STYLE: &str = include_str!("docs/page.css");
const SCRIPT: &str = include_str!("docs/page.js");

/// The page and its policy.
pub(super) struct Page {
    html: String,
    policy: String,
}

impl Page {
    /// Renders the page of an OpenAPI document.
    pub(super) fn new(document: &Value) -> Self {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        Self { html: render::page(document, STYLE, SCRIPT), policy }
    }
}

/// This page.
#[utoipa::path(
    get,
    path = "/docs",
    tag = tag::REFERENCE,
    operation_id = "getDocs",
    responses((
        status = 200,
        description = "The API's reference, for people",
        content((String = "text/html")),
    )),
)]
pub(super) async fn show(State(pages): State<Arc<Pages>>) -> impl IntoResponse {
    let page = pages.page();
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, page.policy.clone()),
        (CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, page.html.clone())
}
