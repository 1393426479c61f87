//! The words that a node and its clients exchange: requests, answers and errors, as JSON.
//!
//! Invariants: amounts are decimal text with their asset (`100.50 CNY`), times are RFC 3339 in UTC,
//! ids are lower-case UUIDs or hexadecimal; a number that counts money is never a JSON number.
//! Absent: HTTP itself, and every decision; a node and a wallet render the same receipt with the
//! same words.

pub mod account;
pub mod approval;
pub mod audit;
pub mod chain;
pub mod event;
pub mod governance;
pub mod keystore;
pub mod limits;
pub mod private;
pub mod problem;
pub mod proof;
pub mod queue;
pub mod quote;
pub mod recall;
pub mod receipt;
pub mod text;
pub mod transaction;
pub mod webhook;
