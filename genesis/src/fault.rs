//! Why a step of the ceremony was refused.
//!
//! Invariants: the text names the file and says what to do. Absent: secrets.

use ledger::genesis::approval::ApprovalError;
use ledger::genesis::json::DocumentError;
use ledger::genesis::keyfile::KeyFileError;
use ledger::genesis::member::MemberError;
use std::io;
use std::path::PathBuf;

/// The least number of validators of which one may fail.
pub(crate) const MINIMUM_VALIDATORS: usize = 4;

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file that would be written is there already.
    #[error("{} exists already. Move it away, or name another file", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A file is longer than its type may be.
    #[error("{} is longer than {limit} bytes, so it is not what it should be", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A file is not of the format that is needed: not JSON, an unknown field, a bad BIC.
    #[error("{}: {reason}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A file is of another step of the ceremony.
    #[error("{} is {found}, and {expected} is needed here", path.display())]
    WrongFile {
        /// Which.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What is needed.
        expected: &'static str,
    },
    /// The document, or a member in it, is not right.
    #[error("{}: {source}", path.display())]
    Document {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong.
        source: DocumentError,
    },
    /// The new member's data is not well formed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A key file can be read by others.
    #[error(
        "{} can be read by others (mode {mode:03o}). Run: chmod 600 {}",
        path.display(), path.display()
    )]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file is not right.
    #[error("{}: {source}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: KeyFileError,
    },
    /// A key was made by a devnet, and the network is none.
    #[error(
        "{} is a devnet's key, which everyone may know: it can join no other network. Move it \
         away, and `join` makes a new one",
        path.display()
    )]
    Devnet {
        /// Which.
        path: PathBuf,
    },
    /// The operating system gave no entropy.
    #[error("the operating system gives no entropy: {reason}. Try again on another machine")]
    Entropy {
        /// What it says.
        reason: String,
    },
    /// The document makes another chain than the one that was expected.
    #[error(
        "{} makes chain {found}, not {expected}. Get the document that the members agreed on",
        path.display()
    )]
    OtherChain {
        /// The document.
        path: PathBuf,
        /// Its chain.
        found: String,
        /// The expected chain.
        expected: String,
    },
    /// A member's approval is not right.
    #[error("{}: {source}", path.display())]
    Approval {
        /// The file or the folder of keys at fault.
        path: PathBuf,
        /// What is wrong.
        source: ApprovalError,
    },
    /// A folder holds no operator's key.
    #[error("{} holds no operator-1.key. Name the folder that `join` wrote", path.display())]
    NoOperator {
        /// The folder.
        path: PathBuf,
    },
    /// A folder's keys are no member's.
    #[error("the operators' keys in {} are no member's of this document", path.display())]
    Stranger {
        /// The folder.
        path: PathBuf,
    },
    /// Members have not approved the document.
    #[error("not signed by {missing}. Ask for what `feiqian-genesis sign` writes there")]
    Unsigned {
        /// Their BICs.
        missing: String,
    },
    /// Too few validators for a network that people rely on.
    #[error(
        "{}: too few for a quorum that survives a failure: {validators} validators, and a \
         production network needs {} or more",
        path.display(), MINIMUM_VALIDATORS
    )]
    TooFew {
        /// The draft.
        path: PathBuf,
        /// How many run a validator.
        validators: usize,
    },
    /// An argument is not well formed.
    #[error("{reason}")]
    Argument {
        /// What is wrong, and what to write instead.
        reason: String,
    },
}

impl Fault {
    /// The exit code: 2 for a mistake in the arguments, else 1.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } | Self::Exists { .. } => 2,
            Self::File { .. }
            | Self::TooLong { .. }
            | Self::Format { .. }
            | Self::WrongFile { .. }
            | Self::Document { .. }
            | Self::Member(_)
            | Self::Exposed { .. }
            | Self::Key { .. }
            | Self::Devnet { .. }
            | Self::Entropy { .. }
            | Self::OtherChain { .. }
            | Self::Approval { .. }
            | Self::NoOperator { .. }
            | Self::Stranger { .. }
            | Self::Unsigned { .. }
            | Self::TooFew { .. } => 1,
        }
    }
}
