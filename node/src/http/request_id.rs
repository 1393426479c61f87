//! Every request has an id: the client's own (`X-Request-Id`) if it is a sane one, else a new one.
//! It stands in the answer, in the problem document of a refusal, and in the log.
//!
//! Invariants: what a client sends as an id reaches the log only if it is short and of plain
//! characters; this is the one place that writes problem documents. Absent: ids that last; the id
//! of a payment is its UETR.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use api::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// The header, as it is documented.
pub(super) const HEADER: &str = "X-Request-Id";

/// The header, as it is sent.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of a client's id.
const LONGEST: usize = 128;

/// Makes ids that no other start of this node made: entropy of the start, and a number.
#[derive(Debug)]
pub(super) struct Ids {
    start: u64,
    next: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        // Without entropy ids of two starts may be the same, which harms no request.
        Self { start: getrandom::u64().unwrap_or_default(), next: AtomicU64::new(1) }
    }
}

impl Ids {
    fn make(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.start)
    }
}

/// A refusal on its way out, to be written when the request's id is at hand.
#[derive(Clone, Debug)]
pub(super) struct Unwritten(pub(super) Box<Problem>);

/// The request's id, for whoever works on it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Gives the request its id, and writes the refusal if it is refused.
pub(super) async fn name(
    State(ids): State<std::sync::Arc<Ids>>,
    mut request: Request,
    next: Next,
) -> Response {
    let own = request.headers().get(NAME).and_then(|value| value.to_str().ok());
    let id = own.filter(|id| is_sane(id)).map_or_else(|| ids.make(), str::to_owned);
    let path: String = request.uri().path().chars().take(200).collect();
    let span = tracing::info_span!("request", %id, method = %request.method(), %path);
    request.extensions_mut().insert(RequestId(id.clone()));
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let response = written(response, &id);
    let (status, took_ms) = (response.status().as_u16(), start.elapsed().as_millis());
    span.in_scope(|| {
        if status == 500 {
            tracing::error!(status, took_ms, "a request failed");
        } else {
            tracing::debug!(status, took_ms, "a request was answered");
        }
    });
    response
}

fn written(mut response: Response, id: &str) -> Response {
    if let Some(Unwritten(mut problem)) = response.extensions_mut().remove::<Unwritten>() {
        problem.request_id = Some(id.to_owned());
        // A problem is made of strings and a number: it always renders.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        *response.body_mut() = Body::from(body);
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(NAME, id);
    }
    response
}

/// Short, and of characters that mean nothing to a log, a shell or a browser.
fn is_sane(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken() {
        for good in ["a", "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10", "core:42_x.y", &"x".repeat(128)] {
            assert!(is_sane(good), "{good}");
        }
        for bad in ["", " ", "a b", "a\"b", "<b>", "a,b", "a;b", "飞", &"x".repeat(129)] {
            assert!(!is_sane(bad), "{bad}");
        }
    }

    #[test]
    fn ids_do_not_come_again() {
        let ids = Ids::default();
        let (first, second) = (ids.make(), ids.make());
        assert!(first != second && is_sane(&first) && is_sane(&second));
        assert_ne!(Ids::default().make(), first);
    }
}
