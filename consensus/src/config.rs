//! What a replica is made from: its chain, its epoch's validators, its identity and its times.
//!
//! Invariants: everything that a replica knows of the world outside comes in here or in a step.
//! Absent: reading of files and keys (the node's).

use ledger::block::Block;
use ledger::certificate::Certificate;
use ledger::crypto::SecretKey;
use ledger::hash::Domains;
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::validators::ValidatorSet;

use crate::memory::Memory;
use crate::record::Record;

/// The fixed surroundings of a replica: one per epoch.
#[derive(Clone, Debug)]
pub struct Config {
    /// The hash keys of the chain.
    pub domains: Domains,
    /// The epoch's validators.
    pub validators: ValidatorSet,
    /// The epoch; votes and blocks of another one are ignored.
    pub epoch: Epoch,
    /// Who this replica is; `None` for an observer, which never votes and never sends.
    pub identity: Option<Identity>,
    /// Times and bounds on times.
    pub timing: Timing,
}

/// A validator's place in the set and its voting key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The validator's index in [`Config::validators`].
    pub index: ValidatorIndex,
    /// The key of the validator at that index.
    pub key: SecretKey,
}

/// Times of a replica, in milliseconds (R7, R12, R14). All validators of a chain use the same
/// values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a leader without work waits before it proposes an empty block.
    pub heartbeat_ms: u64,
    /// The shortest view time-out; above two message delays and an execution on the fastest
    /// network.
    pub minimum_timeout_ms: u64,
    /// The longest view time-out; it bounds how long the first block takes after a quorum has
    /// returned.
    pub maximum_timeout_ms: u64,
    /// How far a block's time may be ahead of the voter's clock.
    pub clock_bound_ms: u64,
    /// The first pause before votes are sent again in a view that does not progress; it doubles up
    /// to five times this.
    pub resend_ms: u64,
}

impl Default for Timing {
    /// The values of a production chain.
    fn default() -> Self {
        Self {
            heartbeat_ms: 5_000,
            minimum_timeout_ms: 300,
            maximum_timeout_ms: 2_000,
            clock_bound_ms: 1_000,
            resend_ms: 200,
        }
    }
}

/// Where a replica starts, also after a crash (R11).
#[derive(Clone, Debug)]
pub struct Start {
    /// The last final block that the node holds and executed. At the start of an epoch that is the
    /// last block of the epoch before, or the genesis block (R18).
    pub finalized: Block,
    /// The finalization of that block; `None` for the genesis block. Of no use at the start of an
    /// epoch.
    pub certificate: Option<Certificate>,
    /// Every durable record of the epoch whose view is above the final block's, in the order they
    /// were persisted. More records, older ones, and those of other epochs do no harm.
    pub records: Vec<Record>,
    /// Whether the records hold all votes of this validator. At the start of an epoch, what
    /// [`Replica::memory`](crate::Replica::memory) of the epoch before says.
    pub memory: Memory,
}
