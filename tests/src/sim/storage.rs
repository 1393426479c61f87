//! What a host keeps: the block log, and the index as far as the core's start rests on it.
//!
//! The index is modelled by what it gives: the state of a durable checkpoint with the place from
//! which the log is to be replayed, final blocks, and where their batches are. It becomes durable
//! every so many blocks; a crash takes it back to the last time. Invariants: a checkpoint is never
//! ahead of the durable log; what a restart needs is decided by the driver's own bookkeeping
//! (`node::driver::retained`). Absent: the store's tables and files.

use consensus::Memory;
use ledger::block::Batch;
use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::codec;
use ledger::hash::Domains;
use ledger::ids::{Epoch, Height};
use ledger::light::EpochChange;
use ledger::tree::Chunk;
use node::core::Recovered;
use node::core::message::{BatchRequest, ChainPart, FinalBlock, PeerMessage};
use node::core::record::{LogRecord, ReadRecord};
use node::core::snapshot::{ChunkPlace, Installed, Keep, Manifest};
use node::core::step::Committed;
use node::driver::retained::Retained;
use node::log::{LogError, Position};
use node::store::BatchName;
use std::collections::BTreeMap;

use super::disk::Disk;
use super::random::Random;

/// A part of a snapshot: its manifest, and the chunks that are there.
pub type Fetched = (Box<Manifest>, Vec<(ChunkPlace, Chunk)>);

/// Where a start begins.
#[derive(Clone, Debug)]
struct Checkpoint {
    tip: Tip,
    certificate: Option<Certificate>,
    replay_from: Position,
}

/// A final block, and where its batches are.
#[derive(Clone, Debug)]
struct Indexed {
    block: FinalBlock,
    batches: Vec<(BatchName, Position)>,
}

/// How an operator runs a host's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// The index becomes durable whenever it is so many blocks ahead.
    pub checkpoint_every: u64,
    /// How many blocks are kept; all if there is no number.
    pub retain: Option<u64>,
    /// The size at which a segment of the log ends, in bytes.
    pub segment_bytes: u64,
}

/// Why a host's storage does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The disk does not answer; it may later.
    Unreadable(String),
    /// What is on the disk is damaged; an operator must repair it.
    Damaged(String),
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Self {
        let text = error.to_string();
        match error {
            LogError::Io { .. } | LogError::Poisoned { .. } | LogError::Locked { .. } => {
                Self::Unreadable(text)
            }
            LogError::Corrupt { .. }
            | LogError::MissingSegment { .. }
            | LogError::BeyondEnd { .. }
            | LogError::Pruned { .. }
            | LogError::NotDurable { .. }
            | LogError::ReservedKind
            | LogError::TooLarge { .. } => Self::Damaged(text),
        }
    }
}

/// Log and index of one host.
#[derive(Debug)]
pub struct Storage {
    /// The log's disk.
    pub disk: Disk,
    durable: Checkpoint,
    latest: Checkpoint,
    blocks: BTreeMap<Height, Indexed>,
    batches: BTreeMap<BatchName, Position>,
    epochs: BTreeMap<Epoch, EpochChange>,
    /// What is kept of a snapshot that is being fetched.
    fetched: Option<Fetched>,
    retained: Retained,
    /// True from a wipe until the node has regained its memory.
    has_forgotten: bool,
    upkeep: Upkeep,
}

impl Storage {
    /// The most batches in one answer to a peer.
    const ANSWER_BATCHES: usize = 64;

    /// An empty home.
    pub fn new(first: &Tip, upkeep: Upkeep) -> Self {
        let genesis =
            Checkpoint { tip: first.clone(), certificate: None, replay_from: Position::START };
        Self {
            disk: Disk::new(upkeep.segment_bytes),
            durable: genesis.clone(),
            latest: genesis,
            blocks: BTreeMap::new(),
            batches: BTreeMap::new(),
            epochs: BTreeMap::new(),
            fetched: None,
            retained: Retained::default(),
            has_forgotten: false,
            upkeep,
        }
    }

