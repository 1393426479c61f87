//! A host: what the node's driver is for a core, in one thread and under virtual time.
//!
//! Like the driver's performer it takes the outputs of several steps at a time, appends their
//! records, syncs once if anything waits for them, and then does the rest in order. Invariants:
//! nothing that stands behind a record is done before the record is durable; a crash loses all that
//! is not on the disk. Absent: when things happen (the world's).

use ledger::ids::Timestamp;
use node::core::record::LogRecord;
use node::core::step::{Input, Output};
use node::core::verification::{JobId, VerificationJob};
use node::log::LogError;
use std::collections::{BTreeMap, VecDeque};

use super::actor::{Actor, Deeds, Start};
use super::planted::Bug;
use super::setup::Setup;
use super::storage::Storage;

/// The machine of one node.
pub struct Host {
    /// The bank that runs it.
    pub seat: usize,
    /// How its actor takes the place of a core.
    pub start: Start,
    /// What steps; none while the process is down.
    pub actor: Option<Box<dyn Actor>>,
    /// What its actor did that no honest node does.
    pub deeds: Deeds,
    /// A planted bug, or sound wiring.
    pub bug: Box<dyn Bug>,
    /// Log and index.
    pub storage: Storage,
    /// False for a clone that has not been made yet.
    pub exists: bool,
    /// Counts starts and ends: what was scheduled for an earlier life is dropped.
    pub life: u64,
    /// How far its clock is ahead, in milliseconds.
    pub skew: i64,
    /// Until when it does nothing: it is paused, or busy.
    pub held_until: u64,
    /// How long a step takes, in milliseconds.
    pub slowness: u64,
    /// The last final height that it showed.
    pub shown: u64,
    /// The request to be woken that holds.
    pub wake: u64,
    /// The moment of the last wake, and how many there were at it.
    pub spins: (u64, u32),
    /// Verification jobs under way.
    pub jobs: BTreeMap<JobId, VerificationJob>,
    /// Records that were handed to the disk and have not been looked at.
    pub recorded: Vec<LogRecord>,
    /// Outputs of steps that wait for the performer.
    queue: VecDeque<Vec<Output>>,
    /// What waits for the running sync.
    effects: Option<Vec<Output>>,
}

/// What the performer has to do next.
#[derive(Debug)]
pub enum Work {
    /// Nothing, or it waits for the disk.
    Nothing,
    /// A sync has begun.
    Sync,
    /// These effects are due.
    Effects(Vec<Output>),
}

/// What a step asks for beside the performer's work.
#[derive(Debug, Default)]
pub struct Asked {
    /// The moment of the last request to be woken.
    pub wake: Option<Timestamp>,
    /// New verification jobs.
    pub jobs: Vec<JobId>,
    /// What a planted bug has done at once.
    pub hurried: Vec<Output>,
}

impl Host {
    /// How many steps' outputs share one sync at most.
    const GROUP: usize = 64;

    /// A host whose process has not started.
    pub fn new(seat: usize, start: Start, bug: Box<dyn Bug>, storage: Storage, skew: i64) -> Self {
        Self {
            seat,
            start,
            actor: None,
            deeds: Deeds::default(),
            bug,
            storage,
            exists: true,
            life: 0,
            skew,
            held_until: 0,
            slowness: 0,
            shown: 0,
            wake: 0,
            spins: (0, 0),
            jobs: BTreeMap::new(),
            recorded: Vec::new(),
            queue: VecDeque::new(),
            effects: None,
        }
    }

    /// True if its process runs.
    pub const fn is_up(&self) -> bool {
        self.actor.is_some()
    }

    /// True while a sync is under way.
    pub const fn is_syncing(&self) -> bool {
        self.effects.is_some()
    }

    /// What its clock says at the virtual time `now`.
    pub fn clock(&self, now: u64) -> Timestamp {
        Timestamp((Setup::EPOCH + now).saturating_add_signed(self.skew))
    }

    /// The virtual time at which its clock will say `at`.
    pub fn moment(&self, at: Timestamp) -> u64 {
        at.0.saturating_add_signed(-self.skew).saturating_sub(Setup::EPOCH)
    }

    /// Gives the actor an input.
    pub fn step(&mut self, now: u64, input: Input) -> Vec<Output> {
        let clock = self.clock(now);
        let Some(actor) = &mut self.actor else { return Vec::new() };
        self.held_until = self.held_until.max(now + self.slowness);
        let inputs = self.bug.input(input);
        let clock = self.bug.clock(clock);
        inputs.into_iter().flat_map(|input| actor.step(clock, input)).collect()
    }

    /// Takes a step's outputs over: what need not wait is asked for at once.
    pub fn take(&mut self, outputs: Vec<Output>) -> Asked {
        let mut asked = Asked::default();
        let mut ordered = Vec::with_capacity(outputs.len());
        for output in outputs {
            for output in self.bug.output(output) {
                if self.bug.hurries(&output) {
                    asked.hurried.push(output);
                    continue;
                }
                match output {
                    Output::WakeAt(at) => asked.wake = Some(at),
                    Output::Verify(job, work) => {
                        self.jobs.insert(job, work);
                        asked.jobs.push(job);
                    }
                    Output::Persist(_)
                    | Output::Send { .. }
                    | Output::Broadcast { .. }
                    | Output::BroadcastBatch(_)
                    | Output::SendBatch { .. }
                    | Output::ServeBatches { .. }
                    | Output::ServeChain { .. }
                    | Output::Reply(..)
                    | Output::Commit(_)
                    | Output::Misbehaviour { .. }
                    | Output::Halt(_)
                    | Output::Regained
                    | Output::Nodes(_)
                    | Output::ServeSnapshot { .. }
                    | Output::Keep(_)
                    | Output::Install(_)
                    | Output::Note(_)
                    | Output::Evidence(_) => ordered.push(output),
                }
            }
        }
        if !ordered.is_empty() {
            self.queue.push_back(ordered);
        }
        asked
    }

    /// What the performer does now.
    ///
    /// # Errors
    /// As the log: the node must stop.
    pub fn work(&mut self) -> Result<Work, LogError> {
        if self.effects.is_some() || self.queue.is_empty() {
            return Ok(Work::Nothing);
        }
        let count = self.queue.len().min(Self::GROUP);
        let group: Vec<_> = self.queue.drain(..count).flatten().collect();
        let mut effects = Vec::with_capacity(group.len());
        let (mut is_awaited, mut has_records) = (false, false);
        for output in group {
            if let Output::Persist(record) = output {
                self.storage.append(&record)?;
                self.recorded.push(record);
                has_records = true;
            } else {
                is_awaited |= has_records;
                effects.push(output);
            }
        }
        if is_awaited && self.bug.awaits_sync() {
            self.effects = Some(effects);
            Ok(Work::Sync)
        } else {
            Ok(Work::Effects(effects))
        }
    }

    /// The running sync ends: gives what waited for it.
    ///
    /// # Errors
    /// As the log: the node must stop.
    pub fn synced(&mut self) -> Result<Vec<Output>, LogError> {
        self.storage.sync()?;
        Ok(self.effects.take().unwrap_or_default())
    }

    /// The process ends, and all that it held in memory is gone.
    pub fn end(&mut self) {
        self.actor = None;
        self.queue.clear();
        self.effects = None;
        self.jobs.clear();
        self.life += 1;
    }
}
