//! A medium in memory that fails as disks do: for simulations and tests.
//!
//! It keeps, beside the bytes, what no sync has covered. [`Memory::lose_power`] takes that back:
//! all of it, or all but a part that happened to reach the disk (a prefix, or any subset of
//! sectors). A sync that fails forgets what it should have written, as operating systems do: a
//! later sync that succeeds does not make it durable. A process that is killed loses nothing: its
//! log is dropped and opened again.
//!
//! - **Invariant:** without a clock, a disk, threads or randomness of its own: which operation
//!   fails is decided by the [`Faults`] that are set, what survives a power loss by the numbers
//!   that are handed in. So a seed gives the same disk again.
//!
//! Absent: time. A slow disk is the caller's matter, who performs the effects later.

mod inode;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Held, Medium, SegmentFile};
use inode::Inode;
pub use inode::Survival;

/// What the log is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// List the segments.
    List,
    /// Create a segment.
    Create(u64),
    /// Open a segment.
    Open(u64),
    /// Remove a segment.
    Remove(u64),
    /// Make creations and removals durable.
    SyncNames,
    /// Read bytes of a segment.
    Read(u64),
    /// Write bytes to a segment.
    Write(u64),
    /// Make a segment's bytes durable.
    Sync(u64),
    /// Cut a segment's end off.
    Cut(u64),
}

impl Operation {
    /// True if it changes anything or makes a change durable.
    pub const fn is_change(self) -> bool {
        match self {
            Self::List | Self::Open(_) | Self::Read(_) => false,
            Self::Create(_)
            | Self::Remove(_)
            | Self::SyncNames
            | Self::Write(_)
            | Self::Sync(_)
            | Self::Cut(_) => true,
        }
    }
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is done.
    None,
    /// It fails; a sync that fails forgets what waited for it.
    Fails,
    /// A write fails after so many of its bytes; any other operation fails.
    Tears(u64),
}

/// Decides what becomes of each operation; a closure over a seed's random numbers is one.
pub trait Faults: Send {
    /// The next operation's fate.
    fn next(&mut self, operation: Operation) -> Fault;
}

impl<F: FnMut(Operation) -> Fault + Send> Faults for F {
    fn next(&mut self, operation: Operation) -> Fault {
        self(operation)
    }
}

/// The medium. A clone is another handle to the same bytes; a process that restarts opens its log
/// on it again.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    names: BTreeMap<u64, Arc<Mutex<Inode>>>,
    /// Creations and removals that no sync has covered: the number and what was there before.
    unsynced_names: Vec<(u64, Option<Arc<Mutex<Inode>>>)>,
    capacity: Option<u64>,
    faults: Option<Box<dyn Faults>>,
    holder: Arc<()>,
}

impl Memory {
    /// Decides about all later operations; `None` lets all be done.
    pub fn set_faults(&self, faults: Option<Box<dyn Faults>>) {
        self.contents().faults = faults;
    }

    /// Bounds the bytes of all segments together; `None` takes the bound away.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.contents().capacity = bytes;
    }

    /// Loses what no sync has covered, but for what survives. `draw` gives a number below its
    /// argument, which is at least 1. The log on this medium must have been dropped.
    pub fn lose_power(&self, survival: Survival, draw: &mut dyn FnMut(u64) -> u64) {
        let mut contents = self.contents();
        let changes = std::mem::take(&mut contents.unsynced_names);
        let count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        let kept = match survival {
            Survival::Nothing => 0,
            Survival::Prefix | Survival::Sectors => draw(count.saturating_add(1)),
            Survival::Everything => count,
        };
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        for (segment, before) in changes.into_iter().skip(kept).rev() {
            match before {
                Some(inode) => contents.names.insert(segment, inode),
                None => contents.names.remove(&segment),
            };
        }
        for inode in contents.names.values() {
            lock(inode).lose_power(survival, draw);
        }
    }

    /// How many writes and cuts no sync has covered.
    pub fn unsynced(&self) -> usize {
        self.contents().names.values().map(|inode| lock(inode).unsynced()).sum()
    }

    /// Each segment's number and length in bytes.
    pub fn segment_lengths(&self) -> Vec<(u64, u64)> {
        let contents = self.contents();
        contents.names.iter().map(|(number, inode)| (*number, lock(inode).length())).collect()
    }

    /// A segment's bytes as a reader sees them; empty if there is none.
    pub fn bytes(&self, segment: u64) -> Vec<u8> {
        let contents = self.contents();
        contents.names.get(&segment).map(|inode| lock(inode).bytes.clone()).unwrap_or_default()
    }

    /// Puts a durable segment there, in the place of what was there.
    pub fn put(&self, segment: u64, bytes: Vec<u8>) {
        let inode = Arc::new(Mutex::new(Inode::durable(bytes)));
        self.contents().names.insert(segment, inode);
    }

    /// Flips the bits of `mask` in one byte, as a failing disk does. False if there is no such
    /// byte.
    pub fn flip(&self, segment: u64, offset: u64, mask: u8) -> bool {
        let contents = self.contents();
        let Some(inode) = contents.names.get(&segment) else { return false };
        let mut inode = lock(inode);
        let place = usize::try_from(offset).unwrap_or(usize::MAX);
        inode.bytes.get_mut(place).map(|byte| *byte ^= mask).is_some()
    }

    /// Removes everything, durably.
    pub fn wipe(&self) {
        let mut contents = self.contents();
        contents.names.clear();
        contents.unsynced_names.clear();
    }

    /// A medium of its own with the same bytes, all of them durable: a copy of the disk.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::default();
        for (segment, _) in self.segment_lengths() {
            copy.put(segment, self.bytes(segment));
        }
        copy
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        lock(&self.0)
    }

    /// Asks the faults; the error is the operation's.
    fn begin(&self, operation: Operation) -> io::Result<()> {
        match self.contents().fate(operation) {
            Fault::None => Ok(()),
            Fault::Fails | Fault::Tears(_) => Err(injected()),
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Memory").field(&self.segment_lengths()).finish()
    }
}

