//! A record's bytes: length (4, little endian), kind (1), checksum (16), payload.
//!
//! Invariant: the checksum is the first half of a keyed BLAKE3 hash over the record's place,
//! length, kind and payload, so a record is valid only where it was written.

use super::Position;

/// The largest payload in bytes.
pub const MAX_PAYLOAD: usize = 64 * 1024 * 1024;

/// The kind of a seal: an empty record that says that all before it is durable.
pub(super) const SEAL: u8 = 0;

/// What a record takes beyond its payload, in bytes.
pub(super) const OVERHEAD: usize = 21;

const CHECKSUM: usize = 16;

/// The part of a record before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: u32,
    pub(super) kind: u8,
    checksum: [u8; CHECKSUM],
}

impl Head {
    pub(super) fn decode(bytes: &[u8; OVERHEAD]) -> Self {
        let [l0, l1, l2, l3, kind, checksum @ ..] = *bytes;
        Self { length: u32::from_le_bytes([l0, l1, l2, l3]), kind, checksum }
    }

    /// True if this payload was written under this head at this place.
    pub(super) fn matches(&self, key: &[u8; 32], position: Position, payload: &[u8]) -> bool {
        self.checksum == checksum(key, position, self.length, self.kind, payload)
    }
}

/// Appends a record. The caller has checked that the payload is at most [`MAX_PAYLOAD`].
pub(super) fn encode(
    into: &mut Vec<u8>,
    key: &[u8; 32],
    position: Position,
    kind: u8,
    payload: &[u8],
) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    into.reserve(OVERHEAD + payload.len());
    into.extend_from_slice(&length.to_le_bytes());
    into.push(kind);
    into.extend_from_slice(&checksum(key, position, length, kind, payload));
    into.extend_from_slice(payload);
}

fn checksum(
    key: &[u8; 32],
    position: Position,
    length: u32,
    kind: u8,
    payload: &[u8],
) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&position.segment.to_le_bytes());
    hasher.update(&position.offset.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(payload);
    first_half(hasher.finalize())
}

/// The checksum of a segment's header.
pub(super) fn header_checksum(key: &[u8; 32], fields: &[u8]) -> [u8; CHECKSUM] {
    first_half(blake3::keyed_hash(key, fields))
}

fn first_half(hash: blake3::Hash) -> [u8; CHECKSUM] {
    let mut half = [0; CHECKSUM];
    half.copy_from_slice(&hash.as_bytes()[..CHECKSUM]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Position = Position { segment: 2, offset: 64 };

    fn split(bytes: &[u8]) -> (Head, &[u8]) {
        let (head, payload) = bytes.split_first_chunk().unwrap();
        (Head::decode(head), payload)
    }

    #[test]
    fn a_record_is_valid_only_as_and_where_it_was_written() {
        let mut bytes = Vec::new();
        encode(&mut bytes, &[7; 32], PLACE, 3, b"payload");
        assert_eq!(bytes.len(), OVERHEAD + 7);
        let (head, payload) = split(&bytes);
        assert_eq!((head.length, head.kind, payload), (7, 3, &b"payload"[..]));
        assert!(head.matches(&[7; 32], PLACE, payload));
        assert!(!head.matches(&[8; 32], PLACE, payload), "another key");
        assert!(
            !head.matches(&[7; 32], Position { offset: 65, ..PLACE }, payload),
            "another offset"
        );
        assert!(
            !head.matches(&[7; 32], Position { segment: 3, ..PLACE }, payload),
            "another segment"
        );
    }

    #[test]
    fn the_layout_on_disk_stays() {
        let mut bytes = Vec::new();
        encode(&mut bytes, &[7; 32], PLACE, 3, b"payload");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "07000000035ad400943c897253bbe881c2a45f3f7c7061796c6f6164");
    }
}
