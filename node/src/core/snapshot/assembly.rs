//! A state in the making: which chunks are missing, and what the others gave.
//!
//! Invariants: only chunks that verify under the manifest's roots are taken in, each once; the
//! chunks of the markers are known once the whole map is here. Absent: whom to ask (see `fetcher`).

use ledger::chain::Tip;
use ledger::hash::{Domains, Hash};
use ledger::state::{Part, Restoration};
use ledger::tree::Chunk;
use std::collections::BTreeSet;

use super::{ChunkPlace, Installed, Manifest, SnapshotId};

/// A state in the making.
pub(super) struct Assembly {
    pub(super) id: SnapshotId,
    domains: Domains,
    manifest: Box<Manifest>,
    restoration: Restoration,
    /// Chunks that are neither here nor asked for.
    todo: BTreeSet<ChunkPlace>,
    /// Chunks of the parts that are known so far that are not here.
    missing: u64,
    /// True once the chunks of the markers are known.
    knows_markers: bool,
}

/// What is wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadChunk;

impl Assembly {
    /// The state of a manifest that was verified.
    pub(super) fn new(domains: &Domains, manifest: Box<Manifest>) -> Self {
        let mut assembly = Self {
            id: manifest.id(domains),
            domains: domains.clone(),
            restoration: Restoration::new(domains),
            todo: BTreeSet::new(),
            missing: 0,
            knows_markers: false,
            manifest,
        };
        assembly.open(Part::Map, assembly.manifest.outline.count);
        assembly
    }

    fn open(&mut self, part: Part, count: u64) {
        let chunks = Part::chunks(count);
        self.todo.extend((0..chunks).map(|index| ChunkPlace { part, index }));
        self.missing = self.missing.saturating_add(u64::from(chunks));
    }

    /// A chunk to ask for; it counts as asked for until [`Self::put_back`].
    pub(super) fn take_next(&mut self) -> Option<ChunkPlace> {
        self.todo.pop_first()
    }

    /// A chunk that was asked for did not come.
    pub(super) fn put_back(&mut self, place: ChunkPlace) {
        self.todo.insert(place);
    }

    /// True if the chunk is neither here nor asked for; it then counts as asked for.
    pub(super) fn claim(&mut self, place: ChunkPlace) -> bool {
        self.todo.remove(&place)
    }

    /// A chunk that a former run kept. One that was not kept whole, or too early, is asked for
    /// again.
    pub(super) fn recall(&mut self, place: ChunkPlace, chunk: &Chunk) {
        if self.claim(place) && self.accept(place, chunk).is_err() {
            self.todo.insert(place);
        }
    }

    /// Checks a chunk that was asked for and takes it in.
    pub(super) fn accept(&mut self, place: ChunkPlace, chunk: &Chunk) -> Result<(), BadChunk> {
        let (count, root) = self.part(place.part).ok_or(BadChunk)?;
        let prefix = Part::prefix(count, place.index).ok_or(BadChunk)?;
        let entries = chunk.verify(&self.domains, &prefix, &root).map_err(|_| BadChunk)?;
        // Entries under a certified root that are no records: `finish` refuses the whole.
        let _ = self.restoration.take_chunk(place.part, entries);
        self.missing = self.missing.saturating_sub(1);
        if self.missing == 0 && !self.knows_markers {
            self.knows_markers = true;
            for (bucket, summary) in self.restoration.announced().clone() {
                self.open(Part::Markers(bucket), summary.count);
            }
        }
        Ok(())
    }

    fn part(&self, part: Part) -> Option<(u64, Hash)> {
        match part {
            Part::Map => {
                Some((self.manifest.outline.count, self.manifest.progress.header.state_root))
            }
            Part::Markers(bucket) => {
                let summary = self.restoration.announced().get(&bucket)?;
                Some((summary.count, summary.root))
            }
        }
    }

    /// How many chunks are not here, as far as is known.
    pub(super) const fn missing(&self) -> u64 {
        self.missing
    }

    /// True if everything is here.
    pub(super) const fn is_whole(&self) -> bool {
        self.missing == 0 && self.knows_markers
    }

    /// The tip that everything makes.
    ///
    /// # Errors
    /// What does not fit: the certified state is not one that this program can read.
    pub(super) fn finish(self) -> Result<Box<Installed>, String> {
        let state = self.restoration.finish().map_err(|error| error.to_string())?;
        let history = self.manifest.history.clone();
        let tip = Tip::restore(self.manifest.block(), state, history);
        let manifest = *self.manifest;
        tip.map(|tip| Box::new(Installed { manifest, tip })).map_err(|refusal| refusal.to_string())
    }
}
