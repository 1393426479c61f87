//! Limits on requests before anything is done for them: headers, and how many one address sends.
//!
//! Invariants: a request beyond a limit costs one answer and nothing else. Absent: limits on
//! connections (see `connections`), on requests at work (see `gate`) and on bodies (see `body`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use api::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::connections::Peer;
use super::proxies;
use super::refusal::Refused;

/// Lets a request pass, or refuses it.
pub(super) async fn pass(
    State(state): State<Arc<AppState>>,
    ConnectInfo(Peer { address, .. }): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match check(&state, address, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

fn check(state: &AppState, peer: IpAddr, request: &Request) -> Result<(), Refused> {
    let config = &state.home.config.api;
    check_headers(request, config.headers, config.header_bytes)?;
    // Health and metrics answer under any load.
    if !request.uri().path().starts_with("/v1/") {
        return Ok(());
    }
    let client = proxies::client(peer, request.headers(), &config.trusted_proxies);
    state
        .rates
        .take(client, Instant::now())
        .map_err(|wait| Refused::until(Problem::too_many_requests(config.rate_per_second), wait))
}

fn check_headers(request: &Request, count: usize, bytes: usize) -> Result<(), Refused> {
    let headers = request.headers();
    if headers.len() > count {
        let detail = format!("The request has more than {count} headers.");
        return Err(Problem::headers_too_large(detail).into());
    }
    let line = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let lengths = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let sum = lengths.fold(line, usize::saturating_add);
    if sum > bytes {
        let detail = format!("The path and the headers are longer than {bytes} bytes.");
        return Err(Problem::headers_too_large(detail).into());
    }
    Ok(())
}
