//! node

pub mod config;
pub mod core;
pub mod home;
pub mod net;
