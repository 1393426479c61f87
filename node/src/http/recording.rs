//! The record of one call on its way: what it was, what its body was, and what it was answered.
//!
//! Invariants: a call that was begun is recorded, whatever becomes of its caller and of whoever
//! works on it. Absent: which calls are recorded (see `access`), the log itself (see
//! `crate::trail`).

use std::sync::{Arc, Mutex, PoisonError};

use api::problem::Problem;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;

use super::AppState;
use super::refusal::Refused;
use crate::access::Moment;
use crate::home::now;
use crate::trail::Entry;

/// A call that is being made.
pub(super) struct Recording {
    state: Arc<AppState>,
    /// None once it is given to the log.
    entry: Option<Entry>,
    body: Arc<Mutex<Digest>>,
}

/// The hash of a body as far as it was read.
#[derive(Default)]
struct Digest {
    hasher: blake3::Hasher,
    bytes: usize,
}

impl Recording {
    /// The record of a call that begins.
    pub(super) fn new(state: Arc<AppState>, entry: Entry) -> Self {
        Self { state, entry: Some(entry), body: Arc::default() }
    }

    /// The body, hashed as it is read.
    pub(super) fn watch(&self, body: Body) -> Body {
        let digest = self.body.clone();
        Body::from_stream(body.into_data_stream().inspect_ok(move |part| {
            let mut digest = digest.lock().unwrap_or_else(PoisonError::into_inner);
            digest.hasher.update(part);
            digest.bytes = digest.bytes.saturating_add(part.len());
        }))
    }

    /// The call was answered so; the answer may go out when this returns.
    pub(super) async fn end(mut self, response: Response, is_awaited: bool) -> Response {
        let Some(entry) = self.take() else { return response };
        let entry = Entry { status: Some(response.status().as_u16()), ..entry };
        let trail = &self.state.trail;
        let given = if is_awaited { trail.record(entry).await } else { trail.note(entry) };
        match given {
            Ok(()) => response,
            Err(_) => {
                let detail = "The call was made, and the node could not write it to its audit log.";
                Refused::from(Problem::internal(detail)).into_response()
            }
        }
    }

    fn take(&mut self) -> Option<Entry> {
        let digest = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        let body = (digest.bytes > 0).then(|| digest.hasher.finalize().to_hex().to_string());
        let time = Moment(now());
        self.entry.take().map(|entry| Entry { time, body, ..entry })
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(entry) = self.take() {
            let entry = entry.detail("nobody waited for the answer, or there was none");
            // A log that takes nothing has said so.
            let _ = self.state.trail.note(entry);
        }
    }
}
