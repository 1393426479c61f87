//! The codes of problems: a closed list, which clients may rely on.
//!
//! Invariants: a code has one HTTP status, one title and one answer to "shall I send it again".
//! Absent: the ledger's rejections, whose codes are the ledger's own.

use super::Retry;

/// A code that the API itself gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    /// 400: It cannot be read.
    Malformed,
    /// 400: Its transaction cannot be read.
    MalformedTransaction,
    /// 401: The call needs an operator's token, and there is none.
    TokenMissing,
    /// 401: The token is not one of this node's, or counts no longer.
    TokenRefused,
    /// 403: This node does not do that.
    NotOffered,
    /// 403: The operator's role does not allow it.
    RoleRefused,
    /// 404: There is no such path, account, block or payment.
    NotFound,
    /// 405: The path does not take this method.
    MethodNotAllowed,
    /// 408: The body did not arrive in time.
    BodyTimeout,
    /// 409: More than one payment begins so.
    Ambiguous,
    /// 409: It is no proof of absence: the payment happened.
    PaymentExists,
    /// 409: The absence can be proven only later.
    TooEarly,
    /// 409: The absence could be proven only earlier.
    TooLate,
    /// 410: This node keeps only later blocks.
    Pruned,
    /// 410: It was erased here.
    Erased,
    /// 413: More bytes than the limit.
    TooLarge,
    /// 413: JSON that is nested deeper than the limit.
    TooDeep,
    /// 415: The media type is not taken.
    UnsupportedMediaType,
    /// 422: The transaction is for another chain.
    WrongChain,
    /// 422: A signature is missing or invalid.
    BadSignature,
    /// 422: The proof of a payment that the transaction carries does not hold.
    CarriedProofRefused,
    /// 422: It is not the private data that the payment commits to.
    OtherPrivateData,
    /// 422: It is an ISO 20022 message of a kind that is not taken.
    MessageNotAccepted,
    /// 429: More requests than the node takes from one address.
    TooManyRequests,
    /// 431: Headers beyond the limits.
    HeadersTooLarge,
    /// 500: A defect of the node.
    Internal,
    /// 503: The node's queues are full.
    Busy,
    /// 503: The node starts, stops or catches up.
    NotReady,
    /// 504: Taken in, and not final within the time to wait.
    OutcomeUnknown,
}

impl ProblemCode {
    /// Every code, by HTTP status.
    pub const ALL: [Self; 29] = [
        Self::Malformed,
        Self::MalformedTransaction,
        Self::TokenMissing,
        Self::TokenRefused,
        Self::NotOffered,
        Self::RoleRefused,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::Ambiguous,
        Self::PaymentExists,
        Self::TooEarly,
        Self::TooLate,
        Self::Pruned,
        Self::Erased,
        Self::TooLarge,
        Self::TooDeep,
        Self::UnsupportedMediaType,
        Self::WrongChain,
        Self::BadSignature,
        Self::CarriedProofRefused,
        Self::OtherPrivateData,
        Self::MessageNotAccepted,
        Self::TooManyRequests,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Busy,
        Self::NotReady,
        Self::OutcomeUnknown,
    ];

