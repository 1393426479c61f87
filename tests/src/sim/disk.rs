//! A simulated disk: an append-only list of records, durable only once a sync has covered them.
//!
//! Invariants: a sync covers what was appended before it began; a crash keeps every synced record,
//! and of the others a prefix. Absent: torn and flipped records.

use super::random::Random;

/// The disk of one process.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    records: Vec<Vec<u8>>,
    durable: usize,
    syncing: Option<usize>,
    /// The planted bug: what is appended counts as durable.
    skips_sync: bool,
}

impl Disk {
    /// An empty disk; with `skips_sync` one that lies (see [`super::planted::Planted::SkipsSync`]).
    pub fn new(skips_sync: bool) -> Self {
        Self { skips_sync, ..Self::default() }
    }

    /// Appends a record.
    pub fn append(&mut self, record: Vec<u8>) {
        self.records.push(record);
    }

    /// How many records were appended: what waits for all of them waits for this number.
    pub const fn appended(&self) -> usize {
        self.records.len()
    }

    /// True if the first `count` records are said to be durable.
    pub const fn is_durable(&self, count: usize) -> bool {
        self.skips_sync || count <= self.durable
    }

    /// Begins a sync if there is something to sync and none runs. True if one has begun.
    pub fn begin_sync(&mut self) -> bool {
        let begins = self.syncing.is_none() && self.durable < self.records.len();
        if begins {
            self.syncing = Some(self.records.len());
        }
        begins
    }

    /// Ends the running sync.
    pub fn end_sync(&mut self) {
        self.durable = self.syncing.take().unwrap_or(self.durable);
    }

    /// Loses what is not durable, but for a prefix that happened to reach the disk.
    pub fn crash(&mut self, random: &mut Random) {
        let unsynced = self.records.len() - self.durable;
        let survives = random.position(unsynced + 1);
        self.records.truncate(self.durable + survives);
        self.durable = self.records.len();
        self.syncing = None;
    }

    /// What a restart finds.
    pub fn durable(&self) -> &[Vec<u8>] {
        &self.records
    }
}
