//! What a block changes in the state, as a flat list for storage.
//!
//! Invariants: applied to the flat list of the parent's state (replace, remove, drop whole
//! buckets), it gives the flat list of the block's state. All keys and values lie in one run of
//! bytes, so a block of ten thousand payments costs a few allocations. Absent: the changes' meaning
//! (see `execute`).

use borsh::BorshSerialize;
use std::ops::Range;

use super::key::{BucketSummary, Marker, MarkerKey, StateKey, marker_prefix};
use crate::codec;

/// How many bytes of a marker's flat key come before its key within the bucket.
const PREFIX: usize = 9;

/// The changes of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    bytes: Vec<u8>,
    records: Vec<Span>,
    markers: Vec<Span>,
    dropped: Vec<u64>,
}

/// Where a key and its new value, if it has one, lie.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl Changes {
    /// No changes yet, with room for those of `operations` payments.
    pub(crate) fn for_operations(operations: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(operations.saturating_mul(300)),
            records: Vec::with_capacity(operations.saturating_mul(2)),
            markers: Vec::with_capacity(operations),
            dropped: Vec::new(),
        }
    }

    /// The changed entries: `Some` sets the value, `None` removes the key. No key comes twice.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.records.iter().chain(&self.markers).map(|span| self.read(span, 0))
    }

    /// The buckets whose markers are all removed: every key that begins with
    /// [`marker_prefix`] of one of them. Their summaries are among the entries.
    pub fn dropped_buckets(&self) -> &[u64] {
        &self.dropped
    }

    /// True if the state stays as it is.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.markers.is_empty() && self.dropped.is_empty()
    }

    pub(crate) fn set(&mut self, key: &StateKey, value: &impl BorshSerialize) {
        let key = self.append(key);
        let value = Some(self.append(value));
        self.records.push(Span { key, value });
    }

    pub(crate) fn set_marker(&mut self, bucket: u64, key: &MarkerKey, marker: &Marker) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&marker_prefix(bucket));
        let end = self.append(key).end;
        let value = Some(self.append(marker));
        self.markers.push(Span { key: start..end, value });
    }

    pub(super) fn set_bucket(&mut self, bucket: u64, summary: &BucketSummary) {
        self.set(&StateKey::MarkerBucket(bucket), summary);
    }

    pub(super) fn drop_bucket(&mut self, bucket: u64) {
        self.remove(&StateKey::MarkerBucket(bucket));
        self.dropped.push(bucket);
    }

    pub(super) fn remove(&mut self, key: &StateKey) {
        let key = self.append(key);
        self.records.push(Span { key, value: None });
    }

    /// The changed records, by their keys in the state map.
    pub(super) fn records(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.records.iter().map(|span| self.read(span, 0))
    }

    /// The new markers, by their keys within the bucket.
    pub(super) fn markers(&self) -> impl ExactSizeIterator<Item = (&[u8], Option<&[u8]>)> {
        self.markers.iter().map(|span| self.read(span, PREFIX))
    }

    fn append(&mut self, value: &impl BorshSerialize) -> Range<usize> {
        let start = self.bytes.len();
        codec::encode_into(&mut self.bytes, value);
        start..self.bytes.len()
    }

    fn read(&self, span: &Span, skip: usize) -> (&[u8], Option<&[u8]>) {
        let at = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let key = at(&span.key).get(skip..).unwrap_or_default();
        (key, span.value.as_ref().map(at))
    }
}
