//! The bytes of one segment in memory, and how to take back what no sync has covered.
//!
//! Invariant: `changes` lists, in order, every write and cut since the last point at which all
//! was durable, with what is needed to undo it. Absent: names, faults.

use std::io;

/// What reached the disk of changes that no sync has covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// None of them.
    Nothing,
    /// The first of them, the last of those cut at any byte.
    Prefix,
    /// Any of them, and of a write any of its sectors.
    Sectors,
    /// All of them.
    Everything,
}

/// The bytes that a disk writes as one.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Inode {
    pub(super) bytes: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    kind: Kind,
    fate: Fate,
}

#[derive(Debug)]
enum Kind {
    /// `length` bytes were written where `before` (or nothing, at the end) was.
    Write { offset: usize, length: usize, before: Vec<u8>, length_before: usize },
    /// The end was cut off.
    Cut { removed: Vec<u8>, length: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// No sync has covered it.
    Waits,
    /// A sync failed: the system takes it for written, and it is not.
    Forgotten,
    /// It is durable, and kept here only because an earlier one is not.
    Durable,
}

/// A change that was undone, and what to do to have it again.
enum Undone {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

impl Inode {
    pub(super) const fn durable(bytes: Vec<u8>) -> Self {
        Self { bytes, changes: Vec::new() }
    }

    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn unsynced(&self) -> usize {
        self.changes.iter().filter(|change| change.fate != Fate::Durable).count()
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(buffer.len());
        let found = self.bytes.get(start..end);
        let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        if bytes.is_empty() {
            return;
        }
        let (offset, length) = (usize::try_from(offset).unwrap_or(usize::MAX), bytes.len());
        let length_before = self.bytes.len();
        let end = offset.saturating_add(length).min(length_before);
        let before = self.bytes.get(offset..end).map(<[u8]>::to_vec).unwrap_or_default();
        self.put(offset, bytes);
        let kind = Kind::Write { offset, length, before, length_before };
        self.changes.push(Change { kind, fate: Fate::Waits });
    }

    pub(super) fn cut(&mut self, length: u64) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < self.bytes.len() {
            let removed = self.bytes.split_off(length);
            let kind = Kind::Cut { removed, length };
            self.changes.push(Change { kind, fate: Fate::Waits });
        }
    }

    pub(super) fn sync(&mut self, succeeds: bool) {
        let reached = if succeeds { Fate::Durable } else { Fate::Forgotten };
        for change in self.changes.iter_mut().filter(|change| change.fate == Fate::Waits) {
            change.fate = reached;
        }
        let durable = self.changes.iter().take_while(|change| change.fate == Fate::Durable);
        self.changes.drain(..durable.count());
    }

    /// Undoes everything back to the first change that is not durable, then does again what is,
    /// and what survives.
    pub(super) fn lose_power(&mut self, survival: Survival, draw: &mut dyn FnMut(u64) -> u64) {
        let changes = std::mem::take(&mut self.changes);
        let mut undone: Vec<(Fate, Undone)> =
            changes.into_iter().rev().map(|change| (change.fate, self.undo(change.kind))).collect();
        undone.reverse();
        let waiting = undone.iter().filter(|(fate, _)| *fate == Fate::Waits).map(|(_, u)| u.size());
        let all: usize = waiting.sum();
        let mut prefix = match survival {
            Survival::Prefix => draw_size(draw, all.saturating_add(1)),
            Survival::Nothing | Survival::Sectors | Survival::Everything => 0,
        };
        for (fate, change) in undone {
            match (fate, survival) {
                (Fate::Durable, _) | (Fate::Waits, Survival::Everything) => self.redo(&change),
                (Fate::Waits, Survival::Prefix) => prefix = self.redo_prefix(&change, prefix),
                (Fate::Waits, Survival::Sectors) => self.redo_sectors(&change, draw),
                (Fate::Waits, Survival::Nothing) | (Fate::Forgotten, _) => {}
            }
        }
    }

    fn undo(&mut self, kind: Kind) -> Undone {
        match kind {
            Kind::Write { offset, length, before, length_before } => {
                let end = offset.saturating_add(length);
                let bytes = self.bytes.get(offset..end).map(<[u8]>::to_vec).unwrap_or_default();
                self.bytes.truncate(length_before);
                self.put(offset.min(length_before), &before);
                Undone::Write { offset, bytes }
            }
            Kind::Cut { removed, length } => {
                self.bytes.resize(length, 0);
                self.bytes.extend(removed);
                Undone::Cut { length }
            }
        }
    }

    fn redo(&mut self, change: &Undone) {
        match change {
            Undone::Write { offset, bytes } => self.put(*offset, bytes),
            Undone::Cut { length } => self.bytes.truncate(*length),
        }
    }

    /// Gives what is left of the prefix behind this change.
    fn redo_prefix(&mut self, change: &Undone, left: usize) -> usize {
        match change {
            Undone::Write { offset, bytes } => {
                let survives = left.min(bytes.len());
                self.put(*offset, bytes.get(..survives).unwrap_or(bytes));
            }
            Undone::Cut { .. } if left > 0 => self.redo(change),
            Undone::Cut { .. } => {}
        }
        left.saturating_sub(change.size())
    }

    fn redo_sectors(&mut self, change: &Undone, draw: &mut dyn FnMut(u64) -> u64) {
        let Undone::Write { offset, bytes } = change else {
            if draw(2) == 0 {
                self.redo(change);
            }
            return;
        };
        let (mut start, mut rest) = (*offset, bytes.as_slice());
        while !rest.is_empty() {
            let sector = SECTOR.saturating_sub(start % SECTOR).min(rest.len());
            let (first, others) = rest.split_at(sector);
            if draw(2) == 0 {
                self.put(start, first);
            }
            start = start.saturating_add(sector);
            rest = others;
        }
    }

    /// Writes at an offset; a gap before it is zeros.
    fn put(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset.saturating_add(bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(place) = self.bytes.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
    }
}

impl Undone {
    /// What it counts in a prefix.
    fn size(&self) -> usize {
        match self {
            Self::Write { bytes, .. } => bytes.len(),
            Self::Cut { .. } => 1,
        }
    }
}

fn draw_size(draw: &mut dyn FnMut(u64) -> u64, bound: usize) -> usize {
    usize::try_from(draw(u64::try_from(bound).unwrap_or(u64::MAX))).unwrap_or(usize::MAX)
}
