//! Records and their text: one JSON object a line, its hash the last member.
//!
//! The hash is BLAKE3, under a domain of its own, over the line's bytes before `,"hash":`; the hash
//! of the record before is among them. Invariants: a line is read only if its hash is right, so
//! what is shown was written so. Absent: files (see `writer`, `reader`).

use blake3::Hash;
use ledger::ids::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Moment, Role};

/// The domain of the hashes.
const DOMAIN: &str = "feiqian/audit-record/v1";

/// What stands before the hash in a line.
const BEFORE_HASH: &str = ",\"hash\":\"";

/// The most bytes of a line.
pub(super) const LONGEST: usize = 64 * 1024;

/// The most characters of a text that comes from outside.
const LONGEST_TEXT: usize = 2048;

/// The most characters of a detail.
const LONGEST_DETAIL: usize = 8192;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A node began to write here.
    Opened,
    /// An operator's order that is taken up; what it was answered follows under the same request.
    Begun,
    /// A call, and what it was answered.
    Call,
    /// The operators were changed.
    Operators,
    /// What an unfinished write left was cut off.
    Mended,
    /// Records before this one are missing or were changed.
    Damaged,
    /// The node ended in order.
    Closed,
}

impl Kind {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Begun => "begun",
            Self::Call => "call",
            Self::Operators => "operators",
            Self::Mended => "mended",
            Self::Damaged => "damaged",
            Self::Closed => "closed",
        }
    }
}

/// A place in the chain: a record and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The record's number, from 1.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Link {
    /// Before the first record.
    pub const START: Self = Self { sequence: 0, hash: Hash::from_bytes([0; 32]) };

    /// The record's number, a colon and its hash.
    pub fn text(&self) -> String {
        format!("{}:{}", self.sequence, self.hash.to_hex())
    }

    /// Reads that; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (sequence, hash) = text.split_once(':')?;
        Some(Self { sequence: sequence.parse().ok()?, hash: Hash::from_hex(hash).ok()? })
    }
}

/// What is to be recorded: everything but the place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// When, by this node's clock.
    pub time: Moment,
    /// Who called; none: nobody who is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The caller's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The address that called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The request's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path and the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The BLAKE3 hash of the body, as far as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Anything else, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Entry {
    /// An entry that says when, and nothing else.
    pub const fn new(kind: Kind, time: Timestamp) -> Self {
        Self {
            kind,
            time: Moment(time),
            operator: None,
            role: None,
            from: None,
            request: None,
            method: None,
            path: None,
            status: None,
            body: None,
            detail: None,
        }
    }

    /// The same with these words.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with texts no longer than a line can hold.
    fn bounded(mut self) -> Self {
        for text in [&mut self.operator, &mut self.from, &mut self.request, &mut self.method] {
            cut(text, LONGEST_TEXT);
        }
        cut(&mut self.path, LONGEST_TEXT);
        cut(&mut self.detail, LONGEST_DETAIL);
        self
    }
}

fn cut(text: &mut Option<String>, longest: usize) {
    if let Some(text) = text
        && let Some((end, _)) = text.char_indices().nth(longest)
    {
        text.truncate(end);
        text.push('…');
    }
}

/// A record of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1.
    pub sequence: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash of the record before it; zeros before the first.
    pub previous: String,
}

/// Why a line is no record of the chain at its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no record at all.
    #[error("it is no record")]
    Form,
    /// Its hash is not that of its bytes.
    #[error("its hash is not that of what it says: it was changed")]
    Hash,
    /// Another number was due.
    #[error("it is record {found}, and record {due} is due: records are missing or out of order")]
    Sequence {
        /// The number that it has.
        found: u64,
        /// The number that comes next.
        due: u64,
    },
    /// It follows another record.
    #[error("it does not follow the record before it: that one or this one was put in its place")]
    Previous,
}

/// The line of the record that follows `last`, with its newline, and its place in the chain.
pub(super) fn line(last: Link, entry: Entry) -> serde_json::Result<(String, Link)> {
    let sequence = last.sequence.saturating_add(1);
    let previous = last.hash.to_hex().to_string();
    let record = Record { sequence, entry: entry.bounded(), previous };
    let mut text = serde_json::to_string(&record)?;
    // The hash is added as the last member.
    text.pop();
    let hash = hash(&text);
    text.push_str(BEFORE_HASH);
    text.push_str(&hash.to_hex());
    text.push_str("\"}\n");
    Ok((text, Link { sequence, hash }))
}

