//! Translates ISO 20022 messages to ledger operations and back.
#![deny(clippy::arithmetic_side_effects)]

pub mod iban;
pub mod number;
pub mod time;
pub mod xml;
