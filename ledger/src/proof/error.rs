//! Why a proof is refused.
//!
//! Invariants: one refusal for each link. Absent: severity; a refused proof proves nothing.

use crate::light::Refusal;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The file does not begin as a proof does.
    #[error("this is not a proof file. It must begin with \"feiqian.proof/v1\"")]
    NotAProof,
    /// The file is not one canonical proof.
    #[error("the proof file is damaged: {reason}. Get it again")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// The way from the certificate to what is trusted does not hold.
    #[error("the proof is refused: {0}")]
    Trust(#[from] Refusal),
    /// The claim's block is not in the certified header's history.
    #[error("the proof is refused: its block is not in the history of the certified block")]
    History,
    /// The claim does not lead to the header's root.
    #[error("the proof is refused: its claim does not lead to the block's {root}")]
    Claim {
        /// Which root.
        root: &'static str,
    },
    /// The receipt is the refusal of a UETR that belongs to another transaction.
    #[error(
        "the proof is refused: its receipt is of a duplicate order and says nothing about the \
         payment. Get the proof of the payment itself"
    )]
    Duplicate,
    /// The receipt has no UETR.
    #[error("the proof is refused: its receipt is not of a payment")]
    NotAPayment,
    /// The block is not late enough for the absence to be final.
    #[error("the proof is refused: at the time of its block the payment could still happen")]
    TooEarly,
    /// The block is so late that the marks of the payment's time are already forgotten.
    #[error("the proof is refused: at its block the payment's time was already forgotten")]
    TooLate,
}
