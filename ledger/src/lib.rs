//! The ledger's rules, as one deterministic function of a state and a block.
#![deny(clippy::arithmetic_side_effects)]

pub mod account;
pub mod block;
pub mod certificate;
pub mod chain;
pub mod codec;
pub mod crypto;
pub mod execute;
pub mod fees;
pub mod genesis;
pub mod hash;
pub mod history;
pub mod ids;
pub mod merkle;
pub mod money;
pub mod operation;
pub mod quote;
pub mod receipt;
pub mod rejection;
pub mod state;
pub mod transaction;
pub mod tree;
pub mod validators;
