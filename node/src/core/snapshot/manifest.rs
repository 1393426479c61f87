//! The manifest of a snapshot: a certified block, and what its roots hide.
//!
//! Invariants: a manifest that verifies binds the whole state and everything else that a node needs
//! to go on after the block. Absent: the state itself (see `assembly`).

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::block::{Block, Cut};
use ledger::hash::Domains;
use ledger::history::History;
use ledger::ids::Epoch;
use ledger::light::{Progress, Refusal, TrustedState};
use ledger::tree::Outline;

use super::SnapshotId;

/// A certified block, and what is needed to check and to continue the state after it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Manifest {
    /// The block's header and finalization, and the changes of epoch that lead to it.
    pub progress: Progress,
    /// The block's cut of the lanes.
    pub cut: Cut,
    /// The history of the blocks before it.
    pub history: History,
    /// How large the map of records is, and its topmost hash.
    pub outline: Outline,
}

/// Why a manifest is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Its block is not certified by the validators that this node trusts.
    #[error("the snapshot's block is not certified: {0}")]
    Certificate(#[from] Refusal),
    /// A part does not fit the header.
    #[error("the snapshot's {what} is not the one of its block. Ask another node")]
    Content {
        /// Which part.
        what: &'static str,
    },
}

impl Manifest {
    /// Names the snapshot.
    pub fn id(&self, domains: &Domains) -> SnapshotId {
        let header = &self.progress.header;
        SnapshotId { height: header.height, block: header.hash(domains) }
    }

    /// The epoch whose validators one has to know to believe it.
    pub fn first_epoch(&self) -> Epoch {
        let first = self.progress.epochs.first().map(|change| &change.header);
        first.unwrap_or(&self.progress.header).epoch
    }

    /// The certified block.
    pub fn block(&self) -> Block {
        Block { header: self.progress.header.clone(), cut: self.cut.clone() }
    }

    /// Checks everything against what this node trusts.
    ///
    /// # Errors
    /// [`ManifestError`]: the first thing that is wrong.
    pub fn verify(&self, domains: &Domains, trusted: &TrustedState) -> Result<(), ManifestError> {
        trusted.certify(domains, &self.progress)?;
        let header = &self.progress.header;
        let checks = [
            ("cut", self.cut.root(domains) == header.lanes_root),
            ("history", self.history.root(domains) == header.history_root),
            ("number of blocks", self.history.size() == header.height.0),
            ("state", self.outline.root(domains) == header.state_root),
        ];
        match checks.into_iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(ManifestError::Content { what }),
            None => Ok(()),
        }
    }
}
