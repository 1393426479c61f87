//! Reading durable records, from any thread, while the log grows.
//!
//! Invariants: a reader sees only what was synced; every record's checksum is checked at every
//! read. A bounded number of old segments is kept open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::Files;
use super::record::SEAL;
use super::segment::{Found, HEADER, Segment};
use super::{LogError, Position};

const MAX_OPEN: usize = 64;

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub position: Position,
    /// Its kind, 1 to 255.
    pub kind: u8,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// What the writer and its readers share.
pub(super) struct Shared {
    pub(super) files: Files,
    state: Mutex<State>,
}

struct State {
    first: u64,
    /// Behind the last record that readers may see.
    end: Position,
    open: BTreeMap<u64, Arc<Segment>>,
}

impl Shared {
    pub(super) fn new(files: Files, first: u64, end: Position, current: &Arc<Segment>) -> Self {
        let open = BTreeMap::from([(current.number, current.clone())]);
        Self { files, state: Mutex::new(State { first, end, open }) }
    }

    pub(super) fn first(&self) -> u64 {
        self.state().first
    }

    pub(super) fn end(&self) -> Position {
        self.state().end
    }

    pub(super) fn set_end(&self, end: Position) {
        self.state().end = end;
    }

    /// Adds the new current segment.
    pub(super) fn add(&self, segment: &Arc<Segment>, end: Position) {
        let mut state = self.state();
        state.end = end;
        state.keep(segment);
    }

    /// Deletes the segments below the given one, oldest first, so that no gap is ever left.
    pub(super) fn prune_before(&self, segment: u64) -> Result<u64, LogError> {
        let first = self.first();
        for number in first..segment {
            {
                let mut state = self.state();
                state.first = number + 1;
                state.open.remove(&number);
            }
            self.files.remove(number)?;
        }
        if first < segment {
            self.files.sync_names()?;
        }
        Ok(segment.saturating_sub(first))
    }

    /// The segment of a position, and where its readable part ends.
    fn segment(&self, position: Position) -> Result<(Arc<Segment>, u64), LogError> {
        let (kept, end) = {
            let state = self.state();
            if position.segment < state.first {
                return Err(LogError::Pruned { position });
            }
            if position >= state.end {
                return Err(LogError::NotDurable { position });
            }
            (state.open.get(&position.segment).cloned(), state.end)
        };
        let segment = match kept {
            Some(segment) => segment,
            None => self.open(position)?,
        };
        let length = if position.segment == end.segment { end.offset } else { segment.length()? };
        Ok((segment, length))
    }

    fn open(&self, position: Position) -> Result<Arc<Segment>, LogError> {
        let opened = Segment::open(&self.files, position.segment);
        if position.segment < self.first() {
            return Err(LogError::Pruned { position });
        }
        let segment = opened?.map_err(|damage| LogError::Corrupt {
            path: self.files.path(position.segment),
            position: Position { offset: 0, ..position },
            damage,
        })?;
        let segment = Arc::new(segment);
        self.state().keep(&segment);
        Ok(segment)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, segment: &Arc<Segment>) {
        if self.open.len() >= MAX_OPEN {
            self.open.pop_first();
        }
        self.open.insert(segment.number, segment.clone());
    }
}

/// A cheap, cloneable reader of the durable part of a log.
#[derive(Clone)]
pub struct LogReader {
    shared: Arc<Shared>,
}

impl LogReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Reads the record at a position that [`super::Log::append`] returned and a sync made durable.
    /// Errors: pruned, not durable yet, damaged.
    pub fn read(&self, position: Position) -> Result<Record, LogError> {
        let (segment, end) = self.shared.segment(position)?;
        match segment.read(position.offset, end)? {
            Found::Record { kind, payload, .. } if kind != SEAL => {
                Ok(Record { position, kind, payload })
            }
            Found::Record { .. } | Found::End => Err(LogError::NotDurable { position }),
            Found::Damaged(damage) => Err(segment.corrupt(position.offset, damage)),
        }
    }

    /// All durable records from a position on, in order. The walk ends at the durable end; asked
    /// again later, it goes on with what came since.
    pub fn records(&self, from: Position) -> Records {
        Records { reader: self.clone(), next: from }
    }

    /// The oldest segment that is kept.
    pub fn first_segment(&self) -> u64 {
        self.shared.first()
    }

    /// Behind the last durable record.
    pub fn end(&self) -> Position {
        self.shared.end()
    }
}

/// A walk over records. After an error it ends.
pub struct Records {
    reader: LogReader,
    next: Position,
}

impl Records {
    fn step(&mut self) -> Result<Option<Record>, LogError> {
        if self.next == Position::START {
            self.next.segment = self.reader.first_segment();
        }
        self.next.offset = self.next.offset.max(HEADER);
        loop {
            if self.next >= self.reader.end() {
                return Ok(None);
            }
            let (segment, end) = self.reader.shared.segment(self.next)?;
            let position = self.next;
            match segment.read(position.offset, end)? {
                Found::Record { kind, payload, next } => {
                    self.next.offset = next;
                    if kind != SEAL {
                        return Ok(Some(Record { position, kind, payload }));
                    }
                }
                Found::End => {
                    self.next = Position { segment: position.segment + 1, offset: HEADER };
                }
                Found::Damaged(damage) => return Err(segment.corrupt(position.offset, damage)),
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.step().transpose();
        if matches!(outcome, Some(Err(_))) {
            self.next = Position { segment: u64::MAX, offset: u64::MAX };
        }
        outcome
    }
}