impl Contents {
    fn fate(&mut self, operation: Operation) -> Fault {
        self.faults.as_mut().map_or(Fault::None, |faults| faults.next(operation))
    }
}

impl Medium for Memory {
    fn directory(&self) -> &Path {
        Path::new("memory")
    }

    fn hold(&self) -> io::Result<Option<Held>> {
        let contents = self.contents();
        let is_free = Arc::strong_count(&contents.holder) == 1;
        Ok(is_free.then(|| Held::new(contents.holder.clone())))
    }

    fn segments(&self) -> io::Result<Vec<u64>> {
        self.begin(Operation::List)?;
        Ok(self.contents().names.keys().copied().collect())
    }

    fn create(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.begin(Operation::Create(segment))?;
        let mut contents = self.contents();
        if contents.names.contains_key(&segment) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = Arc::<Mutex<Inode>>::default();
        contents.names.insert(segment, inode.clone());
        contents.unsynced_names.push((segment, None));
        Ok(Box::new(MemoryFile { memory: self.clone(), segment, inode }))
    }

    fn open(&self, segment: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.begin(Operation::Open(segment))?;
        let inode = self.contents().names.get(&segment).cloned();
        let inode = inode.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(MemoryFile { memory: self.clone(), segment, inode }))
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        self.begin(Operation::Remove(segment))?;
        let mut contents = self.contents();
        let inode = contents.names.remove(&segment);
        let inode = inode.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        contents.unsynced_names.push((segment, Some(inode)));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.begin(Operation::SyncNames)?;
        self.contents().unsynced_names.clear();
        Ok(())
    }
}

/// An open segment; it can be read after it was removed.
#[derive(Debug)]
struct MemoryFile {
    memory: Memory,
    segment: u64,
    inode: Arc<Mutex<Inode>>,
}

impl MemoryFile {
    /// How many of `length` bytes at `offset` there is room for.
    fn room(&self, offset: u64, length: u64) -> u64 {
        let Some(capacity) = self.memory.contents().capacity else { return length };
        let lengths = self.memory.segment_lengths();
        let others = lengths.iter().filter(|(segment, _)| *segment != self.segment);
        let used: u64 = others.map(|(_, length)| *length).sum();
        capacity.saturating_sub(used).saturating_sub(offset).min(length)
    }
}

impl SegmentFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.inode).length())
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.memory.begin(Operation::Read(self.segment))?;
        lock(&self.inode).read(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let fate = self.memory.contents().fate(Operation::Write(self.segment));
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let room = self.room(offset, length);
        let (written, failure) = match fate {
            Fault::None if room < length => (room, Some(io::ErrorKind::StorageFull.into())),
            Fault::None => (length, None),
            Fault::Fails => (0, Some(injected())),
            Fault::Tears(whole) => (whole.min(room), Some(injected())),
        };
        let written = usize::try_from(written).unwrap_or(usize::MAX);
        lock(&self.inode).write(bytes.get(..written).unwrap_or(bytes), offset);
        failure.map_or(Ok(()), Err)
    }

    fn sync(&self) -> io::Result<()> {
        let done = self.memory.begin(Operation::Sync(self.segment));
        lock(&self.inode).sync(done.is_ok());
        done
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.memory.begin(Operation::Cut(self.segment))?;
        lock(&self.inode).cut(length);
        Ok(())
    }
}

fn injected() -> io::Error {
    io::Error::other("injected fault")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
