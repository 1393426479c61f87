//! A host's disk: the product's own block log on a medium in memory, and all that disks do wrong.
//!
//! Invariants: what fails is decided by the faults that are set, what survives by numbers of the
//! seed. Absent: time (a sync takes as long as the world says).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use node::log::memory::{Fault, Memory, Operation, Survival};
use node::log::{Entropy, Log, LogError, LogOptions, Position};

use super::random::Random;

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is.
    None,
    /// The next write or sync fails, or reaches the disk in part.
    Writes,
    /// Every read fails.
    Reads,
    /// Nothing more fits on it.
    Full,
}

/// The disk of one host, and the log that its process has open.
pub struct Disk {
    medium: Memory,
    log: Option<Log>,
    /// How many bytes of the next write reach the disk; none if it fails whole.
    torn: Arc<AtomicU64>,
    segment_bytes: u64,
}

impl Disk {
    /// An empty disk; a segment of the log ends at `segment_bytes`.
    pub fn new(segment_bytes: u64) -> Self {
        let torn = Arc::new(AtomicU64::new(0));
        Self { medium: Memory::default(), log: None, torn, segment_bytes }
    }

    /// Opens the log.
    ///
    /// # Errors
    /// What the log says.
    pub fn open(&mut self, random: &mut Random, check_from: Position) -> Result<(), LogError> {
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&random.next().to_le_bytes());
        }
        let options = LogOptions { segment_bytes: self.segment_bytes, check_from };
        let medium = Arc::new(self.medium.clone());
        let (log, _) = Log::open_on(medium, Entropy(bytes), options)?;
        self.log = Some(log);
        Ok(())
    }

    /// The log that is open.
    pub const fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// The log that is open, to be written.
    ///
    /// # Errors
    /// As if it had failed before, when none is open.
    pub fn writer(&mut self) -> Result<&mut Log, LogError> {
        let closed = || LogError::Poisoned { cause: "the log is not open".to_owned() };
        self.log.as_mut().ok_or_else(closed)
    }

    /// The process ends. If it was in the middle of a sync, that was done, or failed, or reached
    /// the disk in part.
    pub fn kill(&mut self, random: &mut Random, is_syncing: bool) {
        if let Some(mut log) = self.log.take()
            && is_syncing
            && random.chance(700)
        {
            if random.chance(500) {
                self.trouble(Trouble::Writes, random);
            }
            // Whatever comes of it, the process does not learn it.
            let _ = log.sync();
            self.trouble(Trouble::None, random);
        }
    }

    /// The power fails: what no sync has covered is lost, or all but a part of it.
    pub fn lose_power(&self, random: &mut Random) {
        let kinds = [Survival::Nothing, Survival::Prefix, Survival::Sectors, Survival::Everything];
        let survival = kinds[random.position(kinds.len())];
        self.medium.lose_power(survival, &mut |bound| random.between(0, bound.max(1) - 1));
    }

    /// Something goes wrong, or is right again.
    pub fn trouble(&self, trouble: Trouble, random: &mut Random) {
        self.medium.set_capacity(None);
        match trouble {
            Trouble::None => self.medium.set_faults(None),
            Trouble::Writes => {
                let torn = if random.chance(500) { 0 } else { random.between(1, 4_000) };
                self.torn.store(torn, Ordering::Relaxed);
                let torn = Arc::clone(&self.torn);
                self.medium.set_faults(Some(Box::new(move |operation: Operation| {
                    if operation.is_change() {
                        tear(operation, torn.load(Ordering::Relaxed))
                    } else {
                        Fault::None
                    }
                })));
            }
            Trouble::Reads => self.medium.set_faults(Some(Box::new(|operation: Operation| {
                if matches!(operation, Operation::Read(_)) { Fault::Fails } else { Fault::None }
            }))),
            Trouble::Full => {
                let used = self.medium.segment_lengths().iter().map(|(_, length)| *length).sum();
                self.medium.set_capacity(Some(used));
            }
        }
    }

    /// Flips a bit somewhere. False if there is nothing on the disk.
    pub fn flip(&self, random: &mut Random) -> bool {
        let segments = self.medium.segment_lengths();
        if segments.is_empty() {
            return false;
        }
        let (segment, length) = segments[random.position(segments.len())];
        let mask = 1 << random.between(0, 7);
        length > 0 && self.medium.flip(segment, random.between(0, length - 1), mask)
    }

    /// Everything on it is gone.
    pub fn wipe(&mut self) {
        self.log = None;
        self.medium.wipe();
    }

    /// A copy of the disk, as a cloned machine has it.
    pub fn copy(&self) -> Self {
        let mut copy = Self::new(self.segment_bytes);
        copy.medium = self.medium.copy();
        copy
    }
}

fn tear(operation: Operation, torn: u64) -> Fault {
    if torn > 0 && matches!(operation, Operation::Write(_)) {
        Fault::Tears(torn)
    } else {
        Fault::Fails
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Disk {:?}", self.medium.segment_lengths())
    }
}
