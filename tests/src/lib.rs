//! Whole-system checks: what no single package can check, and the verbs that run it all.
//!
//! Absent: the products. Nothing here is part of a product build, and no product depends on it.

pub mod chaos;
pub mod demo;
pub mod devnet;
pub mod docker;
pub mod exhaustive;
pub mod fuzz;
pub mod kills;
pub mod load;
pub mod sim;
pub mod tidy;
pub mod transcript;
pub mod twins;
pub mod xtask;
