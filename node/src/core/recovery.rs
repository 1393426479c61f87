//! The start of a core, new or after a crash: from a state and the log's records after it.
//!
//! Invariants: what was final stays final, what was promised is remembered; the log's order is the
//! order of events. Absent: reading of files (the host hands the records over).

use consensus::{Memory, Replica, Start};
use ledger::block::{Batch, Block};
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::codec;
use ledger::hash::Domains;
use ledger::ids::Timestamp;
use ledger::transaction::{SignedTransaction, TransactionId, VerifiedTransaction};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::admission::Admission;
use super::catchup::CatchUp;
use super::committee::Committee;
use super::epochs;
use super::executor::{Attempt, Executor};
use super::forwarding::Forwards;
use super::lanes::{HeldBatch, Lanes};
use super::message::FinalBlock;
use super::record::ReadRecord;
use super::snapshotting::Snapshots;
use super::step::{Committed, Output};
use super::submission::executed_by;
use super::{Core, CoreConfig, Wakes, consensus_config};

/// Where a core starts.
pub struct Recovered {
    /// The state of the checkpoint, or of the genesis block.
    pub tip: Tip,
    /// The finalization of the checkpoint's block; none for the genesis block.
    pub certificate: Option<Certificate>,
    /// The log's records after the checkpoint, in the order of the log. Earlier ones do no harm.
    pub records: Vec<ReadRecord>,
    /// Whether the records hold all votes of this node.
    pub memory: Memory,
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
    /// The program is older than the chain's rules.
    #[error("{0}")]
    Outdated(String),
}

/// The log's records, read again.
struct Replay<'a> {
    config: &'a CoreConfig,
    executor: Executor,
    committee: Committee,
    lanes: Lanes,
    /// The last finalization.
    certificate: Option<Certificate>,
    /// What consensus must remember.
    remembered: Vec<consensus::Record>,
    /// Own transactions that an epoch did not order, and those that this node forwarded.
    taken_in: BTreeMap<TransactionId, VerifiedTransaction>,
    /// A snapshot was installed whose state the checkpoint does not have: what follows it cannot be
    /// executed, and is fetched again.
    has_gap: bool,
    outputs: Vec<Output>,
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
        let Recovered { tip, certificate, records, memory } = recovered;
        let mut replay = Replay::new(&config, tip, certificate);
        for record in records {
            replay.read(record)?;
        }
        replay.check_version()?;
        let taken_in = replay.left();
        let Replay { executor, committee, lanes, certificate, remembered, mut outputs, .. } =
            replay;
        let tip = executor.final_tip();
        let finalized = Block { header: tip.header().clone(), cut: tip.cut().clone() };
        let own = certificate.filter(|known| known.subject.is_of(tip.header(), tip.hash()));
        let ended = own.clone().filter(|_| tip.header().ends_epoch());
        let mut snapshots = Snapshots::new(config.snapshots, &config.domains);
        // Peers may lack blocks that are pruned here, and no new one may come without them.
        snapshots.shelf.note(now, tip, own.as_ref(), tip.history_before());
        let start = Start { finalized, certificate: own, records: remembered, memory };
        let surroundings = consensus_config(&config, &committee, tip);
        let (replica, first) = Replica::new(surroundings, start, now);
        outputs.push(epochs::nodes(tip));
        let mut core = Self {
            admission: Admission::new(config.limits),
            config,
            committee,
            replica,
            executor,
            lanes,
            forwards: Forwards::default(),
            catchup: CatchUp::default(),
            snapshots,
            finals: VecDeque::new(),
            jobs: BTreeMap::new(),
            next_job: 0,
            requested: BTreeMap::new(),
            seeking: None,
            to_build: None,
            ended,
            told: BTreeMap::new(),
            wakes: Wakes::default(),
            quiet_since: now,
            latest: now,
            outputs,
        };
        core.resume(now, taken_in, first);
        let outputs = std::mem::take(&mut core.outputs);
        Ok((core, outputs))
    }

    fn resume(
        &mut self,
        now: Timestamp,
        taken_in: Vec<VerifiedTransaction>,
        first: Vec<consensus::Output>,
    ) {
        self.admission.again(taken_in);
        self.make_all_batches(now);
        for output in first {
            if let Some(answer) = self.perform(now, output) {
                self.consensus(now, answer);
            }
        }
        self.settle(now);
    }
}

impl<'a> Replay<'a> {
    fn new(config: &'a CoreConfig, tip: Tip, certificate: Option<Certificate>) -> Self {
        Self {
            config,
            committee: Committee::after(&tip, &config.voting_keys),
            lanes: Lanes::new(tip.child_epoch(), &tip.child_cut()),
            executor: Executor::new(tip),
            certificate,
            remembered: Vec::new(),
            taken_in: BTreeMap::new(),
            has_gap: false,
            outputs: Vec::new(),
        }
    }