    /// The code's text, in kebab case.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::MalformedTransaction => "malformed-transaction",
            Self::TokenMissing => "token-missing",
            Self::TokenRefused => "token-refused",
            Self::NotOffered => "not-offered",
            Self::RoleRefused => "role-refused",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BodyTimeout => "body-timeout",
            Self::Ambiguous => "ambiguous",
            Self::PaymentExists => "payment-exists",
            Self::TooEarly => "too-early",
            Self::TooLate => "too-late",
            Self::Pruned => "pruned",
            Self::Erased => "erased",
            Self::TooLarge => "too-large",
            Self::TooDeep => "too-deep",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::WrongChain => "wrong-chain",
            Self::BadSignature => "bad-signature",
            Self::CarriedProofRefused => "carried-proof-refused",
            Self::OtherPrivateData => "other-private-data",
            Self::MessageNotAccepted => "message-not-accepted",
            Self::TooManyRequests => "too-many-requests",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Internal => "internal",
            Self::Busy => "busy",
            Self::NotReady => "not-ready",
            Self::OutcomeUnknown => "outcome-unknown",
        }
    }

    /// The code of this text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.text() == text)
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::MalformedTransaction => 400,
            Self::TokenMissing | Self::TokenRefused => 401,
            Self::NotOffered | Self::RoleRefused => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTimeout => 408,
            Self::Ambiguous | Self::PaymentExists | Self::TooEarly | Self::TooLate => 409,
            Self::Pruned | Self::Erased => 410,
            Self::TooLarge | Self::TooDeep => 413,
            Self::UnsupportedMediaType => 415,
            Self::WrongChain
            | Self::BadSignature
            | Self::CarriedProofRefused
            | Self::OtherPrivateData
            | Self::MessageNotAccepted => 422,
            Self::TooManyRequests => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Busy | Self::NotReady => 503,
            Self::OutcomeUnknown => 504,
        }
    }

    /// One short sentence, without a full stop.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::MalformedTransaction => "The transaction is malformed",
            Self::TokenMissing => "The call needs an operator's token",
            Self::TokenRefused => "The operator's token is refused",
            Self::NotOffered => "This node does not offer that",
            Self::RoleRefused => "The operator's role does not allow it",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path does not take this method",
            Self::BodyTimeout => "The request did not arrive in time",
            Self::Ambiguous => "More than one payment begins so",
            Self::PaymentExists => "The absence cannot be proven: the payment happened",
            Self::TooEarly => "The absence cannot be proven yet",
            Self::TooLate => "The absence can no longer be proven",
            Self::Pruned => "This node does not keep it any more",
            Self::Erased => "It was erased",
            Self::TooLarge => "The request is too large",
            Self::TooDeep => "The request is nested too deeply",
            Self::UnsupportedMediaType => "The media type is not taken",
            Self::WrongChain => "The transaction is for another chain",
            Self::BadSignature => "A signature is missing or invalid",
            Self::CarriedProofRefused => "The proof that the transaction carries does not hold",
            Self::OtherPrivateData => "The payment does not commit to that private data",
            Self::MessageNotAccepted => "The message is of a kind that is not taken",
            Self::TooManyRequests => "Too many requests from this address",
            Self::HeadersTooLarge => "The request's headers are too large",
            Self::Internal => "The node made a mistake",
            Self::Busy => "The node is busy",
            Self::NotReady => "The node is not ready",
            Self::OutcomeUnknown => "The outcome is not known yet",
        }
    }

    /// Whether the same request may succeed when it is sent again.
    pub const fn retry(self) -> Retry {
        match self {
            Self::Malformed
            | Self::MalformedTransaction
            | Self::TokenMissing
            | Self::TokenRefused
            | Self::NotOffered
            | Self::RoleRefused
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Ambiguous
            | Self::PaymentExists
            | Self::TooLate
            | Self::Erased
            | Self::TooLarge
            | Self::TooDeep
            | Self::UnsupportedMediaType
            | Self::WrongChain
            | Self::BadSignature
            | Self::CarriedProofRefused
            | Self::OtherPrivateData
            | Self::MessageNotAccepted
            | Self::HeadersTooLarge => Retry::Never,
            Self::BodyTimeout
            | Self::TooEarly
            | Self::TooManyRequests
            | Self::Internal
            | Self::Busy
            | Self::NotReady => Retry::Later,
            Self::Pruned | Self::OutcomeUnknown => Retry::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_the_order_of_their_status() {
        let mut texts: Vec<_> = ProblemCode::ALL.iter().map(|code| code.text()).collect();
        assert!(ProblemCode::ALL.is_sorted_by_key(|code| code.status()));
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            assert_eq!(ProblemCode::parse(code.text()), Some(code));
        }
    }

    #[test]
    fn the_reference_names_every_code() {
        let reference = include_str!("../../../docs/reference/api.md");
        for code in ProblemCode::ALL {
            assert!(reference.contains(&format!("`{}`", code.text())), "{code:?}");
        }
    }
}
