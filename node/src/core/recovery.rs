//! The start of a core, new or after a crash: from a state and the log's records after it.
//!
//! Invariants: what was final stays final, what was promised is remembered; the log's order is the
//! order of events. Absent: reading of files (the host hands the records over).

use consensus::{Replica, Start};
use ledger::block::{Batch, Block};
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::codec;
use ledger::hash::Domains;
use ledger::ids::{Timestamp, View};
use ledger::transaction::VerifiedTransaction;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::admission::Admission;
use super::catchup::CatchUp;
use super::executor::{Attempt, Executor};
use super::lanes::{HeldBatch, Lanes};
use super::message::FinalBlock;
use super::record::ReadRecord;
use super::step::{Committed, Output};
use super::{Core, CoreConfig, Wakes, consensus_config};

/// Where a core starts.
pub struct Recovered {
    /// The state of the checkpoint, or of the genesis block.
    pub tip: Tip,
    /// The finalization of the checkpoint's block; none for the genesis block.
    pub certificate: Option<Certificate>,
    /// The log's records after the checkpoint, in the order of the log. Earlier ones do no harm.
    pub records: Vec<ReadRecord>,
    /// Views up to this one get no vote: 0 unless this node lost its log.
    pub observe_until: View,
}

/// Why a core could not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    /// A final block of the log cannot be executed again.
    #[error(
        "block {height} of the log cannot be executed again: {reason}. \
         Restore this node's home from a backup, or let it fetch the chain from its peers"
    )]
    Replay {
        /// The block's height.
        height: u64,
        /// What is wrong.
        reason: String,
    },
}

impl Core {
    /// Starts a core: replays the records, and returns the first outputs with the final blocks that
    /// were replayed (they are in the log already, and are to be shown and indexed).
    ///
    /// # Errors
    /// [`RecoveryError`] if the log and the rules do not agree.
    pub fn start(
        config: CoreConfig,
        recovered: Recovered,
        now: Timestamp,
    ) -> Result<(Self, Vec<Output>), RecoveryError> {
        let Recovered { tip, mut certificate, records, observe_until } = recovered;
        let mut executor = Executor::new(tip);
        let mut lanes = Lanes::new(executor.final_tip().cut());
        let mut remembered = Vec::new();
        let mut outputs = Vec::new();
        for record in records {
            match record {
                ReadRecord::Batch(batch) => {
                    let held = held_again(&config.domains, batch);
                    if lanes.has_room(&held.header, held.hash) {
                        lanes.insert(Arc::new(held));
                    }
                }
                ReadRecord::Consensus(record) => remembered.push(record),
                ReadRecord::Final(block) => {
                    let replayed = replay(&config.domains, &mut executor, &mut lanes, &block)?;
                    if let Some(committed) = replayed {
                        certificate = block.certificate.or(certificate);
                        outputs.push(Output::Commit(Arc::new(committed)));
                    }
                }
            }
        }
        let tip = executor.final_tip();
        let finalized = Block { header: tip.header().clone(), cut: tip.cut().clone() };
        let own = certificate.filter(|c| c.subject.view == finalized.header.view);
        let start = Start { finalized, certificate: own, records: remembered, observe_until };
        let epoch = executor.final_tip().header().epoch;
        let (replica, first) = Replica::new(consensus_config(&config, epoch), start, now);
        let mut core = Self {
            admission: Admission::new(config.limits),
            config,
            replica,
            executor,
            lanes,
            catchup: CatchUp::default(),
            finals: VecDeque::new(),
            jobs: BTreeMap::new(),
            next_job: 0,
            requested: BTreeMap::new(),
            seeking: None,
            wakes: Wakes::default(),
            outputs,
        };
        for output in first {
            if let Some(answer) = core.perform(now, output) {
                core.consensus(now, answer);
            }
        }
        core.settle(now);
        let outputs = std::mem::take(&mut core.outputs);
        Ok((core, outputs))
    }
}

fn held_again(domains: &Domains, batch: Batch) -> HeldBatch {
    let bytes = codec::encode(&batch.transactions).len();
    let transactions = batch
        .transactions
        .into_iter()
        .map(|signed| VerifiedTransaction::recorded(domains, signed))
        .collect();
    let hash = batch.header.hash(domains);
    HeldBatch { header: batch.header, hash, signature: batch.signature, transactions, bytes }
}

fn replay(
    domains: &Domains,
    executor: &mut Executor,
    lanes: &mut Lanes,
    record: &FinalBlock,
) -> Result<Option<Committed>, RecoveryError> {
    let block = &record.block;
    let height = block.header.height;
    if height <= executor.final_tip().header().height {
        return Ok(None);
    }
    let refused = |reason| RecoveryError::Replay { height: height.0, reason };
    let hash = block.hash(domains);
    match executor.attempt(lanes, hash, block) {
        Attempt::Valid => {}
        Attempt::Invalid(refusal) => return Err(refused(refusal.to_string())),
        Attempt::Unlinked => return Err(refused("its cut does not follow its parent's".into())),
        Attempt::ParentMissing => return Err(refused("the block before is missing".into())),
        Attempt::DataMissing(_) => return Err(refused("a batch that it orders is missing".into())),
    }
    let Some(held) = executor.finalize(&hash) else {
        return Err(refused("it was not executed".into()));
    };
    lanes.order(&block.cut);
    Ok(Some(Committed::new(held.executed, record.certificate.clone(), held.batches)))
}