    fn read(&mut self, record: ReadRecord) -> Result<(), RecoveryError> {
        match record {
            ReadRecord::Batch(batch) => {
                let held = held_again(&self.config.domains, batch);
                // What is on record had room, or was named by a cut.
                if self.lanes.has_room_for_named(&held.header, held.hash) {
                    self.lanes.insert(Arc::new(held));
                }
                Ok(())
            }
            ReadRecord::Consensus(record) => {
                self.remembered.push(record);
                Ok(())
            }
            ReadRecord::Forward(transactions) => {
                let again = verified_again(&self.config.domains, transactions);
                self.taken_in.extend(again.map(|transaction| (transaction.id(), transaction)));
                Ok(())
            }
            ReadRecord::Snapshot(manifest) => {
                self.has_gap |=
                    manifest.progress.header.height > self.executor.final_tip().height();
                Ok(())
            }
            ReadRecord::Final(_) if self.has_gap => Ok(()),
            ReadRecord::Final(block) => self.finalize(&block),
        }
    }

    fn check_version(&self) -> Result<(), RecoveryError> {
        Core::outdated(self.executor.final_tip())
            .map_or(Ok(()), |text| Err(RecoveryError::Outdated(text)))
    }

    fn finalize(&mut self, record: &FinalBlock) -> Result<(), RecoveryError> {
        let block = &record.block;
        let height = block.header.height;
        if height <= self.executor.final_tip().header().height {
            return Ok(());
        }
        self.check_version()?;
        let refused = |reason| RecoveryError::Replay { height: height.0, reason };
        let hash = block.hash(&self.config.domains);
        match self.executor.attempt(&self.lanes, hash, block) {
            Attempt::Valid => {}
            Attempt::Invalid(refusal) => return Err(refused(refusal.to_string())),
            Attempt::Unlinked => {
                return Err(refused("its cut does not follow its parent's".into()));
            }
            Attempt::ParentMissing => return Err(refused("the block before is missing".into())),
            Attempt::DataMissing(_) => {
                return Err(refused("a batch that it orders is missing".into()));
            }
        }
        let Some(held) = self.executor.finalize(&hash) else {
            return Err(refused("it was not executed".into()));
        };
        self.lanes.order(&block.cut);
        self.certificate = record.certificate.clone().or(self.certificate.take());
        let committed = Committed::new(held.executed, record.certificate.clone(), held.batches);
        self.outputs.push(Output::Commit(Arc::new(committed)));
        if block.header.ends_epoch() {
            self.begin_epoch();
        }
        Ok(())
    }

    /// The block that was read last ended its epoch: as [`Core`] does it while it runs, but for
    /// what it wrote then, which is read next.
    fn begin_epoch(&mut self) {
        if let Some(me) = self.committee.me() {
            let unordered = self.lanes.unordered(me);
            let transactions =
                unordered.iter().flat_map(|batch| batch.transactions.iter().cloned());
            self.taken_in.extend(transactions.map(|transaction| (transaction.id(), transaction)));
        }
        self.executor.begin_epoch();
        let tip = self.executor.final_tip();
        self.committee = Committee::after(tip, &self.config.voting_keys);
        self.lanes = Lanes::new(tip.child_epoch(), &tip.child_cut());
    }

    /// What was taken in and is neither final nor in this node's lane.
    fn left(&mut self) -> Vec<VerifiedTransaction> {
        let taken_in = std::mem::take(&mut self.taken_in);
        let own = self.committee.me().map(|me| self.lanes.unordered(me)).unwrap_or_default();
        let in_lane: BTreeSet<TransactionId> = own
            .iter()
            .flat_map(|batch| batch.transactions.iter().map(VerifiedTransaction::id))
            .collect();
        let tip = self.executor.final_tip();
        let left = taken_in.into_values().filter(|transaction| {
            let id = transaction.id();
            !in_lane.contains(&id) && executed_by(tip, transaction.body(), id).is_none()
        });
        left.collect()
    }
}

fn held_again(domains: &Domains, batch: Batch) -> HeldBatch {
    let bytes = codec::encode(&batch.transactions).len();
    let transactions = verified_again(domains, batch.transactions).collect();
    let hash = batch.header.hash(domains);
    HeldBatch { header: batch.header, hash, signature: batch.signature, transactions, bytes }
}

fn verified_again(
    domains: &Domains,
    transactions: Vec<SignedTransaction>,
) -> impl Iterator<Item = VerifiedTransaction> {
    transactions.into_iter().map(|signed| VerifiedTransaction::recorded(domains, signed))
}
