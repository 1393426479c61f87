//! Translates ISO 20022 messages to ledger operations and back.
//!
//! The way of a message, each step a pure function of the one before:
//!
//! ```text
//! bytes -> xml::Document -> envelope -> incoming::Message           (or a refused message)
//!       -> CreditTransfer::order -> order::PaymentOrder             (or refusals, RJCT)
//! outcome -> pacs002::TransactionStatus -> pacs002::StatusReport -> pacs002::write -> text
//! entries -> camt053::StatementMessage -> camt053::write -> text
//!         -> camt054::NotificationMessage -> camt054::write -> text
//! return  -> pacs004::SettledReturn -> pacs004::write -> text
//! recall  -> camt029::Resolution -> camt029::write -> text
//! ```
//!
//! Invariants: whatever the bytes, the result is a value or a precise error, never a panic, a deep
//! stack or unbounded work; nothing personal leaves a transaction but in its [`PrivateData`]; what
//! is written is valid by its schema. Absent: clock, disk, network; look-ups of institutions,
//! accounts and quotes; signatures; every message but pacs.008, pacs.009, pain.001, pacs.028 and
//! camt.056 (in), pacs.004 and camt.029 (in and out), pacs.002 (out, and in for clients), camt.053
//! and camt.054 (out).
#![deny(clippy::arithmetic_side_effects)]

mod assignment;
pub mod camt029;
pub mod camt053;
pub mod camt054;
pub mod camt056;
mod envelope;
mod fault;
mod fields;
mod group;
pub mod iban;
mod identity;
pub mod incoming;
pub mod number;
pub mod order;
pub mod pacs002;
pub mod pacs004;
pub mod pacs008;
pub mod pacs009;
pub mod pacs028;
pub mod pain001;
mod private;
mod refusal;
pub mod report;
mod schema;
pub mod time;
pub mod transfer;
pub mod xml;

pub use assignment::Assignment;
pub use envelope::{ApplicationHeader, NAMESPACE_PREFIX};
pub use fault::MessageFault;
pub use private::{PrivateData, PrivateEntry};
pub use refusal::{Reason, Refusal};
