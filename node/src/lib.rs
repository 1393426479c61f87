//! A node of the ledger: the only home of tokio, libp2p, disk and the clock.
//!
//! `core` is pure and decides; `driver` gives it time, disk, network and threads; `net` carries
//! frames, `log` keeps the truth, `store` is the index that is derived from it; `config` and `home`
//! are what an operator sets up; `commands` are the verbs of `feiqian-node`. Absent: rules of money
//! and of agreement.
#![cfg_attr(test, allow(clippy::as_conversions))]

pub mod access;
pub mod audit;
pub mod backup;
pub mod check;
pub mod client;
pub mod commands;
pub mod config;
pub mod core;
pub mod dealer;
pub mod driver;
pub mod home;
pub mod http;
pub mod iso;
pub mod log;
pub mod net;
mod notify;
pub mod outcome;
pub mod output;
pub mod private;
pub mod proofs;
pub mod readers;
pub mod run;
mod signed;
pub mod store;
pub mod trail;
pub mod webhooks;
