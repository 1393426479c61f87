//! What goes into a replica's step and what comes out.
//!
//! Invariants: outputs are performed in the order given, over all steps; everything after a
//! [`Output::Persist`] waits until that record is durable. Absent: failure of an output; a node
//! that cannot persist stops.

use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::hash::Hash;
use ledger::ids::{Timestamp, ValidatorIndex, View};

use crate::config::Timing;
use crate::evidence::Evidence;
use crate::message::Message;
use crate::record::Record;

/// An event for a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// A message of another validator, which the transport has authenticated.
    Message {
        /// The sender.
        from: ValidatorIndex,
        /// What it says.
        message: Message,
    },
    /// The moment of the last [`Output::WakeAt`] has come. Earlier or more often does no harm.
    Wake,
    /// The node holds lane data that the chain of notarized blocks does not order yet. Given
    /// whenever that is so, and again after each [`Output::Entered`]; repeating it does no harm.
    WorkWaits,
    /// The answer to [`Output::Build`]: a block that this node has built and executed.
    Built {
        /// The block, complete but for nothing: view, parent and proposer as asked.
        block: Block,
    },
    /// The answer to [`Output::Execute`]. No answer means "not yet".
    Verdict {
        /// The block's hash.
        block: Hash,
        /// What execution found.
        verdict: Verdict,
    },
    /// A block that [`Output::Fetch`] asked for. The replica checks it against its hash.
    Fetched {
        /// The block.
        block: Block,
    },
    /// The node has caught up: it holds and executed this final block and all before it.
    CaughtUp {
        /// The last final block that the node holds.
        block: Block,
        /// Its finalization.
        certificate: Certificate,
    },
    /// The connection to a validator has ended. Repeating it does no harm.
    Lost(ValidatorIndex),
    /// The chain's parameters have changed: from now on these times hold.
    Timing(Timing),
}

/// What executing a block found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All its lane data is held and its roots are right.
    Valid,
    /// It can never be valid: a root is wrong, or the cut goes back or is malformed.
    Invalid,
}

/// What the node must do for a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make this record durable before any later output is performed.
    Persist(Record),
    /// Send to all other validators.
    Broadcast(Message),
    /// Send to one other validator.
    Send {
        /// The receiver.
        to: ValidatorIndex,
        /// What to say.
        message: Message,
    },
    /// Give [`Input::Wake`] at this moment; replaces the last such request.
    WakeAt(Timestamp),
    /// Lead: build and execute a block now, empty if there is no work, and answer with
    /// [`Input::Built`]. The parent is final, or was given to [`Output::Execute`] and found valid.
    Build {
        /// The view of the block.
        view: View,
        /// The hash of its parent.
        parent: Hash,
    },
    /// Execute this block and answer with [`Input::Verdict`]. Ancestors that are not final were
    /// given before. It may come again after a restart only.
    Execute(Block),
    /// This block is final; in height order without a gap. A block may become final that was never
    /// given to [`Output::Execute`]. Heights that the node has already by catch-up it ignores. If
    /// the block ends the epoch, nothing follows: the node makes the next epoch's replica (R18).
    Final {
        /// The block.
        block: Block,
        /// Its own finalization, if one is known; a descendant's makes it final, too. Its view is
        /// the block's, or a later one if the block ends the epoch (R18).
        certificate: Option<Certificate>,
    },
    /// Obtain this block and give it as [`Input::Fetched`]. Repeated until then, so the node need
    /// not try again by itself.
    Fetch {
        /// The hash of the block.
        block: Hash,
        /// Validators to ask, the likeliest first; another one is first each time this is repeated,
        /// so asking the first is enough.
        from: Vec<ValidatorIndex>,
    },
    /// The block of this finalization is too far ahead to fetch block by block: obtain it and all
    /// before it, and give [`Input::CaughtUp`]. Repeated until then; a later one replaces the
    /// earlier.
    CatchUp {
        /// The finalization, verified.
        certificate: Certificate,
    },
    /// A validator is proven faulty; given once for a validator and epoch.
    Evidence(Evidence),
    /// The votes that this validator forgot are behind the chain, and that is on record: from now
    /// on the node starts it with [`Memory::Whole`](crate::Memory::Whole). Given once after a start
    /// with [`Memory::Lost`](crate::Memory::Lost) (R19).
    Regained,
    /// The replica has entered a view.
    Entered {
        /// The view.
        view: View,
        /// Its leader.
        leader: ValidatorIndex,
    },
}
