//! Problems: every refusal of the API as `application/problem+json` (RFC 9457).
//!
//! Invariants: a problem has a stable code, says what to do (`hint`) and whether the same request
//! may succeed later (`retry`). The codes are those of [`ProblemCode`] and the ledger's rejections,
//! and no others. Absent: stack traces and internals.

use ledger::rejection::Rejection;
use ledger::transaction::EnvelopeError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod code;

pub use code::ProblemCode;

/// Whether the same request may succeed when it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// No: it will always be refused.
    Never,
    /// Yes, soon: nothing of the request is wrong.
    Later,
    /// The outcome is unknown; the same bytes are safe to send again and tell it.
    Same,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
#[error("{title}: {detail}")]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:feiqian:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One short sentence, the same for every problem of the kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code, in kebab case.
    pub code: String,
    /// What is wrong with this request.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// Whether to send it again.
    pub retry: Retry,
    /// The request's id, as in the answer's header `X-Request-Id` and in the node's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// The media type of problems.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    fn new(code: ProblemCode) -> Self {
        Self::of(code.text(), code.status(), code.title(), code.retry())
    }

    fn of(code: &str, status: u16, title: &str, retry: Retry) -> Self {
        Self {
            kind: format!("urn:feiqian:problem:{code}"),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: title.to_owned(),
            hint: String::new(),
            retry,
            request_id: None,
        }
    }

    /// The same problem with what is wrong and what to do.
    pub fn with(mut self, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        self.detail = detail.into();
        self.hint = hint.into();
        self
    }

    /// 400: the request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed)
            .with(detail, "Compare the request with the API's reference, docs/reference/api.md.")
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ProblemCode::NotFound).with(detail, hint)
    }

    /// 403: this node does not do that.
    pub fn not_offered(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ProblemCode::NotOffered).with(detail, hint)
    }

    /// 401: the call needs an operator's token.
    pub fn token_missing(roles: &str) -> Self {
        let detail = format!("This call is for an operator of this node: {roles}.");
        let hint = "Send the token as Authorization: Bearer TOKEN. The node's operator hands them \
                    out: feiqian-node operator add.";
        Self::new(ProblemCode::TokenMissing).with(detail, hint)
    }

    /// 401: the token does not count, for this reason.
    pub fn token_refused(reason: impl Into<String>) -> Self {
        Self::new(ProblemCode::TokenRefused)
            .with(reason, "Ask who runs the node for a new token: feiqian-node operator add.")
    }

    /// 403: an operator of this name and role may not do that; these roles may.
    pub fn role_refused(name: &str, role: &str, roles: &str) -> Self {
        let detail = format!("{name} has the role {role}, and this call needs {roles}.");
        Self::new(ProblemCode::RoleRefused).with(detail, "Let somebody do it who has that role.")
    }

    /// 429: too many calls of this client were refused for want of a right token.
    pub fn too_many_refusals() -> Self {
        Self::new(ProblemCode::TooManyRequests).with(
            "Too many calls from this address had no right token.",
            "Mend the token, and send it after the Retry-After seconds.",
        )
    }

    /// 405: the path does not take this method.
    pub fn method_not_allowed() -> Self {
        Self::new(ProblemCode::MethodNotAllowed).with(
            "The path exists, but not for this method.",
            "The header Allow names the methods.",
        )
    }

    /// 408: the body did not arrive in time.
    pub fn body_timeout() -> Self {
        Self::new(ProblemCode::BodyTimeout).with(
            "The request's body did not arrive whole in time; nothing was taken in.",
            "Send the same request again.",
        )
    }

    /// 409: the present state forbids it. The code says why.
    pub fn conflict(code: ProblemCode) -> Self {
        Self::new(code)
    }

    /// 415: the body is of a media type that is not taken.
    pub fn unsupported_media_type(accepted: &str) -> Self {
        Self::new(ProblemCode::UnsupportedMediaType).with(
            "The header Content-Type is missing or names another media type.",
            format!("Send {accepted}."),
        )
    }

    /// 422: private data to which the payment does not commit.
    pub fn other_private_data(uetr: &str) -> Self {
        let detail = format!("The payment {uetr} commits to other private data, or another salt.");
        let hint = "Send what was committed to, byte by byte, with its salt. The payment stands.";
        Self::new(ProblemCode::OtherPrivateData).with(detail, hint)
    }

    /// 422: an ISO 20022 message of a kind that is not taken.
    pub fn message_not_accepted(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::MessageNotAccepted).with(
            detail,
            "docs/reference/iso20022.md says which messages are taken, and what to send instead.",
        )
    }

    /// 410: this node has pruned it; another one may tell the same request.
    pub fn pruned(earliest: u64) -> Self {
        let detail = format!("This node keeps blocks from {earliest} on, and what came of them.");
        Self::new(ProblemCode::Pruned)
            .with(detail, "Ask an archive node: one that keeps all blocks.")
    }

    /// 410: a payment's private data was erased.
    pub fn erased(uetr: &str, erased_at: &str) -> Self {
        let detail = format!("The private data of {uetr} was erased at {erased_at}.");
        let hint = "The other institution may have a copy of its own. Proofs of the payment stay.";
        Self::new(ProblemCode::Erased).with(detail, hint)
    }

    /// 413: more bytes than the limit.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body is longer than {limit} bytes.");
        Self::new(ProblemCode::TooLarge).with(detail, "Send less in one request.")
    }

    /// 413: JSON that is nested deeper than the limit.
    pub fn too_deep(limit: usize) -> Self {
        let detail = format!("The JSON is nested deeper than {limit} levels.");
        Self::new(ProblemCode::TooDeep).with(detail, "No request of this API needs so many levels.")
    }

    /// 429: this client sends more requests than the node takes from one address.
    pub fn too_many_requests(per_second: u32) -> Self {
        let detail = format!("This node takes {per_second} requests a second from one address.");
        Self::new(ProblemCode::TooManyRequests)
            .with(detail, "Send the same request again after the Retry-After seconds.")
    }

    /// 431: a request line or headers beyond the limits.
    pub fn headers_too_large(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::HeadersTooLarge)
            .with(detail, "Send fewer or shorter headers, and a shorter query.")
    }

    /// 503: the node's queues are full; nothing was taken in.
    pub fn busy() -> Self {
        Self::new(ProblemCode::Busy).with(
            "The node's queue is full; the request was not taken in.",
            "Send the same request again after the Retry-After seconds, or ask another node.",
        )
    }

    /// 503: the node is not ready: it starts, stops or catches up.
    pub fn not_ready(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::NotReady)
            .with(detail, "Send the same request again later, or ask another node.")
    }

    /// 504: it was taken in, and is not final within the time that the client would wait.
    pub fn outcome_unknown() -> Self {
        Self::new(ProblemCode::OutcomeUnknown).with(
            "The transaction was taken in and is not final yet.",
            "Send the same bytes again: they are never executed twice, and the answer tells.",
        )
    }

    /// 500: a defect of the node.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Internal)
            .with(detail, "Report it to the node's operator with the time and this text.")
    }

    /// 422: the envelope is refused; nothing entered the ledger. ISO 20022 has no reason of its own
    /// for another chain.
    pub fn envelope(error: &EnvelopeError) -> Self {
        let (code, iso, hint) = match error {
            EnvelopeError::WrongChain { .. } => (
                ProblemCode::WrongChain,
                "NARR",
                "Check which network you signed for. Nothing was paid.",
            ),
            EnvelopeError::Malformed { .. } => (
                ProblemCode::MalformedTransaction,
                "FF01",
                "Build it with the wallet or the documented encoding. Nothing was paid.",
            ),
            EnvelopeError::Signature => (
                ProblemCode::BadSignature,
                "DS0A",
                "Sign again with the keys that the transaction names. Nothing was paid.",
            ),
            EnvelopeError::Proof(_) => (
                ProblemCode::CarriedProofRefused,
                "NARR",
                "Get the proof of the payment again, from this network. Nothing was paid.",
            ),
        };
        Self::new(code).with(format!("{error} (ISO 20022 reason {iso})"), hint)
    }

    /// 422: the ledger would reject, known before the transaction entered a block. Nothing was
    /// paid.
    pub fn rejected(rejection: Rejection) -> Self {
        let retry = if rejection.is_transient() { Retry::Later } else { Retry::Never };
        Self::of(rejection.code(), 422, "The ledger rejects the transaction", retry).with(
            format!("{} (ISO 20022 reason {})", rejection.explanation(), rejection.iso()),
            "Nothing was paid.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_standards_members() {
        let json = serde_json::to_value(Problem::busy()).unwrap();
        assert_eq!(json["type"], "urn:feiqian:problem:busy");
        assert_eq!(json["status"], 503);
        assert_eq!(json["retry"], "later");
        assert!(json["title"].is_string() && json["detail"].is_string());
        let back: Problem = serde_json::from_value(json).unwrap();
        assert_eq!(back, Problem::busy());
    }
}
