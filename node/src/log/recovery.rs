//! What the log does with the files it finds at its start.
//!
//! - Segments are numbered without a gap, and each but the last is whole, at the length that the
//!   next one's header says.
//! - In the last one, damage with a seal behind it is refused: the bytes had been acknowledged.
//!   Damage without is an unfinished write: it is cut off. Pages of one write reach the disk in any
//!   order, so whole records behind the damage prove nothing; a seal does, because it is written
//!   after the sync of all before it.
//! - A last segment that is no longer than its header never held a record; it is made anew if its
//!   header is damaged.

use std::sync::Arc;

use super::files::Files;
use super::reader::Shared;
use super::record::SEAL;
use super::segment::{Found, HEADER, Segment};
use super::{Cut, Damage, Entropy, LogError, Position, Verified};

/// The state after recovery.
pub(super) struct Recovery {
    pub(super) first: u64,
    pub(super) segment: Arc<Segment>,
    pub(super) length: u64,
    /// Where the last seal begins: the bytes from here on are whole but may not be durable.
    pub(super) sealed: u64,
    pub(super) records: u64,
    pub(super) cut: Option<Cut>,
}

pub(super) fn recover(
    files: &Files,
    from: Position,
    entropy: &Entropy,
) -> Result<Recovery, LogError> {
    files.sync_names()?;
    let numbers = files.segments()?;
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        if from != Position::START {
            return Err(LogError::BeyondEnd { position: from, end: Position::START });
        }
        let segment = Arc::new(Segment::create(files, 1, 0, entropy.key(1))?);
        let (length, sealed) = (HEADER, HEADER);
        return Ok(Recovery { first: 1, segment, length, sealed, records: 0, cut: None });
    };
    if let Some((missing, _)) = (first..).zip(&numbers).find(|(expected, found)| expected != *found)
    {
        let directory = files.directory().to_owned();
        return Err(LogError::MissingSegment { directory, segment: missing });
    }
    let mut records = 0;
    let mut previous: Option<(Segment, u64)> = None;
    for number in first..last {
        let segment = open_whole(files, number)?;
        check_length(previous.as_ref(), &segment)?;
        let length = segment.length()?;
        if number >= from.segment {
            records += check(&segment, start_in(number, from), length, &mut refuse)?.records;
        }
        previous = Some((segment, length));
    }
    let segment =
        open_last(files, last, previous.as_ref().map_or(0, |(_, length)| *length), entropy)?;
    check_length(previous.as_ref(), &segment)?;
    let length = segment.length()?;
    let mut on_damage = |segment: &Segment, offset, damage| {
        if segment.has_seal_after(offset, length)? {
            return Err(segment.corrupt(offset, damage));
        }
        Ok(())
    };
    let checked = check(&segment, start_in(last, from).min(length), length, &mut on_damage)?;
    let mut cut = None;
    if checked.end < length {
        segment.data.cut(checked.end)?;
        let position = Position { segment: last, offset: checked.end };
        cut = Some(Cut { position, bytes: length - checked.end });
    }
    let records = records + checked.records;
    let segment = Arc::new(segment);
    let Checked { end: length, sealed, .. } = checked;
    check_end(Recovery { first, segment, length, sealed, records, cut }, from)
}

/// Checks every durable record of an open log.
pub(super) fn verify(shared: &Shared) -> Result<Verified, LogError> {
    let end = shared.end();
    let mut verified = Verified::default();
    for number in shared.first()..=end.segment {
        let segment = open_whole(&shared.files, number)?;
        let length = if number == end.segment { end.offset } else { segment.length()? };
        verified.records += check(&segment, HEADER, length, &mut refuse)?.records;
        verified.segments += 1;
    }
    Ok(verified)
}

/// How far a segment is whole, and where its last seal begins.
struct Checked {
    records: u64,
    end: u64,
    sealed: u64,
}

/// Walks a segment's records; at the first damage, asks whether to refuse.
fn check(
    segment: &Segment,
    start: u64,
    length: u64,
    on_damage: &mut dyn FnMut(&Segment, u64, Damage) -> Result<(), LogError>,
) -> Result<Checked, LogError> {
    let sealed = segment.seal_before(start)?;
    let mut checked = Checked { records: 0, end: start, sealed };
    loop {
        match segment.read(checked.end, length)? {
            Found::Record { kind, next, .. } => {
                if kind == SEAL {
                    checked.sealed = checked.end;
                } else {
                    checked.records += 1;
                }
                checked.end = next;
            }
            Found::End => return Ok(checked),
            Found::Damaged(damage) => {
                on_damage(segment, checked.end, damage)?;
                return Ok(checked);
            }
        }
    }
}

fn refuse(segment: &Segment, offset: u64, damage: Damage) -> Result<(), LogError> {
    Err(segment.corrupt(offset, damage))
}

/// Refuses a segment whose length is not the one that the next segment remembers.
fn check_length(previous: Option<&(Segment, u64)>, next: &Segment) -> Result<(), LogError> {
    match previous {
        Some((segment, length)) if *length != next.previous_length => {
            Err(segment.corrupt(next.previous_length.min(*length), Damage::FileLength))
        }
        _ => Ok(()),
    }
}

fn open_whole(files: &Files, number: u64) -> Result<Segment, LogError> {
    Segment::open(files, number)?.map_err(|damage| damaged_header(files, number, damage))
}

fn open_last(
    files: &Files,
    number: u64,
    previous_length: u64,
    entropy: &Entropy,
) -> Result<Segment, LogError> {
    match Segment::open(files, number)? {
        Ok(segment) => Ok(segment),
        Err(damage) => {
            let length = files.open(number)?.length()?;
            if length > HEADER {
                return Err(damaged_header(files, number, damage));
            }
            files.remove(number)?;
            Segment::create(files, number, previous_length, entropy.key(number))
        }
    }
}

fn damaged_header(files: &Files, number: u64, damage: Damage) -> LogError {
    let position = Position { segment: number, offset: 0 };
    LogError::Corrupt { path: files.path(number), position, damage }
}

fn start_in(segment: u64, from: Position) -> u64 {
    if segment == from.segment { from.offset.max(HEADER) } else { HEADER }
}

fn check_end(recovery: Recovery, from: Position) -> Result<Recovery, LogError> {
    let end = Position { segment: recovery.segment.number, offset: recovery.length };
    if from > end {
        return Err(LogError::BeyondEnd { position: from, end });
    }
    if from != Position::START && from.segment < recovery.first {
        return Err(LogError::Pruned { position: from });
    }
    Ok(recovery)
}
