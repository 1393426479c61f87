//! Stub nodes: HTTP over the real ledger and real certificates, and ways to misbehave on command.
//!
//! The nodes of one world share one chain; each misbehaves for itself.

pub(crate) mod home;
pub(crate) mod server;
pub(crate) mod world;
