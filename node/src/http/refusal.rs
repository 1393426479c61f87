//! Refusals: problem documents as HTTP answers.
//!
//! Invariants: a refusal's status is its problem's; one that may be repeated soon says when.
//! Absent: the problems themselves (package `api`), and their writing, which waits for the
//! request's id (see `request_id`).

use std::time::Duration;

use api::problem::Problem;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::request_id::Unwritten;
use crate::store::StoreError;

/// A refusal of a request.
#[derive(Debug)]
pub(super) struct Refused {
    problem: Box<Problem>,
    /// After how many seconds the same request may be sent again.
    retry_after: Option<u64>,
    /// How to say who one is: the header `WWW-Authenticate`.
    challenge: Option<String>,
}

impl Refused {
    /// A refusal that no longer stands after `wait`.
    pub(super) fn until(problem: Problem, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        Self { retry_after: Some(seconds), ..Self::from(problem) }
    }

    /// A refusal that says how to be let in.
    pub(super) fn challenge(problem: Problem, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..Self::from(problem) }
    }

    /// The status that it is answered with.
    pub(super) fn status(&self) -> u16 {
        self.problem.status
    }

    /// What is wrong, in words.
    pub(super) fn detail(&self) -> &str {
        &self.problem.detail
    }
}

/// What a handler gives.
pub(super) type Answer = Result<Response, Refused>;

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let retry_after = (problem.status == 503).then_some(1);
        Self { problem: Box::new(problem), retry_after, challenge: None }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        if let StoreError::Pruned { earliest } = error {
            return Problem::pruned(earliest.0).into();
        }
        tracing::error!(%error, "a request met a failing index");
        Problem::internal("The node cannot read its index.").into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { problem, retry_after, challenge } = self;
        let status = StatusCode::from_u16(problem.status);
        let mut response = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Unwritten(problem));
        response
    }
}

/// Answers every path that is none of the API's.
pub(super) async fn no_such_path(uri: Uri) -> Refused {
    let path: String = uri.path().chars().take(200).collect();
    let hint = "The API's paths begin with /v1; /v1/status is one.";
    Problem::not_found(format!("There is no path {path}."), hint).into()
}

/// Answers a method that the path does not take.
pub(super) async fn no_such_method() -> Refused {
    Problem::method_not_allowed().into()
}