/// Reads a line without its newline, whatever its place.
///
/// # Errors
/// [`Fault::Form`] or [`Fault::Hash`].
pub(super) fn parse(line: &[u8]) -> Result<(Record, Hash), Fault> {
    let line = str::from_utf8(line).map_err(|_| Fault::Form)?;
    let (said, end) = line.rsplit_once(BEFORE_HASH).ok_or(Fault::Form)?;
    let text = end.strip_suffix("\"}").ok_or(Fault::Form)?;
    let stated = Hash::from_hex(text).map_err(|_| Fault::Form)?;
    if *stated.to_hex() != *text {
        return Err(Fault::Form);
    }
    if hash(said) != stated {
        return Err(Fault::Hash);
    }
    let record = serde_json::from_str(&format!("{said}}}")).map_err(|_| Fault::Form)?;
    Ok((record, stated))
}

/// Checks that a record follows `last`.
///
/// # Errors
/// [`Fault::Sequence`] or [`Fault::Previous`].
pub(super) fn check_place(record: &Record, last: Link) -> Result<(), Fault> {
    let due = last.sequence.saturating_add(1);
    if record.sequence != due {
        return Err(Fault::Sequence { found: record.sequence, due });
    }
    if record.previous != *last.hash.to_hex() { Err(Fault::Previous) } else { Ok(()) }
}

fn hash(said: &str) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key(DOMAIN);
    hasher.update(said.as_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            operator: Some("li".to_owned()),
            role: Some(Role::Maker),
            path: Some("/v1/x?\"飞\n\",\"hash\":\"00\"}".to_owned()),
            status: Some(200),
            ..Entry::new(Kind::Call, Timestamp(1_795_294_500_123))
        }
    }

    #[test]
    fn a_record_is_read_as_it_is_written() {
        let (text, link) = line(Link::START, entry()).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.starts_with("{\"sequence\":1,\"kind\":\"call\",\"time\":\"2026-"), "{text}");
        let (record, hash) = parse(text.trim_end().as_bytes()).unwrap();
        assert_eq!((record.entry.clone(), hash, link.sequence), (entry(), link.hash, 1));
        assert_eq!(check_place(&record, Link::START), Ok(()));
        // As JSON it has its hash, too.
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["hash"], link.hash.to_hex().as_str());
        let later = Link { sequence: 1, ..Link::START };
        let fault = check_place(&record, later).unwrap_err();
        assert_eq!(fault, Fault::Sequence { found: 1, due: 2 });
        let other = Link { hash: link.hash, ..Link::START };
        assert_eq!(check_place(&record, other), Err(Fault::Previous));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (text, _) = line(Link::START, entry()).unwrap();
        let good = text.trim_end().as_bytes();
        for place in 0..good.len() {
            let mut bad = good.to_vec();
            for change in [1, 0x20, 0x80] {
                bad[place] = good[place] ^ change;
                assert!(parse(&bad).is_err(), "{place}");
            }
        }
        for end in 0..good.len() {
            assert!(parse(&good[..end]).is_err(), "{end}");
        }
        assert_eq!(parse(b""), Err(Fault::Form));
    }

    #[test]
    fn long_texts_are_cut() {
        let long = Entry { path: Some("飞".repeat(1 << 20)), ..entry() };
        let (text, _) = line(Link::START, long.detail("x".repeat(1 << 20))).unwrap();
        assert!(text.len() < LONGEST, "{}", text.len());
        assert!(parse(text.trim_end().as_bytes()).is_ok());
    }

    #[test]
    fn places_have_a_text() {
        let (_, link) = line(Link::START, entry()).unwrap();
        assert_eq!(Link::parse(&link.text()), Some(link));
        for bad in ["", "1", "1:", "x:00", &link.text()[..40]] {
            assert_eq!(Link::parse(bad), None, "{bad}");
        }
    }
}
