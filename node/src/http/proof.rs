//! How a proof is answered: the file, or its JSON rendering for who asks for JSON.
//!
//! Invariants: both hold the same file. Absent: making proofs (see `crate::proofs`).

use api::problem::Problem;
use api::proof::{MEDIA_TYPE, ProofView};
use axum::Json;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use ledger::proof::Proof;

use super::AppState;
use super::params::wants_json;
use super::refusal::Answer;

/// Answers `proof`, as a file under `name` or as JSON.
pub(super) async fn answer(
    state: &AppState,
    headers: &HeaderMap,
    proof: &Proof,
    name: &str,
) -> Answer {
    let file = proof.encode();
    if wants_json(headers) {
        let chain = state.home.genesis.chain_id();
        let verdict = state.readers.work(|| proof.verify(chain)).await;
        let verdict = verdict.map_err(|error| {
            tracing::error!(%error, "a proof of this node does not verify");
            Problem::internal("The node's proof does not verify.")
        })?;
        let latest = state.driver.view.latest();
        let naming = state.naming(latest.tip.state());
        return Ok(Json(ProofView::new(&file, &verdict, &naming)).into_response());
    }
    let mut response = file.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let disposition = format!("attachment; filename=\"{name}.proof\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
