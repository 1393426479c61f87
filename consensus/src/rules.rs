//! One test or more for each rule of the specification, through the replica's step.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "tests look for one output among many"
)]

mod committee;
mod epochs;
mod forgetting;
mod leading;
mod network;
mod repairing;
mod signing;
mod voting;
