//! Orders blocks among Byzantine validators: Simplex as a step function.
#![deny(clippy::arithmetic_side_effects)]

pub mod config;
pub mod evidence;
pub mod message;
pub mod record;
pub mod step;

pub use config::{Config, Identity, Start, Timing};
pub use evidence::{Evidence, EvidenceError};
pub use message::{Message, Proposal, Status};
pub use record::Record;
pub use step::{Input, Output, Verdict};
