//! Refusals: problem documents as HTTP answers.
//!
//! Invariants: a refusal's status is its problem's; one that may be repeated soon says when.
//! Absent: the problems themselves (package `api`).

use api::problem::Problem;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::store::StoreError;

/// A refusal of a request.
#[derive(Debug)]
pub(super) struct Refused(Box<Problem>);

/// What a handler gives.
pub(super) type Answer = Result<Response, Refused>;

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
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
        let problem = self.0;
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is made of strings and a number: it always renders.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
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