    /// The state of the durable checkpoint.
    pub const fn tip(&self) -> &Tip {
        &self.durable.tip
    }

    /// Appends a record to the log.
    ///
    /// # Errors
    /// As the log.
    pub fn append(&mut self, record: &LogRecord) -> Result<(), LogError> {
        let position = self.disk.writer()?.append(record.kind().tag(), &record.encode())?;
        self.retained.wrote(record, position);
        Ok(())
    }

    /// Makes durable what was appended.
    ///
    /// # Errors
    /// As the log.
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.disk.writer()?.sync()
    }

    /// Indexes a final block.
    ///
    /// # Errors
    /// As the log, which is pruned after a checkpoint.
    pub fn commit(&mut self, committed: &Committed) -> Result<(), LogError> {
        let batches = self.retained.ordered(committed);
        self.batches.extend(batches.iter().copied());
        let tip = committed.executed.tip.clone();
        let certificate = committed.certificate.clone();
        let block = committed.executed.block.clone();
        if let (true, Some(certificate)) = (block.header.ends_epoch(), certificate.clone()) {
            let next = tip.child_validators().as_ref().clone();
            let change = EpochChange { header: block.header.clone(), certificate, next };
            self.epochs.insert(block.header.epoch, change);
        }
        let end = self.disk.writer()?.durable_position();
        let replay_from = self.retained.first(end);
        let block = FinalBlock { block, certificate: certificate.clone() };
        self.blocks.insert(tip.height(), Indexed { block, batches });
        self.latest = Checkpoint { tip, certificate, replay_from };
        let ahead = self.latest.tip.height().0 - self.durable.tip.height().0;
        if ahead >= self.upkeep.checkpoint_every {
            self.durable = self.latest.clone();
            self.prune()?;
        }
        Ok(())
    }

    /// Forgets blocks that are older than what is to be kept, and the segments that only they need.
    fn prune(&mut self) -> Result<(), LogError> {
        let Some(retain) = self.upkeep.retain else { return Ok(()) };
        let earliest = Height(self.durable.tip.height().0.saturating_sub(retain));
        let kept = self.blocks.split_off(&earliest);
        for (name, _) in std::mem::replace(&mut self.blocks, kept)
            .into_values()
            .flat_map(|indexed| indexed.batches)
        {
            self.batches.remove(&name);
        }
        let needed = self.batches.values().map(|position| position.segment).min();
        let replay = self.durable.replay_from.segment;
        self.disk.writer()?.prune_before(needed.unwrap_or(replay).min(replay))?;
        Ok(())
    }

    /// The process ends, and maybe the power fails with it.
    pub fn crash(&mut self, random: &mut Random, is_syncing: bool, loses_power: bool) {
        self.disk.kill(random, is_syncing);
        if loses_power {
            self.disk.lose_power(random);
        }
        self.latest = self.durable.clone();
        let beyond = self.durable.tip.height().next();
        // What was indexed since comes again with the replay.
        let _ = self.blocks.split_off(&beyond);
    }

    /// Everything is gone: the node begins anew, and does not know what it has signed.
    pub fn wipe(&mut self, first: &Tip) {
        self.disk.wipe();
        let disk = self.disk.copy();
        *self = Self { disk, has_forgotten: true, ..Self::new(first, self.upkeep) };
    }

    /// A cloned machine's storage.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            disk: self.disk.copy(),
            durable: self.durable.clone(),
            latest: self.durable.clone(),
            blocks: self.blocks.clone(),
            batches: self.batches.clone(),
            epochs: self.epochs.clone(),
            fetched: None,
            retained: Retained::default(),
            has_forgotten: self.has_forgotten,
            upkeep: self.upkeep,
        }
    }

    /// The state is now that of a snapshot, and durable.
    ///
    /// # Errors
    /// As the log.
    pub fn install(&mut self, installed: &Installed) -> Result<(), LogError> {
        self.sync()?;
        let Installed { manifest, tip } = installed;
        self.retained.forget(tip.cut(), tip.header());
        let end = self.disk.writer()?.durable_position();
        self.latest = Checkpoint {
            tip: tip.clone(),
            certificate: Some(manifest.progress.certificate.clone()),
            replay_from: self.retained.first(end),
        };
        self.durable = self.latest.clone();
        for change in &manifest.progress.epochs {
            self.epochs.insert(change.header.epoch, change.clone());
        }
        self.blocks.clear();
        self.fetched = None;
        Ok(())
    }

    /// Keeps or forgets a part of a snapshot.
    pub fn keep(&mut self, keep: Keep) {
        match keep {
            Keep::Begin(manifest) => self.fetched = Some((manifest, Vec::new())),
            Keep::Chunk(place, chunk) => {
                if let Some((_, chunks)) = &mut self.fetched {
                    chunks.push((place, *chunk));
                }
            }
            Keep::End => self.fetched = None,
        }
    }

    /// What was kept of a snapshot.
    pub fn fetched(&self) -> Option<Fetched> {
        self.fetched.clone()
    }

    /// The node knows again what it may sign.
    pub const fn regained(&mut self) {
        self.has_forgotten = false;
    }

    /// How an epoch ended.
    pub fn epoch_change(&self, epoch: Epoch) -> Option<EpochChange> {
        self.epochs.get(&epoch).cloned()
    }

    /// Opens the log, and gives what a start finds.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(&mut self, domains: &Domains, random: &mut Random) -> Result<Recovered, Refusal> {
        let from = self.durable.replay_from;
        self.disk.open(random, from)?;
        let mut records = Vec::new();
        self.retained = Retained::default();
        for record in self.disk.writer()?.reader().records(from) {
            let record = record?;
            let read = ReadRecord::decode(record.kind, &record.payload)
                .map_err(|error| Refusal::Damaged(error.to_string()))?;
            self.retained.read(domains, &read, record.position);
            records.push(read);
        }
        let Checkpoint { tip, certificate, .. } = self.durable.clone();
        self.retained.forget(tip.cut(), tip.header());
        let inquiry = random.next();
        let memory = if self.has_forgotten { Memory::Lost { inquiry } } else { Memory::Whole };
        Ok(Recovered { tip, certificate, records, memory })
    }

    /// Final blocks from a height upwards, for a peer.
    pub fn chain(&self, from: Height) -> PeerMessage {
        if from < self.earliest() {
            return PeerMessage::Pruned(self.earliest());
        }
        let above = self.blocks.range(from..).take(ChainPart::MAXIMUM);
        PeerMessage::Chain(ChainPart(above.map(|(_, indexed)| indexed.block.clone()).collect()))
    }

    /// The first block that is kept.
    fn earliest(&self) -> Height {
        let earliest = self.blocks.keys().next().copied();
        earliest.unwrap_or_else(|| self.latest.tip.height().next())
    }

    /// Final batches, for a peer; up to the first that is not kept.
    pub fn lane(&self, request: &BatchRequest) -> Vec<PeerMessage> {
        let sequences = request.after.saturating_add(1)..=request.tip.sequence;
        let BatchRequest { epoch, lane, .. } = *request;
        let mut answers = Vec::new();
        for sequence in sequences.take(Self::ANSWER_BATCHES) {
            let Some(batch) = self.batch(BatchName { epoch, lane, sequence }) else {
                answers.push(PeerMessage::Pruned(self.earliest()));
                break;
            };
            answers.push(PeerMessage::Batch(batch));
        }
        answers
    }

    fn batch(&self, name: BatchName) -> Option<Batch> {
        let record = self.disk.log()?.reader().read(*self.batches.get(&name)?).ok()?;
        codec::decode(&record.payload, PeerMessage::MAXIMUM_BYTES).ok()
    }
}
