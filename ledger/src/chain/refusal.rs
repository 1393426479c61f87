//! Why a block is refused, and the comparisons that refuse it.
//!
//! Invariants: a refusal is for ever: no later knowledge makes the block good. Absent: reasons to
//! wait (missing transactions, a clock ahead); those are the node's.

use super::Tip;
use crate::block::{Block, Header};
use crate::ids::ValidatorIndex;

/// What is wrong with a block. Its proposer is faulty, or this node's ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockRefusal {
    /// Another suite or chain.
    #[error("the block is of another chain")]
    Chain,
    /// Another epoch than the parent's validators decide.
    #[error("the block is of another epoch")]
    Epoch,
    /// Not one above the parent.
    #[error("the block's height is not the parent's plus one")]
    Height,
    /// Not after the parent's view.
    #[error("the block's view is not after the parent's")]
    View,
    /// Another parent.
    #[error("the block's parent is another block")]
    Parent,
    /// Not later than the parent.
    #[error("the block's time is not after the parent's")]
    Time,
    /// No such validator.
    #[error("the block's proposer is no validator")]
    Proposer,
    /// The cut has not one lane per validator.
    #[error("the block's cut has not one lane per validator")]
    Lanes,
    /// A lane goes back, or changes its batch without going on.
    #[error("the block's cut goes back in lane {}", lane.0)]
    CutGoesBack {
        /// Which lane.
        lane: ValidatorIndex,
    },
    /// The header commits to another cut.
    #[error("the header's lanes root is not the cut's")]
    LanesRoot,
    /// The header commits to another validator set.
    #[error("the header's validators are not the epoch's")]
    Validators,
    /// The header commits to another next validator set.
    #[error("the header's next validators are not what execution gives")]
    NextValidators,
    /// The header commits to another history.
    #[error("the header's history root is not the chain's")]
    HistoryRoot,
    /// Execution gave other receipts.
    #[error("the header's receipts root is not what execution gives")]
    ReceiptsRoot,
    /// Execution gave another state.
    #[error("the header's state root is not what execution gives")]
    StateRoot,
}

fn ensure(holds: bool, refusal: BlockRefusal) -> Result<(), BlockRefusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

pub(super) fn check_place(tip: &Tip, block: &Block) -> Result<(), BlockRefusal> {
    let (parent, header) = (tip.header(), &block.header);
    let domains = tip.domains();
    let is_of_chain = header.suite == domains.suite() && header.chain_id == domains.chain_id();
    ensure(is_of_chain, BlockRefusal::Chain)?;
    ensure(header.epoch == tip.child_epoch(), BlockRefusal::Epoch)?;
    ensure(header.height == parent.height.next(), BlockRefusal::Height)?;
    ensure(header.view > parent.view, BlockRefusal::View)?;
    ensure(header.parent == tip.hash(), BlockRefusal::Parent)?;
    ensure(header.time > parent.time, BlockRefusal::Time)?;
    let validators = tip.child_validators();
    ensure(validators.get(header.proposer).is_some(), BlockRefusal::Proposer)?;
    ensure(block.cut.0.len() == validators.count(), BlockRefusal::Lanes)?;
    let cut = tip.child_cut();
    for (lane, _) in validators.iter() {
        let (before, after) = (cut.tip(lane), block.cut.tip(lane));
        let goes_on = after.sequence > before.sequence || after == before;
        ensure(goes_on, BlockRefusal::CutGoesBack { lane })?;
    }
    ensure(header.lanes_root == block.cut.root(domains), BlockRefusal::LanesRoot)
}

/// Compares every field of a proposed header with what execution gave.
pub(super) fn compare(said: &Header, found: &Header) -> Result<(), BlockRefusal> {
    ensure(said.validators_hash == found.validators_hash, BlockRefusal::Validators)?;
    let next = said.next_validators_hash == found.next_validators_hash;
    ensure(next, BlockRefusal::NextValidators)?;
    ensure(said.history_root == found.history_root, BlockRefusal::HistoryRoot)?;
    ensure(said.receipts_root == found.receipts_root, BlockRefusal::ReceiptsRoot)?;
    ensure(said.state_root == found.state_root, BlockRefusal::StateRoot)?;
    assert!(said == found, "every field of a header is compared by name");
    Ok(())
}
