//! A walk over a log as it lies there: every record is checked, nothing is changed or held.
//!
//! It serves where [`super::Log::open`] would do too much: the log of a stopped node that is only
//! looked at, and the log of a running one that is copied. It ends at the first damage, or where
//! the log ends; an end that was never acknowledged is named and is no damage, as in recovery.
//!
//! Invariant: a record is given only if its checksum holds. Absent: locks, cutting, writing.

use std::sync::Arc;

use super::files::Files;
use super::record::SEAL;
use super::segment::{Found, HEADER, Segment};
use super::{Cut, Damage, LogError, Medium, Position, Record};

/// The walk. After an error it ends.
pub struct Walk {
    files: Files,
    /// The numbers of the segments that are left, ascending.
    left: std::vec::IntoIter<u64>,
    last: u64,
    current: Option<Current>,
    /// The number and length of the segment before.
    previous: Option<(u64, u64)>,
    end: Position,
    unfinished: Option<Cut>,
    seals: u64,
}

struct Current {
    segment: Segment,
    length: u64,
    offset: u64,
}

impl Walk {
    /// Begins at the oldest segment.
    ///
    /// # Errors
    /// [`LogError::MissingSegment`], or [`LogError::Io`] if the directory cannot be listed.
    pub fn new(medium: Arc<dyn Medium>) -> Result<Self, LogError> {
        let files = Files::new(medium);
        let numbers = files.segments()?;
        let first = numbers.first().copied().unwrap_or_default();
        let gap = (first..).zip(&numbers).find(|(expected, found)| expected != *found);
        if let Some((segment, _)) = gap {
            let directory = files.directory().to_owned();
            return Err(LogError::MissingSegment { directory, segment });
        }
        Ok(Self {
            last: numbers.last().copied().unwrap_or_default(),
            files,
            left: numbers.into_iter(),
            current: None,
            previous: None,
            end: Position::START,
            unfinished: None,
            seals: 0,
        })
    }

    /// Behind the last record or seal that was whole.
    pub const fn end(&self) -> Position {
        self.end
    }

    /// The end that no sync had acknowledged, once the walk is over: a start would cut it off.
    pub const fn unfinished(&self) -> Option<&Cut> {
        self.unfinished.as_ref()
    }

    /// How many seals were whole so far.
    pub const fn seals(&self) -> u64 {
        self.seals
    }

    fn step(&mut self) -> Result<Option<Record>, LogError> {
        loop {
            let Some(current) = &mut self.current else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            let position = Position { segment: current.segment.number, offset: current.offset };
            match current.segment.read(current.offset, current.length)? {
                Found::Record { kind, payload, next } => {
                    current.offset = next;
                    self.end = Position { offset: next, ..position };
                    if kind != SEAL {
                        return Ok(Some(Record { position, kind, payload }));
                    }
                    self.seals += 1;
                }
                Found::End => {
                    self.previous = Some((position.segment, current.length));
                    self.current = None;
                }
                Found::Damaged(damage) => {
                    let is_last = position.segment == self.last;
                    let (offset, length) = (current.offset, current.length);
                    if !is_last || current.segment.has_seal_after(offset, length)? {
                        return Err(current.segment.corrupt(offset, damage));
                    }
                    self.unfinished = Some(Cut { position, bytes: length - offset });
                    self.current = None;
                }
            }
        }
    }

    /// False behind the last segment.
    fn open_next(&mut self) -> Result<bool, LogError> {
        let Some(number) = self.left.next() else { return Ok(false) };
        let length = self.files.open(number)?.length()?;
        let segment = match Segment::open(&self.files, number)? {
            Ok(segment) => segment,
            // A segment whose creation did not finish holds nothing.
            Err(_) if number == self.last && length <= HEADER => {
                let position = Position { segment: number, offset: 0 };
                self.unfinished = Some(Cut { position, bytes: length });
                return Ok(false);
            }
            Err(damage) => {
                let position = Position { segment: number, offset: 0 };
                let path = self.files.path(number);
                return Err(LogError::Corrupt { path, position, damage });
            }
        };
        self.check_previous(&segment)?;
        self.end = Position { segment: number, offset: HEADER };
        self.current = Some(Current { segment, length, offset: HEADER });
        Ok(true)
    }

    /// The segment before must be as long as the new one remembers it.
    fn check_previous(&self, segment: &Segment) -> Result<(), LogError> {
        match self.previous {
            Some((number, length)) if length != segment.previous_length => {
                let offset = length.min(segment.previous_length);
                Err(LogError::Corrupt {
                    path: self.files.path(number),
                    position: Position { segment: number, offset },
                    damage: Damage::FileLength,
                })
            }
            _ => Ok(()),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.step().transpose();
        if matches!(outcome, Some(Err(_))) {
            self.left = Vec::new().into_iter();
            self.current = None;
        }
        outcome
    }
}
