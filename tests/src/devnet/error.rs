//! Why something about a devnet failed.
//!
//! Invariant: the text names the file, the call or the log to look at.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::xtask::Failure;

/// Why something about a devnet failed, and where to look.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// A program could not be started.
    #[error("{program} could not be started: {reason}; build it with `cargo xtask build`")]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The devnet ended, or said nothing, before it was up.
    #[error("the devnet did not come up; read {log}", log = log.display())]
    NotUp {
        /// The devnet's log.
        log: PathBuf,
    },
    /// Something did not happen in time.
    #[error("no {what} within {seconds} s; read {log}", log = log.display())]
    TimedOut {
        /// What was awaited.
        what: String,
        /// For how long.
        seconds: u64,
        /// The log of the process that should have done it.
        log: PathBuf,
    },
    /// A node ended by itself.
    #[error("{name} has ended; read {log}", log = log.display())]
    Ended {
        /// The node.
        name: String,
        /// What it wrote.
        log: PathBuf,
    },
    /// An API did not answer, or not as it should.
    #[error("{url}: {reason}")]
    Call {
        /// What was asked.
        url: String,
        /// What came of it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A file of the devnet does not hold what it should.
    #[error("{path} is not as a devnet writes it: {reason}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The devnet has no account or operator of this name.
    #[error("the devnet has no {name}")]
    NoName {
        /// The name.
        name: String,
    },
    /// The devnet has not so many nodes.
    #[error("the devnet has no node {place}")]
    NoNode {
        /// The place that was asked for, from 0.
        place: usize,
    },
    /// A payment that must settle did not.
    #[error("payment {uetr} did not settle: {reason}")]
    NotSettled {
        /// The payment.
        uetr: String,
        /// What the node said.
        reason: String,
    },
    /// The nodes and the client's own history contradict each other.
    #[error("{node}: {found}")]
    Contradiction {
        /// The node that says it.
        node: String,
        /// What it says, and what it should say.
        found: String,
    },
}

impl DevnetError {
    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.to_owned(), reason: error.to_string() }
    }

    /// A program that could not be started.
    pub(super) fn not_started(program: &Path, error: &io::Error) -> Self {
        Self::NotStarted { program: program.to_owned(), reason: error.to_string() }
    }

    /// A file that does not hold what it should.
    pub(super) fn content(path: &Path, reason: impl ToString) -> Self {
        Self::Content { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl From<DevnetError> for Failure {
    fn from(error: DevnetError) -> Self {
        Self::Found { summary: error.to_string() }
    }
}
