//! What an operator may do, in one word.
//!
//! Invariants: no role holds another: who administers does not pay, who pays does not check.
//! Absent: the calls (see `http::access`).

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An operator's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, and gives orders with the institution's keys.
    Maker,
    /// Reads, and looks after what the others did: the audit log.
    Checker,
    /// Reads, and changes what the node does for others: webhooks.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Maker, Self::Checker, Self::Admin];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Maker => "maker",
            Self::Checker => "checker",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
