//! The ledger's rules, as one deterministic function of a state and a block.
#![deny(clippy::arithmetic_side_effects)]

pub mod crypto;
pub mod hash;
pub mod ids;
pub mod money;
