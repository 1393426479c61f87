//! Translates ISO 20022 messages to ledger operations and back.
#![deny(clippy::arithmetic_side_effects)]

mod envelope;
mod fault;
mod fields;
pub mod iban;
pub mod number;
pub mod order;
pub mod pacs002;
pub mod pacs008;
mod private;
mod refusal;
pub mod time;
pub mod xml;

pub use envelope::{ApplicationHeader, NAMESPACE_PREFIX};
pub use fault::MessageFault;
pub use private::{PrivateData, PrivateEntry};
pub use refusal::{Reason, Refusal};
