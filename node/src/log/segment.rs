//! One segment file: its header, and reading a record at an offset.
//!
//! Invariants: the header (magic, number, the length of the segment before, random key, checksum)
//! is durable before any record is written; a length is checked against the file's end before
//! anything is allocated.

use super::files::{Files, SegmentData};
use super::record::{self, Head, MAX_PAYLOAD, OVERHEAD, SEAL};
use super::{Damage, LogError, Position};

/// The length of a header, in bytes.
pub(super) const HEADER: u64 = 72;

const MAGIC: &[u8; 8] = b"FQLOG\0\0\x01";
const FIELDS: usize = 56;
const CHECKSUM: usize = 16;
const CHUNK: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// The final length of the segment before, 0 if there was none: so a shortened one is noticed.
    pub(super) previous_length: u64,
    pub(super) key: [u8; 32],
    pub(super) data: SegmentData,
}

/// What stands at an offset.
#[derive(Debug)]
pub(super) enum Found {
    /// A whole record; `next` is the offset behind it.
    Record { kind: u8, payload: Vec<u8>, next: u64 },
    /// The segment ends here.
    End,
    /// Something else.
    Damaged(Damage),
}

impl Segment {
    /// Creates the file under a key of its own, durably.
    pub(super) fn create(
        files: &Files,
        number: u64,
        previous_length: u64,
        key: [u8; 32],
    ) -> Result<Self, LogError> {
        let data = files.create(number, &header(number, previous_length, &key))?;
        Ok(Self { number, previous_length, key, data })
    }

    /// Opens the file. The inner error says that its header is damaged.
    pub(super) fn open(files: &Files, number: u64) -> Result<Result<Self, Damage>, LogError> {
        let data = files.open(number)?;
        let mut bytes = [0; FIELDS + CHECKSUM];
        if !data.read(0, &mut bytes)? {
            return Ok(Err(Damage::FileLength));
        }
        let (mut previous, mut key) = ([0; 8], [0; 32]);
        previous.copy_from_slice(&bytes[16..24]);
        key.copy_from_slice(&bytes[24..FIELDS]);
        let previous_length = u64::from_le_bytes(previous);
        if bytes != header(number, previous_length, &key) {
            return Ok(Err(Damage::Header));
        }
        Ok(Ok(Self { number, previous_length, key, data }))
    }

    pub(super) fn length(&self) -> Result<u64, LogError> {
        self.data.length()
    }

    pub(super) fn corrupt(&self, offset: u64, damage: Damage) -> LogError {
        let position = Position { segment: self.number, offset };
        LogError::Corrupt { path: self.data.path.clone(), position, damage }
    }

    /// Reads the record at an offset of a segment that ends at `end`.
    pub(super) fn read(&self, offset: u64, end: u64) -> Result<Found, LogError> {
        if offset == end {
            return Ok(Found::End);
        }
        let start = offset.saturating_add(u64::try_from(OVERHEAD).unwrap_or(u64::MAX));
        let mut bytes = [0; OVERHEAD];
        if start > end || !self.data.read(offset, &mut bytes)? {
            return Ok(Found::Damaged(Damage::FileLength));
        }
        let head = Head::decode(&bytes);
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        if length > MAX_PAYLOAD {
            return Ok(Found::Damaged(Damage::Length));
        }
        let next = start.saturating_add(u64::from(head.length));
        if next > end {
            return Ok(Found::Damaged(Damage::FileLength));
        }
        let mut payload = vec![0; length];
        if !self.data.read(start, &mut payload)? {
            return Ok(Found::Damaged(Damage::FileLength));
        }
        let position = Position { segment: self.number, offset };
        if !head.matches(&self.key, position, &payload) {
            return Ok(Found::Damaged(Damage::Checksum));
        }
        Ok(Found::Record { kind: head.kind, payload, next })
    }

    /// True if a seal stands anywhere behind the offset: then what is at the offset was durable.
    pub(super) fn has_seal_after(&self, offset: u64, end: u64) -> Result<bool, LogError> {
        let mut start = offset.saturating_add(1);
        let overhead = u64::try_from(OVERHEAD).unwrap_or(u64::MAX);
        while start.saturating_add(overhead) <= end {
            let rest = usize::try_from(end - start).unwrap_or(usize::MAX);
            let mut bytes = vec![0; rest.min(CHUNK + OVERHEAD - 1)];
            if !self.data.read(start, &mut bytes)? {
                return Ok(false);
            }
            let places = (start..).zip(bytes.windows(OVERHEAD));
            if places.into_iter().any(|(place, window)| self.is_seal(place, window)) {
                return Ok(true);
            }
            start = start.saturating_add(u64::try_from(CHUNK).unwrap_or(u64::MAX));
        }
        Ok(false)
    }

    /// Where the seal that ends at the offset begins; the offset itself if none does.
    pub(super) fn seal_before(&self, offset: u64) -> Result<u64, LogError> {
        let overhead = u64::try_from(OVERHEAD).unwrap_or(u64::MAX);
        let start = offset.saturating_sub(overhead).max(HEADER);
        let mut bytes = [0; OVERHEAD];
        let is_seal = self.data.read(start, &mut bytes)? && self.is_seal(start, &bytes);
        Ok(if is_seal { start } else { offset })
    }

    fn is_seal(&self, offset: u64, window: &[u8]) -> bool {
        let Some((bytes, [])) = window.split_first_chunk() else { return false };
        let head = Head::decode(bytes);
        let position = Position { segment: self.number, offset };
        head.kind == SEAL && head.length == 0 && head.matches(&self.key, position, &[])
    }
}

fn header(number: u64, previous_length: u64, key: &[u8; 32]) -> [u8; FIELDS + CHECKSUM] {
    let mut bytes = [0; FIELDS + CHECKSUM];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    bytes[16..24].copy_from_slice(&previous_length.to_le_bytes());
    bytes[24..FIELDS].copy_from_slice(key);
    let checksum = record::header_checksum(key, &bytes[..FIELDS]);
    bytes[FIELDS..].copy_from_slice(&checksum);
    bytes
}
