//! Orders blocks among Byzantine validators: Simplex as a step function.
#![deny(clippy::arithmetic_side_effects)]

pub mod chain;
pub mod config;
mod entering;
pub mod evidence;
mod finality;
pub mod leaders;
pub mod message;
pub mod pace;
mod proposals;
mod proposing;
pub mod record;
mod recovery;
pub mod replica;
mod resending;
pub mod signer;
pub mod step;
pub mod tally;
pub mod verified;
pub mod views;
mod voting;

pub use config::{Config, Identity, Start, Timing};
pub use evidence::{Evidence, EvidenceError};
pub use message::{Message, Proposal, Status};
pub use record::Record;
pub use replica::Replica;
pub use step::{Input, Output, Verdict};
