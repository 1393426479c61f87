//! The gate: bounds the requests at work and counts them.
//!
//! Invariants: a request over the bound costs one answer and nothing else. Absent: health and
//! metrics, which pass by the gate so that they answer under load.

use std::sync::Arc;
use std::time::Instant;

use api::problem::Problem;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::refusal::Refused;
use super::traffic::Class;

/// The gate of one class of requests.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) state: Arc<AppState>,
    pub(super) class: Class,
}

/// Lets a request pass, or answers 503.
pub(super) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Gate { state, class } = gate;
    let start = Instant::now();
    let response = match state.slots.try_acquire() {
        Ok(_slot) => next.run(request).await,
        Err(_) => Refused::from(Problem::busy()).into_response(),
    };
    state.traffic.count(class, response.status(), start.elapsed());
    response
}
